"""Effects of training with all their uncertainty, beside the pre-registered regressions."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lendanear.figures.interval_rows import draw_interval, label_rows
from lendanear.figures.numbers import number, percent
from lendanear.figures.style import FAINT, PAGE, new_figure, style
from lendanear.vocabulary import ARMS, DIMENSION_KEYS, DIMENSIONS, Arm, label

OVERALL = "overall_empathy"
SIGNS = {dimension.key: dimension.sign for dimension in DIMENSIONS} | {OVERALL: 1}
_BLOCK = 6.0
"""Height of the rows of one dimension; a row and its regression take 1.6."""


def improvements(effects: pd.DataFrame) -> pd.DataFrame:
    """Turn effects in SD so that plus is better in every dimension.

    Parameters
    ----------
    effects : DataFrame
        Frame ``effects`` of a coaching model.

    Returns
    -------
    DataFrame
        Its rows in SD, intervals of proscriptive dimensions mirrored.
    """
    rows = effects[effects["unit"] == "sd"].reset_index(drop=True)
    mirrored = rows["outcome"].map(SIGNS) < 0
    turned = rows.copy()
    turned.loc[mirrored, "mean"] = -rows.loc[mirrored, "mean"]
    for low, high in (("low_50", "high_50"), ("low_95", "high_95")):
        turned.loc[mirrored, low] = -rows.loc[mirrored, high]
        turned.loc[mirrored, high] = -rows.loc[mirrored, low]
    return turned


def plot_coaching(effects: pd.DataFrame, standardised: pd.DataFrame, *, smallest: float) -> Figure:
    """Draw the effect of each arm on each dimension, and whether it lasts.

    Parameters
    ----------
    effects : DataFrame
        Frame ``effects`` of a coaching model.
    standardised : DataFrame
        Frame ``effects.standardised``: the pre-registered regressions, in SD.
    smallest : float
        Smallest effect of interest in SD; the band of smaller effects is shaded.

    Returns
    -------
    Figure
        Left: posterior mean, 50% and 95% interval per dimension and arm, with the least-squares
        estimate as an open diamond; right: overall empathy in conversation 2 and in 3.
    """
    turned = improvements(effects)
    against = turned[turned["reference"] == "control"].set_index(["outcome", "arm", "period"])
    arms = [arm for arm in ARMS if arm.key in set(turned["arm"])]
    outcomes = [OVERALL, *DIMENSION_KEYS]
    with style():
        figure, (left, right) = new_figure(1, 2, width=PAGE, height=150, width_ratios=[2.2, 1])
        for axis in (left, right):
            axis.axvspan(-smallest, smallest, color="#EFEFEF", zorder=-1, linewidth=0)
            axis.axvline(0, color=FAINT, linewidth=0.8, zorder=0)
        heights, names = [], []
        for place, outcome in enumerate(outcomes):
            heights.append(_BLOCK * place + 1.6)
            names.append("Overall empathy" if outcome == OVERALL else label(outcome))
            for offset, arm in enumerate(arms):
                y = _BLOCK * place + 1.6 * offset
                draw_interval(left, against.loc[(outcome, arm.key, "both")], y, colour=arm.colour)
                _draw_regression(left, standardised, outcome, arm, y + 0.5)
        label_rows(left, [name.replace(" ", "\n", 1) for name in names], heights)
        left.set_ylim(_BLOCK * len(outcomes) - 1.2, -1.4)
        left.set_xlabel("Effect against Control (SD; plus is better)")
        left.set_title("Mean of conversations 2 and 3")
        _draw_lasting(right, against, arms)
        handles = [
            left.plot([], [], "o-", color=arm.colour, markersize=4, label=arm.label)[0]
            for arm in arms
        ]
        handles.append(
            left.plot(
                [], [], "D", color="#555555", markerfacecolor="white", markersize=3.2,
                linestyle="none", label="pre-registered regression, 95% CI",
            )[0]
        )  # fmt: skip
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=4,
            title=f"dot: posterior mean; thick and thin line: 50% and 95%; grey: smaller than "
            f"{number(smallest, 1)} SD",
            title_fontsize=6,
        )
    return figure


def _draw_regression(
    axis: Axes, standardised: pd.DataFrame, outcome: str, arm: Arm, y: float
) -> None:
    """Draw the least-squares estimate below the posterior."""
    mine = (standardised["dimension"] == outcome) & (standardised["arm"] == arm.key)
    for row in standardised[mine].itertuples():
        sign = SIGNS[outcome]
        axis.plot(
            [sign * row.ci_low, sign * row.ci_high], [y, y], color=arm.colour, linewidth=0.5,
            gid="regression-interval",
        )  # fmt: skip
        axis.plot(
            sign * row.estimate, y, "D", color=arm.colour, markerfacecolor="white", markersize=2.6,
            markeredgewidth=0.6, gid="regression",
        )  # fmt: skip


def _draw_lasting(axis: Axes, against: pd.DataFrame, arms: list[Arm]) -> None:
    heights, names = [], []
    for place, arm in enumerate(arms):
        for offset, period in enumerate(("conversation 2", "conversation 3")):
            y = 3.0 * place + offset
            draw_interval(axis, against.loc[(OVERALL, arm.key, period)], y, colour=arm.colour)
            heights.append(y)
            names.append(period)
        axis.annotate(
            arm.label, (0.98, 3.0 * place - 0.62), xycoords=("axes fraction", "data"), ha="right",
            fontsize=6.5, color=arm.colour,
        )  # fmt: skip
    label_rows(axis, names, heights)
    axis.set_ylim(3.0 * len(arms) - 1.2, -1.1)
    axis.set_xlabel("Effect on overall empathy (SD)")
    axis.set_title("One conversation later")


def effect_sentence(
    effects: pd.DataFrame, arm: str, *, smallest: float, outcome: str = OVERALL
) -> str:
    """Return one sentence about the effect of an arm against Control.

    Parameters
    ----------
    effects : DataFrame
        Frame ``effects`` of a coaching model.
    arm : str
        Key of the arm.
    smallest : float
        Smallest effect of interest in SD, one of those tabulated (steps of 0.02).
    outcome : str
        ``overall_empathy`` or a dimension.
    """
    mine = effects.query("arm == @arm and reference == 'control' and period == 'both'")
    points, sd = (
        mine[(mine["outcome"] == outcome) & (mine["unit"] == unit)].iloc[0]
        for unit in ("points", "sd")
    )
    name = "overall empathy" if outcome == OVERALL else label(outcome).lower()
    return (
        f"**{label(arm)}** changes {name} by {number(points['mean'], plus=True)} points more than "
        f"Control (95% interval {number(points['low_95'], plus=True)} to "
        f"{number(points['high_95'], plus=True)}), {number(sd['mean'], plus=True)} SD; the "
        f"probability that it helps at all is {percent(sd['p_over_0.00'])}%, and by more than "
        f"{number(smallest)} SD {percent(sd[f'p_over_{smallest:.2f}'])}%."
    )


def check_rows(predictive: pd.DataFrame) -> pd.DataFrame:
    """Arrange a predictive frame for the panels of checks: a panel per property and arm.

    Parameters
    ----------
    predictive : DataFrame
        what, group (``dimension, arm`` or ``dimension``), observed, mean, low, high.

    Returns
    -------
    DataFrame
        The same rows with the arm moved from ``group`` to ``what``.
    """
    parts = predictive["group"].str.partition(", ")
    arranged = predictive.assign(group=parts[0])
    arranged["what"] = predictive["what"].where(parts[2] == "", predictive["what"] + " " + parts[2])
    return arranged


PANELS = {
    **{f"mean.after {arm.key}": f"{arm.label}: mean" for arm in ARMS},
    "share.1": 'Share of ratings "not at all"',
    "share.3": 'Share of ratings "somewhat"',
    "share.5": 'Share of ratings "very much"',
    "sd.person": "SD of participants' means",
    "high.after combined": 'Combined: "quite a bit" or more',
    "sd.within": "SD within participants",
}
"""Panels of the checks and their titles."""


def sensitivity_rows(sensitivity: pd.DataFrame) -> pd.DataFrame:
    """Return the sensitivities of effects against Control, labelled.

    All arms on overall empathy, and the strongest training on every dimension.

    Parameters
    ----------
    sensitivity : DataFrame
        quantity (``effect.<outcome>.sd``), group, prior, likelihood.
    """
    overall = sensitivity["quantity"].str.contains(OVERALL)
    combined = sensitivity["group"].str.startswith("combined")
    mine = sensitivity[sensitivity["group"].str.contains(" vs control") & (overall | combined)]
    outcome = mine["quantity"].str.split(".").str[1]
    names = outcome.map(lambda key: "Overall empathy" if key == OVERALL else label(key))
    arm = mine["group"].str.split(" ").str[0].map(label)
    return pd.DataFrame(
        {"label": names + ", " + arm, "prior": mine["prior"], "likelihood": mine["likelihood"]}
    )


def lasting_sentence(effects: pd.DataFrame) -> str:
    """Return the effects on overall empathy in conversations 2 and 3, in one sentence."""
    rows = effects.query("outcome == @OVERALL and unit == 'sd' and reference == 'control'")
    rows = rows.set_index(["arm", "period"])["mean"]
    parts = [
        f"{arm.label} {number(rows[arm.key, 'conversation 2'], plus=True)} in conversation 2 and "
        f"{number(rows[arm.key, 'conversation 3'], plus=True)} in conversation 3"
        for arm in ARMS
        if arm.key in rows.index.get_level_values(0)
    ]
    return f"Effects on overall empathy in SD: {'; '.join(parts)}."


def growth_sentence(estimates: pd.DataFrame, arm: str) -> str:
    """Return one sentence on whether an effect grew or faded from conversation 2 to 3."""
    mine = (estimates["quantity"] == f"growth.{OVERALL}.sd") & (
        estimates["group"] == f"{arm} vs control"
    )
    row = estimates[mine].iloc[0]
    verb = "grows" if row["mean"] > 0 else "fades"
    low, high = (number(row[end], plus=True) for end in ("hdi_low", "hdi_high"))
    return (
        f"**{label(arm)}**: the effect {verb} by {number(abs(row['mean']))} SD (95% interval of "
        f"the difference {low} to {high}; probability that it {verb} "
        f"{percent(row['p_direction'])}%)."
    )


def contrast_table(effects: pd.DataFrame, *, smallest: float) -> pd.DataFrame:
    """Return the comparisons of arms on overall empathy, for readers.

    Parameters
    ----------
    effects : DataFrame
        Frame ``effects`` of a coaching model.
    smallest : float
        Smallest effect of interest in SD, one of those tabulated.
    """
    rows = effects.query("outcome == @OVERALL and period == 'both'")
    points, sd = (rows[rows["unit"] == unit].reset_index(drop=True) for unit in ("points", "sd"))
    return pd.DataFrame(
        {
            "Comparison": sd["arm"].map(label) + " against " + sd["reference"].map(label),
            "Points": points["mean"].map(lambda value: number(value, plus=True)),
            "95% interval": [
                f"{number(low, plus=True)} to {number(high, plus=True)}"
                for low, high in zip(points["low_95"], points["high_95"], strict=True)
            ],
            "SD": sd["mean"].map(lambda value: number(value, plus=True)),
            "Probability above zero (%)": sd["p_positive"].map(percent),
            f"Probability above {number(smallest)} SD (%)": sd[f"p_over_{smallest:.2f}"].map(
                percent
            ),
        }
    )


def comparison_table(models: Mapping[str, pd.DataFrame], alone: pd.DataFrame) -> pd.DataFrame:
    """Return the effects on overall empathy (SD) according to several models, for readers.

    Parameters
    ----------
    models : mapping of str to DataFrame
        By name for readers, frames ``effects`` of models of six dimensions.
    alone : DataFrame
        Frame ``estimates`` of the model of overall empathy.
    """
    table = {}
    for name, frame in models.items():
        rows = frame.query("outcome == @OVERALL and unit == 'sd' and period == 'both'")
        rows = rows[rows["reference"] == "control"].set_index("arm")
        table[name] = {
            label(arm): _range(row["mean"], row["low_95"], row["high_95"])
            for arm, row in rows.iterrows()
        }
    rows = alone[alone["quantity"] == f"effect.{OVERALL}.sd"].set_index("group")
    table["overall empathy alone"] = {
        arm.label: _range(*rows.loc[f"{arm.key} vs control, both", ["mean", "hdi_low", "hdi_high"]])
        for arm in ARMS
        if f"{arm.key} vs control, both" in rows.index
    }
    return pd.DataFrame(table).rename_axis("Effect in SD (95% interval)").reset_index()


def left_out_table(compared: pd.DataFrame) -> pd.DataFrame:
    """Return a comparison by leave-one-out cross-validation, for readers.

    Parameters
    ----------
    compared : DataFrame
        From `lendanear.bayes.comparison.compare_left_out`.
    """
    return pd.DataFrame(
        {
            "Model": compared["model"],
            "Log-probability behind the best": compared["elpd_diff"].map(
                lambda value: number(value, 1)
            ),
            "Standard error": compared["dse"].map(lambda value: number(value, 1)),
            "Worst diagnostic (reliable below 0.7)": compared["pareto_k_max"].map(number),
        }
    )


def with_overall_of(dimensions: pd.DataFrame, gaussian: pd.DataFrame) -> pd.DataFrame:
    """Return the ordered model's rows, and the Gaussian model's rows of overall empathy.

    Parameters
    ----------
    dimensions, gaussian : DataFrame
        Frames ``effects``, ``estimates`` or ``sensitivity`` of the two models.
    """
    column = "outcome" if "outcome" in gaussian.columns else "quantity"
    overall = gaussian[gaussian[column].str.contains(OVERALL)]
    return pd.concat([overall, dimensions], ignore_index=True)


def agreement_sentence(dimensions: pd.DataFrame, gaussian: pd.DataFrame) -> str:
    """Return how far two models' effects on single dimensions lie apart, in one sentence.

    Parameters
    ----------
    dimensions, gaussian : DataFrame
        Frames ``effects`` of the ordered and of the Gaussian model.
    """
    keys = ["outcome", "arm", "reference", "period"]
    one, other = (
        frame[(frame["unit"] == "sd") & (frame["outcome"] != OVERALL)].set_index(keys)["mean"]
        for frame in (dimensions, gaussian)
    )
    apart = (one - other).abs()
    outcome, arm, reference, period = apart.idxmax()
    return (
        f"On single dimensions the ordered and the Gaussian model agree within "
        f"{number(apart.max())} SD; they are farthest apart on {label(outcome).lower()}, "
        f"{label(arm)} against {label(reference)}, {period}."
    )


def which_model(*, ordered: bool) -> str:
    """Return a sentence that says which models the estimates come from."""
    if ordered:
        return (
            "Effects on single dimensions come from the model of ordered categories, effects on "
            "overall empathy from the Gaussian model."
        )
    return (
        "All estimates come from the **Gaussian cross-check**, because this build was shortened "
        "and leaves the model of ordered categories out."
    )


def _range(mean: float, low: float, high: float) -> str:
    return f"{number(mean, plus=True)} ({number(low, plus=True)} to {number(high, plus=True)})"
