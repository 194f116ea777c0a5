"""Human and LLM rankings with the errors of both, and choices by score difference with lapses."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from lendanear.bayes.sensitivity import THRESHOLD
from lendanear.figures.interval_rows import draw_interval, label_rows
from lendanear.figures.numbers import number
from lendanear.figures.positions import correlation_number
from lendanear.figures.style import FAINT, INK, PAGE, new_figure, style
from lendanear.measures.intervals import NORMAL_QUANTILE
from lendanear.vocabulary import SCENARIO_KEYS, SCENARIOS, Scenario, label

ALL: Final = "all"
LAPSES: Final = "with lapses"
CURVE: Final = "#0072B2"
"""Colour of the curve with lapses."""
RIVALS: Final = {"without lapses": ("#B0472B", "--"), "published form": ("#666666", ":")}
"""Colour and line of its rivals."""
NOTE: Final = "#555555"
_GROUPS: Final = {
    ALL: "All",
    "left.sd": "left",
    "favourite.sd": "favourite",
    "rater.sd": "higher-scored",
}
"""Groups of checks that are no scenario."""
_SHOWN: Final = {
    "bradley_terry": ("won.sd", "same.share", "left.sd", "favourite.sd"),
    "rank_agreement": ("won.rating",),
    "choice_curve": ("chosen.share", "band.share", "rater.sd"),
}
"""Properties that the figure of checks takes from each model."""
_RATERS: Final = "raters"
_HEADLINES: Final = {
    "rank.kendall_tau": "Kendall's τ",
    "latent.correlation": "True correlation",
    "spread.log_odds": "Spread of strengths",
    "left.share": "Left of two equals",
    "consistency.sd": "Raters' consistency",
    "slope.log_odds_per_point": "Slope",
    "threshold.points": "Threshold",
    "lapse.rate": "Lapse rate",
}
"""Estimates whose sensitivity the figure of checks shows."""


def group_label(group: str) -> str:
    """Return the words of a group of estimates or checks."""
    return label(group) if group in SCENARIO_KEYS else _GROUPS.get(group, group)


CHECKS: Final = {
    "titles": {
        "won.sd": "Comparisons won: SD over conversations (%)",
        "won.rating": "Rank correlation: comparisons won and Elo",
        "same.share": "Two choices between the same two agree (%)",
        "chosen.share": "Chose the higher-scored, by scenario (%)",
        "band.share": "Chose the higher-scored, by difference (%)",
        _RATERS: "SD over raters of their share of choices for the (%)",
    },
    "name": group_label,
    "threshold": THRESHOLD,
    "columns": 2,
}
"""What the figure of checks shows, for ``predictive.plot_checks``."""


def plot_preferences(
    ranks: pd.DataFrame,
    agreement: pd.DataFrame,
    points: pd.DataFrame,
    curve: pd.DataFrame,
    choices: pd.DataFrame,
    bins: pd.DataFrame,
) -> Figure:
    """Draw both rankings, how well they agree, and the choice curve.

    Parameters
    ----------
    ranks, points : DataFrame
        Result frames ``bradley_terry.ranks`` and ``bradley_terry.point_agreement``.
    agreement : DataFrame
        Result frame ``rank_agreement.intervals``.
    curve, choices : DataFrame
        Result frames ``choice_curve.curve`` and ``choice_curve.intervals``.
    bins : DataFrame
        Result frame ``preferences.bins``: observed shares.

    Returns
    -------
    Figure
        a: one panel per scenario, rank 1 at the top right, with Kendall's tau of the true orders
        in the last; b: the curve with observed shares; c: the difference at which three choices
        in four go to the higher-scored conversation.
    """
    present = [scenario for scenario in SCENARIOS if (ranks["scenario"] == scenario.key).any()]
    with style():
        figure, axes = new_figure(
            3, 3, width=PAGE, height=176, height_ratios=(1, 1, 1.02), squeeze=False
        )
        cells = list(axes[:2].ravel())
        for axis, scenario in zip(cells, present, strict=False):
            _draw_ranks(axis, ranks[ranks["scenario"] == scenario.key], scenario)
        _draw_agreement(cells[-1], agreement, points, present)
        for axis in cells[len(present) : -1]:
            axis.remove()
        grid = axes[2, 0].get_gridspec()
        for axis in axes[2]:
            axis.remove()
        b, c = figure.add_subplot(grid[2, :2]), figure.add_subplot(grid[2, 2])
        _draw_curve(b, curve, choices, bins)
        _draw_thresholds(c, choices, present)
        for axis, letter in ((cells[0], "a"), (b, "b"), (c, "c")):
            axis.annotate(
                letter, (0, 1), xycoords="axes fraction", xytext=(-24, 6),
                textcoords="offset points", fontsize=9, fontweight="bold", color=INK,
                annotation_clip=False,
            )  # fmt: skip
    return figure


def _draw_ranks(axis: Axes, own: pd.DataFrame, scenario: Scenario) -> None:
    """Draw human rank against LLM rank of one scenario, with 50% and 95% intervals of both."""
    last = len(own)
    axis.plot([1, last], [1, last], color=FAINT, linewidth=0.8, zorder=0, gid="equal")
    for share, width, alpha in (("95", 0.5, 0.28), ("50", 1.3, 0.55)):
        line = {"colors": scenario.colour, "linewidth": width, "alpha": alpha}
        axis.hlines(own["human_rank"], own[f"llm_low_{share}"], own[f"llm_high_{share}"],
                    gid=f"llm-{share}", **line)  # fmt: skip
        axis.vlines(own["llm_rank"], own[f"human_low_{share}"], own[f"human_high_{share}"],
                    gid=f"human-{share}", **line)  # fmt: skip
    axis.plot(own["llm_rank"], own["human_rank"], "o", color=scenario.colour, markersize=3,
              markeredgecolor="white", markeredgewidth=0.4, gid="conversation")  # fmt: skip
    margin = 0.03 * last
    axis.set_xlim(last + margin, 1 - margin)
    axis.set_ylim(last + margin, 1 - margin)
    ticks = [1, *range(10, last - 3, 10), last] if last > 15 else [1, last]
    axis.set_xticks(ticks)
    axis.set_yticks(ticks)
    axis.set_title(scenario.label, color=scenario.colour, fontsize=7.5)
    axis.set_xlabel("Rank among LLM judges, 1 = best")
    axis.set_ylabel("Rank among raters, 1 = best")


def _draw_agreement(
    axis: Axes, agreement: pd.DataFrame, points: pd.DataFrame, present: list[Scenario]
) -> None:
    """Draw Kendall's tau of the true orders, and of the estimates as they stand."""
    tau = agreement[agreement["quantity"] == "rank.kendall_tau"].set_index("group")
    ignoring = points[points["of"] == "estimates"].set_index("scenario")["kendall"]
    rows = [(ALL, "All", INK), *((s.key, s.label, s.colour) for s in present)]
    for y, (key, _, colour) in enumerate(rows):
        draw_interval(axis, tau.loc[key], y, colour=colour, digits=None)
        axis.plot(ignoring[key], y, "D", color=colour, markerfacecolor="white", markersize=3.4,
                  gid="ignoring")  # fmt: skip
        axis.annotate(
            correlation_number(tau.loc[key, "mean"]), (tau.loc[key, "mean"], y), xytext=(0, 4),
            textcoords="offset points", ha="center", fontsize=6, color=colour,
        )  # fmt: skip
    low = min(float(tau["low_95"].min()), float(ignoring.min()))
    axis.set_xlim(max(low - 0.06, -1.02), 1.03)
    label_rows(axis, [fill(label, 13) for _, label, _ in rows])
    axis.tick_params(axis="y", labelsize=6)
    axis.set_title("How well they agree", fontsize=7.5)
    axis.set_xlabel(
        "Kendall's τ of the two orders: dots,\nof the true ones; diamonds, of the\n"
        "estimates, errors ignored",
        fontsize=6.5,
    )


