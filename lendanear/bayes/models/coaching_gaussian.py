r"""Coaching effect, Gaussian: the six dimensions jointly, participant effects integrated out.

The model of `coaching_overall` for a vector of six scores: conversation :math:`t` of participant
:math:`i` in arm :math:`a`, on scenario :math:`s`,

.. math::
   y_{it} &= \alpha + \alpha_a + \gamma_t + \delta_{at} + \zeta_s + u_i + \varepsilon_{it}, \\
   u_i &\sim \mathrm{N}_6(0, B), \quad \varepsilon_{it} \sim \mathrm{N}_6(0, W),

with :math:`B` and :math:`W` full covariance matrices between and within people. Effects are
partially pooled over dimensions, each turned so that plus is better
(:math:`s_d = -1` for the three proscriptive dimensions):

.. math:: s_d\,\delta_{dat} \sim \mathrm{N}(\mu_{at} + \nu_d, \omega^2), \quad
   \nu_d \sim \mathrm{N}(0, \kappa^2).

:math:`\nu_d` is what training changes more or less than elsewhere in one dimension, whatever the
arm. It must be there: without it, a dimension that all arms change alike is taken for a drift of
Control, all effects are pulled together, and :math:`\omega` is far too small.

Participant effects are integrated out exactly through Gram matrices of person means and of
contrasts within persons (`lendanear.bayes.trial.Moments`). Given the covariances everything linear
is Gaussian too, so all 96 coefficients and the pooled effects are integrated out as well, and drawn
afterwards from their exact conditional distribution (``innovation`` is the standard normal noise of
these draws): what is sampled are the two covariances and :math:`\omega, \kappa` alone, and no
funnel of a small :math:`\omega` is left.

Priors, in points of the 1 to 5 scale: :math:`\alpha \sim N(3, 1.5)`,
:math:`\alpha_a \sim N(0, 0.5)`, :math:`\gamma_t \sim N(0, 0.75)`, :math:`\mu_{at} \sim N(0, 1)`,
:math:`\omega, \kappa \sim \mathrm{HalfNormal}(0.5)`, scenarios :math:`N(0, 0.75)`; standard
deviations :math:`\mathrm{HalfNormal}(1.5)`, correlations LKJ(2), which says little but keeps off
:math:`\pm 1`.

Source: multivariate random-intercept model (Goldstein 2011, Multilevel Statistical Models, ch. 6);
LKJ of Lewandowski, Kurowicka and Joe (2009, J. Multivariate Analysis 100:1989).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt

from lendanear.bayes.settings import Settings
from lendanear.bayes.trial import (
    LATER,
    TERMS,
    TREATED,
    Moments,
    Trial,
    design_matrix,
    held_moments,
    trial,
)
from lendanear.vocabulary import DIMENSION_KEYS, DIMENSIONS

KEEP: Final = (
    "terms",
    "effect",
    "pooled",
    "peculiar",
    "pooling_sd",
    "peculiar_sd",
    "between",
    "between_stds",
    "between_corr",
    "within",
    "within_stds",
    "within_corr",
)
OF_POOLING: Final = ("pooled", "peculiar", "pooling_sd", "peculiar_sd")
"""What exists only where effects are pooled."""
FULL: Final = Settings()
QUICK: Final = replace(FULL, tune=500, draws=500)
SIGNS: Final = np.array([dimension.sign for dimension in DIMENSIONS], dtype=float)
_IS_EFFECT: Final = np.array([term.startswith("effect[") for term in TERMS])
_EFFECTS: Final = tuple(int(place) for place in np.flatnonzero(_IS_EFFECT))


@dataclass(frozen=True)
class Priors:
    """Scales of the priors, in points of the 1 to 5 scale; LKJ shape."""

    intercept: float = 1.5
    arm: float = 0.5
    drift: float = 0.75
    effect: float = 1.0
    pooling: float = 0.5
    scenario: float = 0.75
    spread: float = 1.5
    lkj: float = 2.0


Spreads = tuple[pt.TensorVariable, pt.TensorVariable]
"""SD of effects around what is pooled, and of the peculiarities of dimensions."""


def data(conversations: pd.DataFrame) -> Trial:
    """Return what the model is fitted to."""
    return trial(conversations, DIMENSION_KEYS)


def build(data: Trial, priors: Priors | None = None, *, pooled: bool = True) -> pm.Model:
    """Return the model.

    Parameters
    ----------
    data : Trial
        With the six dimensions.
    priors : Priors, optional
        Other scales, to see how far conclusions move.
    pooled : bool
        Whether effects borrow strength from other dimensions; if not, each has the prior
        N(0, `priors.effect`) of its own, and `OF_POOLING` do not exist.
    """
    priors = priors or Priors()
    coords = {
        "term": TERMS,
        "dimension": DIMENSION_KEYS,
        "arm": TREATED,
        "number": [str(number) for number in LATER],
    }
    count = len(DIMENSION_KEYS)
    with pm.Model(coords=coords) as model:
        spreads = None
        if pooled:
            spreads = (
                pm.HalfNormal("pooling_sd", priors.pooling),
                pm.HalfNormal("peculiar_sd", priors.pooling),
            )
        factors = []
        for name in ("between", "within"):
            factor, _, _ = pm.LKJCholeskyCov(
                name,
                eta=priors.lkj,
                n=count,
                sd_dist=pm.HalfNormal.dist(priors.spread, size=count),
            )
            factors.append(factor)
        between, within = (factor @ factor.T for factor in factors)
        centre = np.where(np.array(TERMS) == "intercept", 3.0, 0.0)[:, None] * np.ones(count)
        precision, logdet = _prior_precision(priors, spreads)
        shift = pt.dot(precision, centre.ravel())
        loglik = 0.5 * logdet - 0.5 * pt.dot(centre.ravel(), shift)
        for part in held_moments(data):
            for gram, covariance, rows in _parts(part, between, within):
                xx, xy, yy = gram
                inverse = pt.linalg.inv(covariance)
                precision += (xx[:, None, :, None] * inverse[None, :, None, :]).reshape(
                    (centre.size, centre.size)
                )
                shift += pt.dot(xy, inverse).ravel()
                loglik -= 0.5 * ((inverse * yy).sum() + rows * _logdet(covariance))
                loglik -= 0.5 * rows * count * np.log(2 * np.pi)
        # not by the Cholesky factor: its gradient is a hundred times slower than an inverse
        mean = pt.linalg.inv(precision) @ shift
        loglik += 0.5 * (pt.dot(shift, mean) - pt.linalg.slogdet(precision)[1])
        pm.Potential("scores", loglik)

        innovation = pm.Normal("innovation", 0, 1, dims=("term", "dimension"))
        factor = pt.linalg.cholesky(precision)
        drawn = mean + pt.linalg.solve_triangular(factor.T, innovation.ravel(), lower=False)
        terms = pm.Deterministic("terms", drawn.reshape(centre.shape), dims=("term", "dimension"))
        shape = (len(TREATED), len(LATER), count)
        effect = pm.Deterministic(
            "effect", terms[list(_EFFECTS)].reshape(shape), dims=("arm", "number", "dimension")
        )
        if spreads is not None:
            _draw_pooled(effect, spreads, priors)
    return model


def _sources() -> np.ndarray:
    """Return which pooled effect and which dimension each effect is made from, shape (36, 12).

    Columns are the pooled effects of `TREATED` in `LATER`, then the dimensions; effects are in the
    order of the model, turned so that plus is better.
    """
    cells, count = len(_EFFECTS), len(DIMENSION_KEYS)
    pooled = np.repeat(np.eye(cells), count, axis=0)
    return np.hstack([pooled, np.tile(np.eye(count), (cells, 1))])


def _draw_pooled(effect: pt.TensorVariable, spreads: Spreads, priors: Priors) -> None:
    """Draw pooled effects and peculiarities given the effects: a linear model with known noise."""
    pooling, peculiar = spreads
    cells, count = len(_EFFECTS), len(DIMENSION_KEYS)
    sources = _sources()
    weights = pt.concatenate([pt.full(cells, priors.effect**-2), pt.ones(count) / peculiar**2])
    precision = pt.diag(weights) + sources.T @ sources / pooling**2
    better = (effect * SIGNS).ravel()
    mean = pt.linalg.inv(precision) @ (sources.T @ better / pooling**2)
    noise = pm.Normal("pooled_innovation", 0, 1, shape=cells + count)
    factor = pt.linalg.cholesky(precision)
    drawn = mean + pt.linalg.solve_triangular(factor.T, noise, lower=False)
    shape = (len(TREATED), len(LATER))
    pm.Deterministic("pooled", drawn[:cells].reshape(shape), dims=("arm", "number"))
    pm.Deterministic("peculiar", drawn[cells:], dims="dimension")


_LAYOUT: Final = (("mean", "mean"), ("rest", "mean"), ("mean", "rest"), ("rest", "rest"))
"""Parts of a two-way layout: over cells (arm and conversation), over dimensions."""


def _projector(size: int, part: str) -> np.ndarray:
    """Return the projector onto the mean of a factor, or onto what is left of it."""
    mean = np.full((size, size), 1 / size)
    return mean if part == "mean" else np.eye(size) - mean


def _prior_precision(
    priors: Priors, spreads: Spreads | None
) -> tuple[pt.TensorVariable, pt.TensorVariable]:
    """Return the prior precision of all coefficients, and its log-determinant.

    Pooled effects and peculiarities of dimensions are integrated out: they make effects of the same
    arm and conversation, and of the same dimension, correlate.
    """
    cells, count = len(_EFFECTS), len(DIMENSION_KEYS)
    scales = np.array([getattr(priors, name.partition("[")[0]) for name in TERMS])
    diagonal = np.repeat(np.where(_IS_EFFECT, 0.0, 1 / scales**2), count)
    if spreads is None:
        block = pt.as_tensor(np.eye(cells * count) / priors.effect**2)
        logdet = pt.as_tensor(-2.0 * cells * count * np.log(priors.effect))
    else:
        # a balanced two-way layout: the covariance has four eigenvalues whatever the spreads, and
        # is inverted exactly even where the effects hardly scatter
        pooling, peculiar = spreads
        by_cell, by_dimension = cells * peculiar**2, count * priors.effect**2
        values = [pooling**2 + by_cell + by_dimension, pooling**2 + by_dimension]
        values += [pooling**2 + by_cell, pooling**2]
        block, logdet = 0.0, 0.0
        signs = np.tile(SIGNS, cells)
        for value, (cell, dimension) in zip(values, _LAYOUT, strict=True):
            projector = np.kron(_projector(cells, cell), _projector(count, dimension))
            block += signs[:, None] * projector * signs / value
            logdet -= round(np.trace(projector)) * pt.log(value)
    # effects stand together among the coefficients
    start = _EFFECTS[0] * count
    stop = start + cells * count
    precision = pt.set_subtensor(pt.as_tensor(np.diag(diagonal))[start:stop, start:stop], block)
    return precision, logdet - 2.0 * count * np.log(scales[~_IS_EFFECT]).sum()


def _parts(
    part: Moments, between: pt.TensorVariable, within: pt.TensorVariable
) -> list[tuple[tuple[np.ndarray, np.ndarray, np.ndarray], pt.TensorVariable, int]]:
    """Return Gram matrices, covariance and number of rows of person means and contrasts."""
    parts = [(part.between, within + part.size * between, part.people)]
    if part.size > 1:
        parts.append((part.within, within, part.people * (part.size - 1)))
    return parts


def _logdet(covariance: pt.TensorVariable) -> pt.TensorVariable:
    return pt.linalg.slogdet(covariance)[1]


def log_likelihood(data: Trial, posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the log-likelihood of every participant's scores under every draw.

    Parameters
    ----------
    data : Trial
        As given to `build`.
    posterior : dict of ndarray, shape (chains, draws, ...)
        ``terms``, and ``between_stds``, ``between_corr``, ``within_stds``, ``within_corr``.

    Returns
    -------
    ndarray, shape (chains, draws, people)
        For leave-one-participant-out cross-validation and prior sensitivity.
    """
    regressors = design_matrix(data)
    sizes = np.bincount(data.person)
    starts = np.append(0, np.cumsum(sizes)[:-1])
    shape = posterior["terms"].shape[:2]
    result = np.empty((*shape, data.people))
    covariance = {
        name: posterior[f"{name}_corr"]
        * posterior[f"{name}_stds"][..., :, None]
        * posterior[f"{name}_stds"][..., None, :]
        for name in ("between", "within")
    }
    for place in np.ndindex(*shape):
        residuals = data.scores - regressors @ posterior["terms"][place]
        within = covariance["within"][place]
        white = residuals @ np.linalg.inv(np.linalg.cholesky(within)).T
        sums = np.add.reduceat(white, starts)
        squares = np.add.reduceat((white**2).sum(axis=1), starts)
        total = squares - (sums**2).sum(axis=1) / sizes
        total += sizes * np.linalg.slogdet(2 * np.pi * within)[1]
        factor = np.linalg.inv(np.linalg.cholesky(within))
        relative = factor @ covariance["between"][place] @ factor.T
        for size in np.unique(sizes):
            people = sizes == size
            mean = np.eye(len(relative)) + size * relative
            rotated = np.linalg.solve(mean, sums[people].T)
            total[people] += (sums[people].T * rotated).sum(axis=0) / size
            total[people] += np.linalg.slogdet(mean)[1]
        result[place] = -0.5 * total
    return result


