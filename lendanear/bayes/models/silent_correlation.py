r"""Silent empathy, first face: whether people who feel more empathy also express more of it.

A factor model with three things that a participant has more or less of, none of them seen
directly: trait empathy :math:`T` (eight items of a questionnaire), reported empathy :math:`F`
(what the participant usually says to have felt, after each of three conversations) and expressed
empathy :math:`E` (what the judge usually sees, in six dimensions of three conversations):

.. math::
   x_{ik} &= \lambda_k T_i + e_{ik}, & k &= 1, \ldots, 8, \\
   f_{it} &= s F_i + w_{it0}, & t &= 1, 2, 3, \\
   y_{itd} &= \ell_d E_i + \theta_d p_{id} + w_{itd}, & d &= 1, \ldots, 6, \\
   (T, F, E)_i &\sim \mathrm{N}(0, R), \quad e_{ik} \sim \mathrm{N}(0, \psi_k^2), \quad
   p_{id} \sim \mathrm{N}(0, 1), \quad w_{it} \sim \mathrm{N}_7(0, W).

:math:`R` holds the three correlations in question. Items are measured from their means over
everybody; reports and dimensions from what is usual in that arm and conversation, and on that
scenario (least squares on `lendanear.bayes.trial.design_matrix`). So neither training nor easy
scenarios make a correlation. All are in units of their SD; proscriptive dimensions are turned
round, so that more is better. What belongs to a conversation alone, a good day included, is
:math:`w`, which may correlate between report and dimensions in any way.

Felt empathy as a whole is the sum of :math:`T` and :math:`F`, each counting the same (`felt`). A
single factor behind eight items and one report would be that of the items in disguise.

What the correlations are corrected for: noise and wording of single items (:math:`e`), moods and
luck of single conversations (:math:`w`), and what is peculiar to one dimension (:math:`\theta`).
What they are not corrected for: that answers crowd at the top of a scale of five levels, which
makes any correlation look smaller, and errors that a participant makes, or the judge makes with a
participant, in all three conversations.

Participants are integrated out. A participant's eight items and mean scores times :math:`\sqrt 3`
are one normal vector, contrasts between conversations another, so two matrices of squares and
products are sufficient. The means that are taken off are treated as known: with the study's 968
participants intervals are too narrow by less than one percent.

Priors: the prior of :math:`R` is uniform over correlation matrices (LKJ with shape 1);
:math:`\lambda_k`, :math:`s` and :math:`\ell_d` of prescriptive dimensions
:math:`\mathrm{HalfNormal}(1)` (their sign says which way a factor points); :math:`\ell_d` of the
others :math:`\mathrm{N}(0.8, 0.5)`; :math:`\theta_d \sim \mathrm{N}(0, 0.5)`, of which only the
square matters; :math:`\psi_k \sim \mathrm{HalfNormal}(1)`; the Cholesky factor of :math:`W` has a
diagonal :math:`\mathrm{HalfNormal}(1)` and :math:`\mathrm{N}(0, 0.5)` below it.

Source: confirmatory factor analysis, Joreskog (1969, Psychometrika 34:183); correction of
correlations for unreliability, Spearman (1904, Am. J. Psychol. 15:72).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
import pymc as pm
import pytensor.tensor as pt

from lendanear.bayes.settings import Settings
from lendanear.bayes.trial import design_matrix, require_whole, trial
from lendanear.errors import LendAnEarError
from lendanear.vocabulary import CONVERSATION_NUMBERS, DIMENSION_KEYS, DIMENSIONS, TRAIT_ITEMS

REPORT: Final = "self_empathized"
"""The self-report that is set against expressed empathy."""
REPEATED: Final = (REPORT, *DIMENSION_KEYS)
"""What is measured in every conversation."""
SIGNS: Final = np.array([1.0, *(dimension.sign for dimension in DIMENSIONS)])
"""What each of `REPEATED` is multiplied by, so that more is better."""
PAIRS: Final = ("trait and reported", "trait and expressed", "reported and expressed")
"""Correlations between the three factors."""
KEEP: Final = (
    "vine", "item_loading", "item_noise", "report_loading", "plain_loading", "turned_loading",
    "peculiar", "occasion_diagonal", "occasion_below",
)  # fmt: skip
CHOSEN_PRIORS: Final = KEEP
"""Variables with priors of our choice, for prior sensitivity."""
FULL: Final = Settings()
QUICK: Final = replace(FULL, tune=500, draws=500)
LEAST: Final = 50
"""Fewest participants that a fit makes sense for."""
_SAME: Final = 1e-6
"""SD below which everybody is the same, in levels of the scale: what rounding leaves of zero."""
_ITEMS: Final = len(TRAIT_ITEMS)
_TIMES: Final = len(CONVERSATION_NUMBERS)
_PLAIN: Final = sum(dimension.prescriptive for dimension in DIMENSIONS)
_BELOW: Final = np.tril_indices(len(REPEATED), -1)
_LATENT: Final = np.array([[1, 2, 3], [2, 1, 4], [3, 4, 1]])
_LOADS: Final = np.zeros((_ITEMS + len(REPEATED), 3), dtype=int)
_LOADS[np.arange(len(_LOADS)), [0] * _ITEMS + [1] + [2] * len(DIMENSIONS)] = np.arange(
    1, len(_LOADS) + 1
)
_ROOT: Final = np.diag(np.arange(1, len(REPEATED) + 1))
_ROOT[_BELOW] = len(REPEATED) + 1 + np.arange(len(_BELOW[0]))


@dataclass(frozen=True)
class Priors:
    """Scales of the priors, in SD of what is measured."""

    shape: float = 1.0
    loading: float = 1.0
    turned_centre: float = 0.8
    turned: float = 0.5
    peculiar: float = 0.5
    noise: float = 1.0
    below: float = 0.5


@dataclass(frozen=True)
class SilentCorrelation:
    """What the model is fitted to, in SD, more is better.

    Attributes
    ----------
    items : ndarray, shape (people, 8)
        Trait items, measured from their means.
    scores : ndarray, shape (people, 3, 7)
        `REPEATED` in each conversation, measured from what is usual in arm, conversation and
        scenario.
    item_sd, score_sd : ndarray, shapes (8,), (7,)
        What they were divided by, in levels of the scale.
    left_out : int
        Participants without an answer to every item and every report.
    """

    items: np.ndarray
    scores: np.ndarray
    item_sd: np.ndarray
    score_sd: np.ndarray
    left_out: int

    @property
    def people(self) -> int:
        """Number of participants."""
        return len(self.items)

    @property
    def between(self) -> np.ndarray:
        """Items and mean scores times the root of 3, shape (people, 15)."""
        return np.hstack([self.items, self.scores.sum(axis=1) / np.sqrt(_TIMES)])

    @property
    def within(self) -> np.ndarray:
        """Scores minus the participant's mean, shape (people, 3, 7)."""
        return self.scores - self.scores.mean(axis=1, keepdims=True)


