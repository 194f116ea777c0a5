"""Severity and consistency of the pilot's raters, and the consensus behind their ratings."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MultipleLocator

from lendanear.bayes.estimates.judges import ALL, LEVEL_MARGIN, LLM_MEAN, ORDER_MARGIN
from lendanear.bayes.sensitivity import THRESHOLD
from lendanear.figures.interval_rows import draw_interval, label_rows
from lendanear.figures.numbers import interval, number, percent
from lendanear.figures.positions import correlation_number
from lendanear.figures.style import FAINT, INK, PAGE, new_figure, style
from lendanear.vocabulary import DIMENSION_KEYS, DIMENSIONS, RATERS, SCORE_MAX, SCORE_MIN, label

KIND_COLOURS: Final = {"expert": "#444444", "crowd": "#C25E00", "llm": "#0072B2"}
"""Colour of each kind of rater."""
TRUSTED: Final = "#E4EFE4"
"""Colour of where a rater's judgement can be trusted."""
CONSENSUS: Final = "#C9C9C9"
"""Colour of the intervals of the consensus."""
SURE: Final = 0.9
"""Probability from which a judgement is called trusted, or, below its complement, not."""
_JUDGES: Final = tuple(rater for rater in RATERS if rater.kind != "expert")
_EXPERTS: Final = tuple(rater.key for rater in RATERS if rater.kind == "expert")
_LLMS: Final = tuple(rater.key for rater in RATERS if rater.kind == "llm")
_PAIRS: Final = {
    "gpt": "experts_gpt",
    "claude": "experts_claude",
    "gemini": "experts_llm",
    "crowd": "experts_crowd",
}
"""Key of each judge's kappa with the experts, in ``models.agreement.PAIRS``."""
_GROUPS: Final = {LLM_MEAN: "Language models", ALL: "all"}
CHECKS: Final = {
    "titles": {
        "mean.experts": "Mean rating, experts (points)",
        "mean.crowd": "Mean rating, crowd (points)",
        "mean.difference": "Language models less experts (points)",
        "agreement.experts": "Correlation of two experts",
        "agreement.llms": "Correlation of two language models",
        "agreement.both": "Correlation of language model and expert",
        "lowest.experts": "Experts' ratings of 1 (%)",
        "lowest.llms": "Language models' ratings of 1 (%)",
        "agreement.crowd": "Correlation of crowd and expert",
    },
    "name": label,
    "threshold": THRESHOLD,
}
"""What the figure of checks shows, for ``predictive.plot_checks``."""
_HEADLINES: Final = {
    "severity.points": "Severity, LLMs",
    "severity.overall": "Severity, overall",
    "consistency.correlation": "Consistency",
    "view.correlation": "Common view",
}


def plot_judges(intervals: pd.DataFrame, consensus: pd.DataFrame) -> Figure:
    """Draw severity and consistency of every rater, and the consensus on every conversation.

    Parameters
    ----------
    intervals : DataFrame
        Result frame ``judges.intervals``: quantity, group, and ``interval_rows.INTERVALS``.
    consensus : DataFrame
        Result frame ``judges.consensus``: conversation_id, dimension, mean, low, high, crowd, llms
        (points, 1 to 5).

    Returns
    -------
    Figure
        Three rows of six panels, one per dimension. a: severity, a row per rater; where the level
        can be trusted is shaded. b: consistency; shaded where the order can be trusted. c: one
        column per conversation, ordered by consensus: its 95% interval and mean (line), and what
        crowd and language models gave (dots).
    """
    rows = intervals.set_index(["quantity", "group"])
    with style():
        figure = new_figure(width=PAGE, height=190)[0]
        figure.clear()
        parts = figure.subfigures(3, 1, height_ratios=[1, 1, 1.05])
        severity = parts[0].subplots(1, len(DIMENSIONS), sharey=True)
        consistency = parts[1].subplots(1, len(DIMENSIONS), sharey=True)
        agreed = parts[2].subplots(1, len(DIMENSIONS), sharey=True)
        _title(parts[0], "a", "Severity: how many points harsher than the experts' mean (right) or "
               "milder (left)")  # fmt: skip
        _title(parts[1], "b", "Consistency: correlation of what a rater sees with the consensus")
        _title(parts[2], "c", "Consensus on each conversation: the rating that experts are "
               "expected to give")  # fmt: skip
        for place, dimension in enumerate(DIMENSIONS):
            for axis in (severity[place], consistency[place], agreed[place]):
                axis.set_title(fill(dimension.label, 15), fontsize=7)
            _draw_severity(severity[place], rows.loc["severity.points"], dimension.key)
            _draw_consistency(
                consistency[place], rows.loc["consistency.correlation"], dimension.key
            )
            _draw_consensus(agreed[place], consensus[consensus["dimension"] == dimension.key])
        _same_limits(severity, rows.loc["severity.points"])
        lowest = float(rows.loc["consistency.correlation", "low_95"].min())
        for axis in consistency:
            axis.set_xlim(min(0.0, lowest - 0.03), 1.03)
        for axes in (severity, consistency):
            label_rows(axes[0], [rater.label for rater in RATERS])
            for tick, rater in zip(axes[0].get_yticklabels(), RATERS, strict=True):
                tick.set_color(KIND_COLOURS[rater.kind])
        agreed[0].set_ylabel("Rating (1 to 5)")
        agreed[0].set_ylim(SCORE_MIN - 0.2, SCORE_MAX + 0.2)
        _legend(parts[2])
    return figure


