"""Both faces of silent empathy with their uncertainty: correlations, and the gap in level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lendanear.bayes.sensitivity import THRESHOLD
from lendanear.figures.dot_rows import dot_scale, draw_dot_rows
from lendanear.figures.interval_rows import INTERVALS, draw_interval, label_rows
from lendanear.figures.numbers import interval, number, percent
from lendanear.figures.shades import darker
from lendanear.figures.silent_empathy_tables import predictor_label
from lendanear.figures.style import FAINT, INK, PAGE, new_figure, style
from lendanear.vocabulary import (
    ARM_KEYS,
    ARMS,
    CONTROL,
    CONVERSATION_NUMBERS,
    DIMENSION_KEYS,
    Arm,
    label,
)

FELT: Final = "felt and expressed"
PAIRS: Final = {
    FELT: "Felt (both) and\nexpressed",
    "reported and expressed": "Reported and\nexpressed",
    "trait and expressed": "Trait and\nexpressed",
    "trait and reported": "Trait and\nreported",
}
"""Correlations between factors, and what readers see, from the top."""
UNCORRECTED: Final = {
    "reported and expressed": ("self_empathized",),
    "trait and expressed": ("jordan", "sites"),
}
"""Predictors whose published correlation with overall empathy belongs to a pair."""
BEHAVIOURS: Final = ("encouraging_elaboration", "demonstrating_understanding")
TREATED: Final = tuple(arm.key for arm in ARMS if arm.key != CONTROL.key)
TYPICAL: Final = 100
"""How many people stand for an arm."""
DASH: Final = "\N{EN DASH}"
SQUARED: Final = "R\N{SUPERSCRIPT TWO}"
_SHORT: Final = {BEHAVIOURS[0]: "Elaboration", BEHAVIOURS[1]: "Understanding"}
_BRIEF: Final = {BEHAVIOURS[0]: "elab.", BEHAVIOURS[1]: "und."}
_NONE: Final = "#EFE9DC"
"""Colour of correlations that are practically none."""
_CROSS: Final = "#8A1C00"
"""Colour of what is not corrected."""
_SCORES: Final = {
    "jordan": "Jordan",
    "sites": "SITES",
    "self_empathized": "Felt",
    "overall_empathy": "Overall",
}
CHECKS: Final = {
    "titles": {
        "people": "Correlation of participants' scores",
        "reliability": "Reliability",
        "dimensions": "Mean correlation of a dimension with the others",
        "far more said": "Says so two or three times more than is seen (%)",
        "always says": "Says so in all three conversations (%)",
        "never seen": "Is never seen to (%)",
    },
    "threshold": THRESHOLD,
    "columns": 2,
}
"""What the figure of checks shows, for ``predictive.plot_checks``."""
_HEADLINES: Final = {
    "correlation.latent": "r",
    "gap.effect": "Effect",
    "people.large": "Large",
    "correlation.person": "Same people",
    "odds.conversation": "Same talk",
}
"""Estimates whose sensitivity the figure of checks shows."""


def plot_silent_empathy(
    correlation: pd.DataFrame,
    rope: pd.DataFrame,
    uncorrected: pd.DataFrame,
    levels: pd.DataFrame,
    people: pd.DataFrame,
) -> Figure:
    """Draw correlations of felt and expressed empathy, and the gap between saying and being seen.

    Parameters
    ----------
    correlation : DataFrame
        Result frame ``silent_correlation.intervals``; ``correlation.latent`` is drawn.
    rope : DataFrame
        Result frame ``silent_correlation.rope``: pair, bound, inside (0 to 1).
    uncorrected : DataFrame
        Result frame ``silent_empathy.correlations``: predictor, unit, conversations, method,
        estimate.
    levels : DataFrame
        Result frame ``silent_levels.intervals``; ``gap.share`` and ``people.large`` are drawn.
    people : DataFrame
        Result frame ``silent_levels.people``: behaviour, arm, when, gap (-1 to 1), share.

    Returns
    -------
    Figure
        Above left, a row per correlation: its posterior, and uncorrected correlations as crosses,
        over the band of correlations that are practically none. Above right, a panel per
        behaviour: the gap by conversation, one line per arm. Below, a panel per behaviour:
        `TYPICAL` people of each arm after training, a dot each at the person's own gap.
    """
    with style():
        figure = new_figure(width=PAGE, height=152)[0]
        figure.clear()
        upper, lower = figure.subfigures(2, 1, height_ratios=[1, 1])
        left, right = upper.subfigures(1, 2, width_ratios=[1, 1.45])
        _draw_correlations(left.subplots(), correlation, rope, uncorrected)
        _draw_gaps(right.subplots(1, 2, sharey=True), levels)
        _draw_people(lower.subplots(1, 2, sharey=True), people, levels)
    return figure


def uncorrected_of(uncorrected: pd.DataFrame) -> dict[str, float]:
    """Return Pearson's r of participants' means with overall empathy by predictor, as published.

    Parameters
    ----------
    uncorrected : DataFrame
        Result frame ``silent_empathy.correlations``.
    """
    rows = uncorrected.query(
        "unit == 'participant' and conversations == 'all' and method == 'pearson'"
    ).set_index("predictor")["estimate"]
    predictors = [predictor for of_pair in UNCORRECTED.values() for predictor in of_pair]
    return {predictor: float(rows[predictor]) for predictor in predictors}


def _draw_correlations(
    axis: Axes, correlation: pd.DataFrame, rope: pd.DataFrame, uncorrected: pd.DataFrame
) -> None:
    """Draw a row per correlation."""
    rows = correlation[correlation["quantity"] == "correlation.latent"].set_index("group")
    known = rope.set_index("pair")
    bound = float(known["bound"].iloc[0])
    plain = uncorrected_of(uncorrected)
    axis.axvspan(-bound, bound, color=_NONE, linewidth=0, zorder=0, gid="rope")
    axis.axvline(0, color=FAINT, linewidth=0.6, zorder=1)
    for y, pair in enumerate(PAIRS):
        draw_interval(axis, rows.loc[pair], y, plus=True)
        for predictor in UNCORRECTED.get(pair, ()):
            axis.plot(
                plain[predictor], y + 0.24, "x", color=_CROSS, markersize=4, gid="uncorrected"
            )
        axis.annotate(
            f"{percent(known.loc[pair, 'inside'])}%", (1.0, y),
            xycoords=("axes fraction", "data"), xytext=(2, 0), textcoords="offset points",
            ha="left", va="center", fontsize=6.5, color="#6B5B36", annotation_clip=False,
        )  # fmt: skip
    label_rows(axis, list(PAIRS.values()))
    reach = max(0.25, float(rows[["low_95", "high_95"]].abs().to_numpy().max()) * 1.1)
    axis.set_xlim(-0.7 * reach, reach)
    axis.set_xlabel("Correlation, freed of measurement error")
    axis.annotate(
        "in band", (1.0, 1.0), xycoords="axes fraction", xytext=(2, 0),
        textcoords="offset points", ha="left", va="bottom", fontsize=6, color="#6B5B36",
        annotation_clip=False,
    )  # fmt: skip
    axis.annotate(
        "practically none", (0.0, 1.0), xycoords=("data", "axes fraction"), xytext=(0, 1),
        textcoords="offset points", ha="center", va="bottom", fontsize=6, color="#6B5B36",
    )  # fmt: skip
    axis.figure.suptitle("a  Do they go together?", x=0.02, ha="left", fontsize=8.5)
    marks = [
        axis.plot([], [], "o-", color=INK, linewidth=2, markersize=4)[0],
        axis.plot([], [], "x", color=_CROSS, markersize=4)[0],
    ]
    axis.figure.legend(
        marks, ["mean, 50%, 95%", "uncorrected (Figure 5)"],
        loc="outside lower center", ncols=2, fontsize=6.5, columnspacing=1.0,
    )  # fmt: skip


def _draw_gaps(axes: Sequence[Axes], levels: pd.DataFrame) -> None:
    """Draw the gap by conversation and arm."""
    gaps = levels[levels["quantity"] == "gap.share"]
    for axis, behaviour in zip(axes, BEHAVIOURS, strict=True):
        own = gaps[gaps["behaviour"] == behaviour].set_index(["arm", "period"])
        ends = {
            arm.key: _draw_arm(axis, own.loc[arm.key], arm, place) for place, arm in enumerate(ARMS)
        }
        for arm in ARMS:
            axis.annotate(
                arm.label, (CONVERSATION_NUMBERS[-1] + 0.3, _apart(ends, 5.5)[arm.key]),
                va="center", fontsize=6.5, color=darker(arm.colour), annotation_clip=False,
            )  # fmt: skip
        axis.set_title(_SHORT[behaviour], fontsize=7.5)
        axis.set_xticks(CONVERSATION_NUMBERS)
        axis.set_xlim(CONVERSATION_NUMBERS[0] - 0.35, CONVERSATION_NUMBERS[-1] + 1.2)
        axis.axvline(1.5, color=FAINT, linewidth=0.6, linestyle=":")
        axis.annotate(
            "training", (1.5, 0.0), xycoords=("data", "axes fraction"), xytext=(2, 3),
            textcoords="offset points", fontsize=6, color="#777777",
        )  # fmt: skip
        axis.set_xlabel("Conversation")
    axes[0].set_ylim(0, 100)
    axes[0].set_ylabel("Say so minus are seen to\n(percentage points)")
    axes[0].figure.suptitle("b  How far apart?", x=0.02, ha="left", fontsize=8.5)


def _draw_arm(axis: Axes, rows: pd.DataFrame, arm: Arm, place: int) -> float:
    """Draw one arm's gaps in percentage points and return where its line ends."""
    shift = 0.1 * (place - (len(ARMS) - 1) / 2)
    at = [number + shift for number in CONVERSATION_NUMBERS]
    each = [rows.loc[f"conversation {number}"] for number in CONVERSATION_NUMBERS]
    heights = [100 * float(row["mean"]) for row in each]
    axis.plot(at, heights, color=arm.colour, linewidth=0.7, alpha=0.6, gid="path")
    for x, row in zip(at, each, strict=True):
        mean, low, high, lowest, highest = (100 * float(row[column]) for column in INTERVALS)
        line = {"color": arm.colour, "capstyle": "butt"}
        axis.vlines(x, lowest, highest, linewidth=0.9, gid="interval-95", **line)
        axis.vlines(x, low, high, linewidth=2.6, gid="interval-50", **line)
        axis.plot(x, mean, "o", color=arm.colour, markersize=3.8, markeredgecolor="white",
                  markeredgewidth=0.5, gid="mean")  # fmt: skip
    return heights[-1]


