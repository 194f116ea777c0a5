"""What the public Elo file tells by itself: the change of the coach arms, and ratings by score."""

from __future__ import annotations

from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lendanear.bayes.sensitivity import THRESHOLD
from lendanear.figures.interval_rows import draw_interval, label_rows
from lendanear.figures.numbers import MINUS, interval, number, percent
from lendanear.figures.shades import darker
from lendanear.figures.style import FAINT, INK, PAGE, new_figure, style
from lendanear.vocabulary import ARMS, SCENARIOS, colour, label

COACHED: Final = tuple(arm for arm in ARMS if arm.coached)
COMPARED: Final = "combined vs coach"
PERIODS: Final = {
    "conversation 2": "Conversation 2",
    "conversation 3": "Conversation 3",
    "both": "Mean of both",
}
"""When an effect is measured, and how readers see it."""
PARTS: Final = ("-12 to -6", "-6 to 0", "0 to 6", "6 to 12")
"""Quarters of the scale of overall empathy."""
CENTRE: Final = "-6 to 6"
"""Scores between which slopes of scenarios are compared."""
DASH: Final = "\N{EN DASH}"
TITLES: Final = {
    "share.before": "Share of scores, first conversation of coached arms",
    "share.after": "Share of scores, conversations 2 and 3 of coached arms",
    "mean": "Mean score, by arm and conversation",
    "sd": "SD of scores, by arm and conversation",
    "rise": "Rise after training, coached arms (points)",
    "correlation": "Correlation of score and rating",
    "rating.mean": "Mean rating, by score",
    "rating.sd": "SD of ratings, by score",
}
"""Panels of the figure of checks; the first five are of the model of change."""


def words(key: str) -> str:
    """Return how readers see a group of the two models: an arm, a scenario, a range of scores."""
    if key in {"all", "mean of both arms"}:
        return {"all": "All scenarios"}.get(key, "Mean of both arms")
    first, comma, rest = key.partition(", ")
    if comma:
        return f"{words(first)}, {PERIODS.get(rest, rest).lower()}".replace("-", MINUS)
    if " vs " in key:
        return " vs ".join(map(label, key.split(" vs ")))
    if " to " in key or key == "off the scale":
        return key.replace("-", MINUS)
    return label(key)


def short(key: str) -> str:
    """Return `words` as narrow as the rows of checks need them: ``AI Coach, 2``, in two lines."""
    return in_lines(words(key).replace(" conversation", ""))


def in_lines(text: str) -> str:
    """Return the label of a scenario in two lines if it is long."""
    return text.replace(" for ", "\nfor ").replace(" at ", "\nat ")


def plot_public(
    change: pd.DataFrame,
    pairing: pd.DataFrame,
    published: pd.DataFrame,
    elo: pd.DataFrame,
    curve: pd.DataFrame,
    cells: pd.DataFrame,
) -> Figure:
    """Draw effects of coaching, what not pairing costs, and Elo ratings by score.

    Parameters
    ----------
    change, pairing, published : DataFrame
        Result frames ``public_change.intervals``, ``.pairing`` and ``.published``.
    elo, curve, cells : DataFrame
        Result frames ``public_elo.intervals``, ``.curve`` and ``.cells``.

    Returns
    -------
    Figure
        Above: effects by conversation with the published change as a tick, and the SD of effects by
        what is assumed of the correlation. Below: mean ratings with the common line, slope by
        scenario, share of the rise in each quarter of the scale.
    """
    with style():
        figure = new_figure(width=PAGE, height=150)[0]
        figure.clear()
        upper, lower = figure.subfigures(2, 1, height_ratios=[1.1, 1])
        effects, costs = upper.subplots(1, 2, width_ratios=[1.5, 1])
        _draw_effects(effects, change, published)
        _draw_costs(costs, pairing)
        line, slopes, shares = lower.subplots(1, 3, width_ratios=[1.35, 1, 0.8])
        _draw_line(line, curve, cells)
        rows = elo.set_index(["quantity", "group"])
        _draw_slopes(slopes, rows)
        _draw_shares(shares, rows)
    return figure


