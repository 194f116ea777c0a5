"""Which themes a supporter's messages hold: the plan behind the texts and the theme file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from lendanear.synthetic import wording
from lendanear.synthetic.cohort import Cohort
from lendanear.synthetic.parameters import Design, Parameters, ThemeMix
from lendanear.vocabulary import ARMS, SCENARIOS, THEME_KEYS, TROUBLE_TYPE_KEYS

SCORE_CENTRE: Final = 2.5
"""Score at which a dimension leaves the theme weights as they are."""
TROUBLE: Final = np.array([TROUBLE_TYPE_KEYS.index(s.trouble_type) for s in SCENARIOS])
"""Kind of trouble by scenario: 0 personal, 1 workplace."""
_COACHED: Final = np.array([arm.coached for arm in ARMS])
_PLACE: Final = np.array(
    [
        {
            "expressing_sympathy": 0.0,
            "validating_emotions": 1.0,
            "demonstrating_understanding": 2.0,
            "self_oriented": 3.0,
            "dismissing_emotions": 4.0,
            "providing_reassurance": 5.0,
            "affirming": 5.0,
            "advice_giving": 6.0,
            "demonstrating_availability": 7.5,
            "encouraging_elaboration": 8.5,
        }[key]
        for key in THEME_KEYS
    ]
)
"""Where in a message a theme tends to stand: condolence first, the question last."""


@dataclass(frozen=True)
class Spans:
    """Coded spans of some conversations, in the order in which they are said; S of them.

    Attributes
    ----------
    conversation : int64 ndarray, shape (S,)
        Index into the cohort's conversations.
    turn : int16 ndarray, shape (S,)
        Message of the supporter, from 1.
    theme, interpretation : int8 ndarray, shape (S,)
        Index into the vocabulary's themes, and into `wording.interpretations` of that theme.
    """

    conversation: np.ndarray
    turn: np.ndarray
    theme: np.ndarray
    interpretation: np.ndarray


def lengths(
    parameters: Parameters, cohort: Cohort, scale: int, rng: np.random.Generator
) -> np.ndarray:
    """Return spans per supporter message, conversation by conversation; 0 is an empty message.

    The study's row counts (first conversations; later ones of the coach arms, each by kind of
    trouble) are met exactly; the other conversations are as talkative as the first ones.
    """
    design = parameters.design
    turns = cohort.turns.ravel().astype(np.int64)
    conversation = np.repeat(np.arange(len(turns)), turns)
    group = _groups(cohort)[conversation]
    spans = (rng.random(len(conversation)) >= design.empty_turns).astype(np.int64)
    verbosity = _gamma(rng, parameters.themes.verbosity, len(turns))[conversation]
    weight = verbosity * _gamma(rng, 0.5, len(conversation)) * spans
    for number, rows in enumerate(_rows(design, scale, group)):
        mine = np.flatnonzero((group == number) & (spans > 0))
        extra = rows - len(mine)
        spans[mine] += rng.multinomial(extra, weight[mine] / weight[mine].sum())
    return spans


def _groups(cohort: Cohort) -> np.ndarray:
    """0-3: kind of trouble by before or after coaching; 4-5: the later ones of the other arms."""
    trouble = TROUBLE[cohort.scenario]
    coached = _COACHED[cohort.arm][:, None]
    later = np.arange(3)[None, :] > 0
    when = np.where(later, np.where(coached, 1, 2), 0)
    return (when * len(TROUBLE_TYPE_KEYS) + trouble).ravel()


def _rows(design: Design, scale: int, group: np.ndarray) -> list[int]:
    counts = np.bincount(group, minlength=6)
    before = [design.theme_rows[key][0] * scale for key in TROUBLE_TYPE_KEYS]
    after = [design.theme_rows[key][1] * scale for key in TROUBLE_TYPE_KEYS]
    other = [round(before[g] / counts[g] * counts[4 + g]) for g in range(len(TROUBLE_TYPE_KEYS))]
    return [*before, *after, *other]


def _gamma(rng: np.random.Generator, variation: float, n: int) -> np.ndarray:
    """Positive values with mean 1 and the given coefficient of variation."""
    shape = 1 / variation**2
    return rng.gamma(shape, 1 / shape, n)


def theme_shares(
    mix: ThemeMix, trouble: np.ndarray, after: np.ndarray, scores: np.ndarray
) -> np.ndarray:
    """Return the probability of each theme, shape (C, 10).

    Parameters
    ----------
    mix : ThemeMix
    trouble : int ndarray, shape (C,)
        0 personal, 1 workplace.
    after : int ndarray, shape (C,)
        1 for conversations 2-3 of the coach arms, else 0.
    scores : ndarray, shape (C, 6)
    """
    weight = np.exp(mix.base[trouble, after] + (scores - SCORE_CENTRE) @ mix.links)
    return weight / weight.sum(axis=1, keepdims=True)


def plan(
    parameters: Parameters,
    cohort: Cohort,
    first: int,
    spans: np.ndarray,
    turns: np.ndarray,
    rng: np.random.Generator,
) -> Spans:
    """Draw the themes of consecutive conversations.

    Parameters
    ----------
    parameters : Parameters
    cohort : Cohort
    first : int
        Index of the first of these conversations.
    spans : ndarray
        Spans per message of these conversations, from `lengths`.
    turns : ndarray, shape (C,)
        Messages per conversation.
    rng : Generator
    """
    n = len(turns)
    here = np.arange(first, first + n)
    trouble = TROUBLE[cohort.scenario.ravel()[here]]
    after = (_COACHED[cohort.arm[here // 3]] & (here % 3 > 0)).astype(np.int64)
    shares = theme_shares(parameters.themes, trouble, after, cohort.scores.reshape(-1, 6)[here])
    message = np.repeat(np.arange(len(spans)), spans)
    owner = np.repeat(np.arange(n), turns)[message]
    starts = np.cumsum(turns) - turns
    turn = (message - starts[owner] + 1).astype(np.int16)
    cumulative = np.cumsum(shares, axis=1)
    cumulative[:, -1] = 1
    theme = (rng.random(len(message))[:, None] >= cumulative[owner]).sum(axis=1)
    table, _ = wording.shares()
    rows = table[trouble[owner], after[owner], theme]
    interpretation = (rng.random(len(message))[:, None] >= rows).sum(axis=1)
    order = np.lexsort((_PLACE[theme] + 1.3 * rng.standard_normal(len(message)), message))
    return Spans(
        here[owner],
        turn,
        theme[order].astype(np.int8),
        interpretation[order].astype(np.int8),
    )
