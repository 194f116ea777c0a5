r"""Severity and consistency of the pilot's seven raters: one consensus, seven ways of seeing it.

On dimension :math:`d` conversation :math:`j` has a **consensus** :math:`z_{jd}`: how much of the
behaviour it shows. Experts see it. Language models learn from much the same texts and may share a
**view** :math:`v_{jd}` of their own, which is related to the consensus as closely as
:math:`\rho_d` says:

.. math::
   (z_{jd}, v_{jd}) &\sim \mathrm{N}_2\left(0, \begin{pmatrix} 1 & \rho_d \\ \rho_d & 1
   \end{pmatrix}\right), \\
   x_{rjd} &= s_{rd} + \nu_{rd}\,\varepsilon + \begin{cases}
   z_{jd} & \text{an expert,} \\ v_{jd} & \text{a language model,} \end{cases}
   \qquad \varepsilon \sim \mathrm{N}(0, 1),

and the rating is 1 plus the number of cutpoints :math:`c_{d1} < \dots < c_{d4}` below
:math:`x_{rjd}`. All raters use the same cutpoints, so a **shift** :math:`s_{rd} > 0` means that
more of the behaviour is seen in the same conversation. The three experts are the yardstick: their
shifts sum to zero. **Noise** :math:`\nu_{rd}` is inconsistency. If language models had no view of
their own, three of them that agree with each other would pull the consensus towards themselves and
look consistent for that reason alone; so consensus is what experts agree on, and what the others
have in common with them.

One in 200 ratings is a slip, any level alike: a single odd rating cannot rule a rater out. The
crowd is a mean of several people, no whole number; its rating is a straight line on the consensus
with an error of its own, :math:`y_{jd} \sim \mathrm{N}(\alpha_d + \beta_d z_{jd}, \omega_d^2)`.

Noise is pooled over dimensions, rater by rater: :math:`\log \nu_{rd} \sim \mathrm{N}(k_r,
\tau^2)`. Nothing per conversation is sampled: :math:`z` and :math:`v` lie on a grid of equal steps,
where a sum is nearly as good as an integral (`grid`), and :math:`\sum_z \sum_v` is a product of
matrices. `latents` draws them back, given ratings and parameters.

Priors, in SD of the consensus: shifts :math:`\mathrm{N}(0, 2)` (a level is somewhat less than one
SD wide: a rater may use one end of the scale only); :math:`k_r \sim \mathrm{N}(\log 0.5, 0.7)`,
:math:`\tau \sim \mathrm{HalfNormal}(0.4)`: what a rater with noise .5 sees correlates .89 with the
consensus, with noise 2 it is .45; :math:`\operatorname{artanh} \rho_d \sim \mathrm{N}(1, 1)`, a
correlation between -.75 and .995; first cutpoint :math:`\mathrm{N}(0, 1.5)`, distances to the next
log-normal around .7 with SD .6. The crowd, in points: :math:`\alpha_d \sim \mathrm{N}(3, 1)`,
:math:`\beta_d \sim \mathrm{N}(0.5, 0.5)`, :math:`\omega_d` log-normal around .7 with SD .5.

Source: graded response models with rater severity (Patz et al. 2002, J. Educ. Behav. Stat. 27:341)
and rater-specific noise (Johnson 1996, J. Am. Stat. Assoc. 91:42).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from lendanear.bayes.containers import data_container
from lendanear.bayes.contrasts import zero_sum_basis
from lendanear.bayes.settings import Settings
from lendanear.errors import LendAnEarError
from lendanear.vocabulary import DIMENSION_KEYS, RATERS, SCORE_MAX, SCORE_MIN

if TYPE_CHECKING:
    # imported when the model is built: the settings are read each time a build is laid out
    import pandas as pd
    import pymc as pm

EXPERTS: Final = tuple(rater.key for rater in RATERS if rater.kind == "expert")
LLMS: Final = tuple(rater.key for rater in RATERS if rater.kind == "llm")
SINGLE: Final = (*EXPERTS, *LLMS)
"""Raters that give whole levels."""
CROWD: Final = next(rater.key for rater in RATERS if rater.kind == "crowd")
LEVELS: Final = SCORE_MAX - SCORE_MIN + 1
SLIP: Final = 0.005
"""Share of ratings that are slips."""
LEAST: Final = 10
"""Fewest conversations that are accepted."""
STEP: Final = 0.3
"""Distance between points of the grid on which the likelihood is summed, in SD."""
CROWD_TERMS: Final = ("crowd_level", "crowd_slope", "crowd_noise")
KEEP: Final = (
    "shift_free",
    "shift",
    "noise_mean",
    "noise_sd",
    "noise",
    "agreement",
    "correlation",
    "first",
    "gaps",
    "cutpoints",
    *CROWD_TERMS,
)
CHOSEN_PRIORS: Final = (
    "shift_free",
    "noise_mean",
    "noise_sd",
    "agreement",
    "first",
    "gaps",
    *CROWD_TERMS,
)
"""Variables with priors of our choice, for prior sensitivity."""
FULL: Final = Settings(tune=500, draws=600)
QUICK: Final = replace(FULL, tune=400, draws=300)
_ENDS: Final = 4.2
"""Where the grid ends: beyond lies 1 in 40,000 of the consensus."""
_FINE: Final = 0.15
"""Step of the grid from which consensus and view are drawn."""
_CELLS: Final = 1000
"""Draws times conversations that are treated at once."""


@dataclass(frozen=True)
class Priors:
    """Means and scales, in SD of the consensus; those of the crowd in points."""

    shift: float = 2.0
    noise: tuple[float, float] = (float(np.log(0.5)), 0.7)
    noise_sd: float = 0.4
    agreement: tuple[float, float] = (1.0, 1.0)
    first: float = 1.5
    gaps: tuple[float, float] = (float(np.log(0.7)), 0.6)
    crowd_level: tuple[float, float] = (3.0, 1.0)
    crowd_slope: tuple[float, float] = (0.5, 0.5)
    crowd_noise: tuple[float, float] = (float(np.log(0.7)), 0.5)


@dataclass(frozen=True)
class Ratings:
    """Ratings as arrays.

    Attributes
    ----------
    conversations : tuple of str
        Ids, in order.
    levels : ndarray of int, shape (6, n, 6)
        Rating less 1 of every rater of `SINGLE`, conversation and dimension.
    crowd : ndarray of float, shape (n, 6)
        Mean rating of the crowd, 1 to 5.
    """

    conversations: tuple[str, ...]
    levels: np.ndarray
    crowd: np.ndarray

    @cached_property
    def given(self) -> np.ndarray:
        """Which levels were given, 0 or 1, shape (2, 6, n, 3 * levels).

        Experts first, then language models; the last axis is rater by rater.
        """
        hot = np.eye(LEVELS)[self.levels].reshape(2, -1, *self.levels.shape[1:], LEVELS)
        return hot.transpose(0, 3, 2, 1, 4).reshape(*hot.shape[:1], *self.crowd.T.shape, -1)


def data(pilot_ratings: pd.DataFrame) -> Ratings:
    """Return what the model is fitted to.

    Parameters
    ----------
    pilot_ratings : DataFrame
        The typed table: all raters on the same conversations.

    Raises
    ------
    LendAnEarError
        If there are too few conversations, a rating is missing or broken where it must be whole,
        or no rating of a dimension differs from the others.
    """
    wide = pilot_ratings.pivot_table(
        index="conversation_id", columns=["rater", "dimension"], values="rating", observed=False
    ).sort_index()
    ratings = {
        key: wide[key].reindex(columns=list(DIMENSION_KEYS)).to_numpy(dtype=float)
        for key in (*SINGLE, CROWD)
    }
    for key, values in ratings.items():
        if np.isnan(values).any():
            raise LendAnEarError(
                f"the rater {key!r} did not rate every conversation on every dimension; the model "
                "of raters needs all seven ratings of each: complete them, or leave the "
                "conversation out of all seven files"
            )
    if len(wide) < LEAST:
        raise LendAnEarError(
            f"the pilot has {len(wide)} conversations; severity and consistency of seven raters "
            f"need at least {LEAST}"
        )
    single = np.stack([ratings[key] for key in SINGLE])
    broken = (single != np.round(single)).any(axis=(1, 2))
    if broken.any():
        raise LendAnEarError(
            f"the rater {SINGLE[int(broken.argmax())]!r} gave a rating that is not a whole number: "
            "only the crowd's may be means"
        )
    for place, dimension in enumerate(DIMENSION_KEYS):
        if np.ptp(single[..., place]) == 0:
            raise LendAnEarError(
                f"every rating of {dimension!r} is {single[0, 0, place]:.0f}: without differences "
                "between conversations nobody's consistency can be told"
            )
    levels = (single - SCORE_MIN).astype(int)
    return Ratings(tuple(wide.index.astype(str)), levels, ratings[CROWD])


def rater_frame() -> np.ndarray:
    """Return how shifts follow from free numbers, shape (6, 5).

    The experts' shifts are two contrasts that sum to zero; each language model has its own.
    """
    count = len(EXPERTS)
    frame = np.zeros((len(SINGLE), len(SINGLE) - 1))
    frame[:count, : count - 1] = zero_sum_basis(count)
    frame[count:, count - 1 :] = np.eye(len(LLMS))
    return frame


def grid(step: float = STEP) -> tuple[np.ndarray, np.ndarray]:
    """Return points in SD and their probabilities, which stand for a standard normal.

    Parameters
    ----------
    step : float
        Distance between neighbours. The error of a sum over equal steps is below 1 in 1,000 for a
        bell with an SD of six tenths of a step or more; ratings by seven raters tell a consensus no
        more closely than that.
    """
    count = round(_ENDS / step)
    points = step * np.arange(-count, count + 1)
    density = np.exp(-0.5 * points**2)
    return points, density / density.sum()


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
    conversations, dimensions = data.crowd.shape
    frame = rater_frame()
    coords = {"rater": SINGLE, "dimension": DIMENSION_KEYS}
    with pm.Model(coords=coords) as model:
        free = pm.Normal("shift_free", 0, priors.shift, shape=(frame.shape[1], dimensions))
        shift = pm.Deterministic("shift", pt.dot(frame, free), dims=("rater", "dimension"))
        noise_mean = pm.Normal("noise_mean", *priors.noise, dims="rater")
        noise_sd = pm.HalfNormal("noise_sd", priors.noise_sd)
        noise_z = pm.Normal("noise_z", dims=("rater", "dimension"))
        noise = pm.Deterministic(
            "noise", pt.exp(noise_mean[:, None] + noise_sd * noise_z), dims=("rater", "dimension")
        )
        agreement = pm.Normal("agreement", *priors.agreement, dims="dimension")
        rho = pm.Deterministic("correlation", pt.tanh(agreement), dims="dimension")
        first = pm.Normal("first", 0, priors.first, dims="dimension")
        gaps = pm.LogNormal("gaps", *priors.gaps, shape=(LEVELS - 2, dimensions))
        steps = np.tril(np.ones((LEVELS - 1, LEVELS - 2)), -1)
        cutpoints = pm.Deterministic("cutpoints", first + pt.dot(steps, gaps))
        level = pm.Normal("crowd_level", *priors.crowd_level, dims="dimension")
        slope = pm.Normal("crowd_slope", *priors.crowd_slope, dims="dimension")
        omega = pm.LogNormal("crowd_noise", *priors.crowd_noise, dims="dimension")

        points, weights = grid()

        def by_kind(values: pt.TensorVariable) -> pt.TensorVariable:
            """Return experts and language models apart, shape (2, 6, 3, 1, 1)."""
            return values.reshape((2, -1, dimensions)).transpose(0, 2, 1)[..., None, None]

        edges = cutpoints.T[:, None, :, None] - points
        below = pt.erf((edges - by_kind(shift)) / (np.sqrt(2) * by_kind(noise)))
        # probabilities of the levels are differences of neighbours; sums over raters, by the levels
        # that they gave, are one product of matrices: few operations compile in little time
        differences = (
            0.5 * (1 - SLIP) * (np.eye(LEVELS, LEVELS - 1) - np.eye(LEVELS, LEVELS - 1, -1))
        )
        rest = np.full((LEVELS, 1), SLIP / LEVELS)
        rest[[0, -1]] += 0.5 * (1 - SLIP)
        chances = pt.log(pt.matmul(differences, below) + rest)
        chances = chances.reshape((2 * dimensions, -1, len(points)))
        given = data_container("given", data.given.reshape(2 * dimensions, conversations, -1))
        seen = pt.matmul(given, chances)
        line = level[:, None, None] + slope[:, None, None] * points
        crowd = data_container("crowd", np.ascontiguousarray(data.crowd.T))
        away = (crowd[..., None] - line) / omega[:, None, None]
        by_consensus = pt.exp(seen[:dimensions] - 0.5 * away**2)
        by_view = pt.exp(seen[dimensions:])
        r = rho[:, None, None]
        joint = pt.exp(-0.5 * (points[:, None] - r * points) ** 2 / (1 - r**2))
        joint = weights * joint / joint.sum(axis=1, keepdims=True)
        likelihood = (by_consensus * pt.matmul(by_view, joint)).sum(axis=-1)
        constant = -0.5 * data.crowd.size * np.log(2 * np.pi)
        pm.Potential(
            "ratings", pt.log(likelihood).sum() - conversations * pt.log(omega).sum() + constant
        )
    return model


def level_probabilities(
    cutpoints: np.ndarray, centre: np.ndarray, spread: np.ndarray
) -> np.ndarray:
    """Return the probability of every level.

    Parameters
    ----------
    cutpoints : ndarray, shape (..., 4)
        Ascending.
    centre, spread : ndarray, shape (...)
        Mean and SD of what a rater sees.

    Returns
    -------
    ndarray, shape (..., 5)
    """
    from scipy.special import ndtr

    below = ndtr((cutpoints - centre[..., None]) / spread[..., None])
    ends = np.zeros((*below.shape[:-1], 1))
    levels = np.diff(np.concatenate([ends, below, ends + 1], axis=-1))
    # a slip is so much more likely than what is lost here far out that no digit matters
    return (1 - SLIP) * levels + SLIP / LEVELS


class _OnGrid(NamedTuple):
    """What is known of consensus and view of every conversation under some draws.

    Attributes
    ----------
    by_consensus, by_view : ndarray, shape (draws, 6, n, points)
        Likelihood of the experts' and the crowd's ratings by consensus, and of the language
        models' by view, each over its largest value.
    joint : ndarray, shape (draws, 6, points, points)
        Probability of view (first) and consensus.
    scale : ndarray, shape (draws, 6, n)
        Logarithm of what was divided by.
    """

    by_consensus: np.ndarray
    by_view: np.ndarray
    joint: np.ndarray
    scale: np.ndarray


def _on_grid(
    data: Ratings, posterior: Mapping[str, np.ndarray], step: float
) -> Iterator[tuple[slice, _OnGrid]]:
    """Yield some draws after the other, chains joined, with what is known on a grid."""
    flat = {
        name: posterior[name].reshape(-1, *posterior[name].shape[2:])
        for name in ("shift", "noise", "correlation", "cutpoints", *CROWD_TERMS)
    }
    points, weights = grid(step)
    total, size = len(flat["correlation"]), max(1, _CELLS // len(data.crowd))
    dimensions = len(DIMENSION_KEYS)
    for start in range(0, total, size):
        part = slice(start, min(start + size, total))
        draws = {name: values[part] for name, values in flat.items()}
        count = part.stop - start
        cutpoints = np.moveaxis(draws["cutpoints"], -2, -1)[:, None, :, None]
        centre = draws["shift"][..., None] + points
        spread = np.broadcast_to(draws["noise"][..., None], centre.shape)
        chances = np.log(level_probabilities(cutpoints, centre, spread))
        chances = chances.reshape(count, 2, -1, dimensions, len(points), LEVELS)
        chances = chances.transpose(0, 1, 3, 2, 5, 4).reshape(count, 2, dimensions, -1, len(points))
        seen = data.given @ chances
        level, slope, omega = (draws[name][..., None, None] for name in CROWD_TERMS)
        away = (data.crowd.T[..., None] - level - slope * points) / omega
        seen[:, 0] -= 0.5 * away**2 + np.log(omega) + 0.5 * np.log(2 * np.pi)
        top = seen.max(axis=-1, keepdims=True)
        rho = draws["correlation"][..., None, None]
        joint = np.exp(-0.5 * (points[:, None] - rho * points) ** 2 / (1 - rho**2))
        joint *= weights / joint.sum(axis=-2, keepdims=True)
        known = np.exp(seen - top)
        yield part, _OnGrid(known[:, 0], known[:, 1], joint, top.sum(axis=1)[..., 0])


def log_likelihood(data: Ratings, posterior: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the log-likelihood of every conversation and dimension under every draw.

    Parameters
    ----------
    data : Ratings
        As given to `build`.
    posterior : mapping of str to ndarray, shape (chains, draws, ...)
        Variables `KEEP`.

    Returns
    -------
    ndarray, shape (chains, draws, n * 6)
        All seven ratings of a conversation on a dimension together, conversation by conversation.
    """
    shape = posterior["correlation"].shape[:2]
    found = np.empty((shape[0] * shape[1], *data.crowd.T.shape))
    for part, known in _on_grid(data, posterior, STEP):
        likelihood = (known.by_consensus * (known.by_view @ known.joint)).sum(axis=-1)
        found[part] = known.scale + np.log(likelihood)
    return found.swapaxes(-1, -2).reshape(*shape, -1)


