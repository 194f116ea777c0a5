"""Overall empathy: the composite of the six judged dimensions."""

from __future__ import annotations

import pandas as pd

from lendanear.vocabulary import DIMENSIONS


def overall_empathy(scores: pd.DataFrame) -> pd.Series:
    """Return overall empathy: prescriptive ratings summed, minus the proscriptive ones.

    Parameters
    ----------
    scores : DataFrame, shape (n, >= 6)
        The six dimension columns, each 1 to 5.

    Returns
    -------
    Series, shape (n,)
        -12 to 12, Int8. Never an average of all six: three of them are better when lower.
    """
    parts = [dimension.sign * scores[dimension.key].astype("Int8") for dimension in DIMENSIONS]
    return sum(parts[1:], start=parts[0]).rename("overall_empathy")
