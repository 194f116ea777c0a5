r"""Change of the two coach arms in the public Elo file, which does not say who is who.

The file holds every conversation 1, and conversations 2 and 3 of the arms with a coach, without
participants. Overall empathy of a conversation :math:`t` of arm :math:`a` on scenario :math:`s` is

.. math:: y \sim \mathrm{N}(\mu_{at} + \zeta_s, \sigma_{at}^2), \quad
          \mu_{a1} = \alpha + \alpha_a, \quad \mu_{at} = \mu_{a1} + \Delta_{at},

with scenario effects that sum to zero. Two scores of one person correlate by an unknown
:math:`r_a`. Who they belong to is unknown too, but not needed: the N people of an arm talk in each
of its conversations, so the errors of its three means, :math:`\sqrt N / \sigma_{at}` times the
mean residual, are jointly normal with variance 1 and correlation :math:`r_a`. (Which scenario a
person met is random, so a scenario's share of an error is the arm's on average.) Residuals around
these means carry the :math:`\sigma_{at}`. Counts, means and sums of squares of every arm,
conversation and scenario are therefore sufficient. The data say nothing about :math:`r_a`: its
posterior is its prior, and it decides how well a change is known.

An arm's change holds training and drift, what practice, mood and time do to everybody. Control's
later conversations are not in the file, but its published change is: with mean
:math:`\bar\gamma` = ``DRIFT_MEAN`` and SD of change over participants it informs the drift as

.. math:: \tfrac12(\gamma_2 + \gamma_3) \sim \mathrm{N}(\bar\gamma, s^2 / n), \quad
          \gamma_3 - \gamma_2 \sim \mathrm{N}(0, 0.5),

the second being ours, since only the mean of both is published. The effect of training is
:math:`\Delta_{at} - \gamma_t`.

Priors, in points of overall empathy (-12 to 12, SD about 4.5): :math:`\alpha \sim N(0, 6)`,
:math:`\alpha_a \sim N(0, 2)`, :math:`\Delta_{at} \sim N(0, 5)`, :math:`\zeta` :math:`N(0, 2)`,
:math:`\sigma_{at} \sim \mathrm{HalfNormal}(5)` (as in `coaching_overall`), and
:math:`r_a \sim \mathrm{Beta}(13, 8)`: mean .62, 95% between .41 and .81. Control's published
reliability of one conversation, .688, is its correlation between conversations; people who change
by different amounts correlate less, so the prior is centred a little below it and wide.

Source: random-intercept moments of Laird and Ware (1982, Biometrics 38:963); published numbers of
arXiv 2603.15245.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lendanear.bayes.settings import Settings
from lendanear.bayes.trial import LATER, scenario_contrasts
from lendanear.errors import LendAnEarError
from lendanear.vocabulary import ARM_KEYS, ARMS, CONVERSATION_NUMBERS, SCENARIO_KEYS

if TYPE_CHECKING:
    # imported when the model is built: the settings are read each time a build is laid out
    import pandas as pd
    import pymc as pm

PUBLISHED: Final = {
    "design.n_arm.Control": 245,
    "responder.mean_change.Control": -0.053,
    "responder.sd_change.Control": 2.968,
    "reliability.reliability_1": 0.688,
    "responder.mean_change.AICoach": 2.855,
    "responder.mean_change.CoachPlusInfluencer": 3.575,
    "responder.sd_change.AICoach": 3.634,
    "responder.sd_change.CoachPlusInfluencer": 3.366,
}
"""Published numbers by their id in data/published_results.csv: priors, and what to compare with."""
DRIFT_MEAN: Final = PUBLISHED["responder.mean_change.Control"]
"""Change of Control from conversation 1 to the mean of 2 and 3, in points."""
DRIFT_SE: Final = (
    PUBLISHED["responder.sd_change.Control"] / PUBLISHED["design.n_arm.Control"] ** 0.5
)
"""Its standard error."""
COACHED: Final = tuple(arm.key for arm in ARMS if arm.coached)
"""Arms whose later conversations are in the file."""
GROUPS: Final = (
    *((arm, 1) for arm in ARM_KEYS if arm not in COACHED),
    *((arm, number) for arm in COACHED for number in CONVERSATION_NUMBERS),
)
"""Arm and conversation of every group of scores; those of a coached arm stand together."""
KEEP: Final = (
    "grand",
    "arm",
    "change",
    "scenario_terms",
    "sigma",
    "correlation",
    "drift_mean",
    "drift_step",
)
CHOSEN_PRIORS: Final = KEEP
"""Variables with priors of our choice, for prior sensitivity: all of them."""
FULL: Final = Settings(draws=2000)
QUICK: Final = replace(FULL, tune=500, draws=1000)
_UNCOACHED: Final = len(ARM_KEYS) - len(COACHED)
_ARM: Final = np.array([ARM_KEYS.index(arm) for arm, _ in GROUPS])


@dataclass(frozen=True)
class Priors:
    """Scales in points; shape of the correlation's Beta; mean and SD of the published drift."""

    grand: float = 6.0
    arm: float = 2.0
    change: float = 5.0
    scenario: float = 2.0
    spread: float = 5.0
    correlation: tuple[float, float] = (13.0, 8.0)
    drift_mean: tuple[float, float] = (DRIFT_MEAN, DRIFT_SE)
    drift_step: float = 0.5

    @property
    def correlation_mean(self) -> float:
        """Mean of the prior of the correlation."""
        return self.correlation[0] / sum(self.correlation)


