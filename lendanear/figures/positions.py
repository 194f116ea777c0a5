"""Counts at exact positions, which Figures 5A and 5B share.

Scores on a scale of 1 to 5, and their means over three conversations, fall on few positions. Points
would hide each other there, and random jitter moves them off the values they stand for. Here each
position that occurs has one bar, centred on it, whose width counts the participants: at every value
of the horizontal axis stands a histogram, lying on its side and mirrored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd
from matplotlib.axes import Axes

from lendanear.figures.regression_table import p_text
from lendanear.figures.style import INK

BAR: Final = "#3A76AD"
"""Colour of the bars."""
LINE: Final = "#B0472B"
"""Colour of the regression line."""
_KEY_HEIGHT: Final = 1.035
"""Where the key stands, in heights of the axes."""
_KEY_COUNTS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)


@dataclass(frozen=True)
class Grid:
    """Where means can lie: distance between neighbours on each axis, in units of the axis."""

    x_step: float
    y_step: float


def correlation_number(value: float, digits: int = 2) -> str:
    """Return a correlation as journals print it: ``.05`` or ``−.05``, no leading zero."""
    text = f"{abs(value):.{digits}f}".removeprefix("0")
    return f"\N{MINUS SIGN}{text}" if value < 0 and text.strip(".0") else text


def correlation_text(row: pd.Series) -> str:
    """Return a correlation with its interval and p-value in one line."""
    low, high = correlation_number(row["ci_low"]), correlation_number(row["ci_high"])
    p = p_text(row["p"])
    p = f"p {p}" if p.startswith("<") else f"p = {p}"
    return f"r = {correlation_number(row['estimate'])} [{low}, {high}], {p}"


def draw_positions(axis: Axes, positions: pd.DataFrame, line: pd.DataFrame, grid: Grid) -> None:
    """Draw the bars, their key above the axes, and the regression line with its interval.

    Parameters
    ----------
    axis : Axes
        Where to draw.
    positions : DataFrame
        x, y, count: participants at each position.
    line : DataFrame
        x, estimate, ci_low, ci_high, ordered by x; may be empty.
    grid : Grid
        Distance between neighbouring positions: the widest bar fills most of it. The limits of the
        horizontal axis must be set before, because the key ends where the axis does.
    """
    per_person = 0.9 * grid.x_step / max(int(positions["count"].max()), 1)
    width = positions["count"] * per_person
    axis.barh(
        positions["y"], width, height=0.92 * grid.y_step, left=positions["x"] - width / 2,
        color=BAR, linewidth=0, gid="positions",
    )  # fmt: skip
    axis.fill_between(
        line["x"], line["ci_low"], line["ci_high"], color=LINE, alpha=0.3, linewidth=0, gid="band"
    )
    axis.plot(line["x"], line["estimate"], color=LINE, linewidth=1.3, gid="line")
    _draw_key(axis, int(positions["count"].max()), per_person)


def _draw_key(axis: Axes, largest: int, per_person: float) -> None:
    """Draw above the axes, on the right, a bar and how many participants its width stands for."""
    count = max(known for known in _KEY_COUNTS if known <= max(largest, 1))
    words = f"{count} participant{'s' if count > 1 else ''}"
    right = axis.get_xlim()[1]
    above = axis.get_xaxis_transform()
    axis.plot(
        [right - count * per_person, right], [_KEY_HEIGHT] * 2, color=BAR, linewidth=3,
        solid_capstyle="butt", transform=above, clip_on=False, gid="key",
    )  # fmt: skip
    axis.annotate(
        words, (right - count * per_person, _KEY_HEIGHT), xycoords=above, xytext=(-3, 0),
        textcoords="offset points", ha="right", va="center", fontsize=6.5, color=INK,
    )  # fmt: skip
