r"""Reliability and responders, Gaussian: how noisy a score is, and whose change is more than noise.

Two models of the same conversations, fitted side by side; no parameter is shared.

**Reliability.** As `lendanear.models.reliability` has it: in Control nobody was trained, so the
three scores of a participant differ by error alone. For overall empathy and for each of the six
dimensions, apart from each other,

.. math::
   y_{it} = \mu + u_i + \varepsilon_{it}, \quad
   u_i \sim \mathrm{N}(0, \tau^2), \quad \varepsilon_{it} \sim \mathrm{N}(0, \sigma^2).

**True change.** Overall empathy in all arms: conversation :math:`t` of participant :math:`i` in arm
:math:`a`, on scenario :math:`s`,

.. math::
   y_{it} &= m_{at} + \zeta_s + u_i + v_i [t > 1] + \varepsilon_{it}, \\
   (u_i, v_i) &\sim \mathrm{N}\left(0, \begin{pmatrix} \tau^2 & \rho_a \tau \omega_a \\
       \rho_a \tau \omega_a & \omega_a^2 \end{pmatrix}\right), \quad
   \varepsilon_{it} \sim \mathrm{N}(0, \sigma^2).

Participant :math:`i` truly changes by :math:`d_i = \delta_a + v_i`, where
:math:`\delta_a = (m_{a2} + m_{a3}) / 2 - m_{a1}`: what both later conversations share against the
first. The means follow from the terms of `lendanear.bayes.trial` (baseline of the arm, drift,
effects of training); scenario effects sum to zero.

What identifies what: scores of conversations 2 and 3 differ by error alone, so their difference
tells :math:`\sigma`, in every arm; by how much more than error the change from conversation 1
varies tells :math:`\omega_a`. This rests on three assumptions: errors have the same variance in
all arms and conversations; a true change is the same in conversations 2 and 3, apart from its
arm's mean; all is normal. A mood that lasts for conversations 2 and 3, or weighs on conversation 1
alone, would count as true change: that :math:`\omega` of Control, who were not trained, tells how
much of that there is.

Nothing per participant is sampled. In the coordinates :math:`y_1`, :math:`(y_2 + y_3) / \sqrt 2`
and :math:`(y_3 - y_2) / \sqrt 2` the third is independent of the others with variance
:math:`\sigma^2`, so the likelihood needs Gram matrices only; and given the parameters
:math:`d_i` is normal with mean and variance known in closed form (`true_changes`).

Priors, in points: overall empathy (-12 to 12) as in `coaching_overall`; :math:`\omega_a \sim
\mathrm{HalfNormal}(2)`, half of the score's SD; :math:`\rho_a = \tanh z_a`, :math:`z_a \sim
\mathrm{N}(0, 0.5)`. Dimensions (1 to 5): :math:`\mu \sim \mathrm{N}(3, 1.5)`, standard
deviations :math:`\mathrm{HalfNormal}(1)`.

Source: Laird and Ware (1982, Biometrics 38:963); the reliable-change index of Jacobson and Truax
(1991, J. Consult. Clin. Psychol. 59:12), whose verdict on single participants is replaced here by
the probability of a true change.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
from pytensor.compile.sharedvalue import SharedVariable

from lendanear.bayes.containers import data_container
from lendanear.bayes.settings import Settings
from lendanear.bayes.trial import (
    LATER,
    TERMS,
    TREATED,
    Trial,
    design_matrix,
    require_whole,
    trial,
)
from lendanear.errors import LendAnEarError
from lendanear.vocabulary import ARM_KEYS, CONTROL, CONVERSATION_NUMBERS, DIMENSION_KEYS

OVERALL: Final = "overall_empathy"
OUTCOMES: Final = (OVERALL, *DIMENSION_KEYS)
"""Scores whose reliability is estimated."""
NOISE: Final = ("control_mean", "control_sd_person", "control_sd_residual")
"""Variables of the model of reliability."""
CHANGE: Final = ("terms", "sd_person", "sd_residual", "sd_change", "slant")
"""Variables of the model of true change; ``slant`` is the correlation of true change and level."""
NOISE_PRIORS: Final = ("control_mean", "control_signed_person", "control_sd_residual")
CHANGE_PRIORS: Final = ("terms", "sd_person", "sd_residual", "signed_change", "signed_slant")
CHOSEN_PRIORS: Final = (*NOISE_PRIORS, *CHANGE_PRIORS)
"""Variables with priors of our choice, for prior sensitivity: of both models."""
KEEP: Final = tuple(dict.fromkeys((*NOISE, *CHANGE, *CHOSEN_PRIORS)))
FULL: Final = Settings(draws=1500, target_accept=0.9)
QUICK: Final = replace(FULL, tune=500, draws=1000)
_PLACES: Final = len(CONVERSATION_NUMBERS)


@dataclass(frozen=True)
class Priors:
    """Scales of the priors: of overall empathy in points of -12 to 12, of dimensions 1 to 5."""

    intercept: float = 6.0
    arm: float = 2.0
    drift: float = 3.0
    effect: float = 5.0
    scenario: float = 2.0
    spread: float = 5.0
    change_spread: float = 2.0
    slant: float = 0.5
    dimension_centre: float = 3.0
    dimension: float = 1.5
    dimension_spread: float = 1.0

    def scales(self) -> np.ndarray:
        """Return the prior SD of every term, in the order of ``trial.TERMS``."""
        names = [term.partition("[")[0] for term in TERMS]
        return np.array([getattr(self, name) for name in names])

    def of_outcomes(self, overall: float, dimension: float) -> np.ndarray:
        """Return a number for overall empathy, and another for each dimension."""
        return np.array([overall, *[dimension] * len(DIMENSION_KEYS)])


@dataclass(frozen=True)
class Responders:
    """What both models are fitted to.

    Attributes
    ----------
    scores : ndarray, shape (people, 3, outcomes)
        Scores of conversations 1 to 3, `OUTCOMES` last.
    arm : ndarray of int, shape (people,)
        Place in ``vocabulary.ARM_KEYS``.
    design : ndarray, shape (people, 3, terms)
        Regressors, ``trial.TERMS`` last.
    """

    scores: np.ndarray
    arm: np.ndarray
    design: np.ndarray

    @property
    def control(self) -> np.ndarray:
        """Scores of Control, shape (people of Control, 3, outcomes)."""
        return self.scores[self.arm == ARM_KEYS.index(CONTROL.key)]

    @cached_property
    def rotated(self) -> tuple[np.ndarray, np.ndarray]:
        """Overall empathy and regressors in the coordinates in which the likelihood is simple.

        Shapes (people, 3) and (people, 3, terms): first conversation, sum of the later ones and
        their difference, both over the root of 2.
        """
        return _rotate(self.scores[..., 0]), _rotate(self.design)


def _rotate(values: np.ndarray) -> np.ndarray:
    first, second, third = (values[:, place] for place in range(_PLACES))
    return np.stack([first, (second + third) / np.sqrt(2), (third - second) / np.sqrt(2)], axis=1)


def data(conversations: pd.DataFrame) -> Responders:
    """Return what the models are fitted to.

    Raises
    ------
    LendAnEarError
        If an arm or a conversation is absent, a participant lacks one of the three conversations,
        or nobody in Control is scored differently in two conversations on some scale.
    """
    known: Trial = trial(conversations, OUTCOMES)
    require_whole(known, "a change")
    found = Responders(
        scores=known.scores.reshape(-1, _PLACES, len(OUTCOMES)),
        arm=known.person_arm,
        design=design_matrix(known).reshape(-1, _PLACES, len(TERMS)),
    )
    steady = np.ptp(found.control, axis=1).max(axis=0) == 0
    if steady.any():
        raise LendAnEarError(
            "reliability is estimated from how scores of a participant in Control differ, and in "
            f"this data nobody's {OUTCOMES[int(steady.argmax())]!r} does"
        )
    return found


def build(data: Responders, priors: Priors | None = None) -> pm.Model:
    """Return both models in one.

    Parameters
    ----------
    data : Responders
        From `data`.
    priors : Priors, optional
        Other scales, to see how far conclusions move.
    """
    priors = priors or Priors()
    coords = {"outcome": OUTCOMES, "term": TERMS, "arm": ARM_KEYS}
    with pm.Model(coords=coords) as model:
        mean = pm.Normal(
            "control_mean",
            priors.of_outcomes(0.0, priors.dimension_centre),
            priors.of_outcomes(priors.intercept, priors.dimension),
            dims="outcome",
        )
        spread = priors.of_outcomes(priors.spread, priors.dimension_spread)
        # a standard deviation that may be 0 is sampled with a sign: the likelihood is the same and
        # smooth across 0, and no logarithm runs away
        person = pm.Normal("control_signed_person", 0, spread, dims="outcome")
        pm.Deterministic("control_sd_person", pt.abs(person), dims="outcome")
        residual = pm.HalfNormal("control_sd_residual", spread, dims="outcome")
        pm.Potential("noise", _noise_loglik(data, mean, person**2, residual**2))

        terms = pm.Normal("terms", 0, priors.scales(), dims="term")
        sd_person = pm.HalfNormal("sd_person", priors.spread)
        sd_residual = pm.HalfNormal("sd_residual", priors.spread)
        # here the likelihood is the same if the correlation changes its sign too
        change = pm.Normal("signed_change", 0, priors.change_spread, dims="arm")
        slant = pm.Normal("signed_slant", 0, priors.slant, dims="arm")
        pm.Deterministic("sd_change", pt.abs(change), dims="arm")
        pm.Deterministic("slant", pt.sign(change) * pt.tanh(slant), dims="arm")
        spread = _covariance(sd_person, sd_residual, change, pt.tanh(slant))
        pm.Potential("change", _change_loglik(data, terms, spread))
    return model


class Covariance(NamedTuple):
    """Covariances of a participant's rotated scores and true change, by arm.

    ``first`` and ``later`` are the variances of the first conversation and of the sum of the later
    ones over the root of 2, ``both`` is their covariance; ``noise`` is the variance of the later
    ones' difference over the root of 2. ``with_first`` and ``with_later`` are the covariances of
    the first two with the true change, ``change`` is its variance.
    """

    first: object
    both: object
    later: object
    noise: object
    with_first: object
    with_later: object
    change: object


def _covariance(person: object, residual: object, change: object, slant: object) -> Covariance:
    """Return covariances from standard deviations and correlations: arrays or tensors."""
    root = np.sqrt(2)
    joint = slant * person * change
    noise = residual**2
    return Covariance(
        first=person**2 + noise,
        both=root * (person**2 + joint),
        later=2 * (person**2 + 2 * joint + change**2) + noise,
        noise=noise,
        with_first=joint,
        with_later=root * (joint + change**2),
        change=change**2,
    )


def noise_containers(data: Responders) -> dict[str, np.ndarray]:
    """Return what the model of reliability needs of the scores of Control, one entry per outcome.

    By the names of its data containers: a model that is compiled can be given other scores of the
    same participants, and other ones than the model of true change.
    """
    means = data.control.mean(axis=1)
    return {
        "control_average": means.mean(axis=0),
        "control_between": _PLACES * ((means - means.mean(axis=0)) ** 2).sum(axis=0),
        "control_within": ((data.control - means[:, None]) ** 2).sum(axis=(0, 1)),
    }


def change_containers(data: Responders) -> dict[str, np.ndarray]:
    """Return what the model of true change needs of overall empathy, likewise."""
    _, xy, yy = _grams(data)
    return {"change_xy": xy, "change_yy": yy}


def _held(values: dict[str, np.ndarray]) -> list[SharedVariable]:
    """Add data containers to the model that is being built."""
    return [data_container(name, array) for name, array in values.items()]


def _noise_loglik(
    data: Responders, mean: pt.TensorVariable, person: pt.TensorVariable, noise: pt.TensorVariable
) -> pt.TensorVariable:
    """Return the log-likelihood of the scores of Control; variances, one entry per outcome."""
    people = len(data.control)
    average, between, within = _held(noise_containers(data))
    spread = noise + _PLACES * person
    squares = between + people * _PLACES * (average - mean) ** 2
    each = (
        people * (pt.log(spread) + (_PLACES - 1) * pt.log(noise))
        + squares / spread
        + within / noise
        + people * _PLACES * np.log(2 * np.pi)
    )
    return -0.5 * each.sum()


def _change_loglik(
    data: Responders, terms: pt.TensorVariable, spread: Covariance
) -> pt.TensorVariable:
    """Return the log-likelihood of overall empathy in all arms."""
    people = np.bincount(data.arm, minlength=len(ARM_KEYS))
    xx = _grams(data)[0]
    xy, yy = _held(change_containers(data))
    # sums of squares and of products of the residuals, one row per arm, one column per pair
    bent = (xx.reshape(-1, len(TERMS)) @ terms).reshape(xx.shape[:-1])
    squares = yy + pt.dot(bent - 2 * xy, terms)
    determinant = spread.first * spread.later - spread.both**2
    weighed = (
        spread.later * squares[:, 0]
        - 2 * spread.both * squares[:, 1]
        + spread.first * squares[:, 2]
    ) / determinant
    total = people * pt.log(determinant) + weighed + squares[:, 3] / spread.noise
    constant = people.sum() * (pt.log(spread.noise) + _PLACES * np.log(2 * np.pi))
    return -0.5 * (total.sum() + constant)


def _grams(data: Responders) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return X'X, X'y and y'y of pairs of rotated coordinates, arms first, then pairs."""
    y, x = data.rotated
    pairs = ((0, 0), (0, 1), (1, 1), (2, 2))
    grams = [
        [_gram(x[own], y[own], left, right) for left, right in pairs]
        for own in (data.arm == place for place in range(len(ARM_KEYS)))
    ]
    xx, xy, yy = (np.array([[gram[part] for gram in row] for row in grams]) for part in range(3))
    return xx, xy, yy


