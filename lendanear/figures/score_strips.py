"""Strips of overall empathy: everybody's dot, the mean with its interval, and both in words."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from lendanear.figures.dot_rows import DotScale, draw_dot_rows
from lendanear.figures.level_bars import draw_mean
from lendanear.figures.numbers import number
from lendanear.figures.shades import darker, paler
from lendanear.vocabulary import CONTROL, OVERALL_MAX, OVERALL_MIN

PERIODS = {"baseline": "Before\n(conversation 1)", "post": "After\n(mean of 2, 3)"}
"""The two periods of a participant, and how readers see them named."""
BEFORE = CONTROL.colour
"""Colour of scores before training: those of people who have had none."""


def draw_strip(
    axis: Axes, x: float, rows: pd.DataFrame, mean: pd.Series, *, scale: DotScale, colour: str
) -> None:
    """Draw one group of people.

    Parameters
    ----------
    axis : Axes
        With the scale of `set_score_axis`; strips are one unit wide.
    x : float
        Middle of the strip.
    rows : DataFrame
        ``value`` and ``count``: how many people have each score.
    mean : Series
        ``n``, ``estimate``, ``ci_low``, ``ci_high``.
    scale : DotScale
        The same for all strips of a figure.
    colour : str
        Dots get a paler shade of it, mean and words a darker one.
    """
    draw_dot_rows(axis, x, rows["value"], rows["count"], scale=scale, colour=paler(colour, 0.35))
    dark = darker(colour, 0.35)
    draw_mean(axis, x, mean["estimate"], mean["ci_low"], mean["ci_high"], colour=dark, rim=False)
    axis.text(
        x, OVERALL_MAX + 0.8, f"{number(mean['estimate'])}\nn = {mean['n']:,.0f}", ha="center",
        va="bottom", fontsize=6.5, color=dark, linespacing=1.2, gid="value",
    )  # fmt: skip


def set_score_axis(axis: Axes) -> None:
    """Let y span every possible overall empathy, with a line at 0."""
    axis.axhline(0, color="#DDDDDD", linewidth=0.6, zorder=0)
    axis.set_ylim(OVERALL_MIN - 0.6, OVERALL_MAX + 0.6)
    axis.set_yticks(range(OVERALL_MIN, OVERALL_MAX + 1, 4))
