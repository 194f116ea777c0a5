"""The numbers of the synthetic trial: who took part, which conversations, which ratings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from lendanear.synthetic.parameters import Design, Parameters, People, Reports, Scores
from lendanear.vocabulary import (
    ARM_KEYS,
    CONVERSATION_NUMBERS,
    DIMENSIONS,
    SCENARIO_KEYS,
    SELF_REPORTS,
    SYNTHETIC_ID_PREFIX,
    SYNTHETIC_PERSON_PREFIX,
)

SIGNS: Final = np.array([dimension.sign for dimension in DIMENSIONS])
"""+1 for prescriptive, -1 for proscriptive dimensions, in the vocabulary's order."""
_N: Final = len(CONVERSATION_NUMBERS)


@dataclass(frozen=True)
class Cohort:
    """The trial in numbers; P participants with three conversations each.

    Attributes
    ----------
    person_id : list of str, length P
    arm : int8 ndarray, shape (P,)
        Index into the vocabulary's arms.
    age : int16 ndarray, shape (P,)
        Years.
    female : bool ndarray, shape (P,)
    traits : int8 ndarray, shape (P, 8)
        Trait items, 1 to 5.
    scenario : int8 ndarray, shape (P, 3)
        Index into the vocabulary's scenarios.
    conversation_id : int64 ndarray, shape (P, 3)
        The sixteen digits after the synthetic prefix.
    turns : int8 ndarray, shape (P, 3)
        Messages of the supporter; the seeker has one more.
    scores : int8 ndarray, shape (P, 3, 6)
        Judged dimensions, 1 to 5.
    self_reports : int8 ndarray, shape (P, 3, 4)
        Self-reports, 1 to 5.
    """

    person_id: list[str]
    arm: np.ndarray
    age: np.ndarray
    female: np.ndarray
    traits: np.ndarray
    scenario: np.ndarray
    conversation_id: np.ndarray
    turns: np.ndarray
    scores: np.ndarray
    self_reports: np.ndarray

    @property
    def overall(self) -> np.ndarray:
        """Overall empathy, shape (P, 3): prescriptive minus proscriptive ratings, -12 to 12."""
        return self.scores.astype(np.int16) @ SIGNS

    def conversation_ids(self) -> list[str]:
        """Conversation ids as text, participant by participant."""
        return [f"{SYNTHETIC_ID_PREFIX}{number:016d}" for number in self.conversation_id.ravel()]


def draw(parameters: Parameters, scale: int, rng: np.random.Generator) -> Cohort:
    """Draw a cohort of `scale` times the study's size."""
    design = parameters.design
    arm = rng.permutation(
        np.repeat(
            np.arange(len(ARM_KEYS), dtype=np.int8), [design.arms[k] * scale for k in ARM_KEYS]
        )
    )
    n = len(arm)
    scenario = _scenarios(design, n, scale, rng)
    age, female = _demographics(parameters.people, n, rng)
    scores, person, occasion = draw_scores(
        parameters.scores, arm, scenario, age - parameters.people.age_mean, female, rng,
        female_share=parameters.people.female,
    )  # fmt: skip
    traits, trait = _traits(parameters.people, person, rng)
    self_reports = _self_reports(parameters.reports, person, occasion, trait, rng)
    return Cohort(
        person_id=_person_ids(n, rng),
        arm=arm,
        age=age,
        female=female,
        traits=traits,
        scenario=scenario,
        conversation_id=_conversation_ids(n, rng),
        turns=_turns(design, n, scale, rng),
        scores=scores,
        self_reports=self_reports,
    )


def _scenarios(design: Design, n: int, scale: int, rng: np.random.Generator) -> np.ndarray:
    """Three different scenarios per participant; the first ones in exact numbers."""
    kinds = len(SCENARIO_KEYS)
    first = rng.permutation(
        np.repeat(np.arange(kinds), [design.first_scenarios[k] * scale for k in SCENARIO_KEYS])
    )
    # sorting exponential waiting times draws without replacement in proportion to the weights
    wait = rng.exponential(size=(n, kinds)) / [design.later_scenarios[k] for k in SCENARIO_KEYS]
    np.put_along_axis(wait, first[:, None], np.inf, axis=1)
    later = np.argsort(wait, axis=1)[:, : _N - 1]
    return np.column_stack([first, later]).astype(np.int8)


