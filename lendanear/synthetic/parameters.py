"""What the synthetic study is generated from: the tuned parameters of ``data/synthetic.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from lendanear.paths import DATA
from lendanear.vocabulary import (
    ARM_KEYS,
    DIMENSION_KEYS,
    SCENARIO_KEYS,
    SELF_REPORT_KEYS,
    THEME_KEYS,
    TROUBLE_TYPE_KEYS,
)

PARAMETERS: Final = DATA / "synthetic.toml"
"""The file; ``lendanear/synthetic/tuning/`` writes its tuned sections."""


@dataclass(frozen=True)
class Design:
    """Counts that hold exactly in every synthetic study (times the scale).

    ``later_scenarios`` alone is no count: the weights with which the scenarios of conversations 2
    and 3 are drawn.
    """

    arms: dict[str, int]
    first_scenarios: dict[str, int]
    later_scenarios: dict[str, float]
    messages: int
    turns_min: int
    turns_max: int
    empty_turns: float
    theme_rows: dict[str, tuple[int, int]]
    choices: int
    untied: int
    items: int
    raters: int


@dataclass(frozen=True)
class Scores:
    """The latent normal behind the six judged dimensions.

    Every conversation has a latent value per dimension,
    ``person + period + occasion + shift``; the score is 1 plus the number of thresholds below it.

    Attributes
    ----------
    thresholds : ndarray, shape (6, 4)
    shifts : ndarray, shape (4, 3, 6)
        By arm, conversation and dimension.
    scenario_shifts : ndarray, shape (5, 6)
    person, period, occasion : ndarray, shape (6, 6)
        Covariances of what stays with the person, what stays within conversation 1 or within
        conversations 2-3, and what is the conversation's own.
    response : ndarray, shape (4, 6, 6)
        By arm: covariance of individual response to training, shared by conversations 2-3.
    pull : ndarray, shape (4,)
        By arm: share of the person part that training undoes (weak starters gain more).
    age, female : ndarray, shape (6,)
        Latent shift per year and for women; both centred.
    age_response, female_response : ndarray, shape (4, 6)
        The same by arm, in conversations 2-3 only.
    """

    thresholds: np.ndarray
    shifts: np.ndarray
    scenario_shifts: np.ndarray
    person: np.ndarray
    period: np.ndarray
    occasion: np.ndarray
    response: np.ndarray
    pull: np.ndarray
    age: np.ndarray
    female: np.ndarray
    age_response: np.ndarray
    female_response: np.ndarray


@dataclass(frozen=True)
class People:
    """Demographics and trait empathy."""

    age_mean: float
    age_sd: float
    age_min: int
    age_max: int
    female: float
    consent_revoked: float
    data_expired: float
    trait_thresholds: np.ndarray
    trait_loading: float
    jordan_link: float
    sites_link: float


@dataclass(frozen=True)
class Reports:
    """Self-reports: thresholds (4, 4), person share and links to what the judge sees."""

    thresholds: np.ndarray
    person_share: np.ndarray
    common: float
    trait_link: float
    person_link: np.ndarray
    occasion_link: np.ndarray


@dataclass(frozen=True)
class Preference:
    """The Elo tournament of LLM judges and the choices of human raters."""

    score_weight: float
    judge_slope: float
    elo_k: float
    rounds: int
    play: float
    rater_slope: np.ndarray
    rater_spread: float
    lapse: float
    item_spread: float


@dataclass(frozen=True)
class ThemeMix:
    """Theme weights: log weights by trouble type and period, and links to the scores.

    Attributes
    ----------
    base : ndarray, shape (2, 2, 10)
        Trouble type, before or after, theme.
    links : ndarray, shape (6, 10)
        Change of a theme's log weight per score point of a dimension.
    verbosity : float
        Coefficient of variation of spans per message between conversations.
    """

    base: np.ndarray
    links: np.ndarray
    verbosity: float


@dataclass(frozen=True)
class Parameters:
    """Everything the generator is told."""

    design: Design
    scores: Scores
    people: People
    reports: Reports
    preference: Preference
    themes: ThemeMix


def _covariance(section: dict[str, Any]) -> np.ndarray:
    """Covariance from ``variance`` (6) and the upper triangle of correlations ``correlation``."""
    sd = np.sqrt(np.array([section["variance"][key] for key in DIMENSION_KEYS]))
    correlation = np.array([section["correlation"][key] for key in DIMENSION_KEYS])
    return correlation * np.outer(sd, sd)


def _by(section: dict[str, Any], keys: tuple[str, ...]) -> np.ndarray:
    return np.array([section[key] for key in keys], dtype=float)


@cache
def load(path: Path = PARAMETERS) -> Parameters:
    """Read the parameters of the synthetic study."""
    with Path(path).open("rb") as stream:
        raw = tomllib.load(stream)
    return from_raw(raw)


def from_raw(raw: dict[str, Any]) -> Parameters:
    """Turn the TOML document into arrays in the vocabulary's order."""
    design = raw["design"]
    scores = raw["scores"]
    people = raw["people"]
    reports = raw["reports"]
    preference = raw["preference"]
    themes = raw["themes"]
    return Parameters(
        design=Design(
            **{k: v for k, v in design.items() if not isinstance(v, dict)},
            arms={key: design["arms"][key] for key in ARM_KEYS},
            later_scenarios={key: design["later_scenarios"][key] for key in SCENARIO_KEYS},
            first_scenarios={key: design["first_scenarios"][key] for key in SCENARIO_KEYS},
            theme_rows={
                key: (design["theme_rows"][key]["before"], design["theme_rows"][key]["after"])
                for key in TROUBLE_TYPE_KEYS
            },
        ),
        scores=Scores(
            thresholds=_by(scores["thresholds"], DIMENSION_KEYS),
            shifts=np.array(
                [[scores["shifts"][arm][key] for key in DIMENSION_KEYS] for arm in ARM_KEYS]
            ).transpose(0, 2, 1),
            scenario_shifts=np.array(
                [_by(scores["scenario_shifts"][key], DIMENSION_KEYS) for key in SCENARIO_KEYS]
            ),
            person=_covariance(scores["person"]),
            period=_covariance(scores["period"]),
            occasion=_covariance(scores["occasion"]),
            response=np.array([_covariance(scores["response"][arm]) for arm in ARM_KEYS]),
            pull=_by(scores["pull"], ARM_KEYS),
            age=_by(scores["age"], DIMENSION_KEYS),
            female=_by(scores["female"], DIMENSION_KEYS),
            age_response=np.array(
                [_by(scores["age_response"][a], DIMENSION_KEYS) for a in ARM_KEYS]
            ),
            female_response=np.array(
                [_by(scores["female_response"][a], DIMENSION_KEYS) for a in ARM_KEYS]
            ),
        ),
        people=People(
            **{k: v for k, v in people.items() if k != "trait_thresholds"},
            trait_thresholds=np.array(people["trait_thresholds"]),
        ),
        reports=Reports(
            thresholds=_by(reports["thresholds"], SELF_REPORT_KEYS),
            person_share=_by(reports["person_share"], SELF_REPORT_KEYS),
            common=reports["common"],
            trait_link=reports["trait_link"],
            person_link=_by(reports["person_link"], SELF_REPORT_KEYS),
            occasion_link=_by(reports["occasion_link"], SELF_REPORT_KEYS),
        ),
        preference=Preference(
            **{k: v for k, v in preference.items() if k != "rater_slope"},
            rater_slope=_by(preference["rater_slope"], SCENARIO_KEYS),
        ),
        themes=ThemeMix(
            base=np.array(
                [
                    [_by(themes["base"][t][when], THEME_KEYS) for when in ("before", "after")]
                    for t in TROUBLE_TYPE_KEYS
                ]
            ),
            links=np.array(
                [
                    [themes["links"].get(d, {}).get(k, 0.0) for k in THEME_KEYS]
                    for d in DIMENSION_KEYS
                ]
            ),
            verbosity=themes["verbosity"],
        ),
    )
