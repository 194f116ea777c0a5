r"""Silent empathy, second face: people say of themselves what the judge rarely sees.

Two self-reports name a behaviour that is judged on the same scale of five levels: encouraging
elaboration, and showing understanding. One model per behaviour, with no parameter in common. In
conversation :math:`t` of participant :math:`i` in arm :math:`a`, :math:`S_{it}` is whether the
self-report is "quite a bit" or "very much", :math:`J_{it}` whether the judge says so:

.. math::
   \operatorname{logit} P(S_{it} = 1) &= \alpha_{at} + u_i, \\
   \operatorname{logit} P(J_{it} = 1) &= \beta_{at} + v_i + \kappa (S_{it} - \bar S), \\
   (u_i, v_i) &\sim \mathrm{N}\left(0, \begin{pmatrix} \tau_S^2 & \rho \tau_S \tau_J \\
       \rho \tau_S \tau_J & \tau_J^2 \end{pmatrix}\right).

:math:`\rho` says whether people who say it more often do it more often, :math:`\kappa` whether it
is seen more in those of their conversations in which they say so; :math:`\bar S` is the share of
high self-reports in the data. A person's own gap is :math:`P(S_{it} = 1) - P(J_{it} = 1)` given
:math:`u_i` and :math:`v_i` (`people_gaps`), the gap of an arm is its mean over everybody.

A person's three reports and three judgements make one of 64 patterns, and only the number of people
with each pattern matters. Chances of patterns follow by integrating :math:`u` and :math:`v` out on
an evenly spaced grid (the trapezoidal rule, which errs exponentially little on smooth functions),
so nothing per participant is sampled. A report that is missing may have been either.

Priors: what is sampled is nearly the logit of the share of everybody in a cell,
:math:`a_{at} = \alpha_{at} / \sqrt{1 + c^2 \tau_S^2}` with :math:`c = 16 \sqrt 3 / 15 \pi`, and
likewise for :math:`\beta`. It is :math:`\mathrm{N}(a, 0.7)` around a common level
:math:`a \sim \mathrm{N}(0, 2.5)`: any share is possible, cells are alike.
:math:`\tau_S, \tau_J \sim \mathrm{HalfNormal}(3)`; :math:`\rho = \tanh z`,
:math:`z \sim \mathrm{N}(0, 0.7)`; :math:`\kappa \sim \mathrm{N}(0, 2)`.

Source: random-effects logit, Stiratelli, Laird and Ware (1984, Biometrics 40:961); shares
over everybody, Zeger, Liang and Albert (1988, Biometrics 44:1049); the trapezoidal rule,
Trefethen and Weideman (2014, SIAM Review 56:385).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, reduce
from types import ModuleType
from typing import Final

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt
from scipy.special import ndtri

from lendanear.bayes.settings import Settings
from lendanear.bayes.trial import require_whole, trial
from lendanear.errors import LendAnEarError
from lendanear.models.silent_empathy import HIGH, SAME_SCALE
from lendanear.vocabulary import ARM_KEYS, CONVERSATION_NUMBERS

Array = np.ndarray | pt.TensorVariable
"""What the chances of patterns are computed on: numbers, or the symbols of a model."""
REPORTS: Final = tuple(SAME_SCALE)
"""Self-reports with a judged counterpart on the same scale."""
JUDGED: Final = tuple(SAME_SCALE.values())
"""Those counterparts, the keys of the behaviours."""
KEEP: Final = (
    "says",
    "seen",
    "says_level",
    "seen_level",
    "spread_says",
    "spread_seen",
    "common",
    "same_day",
)
CHOSEN_PRIORS: Final = KEEP
"""Variables with priors of our choice, for prior sensitivity."""
FULL: Final = Settings(tune=500, draws=1500)
QUICK: Final = replace(FULL, draws=1000)
NODES: Final = 15
"""Grid points per participant effect; a test holds them to a fine grid."""
REACH: Final = 3.8
"""Where the grid ends, in SD of the effect."""
PEOPLE: Final = 24
"""Quantiles of each participant effect that people's own gaps are computed at, in all pairs."""
_FLATTER: Final = (16 * np.sqrt(3) / (15 * np.pi)) ** 2
"""By how much a person's logits are steeper than the logit of the share of everybody."""
_TIMES: Final = len(CONVERSATION_NUMBERS)
STATES: Final = 4
"""Report and judgement of a conversation are in one of these states: 2 * report + judgement."""
_WITH_MISSING: Final = STATES + 2
"""The report may also be missing: then the state is 4 + judgement."""


@dataclass(frozen=True)
class Priors:
    """Scales of the priors, of logits."""

    level: float = 2.5
    cell: float = 0.7
    spread: float = 3.0
    common: float = 0.7
    same_day: float = 2.0


