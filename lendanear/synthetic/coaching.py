"""What the AI coach tells a supporter after a conversation, and what the supporter asks back."""

from __future__ import annotations

import random

from lendanear.synthetic import wording
from lendanear.vocabulary import DIMENSIONS, THEME_KEYS

_DIMENSION_KEYS = [dimension.key for dimension in DIMENSIONS]


def feedback(scores: list[int], spans: list[tuple[str, int]], chance: random.Random) -> str:
    """Write personalised feedback: one or two strengths, one or two targets, with quotations.

    Parameters
    ----------
    scores : list of int
        The six judged dimensions.
    spans : list of (str, int)
        Coded spans of the conversation and their themes.
    chance : random.Random
    """
    lines = wording.coach()
    good = [
        score if dimension.prescriptive else 6 - score
        for score, dimension in zip(scores, DIMENSIONS, strict=True)
    ]
    order = sorted(range(len(good)), key=lambda d: good[d] + 0.9 * chance.random())
    targets = order[: 1 + (good[order[1]] <= 2)]
    strengths = order[::-1][: 1 + (good[order[-2]] >= 4)]
    text = [_pick(lines.greeting, chance), "", "What worked:"]
    for place in strengths:
        key = _DIMENSION_KEYS[place]
        text.append("- " + _quoted(lines.strength[key], key, spans, chance))
    text += ["", "To try next:"]
    for place in targets:
        key = _DIMENSION_KEYS[place]
        text.append("- " + _quoted(lines.target[key], key, spans, chance))
    text += ["", _pick(lines.ending, chance)]
    return "\n".join(text)


def _quoted(
    options: list[str], key: str, spans: list[tuple[str, int]], chance: random.Random
) -> str:
    theme = THEME_KEYS.index(key)
    own = [text for text, coded in spans if coded == theme]
    line = _pick([line for line in options if own or "@quote" not in line], chance)
    return line.replace("@quote", _pick(own, chance)) if "@quote" in line else line


def questions(scores: list[int], chance: random.Random) -> str:
    """Write what the supporter asks the coach, one question per line; often nothing."""
    asked: list[str] = []
    pools = wording.coach().questions
    advice = scores[_DIMENSION_KEYS.index("advice_giving")]
    kinds = ["how_to", "when", "doubt", "score", "stuck", "thanks"]
    weights = [3.0, 1.0 + 0.5 * advice, 0.5 + 0.4 * advice, 1.2, 1.0, 1.6]
    while chance.random() < (0.62 if not asked else 0.3):
        kind = chance.choices(kinds, weights)[0]
        line = _pick(pools[kind], chance)
        if line not in asked:
            asked.append(line)
    return "\n".join(asked)


def _pick(options: list[str], chance: random.Random) -> str:
    return options[int(chance.random() * len(options))]
