"""Figure 2B: how often people use each theme before and after coaching, by kind of trouble."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lendanear.figures.numbers import number
from lendanear.figures.style import FAINT, GUIDE, INK, PAGE, new_figure, style
from lendanear.vocabulary import THEME_GROUPS, THEMES, TROUBLE_TYPES

_GAP = 0.45
"""Empty space above a group's heading, in rows."""


def _rows() -> tuple[dict[str, float], dict[str, float]]:
    """Return the height of every theme and of every group's heading, counted from the top."""
    themes, headings, height = {}, {}, 0.0
    for group in THEME_GROUPS:
        headings[group.key] = height
        for theme in (theme for theme in THEMES if theme.group == group.key):
            height += 1
            themes[theme.key] = height
        height += 1 + _GAP
    return themes, headings


def plot_theme_changes(changes: pd.DataFrame, *, title: str | None = None) -> Figure:
    """Draw the change of each theme with its interval, a panel per kind of trouble.

    Parameters
    ----------
    changes : DataFrame
        Result frame ``themes.changes``: trouble_type, theme, estimate, ci_low, ci_high
        (percentage points), n_pre, n_post.
    title : str, optional
        Title above the panels.

    Returns
    -------
    Figure
        Themes under the headings of their four groups, in one order and on one axis in both
        panels; one mark, interval and number per theme.
    """
    shown = [trouble for trouble in TROUBLE_TYPES if trouble.key in set(changes["trouble_type"])]
    themes, headings = _rows()
    with style():
        figure, axes = new_figure(
            1, len(shown), width=PAGE, height=92, sharex=True, sharey=True, squeeze=False
        )
        for axis, trouble in zip(axes[0], shown, strict=True):
            own = changes[changes["trouble_type"] == trouble.key]
            axis.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
            for group in THEME_GROUPS:
                keys = [theme.key for theme in THEMES if theme.group == group.key]
                for row in own[own["theme"].isin(keys)].itertuples():
                    _draw_change(axis, row, themes[row.theme], group.colour)
            n_pre, n_post = int(own["n_pre"].iloc[0]), int(own["n_post"].iloc[0])
            axis.set_title(f"{trouble.label} troubles")
            axis.set_xlabel(f"{n_pre:,} spans before, {n_post:,} after")
            axis.tick_params(axis="y", length=0)
        low, high = changes["ci_low"].min(), changes["ci_high"].max()
        # the numbers beside the intervals take about a sixth of a panel
        room = 0.17 * (max(high, 0) - min(low, 0))
        axes[0, 0].set_xlim(min(low, 0) - room, max(high, 0) + room)
        labels = {height: (group.label, group) for group in THEME_GROUPS
                  for height in [headings[group.key]]}  # fmt: skip
        labels |= {themes[theme.key]: (theme.label, None) for theme in THEMES}
        axes[0, 0].set_yticks(list(labels), [words for words, _ in labels.values()])
        axes[0, 0].set_ylim(max(labels) + 0.6, -0.6)
        for tick, (_, group) in zip(axes[0, 0].get_yticklabels(), labels.values(), strict=True):
            if group is not None:
                tick.set(color=group.colour, fontweight="bold", fontsize=7.5, gid="heading")
        figure.supxlabel(
            "Change in the share of spans (percentage points), with 95% interval", fontsize=7.5
        )
        if title:
            figure.suptitle(title, x=0.01, ha="left", color=INK)
    return figure


def _draw_change(axis: Axes, row: tuple, height: float, colour: str) -> None:
    axis.axhline(height, color=GUIDE, linewidth=0.6, zorder=0, gid="guide")
    axis.plot([row.ci_low, row.ci_high], [height] * 2, color=colour, gid="interval")
    axis.plot(row.estimate, height, "o", color=colour, gid="estimate")
    # away from zero, so that no number is written across the reference line
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
