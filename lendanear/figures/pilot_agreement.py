"""The pilot: how well experts, a crowd and an LLM judge agree, dimension by dimension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lendanear.figures.style import FAINT, INK, PAGE, new_figure, style
from lendanear.vocabulary import DIMENSIONS, label

EXPERTS: Final = "experts"
MEASURE_COLOURS: Final = {"kappa_rank": "#0072B2", "kappa_score": "#C25E00"}
"""Colour of each kind of kappa."""
MEASURE_LABELS: Final = {
    "kappa_rank": "Kappa by rank of the values, as published",
    "kappa_score": "Kappa by distance on the 1\N{EN DASH}5 scale",
}
BAND: Final = "#F3F3F3"
"""Colour of every other row, to follow a pair across the panels."""
_OFFSETS: Final = {"kappa_rank": -0.17, "kappa_score": 0.17}
_MARKERS: Final = {"kappa_rank": "o", "kappa_score": "D"}


def rater_label(key: str) -> str:
    """Return a rater's label; ``experts`` is the median of the three experts."""
    return "Experts' median" if key == EXPERTS else label(key)


def plot_agreement(
    kappas: pd.DataFrame,
    *,
    published: Mapping[tuple[str, str], float] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw both kappas of every pair of raters with their intervals.

    Parameters
    ----------
    kappas : DataFrame
        Result frame ``agreement.kappas``: pair, first, second, dimension, measure, estimate,
        ci_low, ci_high.
    published : mapping of (pair, dimension) to float, optional
        Published kappas, marked beside the rebuilt ones.
    title : str, optional
        Title above the panels.

    Returns
    -------
    Figure
        A panel per dimension, a row per pair, two marks per row, on one common axis.
    """
    published = published or {}
    pairs = kappas.drop_duplicates("pair")[["pair", "first", "second"]]
    rows = kappas.set_index(["dimension", "pair", "measure"])
    with style():
        figure, axes = new_figure(2, 3, width=PAGE, height=135, sharex=True, sharey=True)
        for axis, dimension in zip(axes.flat, DIMENSIONS, strict=True):
            axis.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
            axis.set_title(dimension.label, fontsize=8)
            for y, pair in enumerate(pairs["pair"]):
                if y % 2 == 0:
                    axis.axhspan(y - 0.5, y + 0.5, color=BAND, linewidth=0, zorder=-1)
                for measure in MEASURE_COLOURS:
                    _draw_kappa(axis, rows.loc[(dimension.key, pair, measure)], measure, y)
                known = published.get((pair, dimension.key))
                if known is not None:
                    axis.plot(known, y - 0.39, "v", color=INK, markersize=3.2, gid="published")
        first = axes.flat[0]
        labels = [
            f"{rater_label(pair.first)} \N{EN DASH} {rater_label(pair.second)}"
            for pair in pairs.itertuples()
        ]
        first.set_yticks(range(len(labels)), labels)
        first.set_ylim(len(labels) - 0.5, -0.6)
        first.set_xlim(min(-0.25, kappas["ci_low"].min() - 0.03), 1.02)
        for axis in axes.flat:
            axis.tick_params(axis="y", length=0)
        for axis in axes[1]:
            axis.set_xlabel("Kappa (0: as by chance)")
        handles = [
            first.plot(
                [], [], marker=_MARKERS[measure], linestyle="-", color=colour, markersize=3.4,
                label=MEASURE_LABELS[measure],
            )[0]
            for measure, colour in MEASURE_COLOURS.items()
        ]  # fmt: skip
        if published:
            handles += first.plot(
                [],
                [],
                "v",
                color=INK,
                markersize=3.2,
                linestyle="none",
                label="Published, from the real ratings",
            )
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        if title:
            figure.suptitle(title, x=0.01, ha="left", color=INK)
    return figure


def _draw_kappa(axis: Axes, row: pd.Series, measure: str, y: float) -> None:
    """Draw one kappa: interval and estimate."""
    colour, height = MEASURE_COLOURS[measure], y + _OFFSETS[measure]
    axis.plot([row["ci_low"], row["ci_high"]], [height] * 2, color=colour, gid="interval")
    axis.plot(
        row["estimate"], height, _MARKERS[measure], color=colour, markersize=3.4, gid="estimate"
    )
