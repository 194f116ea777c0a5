"""SI Figure 1: overall empathy of women and men, before and after training."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from lendanear.figures.dot_rows import dot_scale
from lendanear.figures.score_strips import BEFORE, PERIODS, draw_strip, set_score_axis
from lendanear.figures.shades import darker
from lendanear.figures.style import INK, PAGE, new_figure, style
from lendanear.measures.demographics import SEXES
from lendanear.vocabulary import ARMS


def plot_by_sex(counts: pd.DataFrame, means: pd.DataFrame, known: pd.DataFrame) -> Figure:
    """Draw everybody's overall empathy by arm, period and sex.

    Parameters
    ----------
    counts, means, known : DataFrame
        Result frames of the model ``demographics`` with these names.

    Returns
    -------
    Figure
        A panel per arm with four strips: women and men, before and after. A dot per participant at
        the exact score; means with 95% intervals, written above with the number of people.
    """
    counts, means = counts[counts["grouping"] == "sex"], means[means["grouping"] == "sex"]
    arms = [arm for arm in ARMS if arm.key in set(means["arm"])]
    scale = dot_scale(counts["count"])
    summary = means.set_index(["arm", "period", "sex"]).sort_index()
    strips = [(period, sex) for period in PERIODS for sex in SEXES]
    places = dict(zip(strips, (0.0, 1.0, 2.25, 3.25), strict=True))
    with style():
        figure, axes = new_figure(
            2, -(-len(arms) // 2), width=PAGE, height=150, sharex=True, sharey=True, squeeze=False
        )
        for axis in axes.flat[len(arms) :]:
            axis.set_visible(False)
        for axis, arm in zip(axes.flat, arms, strict=False):
            colours = {"baseline": BEFORE, "post": arm.colour}
            for strip in strips:
                if (arm.key, *strip) not in summary.index:
                    continue
                period, sex = strip
                rows = counts[
                    (counts["arm"] == arm.key)
                    & (counts["period"] == period)
                    & (counts["sex"] == sex)
                ]
                draw_strip(
                    axis, places[strip], rows, summary.loc[(arm.key, *strip)], scale=scale,
                    colour=colours[period],
                )  # fmt: skip
            set_score_axis(axis)
            axis.set_title(arm.label, color=darker(arm.colour), pad=20)
            axis.set_xlim(-0.6, 3.85)
            axis.set_xticks(list(places.values()), [sex for _, sex in strips])
            axis.tick_params(axis="x", length=0)
        for axis in axes[-1]:
            for x, words in zip((0.5, 2.75), PERIODS.values(), strict=True):
                axis.text(
                    x, -0.115, words, transform=axis.get_xaxis_transform(), ha="center", va="top",
                    fontsize=7, color=INK, linespacing=1.15,
                )  # fmt: skip
        figure.supylabel("Overall empathy (points)", fontsize=7.5)
        missing = known.set_index("quantity").loc["no_sex", "count"]
        figure.supxlabel(
            f"{scale.words}, at the exact score; marks: means with 95% intervals, written above.\n"
            f"Not shown: {missing:,} participants whose sex is not known.",
            fontsize=7,
            linespacing=1.3,
        )
    return figure
