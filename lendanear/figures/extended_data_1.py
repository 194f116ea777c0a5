"""Extended Data Figure 1: scores before and after training, arm by arm."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lendanear.figures.numbers import number
from lendanear.figures.shades import darker
from lendanear.figures.style import FAINT, PAGE, new_figure, style
from lendanear.vocabulary import (
    ARMS,
    DIMENSION_KEYS,
    OVERALL_MAX,
    OVERALL_MIN,
    SCORE_MAX,
    SCORE_MIN,
    Arm,
    label,
)

BEFORE_FILL = "#D2D2D2"
"""Fill of the distribution before training."""
BEFORE_TEXT = "#6A6A6A"
"""Colour of what is written about it."""
RULE_OVERALL, RULE_DIMENSION = 0.10, 0.25
"""Share of conversations at the reference line of the composite and of the dimensions."""
OUTCOMES = ("overall_empathy", *DIMENSION_KEYS)


def plot_before_after(period_shares: pd.DataFrame, period_means: pd.DataFrame) -> Figure:
    """Draw the distribution of every score before and after training in each arm.

    Parameters
    ----------
    period_shares : DataFrame
        Result frame ``distributions.period_shares``: dimension, arm, period, level, share.
    period_means : DataFrame
        Result frame ``distributions.period_means``: dimension, arm, period, estimate, ci_low,
        ci_high.

    Returns
    -------
    Figure
        A row per arm, a column per score (overall empathy first). Grey: share of first
        conversations at each level; coloured outline: share of conversations 2 and 3. Above both
        the two means with their 95% intervals, and in words.
    """
    arms = [arm for arm in ARMS if arm.key in set(period_shares["arm"])]
    shares = period_shares.set_index(["dimension", "arm", "period"]).sort_index()
    means = period_means.set_index(["dimension", "arm", "period"]).sort_index()
    overall = period_shares["dimension"] == "overall_empathy"
    tops = {
        outcome: period_shares.loc[overall == (outcome == "overall_empathy"), "share"].max()
        for outcome in OUTCOMES
    }
    with style():
        figure, axes = new_figure(
            len(arms), len(OUTCOMES), width=PAGE, height=24 + 27 * len(arms), squeeze=False,
            sharex="col", gridspec_kw={"width_ratios": [2.3, *[1] * len(DIMENSION_KEYS)]},
        )  # fmt: skip
        for row, arm in enumerate(arms):
            for column, outcome in enumerate(OUTCOMES):
                axis = axes[row, column]
                for period in ("baseline", "post"):
                    _draw_shares(axis, arm, period, shares.loc[[(outcome, arm.key, period)]])
                _draw_means(axis, arm, means.loc[(outcome, arm.key)], outcome, tops[outcome])
                axis.set_ylim(0, 1.52 * tops[outcome])
                _rule(axis, outcome, labelled=column < 2)
                if row == 0:
                    axis.set_title(label(outcome).replace(" ", "\n", 1), fontsize=6.3, pad=5)
            axes[row, 0].set_ylabel(
                arm.label, color=darker(arm.colour), fontweight="bold", fontsize=8.5, labelpad=6
            )
        axes[0, 0].set_xlim(OVERALL_MIN - 0.7, OVERALL_MAX + 0.7)
        axes[0, 0].set_xticks([OVERALL_MIN, -6, 0, 6, OVERALL_MAX])
        for axis in axes[0, 1:]:
            axis.set_xlim(SCORE_MIN - 0.6, SCORE_MAX + 0.6)
            axis.set_xticks(range(SCORE_MIN, SCORE_MAX + 1))
        figure.supxlabel(
            "Score. Grey area: share of first conversations at each level (before). Coloured line: "
            "share of conversations 2 and 3 (after).\n"
            "Circles: means before (open) and after (filled) with 95% intervals over participants.",
            fontsize=7,
            linespacing=1.3,
        )
    return figure


def _rule(axis: Axes, outcome: str, *, labelled: bool) -> None:
    """Draw one reference line instead of a scale of shares, and say what it is worth."""
    share = RULE_OVERALL if outcome == "overall_empathy" else RULE_DIMENSION
    axis.axhline(share, color=FAINT, linewidth=0.5, zorder=2, gid="rule")
    axis.set_yticks([share], [f"{share:.0%}" if labelled else ""], fontsize=6, color=BEFORE_TEXT)
    axis.tick_params(axis="y", length=0, pad=1)
    axis.spines["left"].set_visible(False)


def _draw_shares(axis: Axes, arm: Arm, period: str, rows: pd.DataFrame) -> None:
    levels = rows["level"].to_numpy()
    edges = [*(levels - 0.5), levels[-1] + 0.5]
    if period == "baseline":
        axis.stairs(rows["share"], edges, fill=True, color=BEFORE_FILL, linewidth=0, gid="before")
    else:
        axis.stairs(rows["share"], edges, color=arm.colour, linewidth=1.3, zorder=3, gid="after")


def _draw_means(axis: Axes, arm: Arm, means: pd.DataFrame, outcome: str, top: float) -> None:
    """Draw both means above the distributions, the earlier one higher, with their values."""
    overall = outcome == "overall_empathy"
    low, high = (OVERALL_MIN, OVERALL_MAX) if overall else (SCORE_MIN, SCORE_MAX)
    for period, word, height, colour, fill in (
        ("baseline", "before", 1.38, BEFORE_TEXT, "white"),
        ("post", "after", 1.17, darker(arm.colour), darker(arm.colour)),
    ):
        if period not in means.index:
            continue
        row = means.loc[period]
        axis.plot([row["ci_low"], row["ci_high"]], [height * top] * 2, color=colour, gid="interval")
        axis.plot(
            row["estimate"], height * top, "o", color=colour, markerfacecolor=fill,
            markersize=2.8, markeredgewidth=0.7, gid=f"mean-{period}",
        )  # fmt: skip
        text = number(row["estimate"])
        # on the other side where the text would leave the panel
        left = row["estimate"] > low + 0.7 * (high - low)
        edge = row["ci_low"] if left else row["ci_high"]
        # an arm of one person has no interval
        edge = row["estimate"] if pd.isna(edge) else edge
        axis.annotate(
            f"{word} {text}" if overall else text,
            (edge, height * top),
            xytext=(-3 if left else 3, 0), textcoords="offset points",
            ha="right" if left else "left", va="center", fontsize=6.5, color=colour, gid="value",
        )  # fmt: skip