@dataclass(frozen=True)
class Cells:
    """Sufficient statistics of overall empathy.

    Attributes
    ----------
    counts, means : ndarray, shape (8, 5)
        Conversations of each group (`GROUPS`) and scenario, and their mean score; 0 where none.
    squares : ndarray, shape (8,)
        Sum of squared distances from these means, by group.
    paired : ndarray, shape (2,)
        Fewest over most conversations among the three of a coached arm: the share of the
        correlation that the errors of its means have. 1 if everybody is there each time.
    spread : float
        SD of the score over all conversations, the unit of effects in SD.
    """

    counts: np.ndarray
    means: np.ndarray
    squares: np.ndarray
    paired: np.ndarray
    spread: float

    @property
    def sizes(self) -> np.ndarray:
        """Conversations of each group, shape (8,)."""
        return self.counts.sum(axis=1)


def data(elo: pd.DataFrame) -> Cells:
    """Return what the model is fitted to.

    Parameters
    ----------
    elo : DataFrame
        The typed table; conversations 2 and 3 of arms without a coach are not used.

    Raises
    ------
    LendAnEarError
        If a group of scores is missing or too small to have a spread.
    """
    counts = np.zeros((len(GROUPS), len(SCENARIO_KEYS)))
    means = np.zeros_like(counts)
    squares = np.zeros(len(GROUPS))
    arms, numbers = elo["arm"].to_numpy(dtype=object), elo["conversation_number"].to_numpy(int)
    scores = elo["overall_empathy"].to_numpy(dtype=float)
    scenario = elo["scenario"].cat.codes.to_numpy(dtype=int)
    for place, (arm, number) in enumerate(GROUPS):
        mine = (arms == arm) & (numbers == number)
        counts[place] = np.bincount(scenario[mine], minlength=len(SCENARIO_KEYS))
        sums = np.bincount(scenario[mine], scores[mine], minlength=len(SCENARIO_KEYS))
        means[place] = sums / np.maximum(counts[place], 1)
        squares[place] = ((scores[mine] - means[place][scenario[mine]]) ** 2).sum()
        if mine.sum() < 10 or squares[place] == 0:
            raise LendAnEarError(
                "the change of the arms with a coach needs conversation 1 of all four arms and "
                f"conversations 2 and 3 of both arms with a coach: conversation {number} of the "
                f"arm {arm!r} occurs {mine.sum():,} times, and at least 10 with different scores "
                "are needed. Fit it to the public elo_rankings.csv, or to a file with all of them"
            )
    three = counts.sum(axis=1)[_UNCOACHED:].reshape(len(COACHED), -1)
    return Cells(
        counts=counts,
        means=means,
        squares=squares,
        paired=three.min(axis=1) / three.max(axis=1),
        spread=float(scores.std(ddof=1)),
    )