def log_prior(posterior: dict[str, np.ndarray], priors: Priors | None = None) -> np.ndarray:
    """Return the log-density of all chosen priors under every draw, up to a constant.

    Parameters
    ----------
    posterior : dict of ndarray, shape (chains, draws, ...)
        `KEEP`; without ``pooled`` and ``pooling_sd`` the effects are taken for unpooled.
    priors : Priors, optional
        The scales the model was built with.

    Returns
    -------
    ndarray, shape (chains, draws)
    """
    priors = priors or Priors()
    terms = posterior["terms"]
    centre = np.where(np.array(TERMS) == "intercept", 3.0, 0.0)
    scales = np.array([getattr(priors, name.partition("[")[0]) for name in TERMS])
    scaled = (terms - centre[:, None]) / scales[:, None]
    total = -0.5 * (scaled[..., ~_IS_EFFECT, :] ** 2).sum(axis=(-1, -2))
    if "pooling_sd" in posterior:
        # how effects scatter around the pooled one is part of the model, not a chosen prior
        total += -0.5 * ((posterior["pooled"] / priors.effect) ** 2).sum(axis=(-1, -2))
        for name in ("pooling_sd", "peculiar_sd"):
            total += -0.5 * (posterior[name] / priors.pooling) ** 2
    else:
        total += -0.5 * (scaled[..., _IS_EFFECT, :] ** 2).sum(axis=(-1, -2))
    for name in ("between", "within"):
        total += -0.5 * ((posterior[f"{name}_stds"] / priors.spread) ** 2).sum(axis=-1)
        total += (priors.lkj - 1) * np.linalg.slogdet(posterior[f"{name}_corr"])[1]
    return total