def data(participants: pd.DataFrame, conversations: pd.DataFrame) -> SilentCorrelation:
    """Return what the model is fitted to.

    Raises
    ------
    LendAnEarError
        If an arm or a conversation is absent, a participant lacks one, fewer than `LEAST`
        participants answered everything, or all gave the same answer or were judged alike.
    """
    known = trial(conversations, DIMENSION_KEYS)
    require_whole(known, "silent empathy")
    rows = conversations.sort_values(["participant_id", "conversation_number"])
    items = participants.set_index("participant_id")[list(TRAIT_ITEMS)].astype("Float64")
    items = items.reindex(rows["participant_id"].to_numpy()[::_TIMES])
    items = items.to_numpy(dtype=float, na_value=np.nan)
    felt = rows[REPORT].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    scores = np.column_stack([felt, known.scores]) * SIGNS
    answered = np.isfinite(felt).reshape(-1, _TIMES).all(axis=1)
    complete = np.isfinite(items).all(axis=1) & answered
    if complete.sum() < LEAST:
        raise LendAnEarError(
            f"silent empathy needs at least {LEAST} participants who answered all eight trait "
            "items and reported the empathy they felt after each conversation: this data has "
            f"{complete.sum()}"
        )
    usual = design_matrix(known)[complete.repeat(_TIMES)]
    scores = scores[complete.repeat(_TIMES)]
    scores = scores - usual @ np.linalg.lstsq(usual, scores, rcond=None)[0]
    scores = scores.reshape(-1, _TIMES, len(REPEATED))
    items = items[complete] - items[complete].mean(axis=0)
    item_sd, score_sd = items.std(axis=0), scores.std(axis=(0, 1))
    for names, spreads in ((TRAIT_ITEMS, item_sd), (REPEATED, score_sd)):
        for name, spread in zip(names, spreads, strict=True):
            if spread < _SAME:
                raise LendAnEarError(
                    "silent empathy needs people who differ, and in this data all have the same "
                    f"{name!r}"
                )
    return SilentCorrelation(
        items=items / item_sd,
        scores=scores / score_sd,
        item_sd=item_sd,
        score_sd=score_sd,
        left_out=int((~complete).sum()),
    )