@dataclass(frozen=True)
class SilentLevels:
    """What the models are fitted to.

    Attributes
    ----------
    states : ndarray of int, shape (behaviours, people, 3)
        Report and judgement in each conversation: 2 * report + judgement, report 0 (low), 1 (high)
        or 2 (missing), judgement 0 or 1.
    arm : ndarray of int, shape (people,)
        Place in ``vocabulary.ARM_KEYS``.
    """

    states: np.ndarray
    arm: np.ndarray

    @property
    def usual(self) -> np.ndarray:
        """Share of high self-reports, shape (behaviours,)."""
        report = self.states // 2
        return (report == 1).sum(axis=(1, 2)) / (report < 2).sum(axis=(1, 2))

    @property
    def patterns(self) -> np.ndarray:
        """Place of every participant's pattern among all that may occur, (behaviours, people)."""
        return np.ravel_multi_index(np.moveaxis(self.states, -1, 0), [_WITH_MISSING] * _TIMES)

    def counts(self) -> tuple[np.ndarray, np.ndarray]:
        """Return which patterns occur, shape (k,), and how often, shape (behaviours * arms, k)."""
        place = np.arange(len(JUDGED))[:, None] * len(ARM_KEYS) + self.arm
        kinds, found = np.unique(self.patterns, return_inverse=True)
        table = np.zeros((len(JUDGED) * len(ARM_KEYS), len(kinds)))
        np.add.at(table, (place, found.reshape(place.shape)), 1)
        return kinds, table


def data(conversations: pd.DataFrame) -> SilentLevels:
    """Return what the models are fitted to.

    Raises
    ------
    LendAnEarError
        If an arm or a conversation is absent, a participant lacks one, or a self-report is never
        given.
    """
    known = trial(conversations, JUDGED)
    require_whole(known, "silent empathy")
    rows = conversations.sort_values(["participant_id", "conversation_number"])
    own = rows[list(REPORTS)].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    absent = np.isnan(own)
    for place, report in enumerate(REPORTS):
        if absent[:, place].all():
            raise LendAnEarError(f"nobody in this data answered {report!r}")
    report = np.where(absent, 2, own >= HIGH).astype(int)
    states = 2 * report + (known.scores >= HIGH)
    return SilentLevels(
        states=np.moveaxis(states.reshape(-1, _TIMES, len(JUDGED)), -1, 0), arm=known.person_arm
    )


def build(data: SilentLevels, priors: Priors | None = None) -> pm.Model:
    """Return both models in one.

    Parameters
    ----------
    data : SilentLevels
        From `data`.
    priors : Priors, optional
        Other scales, to see how far conclusions move.
    """
    priors = priors or Priors()
    coords = {
        "behaviour": JUDGED,
        "arm": ARM_KEYS,
        "number": [str(number) for number in CONVERSATION_NUMBERS],
    }
    cells, each = ("behaviour", "arm", "number"), ("behaviour",)
    with pm.Model(coords=coords) as model:
        values = {}
        for name in ("says", "seen"):
            level = pm.Normal(f"{name}_level", 0, priors.level, dims=each)
            values[name] = pm.Normal(name, level[:, None, None], priors.cell, dims=cells)
            values[f"spread_{name}"] = pm.HalfNormal(f"spread_{name}", priors.spread, dims=each)
        values["common"] = pm.Normal("common", 0, priors.common, dims=each)
        values["same_day"] = pm.Normal("same_day", 0, priors.same_day, dims=each)
        kinds, counts = data.counts()
        chances = _chances(values, data.usual).reshape((-1, STATES**_TIMES))
        found = pt.dot(chances, _completions()[kinds].T)
        pm.Potential("patterns", (counts * pt.log(found)).sum())
    return model


