r"""Likelihood of ordered ratings with participant effects integrated out, by importance sampling.

A participant's ratings have likelihood :math:`\int P(y_i \mid u)\,\mathrm{N}(u; 0, \Sigma)\,du`
over as many dimensions as there are outcomes. The integral is an average over points drawn from a
multivariate t around the mode of the integrand at a central draw of the parameters. The points are
the same for all draws: the integrand moves little from one draw to the next, exponentials are
needed only once, and errors cancel where draws are compared.

Source: importance sampling around a Laplace approximation as in Pinheiro and Bates (1995, J.
Computational and Graphical Statistics 4:12), with quasi-random points.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats
from scipy.special import gammaln

from lendanear.bayes import ordered
from lendanear.bayes.ordered import Layout
from lendanear.bayes.settings import SEED

POINTS: Final = 128
"""Points per participant; the error they leave is checked by a test."""
FREEDOM: Final = 8
"""Degrees of freedom of the t: its tails must be longer than those of the integrand."""
_NEWTON: Final = 25


@dataclass(frozen=True)
class Parameters:
    """One draw of what ratings depend on.

    Attributes
    ----------
    cell : ndarray, shape (cells, outcomes)
        Linear predictors.
    cuts : ndarray, shape (outcomes, cutpoints)
        Cutpoints.
    covariance : ndarray, shape (outcomes, outcomes)
        Of participant effects.
    """

    cell: np.ndarray
    cuts: np.ndarray
    covariance: np.ndarray


class People:
    """Participants whose effects are integrated out.

    Parameters
    ----------
    data : Layout
        Their ratings.
    central : Parameters
        Where the points are laid: posterior means.
    points : int
        Points per participant, a power of 2.
    """

    def __init__(self, data: Layout, central: Parameters, points: int = POINTS) -> None:
        self._data = data
        mode, precision = _modes(data, central)
        outcomes = mode.shape[-1]
        uniform = stats.qmc.Sobol(outcomes + 1, rng=np.random.default_rng(SEED)).random(points)
        normal = stats.norm.ppf(uniform[:, :outcomes])
        stretch = np.sqrt(FREEDOM / stats.chi2.ppf(uniform[:, outcomes], FREEDOM))
        standard = normal * stretch[:, None]
        # u = mode + C^-T e with precision C C'
        factor = np.linalg.cholesky(precision)
        inverse = np.linalg.inv(factor)
        self._effects = mode + np.einsum("nji,pj->pni", inverse, standard, optimize=True)
        squares = (standard**2).sum(axis=1)
        density = (
            gammaln((FREEDOM + outcomes) / 2)
            - gammaln(FREEDOM / 2)
            - 0.5 * outcomes * np.log(FREEDOM * np.pi)
            - 0.5 * (FREEDOM + outcomes) * np.log1p(squares / FREEDOM)
        )
        logdet = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
        self._odds = np.exp(self._effects)
        self._fixed = (self._effects * data.weight).sum(axis=-1) - density[:, None] - logdet

    def log_likelihood(self, values: Parameters) -> np.ndarray:
        """Return the log-likelihood of each participant's ratings, shape (people,).

        Parameters
        ----------
        values : Parameters
            A draw, not far from the central one.
        """
        factor = np.linalg.cholesky(values.covariance)
        white = self._effects @ np.linalg.inv(factor).T
        prior = -0.5 * (white**2).sum(axis=-1) - np.log(np.diagonal(factor)).sum()
        prior -= 0.5 * len(factor) * np.log(2 * np.pi)
        chances = ordered.log_chances(self._data, self._odds, values.cell, values.cuts)
        total = chances + self._fixed + prior
        top = total.max(axis=0)
        return top + np.log(np.exp(total - top).mean(axis=0))


def _modes(data: Layout, values: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Return the mode of every participant's integrand and its precision there.

    Shapes (people, outcomes) and (people, outcomes, outcomes). Newton's method: the integrand is
    log-concave.
    """
    prior = np.linalg.inv(values.covariance)
    table = np.append(np.exp(values.cuts[None] - values.cell[:, :, None]).ravel(), 0.0)
    bounds = table[data.places]
    mode = np.zeros(data.weight.shape)
    for _ in range(_NEWTON):
        share = 1 / (1 + bounds * np.exp(-mode))
        slope = data.weight - share.sum(axis=(0, 1)) - mode @ prior
        bend = (share * (1 - share)).sum(axis=(0, 1))
        precision = prior + bend[:, :, None] * np.eye(len(prior))
        step = np.linalg.solve(precision, slope[..., None])[..., 0]
        mode = mode + np.clip(step, -2, 2)
    return mode, precision
