"""Figure 3A: every participant's change, against the smallest change that is reliable."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lendanear.figures.numbers import number, percent
from lendanear.figures.shades import darker, paler
from lendanear.figures.style import FAINT, INK, PAGE, new_figure, style
from lendanear.vocabulary import ARMS, Arm

BAND = "#EEEEEE"
"""Colour of the range within which a change may be measurement error."""


def plot_responders(
    changes: pd.DataFrame, responders: pd.DataFrame, summary: pd.DataFrame, *, threshold: float
) -> Figure:
    """Draw each participant's change of overall empathy, sorted within the arm.

    Parameters
    ----------
    changes : DataFrame
        Result frame ``reliability.changes``: arm, change (points), outcome; one row per
        participant.
    responders : DataFrame
        Result frame ``reliability.responders``: arm, outcome, estimate, ci_low, ci_high (shares).
    summary : DataFrame
        Result frame ``reliability.summary``: arm, n, estimate (mean change).
    threshold : float
        Smallest reliable change in points.

    Returns
    -------
    Figure
        A panel per arm on one scale. The area is made of one column per participant, ordered from
        the most negative to the most positive change: dark where the change is reliable. The shares
        of improved and worsened participants stand in the panel with their 95% intervals.
    """
    arms = [arm for arm in ARMS if arm.key in set(changes["arm"])]
    shares = responders.set_index(["arm", "outcome"])
    means = summary.set_index("arm")
    top = max(changes["change"].max(), threshold) + 4
    bottom = min(changes["change"].min(), -threshold) - 4
    with style():
        figure, axes = new_figure(1, len(arms), width=PAGE, height=68, sharey=True, squeeze=False)
        for axis, arm in zip(axes[0], arms, strict=True):
            ordered = changes[changes["arm"] == arm.key].sort_values("change")
            axis.axhspan(-threshold, threshold, color=BAND, linewidth=0, zorder=0, gid="band")
            _draw_columns(axis, arm, ordered)
            axis.axhline(0, color=FAINT, linewidth=0.6, zorder=3)
            improved = _share(shares.loc[(arm.key, "improved")])
            worsened = _share(shares.loc[(arm.key, "worsened")])
            axis.text(
                0.03, 0.97, f"{improved[0]} improved", transform=axis.transAxes, va="top",
                color=darker(arm.colour), fontsize=8, fontweight="bold", gid="improved",
            )  # fmt: skip
            axis.text(
                0.03,
                0.885,
                improved[1],
                transform=axis.transAxes,
                va="top",
                color=INK,
                fontsize=6.5,
            )
            axis.text(
                0.97, 0.115, f"{worsened[0]} worsened", transform=axis.transAxes, ha="right",
                va="bottom", color=INK, fontsize=8, fontweight="bold", gid="worsened",
            )  # fmt: skip
            axis.text(
                0.97, 0.03, worsened[1], transform=axis.transAxes, ha="right", va="bottom",
                color=INK, fontsize=6.5,
            )  # fmt: skip
            mean = means.loc[arm.key]
            axis.set_title(arm.label, color=darker(arm.colour), pad=12)
            axis.text(
                0, 1.02, f"n = {mean['n']:,.0f}, mean {number(mean['estimate'], plus=True)}",
                transform=axis.transAxes, fontsize=7, color=INK,
            )  # fmt: skip
            axis.set_xlim(-1.5, 101.5)  # so that the first column is not hidden by the axis
            axis.set_xticks([0, 50, 100])
            axis.set_ylim(bottom, top)
        axes[0, 0].text(
            4, threshold - 0.4, f"within \N{PLUS-MINUS SIGN}{threshold:.1f}:\nmay be error",
            va="top", fontsize=6.5, color="#555555", linespacing=1.15,
        )  # fmt: skip
        axes[0, 0].set_ylabel("Change of overall empathy\n(mean of conversations 2, 3 minus 1)")
        figure.supxlabel("Participants of the arm, ordered by change (%)", fontsize=7.5)
    return figure


def _draw_columns(axis: Axes, arm: Arm, ordered: pd.DataFrame) -> None:
    """Fill one column per participant: an outline per outcome, however many there are."""
    edges = np.linspace(0, 100, len(ordered) + 1)
    colours = {
        "no_reliable_change": paler(arm.colour, 0.45),
        "improved": darker(arm.colour),
        "worsened": INK,
    }
    for outcome, colour in colours.items():
        place = np.flatnonzero(ordered["outcome"].to_numpy() == outcome)
        if len(place) == 0:
            continue
        # outcomes are intervals of the change, so each takes one stretch of the ordered columns
        stretch = slice(place[0], place[-1] + 1)
        axis.stairs(
            ordered["change"].to_numpy()[stretch],
            edges[place[0] : place[-1] + 2],
            fill=True,
            color=colour,
            linewidth=0,
            zorder=2,
            gid=f"columns-{outcome}",
        )


def _share(row: pd.Series) -> tuple[str, str]:
    """Return a share and its interval in words: ``26%`` and ``95% interval 21-32%``."""
    words = [percent(row[column]) for column in ("estimate", "ci_low", "ci_high")]
    return f"{words[0]}%", f"95% interval {words[1]}\N{EN DASH}{words[2]}%"
