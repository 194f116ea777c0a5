r"""Means and covariances of ratings cut from a latent normal, in closed form.

A rating is :math:`X = 1 + \sum_k 1\{Z > t_k\}` for a normal :math:`Z`. Expanding the indicator
functions in Hermite polynomials gives, for two ratings whose latent values correlate by
:math:`\rho`,

.. math:: \mathrm{cov}(X, Y) = \sum_{n \ge 1} \rho^n a_n b_n, \qquad
          a_n = \frac{1}{\sqrt{n!}} \sum_k \mathrm{He}_{n-1}(t_k) \varphi(t_k)

(the tetrachoric series; Kendall & Stuart, The Advanced Theory of Statistics, vol. 2).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import ndtr

_TERMS: Final = 60
"""Terms of the series; the error falls like the correlation to this power."""


def mean(cuts: np.ndarray) -> np.ndarray:
    """Return the mean of a rating.

    Parameters
    ----------
    cuts : ndarray, shape (..., K)
        Thresholds in standard units of the latent value.

    Returns
    -------
    ndarray, shape (...)
        Between 1 and K + 1.
    """
    return 1 + ndtr(-np.asarray(cuts)).sum(axis=-1)


def variance(cuts: np.ndarray) -> np.ndarray:
    """Return the variance of a rating; `cuts` as in `mean`."""
    above = ndtr(-np.asarray(cuts))
    # E[(X-1)^2] = sum over k of (2k - 1) P(X > k)
    weights = 2 * np.arange(1, above.shape[-1] + 1) - 1
    return (above * weights).sum(axis=-1) - above.sum(axis=-1) ** 2


def coefficients(cuts: np.ndarray) -> np.ndarray:
    """Return the Hermite coefficients :math:`a_1, a_2, ...` of a rating, shape (..., terms)."""
    cuts = np.asarray(cuts, dtype=float)
    density = np.exp(-(cuts**2) / 2) / np.sqrt(2 * np.pi)
    # polynomials normalised by sqrt(n!), which keeps the recursion in range
    before, here = np.zeros_like(cuts), np.ones_like(cuts)
    found = []
    for n in range(1, _TERMS + 1):
        found.append((here * density).sum(axis=-1) / np.sqrt(n))
        before, here = here, (cuts * here - np.sqrt(n - 1) * before) / np.sqrt(n)
    return np.stack(found, axis=-1)


def covariance(one: np.ndarray, two: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Return the covariance of two ratings.

    Parameters
    ----------
    one, two : ndarray, shape (..., terms)
        `coefficients` of the ratings; they broadcast.
    correlation : ndarray, shape (...)
        Correlation of the latent values, below 1 in size.
    """
    powers = np.asarray(correlation)[..., None] ** np.arange(1, _TERMS + 1)
    return (one * two * powers).sum(axis=-1)
