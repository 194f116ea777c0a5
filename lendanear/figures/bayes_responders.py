"""Everybody's true change as far as the data tell it, beside the observed one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from lendanear.bayes.sensitivity import THRESHOLD
from lendanear.figures.interval_rows import draw_interval, label_rows
from lendanear.figures.numbers import MINUS, number, percent
from lendanear.figures.shades import darker
from lendanear.figures.style import FAINT, INK, PAGE, new_figure, style
from lendanear.vocabulary import ARMS, Arm, label

STEPS: Final = (
    (0.95, "#08519C", "95% or more"),
    (0.8, "#6BAED6", "80 to 95%"),
    (0.5, "#C6DBEF", "50 to 80%"),
    (0.0, "#D9D9D9", "below 50%"),
)
"""Lowest probability of a step, its colour and its words."""
BAND: Final = "#F3E3C3"
"""Colour of where the bar of a reliable change may lie."""
DASH: Final = "\N{EN DASH}"
CHECKS: Final = {
    "titles": {
        "mean": "Mean change (points)",
        "sd": "SD of change (points)",
        "difference": "SD of conversation 3 minus 2 (points)",
        "correlation": "Correlation of change and baseline",
        "improved": "Improved by the published verdict (%)",
        "worsened": "Worsened by the published verdict (%)",
    },
    "name": label,
    "threshold": THRESHOLD,
}
"""What the figure of checks shows, for ``predictive.plot_checks``."""
_HEADLINES: Final = {
    "threshold": "Reliable change: bar",
    "reliability.one": "Reliability, one",
    "change.sd": "SD of true change",
    "true_change.smallest": "Truly changed",
}


def plot_responders(
    participants: pd.DataFrame, bars: pd.DataFrame, intervals: pd.DataFrame
) -> Figure:
    """Draw observed and true change of every participant, and what follows for the arms.

    Parameters
    ----------
    participants : DataFrame
        Result frame ``responders.participants``: arm, change, expected, low, high (points),
        p_smallest (0 to 1).
    bars : DataFrame
        Result frame ``responders.bars``: bar (``smallest`` and ``threshold`` are used), mean, low,
        high (points).
    intervals : DataFrame
        Result frame ``responders.intervals``: quantity, group, and
        ``interval_rows.INTERVALS``.

    Returns
    -------
    Figure
        Above, a panel per arm: one column per participant, ordered by observed change (thin line);
        the column is the 95% interval of true change, coloured by the probability that it exceeds
        the smallest change of interest; the short dark line runs through the expected true changes.
        Below: share of people above three bars, by arm.
    """
    arms = [arm for arm in ARMS if arm.key in set(participants["arm"])]
    height = bars.set_index("bar")
    with style():
        figure = new_figure(width=PAGE, height=132)[0]
        figure.clear()
        upper, lower = figure.subfigures(2, 1, height_ratios=[1.75, 1])
        axes = upper.subplots(1, len(arms), sharey=True, squeeze=False)[0]
        drawn = participants[["change", "low", "high"]].to_numpy()
        for axis, arm in zip(axes, arms, strict=True):
            own = participants[participants["arm"] == arm.key].sort_values(
                ["change", "expected"], ignore_index=True
            )
            _draw_arm(axis, arm, own, height)
            axis.set_ylim(drawn.min() - 1, drawn.max() + 1)
            axis.set_xlabel("Participants, ordered by\nobserved change (%)")
        axes[0].set_ylabel("Change of overall empathy (points)")
        _legend(upper, height.loc["smallest", "mean"])
        threshold = height.loc["threshold", "mean"]
        axes[0].annotate(
            "bar of a\nreliable change", (3, threshold), xytext=(0, 3), textcoords="offset points",
            va="bottom", fontsize=6, color="#8A6914", linespacing=1.1,
        )  # fmt: skip
        _draw_shares(lower.subplots(1, 3, sharey=True), arms, intervals, height)
    return figure


def _draw_arm(axis: Axes, arm: Arm, own: pd.DataFrame, height: pd.DataFrame) -> None:
    """Draw the participants of one arm."""
    bar = height.loc["threshold"]
    for sign in (-1, 1):
        axis.axhspan(
            *sorted((sign * bar["low"], sign * bar["high"])), color=BAND, linewidth=0, zorder=0,
            gid="bar",
        )  # fmt: skip
    axis.axhline(0, color=FAINT, linewidth=0.6, zorder=1)
    edges = np.linspace(0, 100, len(own) + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    probability = own["p_smallest"].to_numpy()
    top = 1.01
    for lowest, colour, _ in STEPS:
        chosen = (probability >= lowest) & (probability < top)
        top = lowest
        axis.bar(
            middles[chosen],
            (own["high"] - own["low"]).to_numpy()[chosen],
            width=edges[1],
            bottom=own["low"].to_numpy()[chosen],
            color=colour,
            linewidth=0,
            zorder=2,
            gid="true-change",
        )
    axis.stairs(own["expected"], edges, baseline=None, color="white", linewidth=1.6, zorder=3)
    axis.stairs(
        own["expected"], edges, baseline=None, color=darker(arm.colour, 0.35), linewidth=0.7,
        zorder=4, gid="expected",
    )  # fmt: skip
    axis.stairs(
        own["change"], edges, baseline=None, color=INK, linewidth=0.9, zorder=5, gid="observed"
    )
    axis.set_title(arm.label, color=darker(arm.colour))
    axis.set_xlim(-1, 101)
    axis.set_xticks([0, 50, 100])


def _legend(figure: Figure, smallest: float) -> None:
    """Explain columns and lines below the panels."""
    axis = figure.axes[0]
    handles = [Patch(facecolor=colour) for _, colour, _ in STEPS]
    words = [f"{text}" for _, _, text in STEPS]
    lines = [
        axis.plot([], [], color=INK, linewidth=0.9)[0],
        axis.plot([], [], color="#444444", linewidth=0.7)[0],
    ]
    figure.legend(
        handles=[*lines, *handles],
        labels=["observed change", "expected true change", *words],
        loc="outside lower center",
        ncols=6,
        title="Columns: 95% interval of true change, coloured by the probability that it exceeds "
        f"{number(smallest)} points",
        title_fontsize=6.5,
        fontsize=6.5,
        columnspacing=1.2,
    )


def _draw_shares(
    axes: Sequence[Axes], arms: Sequence[Arm], intervals: pd.DataFrame, height: pd.DataFrame
) -> None:
    """Draw the share of people above each bar, by arm."""
    rows = intervals.set_index(["quantity", "group"])
    smallest, threshold = (height.loc[bar, "mean"] for bar in ("smallest", "threshold"))
    panels = (
        ("improved.share", f"Observed change \N{GREATER-THAN OR EQUAL TO} {threshold:.1f}\n"
         "(the published verdict)"),
        ("true_change.smallest", f"True change above {smallest:.2f}\n(smallest of interest)"),
        ("true_change.threshold", f"True change above {threshold:.1f}\n(the bar itself)"),
    )  # fmt: skip
    for axis, (quantity, title) in zip(axes, panels, strict=True):
        for y, arm in enumerate(arms):
            draw_interval(
                axis, rows.loc[quantity, arm.key], y, colour=arm.colour, digits=0, scale=100
            )
        axis.set_title(title, fontsize=7.5)
        axis.set_xlim(-3, 103)
        axis.set_xticks([0, 25, 50, 75, 100])
        axis.set_xlabel("People (%)")
        axis.grid(axis="x")
    label_rows(axes[0], [arm.label for arm in arms])


def headline_sensitivity(sensitivity: pd.DataFrame) -> pd.DataFrame:
    """Return the sensitivity of the headlines, labelled for readers.

    Parameters
    ----------
    sensitivity : DataFrame
        Result frame ``responders.sensitivity``.

    Returns
    -------
    DataFrame
        label, prior, likelihood.
    """
    arms = {arm.key: f", {arm.label}" for arm in ARMS}
    about = {**arms, "overall_empathy": ""}
    chosen = sensitivity[
        sensitivity["quantity"].isin(_HEADLINES) & sensitivity["group"].isin(about)
    ]
    labels = [_HEADLINES[row.quantity] + about[row.group] for row in chosen.itertuples()]
    return chosen.assign(label=labels)[["label", "prior", "likelihood"]].reset_index(drop=True)


def reliability_sentence(estimates: pd.DataFrame) -> str:
    """Say how reliable a score is, and how large a change must be.

    Parameters
    ----------
    estimates : DataFrame
        Result frame ``responders.estimates``.
    """
    rows = estimates.set_index(["quantity", "group"])
    one, two = (rows.loc[f"reliability.{count}", "overall_empathy"] for count in ("one", "two"))
    bar = rows.loc["threshold", "overall_empathy"]
    return (
        f"The overall empathy of one conversation has a reliability of **{number(one['mean'])}** "
        f"({_range(one)}), the mean of two **{number(two['mean'])}** ({_range(two)}). A change is "
        f"larger than noise explains from **{number(bar['mean'])} points** on ({_range(bar)})."
    )


def reliability_table(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the reliability of every score, of one conversation and of two, for readers.

    Parameters
    ----------
    estimates : DataFrame
        Result frame ``responders.estimates``.
    """
    rows = estimates.set_index(["quantity", "group"])
    scores = rows.loc["reliability.one"].index
    words = {"reliability.one": "One conversation", "reliability.two": "Mean of two"}
    columns = {
        words[quantity]: [
            f"{number(row['mean'])} ({number(row['hdi_low'])} to {number(row['hdi_high'])})"
            for row in (rows.loc[quantity, score] for score in scores)
        ]
        for quantity in words
    }
    return pd.DataFrame({"Score": [label(score) for score in scores], **columns})