def _draw_effects(axis: Axes, change: pd.DataFrame, published: pd.DataFrame) -> None:
    """Draw the effect of each arm with a coach by conversation, and their difference."""
    rows = change.set_index(["quantity", "group"]).loc["effect.overall_empathy.points"]
    known = published.set_index("arm")["published_change"]
    blocks = [*((arm.key, f"{arm.key} vs control") for arm in COACHED), (COMPARED, COMPARED)]
    labels, heights, y = [], [], 0.0
    for key, group in blocks:
        ink = INK if key == COMPARED else colour(key)
        for period, text in PERIODS.items():
            draw_interval(axis, rows.loc[f"{group}, {period}"], y, colour=ink, plus=True)
            if period == "both" and key in known.index:
                axis.plot([known[key]] * 2, [y + 0.16, y + 0.46], color=INK, linewidth=1.2,
                          gid="published")  # fmt: skip
                axis.annotate(
                    "published change, drift included", (known[key], y + 0.42), xytext=(3, -1),
                    textcoords="offset points", va="center", fontsize=5.5, color="#555555",
                )  # fmt: skip
            labels.append(text)
            heights.append(y)
            y += 1
        title = "Combined against AI Coach" if key == COMPARED else f"{label(key)} against Control"
        axis.annotate(
            title, (0, y - 4.15), xycoords=("axes fraction", "data"), xytext=(2, 0),
            textcoords="offset points", va="center", fontsize=7, color=darker(ink),
            fontweight="bold", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8},
        )  # fmt: skip
        y += 1.6
    axis.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
    label_rows(axis, labels, heights)
    axis.set_ylim(max(heights) + 0.7, -1.6)
    axis.set_xlim(axis.get_xlim()[0], 1.12 * float(rows["high_95"].max()))
    axis.set_xlabel("Effect on overall empathy (points), 50% and 95% interval")
    axis.set_title("Effect of coaching")


def _draw_costs(axis: Axes, pairing: pd.DataFrame) -> None:
    """Draw the SD of each effect on the mean of both conversations, by assumed correlation."""
    table = pairing[pairing["quantity"] == "effect"].set_index(["group", "known"])
    groups = [*((arm.key, f"{arm.key} vs control") for arm in COACHED), (COMPARED, COMPARED)]
    for y, (key, group) in enumerate(groups):
        ink = INK if key == COMPARED else colour(key)
        own = table.loc[f"{group}, both"]
        low, high = (own.loc[f"{end} end of the prior", "sd"] for end in ("high", "low"))
        axis.plot([low, high], [y, y], color=ink, linewidth=2.8, solid_capstyle="butt", gid="range")
        axis.plot(own.loc["integrated", "sd"], y, "o", color=ink, markersize=5,
                  markeredgecolor="white", markeredgewidth=0.6, gid="integrated")  # fmt: skip
        axis.plot(own.loc["none", "sd"], y, "o", color=ink, markersize=4.5,
                  markerfacecolor="white", gid="none")  # fmt: skip
        for known, height in (("integrated", -7), ("none", -7)):
            axis.annotate(
                number(own.loc[known, "sd"]), (own.loc[known, "sd"], y), xytext=(0, height),
                textcoords="offset points", ha="center", va="top", fontsize=6, color=ink,
            )  # fmt: skip
        if not y:
            for known, text, side in (
                ("integrated", "as\nestimated", "right"),
                ("none", "if a person's scores\ndid not correlate", "left"),
            ):
                # from the middle of each mark outwards
                axis.annotate(
                    text, (own.loc[known, "sd"], y), xytext=(4 if side == "right" else -4, 7),
                    textcoords="offset points", ha=side, va="bottom", fontsize=5.8,
                    color="#555555", linespacing=1.1,
                )  # fmt: skip
    names = ["AI Coach\nvs Control", "Combined\nvs Control", "Combined\nvs AI Coach"]
    label_rows(axis, names)
    axis.set_ylim(2.7, -0.95)
    axis.set_xlim(0, 1.25 * float(table["sd"].max()))
    axis.set_xlabel(
        "SD of the effect (points), mean of both.\nBar: correlation anywhere in its prior"
    )
    axis.set_title("Not knowing who is who")