def build(data: SilentCorrelation, priors: Priors | None = None) -> pm.Model:
    """Return the model.

    Parameters
    ----------
    data : SilentCorrelation
        From `data`.
    priors : Priors, optional
        Other scales, to see how far conclusions move.
    """
    priors = priors or Priors()
    with pm.Model() as model:
        # the LKJ distribution of a 3 by 3 matrix as a vine: two correlations and a partial one
        shapes = priors.shape + np.array([0.5, 0.5, 0.0])
        vine = pm.Beta("vine", shapes, shapes)
        values = {
            "vine": vine,
            "item_loading": pm.HalfNormal("item_loading", priors.loading, shape=_ITEMS),
            "item_noise": pm.HalfNormal("item_noise", priors.noise, shape=_ITEMS),
            "report_loading": pm.HalfNormal("report_loading", priors.loading),
            "plain_loading": pm.HalfNormal("plain_loading", priors.loading, shape=_PLAIN),
            "turned_loading": pm.Normal(
                "turned_loading",
                priors.turned_centre,
                priors.turned,
                shape=len(DIMENSIONS) - _PLAIN,
            ),
            "peculiar": pm.Normal("peculiar", 0, priors.peculiar, shape=len(DIMENSIONS)),
            "occasion_diagonal": pm.HalfNormal(
                "occasion_diagonal", priors.noise, shape=len(REPEATED)
            ),
            "occasion_below": pm.Normal("occasion_below", 0, priors.below, shape=len(_BELOW[0])),
        }
        first, second, partial = (2 * vine[place] - 1 for place in range(3))
        third = first * second + partial * pt.sqrt((1 - first**2) * (1 - second**2))
        # matrices are gathered from vectors that begin with 0: few operations compile faster
        one = np.ones(1)
        latent = _gathered(_LATENT, [one, *(value[None] for value in (first, second, third))])
        scale = np.sqrt(_TIMES)
        shown = [scale * values[name] for name in ("plain_loading", "turned_loading")]
        report = (scale * values["report_loading"])[None]
        loads = _gathered(_LOADS, [values["item_loading"], report, *shown])
        own = [values["item_noise"] ** 2, np.zeros(1), _TIMES * values["peculiar"] ** 2]
        occasion = _gathered(_ROOT, [values["occasion_diagonal"], values["occasion_below"]])
        padded = pt.concatenate([np.zeros((_ITEMS, len(REPEATED))), occasion])
        whole = loads @ latent @ loads.T + pt.diag(pt.concatenate(own)) + padded @ padded.T
        contrasts = data.within.reshape(-1, len(REPEATED))
        count = (_TIMES - 1) * data.people
        pm.Potential("means", _loglik(pt.linalg.cholesky(whole), data.between, data.people))
        pm.Potential("contrasts", _loglik(occasion, contrasts, count))
    return model


def _gathered(places: np.ndarray, parts: list[pt.TensorVariable]) -> pt.TensorVariable:
    """Return the matrix whose entries stand at some places of a vector that begins with 0."""
    return pt.concatenate([np.zeros(1), *parts])[places]


def _loglik(root: pt.TensorVariable, vectors: np.ndarray, count: int) -> pt.TensorVariable:
    """Return the log-likelihood of normal vectors from the Cholesky factor of their covariance.

    `count` is how many of them are independent, whose squares and products add up to those of
    `vectors`.
    """
    squares = np.linalg.qr(vectors, mode="r").T
    solved = pt.linalg.solve_triangular(root, squares, lower=True)
    constant = count * len(squares) * np.log(2 * np.pi)
    return -0.5 * (2 * count * pt.log(pt.diag(root)).sum() + (solved**2).sum() + constant)


