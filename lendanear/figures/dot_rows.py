"""A dot for every person at the exact score: people with the same score stand side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection

LARGEST = 0.055
"""Largest distance between neighbouring dots, in widths of a strip."""
MOST = 36
"""Most dots side by side; beyond that a dot stands for several people."""


@dataclass(frozen=True)
class DotScale:
    """How dots are laid out throughout a figure.

    Parameters
    ----------
    step : float
        Distance between neighbouring dots, in widths of a strip.
    people : int
        How many people a dot stands for.
    """

    step: float
    people: int

    @property
    def words(self) -> str:
        """What a dot stands for, for the note below the figure."""
        return (
            "One dot: one participant"
            if self.people == 1
            else (f"One dot: up to {self.people:,} participants")
        )


def dot_scale(counts: pd.Series, *, width: float = 0.9) -> DotScale:
    """Choose a scale at which the longest row of dots fits its strip.

    Parameters
    ----------
    counts : Series
        How many people share a score, over all rows of the figure.
    width : float
        Share of a strip that the longest row may take.
    """
    longest = int(counts.max())
    people = -(-longest // MOST)
    return DotScale(step=min(LARGEST, width / -(-longest // people)), people=people)


def draw_dot_rows(
    axis: Axes,
    centre: float,
    values: pd.Series,
    counts: pd.Series,
    *,
    scale: DotScale,
    colour: str,
) -> None:
    """Draw the people of one strip.

    Parameters
    ----------
    axis : Axes
        Scores run along y; strips are one unit wide on x.
    centre : float
        Middle of the strip.
    values, counts : Series, shape (k,)
        Each score that occurs, and how many people have it.
    scale : DotScale
        From `dot_scale`, the same for all strips of a figure.
    colour : str
        Colour of the dots.

    Notes
    -----
    Nothing is random: a row is centred on the strip and its dots are a fixed step apart, so every
    dot lies exactly at its score and the same data give the same picture.
    """
    dots = -(-counts.to_numpy() // scale.people)
    heights = np.repeat(values.to_numpy(dtype=float), dots)
    first = np.repeat(np.cumsum(dots) - dots, dots)
    place = np.arange(dots.sum()) - first
    offsets = (place - (np.repeat(dots, dots) - 1) / 2) * scale.step
    # one size for all: the file then holds the shape of a dot once
    size = [0.86 * scale.step]
    axis.add_collection(
        EllipseCollection(
            size, size, [0.0], units="x", facecolors=colour, linewidths=0,
            offsets=np.column_stack([centre + offsets, heights]), offset_transform=axis.transData,
            zorder=1, gid="dots",
        ),
        autolim=False,
    )  # fmt: skip
