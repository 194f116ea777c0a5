"""Who the participants are: age bands, and each participant's scores beside age and sex."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd

from lendanear.measures.change import participant_changes

SEXES: Final = ("Female", "Male")
"""Values of ``participants.sex``; anything else is missing."""
AGE_STARTS: Final = (18, 30, 40, 50, 60)
"""First age, in years, of each age band; the last band has no end."""
AGE_BANDS: Final = (
    *(f"{low}\N{EN DASH}{high - 1}" for low, high in pairwise(AGE_STARTS)),
    f"{AGE_STARTS[-1]}+",
)
"""Labels of the age bands, youngest first."""


def age_band(age: pd.Series) -> pd.Series:
    """Return the age band of each age.

    Parameters
    ----------
    age : Series
        Ages in years, 18 or more; may be missing.

    Returns
    -------
    Series
        Ordered category `AGE_BANDS`; missing where the age is.
    """
    years = age.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    bands = pd.cut(years, [*AGE_STARTS, np.inf], right=False, labels=AGE_BANDS)
    return pd.Series(bands, index=age.index, name="age_band")


def participant_scores(participants: pd.DataFrame, conversations: pd.DataFrame) -> pd.DataFrame:
    """Return everybody's age, sex and overall empathy before and after training.

    Parameters
    ----------
    participants, conversations : DataFrame
        The typed tables.

    Returns
    -------
    DataFrame, one row per participant
        ``participant_id``, ``arm``, ``age`` (float64, missing as NaN), ``age_band``, ``sex``,
        ``baseline``, ``post``, ``change`` (points of overall empathy).
    """
    about = participants[["participant_id", "age", "sex"]]
    scores = participant_changes(conversations).merge(about, on="participant_id", how="left")
    scores["age_band"] = age_band(scores["age"])
    scores["age"] = scores["age"].to_numpy(dtype=float, na_value=np.nan)
    columns = ["participant_id", "arm", "age", "age_band", "sex", "baseline", "post", "change"]
    return scores[columns]
