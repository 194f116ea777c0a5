"""Figure 5B: self-reported against judged empathy, and the gap between their levels."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import PercentFormatter

from lendanear.figures.positions import Grid, correlation_text, draw_positions
from lendanear.figures.style import FAINT, INK, PAGE, new_figure, style
from lendanear.vocabulary import (
    ARMS,
    CONVERSATION_NUMBERS,
    DIMENSION_KEYS,
    OVERALL_MAX,
    OVERALL_MIN,
    SCORE_MAX,
    SCORE_MIN,
    SELF_REPORTS,
    label,
)

PANELS: Final = ("self_empathized", "self_encourage_elaboration", "self_showed_understanding")
"""Self-reports of the published figure, one column each."""
_STEP: Final = 1 / len(CONVERSATION_NUMBERS)
_ARM_STEP: Final = 0.13
_RATED_BY: Final = {"self": "Self-reported", "judge": "Judged"}


def plot_reports(
    positions: pd.DataFrame,
    lines: pd.DataFrame,
    correlations: pd.DataFrame,
    levels: pd.DataFrame,
    *,
    title: str | None = None,
) -> Figure:
    """Draw both faces of the gap between self-reported and judged empathy.

    Parameters
    ----------
    positions, lines, correlations, levels : DataFrame
        Result frames of the model ``silent_empathy``.
    title : str, optional
        Title above the panels.

    Returns
    -------
    Figure
        Top row: mean self-report against mean judged score of each participant, a bar at each exact
        position, the least-squares line, Pearson's r. Bottom row: share of conversations rated
        "quite a bit" or "very much", by the participant and by the judge, per arm and conversation
        number, with 95% intervals; a self-report without a judged score on the same scale stands
        alone.
    """
    pearson = correlations.query(
        "unit == 'participant' and method == 'pearson' and conversations == 'all'"
    ).set_index("predictor")
    reports = {report.key: report for report in SELF_REPORTS if report.key in PANELS}
    with style():
        figure, axes = new_figure(2, 3, width=PAGE, height=142, height_ratios=(1.15, 1))
        for axis, report in zip(axes[0], (reports[key] for key in PANELS), strict=True):
            _draw_scores(
                axis,
                positions[positions["predictor"] == report.key],
                lines[lines["predictor"] == report.key],
                same_scale=report.judged in DIMENSION_KEYS,
            )
            axis.set_xlabel(f"{report.label}, self-reported")
            axis.set_ylabel(f"{label(report.judged)}, judged")
            axis.set_title(
                correlation_text(pearson.loc[report.key]),
                fontweight="normal", fontsize=7, pad=13,
            )  # fmt: skip
        for axis, key in zip(axes[1], PANELS, strict=True):
            _draw_levels(axis, levels[levels["self_report"] == key])
            axis.set_title(reports[key].label)
            axis.sharey(axes[1, 0])
        axes[1, 0].set_ylabel("Conversations at \N{LEFT DOUBLE QUOTATION MARK}quite a bit"
                              "\N{RIGHT DOUBLE QUOTATION MARK}\nor \N{LEFT DOUBLE QUOTATION MARK}"
                              "very much\N{RIGHT DOUBLE QUOTATION MARK}")  # fmt: skip
        drawn = set(levels["arm"])
        handles = [
            axes[1, 0].plot([], [], "o-", color=arm.colour, markersize=3.4, label=arm.label)[0]
            for arm in ARMS
            if arm.key in drawn
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
        if title:
            figure.suptitle(title, x=0.01, ha="left", color=INK)
    return figure


def _draw_scores(
    axis: Axes, positions: pd.DataFrame, line: pd.DataFrame, *, same_scale: bool
) -> None:
    """Draw one panel of the top row."""
    axis.set_xlim(SCORE_MIN - 0.3, SCORE_MAX + 0.3)
    axis.set_xticks(range(SCORE_MIN, SCORE_MAX + 1))
    if same_scale:
        axis.plot(
            [SCORE_MIN, SCORE_MAX], [SCORE_MIN, SCORE_MAX],
            color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0, gid="equal",
        )  # fmt: skip
        axis.annotate(
            "self = judged", (SCORE_MIN + 0.1,) * 2, xytext=(-2, 2), textcoords="offset points",
            fontsize=6, color="#666666", rotation=45, rotation_mode="anchor",
            transform_rotates_text=True,
            path_effects=[withStroke(linewidth=1.6, foreground="white")], zorder=5,
        )  # fmt: skip
        axis.set_ylim(SCORE_MIN - 0.3, SCORE_MAX + 0.3)
        axis.set_yticks(range(SCORE_MIN, SCORE_MAX + 1))
    else:
        axis.set_ylim(OVERALL_MIN - 0.5, OVERALL_MAX + 0.5)
        axis.set_yticks(range(OVERALL_MIN, OVERALL_MAX + 1, 4))
    draw_positions(axis, positions, line, Grid(x_step=_STEP, y_step=_STEP))


def _draw_levels(axis: Axes, levels: pd.DataFrame) -> None:
    """Draw one panel of the bottom row."""
    arms = [arm for arm in ARMS if arm.key in set(levels["arm"])]
    numbers = [str(number) for number in CONVERSATION_NUMBERS]
    for rated_by, words in _RATED_BY.items():
        rows = levels[(levels["rated_by"] == rated_by) & levels["conversation"].isin(numbers)]
        if rows.empty:
            continue
        for place, arm in enumerate(arms):
            own = rows[rows["arm"] == arm.key].astype({"conversation": int})
            x = own["conversation"] + _ARM_STEP * (place - (len(arms) - 1) / 2)
            axis.vlines(
                x, own["ci_low"], own["ci_high"], color=arm.colour, linewidth=1, gid="interval"
            )
            axis.plot(
                x, own["estimate"], "o-", color=arm.colour, markersize=3.4, linewidth=0.7,
                markerfacecolor="white" if rated_by == "self" else arm.colour, gid=rated_by,
            )  # fmt: skip
        first = rows[rows["conversation"] == numbers[0]]
        judged = rated_by == "judge"
        axis.annotate(
            words, (1 - 2 * _ARM_STEP, first["ci_high"].max() if judged else first["ci_low"].min()),
            xytext=(0, 3 if judged else -3), textcoords="offset points",
            va="bottom" if judged else "top", fontsize=7, fontweight="bold", color=INK,
        )  # fmt: skip
    if set(levels["rated_by"]) == {"self"}:
        axis.annotate(
            "No judge rates what somebody feels:\nnothing on this scale to compare",
            (0.5, 0.3), xycoords="axes fraction", ha="center", va="center",
            fontsize=6.5, color="#666666",
        )  # fmt: skip
    axis.set_xticks(list(CONVERSATION_NUMBERS))
    axis.set_xlim(CONVERSATION_NUMBERS[0] - 0.45, CONVERSATION_NUMBERS[-1] + 0.45)
    axis.set_xlabel("Conversation")
    axis.set_ylim(0, 1)
    axis.yaxis.set_major_formatter(PercentFormatter(1))
