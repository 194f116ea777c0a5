"""Tiny valid raw files of the study, made from scratch, for tests to read or to damage."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pandas as pd

from lendanear import vocabulary as words
from lendanear.tables.study import DEMOGRAPHICS

OPENINGS = {
    "job_loss": "So, I just lost my job today… it’s a lot.",
    "promotion": "I found out I didn’t get the promotion I was counting on…",
    "undervalued": "I work so hard and nobody at my job seems to care.",
    "loss_dad": "My dad died last week and I don’t know what to do.",
    "mom_unwell": "My mom was just diagnosed with cancer…",
}
"""An opening sentence of each scenario, with typographic marks as real files have them."""


def conversation_id(number: int) -> str:
    """Return a 20-digit id that looks like a real one: a time stamp with microseconds."""
    clock = f"{number % 24:02d}{number // 24 % 60:02d}11"
    return f"20250326{clock}{(507_995 + 7_919 * number) % 10**6:06d}"


def experiment_1(participants: int = 8, *, turns: int = 4, seed: int = 1) -> pd.DataFrame:
    """Return raw rows of experiment_1.csv, all text: one per supporter message.

    Participant ``p`` is in arm ``p % 4``; three conversations each, `turns` messages per
    conversation. Scores are drawn at random.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(participants):
        answers = {
            "user_id": f"{person:032x}",
            "condition": words.ARMS[person % 4].raw,
            **{raw: f"{raw} {person % 3}" for raw in DEMOGRAPHICS.values()},
            "Age": "CONSENT_REVOKED" if person % 7 == 6 else str(20 + person % 50),
            "Sex": ("Female", "Male", "CONSENT_REVOKED")[person % 5 % 3],
            **{item: words.TRAIT_LEVELS[rng.integers(5)] for item in words.TRAIT_ITEMS},
        }
        coached = words.ARMS[person % 4].coached
        for number in words.CONVERSATION_NUMBERS:
            index = 3 * person + number - 1
            scenario = words.SCENARIO_KEYS[index % 5]
            said = [f"I hear you, {person} “{turn}”, really" for turn in range(turns)]
            said[-1] = "" if index % 6 == 0 else said[-1]
            lines = [f"Seeker: {OPENINGS[scenario]}"]
            for turn, message in enumerate(said):
                lines += [f"Supporter: {message}", f"Seeker: Yes,\nit is hard ({turn})."]
            conversation = {
                "conversation_id": conversation_id(index),
                "conversation": "\n".join(lines),
                "message_count": str(2 * turns + 1),
                "seeker_count": str(turns + 1),
                "supporter_count": str(turns),
                "conversation_number": str(number),
                "starter": OPENINGS[scenario],
                **{key: str(rng.integers(1, 6)) for key in words.DIMENSION_KEYS},
                **{key: f"{rng.integers(1, 6)}.0" for key in words.SELF_REPORT_KEYS},
                "coach_coach_feedback": "Try to ask more." if coached and number < 3 else "",
                "coach_coach_user_questions": "How do I ask?" if coached and number < 2 else "",
            }
            if index % 10 == 9:
                conversation["self_empathized"] = ""
            rows += [
                {"id": str(len(rows) + turn), "user_message": message, **conversation, **answers}
                for turn, message in enumerate(said)
            ]
    return pd.DataFrame(rows, dtype="str")


def experiment_2(study: pd.DataFrame, choices: int = 40, *, seed: int = 2) -> pd.DataFrame:
    """Return raw rows of experiment_2.csv with only the columns that are always there."""
    rng = np.random.default_rng(seed)
    conversations = study.drop_duplicates("conversation_id")
    scenario = conversations["starter"].map({text: key for key, text in OPENINGS.items()})
    rows = []
    for index in range(choices):
        key = words.SCENARIO_KEYS[index % 5]
        left, right = rng.choice(
            conversations.loc[scenario == key, "conversation_id"], size=2, replace=False
        )
        rows.append(
            {
                "participant_id": f"rater{index // 5}",
                "scenario": key.replace("_", " "),
                "conversation_left_id": left,
                "conversation_right_id": right,
                "participant_choice": ("left", "right")[rng.integers(2)],
            }
        )
    return pd.DataFrame(rows, dtype="str")


