r"""Coaching effect: the six ratings as ordered categories, jointly.

Rating :math:`y_{itd} \in \{1, ..., 5\}` of dimension :math:`d` in conversation :math:`t` of
participant :math:`i` in arm :math:`a`, on scenario :math:`s`, is ordered logistic:

.. math::
   P(y_{itd} \le k) &= \mathrm{logit}^{-1}(c_{dk} - \eta_{itd}), \\
   \eta_{itd} &= \alpha_{da} + \gamma_{dt} + \delta_{dat} + \zeta_{ds} + u_{id}, \qquad
   u_i \sim \mathrm{N}_6(0, \Sigma),

with cutpoints :math:`c_{d1} < ... < c_{d4}`; :math:`\alpha_{da} = \delta_{dat} = 0` for Control and
:math:`\gamma_{d1} = \delta_{da1} = 0`; scenario effects sum to zero. Effects of training are
partially pooled over dimensions, each turned so that plus is better
(:math:`s_d = -1` for the three proscriptive dimensions):
:math:`s_d\,\delta_{dat} \sim \mathrm{N}(\mu_{at}, \omega^2)`.

Priors, on the logit scale (one unit takes a rating from the middle of its category well into the
next): :math:`c_{dk} \sim N(1.5 (k - 2.5), 2)` in order; :math:`\alpha_{da} \sim N(0, 0.5)`;
:math:`\gamma_{dt} \sim N(0, 1)`; :math:`\mu_{at} \sim N(0, 1.5)`;
:math:`\omega \sim \mathrm{HalfNormal}(0.75)`; scenarios :math:`N(0, 1)`; SDs of :math:`u`
:math:`\mathrm{HalfNormal}(2)`, correlations LKJ(2).

Sampling. What is sampled are the levels of each arm in each conversation, for the participants
at hand (their mean effect included): the data say much about these and nearly nothing about how
they split into population effect and chance of the sample. With independent
:math:`z_i \sim N(0, I)` centred within arms, and :math:`e_a \sim N(0, I)`, the effects of
participants are :math:`L (z_i - \bar z_a)` around :math:`L e_a / \sqrt{n_a}`, which is subtracted
from the levels again where their prior is taken. The likelihood is written with one exponential and
one logarithm per rating:
:math:`P(y = k) \propto e^\eta / ((e^\eta + e^{c_{k-1}})(e^\eta + e^{c_k}))`.

Source: McCullagh (1980, J. R. Stat. Soc. B 42:109); mixed effects and LKJ as in Buerkner and Vuorre
(2019, Advances in Methods and Practices in Psychological Science 2:77).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt

from lendanear.bayes.models.coaching_gaussian import SIGNS
from lendanear.bayes.settings import Settings
from lendanear.bayes.trial import LATER, TREATED, Trial, scenario_contrasts, trial
from lendanear.vocabulary import (
    ARM_KEYS,
    CONTROL,
    CONVERSATION_NUMBERS,
    DIMENSION_KEYS,
    SCORE_MAX,
    SCORE_MIN,
)

KEEP: Final = (
    "expected",
    "effect",
    "drift",
    "baseline",
    "pooled",
    "pooling_sd",
    "scenario",
    "cutpoints",
    "person_stds",
    "person_corr",
)
FULL: Final = Settings()
QUICK: Final = replace(FULL, tune=400, draws=400)
CUTS: Final = SCORE_MAX - SCORE_MIN
"""Cutpoints per dimension."""


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


def build(data: Trial, priors: Priors | None = None) -> pm.Model:
    """Return the model.

    Parameters
    ----------
    data : Trial
        With the six dimensions.
    priors : Priors, optional
        Other scales, to see how far conclusions move.
    """
    priors = priors or Priors()
    dimensions, arms, numbers = len(DIMENSION_KEYS), len(ARM_KEYS), len(CONVERSATION_NUMBERS)
    control = ARM_KEYS.index(CONTROL.key)
    treated = [ARM_KEYS.index(arm) for arm in TREATED]
    basis = scenario_contrasts()
    coords = {
        "dimension": DIMENSION_KEYS,
        "arm": TREATED,
        "any_arm": ARM_KEYS,
        "number": [str(number) for number in LATER],
        "any_number": [str(number) for number in CONVERSATION_NUMBERS],
        "person": np.arange(data.people),
        "cut": [str(score) for score in range(SCORE_MIN, SCORE_MAX)],
    }
    with pm.Model(coords=coords) as model:
        # cutpoints of the control arm's first conversation, as its sample of people has them
        start = 1.5 * (np.arange(CUTS) - (CUTS - 1) / 2)
        cuts = pm.Normal(
            "sample_cutpoints",
            start,
            priors.cutpoints,
            dims=("dimension", "cut"),
            transform=pm.distributions.transforms.ordered,
            initval=np.tile(start, (dimensions, 1)),
        )
        factor, _, _ = pm.LKJCholeskyCov(
            "person",
            eta=priors.lkj,
            n=dimensions,
            sd_dist=pm.HalfNormal.dist(priors.spread, size=dimensions),
        )
        noise = pm.Normal("noise", 0, 1, dims=("person", "dimension"))
        chance = pm.Normal("chance", 0, 1, dims=("any_arm", "dimension"))
        sizes = np.bincount(data.person_arm, minlength=arms)
        shift = pt.dot(chance, factor.T) / np.sqrt(sizes)[:, None]
        members = (data.person_arm[:, None] == np.arange(arms)).astype(float)
        centred = noise - pt.dot(members, pt.dot((members / sizes).T, noise))
        people = pt.dot(centred, factor.T)

        # levels of every arm and conversation against control's first, for the sample of people
        free = pm.Flat("levels", shape=(arms * numbers - 1, dimensions))
        first = control * numbers
        levels = pt.concatenate([free[:first], pt.zeros((1, dimensions)), free[first:]])
        levels = levels.reshape((arms, numbers, dimensions))
        baseline = levels[:, 0] - levels[control, 0] - (shift - shift[control])
        change = levels[:, 1:] - levels[:, :1]
        drift = pm.Deterministic("drift", change[control], dims=("number", "dimension"))
        effect = pm.Deterministic(
            "effect", (change - change[control])[treated], dims=("arm", "number", "dimension")
        )
        baseline = pm.Deterministic("baseline", baseline[treated], dims=("arm", "dimension"))
        pm.Deterministic("cutpoints", cuts + shift[control][:, None], dims=("dimension", "cut"))
        mean = pm.Normal("pooled", 0, priors.effect, dims=("arm", "number"))
        spread = pm.HalfNormal("pooling_sd", priors.pooling)
        for name, values, centre, scale in (
            ("drift_prior", drift, 0.0, priors.drift),
            ("baseline_prior", baseline, 0.0, priors.arm),
            ("effect_prior", effect * SIGNS, mean[:, :, None], spread),
        ):
            pm.Potential(name, pm.logp(pm.Normal.dist(centre, scale), values).sum())

        scenario = pm.Normal("scenario", 0, priors.scenario, shape=(basis.shape[1], dimensions))
        by_scenario = pt.dot(basis, scenario)
        own = people[data.person] + by_scenario[data.scenario]
        linear = own + levels[data.arm, data.number - CONVERSATION_NUMBERS[0]]
        pm.Potential("ratings", _loglik(data.scores.astype(int), linear, cuts))
        _expected(own, levels, cuts)
    return model


def _loglik(
    scores: np.ndarray, linear: pt.TensorVariable, cuts: pt.TensorVariable
) -> pt.TensorVariable:
    r"""Return the log-likelihood of all ratings.

    With :math:`x = e^\eta` and :math:`a_k = e^{c_k}`, :math:`P(y = k) = x (a_k - a_{k-1}) /
    ((x + a_{k-1}) (x + a_k))` where both cutpoints exist; a missing one drops its factor.
    """
    levels = range(SCORE_MIN, SCORE_MAX + 1)
    counts = np.array([(scores == score).sum(axis=0) for score in levels])
    # cutpoints below and above each rating; weight 0 and value 1 stand for a missing one
    has_low, has_high = (scores > SCORE_MIN).astype(float), (scores < SCORE_MAX).astype(float)
    columns = np.arange(scores.shape[1])
    bounds = pt.exp(cuts)
    low = pt.switch(has_low > 0, bounds[columns, np.maximum(scores - SCORE_MIN - 1, 0)], 1.0)
    high = pt.switch(has_high > 0, bounds[columns, np.minimum(scores - SCORE_MIN, CUTS - 1)], 1.0)
    odds = pt.exp(linear)
    total = (has_low * linear).sum() - pt.log(
        (has_low * odds + low) * (has_high * odds + high)
    ).sum()
    gaps = pt.log(bounds[:, 1:] - bounds[:, :-1])
    total += (counts[0] * cuts[:, 0]).sum() + (counts[1:-1].T * gaps).sum()
    return total


def _expected(own: pt.TensorVariable, levels: pt.TensorVariable, cuts: pt.TensorVariable) -> None:
    """Store the expected rating of the study's conversations, had they been of each arm and number.

    Averages predictions over all conversations with their participants and scenarios; 1 to 5.
    """
    odds = pt.exp(own)
    shape = (len(ARM_KEYS), len(CONVERSATION_NUMBERS))
    means = []
    for arm in range(shape[0]):
        for number in range(shape[1]):
            above = 0.0
            for cut in range(CUTS):
                bound = pt.exp(cuts[:, cut] - levels[arm, number])
                above += (odds / (odds + bound)).mean(axis=0)
            means.append(SCORE_MIN + above)
    pm.Deterministic(
        "expected",
        pt.stack(means).reshape((*shape, own.shape[1])),
        dims=("any_arm", "any_number", "dimension"),
    )
