"""Experiment 2: an Elo tournament of LLM judges and the choices of human raters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from lendanear.synthetic.cohort import Cohort
from lendanear.synthetic.parameters import Parameters, Preference
from lendanear.vocabulary import ARMS, OVERALL_MAX, SCENARIO_KEYS, SYNTHETIC_PERSON_PREFIX

_START: Final = 1500.0
RATING_UNIT: Final = 200.0
"""Elo points in which the raters' slopes are counted, about one SD."""
_LOGISTIC: Final = 400 / np.log(10)
"""Elo points per unit of log odds."""


@dataclass(frozen=True)
class Tournament:
    """Elo conversations; N of them, sorted by scenario label and rank.

    Attributes
    ----------
    conversation : int64 ndarray, shape (N,)
        Index into the cohort's conversations, participant by participant.
    scenario : int8 ndarray, shape (N,)
    overall : int16 ndarray, shape (N,)
    rating : float64 ndarray, shape (N,)
        Elo rating; each scenario's mean is 1500.
    comparisons : int16 ndarray, shape (N,)
    rank : int64 ndarray, shape (N,)
        Rank within the scenario, 1 the best.
    """

    conversation: np.ndarray
    scenario: np.ndarray
    overall: np.ndarray
    rating: np.ndarray
    comparisons: np.ndarray
    rank: np.ndarray


@dataclass(frozen=True)
class Choices:
    """Human choices; M of them. Left and right are positions in the tournament.

    Attributes
    ----------
    rater : int64 ndarray, shape (M,)
    left, right : int64 ndarray, shape (M,)
    chose_left : bool ndarray, shape (M,)
    """

    rater: np.ndarray
    left: np.ndarray
    right: np.ndarray
    chose_left: np.ndarray

    @staticmethod
    def rater_id(number: int) -> str:
        """Text id of a rater."""
        return f"{SYNTHETIC_PERSON_PREFIX}rater-{number:06d}"


def play(parameters: Parameters, cohort: Cohort, rng: np.random.Generator) -> Tournament:
    """Play the tournament: every first conversation, and 2-3 of the coach arms.

    Judges see a quality of which the score is a part; they choose by a logit of its difference.
    """
    preference = parameters.preference
    coached = np.array([arm.coached for arm in ARMS])
    enters = np.repeat(coached[cohort.arm][:, None], 3, axis=1)
    enters[:, 0] = True
    conversation = np.flatnonzero(enters)
    scenario = cohort.scenario.ravel()[conversation]
    overall = cohort.overall.ravel()[conversation]
    weight = preference.score_weight
    quality = weight * (overall - 0.16) / 4.6 + np.sqrt(1 - weight**2) * rng.standard_normal(
        len(conversation)
    )
    rating, comparisons = _elo(preference, quality, scenario, rng)
    order = np.lexsort((-rating, scenario))
    starts = np.searchsorted(scenario[order], np.arange(len(SCENARIO_KEYS)))
    rank = np.arange(len(order)) - starts[scenario[order]] + 1
    return Tournament(
        conversation[order],
        scenario[order],
        overall[order],
        rating[order],
        comparisons[order],
        rank,
    )


def _elo(
    preference: Preference, quality: np.ndarray, scenario: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Ratings after rounds of random pairs within the scenario."""
    n = len(quality)
    rating = np.full(n, _START)
    comparisons = np.zeros(n, dtype=np.int16)
    for _ in range(preference.rounds):
        plays = np.flatnonzero(rng.random(n) < preference.play)
        plays = plays[np.lexsort((rng.random(len(plays)), scenario[plays]))]
        sizes = np.bincount(scenario[plays], minlength=len(SCENARIO_KEYS))
        ends = np.cumsum(sizes)
        plays = np.delete(plays, (ends - 1)[sizes % 2 == 1])
        one, two = plays[0::2], plays[1::2]
        odds = preference.judge_slope * (quality[one] - quality[two])
        won = rng.random(len(one)) < _logistic(odds)
        expected = _logistic((rating[one] - rating[two]) / _LOGISTIC)
        gain = preference.elo_k * (won - expected)
        rating[one] += gain
        rating[two] -= gain
        comparisons[plays] += 1
    return rating, comparisons


def choose(
    parameters: Parameters, tournament: Tournament, scale: int, rng: np.random.Generator
) -> Choices:
    """Let raters choose between conversations on the same scenario, in exact numbers of ties."""
    design, preference = parameters.design, parameters.preference
    kinds = len(SCENARIO_KEYS)
    each, per = design.items // kinds, design.choices // kinds
    # conversations far from the middle are more likely to be compared; sorting exponential
    # waiting times draws without replacement in proportion to the weights
    weight = np.exp(preference.item_spread * np.abs(tournament.overall) / OVERALL_MAX)
    wait = rng.exponential(size=len(weight)) / weight
    turn = np.argsort(wait, kind="stable")
    where = [
        rng.permutation(turn[tournament.scenario[turn] == kind][: each * scale])
        for kind in range(kinds)
    ]
    left, right = [], []
    for block in range(scale):
        pairs = np.concatenate(
            [
                _pairs(items[block * each : (block + 1) * each], 3 * per, rng)
                for items in where
            ]
        )  # fmt: skip
        pairs = pairs[rng.permutation(len(pairs))]
        tied = tournament.overall[pairs[:, 0]] == tournament.overall[pairs[:, 1]]
        ties = design.choices - design.untied
        kept = np.concatenate([pairs[tied][:ties], pairs[~tied][: design.untied]])
        if len(kept) < design.choices or len(np.unique(kept)) < design.items:
            raise RuntimeError("too few tied pairs among the items of experiment 2")
        kept = kept[rng.permutation(len(kept))]
        left.append(kept[:, 0])
        right.append(kept[:, 1])
    one, two = np.concatenate(left), np.concatenate(right)
    per_rater = design.choices // design.raters
    rater = np.arange(len(one)) // per_rater
    slope = preference.rater_slope[tournament.scenario[one]] * np.exp(
        preference.rater_spread * rng.standard_normal(rater[-1] + 1)[rater]
    )
    p = _logistic(slope * (tournament.rating[one] - tournament.rating[two]) / RATING_UNIT)
    p = preference.lapse / 2 + (1 - preference.lapse) * p
    return Choices(rater, one, two, rng.random(len(one)) < p)


def _pairs(items: np.ndarray, wanted: int, rng: np.random.Generator) -> np.ndarray:
    """Random ordered pairs of different items in which every item turns up about equally often."""
    rounds = -(-wanted * 2 // len(items))
    shuffled = np.argsort(rng.random((rounds, len(items))), axis=1)
    return items[shuffled].reshape(-1, 2)[:wanted]


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
