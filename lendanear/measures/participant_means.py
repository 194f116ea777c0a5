"""Each participant's mean of scores or self-reports over conversations."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def participant_means(conversations: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return the mean of columns over each participant's conversations.

    Parameters
    ----------
    conversations : DataFrame, shape (n, >= 1 + k)
        ``participant_id`` and the numeric `columns`, one row per conversation.
    columns : sequence of str, length k
        What is averaged, in its own unit.

    Returns
    -------
    DataFrame, one row per participant, ordered by ``participant_id``
        ``participant_id`` and `columns` as float64. Missing values are left out of the mean; a
        participant without any value has NaN.
    """
    wanted = list(columns)
    values = conversations[["participant_id", *wanted]].astype(dict.fromkeys(wanted, "Float64"))
    means = values.groupby("participant_id", sort=True)[wanted].mean()
    return means.astype("float64").reset_index()