def _draw_line(axis: Axes, curve: pd.DataFrame, cells: pd.DataFrame) -> None:
    """Draw mean ratings of every score and scenario, and the line of the mean scenario."""
    for scenario in SCENARIOS:
        own = cells[cells["scenario"] == scenario.key]
        axis.scatter(
            own["score"], own["estimate"], s=1.2 + 0.45 * own["n"], color=scenario.colour,
            alpha=0.55, linewidths=0, zorder=2, gid="cells",
        )  # fmt: skip
    common = curve[curve["scenario"] == "all"]
    axis.fill_between(
        common["score"], common["low_95"], common["high_95"], color=INK, alpha=0.18, linewidth=0,
        zorder=1, gid="band",
    )  # fmt: skip
    axis.plot(common["score"], common["mean"], color=INK, linewidth=1.3, zorder=3, gid="line")
    axis.set_xticks([-12, -6, 0, 6, 12])
    axis.set_xlabel("Overall empathy")
    axis.set_ylabel("Elo rating (LLM choices)")
    axis.set_title("Rating by score")
    axis.annotate(
        "dots: mean rating of a\nscore in a scenario, larger\nfor more conversations",
        (0.98, 0.03), xycoords="axes fraction", ha="right", va="bottom", fontsize=5.8,
        color="#555555", linespacing=1.15,
    )  # fmt: skip


def _draw_slopes(axis: Axes, rows: pd.DataFrame) -> None:
    """Draw the slope of every scenario between the scores of `CENTRE`."""
    slopes = rows.loc["slope.elo_per_point"]
    draw_interval(axis, slopes.loc[f"all, {CENTRE}"], 0, digits=1)
    for y, scenario in enumerate(SCENARIOS, start=1):
        row = slopes.loc[f"{scenario.key}, {CENTRE}"]
        draw_interval(axis, row, y, colour=scenario.colour, digits=1)
    names = [in_lines(scenario.label) for scenario in SCENARIOS]
    label_rows(axis, ["Mean of the five", *names])
    axis.set_xlabel(f"Elo points per point of score,\nscores {CENTRE.replace('-', MINUS)}")
    axis.set_title("Slope by scenario")


def _draw_shares(axis: Axes, rows: pd.DataFrame) -> None:
    """Draw how much of the whole rise lies in each quarter of the scale."""
    shares = rows.loc["share_of_rise"]
    for y, part in enumerate(PARTS):
        draw_interval(axis, shares.loc[f"all, {part}"], y, digits=0, scale=100)
    axis.axvline(25, color=FAINT, linewidth=0.8, linestyle="--", zorder=0)
    axis.annotate(
        "straight line", (25, 1), xycoords=("data", "axes fraction"), xytext=(2, -1),
        textcoords="offset points", va="top", fontsize=5.5, color="#666666",
    )  # fmt: skip
    label_rows(axis, [part.replace("-", MINUS) for part in PARTS])
    axis.set_xlabel("Share of the rise (%)")
    axis.set_title("Where it rises")


def headline_sensitivity(change: pd.DataFrame, elo: pd.DataFrame) -> pd.DataFrame:
    """Return the sensitivity of the headlines of both models, labelled for readers.

    Parameters
    ----------
    change, elo : DataFrame
        Result frames ``public_change.sensitivity`` and ``public_elo.sensitivity``.

    Returns
    -------
    DataFrame
        label, prior, likelihood.
    """
    chosen = {
        ("effect.overall_empathy.points", "coach vs control, both"): "Effect, AI Coach",
        ("effect.overall_empathy.points", "combined vs control, both"): "Effect, Combined",
        ("effect.overall_empathy.points", f"{COMPARED}, both"): "Combined vs AI Coach",
        ("step.overall_empathy.points", "mean of both arms"): "Step from 2 to 3",
        ("slope.elo_per_point", f"all, {CENTRE}"): "Elo slope, middle",
        ("slope.elo_per_point", "all, -12 to 12"): "Elo slope, whole scale",
        ("share_of_rise", f"all, {PARTS[0]}"): f"Share of rise, {PARTS[0]}".replace("-", MINUS),
        ("share_of_rise", f"all, {PARTS[-1]}"): f"Share of rise, {PARTS[-1]}",
        ("r2", "all"): "Elo R\N{SUPERSCRIPT TWO}",
    }
    rows = pd.concat([change, elo]).set_index(["quantity", "group"])
    found = rows.loc[list(chosen)].assign(label=list(chosen.values()))
    return found[["label", "prior", "likelihood"]].reset_index(drop=True)


