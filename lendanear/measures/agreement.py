r"""Agreement of two raters beyond chance: quadratic-weighted kappa, by two distances.

With ratings :math:`a_i` and :math:`b_i` of the same conversations, Cohen's kappa with quadratic
weights is one minus the observed over the expected squared disagreement,

.. math:: \kappa = 1 - \frac{\overline{(a_i - b_i)^2}}{\overline{(a_i - b_j)^2}}
          = 1 - \frac{\overline{(a_i - b_i)^2}}
                {\operatorname{var} a + \operatorname{var} b + (\bar a - \bar b)^2},

the mean in the first denominator over all pairs :math:`(i, j)` (Cohen 1968, Psychol. Bull.
70:213-220; the second form is Lin's concordance coefficient). The two distances:

``score``
    The ratings as they are, so 1 and 5 are four points apart.
``rank``
    The place of a rating among the distinct values that either rater gave, as published for the
    pilot (`statsmodels.stats.inter_rater.cohens_kappa` with ``wt="quadratic"`` on the table of
    observed values). A level that nobody used counts as no distance, and a crowd whose means take
    twenty distinct values makes neighbours of 1 and 1.33 as far apart as 1 and 2: such values are
    comparable with others only where the same levels occur.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Distance = Literal["score", "rank"]

_DIGITS: Final = 9
"""Decimals to which two ratings are the same: means of raters differ in their last bits."""


def weighted_kappa(
    first: npt.ArrayLike,
    second: npt.ArrayLike,
    weight: npt.ArrayLike | None = None,
    *,
    distance: Distance = "score",
) -> Floats:
    """Return the quadratic-weighted kappa of two raters.

    Parameters
    ----------
    first, second : array_like, shape (n,)
        Ratings of the same n things, fractions allowed.
    weight : array_like, shape (..., n), optional
        How often each thing counts; once if omitted. A bootstrap passes one row per replicate.
    distance : {"score", "rank"}
        How far apart two ratings are; see the module.

    Returns
    -------
    ndarray, shape (...)
        At most 1; 0 for agreement as by chance; NaN where all ratings of both are the same.
    """
    a = np.round(np.asarray(first, dtype=np.float64), _DIGITS)
    b = np.round(np.asarray(second, dtype=np.float64), _DIGITS)
    w = np.ones(len(a)) if weight is None else np.asarray(weight, dtype=np.float64)
    if distance == "rank":
        a, b = _ranks(a, b, w)
    total = w.sum(axis=-1)

    def mean(values: Floats) -> Floats:
        return (w * values).sum(axis=-1) / total

    a_mean, b_mean = mean(a), mean(b)
    a_var = mean((a - a_mean[..., None]) ** 2)
    b_var = mean((b - b_mean[..., None]) ** 2)
    expected = a_var + b_var + (a_mean - b_mean) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(expected > 0, 1 - mean((a - b) ** 2) / expected, np.nan)


def _ranks(a: Floats, b: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the place of every rating among the values that occur with positive weight."""
    levels, code = np.unique(np.concatenate([a, b]), return_inverse=True)
    present = (weight > 0).astype(np.float64)
    either = np.eye(len(levels))[code[: len(a)]] + np.eye(len(levels))[code[len(a) :]]
    place = np.cumsum(present @ either > 0, axis=-1).astype(np.float64)
    return place[..., code[: len(a)]], place[..., code[len(a) :]]


def resamples(n: int, replicates: int, seed: int) -> Floats:
    """Return how often each of n things occurs in each bootstrap replicate.

    Parameters
    ----------
    n : int
        Number of things, drawn with replacement n at a time.
    replicates : int
        Number of replicates.
    seed : int
        Seed of the draw.

    Returns
    -------
    ndarray, shape (replicates, n)
        Counts; every row sums to n.
    """
    random = np.random.default_rng(seed)
    return random.multinomial(n, np.full(n, 1 / n), size=replicates).astype(np.float64)
