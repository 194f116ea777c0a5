"""Rows of a dot with a 50% and a 95% interval: how a posterior is shown."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from lendanear.figures.numbers import number
from lendanear.figures.style import INK

INTERVALS = ("mean", "low_50", "high_50", "low_95", "high_95")
"""Columns that a row needs: see `lendanear.bayes.quantities.two_intervals`."""


def draw_interval(
    axis: Axes,
    row: pd.Series,
    y: float,
    *,
    colour: str = INK,
    digits: int | None = 2,
    plus: bool = False,
    scale: float = 1.0,
) -> None:
    """Draw one posterior: a dot at the mean, a thick line for 50%, a thin one for 95%.

    Parameters
    ----------
    axis : Axes
        Values run along x.
    row : Series
        `INTERVALS`.
    y : float
        Height of the row.
    colour : str
        Colour of the marks and of the number.
    digits : int, optional
        Decimals of the mean written above the dot; None writes nothing.
    plus : bool
        Whether positive numbers carry a plus sign.
    scale : float
        What every value is multiplied by first, e.g. 100 for percentages.
    """
    mean, low, high, lowest, highest = (scale * float(row[column]) for column in INTERVALS)
    line = {"color": colour, "solid_capstyle": "butt"}
    axis.plot([lowest, highest], [y, y], linewidth=0.9, gid="interval-95", **line)
    axis.plot([low, high], [y, y], linewidth=2.8, gid="interval-50", **line)
    axis.plot(mean, y, "o", color=colour, markersize=4.2, markeredgecolor="white",
              markeredgewidth=0.6, gid="mean")  # fmt: skip
    if digits is not None:
        axis.annotate(
            number(mean, digits, plus=plus), (mean, y), xytext=(0, 4), textcoords="offset points",
            ha="center", va="bottom", fontsize=6, color=colour, gid="number",
        )  # fmt: skip


def label_rows(axis: Axes, labels: Sequence[str], heights: Sequence[float] | None = None) -> None:
    """Label rows from the top down at the left edge, without ticks.

    Parameters
    ----------
    axis : Axes
        Axis of the rows; y points down afterwards.
    labels : sequence of str
        One per row.
    heights : sequence of float, optional
        Where the rows are; default 0, 1, 2, ...
    """
    places = list(range(len(labels))) if heights is None else list(heights)
    axis.set_yticks(places, list(labels))
    axis.tick_params(axis="y", length=0)
    axis.set_ylim(max(places) + 0.6, min(places) - 0.7)
