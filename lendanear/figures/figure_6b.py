"""Figure 6B: how often raters choose the higher-scored conversation, by score difference."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from lendanear.figures.style import COLUMN, FAINT, INK, new_figure, style

_FIT = "#0072B2"


def plot_choices(bins: pd.DataFrame, curve: pd.DataFrame, *, title: str | None = None) -> Figure:
    """Draw the share of choices for the higher-scored conversation with the logistic fit.

    Parameters
    ----------
    bins, curve : DataFrame
        Result frames ``preferences.bins`` and ``preferences.curve``.
    title : str, optional
        Title above the panel.

    Returns
    -------
    Figure
        One point with interval and number of choices per group of score differences, the fitted
        curve with its band, and the line of chance.
    """
    with style():
        figure, axis = new_figure(width=COLUMN, height=76)
        axis.axhline(0.5, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0, gid="chance")
        axis.fill_between(
            curve["score_diff"], curve["ci_low"], curve["ci_high"], color=_FIT, alpha=0.18,
            linewidth=0, gid="band",
        )  # fmt: skip
        axis.plot(curve["score_diff"], curve["estimate"], color=_FIT, gid="curve")
        for row in bins.itertuples():
            axis.plot([row.score_diff] * 2, [row.ci_low, row.ci_high], color=INK, gid="interval")
            if row.diff_high > row.diff_low:
                # differences pooled in this point
                axis.plot(
                    [row.diff_low, row.diff_high], [row.estimate] * 2, color=INK, linewidth=0.6,
                    gid="range",
                )  # fmt: skip
        axis.plot(bins["score_diff"], bins["estimate"], "o", color=INK, gid="share")
        last = float(curve["score_diff"].max())
        axis.set_xlim(-0.4, last + 0.4)
        axis.set_ylim(min(0.4, bins["ci_low"].min() - 0.06) - 0.06, 1.0)
        floor = axis.get_ylim()[0] + 0.012
        grey = {"color": "#555555", "fontsize": 6, "va": "bottom"}
        for row in bins.itertuples():
            axis.text(row.score_diff, floor, f"{row.n:,}", ha="center", gid="n", **grey)
        # beyond the last point, where no number of another group can stand
        axis.text(
            max(last, bins["score_diff"].max() + 3) + 0.3, floor, "choices", ha="right", **grey
        )
        axis.text(last + 0.3, 0.505, "chance", ha="right", **grey)
        middle = curve.iloc[int(0.45 * (len(curve) - 1))]
        axis.annotate(
            "logistic fit with\n95% band", (middle["score_diff"], middle["estimate"]),
            xytext=(0.04, 0.96), textcoords="axes fraction", ha="left", va="top", fontsize=6.5,
            color=_FIT, arrowprops={"arrowstyle": "-", "color": _FIT, "linewidth": 0.6},
        )  # fmt: skip
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
        axis.set_xlabel(
            "Difference in overall empathy within the pair (points);\n"
            "a horizontal bar spans the differences pooled in its point"
        )
        axis.set_ylabel("Chose the higher-scored")
        if title:
            figure.suptitle(title, x=0.01, ha="left", color=INK)
    return figure
