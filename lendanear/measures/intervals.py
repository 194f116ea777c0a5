"""How sure a number is: the one confidence level, and intervals of shares and means."""

from __future__ import annotations

from statistics import NormalDist
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

CONFIDENCE: Final = 0.95
"""Coverage of every interval."""
NORMAL_QUANTILE: Final = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
"""Half-width of a normal interval in standard errors."""


def share_interval(successes: ArrayLike, n: ArrayLike) -> pd.DataFrame:
    """Return shares with their Wilson score intervals.

    Parameters
    ----------
    successes, n : array_like of int, shape (k,)
        Successes and trials; every `n` at least 1.

    Returns
    -------
    DataFrame, shape (k, 3)
        ``estimate``, ``ci_low``, ``ci_high``, each 0 to 1.
    """
    from statsmodels.stats.proportion import proportion_confint

    successes, n = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    low, high = proportion_confint(successes, n, alpha=1 - CONFIDENCE, method="wilson")
    return pd.DataFrame({"estimate": successes / n, "ci_low": low, "ci_high": high})


def mean_interval(values: pd.DataFrame, by: list[str], column: str) -> pd.DataFrame:
    """Return the mean of a column per group with its Student t interval.

    Parameters
    ----------
    values : DataFrame
        Observations.
    by : list of str
        Columns that make the groups; only groups that occur are returned.
    column : str
        The column averaged.

    Returns
    -------
    DataFrame
        `by`, ``n``, ``estimate``, ``sd`` (n - 1), ``se``, ``ci_low``, ``ci_high``. A group of one
        has no spread and no interval (missing).
    """
    from scipy.stats import t

    groups = values.astype({column: float}).groupby(by, observed=True, sort=True)[column]
    table = groups.agg(n="size", estimate="mean", sd="std").reset_index()
    table["se"] = table["sd"] / np.sqrt(table["n"])
    half = t.ppf(0.5 + CONFIDENCE / 2, np.maximum(table["n"] - 1, 1)) * table["se"]
    return table.assign(ci_low=table["estimate"] - half, ci_high=table["estimate"] + half)
