r"""Elo rating on overall empathy: never falling, of any shape, alike between scenarios.

In the tournament LLM judges chose the more empathic of two conversations on one scenario. The
rating of conversation :math:`i` on scenario :math:`s`, whose overall empathy is :math:`x_i`, is

.. math::
   y_i &\sim \mathrm{N}\big(f_s(x_i),\; \sigma_s(x_i)^2\, \bar c / c_i\big), \\
   f_s(x) &= \lambda_s + R_s \big[ C_s(x) - C_s(0) \big], \quad
   C_s(x) = \sum_{j < x + 12} \phi_{sj},

a monotonic effect: no step :math:`\phi_{sj}` between neighbouring scores is negative. The steps
between -6 and 6, where nearly nine of ten conversations lie, sum to 1, so :math:`R_s > 0` is the
rise between these scores; the rise from -12 to 12 follows from the steps. A conversation that was
compared less often, :math:`c_i` times, has a rating with more noise.

Shapes are pooled: :math:`\phi_s \propto \exp(\eta + \eta_s)`, where common :math:`\eta` and each
scenario's departure :math:`\eta_s` are smooth curves, random walks over the steps (their eight
smoothest components, 96% of their variance) of SD .8 and ``bend_scenario``: with SD .8 one of
twenty steps is more than five times as high, or less than a fifth as high, as the mean one. Were
:math:`\eta + \eta_s` zero, the line would be straight. Ratings cannot leave the range of a
tournament, so the spread around the line may be smaller at its ends:
:math:`\log \sigma_s(x) = \ell_s + \kappa_1 x / 12 + \kappa_2 (x / 12)^2`.

What scenarios depart from the common rise, shape and spread sums to zero over the five, so that
the common ones are those of the mean scenario. Priors: the common :math:`\log R` is
:math:`N(\log 350, 0.6)`: ratings in a tournament spread by about 200 points, scores by 4.5, so a
correlation of 1 means about 530 over 12 points and one of .65 about 350.
:math:`\lambda_s \sim N(1500, 100)`, as ratings are centred on 1500; :math:`\ell_s` around
:math:`N(\log 100, 0.5)`; :math:`\kappa \sim N(0, 0.5)`; SD of scenarios' departures in
(logarithmic) rise and spread HalfNormal(0.2), in shape HalfNormal(0.3).

Source: monotonic effects, Buerkner and Charpentier (2020, Br. J. Math. Stat. Psychol. 73:420),
here with pooled smooth steps instead of a Dirichlet prior; Figure 6A of arXiv 2603.15245.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from lendanear.bayes.settings import Settings
from lendanear.bayes.trial import scenario_contrasts
from lendanear.errors import LendAnEarError
from lendanear.vocabulary import OVERALL_MAX, OVERALL_MIN, SCENARIO_KEYS

if TYPE_CHECKING:
    # imported when the model is built: the settings are read each time a build is laid out
    import pandas as pd
    import pymc as pm

SCORES: Final = np.arange(OVERALL_MIN, OVERALL_MAX + 1)
"""Every score; the rating's line is evaluated at them."""
MIDDLE: Final = int(np.flatnonzero(SCORES == 0)[0])
CENTRE: Final = (-6, 6)
"""Scores between which most conversations lie, and the slope is best known."""
KEEP: Final = (
    "level",
    "rise",
    "rise_sd",
    "rise_z",
    "bend_scenario",
    "common",
    "scenario_z",
    "log_sigma",
    "sigma_sd",
    "sigma_z",
    "spread_slopes",
)
CHOSEN_PRIORS: Final = (
    "level",
    "rise",
    "rise_sd",
    "bend_scenario",
    "common",
    "log_sigma",
    "sigma_sd",
    "spread_slopes",
)
"""Variables with priors of our choice, for prior sensitivity."""
FULL: Final = Settings(draws=2000, target_accept=0.9)
QUICK: Final = replace(FULL, tune=600, draws=1000)
_COMPONENTS: Final = 8
_CENTRE: Final = slice(MIDDLE + CENTRE[0], MIDDLE + CENTRE[1])
"""Steps between the scores of `CENTRE`."""


