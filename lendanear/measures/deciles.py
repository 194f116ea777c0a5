"""Deciles of a score that has few distinct values."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

DECILES: Final = 10


def deciles(scores: pd.Series) -> pd.Series:
    """Return the decile, 1 (lowest) to 10, that each score falls into.

    Equal scores always share a decile: it is the one that their mid-rank falls into,
    ``1 + floor(10 (r - 1/2) / n)`` with ``r`` the mean rank of the tied scores. With few
    distinct scores deciles are therefore of unequal size, and one may be empty; splitting ties
    would make them equal only by putting identical scores on both sides of a boundary.

    Parameters
    ----------
    scores : Series, shape (n,)
        Numbers without gaps.

    Returns
    -------
    Series, shape (n,)
        Int8, 1 to 10.
    """
    ranks = scores.astype(float).rank(method="average")
    place = np.floor(DECILES * (ranks - 0.5) / len(scores)).astype("Int8") + 1
    return place.rename("decile")