def share_sentences(estimates: pd.DataFrame, verdicts: pd.DataFrame) -> list[str]:
    """Say, by arm, how many improved by the published verdict and how many truly did.

    Parameters
    ----------
    estimates : DataFrame
        Result frame ``responders.estimates``.
    verdicts : DataFrame
        Result frame ``responders.verdicts``.
    """
    rows = estimates.set_index(["quantity", "group"])
    below = verdicts[verdicts["outcome"] == "no_reliable_change"].set_index("arm")
    sentences = []
    for arm in (arm.key for arm in ARMS if arm.key in below.index):
        verdict, true = (
            rows.loc[quantity, arm] for quantity in ("improved.share", "true_change.smallest")
        )
        hidden = below.loc[arm]
        sentences.append(
            f"**{label(arm)}**: {_percents(verdict)} improved by the published verdict; "
            f"{_percents(true)} truly changed by more than the smallest change of interest. Of the "
            f"{hidden['n']} people without a reliable change, "
            f"{percent(hidden['p_smallest'])}% are expected to have truly changed that much."
        )
    return sentences


def _percents(row: pd.Series) -> str:
    low, high = (percent(row[column]) for column in ("hdi_low", "hdi_high"))
    return f"{percent(row['mean'])}% (95% interval {low}{DASH}{high}%)"


def _range(row: pd.Series) -> str:
    low, high = (number(row[column]) for column in ("hdi_low", "hdi_high"))
    joint = " to " if MINUS in low + high else DASH
    return f"95% interval {low}{joint}{high}"
