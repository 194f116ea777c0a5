r"""Coaching effect: the six ratings as ordered categories, jointly.

Rating :math:`y_{itd} \in \{1, ..., 5\}` of dimension :math:`d` in conversation :math:`t` of
participant :math:`i` in arm :math:`a`, on scenario :math:`s`, is ordered logistic:

.. math::
   P(y_{itd} \le k) &= \mathrm{logit}^{-1}(c_{dk} - \eta_{itd}), \\
   \eta_{itd} &= \alpha_{da} + \gamma_{dt} + \delta_{dat} + \zeta_{ds} + u_{id}, \qquad
   u_i \sim \mathrm{N}_6(0, \Sigma),

with cutpoints :math:`c_{d1} < ... < c_{d4}`; :math:`\alpha_{da} = \delta_{dat} = 0` for Control and
:math:`\gamma_{d1} = \delta_{da1} = 0`; scenario effects sum to zero.

Effects of training are partially pooled over dimensions as in `coaching_gaussian`, each turned so
that plus is better
(:math:`s_d = -1` for the three proscriptive dimensions):

.. math:: s_d\,\delta_{dat} \sim \mathrm{N}(\mu_{at} + \nu_d, \omega^2), \quad
   \nu_d \sim \mathrm{N}(0, \kappa^2).

Given the participant, the six ratings of one conversation are taken for independent, which they
are not. No single dimension is touched by that, but their sum is: it would vary within people too
little, and its effects would seem more certain than they are. Effects on overall empathy are
therefore those of `coaching_gaussian`, which estimates how ratings of a conversation go together.
(One common factor per conversation was tried in this model: its loadings and the spread of people
run away together, and chains need ten times the steps.)

What is reported is not :math:`\delta` but what it does to ratings: expected ratings are averaged
over the study's conversations, with their participants and scenarios, once as they would be with a
training and once without (``expected``).

Priors, on the logit scale (one unit takes a rating from the middle of its category well into the
next): :math:`c_{dk} \sim N(1.5 (k - 2.5), 2)` in order; :math:`\alpha_{da} \sim N(0, 0.5)`;
:math:`\gamma_{dt} \sim N(0, 1)`; :math:`\mu_{at} \sim N(0, 1.5)`;
:math:`\omega, \kappa \sim \mathrm{HalfNormal}(0.75)`; scenarios :math:`N(0, 1)`; SDs of :math:`u`
:math:`\mathrm{HalfNormal}(2)`, correlations LKJ(2).

Sampling. Three rewritings leave the model what it is and make it ten times cheaper. What is sampled
are the levels of arms and conversations for the participants at hand, their mean effect included:
the data say much about these and nearly nothing about how they split into population effect and
chance of the sample. With independent :math:`z_i \sim N(0, I)` centred within arms and
:math:`e_a \sim N(0, I)`, effects of participants are :math:`L (z_i - \bar z_a)` around
:math:`L e_a / \sqrt{n_a}`, which is taken off the levels again where their prior is taken. Levels
of arms and of conversations are coded as orthogonal contrasts around the grand mean, where the
cutpoints stand, and effects of training as the interaction left beside them. And the likelihood is
that of `lendanear.bayes.ordered`.

Source: McCullagh (1980, J. R. Stat. Soc. B 42:109); mixed effects and LKJ as in Buerkner and Vuorre
(2019, Advances in Methods and Practices in Psychological Science 2:77).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from lendanear.bayes import ordered
from lendanear.bayes.contrasts import zero_sum_basis
from lendanear.bayes.models.coaching_gaussian import SIGNS, lkj_draw
from lendanear.bayes.ordered import CUTS, Layout
from lendanear.bayes.people import Parameters
from lendanear.bayes.settings import Settings
from lendanear.bayes.spreads import signed_spread
from lendanear.bayes.trial import LATER, TREATED, Trial, scenario_contrasts, trial
from lendanear.vocabulary import (
    ARM_KEYS,
    CONTROL,
    CONVERSATION_NUMBERS,
    DIMENSION_KEYS,
    SCENARIO_KEYS,
    SCORE_MIN,
)

if TYPE_CHECKING:
    import pymc as pm
    import pytensor.tensor as pt

KEEP: Final = (
    "expected",
    "effect",
    "drift",
    "baseline",
    "pooled",
    "pooling_sd",
    "peculiar_sd",
    "scenario",
    "cutpoints",
    "person_stds",
    "person_corr",
)
FULL: Final = Settings(tune=700, draws=2700)
QUICK: Final = replace(FULL, tune=400, draws=400)
_CONTROL: Final = ARM_KEYS.index(CONTROL.key)
_TREATED: Final = [ARM_KEYS.index(arm) for arm in TREATED]
_CELLS: Final = (len(ARM_KEYS), len(CONVERSATION_NUMBERS), len(SCENARIO_KEYS))
_START: Final = 1.5 * (np.arange(CUTS) - (CUTS - 1) / 2)
"""Prior means of the cutpoints."""


@dataclass(frozen=True)
class Priors:
    """Scales of the priors on the logit scale; LKJ shape."""

    cutpoints: float = 2.0
    arm: float = 0.5
    drift: float = 1.0
    effect: float = 1.5
    pooling: float = 0.75
    scenario: float = 1.0
    spread: float = 2.0
    lkj: float = 2.0


def data(conversations: pd.DataFrame) -> Trial:
    """Return what the model is fitted to."""
    return trial(conversations, DIMENSION_KEYS)


def _cell(data: Trial) -> np.ndarray:
    """Return the cell of every conversation: its arm, number and scenario."""
    number = data.number - CONVERSATION_NUMBERS[0]
    return np.ravel_multi_index((data.arm, number, data.scenario), _CELLS)


def arranged(data: Trial) -> Layout:
    """Return the ratings by participant."""
    return ordered.layout(data.scores.astype(int), data.person, _cell(data), int(np.prod(_CELLS)))


def build(data: Trial, priors: Priors | None = None) -> pm.Model:
    """Return the model.

    Parameters
    ----------
    data : Trial
        With the six dimensions.
    priors : Priors, optional
        Other scales, to see how far conclusions move.
    """
    import pymc as pm
    import pytensor.tensor as pt

    priors = priors or Priors()
    count, arms = len(DIMENSION_KEYS), len(ARM_KEYS)
    coords = {
        "dimension": DIMENSION_KEYS,
        "arm": TREATED,
        "any_arm": ARM_KEYS,
        "number": [str(number) for number in LATER],
        "person": np.arange(data.people),
        "cut": np.arange(1, CUTS + 1),
    }
    with pm.Model(coords=coords) as model:
        factor, _, _ = pm.LKJCholeskyCov(
            "person",
            eta=priors.lkj,
            n=count,
            sd_dist=pm.HalfNormal.dist(priors.spread, size=count),
        )
        sizes = np.bincount(data.person_arm, minlength=arms)
        members = (data.person_arm[:, None] == np.arange(arms)).astype(float)
        noise = pm.Normal("noise", 0, 1, dims=("person", "dimension"))
        centred = noise - pt.dot(members, pt.dot((members / sizes).T, noise))
        own = pt.dot(centred, factor.T)
        chance = pm.Normal("chance", 0, 1, dims=("any_arm", "dimension"))
        shift = pt.dot(chance, factor.T) / np.sqrt(sizes)[:, None]

        effect = _effects(priors)
        levels = _levels(effect)
        cuts = pm.Flat(
            "sample_cutpoints",
            dims=("dimension", "cut"),
            transform=pm.distributions.transforms.ordered,
            initval=np.tile(_START, (count, 1)),
        )
        origin = levels[_CONTROL, 0] - shift[_CONTROL]
        cutpoints = pm.Deterministic("cutpoints", cuts - origin[:, None], dims=("dimension", "cut"))
        drift = levels[_CONTROL, 1:] - levels[_CONTROL, 0]
        drift = pm.Deterministic("drift", drift, dims=("number", "dimension"))
        baseline = (levels[:, 0] - shift - origin)[_TREATED]
        baseline = pm.Deterministic("baseline", baseline, dims=("arm", "dimension"))
        for name, values, centre, scale in (
            ("cutpoints_prior", cutpoints, _START, priors.cutpoints),
            ("drift_prior", drift, 0.0, priors.drift),
            ("baseline_prior", baseline, 0.0, priors.arm),
        ):
            pm.Potential(name, pm.logp(pm.Normal.dist(centre, scale), values).sum())

        basis = scenario_contrasts()
        scenario = pm.Normal("scenario", 0, priors.scenario, shape=(basis.shape[1], count))
        by_scenario = pt.dot(basis, scenario)
        cell = (levels[:, :, None] + by_scenario).reshape((-1, count))
        pm.Potential("ratings", ordered.log_likelihood(arranged(data), own, cell, cuts))
        odds = pt.exp(own[data.person] + by_scenario[data.scenario])
        gain = [
            effect[TREATED.index(arm)] if arm in TREATED else pt.zeros((len(LATER), count))
            for arm in ARM_KEYS
        ]
        bounds = pt.exp(cuts - (levels[_CONTROL, 1:] + pt.stack(gain))[..., None])
        reached = odds[:, None, None, :, None] / (odds[:, None, None, :, None] + bounds)
        pm.Deterministic(
            "expected",
            SCORE_MIN + reached.sum(axis=(0, 4)) / len(data.person),
            dims=("any_arm", "number", "dimension"),
        )
    return model


def _effects(priors: Priors) -> pt.TensorVariable:
    """Add the effects of training to the model, pooled over dimensions."""
    import pymc as pm
    import pytensor.tensor as pt

    peculiar = signed_spread("peculiar", priors.pooling)
    pooling = signed_spread("pooling", priors.pooling)
    cells, count = (len(TREATED), len(LATER)), len(DIMENSION_KEYS)
    of_cell, of_dimension = zero_sum_basis(int(np.prod(cells))), zero_sum_basis(count)
    # the mean of what is peculiar to dimensions cannot be told from a shift of everything pooled:
    # their sum is sampled
    variance = _grand_variance(priors, peculiar)
    grand = pm.Normal("grand", 0, pt.sqrt(variance))
    apart = pt.dot(of_cell, pm.Normal("apart", 0, priors.effect, shape=of_cell.shape[1]))
    mean = pm.Deterministic("pooled", grand + apart.reshape(cells), dims=("arm", "number"))
    peculiar = peculiar * pt.dot(
        of_dimension, pm.Normal("of_dimension", 0, 1, shape=of_dimension.shape[1])
    )
    alone = pooling * pm.Normal("alone", 0, 1, dims=("arm", "number", "dimension"))
    better = mean[:, :, None] + peculiar + alone
    return pm.Deterministic("effect", better * SIGNS, dims=("arm", "number", "dimension"))


def _grand_variance(priors: Priors, peculiar: Any) -> Any:  # noqa: ANN401
    """Return the prior variance of the mean of all that is pooled or peculiar, arrays or graphs."""
    return priors.effect**2 / (len(TREATED) * len(LATER)) + peculiar**2 / len(DIMENSION_KEYS)


def _levels(effect: pt.TensorVariable) -> pt.TensorVariable:
    """Add the levels of every arm and conversation, for the participants at hand; they sum to zero.

    Main effects are orthogonal contrasts with flat densities; their priors are those of baseline
    and drift.
    """
    import pymc as pm
    import pytensor.tensor as pt

    arms, numbers = len(ARM_KEYS), len(CONVERSATION_NUMBERS)
    count = len(DIMENSION_KEYS)
    by_arm = pt.dot(zero_sum_basis(arms), pm.Flat("arm_levels", shape=(arms - 1, count)))
    by_number = pt.dot(
        zero_sum_basis(numbers), pm.Flat("number_levels", shape=(numbers - 1, count))
    )
    to_arms, to_numbers = np.eye(arms) - 1 / arms, np.eye(numbers) - 1 / numbers
    interaction = pt.tensordot(to_numbers[:, 1:], effect, [[1], [1]])  # number, arm, dimension
    interaction = pt.tensordot(to_arms[:, _TREATED], interaction, [[1], [1]])
    return by_arm[:, None] + by_number + interaction


def parameters(values: dict[str, np.ndarray]) -> Parameters:
    """Return what ratings depend on besides participants, from one draw of `KEEP`."""
    shape = (len(ARM_KEYS), len(CONVERSATION_NUMBERS), len(DIMENSION_KEYS))
    level = np.zeros(shape)
    level[:, 1:] += values["drift"]
    level[_TREATED] += values["baseline"][:, None]
    level[_TREATED, 1:] += values["effect"]
    cell = level[:, :, None] + scenario_contrasts() @ values["scenario"]
    stds = values["person_stds"]
    return Parameters(
        cell.reshape(-1, shape[-1]),
        values["cutpoints"],
        values["person_corr"] * stds[:, None] * stds,
    )


def log_prior(posterior: dict[str, np.ndarray], priors: Priors | None = None) -> np.ndarray:
    """Return the log-density of all chosen priors under every draw, up to a constant.

    How effects scatter around what is pooled is part of the model, not a chosen prior.

    Parameters
    ----------
    posterior : dict of ndarray, shape (chains, draws, ...)
        `KEEP`.
    priors : Priors, optional
        The scales the model was built with.

    Returns
    -------
    ndarray, shape (chains, draws)
    """
    priors = priors or Priors()
    shape = posterior["pooling_sd"].shape
    pooled = posterior["pooled"].reshape(*shape, -1)
    grand = pooled.mean(axis=-1)
    variance = _grand_variance(priors, posterior["peculiar_sd"])
    total = -0.5 * (grand**2 / variance + np.log(variance))
    total -= 0.5 * ((pooled - grand[..., None]) ** 2).sum(axis=-1) / priors.effect**2
    total += (priors.lkj - 1) * np.linalg.slogdet(posterior["person_corr"])[1]
    for name, centre, scale in (
        ("cutpoints", _START, priors.cutpoints),
        ("baseline", 0.0, priors.arm),
        ("drift", 0.0, priors.drift),
        ("pooling_sd", 0.0, priors.pooling),
        ("peculiar_sd", 0.0, priors.pooling),
        ("scenario", 0.0, priors.scenario),
        ("person_stds", 0.0, priors.spread),
    ):
        scaled = (posterior[name] - centre) / scale
        total = total - 0.5 * (scaled**2).reshape(*shape, -1).sum(axis=-1)
    return total


def prior_draw(rng: np.random.Generator, priors: Priors | None = None) -> dict[str, np.ndarray]:
    """Draw from the prior what `simulate` needs, for predictive checks and recovery."""
    priors = priors or Priors()
    count, cells = len(DIMENSION_KEYS), (len(TREATED), len(LATER))
    pooling, peculiar = np.abs(rng.normal(0, priors.pooling, 2))
    better = rng.normal(0, priors.effect, (*cells, 1)) + rng.normal(0, peculiar, count)
    cutpoints = np.empty((count, CUTS))
    for dimension in range(count):
        drawn = np.zeros(CUTS)
        while not (np.diff(drawn) > 0).all():
            drawn = rng.normal(_START, priors.cutpoints)
        cutpoints[dimension] = drawn
    return {
        "effect": (better + rng.normal(0, pooling, (*cells, count))) * SIGNS,
        "pooling_sd": np.array(pooling),
        "peculiar_sd": np.array(peculiar),
        "cutpoints": cutpoints,
        "baseline": rng.normal(0, priors.arm, (len(TREATED), count)),
        "drift": rng.normal(0, priors.drift, (len(LATER), count)),
        "scenario": rng.normal(0, priors.scenario, (len(SCENARIO_KEYS) - 1, count)),
        "person_stds": np.abs(rng.normal(0, priors.spread, count)),
        "person_corr": lkj_draw(rng, priors.lkj, count),
    }


def simulate(data: Trial, values: dict[str, np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Simulate the ratings of as many new people in the same design.

    Parameters
    ----------
    data : Trial
        The design; its scores are not used.
    values : dict of ndarray
        One draw of what `prior_draw` gives.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray of float, shape (n, 6)
        Ratings 1 to 5.
    """
    known = parameters(values)
    factor = np.linalg.cholesky(known.covariance)
    people = rng.normal(size=(data.people, len(factor))) @ factor.T
    latent = known.cell[_cell(data)] + people[data.person] + rng.logistic(size=data.scores.shape)
    return SCORE_MIN + (latent[..., None] > known.cuts).sum(axis=-1).astype(float)
