"""Extended Data Figure 2: the six dimensions by kind of trouble, before any training."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from lendanear.figures.level_bars import draw_level_bars, draw_mean
from lendanear.figures.numbers import number
from lendanear.figures.shades import darker, paler
from lendanear.figures.style import INK, PAGE, new_figure, style
from lendanear.vocabulary import DIMENSIONS, SCORE_LABELS, SCORE_MAX, SCORE_MIN, TROUBLE_TYPES

WIDEST = 0.86
"""Width, in distances between two groups, of the widest bar of the figure."""


def plot_trouble_types(
    trouble_shares: pd.DataFrame, trouble_means: pd.DataFrame, trouble_differences: pd.DataFrame
) -> Figure:
    """Draw the ratings of first conversations about personal and workplace troubles.

    Parameters
    ----------
    trouble_shares, trouble_means, trouble_differences : DataFrame
        Result frames of the model ``distributions`` with these names.

    Returns
    -------
    Figure
        A panel per dimension, prescriptive ones in the upper row. Bars: share of conversations at
        each rating, on one scale throughout. Dots: means with 95% intervals; above them the
        difference of the two with its interval.
    """
    kinds = [kind for kind in TROUBLE_TYPES if kind.key in set(trouble_means["trouble_type"])]
    judged = trouble_shares[trouble_shares["dimension"] != "overall_empathy"]
    scale = WIDEST / judged["share"].max()
    shares = judged.set_index(["dimension", "trouble_type"]).sort_index()
    means = trouble_means.set_index(["dimension", "trouble_type"]).sort_index()
    differences = trouble_differences.set_index("dimension")
    levels = range(SCORE_MIN, SCORE_MAX + 1)
    with style():
        figure, axes = new_figure(2, 3, width=PAGE, height=132, sharex=True, sharey=True)
        for axis, dimension in zip(axes.flat, DIMENSIONS, strict=True):
            for x, kind in enumerate(kinds):
                rows = shares.loc[[(dimension.key, kind.key)]]
                draw_level_bars(
                    axis, x, rows["level"], rows["share"], scale=scale, colour=paler(kind.colour)
                )
                mean = means.loc[(dimension.key, kind.key)]
                draw_mean(
                    axis, x, mean["estimate"], mean["ci_low"], mean["ci_high"],
                    colour=darker(kind.colour),
                )  # fmt: skip
                axis.text(
                    x, SCORE_MAX + 0.62, f"{mean['estimate']:.2f}", ha="center", va="bottom",
                    fontsize=7, color=darker(kind.colour), gid="value",
                )  # fmt: skip
            note = "More is better." if dimension.prescriptive else "Less is better."
            if dimension.key in differences.index:
                row = differences.loc[dimension.key]
                note += (
                    f"\nDifference {number(row['estimate'], plus=True)} "
                    f"({number(row['ci_low'], plus=True)} to {number(row['ci_high'], plus=True)})"
                )
            axis.set_title(dimension.label, fontsize=8, pad=31)
            axis.text(
                0, 1.08, note, transform=axis.transAxes, va="bottom", fontsize=6.5, color=INK,
                linespacing=1.25, gid="difference",
            )  # fmt: skip
            axis.set_ylim(SCORE_MIN - 0.6, SCORE_MAX + 0.6)
            axis.set_yticks(levels, [f"{SCORE_LABELS[level - 1]} {level}" for level in levels])
            axis.set_xlim(-0.55, len(kinds) - 0.45)
            names = []
            for kind in kinds:
                n = int(shares.loc[[(dimension.key, kind.key)], "n"].iloc[0])
                names.append(f"{kind.label}\nn = {n:,}")
            axis.set_xticks(range(len(kinds)), names)
            axis.tick_params(length=0)
            # only the lower row of panels has labels
            for tick, kind in zip(axis.get_xticklabels(), kinds, strict=False):
                tick.set_color(darker(kind.colour))
        figure.supxlabel(
            "Kind of trouble, first conversations. Width of a bar: share of the conversations "
            f"(widest: {judged['share'].max():.0%}).\nMarks: "
            "means with 95% intervals, written above; difference: personal minus workplace.",
            linespacing=1.3,
            fontsize=7,
        )
    return figure