def _apart(heights: Mapping[str, float], least: float) -> dict[str, float]:
    """Return heights moved as little as needed so that labels do not touch."""
    order = sorted(heights, key=heights.get)
    placed = [heights[key] for key in order]
    for _ in range(50):
        for below in range(len(placed) - 1):
            lack = least - (placed[below + 1] - placed[below])
            if lack > 0:
                placed[below] -= lack / 2
                placed[below + 1] += lack / 2
    return dict(zip(order, placed, strict=True))


def typical_people(people: pd.DataFrame, count: int = TYPICAL) -> pd.DataFrame:
    """Return people who stand for an arm: evenly spread from its smallest gaps to its largest.

    Parameters
    ----------
    people : DataFrame
        Result frame ``silent_levels.people``.
    count : int
        People per behaviour, arm and time.

    Returns
    -------
    DataFrame
        behaviour, arm, when, gap (-1 to 1), count; one row per gap that occurs.
    """
    frames = []
    for (behaviour, arm, when), rows in people.groupby(["behaviour", "arm", "when"]):
        ordered = rows.sort_values("gap")
        below = ordered["share"].cumsum().to_numpy() / ordered["share"].sum()
        places = np.searchsorted(below, (np.arange(count) + 0.5) / count)
        gaps, found = np.unique(ordered["gap"].to_numpy()[places], return_counts=True)
        own = {"behaviour": behaviour, "arm": arm, "when": when, "gap": gaps, "count": found}
        frames.append(pd.DataFrame(own))
    return pd.concat(frames, ignore_index=True)


