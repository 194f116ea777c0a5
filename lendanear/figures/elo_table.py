"""Readable table of scores and Elo ratings, conversation by conversation."""

from __future__ import annotations

import pandas as pd

from lendanear.figures.numbers import number
from lendanear.figures.regression_table import p_text
from lendanear.vocabulary import ARM_KEYS, label

_MEASURES = {"overall_empathy": ("Overall empathy", 2), "elo_rating": ("Elo rating", 0)}
"""Label and decimals of each outcome."""


def conversation_table(means: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """Return mean score and rating of each conversation, and the step from 2 to 3.

    Parameters
    ----------
    means, steps : DataFrame
        Result frames ``elo.means`` and ``elo.steps``.

    Returns
    -------
    DataFrame
        A row per measure and arm (and one for both arms with a coach): means with 95% intervals
        of conversations 1, 2 and 3, the difference of 3 and 2 with its interval, and its p-value.
    """
    cells = means.set_index(["outcome", "arm", "conversation_number"])
    later = steps[steps["from_conversation"] == 2].set_index(["outcome", "arm"])
    rows = []
    for outcome, (words, digits) in _MEASURES.items():
        for arm in (*ARM_KEYS, "all"):
            row = {"Measure": words, "Arm": "Both, pooled" if arm == "all" else label(arm)}
            for conversation in (1, 2, 3):
                key = (outcome, arm, conversation)
                row[f"Conversation {conversation}"] = (
                    _with_interval(cells.loc[key], digits) if key in cells.index else ""
                )
            step = later.loc[(outcome, arm)] if (outcome, arm) in later.index else None
            if arm == "all" and step is None:
                continue
            row["3 minus 2"] = "" if step is None else _with_interval(step, digits, plus=True)
            row["p"] = "" if step is None else p_text(step["p"])
            rows.append(row)
    return pd.DataFrame(rows)


def _with_interval(row: pd.Series, digits: int, *, plus: bool = False) -> str:
    estimate, low, high = (
        number(row[name], digits, plus=plus) for name in ("estimate", "ci_low", "ci_high")
    )
    return f"{estimate} [{low}, {high}]"
