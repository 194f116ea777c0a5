"""SI Figure 2: overall empathy by age, before and after training."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from lendanear.figures.dot_rows import dot_scale
from lendanear.figures.score_strips import BEFORE, PERIODS, draw_strip, set_score_axis
from lendanear.figures.shades import darker
from lendanear.figures.style import INK, PAGE, new_figure, style
from lendanear.measures.demographics import AGE_BANDS
from lendanear.vocabulary import ARMS, OVERALL_MAX

GAP = 0.5
"""Space between the strips before and after, in widths of a strip."""


def plot_by_age(counts: pd.DataFrame, means: pd.DataFrame, known: pd.DataFrame) -> Figure:
    """Draw everybody's overall empathy by arm, period and age band.

    Parameters
    ----------
    counts, means, known : DataFrame
        Result frames of the model ``demographics`` with these names.

    Returns
    -------
    Figure
        A row per arm: on the left a strip per age band before training, on the right the same
        after. A dot per participant at the exact score; means with 95% intervals, written above
        with the number of people.
    """
    counts, means = counts[counts["grouping"] == "age"], means[means["grouping"] == "age"]
    arms = [arm for arm in ARMS if arm.key in set(means["arm"])]
    scale = dot_scale(counts["count"])
    summary = means.set_index(["arm", "period", "age_band"]).sort_index()
    starts = dict(zip(PERIODS, (0.0, len(AGE_BANDS) + GAP), strict=True))
    with style():
        figure, axes = new_figure(
            len(arms), 1, width=PAGE, height=20 + 50 * len(arms), sharex=True, sharey=True,
            squeeze=False,
        )  # fmt: skip
        for axis, arm in zip(axes[:, 0], arms, strict=True):
            colours = {"baseline": BEFORE, "post": arm.colour}
            for period, start in starts.items():
                for place, band in enumerate(AGE_BANDS):
                    if (arm.key, period, band) not in summary.index:
                        continue
                    rows = counts[
                        (counts["arm"] == arm.key)
                        & (counts["period"] == period)
                        & (counts["age_band"] == band)
                    ]
                    draw_strip(
                        axis, start + place, rows, summary.loc[(arm.key, period, band)],
                        scale=scale, colour=colours[period],
                    )  # fmt: skip
            set_score_axis(axis)
            axis.set_ylabel(arm.label, color=darker(arm.colour), fontweight="bold", fontsize=8.5)
            axis.set_xlim(-0.6, starts["post"] + len(AGE_BANDS) - 0.4)
            axis.set_xticks(
                [start + place for start in starts.values() for place in range(len(AGE_BANDS))],
                AGE_BANDS * len(starts),
            )
            axis.tick_params(axis="x", length=0)
        for period, start in starts.items():
            axes[0, 0].text(
                start + (len(AGE_BANDS) - 1) / 2, OVERALL_MAX + 5.6,
                PERIODS[period].replace("\n", " "), ha="center", va="bottom", fontsize=8,
                fontweight="bold", color=INK,
            )  # fmt: skip
        figure.supylabel("Overall empathy (points)", fontsize=7.5)
        missing = known.set_index("quantity").loc["no_age", "count"]
        figure.supxlabel(
            f"Age in years. {scale.words}, at the exact score; marks: means with 95% intervals, "
            f"written above.\nNot shown: {missing:,} participants whose age is not known.",
            fontsize=7,
            linespacing=1.3,
        )
    return figure