def prior_draw(rng: np.random.Generator, priors: Priors | None = None) -> dict[str, np.ndarray]:
    """Draw `KEEP` from the prior, for predictive checks and recovery."""
    priors = priors or Priors()
    count = len(DIMENSION_KEYS)
    centre = np.where(np.array(TERMS) == "intercept", 3.0, 0.0)[:, None]
    scales = np.array([getattr(priors, name.partition("[")[0]) for name in TERMS])[:, None]
    terms = rng.normal(centre, scales, (len(TERMS), count))
    pooled = rng.normal(0, priors.effect, (len(TREATED), len(LATER)))
    pooling, spread = np.abs(rng.normal(0, priors.pooling, 2))
    peculiar = rng.normal(0, spread, count)
    effect = rng.normal(pooled[..., None] + peculiar, pooling) * SIGNS
    terms[list(_EFFECTS)] = effect.reshape(-1, count)
    drawn = {"terms": terms, "effect": effect, "pooled": pooled, "peculiar": peculiar}
    drawn |= {"pooling_sd": np.array(pooling), "peculiar_sd": np.array(spread)}
    for name in ("between", "within"):
        stds = np.abs(rng.normal(0, priors.spread, count))
        drawn |= {f"{name}_stds": stds, f"{name}_corr": lkj_draw(rng, priors.lkj, count)}
    return drawn


