"""The four files of a synthetic study, read as text the way a stranger would read them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

NAMES = ("experiment_1", "experiment_2", "elo_rankings", "all_themes")
LEVEL_3 = "Level 3 - interpretation"


@dataclass(frozen=True)
class StudyFiles:
    """The four files, every cell as text."""

    trial: pd.DataFrame
    choices: pd.DataFrame
    elo: pd.DataFrame
    themes: pd.DataFrame

    @cached_property
    def conversations(self) -> pd.DataFrame:
        """One row per conversation, in the file's order."""
        return self.trial.drop_duplicates("conversation_id")

    @cached_property
    def people(self) -> pd.DataFrame:
        """One row per participant."""
        return self.trial.drop_duplicates("user_id")

    @cached_property
    def messages(self) -> pd.DataFrame:
        """One row per supporter message, with its number within the conversation."""
        turn = self.trial.groupby("conversation_id", sort=False).cumcount() + 1
        return self.trial.assign(turn_number=turn.astype(str))


def read_study(folder: Path) -> StudyFiles:
    return StudyFiles(
        *(pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False) for name in NAMES)
    )