def _draw_people(axes: Sequence[Axes], people: pd.DataFrame, levels: pd.DataFrame) -> None:
    """Draw typical people of every arm after training, and the share with a large gap."""
    shown = typical_people(people[people["when"] == "after"])
    scale = dot_scale(shown["count"])
    large = levels[levels["quantity"] == "people.large"].set_index(["behaviour", "arm", "period"])
    for axis, behaviour in zip(axes, BEHAVIOURS, strict=True):
        axis.axhline(0, color=FAINT, linewidth=0.6, zorder=0)
        axis.axhline(50, color=FAINT, linewidth=0.8, linestyle="--", zorder=0)
        for place, arm in enumerate(ARMS):
            own = shown[(shown["behaviour"] == behaviour) & (shown["arm"] == arm.key)]
            draw_dot_rows(
                axis, place, 100 * own["gap"], own["count"], scale=scale, colour=arm.colour
            )
            row = large.loc[behaviour, arm.key, "after"]
            low, high = (percent(row[column]) for column in ("low_95", "high_95"))
            axis.annotate(
                f"{percent(row['mean'])}% large\n({low}{DASH}{high}%)", (place, 0.0),
                xycoords=("data", "axes fraction"), xytext=(0, 2), textcoords="offset points",
                ha="center", va="bottom", fontsize=6.5, color=darker(arm.colour), gid="large",
            )  # fmt: skip
        axis.set_xlim(-0.5, len(ARMS) - 0.5)
        axis.set_xticks(range(len(ARMS)), [arm.label for arm in ARMS])
        axis.tick_params(axis="x", length=0)
        axis.set_title(_SHORT[behaviour], fontsize=7.5)
    lowest = min(-10, 100 * float(shown["gap"].min()))
    axes[0].set_ylim(lowest - 30, 106)
    axes[0].set_yticks([0, 50, 100])
    axes[0].set_ylabel("A person's own gap after training\n(percentage points)")
    axes[0].annotate(
        "large", (0.0, 50), xycoords=("axes fraction", "data"), xytext=(2, 2),
        textcoords="offset points", fontsize=6, color="#777777",
    )  # fmt: skip
    figure = axes[0].figure
    figure.suptitle(
        f"c  How do people differ?  (dots: {TYPICAL} typical people of each arm)",
        x=0.01, ha="left", fontsize=8.5,
    )  # fmt: skip