def build(data: Cells, priors: Priors | None = None) -> pm.Model:
    """Return the model.

    Parameters
    ----------
    data : Cells
        From `data`.
    priors : Priors, optional
        Other priors, to see how far conclusions move.
    """
    import pymc as pm
    import pytensor.tensor as pt

    priors = priors or Priors()
    coords = {
        "arm_key": ARM_KEYS,
        "coached": COACHED,
        "later": [str(number) for number in LATER],
        "group": [f"{arm},{number}" for arm, number in GROUPS],
    }
    with pm.Model(coords=coords) as model:
        grand = pm.Normal("grand", 0, priors.grand)
        arm = pm.Normal("arm", 0, priors.arm, dims="arm_key")
        change = pm.Normal("change", 0, priors.change, dims=("coached", "later"))
        scenario = pm.Normal("scenario_terms", 0, priors.scenario, shape=len(SCENARIO_KEYS) - 1)
        sigma = pm.HalfNormal("sigma", priors.spread, dims="group")
        r = pm.Beta("correlation", *priors.correlation, dims="coached")
        pm.Normal("drift_mean", *priors.drift_mean)
        pm.Normal("drift_step", 0, priors.drift_step)
        rises = pt.concatenate([pt.zeros((len(COACHED), 1)), change], axis=1).ravel()
        mu = grand + arm[_ARM] + pt.concatenate([pt.zeros(_UNCOACHED), rises])
        shift = pt.dot(scenario_contrasts(), scenario)
        away = data.means - mu[:, None] - shift[None, :]
        sizes = data.sizes
        sums = (data.counts * away).sum(axis=1)
        around = data.squares + (data.counts * away**2).sum(axis=1) - sums**2 / sizes
        loglik = -(sizes * pt.log(sigma) + 0.5 * around / sigma**2).sum()
        errors = sums / pt.sqrt(sizes) / sigma
        loglik -= 0.5 * (errors[:_UNCOACHED] ** 2).sum()
        three = errors[_UNCOACHED:].reshape((len(COACHED), len(CONVERSATION_NUMBERS)))
        loglik += _correlated(three, r * data.paired, pt.log).sum()
        pm.Potential("scores", loglik - 0.5 * sizes.sum() * np.log(2 * np.pi))
    return model


def _correlated(errors: Any, r: Any, log: Callable[[Any], Any] = np.log) -> Any:  # noqa: ANN401
    """Return the log-density, without its constant, of three errors that correlate equally.

    Of arrays, or, with PyTensor's logarithm, of its variables.
    """
    one, rest = 1 - r, 1 + 2 * r
    squares, total = (errors**2).sum(axis=-1), errors.sum(axis=-1)
    return -0.5 * (2 * log(one) + log(rest) + (squares - r * total**2 / rest) / one)


def log_likelihood(data: Cells, posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the log-likelihood of every arm's scores under every draw.

    Without participants an arm's conversations are one unit: they come from the same people.

    Parameters
    ----------
    data : Cells
        As given to `build`.
    posterior : dict of ndarray, shape (chains, draws, ...)
        Variables `KEEP`.

    Returns
    -------
    ndarray, shape (chains, draws, 4)
        Arms in the order of `ARM_KEYS`.
    """
    away = data.means - expected(posterior)
    sigma, sizes = posterior["sigma"], data.sizes
    sums = (data.counts * away).sum(axis=-1)
    around = data.squares + (data.counts * away**2).sum(axis=-1) - sums**2 / sizes
    errors = sums / np.sqrt(sizes) / sigma
    groups = -sizes * (np.log(sigma) + 0.5 * np.log(2 * np.pi)) - 0.5 * around / sigma**2
    groups[..., :_UNCOACHED] -= 0.5 * errors[..., :_UNCOACHED] ** 2
    arms = np.zeros((*sigma.shape[:2], len(ARM_KEYS)))
    for place, key in enumerate(_ARM):
        arms[..., key] += groups[..., place]
    three = errors[..., _UNCOACHED:].reshape(*sigma.shape[:2], len(COACHED), -1)
    coached = [ARM_KEYS.index(arm) for arm in COACHED]
    arms[..., coached] += _correlated(three, posterior["correlation"] * data.paired)
    return arms


def expected(posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the expected score of every group and scenario, shape (chains, draws, 8, 5)."""
    change = posterior["change"]
    rises = np.concatenate([np.zeros((*change.shape[:-1], 1)), change], axis=-1)
    rises = rises.reshape(*change.shape[:2], -1)
    mu = posterior["grand"][..., None] + posterior["arm"][..., _ARM]
    mu[..., _UNCOACHED:] += rises
    shift = posterior["scenario_terms"] @ scenario_contrasts().T
    return mu[..., None] + shift[..., None, :]
