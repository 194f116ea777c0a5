"""How scores are distributed: before and after training, by kind of trouble, by conversation.

For Extended Data Figures 1, 2 and 3: the share of conversations at each level of each score, and
the mean of each group. Intervals of means are t intervals over people, never over conversations:
where a participant has two conversations in a group, their mean is the person's one value.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from lendanear.measures.change import BASELINE_NUMBER
from lendanear.measures.counts import level_shares
from lendanear.measures.intervals import CONFIDENCE, mean_interval
from lendanear.vocabulary import (
    DIMENSION_KEYS,
    OVERALL_MAX,
    OVERALL_MIN,
    SCORE_MAX,
    SCORE_MIN,
    TROUBLE_TYPE_KEYS,
)

OUTCOMES: Final = ("overall_empathy", *DIMENSION_KEYS)
"""The composite and the six dimensions."""


def levels_of(outcome: str) -> range:
    """Return every level a score can have: 1 to 5, or -12 to 12 for overall empathy."""
    if outcome == "overall_empathy":
        return range(OVERALL_MIN, OVERALL_MAX + 1)
    return range(SCORE_MIN, SCORE_MAX + 1)


def fit(conversations: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Summarise every score in every group of the three figures.

    Parameters
    ----------
    conversations : DataFrame
        The typed table.

    Returns
    -------
    dict of DataFrame
        ``period_shares`` (dimension, arm, period, level, count, n, share) and ``period_means``
        (dimension, arm, period, n, estimate, sd, se, ci_low, ci_high), with period ``baseline`` or
        ``post``; ``trouble_shares`` and ``trouble_means``, by trouble_type, of first conversations
        only; ``trouble_differences`` (dimension, estimate, se, ci_low, ci_high): personal minus
        workplace, Welch's interval; ``number_shares`` and ``number_means``, by arm and
        conversation_number. In the means ``n`` counts people, in the shares conversations.
    """
    table = conversations.assign(period=np.where(conversations["post"], "post", "baseline"))
    first = table[table["conversation_number"] == BASELINE_NUMBER]
    by_person = table.groupby(["participant_id", "arm", "period"], sort=False, observed=True)
    people = by_person[list(OUTCOMES)].mean().reset_index()
    trouble_means = _means(first, ["trouble_type"])
    return {
        "period_shares": _shares(table, ["arm", "period"]),
        "period_means": _means(people, ["arm", "period"]),
        "trouble_shares": _shares(first, ["trouble_type"]),
        "trouble_means": trouble_means,
        "trouble_differences": _differences(trouble_means),
        "number_shares": _shares(table, ["arm", "conversation_number"]),
        "number_means": _means(table, ["arm", "conversation_number"]),
    }


def _shares(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return _for_each_outcome({o: level_shares(table, by, o, levels_of(o)) for o in OUTCOMES}, by)


def _means(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    return _for_each_outcome({o: mean_interval(table, by, o) for o in OUTCOMES}, by)


def _for_each_outcome(parts: dict[str, pd.DataFrame], by: list[str]) -> pd.DataFrame:
    frame = pd.concat(parts, names=["dimension", None]).reset_index(level=0).reset_index(drop=True)
    rest = [column for column in frame.columns if column not in {"dimension", *by}]
    return frame[["dimension", *by, *rest]]


def _differences(means: pd.DataFrame) -> pd.DataFrame:
    """Return personal minus workplace with Welch's t interval, where both kinds occur."""
    from scipy.special import stdtrit

    rows = means.set_index(["trouble_type", "dimension"])
    kinds = [kind for kind in TROUBLE_TYPE_KEYS if kind in set(means["trouble_type"])]
    if len(kinds) < len(TROUBLE_TYPE_KEYS):
        return pd.DataFrame(columns=["dimension", "estimate", "se", "ci_low", "ci_high"])
    one, two = (rows.loc[kind] for kind in kinds)
    squared = one["se"] ** 2 + two["se"] ** 2
    freedom = squared**2 / (one["se"] ** 4 / (one["n"] - 1) + two["se"] ** 4 / (two["n"] - 1))
    difference, se = one["estimate"] - two["estimate"], np.sqrt(squared)
    reach = stdtrit(freedom, (1 + CONFIDENCE) / 2) * se
    table = pd.DataFrame(
        {
            "estimate": difference,
            "se": se,
            "ci_low": difference - reach,
            "ci_high": difference + reach,
        }
    )
    return table.reset_index()