CHECKS: Final = {"titles": TITLES, "name": short, "threshold": THRESHOLD, "columns": 2}
"""What the figure of checks shows, for ``predictive.plot_checks``."""


def effect_sentences(estimates: pd.DataFrame, published: pd.DataFrame) -> list[str]:
    """Say what each arm with a coach gained, and which of them more.

    Parameters
    ----------
    estimates, published : DataFrame
        Result frames ``public_change.estimates`` and ``public_change.published``.
    """
    rows = estimates.set_index(["quantity", "group"])
    known = published.set_index("arm")
    sentences = []
    for arm in COACHED:
        points, spread = (
            rows.loc[f"effect.overall_empathy.{unit}", f"{arm.key} vs control, both"]
            for unit in ("points", "sd")
        )
        raw, printed = known.loc[arm.key, ["change", "published_change"]]
        sentences.append(
            f"**{arm.label}**: coaching raised overall empathy by **{number(points['mean'])} "
            f"points** (95% interval {interval(points)}), or {number(spread['mean'])} SD "
            f"(95% interval {interval(spread)}), "
            f"drift taken out. The change itself is {number(raw, 3)} in this file and "
            f"{number(printed, 3)} in the paper."
        )
    difference = rows.loc["effect.overall_empathy.points", f"{COMPARED}, both"]
    more = difference["p_direction"] if difference["mean"] > 0 else 1 - difference["p_direction"]
    sentences.append(
        f"**{label('combined')} against {label('coach')}**: "
        f"{number(difference['mean'], plus=True)} points (95% interval "
        f"{interval(difference)}); the probability "
        f"that the video adds something to the coach is {percent(more)}%."
    )
    return sentences


def step_sentence(estimates: pd.DataFrame) -> str:
    """Say what one term for both conversations after training hides.

    Parameters
    ----------
    estimates : DataFrame
        Result frame ``public_change.estimates``.
    """
    rows = estimates.set_index(["quantity", "group"])
    steps = rows.loc["step.overall_empathy.points"]
    mean = steps.loc["mean of both arms"]
    change = rows.loc["change.overall_empathy.points", "mean"]
    second, third = (
        {arm: number(change[f"{arm.key}, {period}"], plus=True) for arm in COACHED}
        for period in list(PERIODS)[:2]
    )
    pairs = "; ".join(
        f"{arm.label} from {second[arm]} in conversation 2 to {third[arm]} in conversation 3"
        for arm in COACHED
    )
    return (
        f"The change from conversation 1: {pairs}. From the second to the third conversation that "
        f"is **{number(mean['mean'], plus=True)} points** over both arms (95% interval "
        f"{interval(mean)})."
    )


def pairing_sentence(pairing: pd.DataFrame, published: pd.DataFrame) -> str:
    """Say how the unknown correlation widens the interval of an effect.

    Parameters
    ----------
    pairing, published : DataFrame
        Result frames ``public_change.pairing`` and ``public_change.published``.
    """
    change = pairing[pairing["quantity"] == "change"].set_index(["group", "known"])
    mean = change.xs("prior mean", level="known")["correlation"].iloc[0]
    parts = [
        f"{arm.label}: SD of the change {number(own['none'])} at a correlation of 0, "
        f"{number(own['prior mean'])} at {number(mean)}, {number(own['integrated'])} over all that "
        f"the prior allows (from {number(own['high end of the prior'])} to "
        f"{number(own['low end of the prior'])} between its ends)"
        for arm in COACHED
        for own in [change.loc[f"{arm.key}, both", "sd"]]
    ]
    implied = " and ".join(
        f"{number(row.implied_correlation)} ({label(row.arm)})" for row in published.itertuples()
    )
    return (
        "; ".join(parts) + ". The SD of change that the paper prints for these arms, together with "
        f"the spread of scores in this file, implies correlations of {implied}."
    )


