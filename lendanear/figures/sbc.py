"""Simulation-based calibration: ranks of known truths against the even spread they should have."""

from __future__ import annotations

import re
import textwrap
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import norm

from lendanear.figures.numbers import percent
from lendanear.figures.style import FAINT, INK, PAGE, new_figure, style
from lendanear.vocabulary import ARM_KEYS, DIMENSION_KEYS, SCENARIO_KEYS, label

BAND: Final = "#DCE6F0"
"""Colour of where uniform ranks may lie."""
INSIDE: Final = "#1F4E79"
OUTSIDE: Final = "#C4501B"
"""Colours of curves that stay inside their band, and that leave it."""
EXAMPLES: Final = (
    ("Posteriors too narrow", 0.6, 0.0),
    ("too wide", 1.7, 0.0),
    ("too high", 1.0, 0.5),
    ("too low", 1.0, -0.5),
)
"""What goes wrong, and how: SD as a share of what it should be, and shift in SD."""
_COLUMNS: Final = 6
_KEYS: Final = (*ARM_KEYS, *DIMENSION_KEYS, *SCENARIO_KEYS, "overall_empathy")
_WORD: Final = re.compile(rf"\b({'|'.join(_KEYS)})\b")


def plot_ranks(
    curves: pd.DataFrame, judged: pd.DataFrame, *, power: float, narrower: float
) -> Figure:
    """Draw how far the ranks of every quantity of a model are from uniform.

    Parameters
    ----------
    curves : DataFrame
        From ``uniformity.curves``: quantity, group, share, difference, low, high.
    judged : DataFrame
        From ``uniformity.judge``: quantity, group, replicates, p, inside_band, calibrated.
    power : float
        How often posteriors with an SD of `narrower` times what it should be leave the band.
    narrower : float
        See `power`.

    Returns
    -------
    Figure
        One panel per quantity: the share of replicates whose truth ranks at or below a share of the
        draws, less that share (a line), and the 95% simultaneous band of uniform ranks. Below,
        what miscalibrated posteriors look like.
    """
    lines = -(-len(judged) // _COLUMNS)
    top = 1.1 * float(curves[["difference", "low", "high"]].abs().to_numpy().max())
    with style():
        figure = new_figure(width=PAGE, height=25 * lines + 42)[0]
        figure.clear()
        upper, lower = figure.subfigures(2, 1, height_ratios=[25 * lines + 6, 34])
        grid = upper.subplots(lines, _COLUMNS, squeeze=False, sharex=True, sharey=True)
        panels = dict(tuple(curves.groupby(["quantity", "group"], sort=False)))
        for axis, row in zip(grid.ravel(), judged.itertuples(), strict=False):
            _draw_quantity(axis, panels[row.quantity, row.group], row.inside_band)
            _name(axis, row.quantity, row.group, row.p)
        for axis in grid.ravel()[len(judged) :]:
            axis.remove()
        grid[0, 0].set_ylim(-top, top)
        upper.supylabel("Share of truths found there, less the share due (%)", fontsize=7)
        upper.supxlabel("Rank of the truth among draws from the posterior (%)", fontsize=7)
        _draw_examples(lower, _summary(judged, power, narrower))
    return figure


def _draw_quantity(axis: Axes, own: pd.DataFrame, inside: bool) -> None:
    share = own["share"].to_numpy()
    axis.fill_between(
        share, own["low"], own["high"], step="mid", color=BAND, linewidth=0, gid="band"
    )
    axis.axhline(0, color=FAINT, linewidth=0.6)
    axis.plot(
        share, own["difference"], color=INSIDE if inside else OUTSIDE, linewidth=1,
        drawstyle="steps-mid", gid="inside" if inside else "outside",
    )  # fmt: skip
    axis.set_xlim(0, 1)
    axis.set_xticks([0, 0.5, 1], ["0", "50", "100"])
    axis.yaxis.set_major_formatter(
        lambda value, _: f"{100 * value:.0f}".replace("-", "\N{MINUS SIGN}")
    )


def _name(axis: Axes, quantity: str, group: str, p: float) -> None:
    """Write what a panel shows above it, and its p-value into it."""
    words = [quantity[0].upper() + quantity[1:], *([] if group == "all" else [readable(group)])]
    lines = [line for part in words for line in textwrap.wrap(part, 26)]
    axis.set_title("\n".join(lines), fontsize=6, fontweight="normal", linespacing=1.1)
    text = "p < 0.001" if p < 0.001 else f"p = {p:.2f}" if p >= 0.1 else f"p = {p:.3f}"
    axis.annotate(
        text, (0.97, 0.04), xycoords="axes fraction", ha="right", va="bottom", fontsize=5.5,
        color="#666666",
    )  # fmt: skip


def readable(text: str) -> str:
    """Return a quantity or group with the labels of arms, dimensions and scenarios."""
    return _WORD.sub(lambda match: label(match.group()), text)


def _summary(judged: pd.DataFrame, power: float, narrower: float) -> str:
    count, inside = len(judged), int(judged["inside_band"].sum())
    bad = int((~judged["calibrated"]).sum())
    verdict = (
        "Taken together, that is what chance allows."
        if not bad
        else (f"For {bad} of them chance is no explanation, with so many looked at.")
    )
    return (
        f"{judged['replicates'].max()} simulated data sets with known truths. If a posterior is "
        f"right, its curve stays inside the band in 95 of 100 cases: {inside} of {count} do. "
        f"{verdict} Posteriors {percent(1 - narrower)}% too narrow would leave the band with a "
        f"chance of {percent(power)}%."
    )


def _draw_examples(figure: Figure, summary: str) -> None:
    """Draw what miscalibrated posteriors look like."""
    axes = figure.subplots(1, len(EXAMPLES) + 2, sharey=True, width_ratios=[2.2, *[1] * 4, 0.01])
    axes[-1].axis("off")
    axes[0].axis("off")
    axes[0].text(0, 1, textwrap.fill(summary, 52), va="top", fontsize=6.2, color=INK,
                 transform=axes[0].transAxes, linespacing=1.3)  # fmt: skip
    share = np.linspace(0.005, 0.995, 199)
    for axis, (words, spread, shift) in zip(axes[1:], EXAMPLES, strict=False):
        difference = norm.cdf(spread * norm.ppf(share) + shift) - share
        axis.axhline(0, color=FAINT, linewidth=0.6)
        axis.plot(share, difference, color=OUTSIDE, linewidth=1.2, gid="example")
        axis.set_title(words, fontsize=6, fontweight="normal")
        axis.set_xticks([])
        axis.set_yticks([])
        axis.set_xlim(0, 1)
