"""Each participant's change: the mean of the conversations after training minus the baseline."""

from __future__ import annotations

import pandas as pd

BASELINE_NUMBER = 1
"""Number of the conversation before any training."""


def participant_changes(
    conversations: pd.DataFrame, score: str = "overall_empathy"
) -> pd.DataFrame:
    """Return baseline, mean after training and change of every participant.

    Parameters
    ----------
    conversations : DataFrame, shape (n, >= 4)
        Columns ``participant_id``, ``arm``, ``conversation_number`` and `score`; one row per
        conversation, the first of each participant among them.
    score : str
        The score that changes, in its own unit.

    Returns
    -------
    DataFrame, one row per participant, ordered by ``participant_id``
        ``participant_id``, ``arm``, ``baseline`` (score of conversation 1), ``post`` (mean over the
        later conversations) and ``change`` (post minus baseline), the last three as float64.
    """
    first = conversations["conversation_number"] == BASELINE_NUMBER
    baseline = conversations.loc[first, ["participant_id", "arm", score]]
    after = (
        conversations.loc[~first, ["participant_id", score]]
        .astype({score: "float64"})
        .groupby("participant_id", sort=False)[score]
        .mean()
    )
    changes = baseline.rename(columns={score: "baseline"}).astype({"baseline": "float64"})
    changes["post"] = changes["participant_id"].map(after).astype("float64")
    changes["change"] = changes["post"] - changes["baseline"]
    return changes.sort_values("participant_id", ignore_index=True)
