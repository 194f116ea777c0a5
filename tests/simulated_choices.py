"""A tournament and human choices with known preferences, as typed tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
from factories import conversation_id

from lendanear.vocabulary import ARM_KEYS, DIMENSIONS, SCENARIO_KEYS

SIGNS = np.array([dimension.sign for dimension in DIMENSIONS])
COMPONENTS = [f"{dimension.key}_diff" for dimension in DIMENSIONS]


def tournament(per_scenario: int = 30, *, seed: int = 1) -> tuple[pd.DataFrame, np.ndarray]:
    """Return the table ``elo`` and the six ratings behind its scores, shape (n, 6)."""
    random = np.random.default_rng(seed)
    n = per_scenario * len(SCENARIO_KEYS)
    ratings = random.integers(1, 6, size=(n, len(SIGNS)))
    overall = ratings @ SIGNS
    scenario = np.repeat(SCENARIO_KEYS, per_scenario)
    rating = pd.Series(1500 + 40 * overall + random.normal(0, 90, n))
    rating += 1500 - rating.groupby(scenario).transform("mean")
    table = pd.DataFrame(
        {
            "conversation_id": pd.Series([conversation_id(i) for i in range(n)], dtype="str"),
            "elo_rating": rating,
            "comparisons_count": np.full(n, 60, dtype=np.int32),
            "arm": pd.Categorical(np.resize(ARM_KEYS, n), categories=list(ARM_KEYS)),
            "overall_empathy": pd.array(overall, dtype="Int8"),
            "conversation_number": pd.array(np.ones(n), dtype="Int8"),
            "elo_rank": rating.groupby(scenario).rank(ascending=False).astype("Int32"),
            "scenario": pd.Categorical(scenario, categories=list(SCENARIO_KEYS)),
        }
    )
    return table, ratings


def choices(
    elo: pd.DataFrame,
    ratings: np.ndarray,
    weights: np.ndarray,
    *,
    n: int = 1500,
    raters: int = 150,
    seed: int = 2,
) -> pd.DataFrame:
    """Return the table ``choices``: left is chosen with log odds ``weights @ (left - right)``."""
    random = np.random.default_rng(seed)
    scenario = random.integers(len(SCENARIO_KEYS), size=n)
    per_scenario = len(elo) // len(SCENARIO_KEYS)
    pair = np.argsort(random.random((n, per_scenario)), axis=1)[:, :2]
    pair += scenario[:, None] * per_scenario
    left, right = pair.T
    difference = ratings[left] - ratings[right]
    chose_left = random.random(n) < 1 / (1 + np.exp(-difference @ weights))
    ids = elo["conversation_id"].to_numpy()
    rating = elo["elo_rating"].to_numpy()
    gap = difference @ SIGNS
    higher = pd.array(chose_left == (gap > 0), dtype="Int8")
    higher[gap == 0] = pd.NA
    table = pd.DataFrame(
        {
            "rater_id": pd.Series([f"rater{i % raters}" for i in range(n)], dtype="str"),
            "scenario": pd.Categorical.from_codes(scenario, categories=list(SCENARIO_KEYS)),
            "left_id": pd.Series(ids[left], dtype="str"),
            "right_id": pd.Series(ids[right], dtype="str"),
            "choice": pd.Categorical(
                np.where(chose_left, "left", "right"), categories=["left", "right"]
            ),
            "left_score": pd.array(ratings[left] @ SIGNS, dtype="Float64"),
            "right_score": pd.array(ratings[right] @ SIGNS, dtype="Float64"),
            "abs_score_diff": pd.array(np.abs(gap), dtype="Float64"),
            "select_higher_annotation": higher,
            "select_match": pd.array(chose_left == (rating[left] > rating[right]), dtype="Int8"),
        }
    )
    for name, column in zip(COMPONENTS, difference.T, strict=True):
        table[name] = pd.array(column, dtype="Float64")
    return table
