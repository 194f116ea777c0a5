"""Conversations in words: supporters' messages around their coded spans, and seekers' answers."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from typing import Final

from lendanear.synthetic import wording
from lendanear.vocabulary import SCENARIOS, THEME_KEYS

_STYLES: Final = (
    ("plain",) * 11 + ("lower",) * 3 + ("bare",) * 2 + ("curly", "open", "loud", "spaced")
)
"""How people type; plain is the most common."""
_KEEP_CAPITAL: Final = re.compile(r"I\b|God\b|LinkedIn|HR\b|Cancer")
_ELABORATION: Final = THEME_KEYS.index("encouraging_elaboration")
_TYPOGRAPHY: Final = (
    lambda text: text.replace("’", "'"),
    lambda text: text.replace("'", "’"),
    lambda text: text.replace("…", "..."),
    lambda text: text.replace("...", "…"),
)


@dataclass
class Conversation:
    """One conversation in words.

    Attributes
    ----------
    opening : str
        The seeker's first message.
    messages : list of str
        The supporter's messages; an empty one is the empty string.
    spans : list of str
        Text of every coded span, in order; each is found in its message.
    text : str
        Everything, as lines ``Seeker: ...`` and ``Supporter: ...``.
    """

    opening: str
    messages: list[str] = field(default_factory=list)
    spans: list[str] = field(default_factory=list)
    text: str = ""


def typing_style(chance: random.Random) -> str:
    """Draw how a person types."""
    return _STYLES[int(chance.random() * len(_STYLES))]


def converse(
    scenario: int,
    style: str,
    turns: list[list[tuple[int, int]]],
    warmth: int,
    chance: random.Random,
) -> Conversation:
    """Write one conversation.

    Parameters
    ----------
    scenario : int
        Index into the vocabulary's scenarios.
    style : str
        How the supporter types, from `typing_style`.
    turns : list of list of (int, int)
        Theme and interpretation of every span, message by message.
    warmth : int
        Overall empathy, -12 to 12: how the seeker takes leave.
    chance : random.Random
    """
    kind = SCENARIOS[scenario]
    known = wording.interpretations()[kind.trouble_type]
    lines = wording.seeker()
    opening = lines.opening[kind.key][int(chance.random() * len(lines.opening[kind.key]))]
    for change in _TYPOGRAPHY:
        if chance.random() < 0.4:
            opening = change(opening)
    story = _story(lines, kind.key, len(turns), chance)
    talk = Conversation(opening)
    used: set[str] = set()
    said = ["Seeker: " + opening]
    for number, units in enumerate(turns):
        pieces = []
        for theme, interpretation in units:
            pool = known[THEME_KEYS[theme]][interpretation].sentences[kind.key]
            pieces.append(_fresh(pool, used, chance))
        message, spans = _message(pieces, style, chance)
        talk.messages.append(message)
        talk.spans.extend(spans)
        said.append("Supporter: " + message)
        answer = _answer(known, kind.key, units, used, chance)
        answer = answer or _reaction(lines, units, used, chance)
        if number < len(turns) - 1:
            answer += "".join(" " + line for line in story[number])
        else:
            mood = "good" if warmth >= 3 else "middling" if warmth >= -3 else "poor"
            answer += " " + _fresh(lines.closing[mood], used, chance)
        said.append("Seeker: " + answer)
    talk.text = "\n".join(said)
    return talk


def _fresh(pool: list[str], used: set[str], chance: random.Random) -> str:
    """Return a sentence of the pool, one not yet said in this conversation if there is one."""
    start = int(chance.random() * len(pool))
    # neighbours in the pool are variants of one pattern; a stride without a common factor with its
    # length still comes to every sentence
    stride = next(prime for prime in (7, 11, 13, 17) if len(pool) % prime)
    for step in range(len(pool)):
        sentence = pool[(start + stride * step) % len(pool)]
        if sentence not in used:
            used.add(sentence)
            return sentence
    return pool[start]


def _story(lines: wording.Seeker, key: str, turns: int, chance: random.Random) -> list[list[str]]:
    """One or two lines of the story per turn, the beginning first."""
    early, late = list(lines.early[key]), list(lines.late[key])
    chance.shuffle(early)
    chance.shuffle(late)
    half = (turns + 1) // 2
    story = []
    for number in range(turns):
        source = early if number < half else late
        wanted = 1 + (chance.random() < 0.55)
        story.append(
            [
                options[int(chance.random() * len(options))]
                for options in (source.pop() for _ in range(min(wanted, len(source))))
            ]
        )
    return story


def _answer(
    known: dict[str, list[wording.Interpretation]],
    key: str,
    units: list[tuple[int, int]],
    used: set[str],
    chance: random.Random,
) -> str:
    """Answer a question that closes the message; empty if there is none, or all was said."""
    if not units:
        return ""
    theme, interpretation = units[-1]
    answers = known[THEME_KEYS[theme]][interpretation].answers[key]
    left = [answer for answer in answers if answer not in used]
    return _fresh(left, used, chance) if left else ""


def _reaction(
    lines: wording.Seeker, units: list[tuple[int, int]], used: set[str], chance: random.Random
) -> str:
    if not units:
        key = "silence"
    else:
        themes = [theme for theme, _ in units]
        leading = themes[-1]
        if leading != _ELABORATION:
            leading = max(themes, key=themes.count)
        key = THEME_KEYS[leading]
    return _fresh(lines.reaction[key], used, chance)


def _message(pieces: list[str], style: str, chance: random.Random) -> tuple[str, list[str]]:
    """Join sentences to a message as a person of that style types; return it and its spans."""
    spans: list[str] = []
    message = ""
    for number, piece in enumerate(pieces):
        if number:
            joint = " "
            before = spans[-1]
            if (
                before.endswith(".")
                and len(before) < 48
                and piece.endswith(".")
                and chance.random() < 0.18
            ):
                spans[-1] = before[:-1]
                message = message[:-1]
                joint = ", "
                if not _KEEP_CAPITAL.match(piece):
                    piece = piece[0].lower() + piece[1:]
            elif style == "spaced" and chance.random() < 0.5:
                joint = "\n" if chance.random() < 0.7 else "  "
            elif chance.random() < 0.02:
                joint = "\n"
            message += joint
        typed = _typed(piece, style, number == len(pieces) - 1, chance)
        message += typed
        spans.append(typed)
    return message, spans


def _typed(piece: str, style: str, last: bool, chance: random.Random) -> str:
    if style == "plain":
        return piece
    if style == "lower":
        piece = piece[0].lower() + piece[1:]
        return re.sub(r"\bI\b", "i", piece)
    if style == "bare":
        return piece.replace("'", "")
    if style == "curly":
        return piece.replace("'", "’")
    if style == "open":
        return piece[:-1] if last and piece.endswith(".") else piece
    if style == "loud":
        return piece[:-1] + "!" if piece.endswith(".") and chance.random() < 0.5 else piece
    return piece