def elo_sentence(estimates: pd.DataFrame) -> str:
    """Say how ratings rise with the score.

    Parameters
    ----------
    estimates : DataFrame
        Result frame ``public_elo.estimates``.
    """
    rows = estimates.set_index(["quantity", "group"])
    slope, r2 = rows.loc["slope.elo_per_point", f"all, {CENTRE}"], rows.loc["r2", "all"]
    halves = [rows.loc["slope.elo_per_point", f"all, {part}"] for part in PARTS[1:3]]
    return (
        f"Between scores of {CENTRE.replace('-', MINUS)}, a point of overall empathy goes with "
        f"**{number(slope['mean'], 1)} Elo points** (95% interval {interval(slope, 1)}): "
        f"{number(halves[0]['mean'], 1)} below zero (95% interval {interval(halves[0], 1)}) and "
        f"{number(halves[1]['mean'], 1)} above (95% interval {interval(halves[1], 1)}). The "
        f"score explains "
        f"{percent(r2['mean'])}% of the variance of ratings "
        f"({percent(r2['hdi_low'])}{DASH}{percent(r2['hdi_high'])}%)."
    )


def scenario_sentence(estimates: pd.DataFrame) -> str:
    """Say which scenario's slope differs most from the mean of the five.

    Parameters
    ----------
    estimates : DataFrame
        Result frame ``public_elo.estimates``.
    """
    rows = estimates[estimates["quantity"] == "slope.difference"].set_index("group")
    key = rows["mean"].abs().idxmax()
    row = rows.loc[key]
    verb = "steeper" if row["mean"] > 0 else "flatter"
    sure = (rows["hdi_low"] > 0) | (rows["hdi_high"] < 0)
    clear = (
        f"clear of zero for {' and '.join(label(group) for group in rows.index[sure])}"
        if sure.any()
        else "none is clear of zero"
    )
    return (
        f"The scenario that differs most is {label(key)}: {number(abs(row['mean']), 1)} Elo points "
        f"per point {verb} than the mean of the five (95% interval {interval(row, 1)}). Of "
        f"the five differences, "
        f"{clear}."
    )


def estimates_table(change: pd.DataFrame, elo: pd.DataFrame) -> pd.DataFrame:
    """Return the estimates of both models for readers.

    Parameters
    ----------
    change, elo : DataFrame
        Result frames ``public_change.estimates`` and ``public_elo.estimates``.
    """
    names = {
        "change.overall_empathy.points": ("Change (points)", 2),
        "effect.overall_empathy.points": ("Effect (points)", 2),
        "effect.overall_empathy.sd": ("Effect (SD)", 2),
        "step.overall_empathy.points": ("Step from conversation 2 to 3 (points)", 2),
        "correlation.within_person": ("Correlation within persons (its prior)", 2),
        "slope.elo_per_point": ("Elo points per point", 1),
        "share_of_rise": ("Share of the rise", 2),
        "r2": ("R\N{SUPERSCRIPT TWO}", 2),
    }
    rows = pd.concat([change, elo], ignore_index=True)
    rows = rows[rows["quantity"].isin(names)]
    # shares of single scenarios differ little: the mean of the five stands for them
    rows = rows[(rows["quantity"] != "share_of_rise") | rows["group"].str.startswith("all,")]
    shown = []
    for row in rows.itertuples():
        name, digits = names[row.quantity]
        low, high = number(row.hdi_low, digits), number(row.hdi_high, digits)
        shown.append(
            {
                "Quantity": name,
                "Group": words(row.group),
                "Mean": number(row.mean, digits),
                "SD": number(row.sd, digits),
                "95% interval": f"{low} to {high}",
            }
        )
    return pd.DataFrame(shown)
