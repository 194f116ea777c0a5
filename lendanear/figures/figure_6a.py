"""Figure 6A: Elo rating by decile of overall empathy, scenario by scenario."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lendanear.figures.numbers import number
from lendanear.figures.positions import correlation_number
from lendanear.figures.shades import paler
from lendanear.figures.style import INK, PAGE, new_figure, style
from lendanear.vocabulary import SCENARIOS

_DECILES: Final = range(1, 11)


def plot_elo(
    deciles: pd.DataFrame, correlations: pd.DataFrame, *, title: str | None = None
) -> Figure:
    """Draw mean and spread of the Elo rating in each decile, a panel per scenario and a key.

    Parameters
    ----------
    deciles, correlations : DataFrame
        Result frames ``elo.deciles`` and ``elo.correlations``.
    title : str, optional
        Title above the panels.

    Returns
    -------
    Figure
        Five panels with common axes: mean, 95% interval and the middle 80% of the conversations;
        the sixth says how to read them and which scores each decile holds.
    """
    r = correlations.set_index("scenario")
    with style():
        figure, axes = new_figure(2, 3, width=PAGE, height=112, sharex=True, sharey=True)
        # the key takes the upper right corner, so that every column ends in a panel with an axis
        panels = [axis for axis in axes.flat if axis is not axes[0, 2]]
        for axis, scenario in zip(panels, SCENARIOS, strict=True):
            own = deciles[deciles["scenario"] == scenario.key]
            _draw(axis, own, scenario.colour)
            axis.set_title(scenario.label)
            row = r.loc[scenario.key]
            words = f"{row['n']:,.0f} conversations"
            if pd.notna(row["estimate"]):
                low, high = correlation_number(row["ci_low"]), correlation_number(row["ci_high"])
                words = f"r = {correlation_number(row['estimate'])} [{low}, {high}]\n{words}"
            axis.text(
                0.98, 0.03, words, transform=axis.transAxes, ha="right", va="bottom",
                fontsize=6.5, color=INK, gid="correlation",
            )  # fmt: skip
        axes[0, 0].set_xlim(0.4, 10.6)
        axes[0, 0].set_xticks(_DECILES)
        for axis in axes[:, 0]:
            axis.set_ylabel("Elo rating (LLM choices)")
        for axis in axes[1]:
            axis.set_xlabel("Decile of overall empathy")
        _draw_key(axes[0, 2], deciles)
        if title:
            figure.suptitle(title, x=0.01, ha="left", color=INK)
    return figure


def _draw(axis: Axes, own: pd.DataFrame, colour: str) -> None:
    for row in own.itertuples():
        axis.plot(
            [row.decile] * 2, [row.p10, row.p90], color=paler(colour), linewidth=4.5,
            solid_capstyle="butt", zorder=1, gid="spread",
        )  # fmt: skip
        axis.plot(
            [row.decile] * 2, [row.ci_low, row.ci_high], color=colour, zorder=3, gid="interval"
        )
    axis.plot(own["decile"], own["estimate"], color=colour, linewidth=0.6, zorder=2, gid="line")
    axis.plot(
        own["decile"], own["estimate"], "o", color=colour, markersize=3.2, zorder=4, gid="mean"
    )


def _draw_key(axis: Axes, deciles: pd.DataFrame) -> None:
    """Explain the marks, and list scores and number of conversations of each decile."""
    axis.set_axis_off()
    key = axis.inset_axes((0, 0.74, 1, 0.26))
    key.set_axis_off()
    key.set(xlim=(0, 1), ylim=(0, 1), gid="key")
    example = pd.DataFrame(
        {"decile": [0.05], "estimate": [0.5], "ci_low": [0.25], "ci_high": [0.75], "p10": [0.02],
         "p90": [0.98]}
    )  # fmt: skip
    _draw(key, example, INK)
    for height, words in (
        (0.93, "middle 80% of conversations"),
        (0.5, "mean and its 95% interval"),
        (0.07, "r: Pearson, over conversations"),
    ):
        key.text(0.12, height, words, va="center", fontsize=6.5, color=INK)
    counts = deciles.groupby("decile").agg(
        low=("score_low", "first"), high=("score_high", "first"), n=("n", "sum")
    )
    rows = [("Decile", "Scores", "Conversations")]
    for decile in _DECILES:
        if decile in counts.index:
            row = counts.loc[decile]
            low, high = number(row["low"], 0), number(row["high"], 0)
            scores = low if low == high else f"{low} to {high}"
            rows.append((str(decile), scores, f"{row['n']:,.0f}"))
        else:
            rows.append((str(decile), "none: ties", "0"))
    for place, cells in enumerate(rows):
        for x, text, align in zip((0.0, 0.5, 1.0), cells, ("left", "center", "right"), strict=True):
            axis.text(
                x, 0.62 - 0.062 * place, text, transform=axis.transAxes, ha=align, va="center",
                fontsize=6.3, color=INK, fontweight="normal" if place else "bold", gid="decile",
            )  # fmt: skip