@cache
def _grid(nodes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return two standard normal coordinates and the weight of every grid point, flat."""
    points = np.linspace(-REACH, REACH, nodes)
    weights = np.exp(-(points**2) / 2)
    weights /= weights.sum()
    first, second = (side.ravel() for side in np.meshgrid(points, points, indexing="ij"))
    return first, second, np.outer(weights, weights).ravel()


@cache
def _completions() -> np.ndarray:
    """Return which complete patterns each pattern may have been, shape (216, 64), 0 or 1."""
    of_one = np.vstack([np.eye(STATES), np.tile(np.eye(2), 2)])
    return reduce(np.kron, [of_one] * _TIMES)


def _shares(
    values: dict[str, Array], usual: np.ndarray, effects: tuple[np.ndarray, np.ndarray]
) -> tuple[Array, Array, Array]:
    """Return how often people say so, and how often they are seen to.

    The latter twice: in conversations in which they do not say so, and in those in which they do.
    All three by behaviour, arm, conversation and person. `effects` are two independent standard
    normals per person.
    """
    xp = _library(values)
    first, second = effects
    correlation = xp.tanh(values["common"])[:, None]
    both = correlation * first + xp.sqrt(1 - correlation**2) * second
    own = []
    for name, effect in (("says", first), ("seen", both)):
        spread = values[f"spread_{name}"]
        level = values[name] * xp.sqrt(1 + _FLATTER * spread**2)[:, None, None]
        own.append(level[..., None] + (spread[:, None] * effect)[:, None, None])
    says, seen = own
    same = [(values["same_day"] * (report - usual))[:, None, None, None] for report in (0, 1)]
    return tuple(1 / (1 + xp.exp(-logit)) for logit in (says, seen + same[0], seen + same[1]))


def _chances(values: dict[str, Array], usual: np.ndarray, nodes: int = NODES) -> Array:
    """Return the chance of every pattern, shape (behaviours, arms, 4, 4, 4)."""
    xp = _library(values)
    *effects, weights = _grid(nodes)
    says, low, high = _shares(values, usual, tuple(effects))
    # in the order of STATES
    states = [(1 - says) * (1 - low), (1 - says) * low, says * (1 - high), says * high]
    joined = xp.concatenate([state[:, :, :, None] for state in states], axis=3)
    one, two, three = (joined[:, :, time] for time in range(_TIMES))
    shape = (len(JUDGED), len(ARM_KEYS))
    pairs = (one[..., :, None, :] * two[..., None, :, :] * weights).reshape(
        (*shape, STATES**2, len(weights))
    )
    return xp.matmul(pairs, three.swapaxes(-1, -2)).reshape((*shape, *[STATES] * _TIMES))


def _library(values: dict[str, Array]) -> ModuleType:
    """Return the library whose functions take these values."""
    return np if isinstance(values["common"], np.ndarray) else pt


def pattern_chances(
    data: SilentLevels, posterior: dict[str, np.ndarray], nodes: int = NODES
) -> np.ndarray:
    """Return how likely each pattern of three reports and three judgements is in every arm.

    Parameters
    ----------
    data : SilentLevels
        As given to `build`.
    posterior : dict of ndarray, shape (..., behaviours, ...)
        The variables `KEEP`, with any leading axes.
    nodes : int
        Grid points per participant effect.

    Returns
    -------
    ndarray, shape (..., behaviours, arms, 4, 4, 4)
        By the state of each conversation (see `STATES`), 0 to 1.
    """
    found = [_chances(one, data.usual, nodes) for one in _each(posterior)]
    return np.reshape(found, (*posterior["common"].shape[:-1], *found[0].shape))


def _each(posterior: dict[str, np.ndarray]) -> list[dict[str, np.ndarray]]:
    """Return the variables of every draw."""
    lead = posterior["common"].shape[:-1]
    return [{name: values[at] for name, values in posterior.items()} for at in np.ndindex(*lead)]


def people_gaps(data: SilentLevels, values: dict[str, np.ndarray]) -> np.ndarray:
    """Return the gaps of people who stand for everybody, equally many for every part of an arm.

    Parameters
    ----------
    data : SilentLevels
        As given to `build`.
    values : dict of ndarray, shape (behaviours, ...)
        One draw of the variables `KEEP`.

    Returns
    -------
    ndarray, shape (behaviours, arms, 3, people)
        How much more often such a person says so than is seen to, -1 to 1, if the person were in
        this arm and conversation. The same people in all arms and conversations.
    """
    quantiles = ndtri((np.arange(PEOPLE) + 0.5) / PEOPLE)
    first, second = (side.ravel() for side in np.meshgrid(quantiles, quantiles, indexing="ij"))
    says, low, high = _shares(values, data.usual, (first, second))
    return says - (1 - says) * low - says * high


def log_likelihood(data: SilentLevels, chances: np.ndarray) -> np.ndarray:
    """Return the log-likelihood of every participant's reports and judgements, high or low.

    Parameters
    ----------
    data : SilentLevels
        As given to `build`.
    chances : ndarray, shape (chains, draws, behaviours, arms, 4, 4, 4)
        From `pattern_chances`.

    Returns
    -------
    ndarray, shape (chains, draws, people, behaviours)
    """
    kinds, place = np.unique(data.patterns, return_inverse=True)
    flat = chances.reshape(*chances.shape[:-_TIMES], -1)
    found = np.log(flat @ _completions()[kinds].T)
    each = enumerate(place.reshape(data.patterns.shape))
    return np.stack([found[:, :, behaviour, data.arm, own] for behaviour, own in each], axis=-1)


def simulate(data: SilentLevels, chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return reports and judgements of the same participants as the models draw them.

    Parameters
    ----------
    data : SilentLevels
        Arms, and which reports are missing.
    chances : ndarray, shape (sets, behaviours, arms, 4, 4, 4)
        From `pattern_chances`, one entry per simulated data set.
    rng : Generator
        Source of chance.

    Returns
    -------
    ndarray of int, shape (sets, behaviours, people, 3)
        As in `SilentLevels`.
    """
    below = chances.reshape(*chances.shape[:-_TIMES], -1).cumsum(axis=-1)[:, :, data.arm]
    drawn = rng.random((*below.shape[:-1], 1)) * below[..., -1:]
    patterns = (drawn > below[..., :-1]).sum(axis=-1)
    states = np.stack(np.unravel_index(patterns, [STATES] * _TIMES), axis=-1)
    return np.where(data.states >= STATES, STATES + states % 2, states)