def _title(part: SubFigure, letter: str, words: str) -> None:
    """Write a letter and what is shown above a row of panels."""
    part.suptitle(f"$\\bf{{{letter}}}$  {words}", x=0.005, ha="left", fontsize=7.5, color=INK)


def _draw_severity(axis: Axes, rows: pd.DataFrame, dimension: str) -> None:
    """Draw the severity of every rater on one dimension."""
    axis.axvspan(-LEVEL_MARGIN, LEVEL_MARGIN, color=TRUSTED, linewidth=0, zorder=-1, gid="trusted")
    axis.axvline(0, color=FAINT, linewidth=0.7, zorder=0)
    for y, rater in enumerate(RATERS):
        draw_interval(
            axis, rows.loc[f"{rater.key}, {dimension}"], y, colour=KIND_COLOURS[rater.kind],
            digits=1, plus=True,
        )  # fmt: skip


def _same_limits(axes: list[Axes], rows: pd.DataFrame) -> None:
    """Give all panels the same range, with 0 and the trusted range inside."""
    low = min(float(rows["low_95"].min()), -LEVEL_MARGIN)
    high = max(float(rows["high_95"].max()), LEVEL_MARGIN)
    margin = 0.08 * (high - low)
    for axis in axes:
        axis.set_xlim(low - margin, high + margin)
        axis.xaxis.set_major_locator(MultipleLocator(1))
        axis.grid(axis="x", linewidth=0.4)


def _draw_consistency(axis: Axes, rows: pd.DataFrame, dimension: str) -> None:
    """Draw the consistency of every rater on one dimension."""
    expert = sum(float(rows.loc[f"{key}, {dimension}", "mean"]) for key in _EXPERTS)
    expert /= len(_EXPERTS)
    axis.axvspan(expert - ORDER_MARGIN, 1, color=TRUSTED, linewidth=0, zorder=-1, gid="trusted")
    for y, rater in enumerate(RATERS):
        row, colour = rows.loc[f"{rater.key}, {dimension}"], KIND_COLOURS[rater.kind]
        draw_interval(axis, row, y, colour=colour, digits=None)
        axis.annotate(
            correlation_number(row["mean"]), (row["mean"], y), xytext=(0, 4), ha="center",
            va="bottom", textcoords="offset points", fontsize=6, color=colour, gid="number",
        )  # fmt: skip
    axis.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    axis.grid(axis="x", linewidth=0.4)


def _draw_consensus(axis: Axes, own: pd.DataFrame) -> None:
    """Draw the consensus on every conversation, and what others gave."""
    own = own.sort_values(["mean", "conversation_id"], ignore_index=True)
    places = own.index + 1
    width = 110 / len(own)
    axis.vlines(places, own["low"], own["high"], color=CONSENSUS, linewidth=width / 2, gid="95")
    axis.plot(places, own["mean"], color=INK, linewidth=1, gid="consensus")
    for column, kind in (("crowd", "crowd"), ("llms", "llm")):
        axis.plot(places, own[column], "o", color=KIND_COLOURS[kind], markersize=1.7,
                  markeredgewidth=0, gid=column)  # fmt: skip
    axis.set_xlim(0, len(own) + 1)
    axis.set_xticks([1, len(own)])
    axis.set_xlabel("Conversations", fontsize=6.5, labelpad=-4)
    axis.set_yticks(range(SCORE_MIN, SCORE_MAX + 1))


