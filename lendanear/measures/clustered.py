r"""Means and shares of observations that come several to a person.

The variance of a mean sums the residuals of a person before squaring them,

.. math:: \widehat{\operatorname{var}}(\bar y) = \frac{G}{G - 1} \frac{1}{n^2}
          \sum_{g=1}^{G} \Bigl(\sum_{i \in g} (y_i - \bar y)\Bigr)^2,

for :math:`G` people: what a regression on a constant with standard errors clustered by person
gives. The interval of a share is Wilson's (1927, J. Am. Stat. Assoc. 22:209-212) for as many
independent observations as would have the same variance, :math:`p (1 - p) / \widehat{\mathrm{var}}`
(Korn and Graubard 1998, Survey Methodology 24:193-201): it stays within 0 and 1 however small the
share. Where all observations are the same that number is not defined; the number of people then
stands for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lendanear.measures.intervals import NORMAL_QUANTILE, share_interval


@dataclass(frozen=True)
class ClusteredMean:
    """A mean of ``n`` observations of ``people`` people, in the unit of the observations."""

    n: int
    people: int
    estimate: float
    se: float
    ci_low: float
    ci_high: float


def _estimate(
    values: npt.NDArray[np.float64], person: npt.ArrayLike
) -> tuple[int, int, float, float]:
    if not len(values):
        return 0, 0, np.nan, np.nan
    code = np.unique(np.asarray(person), return_inverse=True)[1]
    people = int(code.max()) + 1
    mean = float(values.mean())
    sums = np.bincount(code, weights=values - mean)
    factor = people / (people - 1) if people > 1 else np.nan
    return len(values), people, mean, float(np.sqrt(factor * np.sum(sums**2)) / len(values))


def clustered_mean(values: npt.ArrayLike, person: npt.ArrayLike) -> ClusteredMean:
    """Return a mean with the interval of a normal reference distribution.

    Parameters
    ----------
    values : array_like, shape (n,)
        The observations, none missing.
    person : array_like, shape (n,)
        Who each belongs to.
    """
    n, people, mean, se = _estimate(np.asarray(values, dtype=np.float64), person)
    reach = NORMAL_QUANTILE * se
    return ClusteredMean(n, people, mean, se, mean - reach, mean + reach)


def clustered_share(holds: npt.ArrayLike, person: npt.ArrayLike) -> ClusteredMean:
    """Return a share (0 to 1) with Wilson's interval at the effective number of observations.

    Parameters
    ----------
    holds : array_like of bool, shape (n,)
        Whether each observation counts.
    person : array_like, shape (n,)
        Who each belongs to.
    """
    n, people, share, se = _estimate(np.asarray(holds, dtype=np.float64), person)
    if not n:
        return ClusteredMean(n, people, share, se, np.nan, np.nan)
    effective = share * (1 - share) / se**2 if se > 0 else float(people)
    interval = share_interval([share * effective], [effective]).iloc[0]
    return ClusteredMean(n, people, share, se, interval["ci_low"], interval["ci_high"])
