r"""Correlations with weights and, where people give several observations, intervals that know it.

Weighted ranks are mid-ranks: a value's rank is the weight below it plus half the weight at it, so
that a weight of 2 means exactly the same as the observation occurring twice. Intervals live on
Fisher's scale :math:`z = \operatorname{artanh} r`:

* independent observations: standard error :math:`1 / \sqrt{n - 3}` for Pearson's r (Fisher 1921)
  and :math:`\sqrt{(1 + r^2 / 2) / (n - 3)}` for Spearman's (Bonett and Wright 2000, Psychometrika
  65:23-28); p-values from Student's t;
* several observations per person: the jackknife that leaves out one person at a time (Efron and
  Tibshirani 1993, chapter 11), with a normal reference distribution. It is deterministic, exact in
  the ties of a five-point scale, and its cost grows with the number of people.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from lendanear.measures.intervals import NORMAL_QUANTILE

Floats = npt.NDArray[np.float64]
Method = Literal["pearson", "spearman"]

_BLOCK: Final = 4096
"""People left out at a time: bounds the memory of the jackknife."""


@dataclass(frozen=True)
class Correlation:
    """A correlation, its 95% interval and its two-sided p-value against zero.

    ``n`` counts observations, ``people`` those who gave them.
    """

    n: int
    people: int
    estimate: float
    ci_low: float
    ci_high: float
    p: float


def mid_ranks(values: npt.ArrayLike, weight: npt.ArrayLike | None = None) -> Floats:
    """Return the mid-rank of every value.

    Parameters
    ----------
    values : array_like, shape (n,)
        The values.
    weight : array_like, shape (..., n), optional
        Weight of each observation, 0 or more; 1 if omitted.

    Returns
    -------
    ndarray, shape (..., n)
        Weight below the value plus half the weight at it, plus one half: with weights of 1 the
        usual ranks from 1 to n, ties averaged.
    """
    values = np.asarray(values, dtype=np.float64)
    weight = np.ones(values.shape) if weight is None else np.asarray(weight, dtype=np.float64)
    levels, code = np.unique(values, return_inverse=True)
    if weight.ndim == 1:
        at_level = np.bincount(code, weights=weight)
    else:
        at_level = weight @ np.eye(len(levels))[code]
    below = np.cumsum(at_level, axis=-1) - at_level / 2
    return below[..., code] + 0.5


def pearson(
    first: npt.ArrayLike, second: npt.ArrayLike, weight: npt.ArrayLike | None = None
) -> Floats:
    """Return Pearson's correlation.

    Parameters
    ----------
    first, second : array_like, shape (..., n)
        Paired observations.
    weight : array_like, shape (..., n), optional
        Weight of each pair, 0 or more; 1 if omitted.

    Returns
    -------
    ndarray, shape (...)
        -1 to 1; NaN where either side does not vary.
    """
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    weight = np.ones(first.shape[-1]) if weight is None else np.asarray(weight, dtype=np.float64)
    total = weight.sum(axis=-1)
    first = first - ((weight * first).sum(axis=-1) / total)[..., None]
    second = second - ((weight * second).sum(axis=-1) / total)[..., None]
    product = (weight * first * second).sum(axis=-1)
    squares = (weight * first**2).sum(axis=-1) * (weight * second**2).sum(axis=-1)
    # rounding leaves a hair of variance where there is none: compare with the size of the numbers
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(squares > 1e-20 * total**2, product / np.sqrt(squares), np.nan)


def spearman(
    first: npt.ArrayLike, second: npt.ArrayLike, weight: npt.ArrayLike | None = None
) -> Floats:
    """Return Spearman's correlation: Pearson's between mid-ranks.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Paired observations.
    weight : array_like, shape (..., n), optional
        Weight of each pair, 0 or more; 1 if omitted. Ranks are taken anew for each set of weights.

    Returns
    -------
    ndarray, shape (...)
        -1 to 1; NaN where either side does not vary.
    """
    return pearson(mid_ranks(first, weight), mid_ranks(second, weight), weight)


_COEFFICIENTS: Final = {"pearson": pearson, "spearman": spearman}


def correlate(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    person: npt.ArrayLike,
    *,
    method: Method = "pearson",
) -> Correlation:
    """Return a correlation with the interval that fits its observations.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Paired observations; pairs with a NaN are left out.
    person : array_like, shape (n,)
        Who gave each pair, in any type that can be sorted.
    method : {"pearson", "spearman"}
        Which coefficient.

    Returns
    -------
    Correlation
        Closed-form interval and p-value where nobody gave two pairs, otherwise the jackknife over
        people. All NaN where either side does not vary or fewer than four pairs are left.
    """
    first, second = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    known = ~(np.isnan(first) | np.isnan(second))
    first, second = first[known], second[known]
    code = np.unique(np.asarray(person)[known], return_inverse=True)[1]
    n, people = len(first), int(code.max(initial=-1)) + 1
    r = float(_COEFFICIENTS[method](first, second)) if n > 3 else np.nan
    if np.isnan(r):
        return Correlation(n, people, np.nan, np.nan, np.nan, np.nan)
    from scipy.special import ndtr, stdtr

    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.arctanh(np.clip(r, -1, 1))
        if people == n:
            se = np.sqrt((1 + r**2 / 2 if method == "spearman" else 1.0) / (n - 3))
            t = abs(r) * np.sqrt(np.divide(n - 2, max(1 - r**2, 0.0)))
            p = 2 * stdtr(n - 2, -t)
        else:
            se = _jackknife_se(first, second, code, method)
            p = 2 * ndtr(-abs(z) / se)
    reach = NORMAL_QUANTILE * se
    return Correlation(n, people, r, float(np.tanh(z - reach)), float(np.tanh(z + reach)), float(p))


def _jackknife_se(
    first: Floats, second: Floats, code: npt.NDArray[np.intp], method: Method
) -> float:
    """Return the standard error of artanh r when people, not observations, are independent."""
    coefficient = _COEFFICIENTS[method]
    # pairs of levels as one whole number each: much faster to sort than rows of two
    first, a = np.unique(first, return_inverse=True)
    second, b = np.unique(second, return_inverse=True)
    cells, cell = np.unique(a * len(second) + b, return_inverse=True)
    first, second = first[cells // len(second)], second[cells % len(second)]
    everybody = np.bincount(cell, minlength=len(cells)).astype(np.float64)
    left_out = np.concatenate(
        [
            np.arctanh(coefficient(first, second, everybody - own))
            for own in _counts_per_person(code, cell, len(cells))
        ]
    )
    people = len(left_out)
    return float(np.sqrt((people - 1) / people * np.sum((left_out - left_out.mean()) ** 2)))


def _counts_per_person(
    code: npt.NDArray[np.intp], cell: npt.NDArray[np.intp], n_cells: int
) -> Iterator[Floats]:
    """Yield, for one block of people after the other, how often each was in each cell."""
    order = np.argsort(code, kind="stable")
    code, cell = code[order], cell[order]
    for start in range(0, int(code[-1]) + 1, _BLOCK):
        stop = min(start + _BLOCK, int(code[-1]) + 1)
        rows = slice(*np.searchsorted(code, [start, stop]))
        flat = (code[rows] - start) * n_cells + cell[rows]
        counts = np.bincount(flat, minlength=(stop - start) * n_cells)
        yield counts.reshape(stop - start, n_cells).astype(np.float64)