@dataclass(frozen=True)
class Priors:
    """Means and scales: ratings in Elo points, rises and spreads as logarithms."""

    level: tuple[float, float] = (1500.0, 100.0)
    rise: tuple[float, float] = (float(np.log(350)), 0.6)
    rise_sd: float = 0.2
    bend: float = 0.8
    bend_scenario: float = 0.3
    log_sigma: tuple[float, float] = (float(np.log(100)), 0.5)
    sigma_sd: float = 0.2
    spread_slopes: float = 0.5


@dataclass(frozen=True)
class Ratings:
    """Ratings as arrays, and their sufficient statistics.

    Attributes
    ----------
    rating, weight : ndarray, shape (n,)
        Elo rating, and comparisons over their mean.
    cell : ndarray of int, shape (n,)
        Place of the conversation's scenario and score in `scenario` and `score`.
    scenario, score : ndarray of int, shape (cells,)
        Every combination that occurs: place in ``SCENARIO_KEYS`` and in `SCORES`.
    """

    rating: np.ndarray
    weight: np.ndarray
    cell: np.ndarray
    scenario: np.ndarray
    score: np.ndarray


def data(elo: pd.DataFrame) -> Ratings:
    """Return what the model is fitted to: every conversation that was compared.

    Parameters
    ----------
    elo : DataFrame
        The typed table.

    Raises
    ------
    LendAnEarError
        If a scenario has too few conversations or only one score: it has no slope.
    """
    compared = elo[elo["comparisons_count"].to_numpy(dtype=float) > 0]
    scenario = compared["scenario"].cat.codes.to_numpy(dtype=int)
    score = compared["overall_empathy"].to_numpy(dtype=int) - OVERALL_MIN
    for place, key in enumerate(SCENARIO_KEYS):
        mine = score[scenario == place]
        if len(mine) < 20 or np.ptp(mine) == 0:
            raise LendAnEarError(
                f"the scenario {key!r} has {len(mine):,} conversations that were compared, with "
                f"{len(np.unique(mine)):,} different scores; the line of Elo ratings needs at "
                "least 20 with two scores in each of the five scenarios"
            )
    count = compared["comparisons_count"].to_numpy(dtype=float)
    both, cell = np.unique(np.stack([scenario, score]), axis=1, return_inverse=True)
    return Ratings(
        rating=compared["elo_rating"].to_numpy(dtype=float),
        weight=count / count.mean(),
        cell=cell.ravel(),
        scenario=both[0],
        score=both[1],
    )


def smooth_basis() -> np.ndarray:
    """Return the smoothest components of a centred random walk over the steps, shape (24, 8).

    Scaled so that with standard normal weights a step has variance 1 on average.
    """
    steps = len(SCORES) - 1
    walk = np.tri(steps)
    walk -= walk.mean(axis=0)
    basis, sizes, _ = np.linalg.svd(walk)
    chosen = basis[:, :_COMPONENTS] * sizes[:_COMPONENTS]
    return chosen / np.sqrt((chosen**2).sum(axis=1).mean())


