r"""Coaching effect, Gaussian: overall empathy with participant effects integrated out.

Conversation :math:`t` of participant :math:`i` in arm :math:`a`, on scenario :math:`s`:

.. math::
   y_{it} &= \alpha + \alpha_a + \gamma_t + \delta_{at} + \zeta_s + u_i + \varepsilon_{it}, \\
   u_i &\sim \mathrm{N}(0, \tau^2), \quad \varepsilon_{it} \sim \mathrm{N}(0, \sigma^2),

with :math:`\alpha_a = 0` for Control, :math:`\gamma_1 = \delta_{a1} = 0` and
:math:`\delta_{at} = 0` for Control; scenario effects sum to zero. :math:`\delta_{a2}` and
:math:`\delta_{a3}` are the effects of training: how much more an arm changed than Control by that
conversation.

The participant effects are integrated out exactly: with :math:`n` conversations, a person's mean
times :math:`\sqrt n` has variance :math:`\sigma^2 + n\tau^2` and contrasts that sum to zero have
variance :math:`\sigma^2`, all independent, so Gram matrices suffice (`lendanear.bayes.trial`).

Priors, in points of overall empathy (-12 to 12, SD about 4): :math:`\alpha \sim N(0, 6)`; chance
differences at baseline :math:`\alpha_a \sim N(0, 2)`; drift :math:`\gamma_t \sim N(0, 3)`; effects
:math:`\delta_{at} \sim N(0, 5)`, wider than any training could hope for; scenarios
:math:`N(0, 2)`; :math:`\tau, \sigma \sim \mathrm{HalfNormal}(5)`.

Source: random-intercept model of Laird and Ware (1982, Biometrics 38:963); the outcome and the arms
are those of arXiv 2603.15245.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

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

if TYPE_CHECKING:
    # imported when the model is built: the settings are read each time a build is laid out
    import pandas as pd
    import pymc as pm
    import pytensor.tensor as pt

OUTCOME: Final = "overall_empathy"
KEEP: Final = ("terms", "effect", "sd_person", "sd_residual")
CHOSEN_PRIORS: Final = ("terms", "sd_person", "sd_residual")
"""Variables with priors of our choice, for prior sensitivity."""
FULL: Final = Settings()
QUICK: Final = replace(FULL, tune=500, draws=500)


@dataclass(frozen=True)
class Priors:
    """Scales of the priors, in points of overall empathy."""

    intercept: float = 6.0
    arm: float = 2.0
    drift: float = 3.0
    effect: float = 5.0
    scenario: float = 2.0
    spread: float = 5.0

    def scales(self) -> np.ndarray:
        """Return the prior SD of every term, in the order of ``trial.TERMS``."""
        names = [term.partition("[")[0] for term in TERMS]
        return np.array([getattr(self, name) for name in names])


def data(conversations: pd.DataFrame) -> Trial:
    """Return what the model is fitted to."""
    return trial(conversations, [OUTCOME])


def build(data: Trial, priors: Priors | None = None) -> pm.Model:
    """Return the model.

    Parameters
    ----------
    data : Trial
        With the one outcome.
    priors : Priors, optional
        Other scales, to see how far conclusions move.
    """
    import pymc as pm

    priors = priors or Priors()
    coords = {"term": TERMS, "arm": TREATED, "number": [str(number) for number in LATER]}
    first = TERMS.index(f"effect[{TREATED[0]},{LATER[0]}]")
    with pm.Model(coords=coords) as model:
        terms = pm.Normal("terms", 0, priors.scales(), dims="term")
        sd_person = pm.HalfNormal("sd_person", priors.spread)
        sd_residual = pm.HalfNormal("sd_residual", priors.spread)
        effect = terms[first : first + len(TREATED) * len(LATER)]
        pm.Deterministic(
            "effect", effect.reshape((len(TREATED), len(LATER))), dims=("arm", "number")
        )
        loglik = 0.0
        for part in held_moments(data):
            loglik += _loglik(part, terms, sd_person**2, sd_residual**2)
        pm.Potential("scores", loglik)
    return model


def _loglik(
    part: Moments, terms: pt.TensorVariable, person: pt.TensorVariable, residual: pt.TensorVariable
) -> pt.TensorVariable:
    """Return the log-likelihood of people with the same number of conversations."""
    import pytensor.tensor as pt

    between = residual + part.size * person
    total = -0.5 * part.people * pt.log(between) - 0.5 * _squares(part.between, terms) / between
    if part.size > 1:
        count = part.people * (part.size - 1)
        total += -0.5 * count * pt.log(residual) - 0.5 * _squares(part.within, terms) / residual
    return total - 0.5 * part.people * part.size * np.log(2 * np.pi)


def _squares(
    gram: tuple[np.ndarray, np.ndarray, np.ndarray], terms: pt.TensorVariable
) -> pt.TensorVariable:
    """Return the sum of squared residuals."""
    import pytensor.tensor as pt

    xx, xy, yy = gram
    return yy[0, 0] - 2 * pt.dot(xy[:, 0], terms) + pt.dot(terms, pt.dot(xx, terms))


def log_likelihood(data: Trial, posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the log-likelihood of every participant's scores under every draw.

    Parameters
    ----------
    data : Trial
        As given to `build`.
    posterior : dict of ndarray, shape (chains, draws, ...)
        ``terms``, ``sd_person`` and ``sd_residual``.

    Returns
    -------
    ndarray, shape (chains, draws, people)
        For leave-one-participant-out cross-validation and prior sensitivity.
    """
    residuals = data.scores[:, 0] - posterior["terms"] @ design_matrix(data).T
    sizes = np.bincount(data.person)
    starts = np.append(0, np.cumsum(sizes)[:-1])
    sums = np.add.reduceat(residuals, starts, axis=-1)
    squares = np.add.reduceat(residuals**2, starts, axis=-1)
    within = posterior["sd_residual"][..., None] ** 2
    between = within + sizes * posterior["sd_person"][..., None] ** 2
    return -0.5 * (
        sizes * np.log(2 * np.pi)
        + np.log(between)
        + (sizes - 1) * np.log(within)
        + sums**2 / sizes / between
        + (squares - sums**2 / sizes) / within
    )


def simulate(
    data: Trial, parameters: dict[str, np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Simulate the scores of the same people and conversations.

    Parameters
    ----------
    data : Trial
        The design; its scores are not used.
    parameters : dict of ndarray
        One draw of ``terms``, ``sd_person`` and ``sd_residual``.
    rng : numpy.random.Generator
        Source of chance.

    Returns
    -------
    ndarray, shape (n, 1)
    """
    people = parameters["sd_person"] * rng.standard_normal(data.people)
    noise = parameters["sd_residual"] * rng.standard_normal(len(data.person))
    return (design_matrix(data) @ parameters["terms"] + people[data.person] + noise)[:, None]
