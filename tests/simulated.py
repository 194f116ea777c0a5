"""Small simulated tables with planted truths, for tests of models and of what is made from them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from lendanear.measures.empathy import overall_empathy
from lendanear.vocabulary import (
    ARM_KEYS,
    DIMENSION_KEYS,
    RATER_KEYS,
    SELF_REPORT_KEYS,
    TRAIT_ITEMS,
)

KNOWS = {"expert1": 1.0, "expert2": 0.8, "expert3": 0.8, "crowd": 0.3}
KNOWS |= {"gpt": 0.6, "claude": 0.5, "gemini": 0.9}
SHIFT = {"gemini": 1.0}


def pilot_ratings(n: int, seed: int = 4) -> pd.DataFrame:
    """Raters who give the true score with probability `KNOWS`, and else draw another."""
    random = np.random.default_rng(seed)
    chances = [0.3, 0.3, 0.2, 0.1, 0.1]
    frames = []
    truth = random.choice(5, (n, 6), p=chances) + 1
    for rater in RATER_KEYS:
        knows = random.random((n, 6)) < KNOWS[rater]
        rating = np.where(knows, truth, random.choice(5, (n, 6), p=chances) + 1).astype(float)
        frame = pd.DataFrame(rating, columns=list(DIMENSION_KEYS))
        # nobody dismisses "very much", so that a rater one level harsher stays on the scale
        frame["dismissing_emotions"] = frame["dismissing_emotions"].clip(upper=4)
        frame["dismissing_emotions"] += SHIFT.get(rater, 0)
        frame["conversation_id"] = [f"{i:020d}" for i in range(n)]
        frames.append(
            frame.melt("conversation_id", var_name="dimension", value_name="rating").assign(
                rater=rater
            )
        )
    long = pd.concat(frames, ignore_index=True)
    long["rater"] = pd.Categorical(long["rater"], RATER_KEYS)
    long["dimension"] = pd.Categorical(long["dimension"], DIMENSION_KEYS)
    return long[["conversation_id", "rater", "dimension", "rating"]]


HIGH = {"self_encourage_elaboration": 0.74, "encouraging_elaboration": 0.18}
HIGH |= {"self_showed_understanding": 0.87, "demonstrating_understanding": 0.09}


def at_levels(latent: np.ndarray, high: float) -> np.ndarray:
    """Scores 1-5 of a standard normal, of which a share `high` is 4 or 5."""
    top = stats.norm.ppf(1 - high)
    return 1 + np.sum(latent[..., None] > top + np.array([-1.4, -0.7, 0, 0.9]), axis=-1)


def trial_with_reports(people: int, seed: int, link: float = 0.0) -> dict[str, pd.DataFrame]:
    """Three conversations each; `link` ties elaboration as reported to elaboration as judged."""
    random = np.random.default_rng(seed)
    shape = (people, 3)

    def steady() -> np.ndarray:
        mixed = random.normal(size=(people, 1)) + random.normal(size=shape)
        return mixed / np.sqrt(2)

    participants = pd.DataFrame({"participant_id": [f"p{i:06d}" for i in range(people)]})
    participants["arm"] = pd.Categorical(random.choice(ARM_KEYS, people), ARM_KEYS)
    items = random.integers(2, 6, (people, 8))
    for column, item in enumerate(TRAIT_ITEMS):
        participants[item] = pd.array(items[:, column], dtype="Int8")
    participants["jordan"] = pd.array(items[:, :7].sum(axis=1), dtype="Int8")
    participants["sites"] = pd.array(items[:, 7], dtype="Int8")

    conversations = participants.loc[
        np.repeat(np.arange(people), 3), ["participant_id", "arm"]
    ].reset_index(drop=True)
    conversations["conversation_number"] = np.tile([1, 2, 3], people).astype("int8")
    shared = steady()
    for key in (*DIMENSION_KEYS, *SELF_REPORT_KEYS):
        latent = steady()
        if key in {"encouraging_elaboration", "self_encourage_elaboration"}:
            latent = np.sqrt(link) * shared + np.sqrt(1 - link) * latent
        scores = at_levels(latent, HIGH.get(key, 0.5)).ravel()
        conversations[key] = pd.array(scores, dtype="Int8")
    conversations["overall_empathy"] = overall_empathy(conversations)
    return {"participants": participants, "conversations": conversations}