def _demographics(
    people: People, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    # a beta distribution between youngest and oldest with the given mean and SD: a long right
    # tail, as panels of adults have
    low, width = people.age_min, people.age_max - people.age_min
    centre, spread = (people.age_mean - low) / width, people.age_sd / width
    size = centre * (1 - centre) / spread**2 - 1
    age = low + width * rng.beta(centre * size, (1 - centre) * size, n)
    return np.rint(age).astype(np.int16), rng.random(n) < people.female


def draw_scores(
    scores: Scores,
    arm: np.ndarray,
    scenario: np.ndarray,
    years: np.ndarray,
    female: np.ndarray,
    rng: np.random.Generator,
    *,
    female_share: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw the judged dimensions of three conversations per participant.

    Parameters
    ----------
    scores : Scores
    arm, years, female : ndarray, shape (P,)
        Arm index, age minus its mean, sex.
    scenario : ndarray, shape (P, 3)
    rng : Generator
    female_share : float
        Expected share of women, to centre the effect of sex.

    Returns
    -------
    scores : int8 ndarray, shape (P, 3, 6)
    person : ndarray, shape (P, 6)
        Latent person part.
    occasion : ndarray, shape (P, 3, 6)
        Latent occasion part.
    """
    n = len(arm)
    person = _normal(rng, n, scores.person)
    occasion = _normal(rng, n * _N, scores.occasion).reshape(n, _N, -1)
    before = _normal(rng, n, scores.period)
    after = _normal(rng, n, scores.period)
    for index, response in enumerate(scores.response):
        mine = arm == index
        after[mine] += _normal(rng, int(mine.sum()), response)
    latent = occasion + scores.shifts[arm] + scores.scenario_shifts[scenario]
    sex = female.astype(float) - female_share
    fixed = np.outer(years, scores.age) + np.outer(sex, scores.female)
    latent += fixed[:, None, :]
    latent[:, 0] += person + before
    later = (
        person * (1 - scores.pull[arm])[:, None]
        + after
        + years[:, None] * scores.age_response[arm]
        + sex[:, None] * scores.female_response[arm]
    )
    latent[:, 1:] += later[:, None, :]
    return _levels(latent, scores.thresholds), person, occasion


def _normal(rng: np.random.Generator, n: int, covariance: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    return rng.standard_normal((n, len(covariance))) @ root.T


def _levels(latent: np.ndarray, thresholds: np.ndarray) -> np.ndarray:
    """Levels 1-5: one more than the number of thresholds a latent value exceeds."""
    return (1 + (latent[..., None] > thresholds).sum(axis=-1)).astype(np.int8)


def _traits(
    people: People, person: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Eight trait items and the latent trait, all but unrelated to what people express."""
    n = len(person)
    expressed = _standard(person @ SIGNS)
    trait = rng.standard_normal(n)
    noise = rng.standard_normal((n, 8))
    load = people.trait_loading
    latent = load * trait[:, None] + np.sqrt(1 - load**2) * noise
    latent[:, :7] += people.jordan_link * expressed[:, None]
    latent[:, 7] += people.sites_link * expressed
    return _levels(latent, people.trait_thresholds), trait


def _self_reports(
    reports: Reports,
    person: np.ndarray,
    occasion: np.ndarray,
    trait: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    n = len(person)
    keys = [dimension.key for dimension in DIMENSIONS]
    out = np.empty((n, _N, len(SELF_REPORTS)), dtype=np.int8)
    # what colours all four answers alike: the person's habit of answering, and the conversation
    habit = reports.trait_link * trait + np.sqrt(1 - reports.trait_link**2) * rng.standard_normal(n)
    mood = rng.standard_normal((n, _N))
    shared, own = np.sqrt(reports.common), np.sqrt(1 - reports.common)
    for index, report in enumerate(SELF_REPORTS):
        weight = (
            SIGNS if report.judged == "overall_empathy" else np.eye(6)[keys.index(report.judged)]
        )
        stable = shared * habit + own * rng.standard_normal(n)
        passing = shared * mood + own * rng.standard_normal((n, _N))
        share = reports.person_share[index]
        by_person = reports.person_link[index]
        by_occasion = reports.occasion_link[index]
        latent = (
            np.sqrt(share) * stable[:, None]
            + np.sqrt(1 - share) * passing
            + by_person * _standard(person @ weight)[:, None]
            + by_occasion * _standard(occasion @ weight)
        ) / np.sqrt(1 + by_person**2 + by_occasion**2)
        out[..., index] = _levels(latent, reports.thresholds[index])
    return out


def _standard(values: np.ndarray) -> np.ndarray:
    return values / values.std()


def _person_ids(n: int, rng: np.random.Generator) -> list[str]:
    """Draw unique ids in an order that tells nothing."""
    digits = max(6, len(str(10 * n)))
    numbers = rng.choice(10**digits, n, replace=False)
    return [f"{SYNTHETIC_PERSON_PREFIX}{number:0{digits}d}" for number in numbers]


def _conversation_ids(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw sixteen digits per conversation, month to microsecond, rising within a participant."""
    minutes = rng.uniform(0, 4 * 24 * 60, n)[:, None] + np.cumsum(
        rng.uniform(7, 16, (n, _N)), axis=1
    )
    seconds = (minutes * 60).astype(np.int64)
    day, rest = np.divmod(seconds, 86_400)
    hour, rest = np.divmod(rest, 3_600)
    minute, second = np.divmod(rest, 60)
    stamp = (((3 * 100 + 24 + day) * 100 + hour) * 100 + minute) * 100 + second
    # the six digits of the microsecond run through a permutation, so no two ids are the same
    micro = rng.permutation(max(1_000_000, n * _N))[: n * _N].reshape(n, _N) % 1_000_000
    ids = stamp * 1_000_000 + micro
    while len(np.unique(ids)) < ids.size:
        _, first = np.unique(ids.ravel(), return_index=True)
        again = np.setdiff1d(np.arange(ids.size), first)
        ids.ravel()[again] += 1
    return ids


def _turns(design: Design, n: int, scale: int, rng: np.random.Generator) -> np.ndarray:
    """Supporter messages per conversation; with the seeker's, exactly the study's messages."""
    conversations = n * _N
    total = (design.messages * scale - conversations) // 2
    low, high = design.turns_min, design.turns_max
    mean = total / conversations
    # a geometric tail above the minimum: most people stop soon after they may
    stop = 1 / (1 + mean - low)
    person = rng.gamma(4, 1 / 4, n)[:, None]
    turns = low + rng.poisson(person * rng.gamma(1.2, 1 / 1.2, (n, _N)) * (1 - stop) / stop)
    turns = np.clip(turns, low, high).ravel()
    while difference := total - int(turns.sum()):
        free = np.flatnonzero(turns < high if difference > 0 else turns > low)
        chosen = rng.choice(free, min(abs(difference), len(free)), replace=False)
        turns[chosen] += np.sign(difference)
    return turns.reshape(n, _N).astype(np.int8)
