r"""A random intercept per person, estimated by restricted maximum likelihood (REML).

The one-way random-effects model for score :math:`j` of person :math:`i` is

.. math:: y_{ij} = \mu + u_i + e_{ij},\quad u_i \sim N(0, \tau^2),\quad e_{ij} \sim N(0, \sigma^2).

It depends on the data only through each person's number of scores :math:`n_i` and mean
:math:`\bar y_i`, and the sum of squares within persons :math:`W`. With the variance ratio
:math:`\lambda = \tau^2 / \sigma^2`, the weights :math:`w_i = n_i / (1 + \lambda n_i)`, the
weighted mean :math:`\hat\mu(\lambda) = \sum w_i \bar y_i / \sum w_i` and
:math:`Q(\lambda) = W + \sum w_i (\bar y_i - \hat\mu)^2`, the restricted likelihood is maximal over
:math:`\mu` and :math:`\sigma^2` at :math:`\hat\mu(\lambda)` and
:math:`\hat\sigma^2(\lambda) = Q / (N - 1)`, where minus twice its logarithm is, up to a constant,

.. math:: d(\lambda) = (N - 1) \log \frac{Q}{N - 1} + \sum \log(1 + \lambda n_i) + \log \sum w_i .

Its minimum over :math:`\lambda \ge 0` is the estimate; the slope that vanishes there is

.. math:: d'(\lambda) = \sum w_i - \frac{\sum w_i^2}{\sum w_i}
          - (N - 1) \frac{\sum w_i^2 (\bar y_i - \hat\mu)^2}{Q} .

Where people differ no more than chance makes them, :math:`d` rises from 0 on: the estimate is the
boundary :math:`\hat\tau^2 = 0` and :math:`\hat\sigma^2` is the plain variance of all scores.
With :math:`n` scores from everyone the inner solution is the ANOVA estimator,
:math:`\hat\sigma^2 = MS_W`, :math:`\hat\tau^2 = (MS_B - MS_W) / n`.

People with the same :math:`n_i` enter only by their count, sum and sum of squares of means, so the
cost does not depend on the number of scores once these are summed.

Source: Harville (1977), J. Am. Stat. Assoc. 72:320-338; Searle, Casella and McCulloch (1992),
Variance Components, chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from lendanear.errors import LendAnEarError
from lendanear.measures.intervals import CONFIDENCE

_RATIOS: Final = np.concatenate([[0.0], np.logspace(-8, 8, 161)])
"""Variance ratios at which the profile is scanned before its minimum is refined."""


@dataclass(frozen=True)
class Persons:
    """What the model needs of the data: one entry per number of scores a person can have.

    Parameters
    ----------
    size, people, mean_sum, square_sum : ndarray, shape (k,)
        A number of scores; how many people have it; the sum and the sum of squares of their means,
        measured from `origin`.
    within : float
        Sum of squares within persons.
    origin : float
        Mean of all scores.
    """

    size: npt.NDArray[np.float64]
    people: npt.NDArray[np.float64]
    mean_sum: npt.NDArray[np.float64]
    square_sum: npt.NDArray[np.float64]
    within: float
    origin: float

    @property
    def scores(self) -> int:
        """Number of scores."""
        return int(self.size @ self.people)

    @classmethod
    def of(cls, person: npt.ArrayLike, score: npt.ArrayLike) -> Persons:
        """Sum up scores.

        Parameters
        ----------
        person : array_like, shape (n,)
            Who each score belongs to, as whole numbers from 0.
        score : array_like, shape (n,)
            The scores.
        """
        code = np.asarray(person, dtype=np.intp)
        values = np.asarray(score, dtype=np.float64)
        origin = float(values.mean())
        values = values - origin
        counts = np.bincount(code)
        totals = np.bincount(code, weights=values)
        occurring = counts > 0
        means = np.divide(totals, counts, out=np.zeros_like(totals), where=occurring)
        within = float(np.sum((values - means[code]) ** 2))
        size, group = np.unique(counts[occurring], return_inverse=True)
        return cls(
            size=size.astype(np.float64),
            people=np.bincount(group).astype(np.float64),
            mean_sum=np.bincount(group, weights=means[occurring]),
            square_sum=np.bincount(group, weights=means[occurring] ** 2),
            within=within,
            origin=origin,
        )

    def weighted(
        self, weight: npt.NDArray[np.float64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Return total weight, weighted mean (from `origin`) and weighted squares around it.

        Parameters
        ----------
        weight : ndarray, shape (..., k)
            Weight of a person's mean, by number of scores.

        Returns
        -------
        tuple of ndarray, each of shape (...)
        """
        total = weight @ self.people
        mean = (weight @ self.mean_sum) / total
        return total, mean, self._squares(weight, mean)

    def _squares(
        self, weight: npt.NDArray[np.float64], mean: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        squares = weight @ self.square_sum - 2 * mean * (weight @ self.mean_sum)
        return squares + mean**2 * (weight @ self.people)

    def profile(self, ratio: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return minus twice the restricted log-likelihood at its best for each variance ratio."""
        ratio = np.asarray(ratio, dtype=np.float64)
        inflation = 1 + ratio[..., None] * self.size
        total, _, between = self.weighted(self.size / inflation)
        residual = (self.within + between) / (self.scores - 1)
        return (
            (self.scores - 1) * (np.log(2 * np.pi * residual) + 1)
            + np.log(inflation) @ self.people
            + np.log(total)
        )

    def slope(self, ratio: float) -> float:
        """Return the derivative of `profile` at one variance ratio."""
        weight = self.size / (1 + ratio * self.size)
        total, mean, between = self.weighted(weight)
        squared = weight**2
        pull = self._squares(squared, mean) / (self.within + between)
        return float(total - (squared @ self.people) / total - (self.scores - 1) * pull)

    def deviance(self, var_person: float, var_residual: float) -> float:
        """Return minus twice the restricted log-likelihood at two given variances."""
        spread = var_residual + self.size * var_person
        total, _, between = self.weighted(self.size / spread)
        people = float(self.people.sum())
        return float(
            (self.scores - 1) * np.log(2 * np.pi)
            + (self.scores - people) * np.log(var_residual)
            + np.log(spread) @ self.people
            + np.log(total)
            + self.within / var_residual
            + between
        )


@dataclass(frozen=True)
class RandomIntercept:
    """The fitted model.

    Parameters
    ----------
    mean, mean_se : float
        Mean of the population and its standard error, given the variances.
    var_person, var_residual : float
        Variance between persons (0 at the boundary) and within, in squared units of the score.
    log_likelihood : float
        Restricted log-likelihood at the estimate.
    persons : Persons
        The data it was fitted to.
    """

    mean: float
    mean_se: float
    var_person: float
    var_residual: float
    log_likelihood: float
    persons: Persons

    @property
    def reliability(self) -> float:
        """Reliability of a single score: the share of variance that lies between persons."""
        return self.var_person / (self.var_person + self.var_residual)

    def interval(
        self,
        quantity: Literal["reliability", "var_person", "var_residual"],
        confidence: float = CONFIDENCE,
    ) -> tuple[float, float]:
        """Return the interval in which the profile of the restricted likelihood stays high enough.

        Parameters
        ----------
        quantity : str
            ``reliability`` (of one score), ``var_person`` or ``var_residual``.
        confidence : float
            Coverage in large samples, by the chi-square distribution with 1 degree of freedom.

        Returns
        -------
        tuple of float
            Low and high; low is 0 where no difference between persons is compatible.
        """
        from scipy.special import chdtri

        allowed = -2 * self.log_likelihood + float(chdtri(1, 1 - confidence))
        if quantity == "reliability":
            ratio = self.var_person / self.var_residual
            low, high = _crossings(lambda x: float(self.persons.profile(x)), ratio, allowed)
            return low / (1 + low), high / (1 + high)
        if quantity == "var_person":
            return _crossings(self._best_over_residual, self.var_person, allowed)
        return _crossings(self._best_over_person, self.var_residual, allowed)

    def _best_over_residual(self, var_person: float) -> float:
        from scipy.optimize import minimize_scalar

        around = np.log(self.var_residual)
        return minimize_scalar(
            lambda log: self.persons.deviance(var_person, float(np.exp(log))),
            bounds=(around - 5, around + 5),
            method="bounded",
            options={"xatol": 1e-9},
        ).fun

    def _best_over_person(self, var_residual: float) -> float:
        from scipy.optimize import minimize_scalar

        if var_residual <= 0:
            return np.inf
        reach = 20 * (self.var_person + self.var_residual)
        inner = minimize_scalar(
            lambda var: self.persons.deviance(var, var_residual),
            bounds=(0, reach),
            method="bounded",
            options={"xatol": 1e-9 * reach},
        ).fun
        return min(inner, self.persons.deviance(0.0, var_residual))


def _crossings(
    profile: Callable[[float], float], best: float, allowed: float
) -> tuple[float, float]:
    """Return where a profile with its minimum at `best` crosses `allowed`, on either side."""
    from scipy.optimize import brentq

    def excess(value: float) -> float:
        return profile(value) - allowed

    low = 0.0
    if best > 0 and excess(0.0) > 0:
        # a variance of exactly 0 may have no likelihood at all: start from next to it
        low = brentq(excess, best * 1e-9, best, xtol=1e-10 * best)
    high = 2 * best if best > 0 else 1e-6
    while excess(high) < 0:
        high *= 2
    return low, brentq(excess, best, high, xtol=1e-10 * high)


def fit_random_intercept(person: npt.ArrayLike, score: npt.ArrayLike) -> RandomIntercept:
    """Estimate the one-way random-effects model by REML.

    Parameters
    ----------
    person : array_like, shape (n,)
        Who each score belongs to, as whole numbers from 0. People may have different numbers of
        scores.
    score : array_like, shape (n,)
        The scores.

    Returns
    -------
    RandomIntercept
        The estimates. ``var_person`` is exactly 0 where the likelihood is highest there.

    Raises
    ------
    LendAnEarError
        If fewer than two people, no person with two scores, or no person whose scores differ: then
        the two variances cannot be told apart.
    """
    from scipy.optimize import brentq

    if len(np.unique(np.asarray(person))) < 2:
        raise LendAnEarError("a random-intercept model needs the scores of at least two people")
    persons = Persons.of(person, score)
    if persons.scores == int(persons.people.sum()):
        raise LendAnEarError(
            "a random-intercept model needs somebody with more than one score: with one each, "
            "differences between people cannot be told from differences within them"
        )
    if persons.within <= 0:
        raise LendAnEarError(
            "a random-intercept model needs somebody whose scores differ: here nobody's do, so the "
            "residual variance is 0 and reliability is not defined"
        )
    scanned = persons.profile(_RATIOS)
    at = int(np.argmin(scanned))
    left, right = _RATIOS[max(at - 1, 0)], _RATIOS[min(at + 1, len(_RATIOS) - 1)]
    ratio = 0.0
    if persons.slope(left) < 0 < persons.slope(right):
        ratio = brentq(persons.slope, left, right, xtol=1e-14, rtol=1e-12)
    total, mean, between = persons.weighted(persons.size / (1 + ratio * persons.size))
    residual = float((persons.within + between) / (persons.scores - 1))
    return RandomIntercept(
        mean=float(persons.origin + mean),
        mean_se=float(np.sqrt(residual / total)),
        var_person=ratio * residual,
        var_residual=residual,
        log_likelihood=float(-persons.profile(ratio) / 2),
        persons=persons,
    )