def check_frames(correlation: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """Return the properties of both models that the figure of checks shows, labelled.

    Parameters
    ----------
    correlation, levels : DataFrame
        Result frames ``prior_predictive`` (or ``posterior_predictive``) of both models.
    """
    both = pd.concat([correlation, levels], ignore_index=True)
    shown = both[both["what"].isin(CHECKS["titles"])].reset_index(drop=True)
    words = shown["group"].map(_words)
    return shown.assign(group=words.str[:1].str.upper() + words.str[1:])


def headline_sensitivity(correlation: pd.DataFrame, levels: pd.DataFrame) -> pd.DataFrame:
    """Return the sensitivity of the headlines of both models, labelled for readers.

    Parameters
    ----------
    correlation, levels : DataFrame
        Result frames ``sensitivity`` of both models.

    Returns
    -------
    DataFrame
        label, prior, likelihood; effects on the mean of both later conversations, and shares after
        training.
    """
    both = pd.concat([correlation, levels], ignore_index=True)
    other = both["group"].str.contains("conversation|before")
    chosen = both[both["quantity"].isin(_HEADLINES) & ~other]
    # the panel is narrow
    groups = [
        _BRIEF.get(group) or _words(group).replace(" and ", DASH) for group in chosen["group"]
    ]
    labels = [
        f"{_HEADLINES[w]}, {group}" for w, group in zip(chosen["quantity"], groups, strict=True)
    ]
    return chosen.assign(label=labels)[["label", "prior", "likelihood"]].reset_index(drop=True)


def _words(group: str) -> str:
    """Return the words of a group of estimates or checks, without what all of them share."""
    if group in DIMENSION_KEYS:
        return _SHORT.get(group) or label(group)
    words = {**_BRIEF, **_SCORES, **{arm.key: arm.label for arm in ARMS}, "both": "", "after": ""}
    return ", ".join(words.get(part, part) for part in group.split(", ") if words.get(part, part))


def correlation_sentences(
    estimates: pd.DataFrame, rope: pd.DataFrame, uncorrected: pd.DataFrame
) -> list[str]:
    """Say how large correlations with expressed empathy are once noise is gone.

    Parameters
    ----------
    estimates, rope : DataFrame
        Result frames of ``silent_correlation``.
    uncorrected : DataFrame
        Result frame ``silent_empathy.correlations``.
    """
    rows = estimates.set_index(["quantity", "group"])
    inside = rope.set_index("pair")
    names = {
        FELT: "Felt empathy (trait and self-report together)",
        "reported and expressed": "Empathy that people report to have felt",
        "trait and expressed": "Empathy as a trait",
    }
    plain = uncorrected_of(uncorrected)
    sentences = []
    for pair, words in names.items():
        row, known = rows.loc["correlation.latent", pair], inside.loc[pair]
        text = (
            f"**{words}** and expressed empathy correlate by "
            f"{number(row['mean'], plus=True)} (95% interval {interval(row)}), freed of "
            f"measurement error: {SQUARED} {_squared(rows.loc['r2.latent', pair])}"
        )
        published = [
            f"{number(plain[key], plus=True)} for {predictor_label(key)}, "
            f"{SQUARED} {100 * plain[key] ** 2:.1f}%"
            for key in UNCORRECTED.get(pair, ())
        ]
        if published:
            text += f" (uncorrected, as in Figure 5: {'; '.join(published)})"
        sentences.append(
            f"{text}. The probability that it is practically none, nearer to zero than "
            f"{known['bound']:g}, is {percent(known['inside'])}%; above that "
            f"{percent(known['above'])}%, below it {percent(known['below'])}%."
        )
    best = rows.loc["r2.both", FELT]
    sentences.append(
        "Trait and self-report, weighed as well as they could be, go along with "
        f"{_squared(best)} of the variance of expressed empathy."
    )
    return sentences


def _squared(row: pd.Series) -> str:
    low, high = (number(100 * row[column], 1) for column in ("hdi_low", "hdi_high"))
    return f"{number(100 * row['mean'], 1)}% ({low} to {high}%)"


def correlation_table(
    estimates: pd.DataFrame, attenuation: pd.DataFrame, uncorrected: pd.DataFrame
) -> pd.DataFrame:
    """Return each correlation with expressed empathy in four ways, side by side, as text.

    Parameters
    ----------
    estimates, attenuation : DataFrame
        Result frames of ``silent_correlation``.
    uncorrected : DataFrame
        Result frame ``silent_empathy.correlations``.

    Returns
    -------
    DataFrame
        One row per published predictor of overall empathy: the published analysis (r and R2 over
        participants) on these data, the same score in the model, Spearman's correction, and the
        latent correlation.
    """
    rows = estimates.set_index(["quantity", "group"])
    by_hand = attenuation[attenuation["other"] == "overall_empathy"].set_index("one")["corrected"]
    plain = uncorrected_of(uncorrected)
    table = []
    for pair, predictors in UNCORRECTED.items():
        latent, r2 = (rows.loc[f"{what}.latent", pair] for what in ("correlation", "r2"))
        for key in predictors:
            score = rows.loc["correlation.score", key]
            table.append(
                {
                    "Predictor of overall empathy": predictor_label(key),
                    "Published analysis: r": number(plain[key], 3),
                    f"Its {SQUARED}": f"{100 * plain[key] ** 2:.1f}%",
                    "Bayesian, noise included": f"{number(score['mean'])} ({interval(score)})",
                    "Spearman's correction": number(by_hand[key]) if key in by_hand else DASH,
                    "Bayesian, freed of noise": f"{number(latent['mean'])} ({interval(latent)})",
                    f"And its {SQUARED}": _squared(r2),
                }
            )
    return pd.DataFrame(table)


def reliability_sentence(estimates: pd.DataFrame) -> str:
    """Say how reliable the scores are that the paper correlates.

    Parameters
    ----------
    estimates : DataFrame
        Result frame ``silent_correlation.estimates``.
    """
    rows = estimates.set_index(["quantity", "group"]).loc["reliability"]
    words = {
        "jordan": "Jordan empathy",
        "self_empathized": "the mean of three reports of felt empathy",
        "overall_empathy": "the mean overall empathy of three conversations",
    }
    parts = [
        f"{text} **{number(rows.loc[key, 'mean'])}** ({interval(rows.loc[key])})"
        for key, text in words.items()
    ]
    return f"Reliability, from 0 (all noise) to 1 (none): {'; '.join(parts)}."


def conversation_sentence(estimates: pd.DataFrame) -> str:
    """Say whether felt and expressed empathy go together within conversations of one person.

    Parameters
    ----------
    estimates : DataFrame
        Result frame ``silent_correlation.estimates``.
    """
    row = estimates.set_index("quantity").loc["correlation.conversation"]
    return (
        "**From conversation to conversation** of the same person, what was felt and the overall "
        f"empathy that was judged correlate by {number(row['mean'], plus=True)} (95% interval "
        f"{interval(row)}), noise of both included."
    )


def gap_sentences(estimates: pd.DataFrame, closing: pd.DataFrame) -> list[str]:
    """Say how large the gap is and how much of it each training closes, and from which side.

    Parameters
    ----------
    estimates, closing : DataFrame
        Result frames of ``silent_levels``.
    """
    rows = estimates.set_index(["quantity", "group"])
    chances = closing.set_index(["behaviour", "arm"])
    first = CONVERSATION_NUMBERS[0]
    sentences = []
    for behaviour in BEHAVIOURS:
        own, judged, gap = (
            rows.loc[what, f"{behaviour}, {CONTROL.key}, conversation {first}"]
            for what in ("level.self", "level.judge", "gap.share")
        )
        sentences.append(
            f"**{label(behaviour)}**, Control, conversation {first}: {percent(own['mean'])}% say "
            'that they did it "quite a bit" or more, the judge sees it in '
            f"{percent(judged['mean'])}%: a gap of {number(100 * gap['mean'], 0)} percentage "
            f"points (95% interval {interval(gap, 0, scale=100)})."
        )
        for arm in TREATED:
            effect, says, seen = (
                rows.loc[what, f"{behaviour}, {arm}, both"]
                for what in ("gap.effect", "effect.self", "effect.judge")
            )
            closed, known = (
                rows.loc["gap.closed", f"{behaviour}, {arm}"],
                chances.loc[behaviour, arm],
            )
            sentences.append(
                f"{label(behaviour)}, {label(arm)}: training changes the gap by "
                f"{number(100 * effect['mean'], 0, plus=True)} percentage points "
                f"({interval(effect, 0, scale=100, plus=True)}), which closes "
                f"{number(100 * closed['mean'], 0)}% of it "
                f"({interval(closed, 0, scale=100)}%). Self-reports move by "
                f"{number(100 * says['mean'], 0, plus=True)}, judged behaviour by "
                f"{number(100 * seen['mean'], 0, plus=True)} points. Probability that it closes "
                f"anything {percent(known['any'])}%, at least half {percent(known['half'])}%."
            )
    return sentences


def gap_table(estimates: pd.DataFrame, gaps: pd.DataFrame) -> pd.DataFrame:
    """Return the gap of every arm and conversation, counted and by the model, in percentage points.

    Parameters
    ----------
    estimates : DataFrame
        Result frame ``silent_levels.estimates``.
    gaps : DataFrame
        Result frame ``silent_empathy.gaps``: quantity ``share_high``, intervals that respect that
        conversations of a participant belong together.
    """
    rows = estimates.set_index(["quantity", "group"])
    counted = gaps[gaps["quantity"] == "share_high"].set_index(["judged", "arm", "conversation"])
    table = []
    for behaviour in BEHAVIOURS:
        for arm in ARM_KEYS:
            for conversation in map(str, CONVERSATION_NUMBERS):
                raw = counted.loc[behaviour, arm, conversation]
                ends = (number(100 * raw[key], 0) for key in ("ci_low", "ci_high"))
                ours = rows.loc["gap.share", f"{behaviour}, {arm}, conversation {conversation}"]
                table.append(
                    {
                        "Behaviour": label(behaviour),
                        "Arm": label(arm),
                        "Conversation": conversation,
                        "Counted": f"{number(100 * raw['estimate'], 0)} ({' to '.join(ends)})",
                        "Bayesian": f"{number(100 * ours['mean'], 0)} "
                        f"({interval(ours, 0, scale=100)})",
                    }
                )
    return pd.DataFrame(table)


def people_sentences(estimates: pd.DataFrame) -> list[str]:
    """Say how much people differ in their own gap, how many have a large one, and in which arm.

    Parameters
    ----------
    estimates : DataFrame
        Result frame ``silent_levels.estimates``.
    """
    rows = estimates.set_index(["quantity", "group"])
    sentences = []
    for behaviour in BEHAVIOURS:
        spread, above, large = (
            rows.loc[f"people.{what}", f"{behaviour}, {CONTROL.key}, after"]
            for what in ("sd", "positive", "large")
        )
        sentences.append(
            f"**{label(behaviour)}**: without training (Control, conversations "
            f"{CONVERSATION_NUMBERS[1]} and {CONVERSATION_NUMBERS[2]}) people's own gaps vary by "
            f"{number(100 * spread['mean'], 0)} percentage points (SD; 95% interval "
            f"{interval(spread, 0, scale=100)}). {_people(above)} say it more often than they "
            f"are seen to, {_people(large)} much more often."
        )
        effects = [
            f"{label(arm)} {number(100 * row['mean'], 0, plus=True)} "
            f"({interval(row, 0, scale=100, plus=True)})"
            for arm in TREATED
            for row in [rows.loc["people.effect", f"{behaviour}, {arm}"]]
        ]
        share = rows.loc["people.arm", behaviour]
        sentences.append(
            f"{label(behaviour)}, effect of training on the share of people with a large gap, in "
            f"percentage points: {'; '.join(effects)}. Of the variance of people's gaps after "
            f"training, {percent(share['mean'])}% ({interval(share, 0, scale=100)}%) lies between "
            "arms, the rest between people of the same arm."
        )
        same, odds = (
            rows.loc[what, behaviour] for what in ("correlation.person", "odds.conversation")
        )
        sentences.append(
            f"{label(behaviour)}, are they the same people? How often a person says it and how "
            f"often it is seen correlate by {number(same['mean'], plus=True)} "
            f"({interval(same, plus=True)}) between people. In conversations in which a person "
            f"says it, the odds of being seen to are {number(odds['mean'], 1)} times "
            f"({interval(odds, 1)}) those in the person's other conversations."
        )
    return sentences


def _people(row: pd.Series) -> str:
    low, high = (percent(row[key]) for key in ("hdi_low", "hdi_high"))
    return f"{percent(row['mean'])}% of people ({low}{DASH}{high}%)"
