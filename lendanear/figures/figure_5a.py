"""Figure 5A: trait empathy and the empathy that participants express."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.figure import Figure

from lendanear.figures.positions import Grid, correlation_text, draw_positions
from lendanear.figures.style import INK, PAGE, new_figure, style
from lendanear.vocabulary import (
    CONVERSATION_NUMBERS,
    OVERALL_MAX,
    OVERALL_MIN,
    SCORE_MAX,
    SCORE_MIN,
)

SCALES: Final = {
    "jordan": ("Jordan empathy (sum of seven items)", 7 * SCORE_MIN, 7 * SCORE_MAX),
    "sites": ("SITES (single item)", SCORE_MIN, SCORE_MAX),
}
"""Trait scale -> axis label, lowest and highest possible value."""


def plot_traits(
    positions: pd.DataFrame,
    lines: pd.DataFrame,
    correlations: pd.DataFrame,
    *,
    title: str | None = None,
) -> Figure:
    """Draw trait empathy against mean overall empathy, a panel per scale.

    Parameters
    ----------
    positions, lines, correlations : DataFrame
        Result frames of the model ``silent_empathy``.
    title : str, optional
        Title above the panels.

    Returns
    -------
    Figure
        At each exact position a bar that counts participants, the least-squares line with its 95%
        band, and Pearson's r with its interval over participants.
    """
    pearson = correlations.query(
        "unit == 'participant' and method == 'pearson' and conversations == 'all'"
    ).set_index("predictor")
    with style():
        figure, axes = new_figure(1, 2, width=PAGE, height=82, sharey=True, width_ratios=(1.7, 1))
        for axis, (trait, (words, low, high)) in zip(axes, SCALES.items(), strict=True):
            axis.set_xlim(low - 0.6, high + 0.6)
            draw_positions(
                axis,
                positions[positions["predictor"] == trait],
                lines[lines["predictor"] == trait],
                Grid(x_step=1, y_step=1 / len(CONVERSATION_NUMBERS)),
            )
            axis.set_xlabel(words)
            axis.set_title(
                correlation_text(pearson.loc[trait]), fontweight="normal", fontsize=7.5, pad=13
            )
        axes[0].set_xticks(range(7, 36, 7))
        axes[1].set_xticks(range(SCORE_MIN, SCORE_MAX + 1))
        axes[0].set_ylim(OVERALL_MIN - 0.5, OVERALL_MAX + 0.5)
        axes[0].set_yticks(range(OVERALL_MIN, OVERALL_MAX + 1, 4))
        axes[0].set_ylabel("Mean overall empathy of a participant's\nconversations, judged")
        if title:
            figure.suptitle(title, x=0.01, ha="left", color=INK)
    return figure