def _legend(part: SubFigure) -> None:
    """Explain the marks of the consensus below its panels."""
    axis = part.axes[0]
    dot = {"marker": "o", "linestyle": "none", "markersize": 3, "markeredgewidth": 0}
    handles = [
        axis.plot([], [], color=INK, linewidth=1)[0],
        axis.plot([], [], color=CONSENSUS, linewidth=4)[0],
        axis.plot([], [], color=KIND_COLOURS["llm"], **dot)[0],
        axis.plot([], [], color=KIND_COLOURS["crowd"], **dot)[0],
    ]
    words = ["consensus", "its 95% interval", "mean of the language models", "mean of the crowd"]
    part.legend(handles, words, loc="outside lower center", ncols=4, fontsize=6.5)


def group_label(group: str) -> str:
    """Return a group of the model's estimates in words: raters, dimensions, or both."""
    words = [_GROUPS.get(part) or label(part) for part in group.split(", ")]
    return ", ".join(words)


def headline_sensitivity(sensitivity: pd.DataFrame) -> pd.DataFrame:
    """Return the sensitivity of the headlines, labelled for readers.

    Parameters
    ----------
    sensitivity : DataFrame
        Result frame ``judges.sensitivity``.

    Returns
    -------
    DataFrame
        label, prior, likelihood.
    """
    rows = []
    for row in sensitivity.itertuples():
        words = _HEADLINES.get(row.quantity)
        if words is None:
            continue
        about = [part for part in row.group.split(", ") if part not in {LLM_MEAN, ALL}]
        name = ": ".join([words, *map(label, about)])
        if row.quantity == "severity.overall" and not about:
            name = "Severity, overall: LLMs"
        rows.append((name, row.prior, row.likelihood))
    return pd.DataFrame(rows, columns=["label", "prior", "likelihood"])


def _harsher(row: pd.Series) -> str:
    """Return a severity in words, e.g. ``1.44 points harsher``."""
    way, sign = ("harsher", 1) if row["mean"] >= 0 else ("milder", -1)
    low, high = sorted(sign * row[key] for key in ("hdi_low", "hdi_high"))
    return (
        f"**{number(abs(row['mean']))} points {way}** than the experts "
        f"(95% interval {interval({'hdi_low': low, 'hdi_high': high})})"
    )


def severity_sentences(estimates: pd.DataFrame, raters: pd.DataFrame) -> list[str]:
    """Say how severe language models and the crowd are, beside the simple means.

    Parameters
    ----------
    estimates, raters : DataFrame
        Result frames ``judges.estimates`` and ``judges.raters``.
    """
    rows = estimates.set_index(["quantity", "group"])
    simple = raters[raters["rater"].isin(_LLMS)].groupby("dimension")["simple"].mean()
    sentences = [
        f"{label(key)}: the three language models are on average "
        f"{_harsher(rows.loc['severity.points', f'{LLM_MEAN}, {key}'])}; the plain difference of "
        f"mean ratings is {number(simple[key], plus=True)}."
        for key in DIMENSION_KEYS
    ]
    whole = raters[raters["rater"] == "crowd"]["simple"].sum()
    sentences.append(
        "Overall empathy, the six dimensions together (-12 to 12): language models are "
        f"{_harsher(rows.loc['severity.overall', LLM_MEAN])}, the crowd "
        f"{_harsher(rows.loc['severity.overall', 'crowd'])}; plain differences "
        f"{number(simple.sum(), plus=True)} and {number(whole, plus=True)}."
    )
    return sentences


