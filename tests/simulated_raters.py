"""Raters of known habits and LLM judges of known errors, as typed tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from factories import conversation_id

from lendanear.measures.elo_error import POINTS, START, rating_error
from lendanear.vocabulary import ARM_KEYS, SCENARIO_KEYS

SPREAD = np.array([0.7, 1.0, 1.3, 1.0, 1.6])
"""SD of strengths per scenario, in log odds."""
TAU = 1.2
"""SD of true Elo ratings, in log odds."""


@dataclass(frozen=True)
class Truth:
    """What was planted, by conversation in the order of scenario and id.

    ``human`` and ``llm`` are true standings with mean 0 and SD 1; ``strength`` is centred.
    """

    ids: list[str]
    scenario: np.ndarray
    human: np.ndarray
    llm: np.ndarray
    strength: np.ndarray


def preferences(
    *,
    per_scenario: int = 12,
    raters: int = 80,
    per_rater: int = 20,
    correlation: float = 0.7,
    side: float = 0.3,
    side_sd: float = 0.3,
    consistency_sd: float = 0.5,
    unseen: int = 60,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame, Truth]:
    """Return the tables ``choices`` and ``elo`` and what was planted.

    Parameters
    ----------
    per_scenario, unseen : int
        Conversations of a scenario that raters compare, and that only the tournament knows.
    raters, per_rater : int
        Raters and choices of each.
    correlation : float
        Of true standings among raters and among LLM judges.
    side, side_sd, consistency_sd : float
        The population of raters.
    """
    random = np.random.default_rng(seed)
    scenarios, each = len(SCENARIO_KEYS), per_scenario + unseen
    number = np.arange(scenarios * each)
    scenario = number // each
    seen = number % each < per_scenario
    llm = random.standard_normal(len(number))
    human = correlation * llm + np.sqrt(1 - correlation**2) * random.standard_normal(len(number))
    raw = SPREAD[scenario] * human
    means = np.bincount(scenario[seen], weights=raw[seen]) / per_scenario
    strength = raw - means[scenario]
    ids = np.array([conversation_id(place) for place in number])

    elo = pd.DataFrame(
        {
            "conversation_id": pd.Series(ids, dtype="str"),
            "elo_rating": START + POINTS * TAU * llm,
            "comparisons_count": np.full(len(number), 60, dtype=np.int32),
            "arm": pd.Categorical(np.resize(ARM_KEYS, len(number)), categories=list(ARM_KEYS)),
            "overall_empathy": pd.array(np.zeros(len(number)), dtype="Int8"),
            "conversation_number": pd.array(np.ones(len(number)), dtype="Int8"),
            "scenario": pd.Categorical.from_codes(scenario, categories=list(SCENARIO_KEYS)),
        }
    )
    elo["elo_rating"] += rating_error(elo) * random.standard_normal(len(number))
    order = elo.groupby("scenario", observed=True)["elo_rating"].rank(ascending=False)
    elo["elo_rank"] = order.astype("Int32")

    n = raters * per_rater
    rater = np.repeat(np.arange(raters), per_rater)
    pair = np.argsort(random.random((n, per_scenario)), axis=1)[:, :2]
    left, right = (pair + random.integers(scenarios, size=n)[:, None] * each).T
    leaning = side + side_sd * random.standard_normal(raters)
    consistency = np.exp(consistency_sd * random.standard_normal(raters))
    odds = consistency[rater] * (strength[left] - strength[right]) + leaning[rater]
    chose_left = random.random(n) < 1 / (1 + np.exp(-odds))
    choices = pd.DataFrame(
        {
            "rater_id": pd.Series([f"rater{place:04d}" for place in rater], dtype="str"),
            "scenario": pd.Categorical.from_codes(scenario[left], categories=list(SCENARIO_KEYS)),
            "left_id": pd.Series(ids[left], dtype="str"),
            "right_id": pd.Series(ids[right], dtype="str"),
            "choice": pd.Categorical(
                np.where(chose_left, "left", "right"), categories=["left", "right"]
            ),
        }
    )
    truth = Truth(list(ids[seen]), scenario[seen], human[seen], llm[seen], strength[seen])
    return choices, elo, truth
