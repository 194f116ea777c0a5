"""Extended Data Figure 3: the six dimensions, conversation by conversation, in every arm."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from lendanear.figures.level_bars import draw_level_bars, draw_mean
from lendanear.figures.shades import darker, paler
from lendanear.figures.style import INK, PAGE, new_figure, style
from lendanear.vocabulary import ARMS, CONVERSATION_NUMBERS, DIMENSIONS, SCORE_MAX, SCORE_MIN

WIDEST = 0.9
"""Width, in distances between two conversations, of the widest bar of the figure."""


def plot_conversations(number_shares: pd.DataFrame, number_means: pd.DataFrame) -> Figure:
    """Draw the ratings of each of the three conversations.

    Parameters
    ----------
    number_shares, number_means : DataFrame
        Result frames of the model ``distributions`` with these names.

    Returns
    -------
    Figure
        A row per dimension, a column per arm. Bars: share of conversations at each rating, on one
        scale throughout. Dots: means with 95% intervals, joined by a line and written above.
    """
    arms = [arm for arm in ARMS if arm.key in set(number_means["arm"])]
    judged = number_shares[number_shares["dimension"] != "overall_empathy"]
    scale = WIDEST / judged["share"].max()
    keys = ["dimension", "arm", "conversation_number"]
    shares = judged.set_index(keys).sort_index()
    means = number_means.set_index(keys).sort_index()
    with style():
        figure, axes = new_figure(
            len(DIMENSIONS), len(arms), width=PAGE, height=212, squeeze=False, sharex=True,
            sharey=True,
        )  # fmt: skip
        for row, dimension in enumerate(DIMENSIONS):
            for axis, arm in zip(axes[row], arms, strict=True):
                colour = darker(arm.colour)
                line = means.loc[(dimension.key, arm.key)]
                axis.plot(
                    line.index, line["estimate"], color=colour, linewidth=0.8, zorder=2, gid="line"
                )
                for number in line.index:
                    rows = shares.loc[[(dimension.key, arm.key, number)]]
                    draw_level_bars(
                        axis, number, rows["level"], rows["share"], scale=scale,
                        colour=paler(arm.colour),
                    )  # fmt: skip
                    mean = line.loc[number]
                    draw_mean(
                        axis, number, mean["estimate"], mean["ci_low"], mean["ci_high"],
                        colour=colour,
                    )  # fmt: skip
                    axis.text(
                        number, SCORE_MAX + 0.62, f"{mean['estimate']:.2f}", ha="center",
                        va="bottom", fontsize=6.5, color=colour, gid="value",
                    )  # fmt: skip
                axis.set_ylim(SCORE_MIN - 0.6, SCORE_MAX + 0.6)
                axis.set_xlim(CONVERSATION_NUMBERS[0] - 0.6, CONVERSATION_NUMBERS[-1] + 0.6)
                axis.set_yticks(range(SCORE_MIN, SCORE_MAX + 1))
                axis.set_xticks(CONVERSATION_NUMBERS)
                axis.tick_params(length=0)
                if row == 0:
                    n = int(shares.loc[(dimension.key, arm.key), "n"].iloc[0])
                    axis.set_title(f"{arm.label}, n = {n:,}", color=colour, fontsize=8, pad=13)
            aim = "more is better" if dimension.prescriptive else "less is better"
            axes[row, 0].set_ylabel(
                f"{dimension.label.replace(' ', chr(10), 1)}\n({aim})", color=INK, fontsize=7,
            )  # fmt: skip
        figure.supxlabel(
            "Conversation (1 is the baseline, training follows it). Width of a bar: share of the "
            f"conversations (widest: {judged['share'].max():.0%}).\n"
            "Marks: means with 95% intervals, joined, and written above.",
            linespacing=1.3,
            fontsize=7,
        )
    return figure