def consistency_sentences(estimates: pd.DataFrame) -> list[str]:
    """Say how consistent every rater is, and how closely language models share the consensus.

    Parameters
    ----------
    estimates : DataFrame
        Result frame ``judges.estimates``.
    """
    rows = estimates.set_index(["quantity", "group"])
    own = {rater: rows.loc["consistency.correlation", f"{rater.key}, {ALL}"] for rater in RATERS}
    listed = ", ".join(
        f"{rater.label} {number(row['mean'])} (95% interval {interval(row)})"
        for rater, row in own.items()
    )
    view = rows.loc["view.correlation"]
    low, high = (view["mean"].idxmin(), view["mean"].idxmax())
    return [
        "Correlation of what a rater sees with the consensus, mean of the six dimensions: "
        f"{listed}.",
        *(
            f"{rater.label} less the mean expert: "
            f"**{number(row['mean'], plus=True)}** (95% interval {interval(row)})."
            for rater, row in (
                (rater, rows.loc["consistency.difference", f"{rater.key}, {ALL}"])
                for rater in _JUDGES
            )
        ),
        "What the language models see in common correlates with the consensus least on "
        f"{label(low).lower()} ({number(view.loc[low, 'mean'])}, 95% interval "
        f"{interval(view.loc[low])}) and "
        f"most on {label(high).lower()} ({number(view.loc[high, 'mean'])}, "
        f"95% interval {interval(view.loc[high])}).",
    ]


def trust_table(raters: pd.DataFrame) -> pd.DataFrame:
    """Return how probable it is that level and order of each judge can be trusted.

    Parameters
    ----------
    raters : DataFrame
        Result frame ``judges.raters``.
    """
    rows = raters.set_index(["rater", "dimension"])
    return pd.DataFrame(
        {
            "Dimension": [label(key) for key in DIMENSION_KEYS],
            **{
                f"{rater.label}: {words}": [
                    f"{percent(rows.loc[(rater.key, key), column])}%" for key in DIMENSION_KEYS
                ]
                for rater in _JUDGES
                for words, column in (("level", "p_level"), ("order", "p_order"))
            },
        }
    )


def trust_sentences(raters: pd.DataFrame) -> list[str]:
    """Say of every judge which judgements can be trusted, which cannot, and which are open.

    Parameters
    ----------
    raters : DataFrame
        Result frame ``judges.raters``.
    """
    sentences = []
    for rater in _JUDGES:
        own = raters[raters["rater"] == rater.key].set_index("dimension")
        parts = []
        for words, column in (("level", "p_level"), ("order", "p_order")):
            trusted = own.index[own[column] >= SURE]
            refuted = own.index[own[column] <= 1 - SURE]
            parts.append(f"{words} trusted on {_listed(trusted)}, not on {_listed(refuted)}")
        sentences.append(f"**{rater.label}**: {'; '.join(parts)}.")
    return sentences


def _listed(keys: pd.Index) -> str:
    """Return dimensions in words."""
    return ", ".join(label(key).lower() for key in keys) or "none"


def side_by_side(
    raters: pd.DataFrame, kappas: pd.DataFrame, published: Mapping[tuple[str, str], float]
) -> pd.DataFrame:
    """Return what a kappa is made of: level and order, as estimated, beside it.

    Parameters
    ----------
    raters : DataFrame
        Result frame ``judges.raters``.
    kappas : DataFrame
        Result frame ``agreement.kappas``.
    published : mapping of (pair, dimension) to float
        Published kappas; judges without one have an empty cell.

    Returns
    -------
    DataFrame
        A row per dimension and judge, as text: kappas with the experts' median (published, as
        published, and on the true distance of ratings), severity as a difference of means and as
        estimated, consistency.
    """
    known = kappas.set_index(["pair", "dimension", "measure"])["estimate"]
    rows = raters.set_index(["rater", "dimension"])
    table = []
    for dimension in DIMENSION_KEYS:
        for rater in _JUDGES:
            row, pair = rows.loc[(rater.key, dimension)], _PAIRS[rater.key]
            printed = published.get((pair, dimension))
            table.append(
                {
                    "Dimension": label(dimension),
                    "Judge": rater.label,
                    "Published kappa": "" if printed is None else number(printed),
                    "Kappa, as published": number(known[pair, dimension, "kappa_rank"]),
                    "Kappa, 1\N{EN DASH}5 distance": number(known[pair, dimension, "kappa_score"]),
                    "Difference of means": number(row["simple"], plus=True),
                    "Severity": _estimate(row, "severity", plus=True),
                    "Consistency": _estimate(row, "correlation"),
                }
            )
    return pd.DataFrame(table)


def _estimate(row: pd.Series, name: str, *, plus: bool = False) -> str:
    """Return an estimate with its interval in brackets."""
    mean, low, high = (
        number(row[column], plus=plus) for column in (name, f"{name}_low", f"{name}_high")
    )
    return f"{mean} [{low}, {high}]"
