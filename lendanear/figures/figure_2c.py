"""Figure 2C: change of every interpretation, sorted, with the largest gains and losses named."""

from __future__ import annotations

import textwrap
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lendanear.errors import LendAnEarError
from lendanear.figures.numbers import number
from lendanear.figures.style import FAINT, GUIDE, INK, PAGE, new_figure, style
from lendanear.vocabulary import THEME_GROUPS, THEMES, label

NAMED: Final = 12
"""How many interpretations are named at each end."""
MARKERS: Final = dict(zip((g.key for g in THEME_GROUPS), ("o", "s", "^", "D"), strict=True))
"""Mark of each theme group, beside its colour."""
_LINE: Final = 3.0
"""Height of a line of a label in mm."""
_PADDING: Final = 0.9
"""Space between neighbouring labels in mm."""
_SMALL: Final = 0.65
"""Height of an interpretation without a name in mm."""
_GAP: Final = 3.0
"""Space between the named ones and the others in mm."""
_WRAP: Final = 52
"""Longest line of a label in characters."""


def split(interpretations: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the interpretations named at the top, those without a name, and the bottom ones.

    Parameters
    ----------
    interpretations : DataFrame
        Those of one kind of trouble, with ``rank`` (1 gained most).

    Returns
    -------
    tuple of DataFrame
        At most `NAMED` in the first and in the last; nothing is in two of them.
    """
    ordered = interpretations.sort_values("rank")
    top = min(NAMED, (len(ordered) + 1) // 2)
    bottom = min(NAMED, len(ordered) - top)
    rest = len(ordered) - bottom
    return ordered.iloc[:top], ordered.iloc[top:rest], ordered.iloc[rest:]


def plot_interpretations(
    interpretations: pd.DataFrame, trouble_type: str, *, title: str | None = None
) -> Figure:
    """Draw the change of every interpretation of one kind of trouble from most gained to most lost.

    Parameters
    ----------
    interpretations : DataFrame
        Result frame ``themes.interpretations``: trouble_type, interpretation, theme, rank,
        estimate, ci_low, ci_high (percentage points).
    trouble_type : str
        Key of the kind of trouble.
    title : str, optional
        Title above the panel.

    Returns
    -------
    Figure
        One column of marks; the named ones at both ends stand far enough apart to be read and
        have their interval and number, the ones between are small marks close together.

    Raises
    ------
    LendAnEarError
        If there is none of that kind of trouble.
    """
    own = interpretations[interpretations["trouble_type"] == trouble_type]
    if own.empty:
        raise LendAnEarError(
            f"figure 2C: the theme file has no spans about {label(trouble_type).lower()} troubles "
            "in conversation 1 and in conversations 2 or 3 of the arms with a coach"
        )
    top, middle, bottom = split(own)
    names = {row.rank: _lines(row.interpretation) for row in pd.concat([top, bottom]).itertuples()}
    heights = _heights(top, middle, bottom, names)
    total = max(heights.values()) + _LINE * len(names[own["rank"].max()]) / 2 + _PADDING
    groups = {theme.key: theme.group for theme in THEMES}
    with style():
        figure, axis = new_figure(width=PAGE, height=total + 24)
        axis.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
        for group in THEME_GROUPS:
            for part, size, gid in (
                (top, 4.0, "named"),
                (bottom, 4.0, "named"),
                (middle, 2.1, "other"),
            ):
                rows = part[part["theme"].map(groups) == group.key]
                if len(rows):
                    axis.plot(
                        rows["estimate"], rows["rank"].map(heights), MARKERS[group.key],
                        color=group.colour, markersize=size, linestyle="none",
                        markeredgewidth=0, gid=gid,
                    )  # fmt: skip
                if gid == "named":
                    for row in rows.itertuples():
                        _draw_interval(axis, row, heights[row.rank], group.colour)
        ticks = [(heights[rank], "\n".join(lines)) for rank, lines in names.items()]
        if len(middle):
            centre = float(np.mean([heights[middle["rank"].min()], heights[middle["rank"].max()]]))
            words = f"{len(middle)} others, from most gained\nto most lost (all in the CSV file)"
            ticks.append((centre, words))
        axis.set_yticks([height for height, _ in ticks], [words for _, words in ticks])
        axis.tick_params(axis="y", length=0)
        if len(middle):
            axis.get_yticklabels()[-1].set(style="italic", color="#555555")
        for tick in axis.get_yticklabels():
            tick.set_linespacing(1.0)
        axis.set_ylim(total, -_LINE * len(names[own["rank"].min()]) / 2 - _PADDING)
        low, high = pd.concat([top, bottom])[["ci_low", "ci_high"]].agg(
            {"ci_low": "min", "ci_high": "max"}
        )
        room = 0.12 * (max(high, 0) - min(low, 0))
        axis.set_xlim(min(low, 0) - room, max(high, 0) + room)
        axis.set_title(f"{label(trouble_type)} troubles: {len(own)} interpretations")
        axis.set_xlabel("Change in share of spans (percentage points), 95% interval")
        figure.legend(
            handles=[
                Line2D([], [], color=group.colour, marker=MARKERS[group.key], linestyle="none",
                       label=group.label)
                for group in THEME_GROUPS
            ],
            loc="outside lower center",
            ncols=len(THEME_GROUPS),
        )  # fmt: skip
        if title:
            figure.suptitle(title, x=0.01, ha="left", color=INK)
    return figure


def _lines(text: str) -> list[str]:
    """Break a label into as few lines as fit, and these into about equal lengths."""
    fewest = len(textwrap.wrap(text, _WRAP))
    if not fewest:
        return ["(no text)"]
    evenly = (textwrap.wrap(text, width) for width in range(len(text) // fewest, _WRAP + 1))
    return next(lines for lines in evenly if len(lines) == fewest)


def _heights(
    top: pd.DataFrame, middle: pd.DataFrame, bottom: pd.DataFrame, names: dict[int, list[str]]
) -> dict[int, float]:
    """Return where each rank stands, in mm from the top: as much room as its name needs."""
    heights, position = {}, 0.0
    for part in (top, middle, bottom):
        if len(part) and position:
            position += _GAP if len(middle) else 0
        previous = 0.0
        for rank in part["rank"]:
            size = _LINE * len(names[rank]) + _PADDING if rank in names else _SMALL
            if heights:
                position += (previous + size) / 2 if previous else size / 2
            heights[rank] = position
            previous = size
        position += previous / 2 if len(part) else 0
    return heights


def _draw_interval(axis: Axes, row: tuple, height: float, colour: str) -> None:
    axis.axhline(height, color=GUIDE, linewidth=0.6, zorder=0, gid="guide")
    axis.plot([row.ci_low, row.ci_high], [height] * 2, color=colour, gid="interval")
    rightwards = row.estimate >= 0
    axis.annotate(
        number(row.estimate, 1, plus=True),
        (row.ci_high if rightwards else row.ci_low, height),
        xytext=(3 if rightwards else -3, 0),
        textcoords="offset points",
        ha="left" if rightwards else "right",
        va="center",
        fontsize=6.5,
        color=colour,
    )
