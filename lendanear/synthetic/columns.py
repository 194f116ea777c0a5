"""The four files of the synthetic study as columns: the study's own names, spellings, quirks."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from lendanear.synthetic import coaching, dialogue, wording
from lendanear.synthetic.cohort import Cohort
from lendanear.synthetic.parameters import People
from lendanear.synthetic.preference import Choices, Tournament
from lendanear.synthetic.spans import Spans
from lendanear.vocabulary import (
    ARMS,
    DIMENSION_KEYS,
    SCENARIOS,
    SELF_REPORT_KEYS,
    SYNTHETIC_ID_PREFIX,
    THEME_KEYS,
    THEMES,
    TRAIT_ITEMS,
    TRAIT_LEVELS,
)

Columns = dict[str, list[Any]]
"""Column name to values, all of one length."""

DEMOGRAPHICS: Final = (
    "Age",
    "Sex",
    "Ethnicity simplified",
    "Country of birth",
    "Country of residence",
    "Nationality",
    "Language",
    "Fluent languages",
    "Student status",
    "Employment status",
)
REVOKED: Final = "CONSENT_REVOKED"
EXPIRED: Final = "DATA_EXPIRED"
_RAW_ARMS: Final = [arm.raw for arm in ARMS]
_RAW_TROUBLES: Final = [scenario.trouble_type for scenario in SCENARIOS]
_PLAIN_SCENARIOS: Final = [scenario.key.replace("_", " ") for scenario in SCENARIOS]


@dataclass(frozen=True)
class Words:
    """Texts of some conversations, conversation by conversation.

    Attributes
    ----------
    talks : list of Conversation
    feedback, questions : list of str
        Empty where there was no coach.
    """

    talks: list[dialogue.Conversation]
    feedback: list[str]
    questions: list[str]


def write_words(
    cohort: Cohort, first: int, turns: list[int], spans: Spans, chance: random.Random
) -> Words:
    """Write the conversations from `first` on, one per entry of `turns`, around their spans."""
    words = Words([], [], [])
    scenario = cohort.scenario.ravel().tolist()
    overall = cohort.overall.ravel().tolist()
    scores = cohort.scores.reshape(-1, len(DIMENSION_KEYS)).tolist()
    units: list[list[list[tuple[int, int]]]] = [[[] for _ in range(n)] for n in turns]
    for conversation, turn, theme, interpretation in zip(
        (spans.conversation - first).tolist(),
        spans.turn.tolist(),
        spans.theme.tolist(),
        spans.interpretation.tolist(),
        strict=True,
    ):
        units[conversation][turn - 1].append((theme, interpretation))
    style = ""
    for place, turns_units in enumerate(units):
        person, number = divmod(first + place, 3)
        if number == 0:
            style = dialogue.typing_style(chance)
        here = first + place
        talk = dialogue.converse(scenario[here], style, turns_units, overall[here], chance)
        words.talks.append(talk)
        told, asked = "", ""
        if ARMS[cohort.arm[person]].coached and number < 2:
            themes = [theme for message in turns_units for theme, _ in message]
            told = coaching.feedback(
                scores[here], list(zip(talk.spans, themes, strict=True)), chance
            )
            asked = coaching.questions(scores[here], chance)
        words.feedback.append(told)
        words.questions.append(asked)
    return words


def demographics(cohort: Cohort, people: People, rng: np.random.Generator) -> Columns:
    """Return the Prolific demographics of every participant, as text, with their gaps."""
    n = len(cohort.arm)

    def drawn(options: dict[str, float]) -> np.ndarray:
        weights = np.array(list(options.values()))
        return rng.choice(np.array(list(options), dtype=object), n, p=weights / weights.sum())

    home = drawn({"United States": 0.62, "United Kingdom": 0.38})
    birth = np.where(
        rng.random(n) < 0.89,
        home,
        drawn({"India": 2, "Nigeria": 2, "Canada": 1.5, "Ireland": 1, "Poland": 1, "Mexico": 1}),
    )
    language = np.where(
        rng.random(n) < 0.94, "English", drawn({"Spanish": 2, "Polish": 1, "Hindi": 1, "Yoruba": 1})
    ).astype(object)
    second = drawn({"": 7, "Spanish": 1.2, "French": 1, "German": 0.5, "Mandarin": 0.3})
    sex = np.where(cohort.female, "Female", "Male").astype(object)
    sex[rng.random(n) < 0.004] = "Prefer not to say"
    columns: Columns = {
        "Age": cohort.age.astype(str).astype(object),
        "Sex": sex,
        "Ethnicity simplified": drawn(
            {"White": 70, "Black": 13, "Asian": 8, "Mixed": 5, "Other": 4}
        ),
        "Country of birth": birth,
        "Country of residence": home,
        "Nationality": np.where(rng.random(n) < 0.95, home, birth),
        "Language": language,
        "Fluent languages": [
            ", ".join(dict.fromkeys(part for part in ("English", one, two) if part))
            for one, two in zip(language, second, strict=True)
        ],
        "Student status": drawn({"No": 86, "Yes": 14}),
        "Employment status": drawn(
            {
                "Full-Time": 52,
                "Part-Time": 17,
                "Not in paid work (e.g. homemaker', 'retired or disabled)": 16,
                "Unemployed (and job seeking)": 9,
                "Other": 5,
                "Due to start a new job within the next month": 1,
            }
        ),
    }
    for key, share in (
        ("Age", people.consent_revoked / 3),
        ("Student status", people.data_expired),
        ("Employment status", people.data_expired),
    ):
        columns[key] = np.where(rng.random(n) < share, EXPIRED, columns[key])
    revoked = rng.random(n) < people.consent_revoked
    return {
        key: np.where(revoked, REVOKED, np.array(values, dtype=object)).tolist()
        for key, values in columns.items()
    }


def experiment_1(
    cohort: Cohort,
    about: Columns,
    first: int,
    turns: np.ndarray,
    first_row: int,
    words: Words | None,
) -> Columns:
    """Return the rows of consecutive conversations: one per supporter message.

    Parameters
    ----------
    cohort : Cohort
    about : Columns
        Every participant's `demographics`.
    first : int
        Index of the first of these conversations.
    turns : ndarray, shape (C,)
        Supporter messages per conversation.
    first_row : int
        ``id`` of the first row.
    words : Words or None
        The texts; None leaves them empty.
    """
    n = len(turns)
    here = np.arange(first, first + n)
    person = here // 3
    ids = [
        f"{SYNTHETIC_ID_PREFIX}{number:016d}"
        for number in cohort.conversation_id.ravel()[here].tolist()
    ]
    blank = [""] * n
    starters = [_PLAIN_SCENARIOS[s] for s in cohort.scenario.ravel()[here].tolist()]
    per_conversation: Columns = {
        "user_id": [cohort.person_id[p] for p in person.tolist()],
        "conversation_id": ids,
        "conversation": [talk.text for talk in words.talks] if words else blank,
        "message_count": (2 * turns.astype(int) + 1).tolist(),
        "seeker_count": (turns.astype(int) + 1).tolist(),
        "supporter_count": turns.tolist(),
        "conversation_number": (here % 3 + 1).tolist(),
        "starter": [talk.opening for talk in words.talks] if words else starters,
        "condition": [_RAW_ARMS[a] for a in cohort.arm[person].tolist()],
    }
    reports = cohort.self_reports.reshape(-1, len(SELF_REPORT_KEYS))[here]
    scores = cohort.scores.reshape(-1, len(DIMENSION_KEYS))[here]
    levels = np.array(["", *TRAIT_LEVELS], dtype=object)[cohort.traits[person]]
    for place, key in enumerate(SELF_REPORT_KEYS):
        per_conversation[key] = reports[:, place].tolist()
    for place, key in enumerate(DIMENSION_KEYS):
        per_conversation[key] = scores[:, place].tolist()
    for place, key in enumerate(TRAIT_ITEMS):
        per_conversation[key] = levels[:, place].tolist()
    per_conversation["coach_coach_feedback"] = words.feedback if words else blank
    per_conversation["coach_coach_user_questions"] = words.questions if words else blank
    for key in DEMOGRAPHICS:
        values = about[key]
        per_conversation[key] = [values[p] for p in person.tolist()]
    owner = np.repeat(np.arange(n), turns).tolist()
    rows: Columns = {"id": list(range(first_row, first_row + len(owner)))}
    for key, values in per_conversation.items():
        rows[key] = [values[c] for c in owner]
        if key == "conversation":
            rows["user_message"] = (
                [message for talk in words.talks for message in talk.messages]
                if words
                else [""] * len(owner)
            )
    return rows


def all_themes(
    cohort: Cohort, spans: Spans, words: Words | None, rng: np.random.Generator
) -> Columns:
    """Return the rows of the theme file for some conversations."""
    person = (spans.conversation // 3).tolist()
    scenario = cohort.scenario.ravel()[spans.conversation].tolist()
    spelling = (rng.random(len(person)) ** 3 * 4).astype(int).tolist()
    known = wording.interpretations()
    troubles = [_RAW_TROUBLES[s] for s in scenario]
    entries = [
        known[trouble][THEME_KEYS[theme]][interpretation]
        for trouble, theme, interpretation in zip(
            troubles, spans.theme.tolist(), spans.interpretation.tolist(), strict=True
        )
    ]
    return {
        "theme": troubles,
        "user_id": [cohort.person_id[p] for p in person],
        "conversation_number": (spans.conversation % 3 + 1).tolist(),
        "condition": [_RAW_ARMS[a] for a in cohort.arm[spans.conversation // 3].tolist()],
        "turn_number": spans.turn.tolist(),
        "text": (
            [text for talk in words.talks for text in talk.spans] if words else [""] * len(person)
        ),
        "Level 1": [
            _SPELLINGS[theme][how]
            for theme, how in zip(spans.theme.tolist(), spelling, strict=True)
        ],
        "Level 2": [entry.level_2 for entry in entries],
        "Level 3 - interpretation": [entry.name for entry in entries],
    }


def _spellings(label: str) -> tuple[str, str, str, str]:
    hyphened = label.replace(" ", "-") if label.startswith(("Advice", "Self")) else label
    return label, label.title(), hyphened, label.lower()


_SPELLINGS: Final = [_spellings(theme.label) for theme in THEMES]


def elo_rankings(cohort: Cohort, tournament: Tournament) -> Columns:
    """Return the Elo file; its first column is the index left over from sorting by scenario."""
    person, number = np.divmod(tournament.conversation, 3)
    ids = cohort.conversation_id.ravel()[tournament.conversation]
    arms = cohort.arm[person].tolist()
    return {
        "": (tournament.rank - 1).tolist(),
        "conversation_id": [f"{SYNTHETIC_ID_PREFIX}{value:016d}" for value in ids.tolist()],
        "elo_rating": tournament.rating.tolist(),
        "comparisons_count": tournament.comparisons.tolist(),
        "updated_condition": [
            "treatment" if later else "control" for later in (number > 0).tolist()
        ],
        "overall_empathy": tournament.overall.tolist(),
        "conversation_number": (number + 1).tolist(),
        "condition": [_RAW_ARMS[a] for a in arms],
        "elo_rank": tournament.rank.tolist(),
        "starter": [_PLAIN_SCENARIOS[s] for s in tournament.scenario.tolist()],
    }


def experiment_2(cohort: Cohort, tournament: Tournament, choices: Choices) -> Columns:
    """Return the choices; ``select_match`` says whether the rater agrees with the LLM judges."""
    left = tournament.conversation[choices.left]
    right = tournament.conversation[choices.right]
    ids = [
        f"{SYNTHETIC_ID_PREFIX}{value:016d}" for value in cohort.conversation_id.ravel().tolist()
    ]
    scores = cohort.scores.reshape(-1, len(DIMENSION_KEYS)).astype(int)
    overall = cohort.overall.ravel().astype(int)
    difference = overall[left] - overall[right]
    higher = np.where((difference > 0) == choices.chose_left, "1", "0").astype(object)
    higher[difference == 0] = ""
    judged = tournament.rating[choices.left] > tournament.rating[choices.right]
    columns: Columns = {
        "participant_id": [Choices.rater_id(r) for r in choices.rater.tolist()],
        "scenario": [_PLAIN_SCENARIOS[s] for s in tournament.scenario[choices.left].tolist()],
        "conversation_left_id": [ids[c] for c in left.tolist()],
        "conversation_right_id": [ids[c] for c in right.tolist()],
        "participant_choice": np.where(choices.chose_left, "left", "right").tolist(),
        "conv_left_empathy_score": overall[left].tolist(),
        "conv_right_empathy_score": overall[right].tolist(),
        "abs_score_diff": np.abs(difference).tolist(),
        "select_higher_annotation": higher.tolist(),
        "select_match": (judged == choices.chose_left).astype(int).tolist(),
    }
    for place, key in enumerate(DIMENSION_KEYS):
        columns[f"{key}_diff"] = (scores[left, place] - scores[right, place]).tolist()
    return columns
