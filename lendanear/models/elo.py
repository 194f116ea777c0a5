"""Elo ratings: what LLM judges prefer in pairs, against the scores they give one by one.

In the tournament an LLM chose the more empathic of two conversations on the same scenario again
and again; the Elo rating sums up whom it preferred. Ratings are centred on 1500 within each
scenario. The tournament holds every conversation 1 and conversations 2 and 3 of the two arms with
a coach. The public file names no participants, so means of different conversations are compared
as independent samples; where the same people stand in both, pairing them would narrow the
intervals.

Source: Figure 6A of arXiv 2603.15245.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from lendanear.measures.correlation import correlate
from lendanear.measures.deciles import deciles
from lendanear.measures.intervals import CONFIDENCE, NORMAL_QUANTILE, mean_interval
from lendanear.vocabulary import ARM_KEYS, SCENARIO_KEYS

ALL: Final = "all"
"""Group name of all scenarios, or of all arms, together."""
OUTCOMES: Final = ("overall_empathy", "elo_rating")


def fit(elo: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Describe the ratings by score, by scenario and by conversation.

    Parameters
    ----------
    elo : DataFrame
        The typed table.

    Returns
    -------
    dict of DataFrame
        ``deciles`` (scenario, decile, score_low, score_high, n, estimate, sd, se, ci_low,
        ci_high, p10, p90: Elo rating by decile of overall empathy; deciles are cut over all
        scenarios together so that a decile means the same scores everywhere, and equal scores
        share a decile), ``correlations`` (scenario or ``all``, n, estimate, ci_low, ci_high:
        Pearson's r with Fisher's interval, spearman), ``means`` (outcome, arm,
        conversation_number, n, estimate, sd, se, ci_low, ci_high) and ``steps`` (outcome, arm,
        from_conversation, to_conversation, estimate, se, ci_low, ci_high, p: Welch's difference
        of means; the arm ``all`` is the inverse-variance mean over the arms that have both
        conversations).
    """
    frame = elo.astype({"overall_empathy": float})
    return {
        "deciles": _deciles(frame),
        "correlations": _correlations(frame),
        "means": _means(frame),
        "steps": _steps(frame),
    }


def _deciles(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.assign(decile=deciles(frame["overall_empathy"]))
    keys = ["scenario", "decile"]
    table = mean_interval(frame, keys, "elo_rating")
    bounds = frame.groupby("decile")["overall_empathy"].agg(score_low="min", score_high="max")
    ratings = frame.groupby(keys, observed=True)["elo_rating"]
    spread = pd.DataFrame({"p10": ratings.quantile(0.1), "p90": ratings.quantile(0.9)})
    table = table.merge(bounds, on="decile").merge(spread.reset_index(), on=keys)
    order = [*keys, "score_low", "score_high"]
    table = table[[*order, *(column for column in table.columns if column not in order)]]
    return table.astype({"scenario": str, "score_low": int, "score_high": int, "decile": int}).pipe(
        _in_order, "scenario", SCENARIO_KEYS, then="decile"
    )


def _in_order(
    frame: pd.DataFrame, column: str, keys: tuple[str, ...], *, then: str
) -> pd.DataFrame:
    """Sort by the vocabulary's order of `column`, then by another column."""
    places = {key: place for place, key in enumerate(keys)}
    order = frame.assign(_place=frame[column].map(places)).sort_values(["_place", then])
    return order.drop(columns="_place").reset_index(drop=True)


def _correlations(frame: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for scenario in (ALL, *SCENARIO_KEYS):
        own = frame if scenario == ALL else frame[frame["scenario"] == scenario]
        # the file names no people: every conversation is taken for somebody's only one
        pair = (own["overall_empathy"], own["elo_rating"], np.arange(len(own)))
        pearson = correlate(*pair)
        rank = correlate(*pair, method="spearman")
        rows.append(
            (scenario, len(own), pearson.estimate, pearson.ci_low, pearson.ci_high, rank.estimate)
        )
    columns = ["scenario", "n", "estimate", "ci_low", "ci_high", "spearman"]
    return pd.DataFrame(rows, columns=columns)


def _means(frame: pd.DataFrame) -> pd.DataFrame:
    tables = []
    for outcome in OUTCOMES:
        table = mean_interval(frame, ["arm", "conversation_number"], outcome)
        table = table.astype({"arm": str, "conversation_number": int})
        table.insert(0, "outcome", outcome)
        tables.append(_in_order(table, "arm", ARM_KEYS, then="conversation_number"))
    return pd.concat(tables, ignore_index=True)


def _steps(frame: pd.DataFrame) -> pd.DataFrame:
    """Compare conversations 1, 2 and 3 within each arm that has them, and over these arms."""
    from scipy.stats import norm, ttest_ind

    rows = []
    for outcome in OUTCOMES:
        for first, second in ((1, 2), (2, 3)):
            own_steps = []
            for arm in ARM_KEYS:
                own = frame[frame["arm"] == arm]
                earlier = own.loc[own["conversation_number"] == first, outcome]
                later = own.loc[own["conversation_number"] == second, outcome]
                if min(len(earlier), len(later)) < 2:
                    continue
                welch = ttest_ind(later, earlier, equal_var=False)
                interval = welch.confidence_interval(CONFIDENCE)
                estimate = later.mean() - earlier.mean()
                se = (later.var() / len(later) + earlier.var() / len(earlier)) ** 0.5
                own_steps.append((arm, estimate, se, interval.low, interval.high, welch.pvalue))
            if len(own_steps) > 1:
                weights = pd.Series([1 / step[2] ** 2 for step in own_steps])
                estimate = (weights * [step[1] for step in own_steps]).sum() / weights.sum()
                se = weights.sum() ** -0.5
                half = NORMAL_QUANTILE * se
                p = 2 * norm.sf(abs(estimate) / se)
                own_steps.append((ALL, estimate, se, estimate - half, estimate + half, p))
            rows += [(outcome, arm, first, second, *numbers) for arm, *numbers in own_steps]
    columns = ["outcome", "arm", "from_conversation", "to_conversation"]
    return pd.DataFrame(rows, columns=[*columns, "estimate", "se", "ci_low", "ci_high", "p"])
