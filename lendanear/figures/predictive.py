"""Checks of a Bayesian model: what it expects of the data before and after seeing them.

One panel per property of the data, one row per group: the property as observed (a white diamond),
the 95% interval of data simulated from the posterior (a bar), and of data simulated from the prior
(a pale line, in numbers at its end where it leaves the panel). A last panel shows how far each
headline estimate moves when the prior is strengthened or weakened.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lendanear.figures.interval_rows import label_rows
from lendanear.figures.numbers import number
from lendanear.figures.style import FAINT, INK, PAGE, new_figure, style

POSTERIOR = "#5B7FA6"
"""Colour of data simulated from the posterior."""
PRIOR = "#D5C3A4"
"""Colour of data simulated from the prior."""
_BELOW = 0.4
"""How far below a row its prior is drawn, in rows."""
_LABEL_WIDTH = 26
"""Letters in a line of the label of an estimate."""


def plot_checks(
    prior: pd.DataFrame,
    posterior: pd.DataFrame,
    sensitivity: pd.DataFrame,
    *,
    titles: Mapping[str, str],
    name: Callable[[str], str] = str,
    threshold: float,
    columns: int = 3,
) -> Figure:
    """Draw prior predictive, posterior predictive and sensitivity of a model.

    Parameters
    ----------
    prior, posterior : DataFrame
        Frames ``prior_predictive`` and ``posterior_predictive``: what, group, observed, mean, low,
        high (95% interval of simulated data).
    sensitivity : DataFrame
        Columns ``label``, ``prior`` and ``likelihood``: sensitivities of some estimates (0 or
        more), from `lendanear.bayes.sensitivity`.
    titles : mapping of str to str
        Panels: each ``what`` that is shown, and the title readers see (with its unit).
    name : callable
        Group to its label.
    threshold : float
        Sensitivity from which an estimate deserves a look.
    columns : int
        Panels side by side.

    Returns
    -------
    Figure
    """
    whats = [what for what in titles if (posterior["what"] == what).any()]
    panels = {what: posterior[posterior["what"] == what].reset_index(drop=True) for what in whats}
    groups = [tuple(own["group"]) for own in panels.values()]
    lines = [groups[start : start + columns] for start in range(0, len(groups), columns)]
    heights = [18 + 5.5 * max(map(len, line)) for line in lines]
    height = max(sum(heights), 16 + 4.2 * len(sensitivity)) + 10
    with style():
        figure = new_figure(width=PAGE, height=height)[0]
        figure.clear()
        left, right = figure.subfigures(1, 2, width_ratios=[2, 1])
        grid = left.subplots(len(lines), columns, squeeze=False, height_ratios=heights)
        axes = list(grid.ravel())
        for place, (what, own) in enumerate(panels.items()):
            before = prior[prior["what"] == what].set_index("group")
            _draw_property(axes[place], own, before, name)
            # labels once per line where its panels have the same rows
            if place % columns and len(set(lines[place // columns])) == 1:
                axes[place].tick_params(axis="y", labelleft=False)
            wrapped = "\n".join(textwrap.wrap(titles[what], 51 // columns))
            axes[place].set_title(wrapped, fontsize=7)
        for axis in axes[len(panels) :]:
            axis.remove()
        _draw_sensitivity(right.subplots(), sensitivity, threshold)
        handles = [
            axes[0].plot([], [], "D", color=INK, markerfacecolor="white", markersize=4)[0],
            axes[0].plot([], [], color=POSTERIOR, linewidth=5)[0],
            axes[0].plot([], [], color=PRIOR, linewidth=2)[0],
        ]
        left.legend(
            handles,
            ["observed", "simulated, fitted model (95%)", "simulated, prior alone (95%)"],
            loc="outside lower center",
            ncols=3,
            fontsize=6.5,
        )
    return figure


def _draw_property(
    axis: Axes, own: pd.DataFrame, before: pd.DataFrame, name: Callable[[str], str]
) -> None:
    """Draw one property: a row per group."""
    low = float(np.nanmin([own["low"].min(), own["observed"].min()]))
    high = float(np.nanmax([own["high"].max(), own["observed"].max()]))
    span = (high - low) or abs(high) or 1.0
    left, right = low - 0.35 * span, high + 0.35 * span
    for y, row in enumerate(own.itertuples()):
        axis.plot(
            [row.low, row.high], [y, y], color=POSTERIOR, linewidth=5, solid_capstyle="butt",
            gid="posterior",
        )  # fmt: skip
        if row.group in before.index:
            wide = before.loc[row.group]
            ends = np.clip([wide["low"], wide["high"]], left, right)
            axis.plot(ends, [y + _BELOW] * 2, color=PRIOR, linewidth=2, solid_capstyle="butt",
                      gid="prior")  # fmt: skip
            if wide["low"] < left or wide["high"] > right:
                digits = 0 if abs(wide["high"] - wide["low"]) >= 10 else 1
                axis.annotate(
                    f"{number(wide['low'], digits)} to {number(wide['high'], digits)}",
                    (1.0, y + _BELOW), xycoords=("axes fraction", "data"), ha="right",
                    va="center", fontsize=5.5, color="#8A7650", gid="prior-range",
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
                )  # fmt: skip
        axis.plot(row.observed, y, "D", color=INK, markerfacecolor="white", markersize=4, zorder=4,
                  gid="observed")  # fmt: skip
    axis.set_xlim(left, right)
    label_rows(axis, [name(group) for group in own["group"]])
    # room for the prior of the last row above the axis
    axis.set_ylim(len(own) - 0.4 + _BELOW / 2, None)


def _draw_sensitivity(axis: Axes, sensitivity: pd.DataFrame, threshold: float) -> None:
    """Draw how far estimates move with the prior and with the data."""
    for y, row in enumerate(sensitivity.itertuples()):
        axis.plot([0, row.prior], [y, y], color=PRIOR, linewidth=2, gid="moved")
        axis.plot(row.prior, y, "o", color="#8A7650", markersize=4, gid="by-prior")
    axis.axvline(threshold, color=FAINT, linewidth=0.8, linestyle="--", zorder=0)
    top = max(float(sensitivity["prior"].max()), threshold)
    axis.set_xlim(0, 1.25 * top)
    axis.annotate(
        "leans on\nthe prior", (threshold, 1.0), xycoords=("data", "axes fraction"), xytext=(2, -1),
        textcoords="offset points", va="top", fontsize=5.5, color="#666666", linespacing=1.1,
    )  # fmt: skip
    label_rows(axis, [_in_two_lines(text) for text in sensitivity["label"]])
    axis.set_title("Sensitivity\nto the prior", fontsize=7)
    axis.set_xlabel("Shift per doubling\nof the prior's weight", fontsize=6, loc="right")


def _in_two_lines(text: str) -> str:
    """Break a long label after its first part."""
    if len(text) <= _LABEL_WIDTH:
        return text
    for end in (": ", ", "):
        if end in text:
            return text.replace(end, f"{end.rstrip(', ')}\n", 1)
    return textwrap.fill(text, _LABEL_WIDTH)