def elo_rankings(study: pd.DataFrame, *, seed: int = 3) -> pd.DataFrame:
    """Return raw rows of elo_rankings.csv for every conversation of `study`."""
    rng = np.random.default_rng(seed)
    conversations = study.drop_duplicates("conversation_id").reset_index(drop=True)
    scores = conversations[list(words.DIMENSION_KEYS)].astype(int)
    signs = [dimension.sign for dimension in words.DIMENSIONS]
    scenario = conversations["starter"].map({text: key for key, text in OPENINGS.items()})
    rating = pd.Series(rng.normal(1500, 200, len(conversations)))
    rank = rating.groupby(scenario).rank(ascending=False).astype(int)
    return pd.DataFrame(
        {
            "": [str(row) for row in range(len(conversations))],
            "conversation_id": conversations["conversation_id"],
            "elo_rating": rating.map(repr),
            "comparisons_count": "60",
            "updated_condition": "control",
            "overall_empathy": (scores * signs).sum(axis=1).astype(str),
            "conversation_number": conversations["conversation_number"],
            "condition": conversations["condition"],
            "elo_rank": rank.astype(str),
            "starter": scenario.str.replace("_", " "),
        }
    ).astype("str")


def all_themes(study: pd.DataFrame, *, seed: int = 4) -> pd.DataFrame:
    """Return raw rows of all_themes.csv: one span per message of `study`, spelling varied."""
    rng = np.random.default_rng(seed)
    spellings = [
        spelling(theme.label)
        for theme in words.THEMES
        for spelling in (str.title, str.upper, lambda name: name.replace("-", " "))
    ]
    return pd.DataFrame(
        {
            "theme": [("personal", "workplace")[row % 2] for row in range(len(study))],
            "user_id": study["user_id"],
            "conversation_number": study["conversation_number"],
            "condition": study["condition"],
            "turn_number": study.groupby("conversation_id").cumcount().add(1).astype(str),
            "text": study["user_message"],
            "Level 1": rng.choice(spellings, len(study)),
            "Level 2": "a level between",
            "Level 3 - interpretation": [f"says {row % 12}" for row in range(len(study))],
        }
    ).astype("str")


def pilot_ratings(conversations: int = 6, *, seed: int = 5) -> dict[str, pd.DataFrame]:
    """Return the raw rating files of the pilot by key: whole scores, fractions from the crowd."""
    rng = np.random.default_rng(seed)
    files = {}
    for rater in words.RATER_KEYS:
        scores = rng.integers(1, 6, size=(conversations, len(words.DIMENSION_KEYS)))
        values = (scores + 2) / 3 + 1 if rater == "crowd" else scores
        frame = pd.DataFrame(values, columns=list(words.DIMENSION_KEYS)).map(str)
        frame.insert(0, "conversation_id", [conversation_id(i) for i in range(conversations)])
        if rater == "gemini":
            frame.insert(1, "full_conversation", "")
        files[f"{rater}_ratings"] = frame.astype("str")
    return files


def write_csv(frame: pd.DataFrame, path: Path, *, encoding: str = "utf-8") -> Path:
    """Write raw rows as the study's files are written, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False, encoding=encoding, quoting=csv.QUOTE_MINIMAL)
    return path


def write_study(folder: Path, participants: int = 8) -> dict[str, Path]:
    """Write the four files of a tiny study into `folder` and return their paths by key."""
    study = experiment_1(participants)
    frames = {
        "experiment_1": study,
        "experiment_2": experiment_2(study),
        "elo_rankings": elo_rankings(study),
        "all_themes": all_themes(study),
    }
    return {key: write_csv(frame, folder / f"{key}.csv") for key, frame in frames.items()}
