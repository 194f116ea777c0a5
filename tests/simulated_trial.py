"""Typed tables of a simulated trial whose parameters are known, for tests of models and figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lendanear.vocabulary import (
    ARM_KEYS,
    DIMENSION_KEYS,
    SCENARIOS,
    TROUBLE_TYPE_KEYS,
)

SD_PERSON, SD_NOISE = 3.0, 2.0
"""Of overall empathy, between people and within them."""
AGE_EFFECT, FEMALE_EFFECT = -0.03, 0.8
"""On overall empathy at baseline, in points per year and points."""
GAIN = {"control": 0.0, "video": 1.5, "coach": 3.0, "combined": 3.5}
"""Mean change of overall empathy in each arm, in points."""


def simulate_trial(
    people_per_arm: int = 40, *, seed: int = 0, missing: float = 0.05, whole: bool = True
) -> dict[str, pd.DataFrame]:
    """Return the tables ``participants`` and ``conversations``.

    With ``whole=False`` overall empathy is kept as real numbers without limits, so that the
    planted parameters are exactly those of the data's distribution. The six ratings are drawn apart
    from it; a personal trouble raises advice giving by one level in half of the conversations.
    """
    rng = np.random.default_rng(seed)
    arms = np.repeat(ARM_KEYS, people_per_arm)
    n = len(arms)
    person_id = np.array([f"p{i:05d}" for i in rng.permutation(n)])
    age = rng.integers(18, 76, n).astype(float)
    female = rng.random(n) < 0.5
    person = rng.normal(0, SD_PERSON, n) + AGE_EFFECT * (age - 45) + FEMALE_EFFECT * (female - 0.5)
    participants = pd.DataFrame(
        {
            "participant_id": pd.Series(person_id, dtype="str"),
            "arm": pd.Categorical(arms, ARM_KEYS),
            "age": pd.array(np.where(rng.random(n) < missing, np.nan, age), dtype="Float64"),
            "sex": pd.Categorical(
                np.where(rng.random(n) < missing, None, np.where(female, "Female", "Male")),
                ["Female", "Male"],
            ),
        }
    )
    participants["age"] = participants["age"].where(participants["age"].notna(), pd.NA)
    rows = np.repeat(np.arange(n), 3)
    number = np.tile([1, 2, 3], n)
    gain = np.array([GAIN[arm] for arm in arms])[rows] * (number > 1)
    score = -1 + person[rows] + gain + rng.normal(0, SD_NOISE, 3 * n)
    scenario = rng.integers(0, len(SCENARIOS), 3 * n)
    trouble = np.array([s.trouble_type for s in SCENARIOS])[scenario]
    coached = np.isin(arms, ["coach", "combined"])[rows] & (number < 3)
    conversations = pd.DataFrame(
        {
            "conversation_id": pd.Series([f"{i:020d}" for i in range(3 * n)], dtype="str"),
            "participant_id": pd.Series(person_id[rows], dtype="str"),
            "arm": pd.Categorical(arms[rows], ARM_KEYS),
            "conversation_number": pd.array(number, dtype="Int8"),
            "post": number > 1,
            "scenario": pd.Categorical(
                [SCENARIOS[i].key for i in scenario], [s.key for s in SCENARIOS]
            ),
            "trouble_type": pd.Categorical(trouble, TROUBLE_TYPE_KEYS),
            **{
                key: pd.array(np.clip(np.rint(rng.normal(2.6, 1, 3 * n)), 1, 5), dtype="Int8")
                for key in DIMENSION_KEYS
            },
            "seeker_count": pd.array(rng.integers(4, 9, 3 * n), dtype="Int16"),
            "supporter_count": pd.array(rng.integers(4, 9, 3 * n), dtype="Int16"),
            "coach_feedback": pd.Series(np.where(coached, "Ask more.", None), dtype="str"),
        }
    )
    more = (trouble == "personal") & (rng.random(3 * n) < 0.5)
    advice = conversations["advice_giving"].astype(int) + more
    conversations["advice_giving"] = advice.clip(upper=5).astype("Int8")
    conversations["overall_empathy"] = (
        pd.array(np.clip(np.rint(score), -12, 12), dtype="Int8") if whole else score
    )
    order = conversations.sort_values(["participant_id", "conversation_number"])
    return {
        "participants": participants.sort_values("participant_id", ignore_index=True),
        "conversations": order.reset_index(drop=True),
    }
