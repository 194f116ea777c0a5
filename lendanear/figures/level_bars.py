"""Marks for ratings on a few whole levels: bars centred on a line, and a mean with its interval."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from lendanear.figures.style import INK


def draw_level_bars(
    axis: Axes,
    centre: float,
    levels: npt.ArrayLike,
    shares: npt.ArrayLike,
    *,
    scale: float,
    colour: str,
    thickness: float = 0.82,
) -> None:
    """Draw a distribution upright: at every level a bar as wide as the share at that level.

    Parameters
    ----------
    axis : Axes
        Levels run along y.
    centre : float
        Where on x the bars are centred.
    levels, shares : array_like, shape (k,)
        The levels and the share (0 to 1) of each.
    scale : float
        Width on x of a share of 1. One figure uses one scale, so that widths compare.
    colour : str
        Fill.
    thickness : float
        Height of a bar in levels.
    """
    widths = scale * np.asarray(shares, dtype=float)
    axis.barh(
        np.asarray(levels, dtype=float),
        widths,
        left=centre - widths / 2,
        height=thickness,
        color=colour,
        linewidth=0,
        zorder=1,
        gid="levels",
    )


def draw_mean(
    axis: Axes,
    x: float,
    mean: float,
    low: float,
    high: float,
    *,
    colour: str = INK,
    rim: bool = True,
) -> None:
    """Draw a mean as a short level line and its interval as an upright one.

    Parameters
    ----------
    axis : Axes
        Values run along y.
    x : float
        Place on x.
    mean, low, high : float
        Mean and ends of its interval; a missing interval is not drawn.
    colour : str
        Colour of both.
    rim : bool
        Set them off by a white rim; not over dots, which it would hide.
    """
    if np.isfinite(low) and np.isfinite(high):
        if rim:
            axis.plot([x, x], [low, high], color="white", linewidth=2.8, zorder=3)
        axis.plot(
            [x, x], [low, high], color=colour, linewidth=1.6, solid_capstyle="butt", zorder=5,
            gid="interval",
        )  # fmt: skip
    if rim:
        axis.plot(x, mean, "_", color="white", markersize=8.5, markeredgewidth=2.2, zorder=4)
    axis.plot(x, mean, "_", color=colour, markersize=7.5, markeredgewidth=1.1, zorder=6, gid="mean")