def build(data: Ratings, priors: Priors | None = None) -> pm.Model:
    """Return the model.

    Parameters
    ----------
    data : Ratings
        From `data`.
    priors : Priors, optional
        Other priors, to see how far conclusions move.
    """
    import pymc as pm
    import pytensor.tensor as pt

    priors = priors or Priors()
    count = np.bincount(data.cell).astype(float)
    weights = np.bincount(data.cell, data.weight)
    mean = np.bincount(data.cell, data.weight * data.rating) / weights
    squares = np.bincount(data.cell, data.weight * (data.rating - mean[data.cell]) ** 2)
    place = SCORES[data.score] / OVERALL_MAX
    basis = smooth_basis()
    # how much of each step lies below a score, counted from the middle of the scale
    below = np.tri(len(SCORES), len(SCORES) - 1, -1)
    below = below - below[MIDDLE]
    apart = scenario_contrasts()
    free = apart.shape[1]
    with pm.Model(coords={"scenario": SCENARIO_KEYS}) as model:
        level = pm.Normal("level", *priors.level, dims="scenario")
        rise = pm.Normal("rise", *priors.rise)
        rise_sd = pm.HalfNormal("rise_sd", priors.rise_sd)
        rise_z = pm.Normal("rise_z", shape=free)
        bend_scenario = pm.HalfNormal("bend_scenario", priors.bend_scenario)
        common = pm.Normal("common", 0, priors.bend, shape=_COMPONENTS)
        own = pm.Normal("scenario_z", shape=(free, _COMPONENTS))
        log_sigma = pm.Normal("log_sigma", *priors.log_sigma)
        sigma_sd = pm.HalfNormal("sigma_sd", priors.sigma_sd)
        sigma_z = pm.Normal("sigma_z", shape=free)
        slopes = pm.Normal("spread_slopes", 0, priors.spread_slopes, shape=2)
        bends = common[None, :] + bend_scenario * pt.dot(apart, own)
        heights = pt.exp(pt.dot(bends, basis.T))
        steps = heights / heights[:, _CENTRE].sum(axis=1, keepdims=True)
        rises = pt.exp(rise + rise_sd * pt.dot(apart, rise_z))
        lines = level[:, None] + rises[:, None] * pt.dot(steps, below.T)
        logs = log_sigma + sigma_sd * pt.dot(apart, sigma_z)[data.scenario]
        logs += slopes[0] * place + slopes[1] * place**2
        away = squares + weights * (mean - lines[data.scenario, data.score]) ** 2
        loglik = -(count * logs).sum() - 0.5 * (away * pt.exp(-2 * logs)).sum()
        constant = 0.5 * np.log(data.weight / (2 * np.pi)).sum()
        pm.Potential("ratings", loglik + constant)
    return model


def lines(posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the expected rating at every score, shape (chains, draws, 5, 25)."""
    own = scenario_contrasts() @ posterior["scenario_z"]
    bends = posterior["common"][..., None, :] + posterior["bend_scenario"][..., None, None] * own
    heights = np.exp(bends @ smooth_basis().T)
    steps = heights / heights[..., _CENTRE].sum(axis=-1, keepdims=True)
    cumulated = np.cumsum(steps, axis=-1)
    cumulated = np.concatenate([np.zeros((*cumulated.shape[:-1], 1)), cumulated], axis=-1)
    cumulated -= cumulated[..., MIDDLE : MIDDLE + 1]
    apart = posterior["rise_z"] @ scenario_contrasts().T
    rises = posterior["rise"][..., None] + posterior["rise_sd"][..., None] * apart
    return posterior["level"][..., None] + np.exp(rises)[..., None] * cumulated


def spreads(posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the SD of ratings around the lines, shape (chains, draws, 5, 25)."""
    place = SCORES / OVERALL_MAX
    apart = posterior["sigma_z"] @ scenario_contrasts().T
    own = posterior["log_sigma"][..., None] + posterior["sigma_sd"][..., None] * apart
    shape = posterior["spread_slopes"] @ np.stack([place, place**2])
    return np.exp(own[..., None] + shape[..., None, :])


def log_likelihood(data: Ratings, posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the log-likelihood of every conversation's rating under every draw.

    Parameters
    ----------
    data : Ratings
        As given to `build`.
    posterior : dict of ndarray, shape (chains, draws, ...)
        Variables `KEEP`.

    Returns
    -------
    ndarray, shape (chains, draws, conversations)
    """
    expected = lines(posterior)[..., data.scenario, data.score][..., data.cell]
    sd = spreads(posterior)[..., data.scenario, data.score][..., data.cell] / np.sqrt(data.weight)
    return -0.5 * ((data.rating - expected) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)