class Structure(NamedTuple):
    """Parameters as matrices; leading axes are those of the draws.

    ``latent`` (..., 3, 3): correlations of trait, reported and expressed empathy; ``loads``
    (..., 15, 3): of items, felt empathy and dimensions on them; ``peculiar`` (..., 15): variances
    that are a measure's own and stay; ``occasion`` (..., 7, 7): covariance of what belongs to one
    conversation.
    """

    latent: np.ndarray
    loads: np.ndarray
    peculiar: np.ndarray
    occasion: np.ndarray

    @property
    def steady(self) -> np.ndarray:
        """Covariance of items and of what stays of the scores, shape (..., 15, 15)."""
        own = self.peculiar[..., None] * np.eye(self.peculiar.shape[-1])
        return self.loads @ self.latent @ np.swapaxes(self.loads, -1, -2) + own

    @property
    def between(self) -> np.ndarray:
        """Covariance of items and mean scores times the root of 3, shape (..., 15, 15)."""
        scale = np.array([1.0] * _ITEMS + [np.sqrt(_TIMES)] * len(REPEATED))
        found = self.steady * np.outer(scale, scale)
        found[..., _ITEMS:, _ITEMS:] += self.occasion
        return found


def structure(posterior: dict[str, Any]) -> Structure:
    """Return the parameters as matrices.

    Parameters
    ----------
    posterior : dict of ndarray, shape (..., parameters)
        The variables `KEEP`, with any leading axes.
    """
    given = {name: np.asarray(values, dtype=float) for name, values in posterior.items()}
    lead = given["vine"].shape[:-1]

    def gathered(places: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
        return np.concatenate([np.zeros((*lead, 1)), *parts], axis=-1)[..., places]

    first, second, partial = np.moveaxis(2 * given["vine"] - 1, -1, 0)
    third = first * second + partial * np.sqrt((1 - first**2) * (1 - second**2))
    correlations = np.stack([np.ones(lead), first, second, third], axis=-1)
    report = given["report_loading"][..., None]
    shown = [given["plain_loading"], given["turned_loading"]]
    own = [given["item_noise"] ** 2, np.zeros((*lead, 1)), given["peculiar"] ** 2]
    root = gathered(_ROOT, [given["occasion_diagonal"], given["occasion_below"]])
    return Structure(
        latent=gathered(_LATENT, [correlations]),
        loads=gathered(_LOADS, [given["item_loading"], report, *shown]),
        peculiar=np.concatenate(own, axis=-1),
        occasion=root @ np.swapaxes(root, -1, -2),
    )


def felt(latent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how felt empathy as a whole goes together with expressed empathy.

    Parameters
    ----------
    latent : ndarray, shape (..., 3, 3)
        Correlations of trait, reported and expressed empathy.

    Returns
    -------
    correlation : ndarray, shape (...)
        Of expressed empathy with the sum of trait and reported empathy.
    r2 : ndarray, shape (...)
        Share of the variance of expressed empathy that goes along with both, weighed as well as
        they could be: the squared multiple correlation.
    """
    inner, trait, reported = latent[..., 0, 1], latent[..., 0, 2], latent[..., 1, 2]
    correlation = (trait + reported) / np.sqrt(2 + 2 * inner)
    r2 = (trait**2 + reported**2 - 2 * inner * trait * reported) / (1 - inner**2)
    return correlation, r2


def log_likelihood(data: SilentCorrelation, posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the log-likelihood of everything that is known of a participant.

    Parameters
    ----------
    data : SilentCorrelation
        As given to `build`.
    posterior : dict of ndarray, shape (chains, draws, ...)
        The variables `KEEP`.

    Returns
    -------
    ndarray, shape (chains, draws, people)
    """
    found = structure(posterior)
    between = found.between
    means, contrasts = data.between, data.within.reshape(-1, len(REPEATED))
    total = np.empty((*between.shape[:2], data.people))
    for at in np.ndindex(*total.shape[:2]):
        squares, logdet = _distances(between[at], means)
        total[at] = -0.5 * (squares + logdet)
        # three deviations from a participant's mean hold two independent contrasts
        squares, logdet = _distances(found.occasion[at], contrasts)
        by_person = squares.reshape(data.people, _TIMES).sum(axis=1)
        total[at] -= 0.5 * (by_person + (_TIMES - 1) * logdet)
    return total


def _distances(covariance: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, float]:
    """Return squared Mahalanobis lengths, and the log-determinant with its constant."""
    root = np.linalg.cholesky(covariance)
    solved = vectors @ np.linalg.inv(root).T
    size = len(root) * np.log(2 * np.pi)
    return (solved**2).sum(axis=1), float(2 * np.log(np.diag(root)).sum() + size)
