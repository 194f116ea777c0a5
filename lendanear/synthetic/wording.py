"""The grammar behind the synthetic texts, spelled out into sentences."""

from __future__ import annotations

import itertools
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from lendanear.paths import DATA
from lendanear.vocabulary import (
    SCENARIOS,
    THEME_KEYS,
    TROUBLE_TYPE_KEYS,
)

SUPPORTER: Final = DATA / "synthetic_supporter.toml"
SEEKER: Final = DATA / "synthetic_seeker.toml"
COACH: Final = DATA / "synthetic_coach.toml"

_CHOICE = re.compile(r"\{([^{}]*)\}")
_WORD = re.compile(r"@(\w+)")


def spelled_out(pattern: str) -> list[str]:
    """Return every sentence that a pattern stands for.

    Parameters
    ----------
    pattern : str
        Text in which ``{a|b|}`` stands for a, b or nothing; braces do not nest.
    """
    parts = _CHOICE.split(pattern)
    options = [[part] if place % 2 == 0 else part.split("|") for place, part in enumerate(parts)]
    return ["".join(chosen) for chosen in itertools.product(*options)]


@dataclass(frozen=True)
class Interpretation:
    """A level-3 interpretation: names, weight, sentences and the seekers' answers by scenario."""

    theme: str
    level_2: str
    name: str
    weight: float
    after: float
    sentences: dict[str, list[str]]
    answers: dict[str, list[str]]


@cache
def interpretations() -> dict[str, dict[str, list[Interpretation]]]:
    """Return the interpretations by kind of trouble and theme."""
    raw = _read(SUPPORTER)
    return {
        trouble: {
            theme: [_interpretation(entry, trouble, theme, raw["words"]) for entry in entries]
            for theme, entries in ((key, raw[trouble][key]) for key in THEME_KEYS)
        }
        for trouble in TROUBLE_TYPE_KEYS
    }


def _interpretation(
    entry: dict[str, Any], trouble: str, theme: str, words: dict[str, dict[str, str]]
) -> Interpretation:
    sentences = {}
    for scenario in SCENARIOS:
        if scenario.trouble_type == trouble:
            own = words[scenario.key]
            patterns = entry.get("any", []) + entry.get(scenario.key, [])
            sentences[scenario.key] = [
                _WORD.sub(lambda found, own=own: own[found[1]], sentence)
                for pattern in patterns
                for sentence in spelled_out(pattern)
            ]
    answers = {key: _all(entry.get("answers", {}).get(key, [])) for key in sentences}
    return Interpretation(
        theme, entry["level_2"], entry["name"], entry["weight"], entry["after"], sentences, answers
    )


@cache
def shares() -> tuple[np.ndarray, int]:
    """Return cumulative shares of interpretations, shape (2, 2, 10, J), and J.

    Trouble type, before or after coaching, theme, interpretation; rows shorter than J end in ones.
    """
    known = interpretations()
    most = max(len(found) for themes in known.values() for found in themes.values())
    table = np.ones((len(TROUBLE_TYPE_KEYS), 2, len(THEME_KEYS), most))
    for g, trouble in enumerate(TROUBLE_TYPE_KEYS):
        for t, theme in enumerate(THEME_KEYS):
            entries = known[trouble][theme]
            before = np.array([entry.weight for entry in entries])
            after = before * np.exp([entry.after for entry in entries])
            for when, weights in enumerate((before, after)):
                table[g, when, t, : len(entries) - 1] = (np.cumsum(weights) / weights.sum())[:-1]
    return table, most


@dataclass(frozen=True)
class Seeker:
    """Lines of the seekers: by scenario, by the theme they react to, and at the end."""

    opening: dict[str, list[str]]
    early: dict[str, list[list[str]]]
    late: dict[str, list[list[str]]]
    reaction: dict[str, list[str]]
    closing: dict[str, list[str]]


@cache
def seeker() -> Seeker:
    """Return the lines of the seekers."""
    raw = _read(SEEKER)
    keys = [scenario.key for scenario in SCENARIOS]
    return Seeker(
        opening={key: raw[key]["opening"] for key in keys},
        early={key: [spelled_out(line) for line in raw[key]["early"]] for key in keys},
        late={key: [spelled_out(line) for line in raw[key]["late"]] for key in keys},
        reaction={key: _all(lines) for key, lines in raw["reaction"].items()},
        closing={key: _all(lines) for key, lines in raw["closing"].items()},
    )


@dataclass(frozen=True)
class Coach:
    """Lines of the coach and questions to the coach."""

    greeting: list[str]
    ending: list[str]
    strength: dict[str, list[str]]
    target: dict[str, list[str]]
    questions: dict[str, list[str]]


@cache
def coach() -> Coach:
    """Return the lines of the coach and what people ask it."""
    raw = _read(COACH)
    feedback = raw["feedback"]
    return Coach(
        greeting=_all(feedback["greeting"]),
        ending=_all(feedback["ending"]),
        strength={key: _all(lines) for key, lines in feedback["strength"].items()},
        target={key: _all(lines) for key, lines in feedback["target"].items()},
        questions={key: _all(lines) for key, lines in raw["questions"].items()},
    )


def _all(patterns: list[str]) -> list[str]:
    return [sentence for pattern in patterns for sentence in spelled_out(pattern)]


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return tomllib.load(stream)
