"""The look of every figure: one style sheet, two widths, and the marks for synthetic and draft."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

STYLE_SHEET: Final = Path(__file__).with_name("lendanear.mplstyle")
COLUMN: Final = 89.0
"""Width of a single-column figure in mm."""
PAGE: Final = 183.0
"""Width of a full-page figure in mm."""
INK: Final = "#222222"
"""Colour of text and of marks that belong to no group."""
FAINT: Final = "#BBBBBB"
"""Colour of reference lines and of marks in the background."""
GUIDE: Final = "#EEEEEE"
"""Colour of lines that lead the eye from a label to its mark."""
SYNTHETIC_MARK: Final = "SYNTHETIC DATA \N{EM DASH} simulated people, not the study's participants"
DRAFT_MARK: Final = "DRAFT \N{EM DASH} shortened settings"
_MM_PER_INCH: Final = 25.4


def style() -> AbstractContextManager[None]:
    """Return a context in which figures are drawn and saved in the companion's style."""
    return mpl.rc_context(fname=STYLE_SHEET)


def new_figure(
    nrows: int = 1,
    ncols: int = 1,
    *,
    width: float = COLUMN,
    height: float = 60.0,
    **subplots: Any,  # noqa: ANN401  (passed on to Figure.subplots)
) -> tuple[Figure, Any]:
    """Return an empty figure and its axes, laid out so that nothing is clipped.

    Parameters
    ----------
    nrows, ncols : int
        Panels.
    width, height : float
        Size in mm; `width` is usually `COLUMN` or `PAGE`.
    **subplots
        Passed to `matplotlib.figure.Figure.subplots`.

    Returns
    -------
    tuple
        The figure (constrained layout, no pyplot state) and what ``Figure.subplots`` returns.
    """
    figure = Figure(figsize=(width / _MM_PER_INCH, height / _MM_PER_INCH), layout="constrained")
    return figure, figure.subplots(nrows, ncols, **subplots)


def stars(p: float) -> str:
    """Return the usual stars for a p-value: ``***`` < .001, ``**`` < .01, ``*`` < .05."""
    return next(
        (mark for bound, mark in ((0.001, "***"), (0.01, "**"), (0.05, "*")) if p < bound), ""
    )


def marks_of(stamp: Mapping[str, Any]) -> list[str]:
    """Return the marks a result with this stamp must carry: synthetic, draft."""
    marks = [SYNTHETIC_MARK] if stamp["data"] == "synthetic" else []
    return marks + ([DRAFT_MARK] if stamp["draft"] else [])


def mark_above(figure: Figure, text: str, *, line: int = 0) -> None:
    """Write `text` on a coloured band above the figure, outside everything that is drawn.

    Parameters
    ----------
    figure : Figure
        The figure to mark.
    text : str
        The mark, e.g. `SYNTHETIC_MARK`.
    line : int
        0 for the lowest band, 1 for the one above it.
    """
    height_points = figure.get_figheight() * 72
    figure.text(
        0.0,
        1.0 + (4 + 13 * line) / height_points,
        text,
        ha="left",
        va="bottom",
        fontsize=6.5,
        fontweight="bold",
        color="#8A1C00",
        bbox={"boxstyle": "square,pad=0.35", "facecolor": "#FFE9D6", "edgecolor": "none"},
        gid="mark",
        in_layout=True,
    )
