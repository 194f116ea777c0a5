"""Orders of many draws at once: ranks, and how well two orders agree."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_BLOCK = 4_000_000
"""Pairs of values compared at a time: bounds the memory."""


def ranks(values: npt.ArrayLike) -> Floats:
    """Return the rank of every value along the last axis, 1 the highest.

    Parameters
    ----------
    values : array_like, shape (..., n)
        Values; equal ones share their mean rank.

    Returns
    -------
    ndarray, shape (..., n)
    """
    from scipy.stats import rankdata

    return rankdata(-np.asarray(values, dtype=np.float64), axis=-1)


def kendall(first: npt.ArrayLike, second: npt.ArrayLike) -> Floats:
    """Return Kendall's tau-a along the last axis.

    Parameters
    ----------
    first, second : array_like, shape (k, n)
        Pairs of orders; n at least 2.

    Returns
    -------
    ndarray, shape (k,)
        Share of pairs of values in the same order less the share in opposite order, -1 to 1; a
        pair that is equal on either side counts for neither.
    """
    first, second = (np.asarray(values, dtype=np.float64) for values in (first, second))
    low, high = np.triu_indices(first.shape[-1], k=1)
    found = np.empty(len(first))
    step = max(1, _BLOCK // len(low))
    for start in range(0, len(first), step):
        rows = slice(start, start + step)
        a, b = (np.sign(values[rows][:, low] - values[rows][:, high]) for values in (first, second))
        found[rows] = (a * b).mean(axis=1)
    return found