def _gram(
    x: np.ndarray, y: np.ndarray, left: int, right: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return X'X, X'y and y'y of two coordinates, symmetric in them."""
    xx = x[:, left].T @ x[:, right]
    xy = x[:, left].T @ y[:, right] + x[:, right].T @ y[:, left]
    return (xx + xx.T) / 2, xy / 2, float(y[:, left] @ y[:, right])


class _Parts(NamedTuple):
    """Covariances with a last axis for people, and the residuals of the rotated scores."""

    spread: Covariance
    first: np.ndarray
    later: np.ndarray
    difference: np.ndarray


def _parts(data: Responders, posterior: dict[str, np.ndarray]) -> _Parts:
    y, x = data.rotated
    residuals = [y[:, place] - posterior["terms"] @ x[:, place].T for place in range(_PLACES)]
    spread = _covariance(
        posterior["sd_person"][..., None],
        posterior["sd_residual"][..., None],
        posterior["sd_change"],
        posterior["slant"],
    )
    by_person = [part if part.shape[-1] == 1 else part[..., data.arm] for part in spread]
    return _Parts(Covariance(*by_person), *residuals)


def mean_changes(posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the mean true change of every arm in points, shape (chains, draws, 4)."""
    terms = posterior["terms"]
    drift = terms[..., [TERMS.index(f"drift[{number}]") for number in LATER]].mean(axis=-1)
    effects = [
        terms[..., [TERMS.index(f"effect[{arm},{number}]") for number in LATER]].mean(axis=-1)
        for arm in TREATED
    ]
    gained = dict(zip(TREATED, effects, strict=True))
    return np.stack([drift + gained.get(arm, 0.0) for arm in ARM_KEYS], axis=-1)


def true_changes(
    data: Responders, posterior: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    r"""Return what is known of everybody's true change, given the parameters of each draw.

    With residuals :math:`r` of the rotated scores, their covariance :math:`V` and their covariance
    :math:`c` with the true change, the latter is normal with mean
    :math:`\delta_a + c' V^{-1} r` and variance :math:`\omega_a^2 - c' V^{-1} c`.

    Parameters
    ----------
    data : Responders
        From `data`.
    posterior : dict of ndarray, shape (chains, draws, ...)
        The variables `CHANGE`.

    Returns
    -------
    mean, sd : ndarray, shape (chains, draws, people)
        In points of overall empathy.
    """
    spread, first, later, _ = _parts(data, posterior)
    determinant = spread.first * spread.later - spread.both**2
    weight_first = (spread.later * spread.with_first - spread.both * spread.with_later) / (
        determinant
    )
    weight_later = (spread.first * spread.with_later - spread.both * spread.with_first) / (
        determinant
    )
    mean = mean_changes(posterior)[..., data.arm] + weight_first * first + weight_later * later
    left = spread.change - weight_first * spread.with_first - weight_later * spread.with_later
    return mean, np.sqrt(np.maximum(left, 0))


def log_likelihood(data: Responders, posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the log-likelihood of every participant's scores in the model of true change.

    Parameters
    ----------
    data : Responders
        As given to `build`.
    posterior : dict of ndarray, shape (chains, draws, ...)
        The variables `CHANGE`.

    Returns
    -------
    ndarray, shape (chains, draws, people)
    """
    spread, first, later, difference = _parts(data, posterior)
    determinant = spread.first * spread.later - spread.both**2
    weighed = (
        spread.later * first**2 - 2 * spread.both * first * later + spread.first * later**2
    ) / determinant
    return -0.5 * (
        _PLACES * np.log(2 * np.pi)
        + np.log(determinant)
        + np.log(spread.noise)
        + weighed
        + difference**2 / spread.noise
    )


def noise_log_likelihood(data: Responders, posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the log-likelihood of every participant's scores in the model of reliability.

    Parameters
    ----------
    data : Responders
        As given to `build`.
    posterior : dict of ndarray, shape (chains, draws, outcomes)
        The variables `NOISE`.

    Returns
    -------
    ndarray, shape (chains, draws, people of Control, outcomes)
    """
    mean, person, residual = (posterior[name][..., None, :] for name in NOISE)
    means = data.control.mean(axis=1)
    within = ((data.control - means[:, None]) ** 2).sum(axis=1)
    spread = residual**2 + _PLACES * person**2
    return -0.5 * (
        _PLACES * np.log(2 * np.pi)
        + np.log(spread)
        + (_PLACES - 1) * np.log(residual**2)
        + _PLACES * (means - mean) ** 2 / spread
        + within / residual**2
    )


def simulate(
    data: Responders, parameters: dict[str, np.ndarray], rng: np.random.Generator
) -> np.ndarray:
    """Return overall empathy of the same participants as the model of true change draws it.

    Parameters
    ----------
    data : Responders
        Arms and regressors; its scores are not used.
    parameters : dict of ndarray, shape (sets, ...)
        The variables `CHANGE`, one entry per simulated data set.
    rng : Generator
        Source of chance.

    Returns
    -------
    ndarray, shape (sets, people, 3)
    """
    sets, people = len(parameters["terms"]), len(data.arm)
    steady, moved = rng.standard_normal((2, sets, people))
    slant = parameters["slant"][:, data.arm]
    person = parameters["sd_person"][:, None] * steady
    change = parameters["sd_change"][:, data.arm] * (slant * steady + np.sqrt(1 - slant**2) * moved)
    noise = parameters["sd_residual"][:, None, None] * rng.standard_normal((sets, people, _PLACES))
    expected = np.einsum("ptk,sk->spt", data.design, parameters["terms"], optimize=True)
    return expected + person[..., None] + change[..., None] * np.array([0, 1, 1]) + noise
