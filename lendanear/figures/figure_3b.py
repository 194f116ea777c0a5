"""Figure 3B: how much each training changed each judged dimension, against Control."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from lendanear.figures.style import FAINT, INK, PAGE, new_figure, stars, style
from lendanear.vocabulary import ARMS, DIMENSION_KEYS, DIMENSIONS, colour, label

MINUS = "\N{MINUS SIGN}"


def plot_effects(standardised: pd.DataFrame, *, title: str | None = None) -> Figure:
    """Draw the effect of each arm on each dimension with its interval.

    Parameters
    ----------
    standardised : DataFrame
        Result frame ``effects.standardised``: dimension, arm, estimate, ci_low, ci_high (SD), p.
    title : str, optional
        Title above the panels.

    Returns
    -------
    Figure
        Two panels: prescriptive dimensions (more is better) and proscriptive ones (less is
        better), on one common axis; one mark per arm and dimension, stars from the p-value.
    """
    arms = [arm for arm in ARMS if arm.key in set(standardised["arm"])]
    rows = standardised.set_index(["dimension", "arm"])
    offsets = {arm.key: 0.26 * (i - (len(arms) - 1) / 2) for i, arm in enumerate(arms)}
    with style():
        figure, axes = new_figure(1, 2, width=PAGE, height=72, sharex=True)
        for axis, prescriptive in zip(axes, (True, False), strict=True):
            dimensions = [d for d in DIMENSIONS if d.prescriptive is prescriptive]
            axis.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
            for y, dimension in enumerate(dimensions):
                for arm in arms:
                    row = rows.loc[(dimension.key, arm.key)]
                    height = y + offsets[arm.key]
                    axis.plot(
                        [row["ci_low"], row["ci_high"]],
                        [height] * 2,
                        color=arm.colour,
                        gid="interval",
                    )
                    axis.plot(row["estimate"], height, "o", color=arm.colour, gid="estimate")
                    # away from zero, so that no number is written across the reference line
                    rightwards = row["estimate"] >= 0
                    axis.annotate(
                        f"{row['estimate']:+.2f} {stars(row['p'])}".strip().replace("-", MINUS),
                        (row["ci_high"] if rightwards else row["ci_low"], height),
                        xytext=(3 if rightwards else -3, 0),
                        textcoords="offset points",
                        ha="left" if rightwards else "right",
                        va="center",
                        fontsize=6,
                        color=arm.colour,
                    )
            axis.set_yticks(
                range(len(dimensions)), [d.label.replace(" ", "\n", 1) for d in dimensions]
            )
            axis.set_ylim(len(dimensions) - 0.5, -0.5)
            axis.tick_params(axis="y", length=0)
            axis.set_title("More is better" if prescriptive else "Less is better")
            axis.set_xlabel("Effect against Control (SD of the score), 95% interval")
        shown = standardised[standardised["dimension"].isin(DIMENSION_KEYS)]
        low, high = shown["ci_low"].min(), shown["ci_high"].max()
        # the numbers beside the intervals take about a quarter of a panel
        room = 0.26 * (max(high, 0) - min(low, 0))
        axes[0].set_xlim(min(low, 0) - (room if low < 0 else 0.1), max(high, 0) + room)
        handles = [
            axes[0].plot([], [], "o-", color=colour(arm.key), label=label(arm.key))[0]
            for arm in arms
        ]
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=len(arms),
            title="* p < .05,  ** p < .01,  *** p < .001, not corrected for multiple comparisons",
            title_fontsize=6,
        )
        if title:
            figure.suptitle(title, x=0.01, ha="left", color=INK)
    return figure
