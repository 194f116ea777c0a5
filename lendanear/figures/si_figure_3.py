"""SI Figure 3: overall empathy at baseline by age and sex."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from lendanear.figures.dot_rows import dot_scale
from lendanear.figures.score_strips import draw_strip, set_score_axis
from lendanear.figures.shades import darker
from lendanear.figures.style import INK, PAGE, new_figure, style
from lendanear.measures.demographics import AGE_BANDS, SEXES

SHADES = dict(zip(SEXES, ("#8A5A00", "#3F6FA3"), strict=True))
"""A colour per sex, told apart without colour vision by lightness and by the words below."""


def plot_baseline(counts: pd.DataFrame, means: pd.DataFrame, known: pd.DataFrame) -> Figure:
    """Draw everybody's overall empathy in the first conversation by age band and sex.

    Parameters
    ----------
    counts, means, known : DataFrame
        Result frames of the model ``demographics`` with these names.

    Returns
    -------
    Figure
        A pair of strips per age band. A dot per participant at the exact score; means with 95%
        intervals, written above with the number of people.
    """
    counts = counts[counts["grouping"] == "age_sex"]
    summary = means[means["grouping"] == "age_sex"].set_index(["age_band", "sex"]).sort_index()
    scale = dot_scale(counts["count"])
    with style():
        figure, axis = new_figure(width=PAGE, height=92)
        for place, band in enumerate(AGE_BANDS):
            for offset, sex in zip((0.0, 1.0), SEXES, strict=True):
                if (band, sex) not in summary.index:
                    continue
                x = 2.35 * place + offset
                rows = counts[(counts["age_band"] == band) & (counts["sex"] == sex)]
                draw_strip(axis, x, rows, summary.loc[(band, sex)], scale=scale, colour=SHADES[sex])
                axis.text(
                    x, -0.02, sex, transform=axis.get_xaxis_transform(), ha="center", va="top",
                    fontsize=7, color=darker(SHADES[sex], 0.35),
                )  # fmt: skip
        set_score_axis(axis)
        axis.set_xlim(-0.6, 2.35 * (len(AGE_BANDS) - 1) + 1.6)
        axis.set_xticks([2.35 * place + 0.5 for place in range(len(AGE_BANDS))], AGE_BANDS)
        axis.tick_params(axis="x", length=0, pad=12, labelsize=8)
        axis.set_ylabel("Overall empathy in conversation 1 (points)")
        missing = known.set_index("quantity").loc["no_age_or_sex", "count"]
        axis.set_xlabel(
            f"Age in years. {scale.words}, at the exact score; marks: means with 95% intervals, "
            f"written above.\nNot shown: {missing:,} participants whose age or sex is not known.",
            fontsize=7, linespacing=1.3, color=INK,
        )  # fmt: skip
    return figure