def _draw_curve(axis: Axes, curve: pd.DataFrame, choices: pd.DataFrame, bins: pd.DataFrame) -> None:
    """Draw the choice curve, its end, its rivals and the observed shares."""
    value = choices.set_index(["quantity", "group"])
    main = curve[curve["form"] == LAPSES]
    last = float(main["score_diff"].max())
    axis.axhline(0.5, color=FAINT, linewidth=0.8, linestyle=(0, (4, 3)), zorder=0, gid="chance")
    for share, alpha in (("95", 0.16), ("50", 0.3)):
        axis.fill_between(
            main["score_diff"], main[f"low_{share}"], main[f"high_{share}"], color=CURVE,
            alpha=alpha, linewidth=0, gid=f"band-{share}",
        )  # fmt: skip
    for form, (colour, dashes) in RIVALS.items():
        own = curve[curve["form"] == form]
        axis.plot(own["score_diff"], own["mean"], color=colour, linestyle=dashes, linewidth=1,
                  gid=form)  # fmt: skip
    axis.plot(main["score_diff"], main["mean"], color=CURVE, gid="curve")
    for row in bins.itertuples():
        axis.plot([row.score_diff] * 2, [row.ci_low, row.ci_high], color=INK, linewidth=0.9,
                  gid="interval")  # fmt: skip
    axis.plot(bins["score_diff"], bins["estimate"], "o", color=INK, markersize=3.4, gid="share")
    end = value.loc[("asymptote.share", ALL)]
    axis.axhline(end["mean"], color=CURVE, linewidth=0.6, linestyle=(0, (1, 1.5)), gid="asymptote")
    axis.set_xlim(-0.4, last * 1.02)
    axis.set_ylim(min(0.44, float(bins["ci_low"].min()) - 0.03), 1.06)
    axis.text(
        0, end["mean"] + 0.008,
        f"lapses end the curve at {100 * end['mean']:.0f}% "
        f"[{100 * end['low_95']:.0f}, {100 * end['high_95']:.0f}]",
        fontsize=6, color=CURVE, va="bottom",
    )  # fmt: skip
    axis.text(last, 0.506, "chance", ha="right", va="bottom", fontsize=6, color=NOTE)
    _legend(axis)
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.set_yticks([0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    axis.set_xlabel("Difference in overall empathy within the pair (points)")
    axis.set_ylabel("Chose the higher-scored")


def _legend(axis: Axes) -> None:
    """Name the lines in the lower right, where no data are."""
    names: Mapping[str, tuple[str, str]] = {LAPSES: (CURVE, "-"), **RIVALS}
    for place, (form, (colour, dashes)) in enumerate(names.items()):
        height = 0.36 - 0.085 * place
        axis.plot([0.52, 0.57], [height] * 2, color=colour, linestyle=dashes, linewidth=1.2,
                  transform=axis.transAxes, gid="key")  # fmt: skip
        words = f"{form} (50% and 95% bands)" if form == LAPSES else form
        axis.text(0.58, height, words, transform=axis.transAxes, va="center", fontsize=6.5,
                  color=colour)  # fmt: skip


def _draw_thresholds(axis: Axes, choices: pd.DataFrame, present: list[Scenario]) -> None:
    """Draw the difference at which three choices in four go to the higher-scored one."""
    own = choices[choices["quantity"] == "threshold.points"].set_index("group")
    rows = [(ALL, "All", INK), *((s.key, s.label, s.colour) for s in present if s.key in own.index)]
    for y, (key, _, colour) in enumerate(rows):
        draw_interval(axis, own.loc[key], y, colour=colour, digits=1)
    label_rows(axis, [fill(label, 13) for _, label, _ in rows])
    axis.tick_params(axis="y", labelsize=6)
    axis.set_xlim(0, 1.06 * float(own["high_95"].max()))
    axis.set_title("Three choices in four", fontsize=7.5)
    axis.set_xlabel("go to the higher-scored one from this\ndifference on (points)", fontsize=6.5)


def checks_of(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what the figure of checks shows of three models.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Result frame ``prior_predictive`` (or ``posterior_predictive``) by model.

    Returns
    -------
    DataFrame
        The same columns, shares in percent; what differs between raters is one property with a row
        for each kind of choice.
    """
    parts = []
    numbers = ["observed", "mean", "low", "high"]
    for model, whats in _SHOWN.items():
        own = frames[model]
        own = own[own["what"].isin(whats)].copy()
        between = own["what"].isin(list(_GROUPS))
        own.loc[between, "group"] = own["what"][between]
        own.loc[between, "what"] = _RATERS
        shares = own["what"] != "won.rating"
        own.loc[shares, numbers] *= 100
        parts.append(own)
    return pd.concat(parts, ignore_index=True)


def headline_sensitivity(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the sensitivities that the figure of checks shows, with their labels.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Result frame ``sensitivity`` by model.

    Returns
    -------
    DataFrame
        label, prior, likelihood; where an estimate has a row per scenario, the largest of them.
    """
    everything = pd.concat(frames.values(), ignore_index=True)
    rows = []
    for quantity, words in _HEADLINES.items():
        own = everything[everything["quantity"] == quantity]
        if own.empty:  # what never varies has no sensitivity
            continue
        whole = own[own["group"] == ALL]
        shown = own.loc[[own["prior"].idxmax()]] if whole.empty else whole
        rows.append((words, *shown[["prior", "likelihood"]].iloc[0]))
    return pd.DataFrame(rows, columns=["label", "prior", "likelihood"])


def _with_interval(row: pd.Series, digits: int = 2, *, scale: float = 1.0, unit: str = "") -> str:
    """Return an estimate with its 95% interval in words."""
    mean, low, high = (number(scale * row[key], digits) for key in ("mean", "hdi_low", "hdi_high"))
    return f"{mean}{unit} (95% interval {low}{unit} to {high}{unit})"


def rank_sentences(
    bradley_terry: pd.DataFrame, ranks: pd.DataFrame, present: tuple[str, ...] = SCENARIO_KEYS
) -> list[str]:
    """Return what the human ranking says, a sentence per estimate.

    Parameters
    ----------
    bradley_terry, ranks : DataFrame
        Result frames ``bradley_terry.estimates`` and ``bradley_terry.ranks``.
    present : tuple of str
        Scenarios, in order.
    """
    value = bradley_terry.set_index(["quantity", "group"])
    spread = bradley_terry[bradley_terry["quantity"] == "spread.log_odds"]
    width = (ranks["human_high_95"] - ranks["human_low_95"]).median()
    judged = (ranks["llm_high_95"] - ranks["llm_low_95"]).median()
    few = ranks.groupby("scenario").size().median()
    named = ", ".join(
        f"{number(row.mean, 2)} ({label(row.group)})"
        for row in spread.itertuples(index=False)
        if row.group in present
    )
    left = value.loc[("left.share", "two equals, typical rater")]
    apart = value.loc[("consistency.sd", "between raters")]
    return [
        f"Of {few:.0f} conversations on a scenario, the 95% interval of one conversation's rank "
        f"among raters spans {width:.0f} places in the median, among LLM judges {judged:.0f}.",
        f"Strengths differ between conversations with a standard deviation of {named} in log odds.",
        "Of two equally strong conversations a typical rater chooses the left one in "
        f"{_with_interval(left, 0, scale=100, unit='%')} of choices.",
        "The logarithm of raters' consistency varies between raters with a standard deviation of "
        f"{_with_interval(apart)}.",
    ]


def agreement_sentences(rank_agreement: pd.DataFrame, points: pd.DataFrame) -> list[str]:
    """Return how well the two rankings agree, with and without their errors.

    Parameters
    ----------
    rank_agreement, points : DataFrame
        Result frames ``rank_agreement.estimates`` and ``bradley_terry.point_agreement``.
    """
    value = rank_agreement.set_index(["quantity", "group"])
    plain = points[points["scenario"] == ALL].set_index("of")
    scenarios = rank_agreement[
        (rank_agreement["quantity"] == "rank.kendall_tau") & (rank_agreement["group"] != ALL)
    ].sort_values("mean")
    lowest, highest = scenarios.iloc[0], scenarios.iloc[-1]
    return [
        "The estimated ranks as they stand have a Spearman correlation of "
        f"{number(plain.loc['estimates', 'spearman'])} and a Kendall's tau of "
        f"{number(plain.loc['estimates', 'kendall'])}.",
        "The true orders, with the errors of both rankings accounted for, have a Kendall's tau of "
        f"{_with_interval(value.loc[('rank.kendall_tau', ALL)])} and a Spearman correlation of "
        f"{_with_interval(value.loc[('rank.spearman_rho', ALL)])} within scenarios.",
        f"By scenario, tau lies between {_with_interval(lowest)} for {label(lowest['group'])} and "
        f"{_with_interval(highest)} for {label(highest['group'])}.",
        "Drawing both rankings from separate posteriors would have given a tau of "
        f"{number(plain.loc['separate draws', 'kendall'])}: errors on both sides look like "
        "disagreement.",
    ]


def curve_sentences(choice_curve: pd.DataFrame, comparison: pd.DataFrame) -> list[str]:
    """Return what the choice curve says, a sentence per estimate.

    Parameters
    ----------
    choice_curve, comparison : DataFrame
        Result frames ``choice_curve.estimates`` and ``choice_curve.comparison``.
    """
    value = choice_curve.set_index(["quantity", "group"])
    by_form = comparison.set_index("model")
    gap = by_form.loc["without lapses", "elpd"] - by_form.loc[LAPSES, "elpd"]
    other = by_form.loc[["without lapses", LAPSES], "dse"].max()
    better = "without lapses" if gap > 0 else "with lapses"
    verdict = (
        "so the choices do not tell the two apart"
        if abs(gap) < 2 * other
        else f"so the curve {better} predicts new raters better"
    )
    return [
        "A point more of difference adds "
        f"{_with_interval(value.loc[('slope.log_odds_per_point', ALL)], 3)} to the log odds of "
        "choosing the higher-scored conversation, in the mean over scenarios.",
        "Three choices in four go to the higher-scored conversation where the two differ by "
        f"{_with_interval(value.loc[('threshold.points', ALL)], 1)} points.",
        "Lapses are "
        f"{_with_interval(value.loc[('lapse.rate', ALL)], 0, scale=100, unit='%')} of choices, so "
        "that even very different conversations would be told apart in "
        f"{_with_interval(value.loc[('asymptote.share', ALL)], 0, scale=100, unit='%')} of "
        "choices.",
        f"In predicting raters left out, the curve {better} is ahead by {number(abs(gap), 1)} "
        f"(standard error {number(other, 1)}) in log predictive density, {verdict}.",
    ]


def slope_table(
    choice_curve: pd.DataFrame, coefficients: pd.DataFrame, published: tuple[float, float]
) -> pd.DataFrame:
    """Return the slope per point under every form, side by side with the published logit.

    Parameters
    ----------
    choice_curve, coefficients : DataFrame
        Result frames ``choice_curve.estimates`` and ``preferences.coefficients``.
    published : tuple of float
        The paper's coefficient and its standard error.

    Returns
    -------
    DataFrame
        Slope in log odds per point, its SD or standard error, and 95% interval, as text.
    """
    logit = coefficients[
        (coefficients["model"] == "1a")
        & (coefficients["form"] == "published")
        & (coefficients["term"] == "abs_score_diff")
    ].iloc[0]
    reach = NORMAL_QUANTILE * published[1]
    rows = [
        ("Published in the paper", *published, published[0] - reach, published[0] + reach),
        ("The same logit on these data", *logit[["estimate", "se", "ci_low", "ci_high"]]),
    ]
    slopes = choice_curve[choice_curve["quantity"] == "slope.log_odds_per_point"]
    named = {
        "published form": "The same, Bayesian",
        "without lapses": "Curve without lapses, mean of scenarios",
        ALL: "Curve with lapses, mean of scenarios",
        **{key: f"Curve with lapses: {label(key)}" for key in SCENARIO_KEYS},
    }
    for group, words in named.items():
        own = slopes[slopes["group"] == group]
        if not own.empty:
            rows.append((words, *own[["mean", "sd", "hdi_low", "hdi_high"]].iloc[0]))
    columns = ["Form", "Slope per point", "SE or SD", "95% from", "to"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(**{name: table[name].map(lambda x: number(x, 3)) for name in columns[1:]})