def lkj_draw(rng: np.random.Generator, eta: float, size: int) -> np.ndarray:
    """Draw a correlation matrix from LKJ(`eta`), shape (size, size).

    Partial correlations of a vine are independent and Beta distributed on -1 to 1 (Lewandowski,
    Kurowicka and Joe 2009, section 2.4).
    """
    factor = np.eye(size)
    for column in range(size - 1):
        shape = eta + (size - 2 - column) / 2
        for row in range(column + 1, size):
            left = 1 - (factor[row, :column] ** 2).sum()
            factor[row, column] = (2 * rng.beta(shape, shape) - 1) * np.sqrt(left)
            factor[row, row] = np.sqrt(1 - (factor[row, : column + 1] ** 2).sum())
    return factor @ factor.T


def simulate(data: Trial, values: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Simulate the scores of the same people and conversations.

    Parameters
    ----------
    data : Trial
        The design; its scores are not used.
    values : dict of ndarray
        One draw of ``terms`` and of SDs and correlations between and within people.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray, shape (n, 6)
    """
    factors = [
        np.linalg.cholesky(values[f"{name}_corr"]).T * values[f"{name}_stds"]
        for name in ("between", "within")
    ]
    count = len(DIMENSION_KEYS)
    people = rng.normal(size=(data.people, count)) @ factors[0]
    noise = rng.normal(size=(len(data.person), count)) @ factors[1]
    return design_matrix(data) @ values["terms"] + people[data.person] + noise