def latents(
    data: Ratings, posterior: Mapping[str, np.ndarray], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw consensus and view of every conversation, given its ratings and the parameters.

    Parameters
    ----------
    data : Ratings
        As given to `build`.
    posterior : mapping of str to ndarray, shape (chains, draws, ...)
        Variables `KEEP`.
    random : Generator
        Source of chance.

    Returns
    -------
    consensus, view : ndarray, shape (chains, draws, n, 6)
        In SD of the consensus.
    """
    shape = posterior["correlation"].shape[:2]
    points, _ = grid(_FINE)
    found = np.empty((2, shape[0] * shape[1], *data.crowd.T.shape))
    for part, known in _on_grid(data, posterior, _FINE):
        consensus = _choose(known.by_consensus * (known.by_view @ known.joint), random)
        # the rows of the joint probability that belong to the consensus drawn
        rows = np.take_along_axis(known.joint.swapaxes(-1, -2), consensus[..., None], axis=-2)
        view = _choose(known.by_view * rows, random)
        found[:, part] = points[np.stack([consensus, view])]
    # anywhere in the cell around a point: the density hardly differs within it
    found += _FINE * (random.random(found.shape) - 0.5)
    consensus, view = found.swapaxes(-1, -2).reshape(2, *shape, *data.crowd.shape)
    return consensus, view


def _choose(weights: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Choose a place on the last axis, with probabilities proportional to the weights."""
    cumulative = weights.cumsum(axis=-1)
    mark = random.random(weights.shape[:-1]) * cumulative[..., -1]
    return (cumulative < mark[..., None]).sum(axis=-1)


def expected_rating(
    posterior: Mapping[str, np.ndarray], rater: str, seen: np.ndarray
) -> np.ndarray:
    """Return the rating that a rater is expected to give, 1 to 5.

    Parameters
    ----------
    posterior : mapping of str to ndarray, shape (chains, draws, ...)
        Variables `KEEP`.
    rater : str
        Key of a rater.
    seen : ndarray, shape (chains, draws, n, 6)
        Consensus of the conversations; for a language model its view.

    Returns
    -------
    ndarray, shape (chains, draws, n, 6)
    """
    if rater == CROWD:
        level, slope = (posterior[name][..., None, :] for name in CROWD_TERMS[:2])
        return level + slope * seen
    place = SINGLE.index(rater)
    shift, noise = (posterior[name][..., place, None, :] for name in ("shift", "noise"))
    cutpoints = np.moveaxis(posterior["cutpoints"], -2, -1)[..., None, :, :]
    chances = level_probabilities(cutpoints, seen + shift, np.broadcast_to(noise, seen.shape))
    return chances @ (SCORE_MIN + np.arange(LEVELS, dtype=float))
