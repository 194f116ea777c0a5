"""Figure 6C: conversations ranked by human raters against their rank among LLM judges."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.figure import Figure

from lendanear.figures.positions import correlation_number
from lendanear.figures.style import COLUMN, FAINT, INK, new_figure, style
from lendanear.vocabulary import SCENARIOS

MARKERS: Final = dict(zip((s.key for s in SCENARIOS), ("o", "s", "^", "D", "v"), strict=True))
"""Mark of each scenario, beside its colour."""


def plot_rankings(
    items: pd.DataFrame, agreement: pd.DataFrame, *, title: str | None = None
) -> Figure:
    """Draw human rank against LLM rank, one mark per conversation.

    Parameters
    ----------
    items, agreement : DataFrame
        Result frames ``rankings.items`` and ``rankings.agreement``.
    title : str, optional
        Title above the panel.

    Returns
    -------
    Figure
        Rank 1 (most preferred) at the top and on the right; the diagonal is equal rank. Spearman's
        rho stands in the panel, that of each scenario in the legend below.
    """
    rho = agreement.set_index("scenario")
    everything = rho.loc["all"]
    with style():
        figure, axis = new_figure(width=COLUMN, height=101)
        last = len(items)
        axis.plot([1, last], [1, last], color=FAINT, linewidth=0.8, zorder=0, gid="equal")
        handles = []
        for scenario in SCENARIOS:
            own = items[items["scenario"] == scenario.key]
            if own.empty:
                continue
            words = scenario.label
            if scenario.key in rho.index:
                words += f": ρ = {correlation_number(rho.loc[scenario.key, 'estimate'])}"
            (handle,) = axis.plot(
                own["llm_rank"], own["human_rank"], MARKERS[scenario.key], color=scenario.colour,
                markersize=3.6, alpha=0.85, markeredgecolor="white", markeredgewidth=0.3,
                linestyle="none", label=words, gid="conversation",
            )  # fmt: skip
            handles.append(handle)
        margin = 0.03 * last
        axis.set_xlim(last + margin, 1 - margin)
        axis.set_ylim(last + margin, 1 - margin)
        ticks = [1, *range(25, last - 10, 25), last] if last > 40 else [1, last]
        axis.set_xticks(ticks)
        axis.set_yticks(ticks)
        axis.set_aspect("equal")
        low, high = (correlation_number(everything[side]) for side in ("ci_low", "ci_high"))
        axis.set_title(
            f"Spearman's ρ = {correlation_number(everything['estimate'])} [{low}, {high}], "
            f"{everything['n']:,.0f} conversations",
            fontweight="normal",
            fontsize=7.5,
        )
        axis.set_xlabel("Rank by LLM judges (Elo), 1 = most preferred")
        axis.set_ylabel("Rank by human raters\n(Bradley\N{EN DASH}Terry), 1 = most preferred")
        figure.legend(handles=handles, loc="outside lower center", ncols=2, handletextpad=0.2)
        if title:
            figure.suptitle(title, x=0.01, ha="left", color=INK)
    return figure
