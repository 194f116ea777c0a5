"""The words of the study, each defined once: arms, dimensions, scenarios, self-reports, themes.

Everything above this module (and the chat panels in ``widgets/``) takes keys, labels, colours and
order from here, so a name is spelled, ordered and coloured the same way in every table and figure.
Keys are what our tables hold; ``raw`` is how the study's public files spell the same thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

SCORE_MIN: Final = 1
"""Lowest rating of a dimension or self-report ("not at all")."""
SCORE_MAX: Final = 5
"""Highest rating of a dimension or self-report ("very much")."""
SCORE_LABELS: Final = ("not at all", "a little", "somewhat", "quite a bit", "very much")
"""The five rating levels in words, from 1 to 5."""
OVERALL_MIN: Final = -12
"""Lowest overall empathy: three prescriptive ratings of 1 minus three proscriptive of 5."""
OVERALL_MAX: Final = 12
"""Highest possible overall empathy."""
CONVERSATION_NUMBERS: Final = (1, 2, 3)
"""Order of a participant's conversations; 1 is the baseline, training follows it."""
CONVERSATION_ID_DIGITS: Final = 20
"""Conversation ids are 20 digits: beyond 64-bit integers, so always text."""
SYNTHETIC_ID_PREFIX: Final = "9999"
"""Conversation ids of the synthetic study start like this (a real id starts with its year)."""
SYNTHETIC_PERSON_PREFIX: Final = "synthetic-"
"""Participant and rater ids of the synthetic study start like this."""


@dataclass(frozen=True)
class Arm:
    """One arm of the trial."""

    key: str
    raw: str
    label: str
    colour: str
    coached: bool


CONTROL: Final = Arm("control", "Control", "Control", "#767676", coached=False)
VIDEO: Final = Arm("video", "Influencer", "Video", "#D98200", coached=False)
COACH: Final = Arm("coach", "AICoach", "AI Coach", "#0072B2", coached=True)
COMBINED: Final = Arm("combined", "CoachPlusInfluencer", "Combined", "#00805E", coached=True)
ARMS: Final = (CONTROL, VIDEO, COACH, COMBINED)
"""The four arms, in the order of every table and figure. Control is the reference."""


@dataclass(frozen=True)
class Dimension:
    """One judged dimension of empathic communication, rated 1 to 5 per conversation.

    ``sign`` is +1 for a prescriptive dimension (more is better) and -1 for a proscriptive one.
    """

    key: str
    label: str
    sign: int

    @property
    def prescriptive(self) -> bool:
        """Whether more of it is better."""
        return self.sign > 0


DIMENSIONS: Final = (
    Dimension("encouraging_elaboration", "Encouraging elaboration", +1),
    Dimension("validating_emotions", "Validating emotions", +1),
    Dimension("demonstrating_understanding", "Demonstrating understanding", +1),
    Dimension("advice_giving", "Advice giving", -1),
    Dimension("self_oriented", "Self-oriented", -1),
    Dimension("dismissing_emotions", "Dismissing emotions", -1),
)
"""The six dimensions, prescriptive ones first."""


@dataclass(frozen=True)
class TroubleType:
    """Kind of trouble a scenario is about."""

    key: str
    label: str
    colour: str


PERSONAL: Final = TroubleType("personal", "Personal", "#882255")
WORKPLACE: Final = TroubleType("workplace", "Workplace", "#117733")
TROUBLE_TYPES: Final = (PERSONAL, WORKPLACE)


@dataclass(frozen=True)
class Scenario:
    """One role-played trouble.

    ``opening`` is a pattern that recognises the seeker's opening sentence after
    `plain_text`; the wording and typography of the real files vary.
    """

    key: str
    label: str
    trouble_type: str
    colour: str
    opening: re.Pattern[str]


def _opening(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


SCENARIOS: Final = (
    Scenario(
        "job_loss",
        "Job loss",
        "workplace",
        "#332288",
        _opening(r"\b(lost|losing|lose) (my|the) job\b|\b(laid off|let go|fired|made redundant)\b"),
    ),
    Scenario(
        "promotion",
        "Passed over for promotion",
        "workplace",
        "#44AA99",
        _opening(r"\bpromot(ion|ed)\b|\bpassed over\b"),
    ),
    Scenario(
        "undervalued",
        "Undervalued at work",
        "workplace",
        "#999933",
        _opening(
            r"\b(under-?valued|unappreciated|overlooked|taken for granted)\b"
            r"|\bwork(ing|ed)? (so |really |very |too )?hard\b"
            r"|\b(nobody|no one|no-one)\b.*\b(cares?|notices?|appreciates?)\b"
        ),
    ),
    Scenario(
        "loss_dad",
        "Death of father",
        "personal",
        "#882255",
        _opening(
            r"\b(dad|father)\b.*\b(died|dead|death|passed|gone|lost|funeral)\b"
            r"|\b(died|death|passing|passed|lost|losing|loss)\b.*\b(dad|father)\b"
        ),
    ),
    Scenario(
        "mom_unwell",
        "Mother's cancer",
        "personal",
        "#CC6677",
        _opening(
            r"\b(mom|mum|mother)\b.*\b(cancer|diagnos\w*|unwell|ill|sick|tumou?r)\b"
            r"|\b(cancer|diagnos\w*|unwell|ill|sick)\b.*\b(mom|mum|mother)\b"
        ),
    ),
)
"""The five scenarios, workplace first."""


@dataclass(frozen=True)
class SelfReport:
    """One self-report after each conversation, rated 1 to 5.

    ``judged`` is the column it is set against: a dimension, or ``overall_empathy``.
    """

    key: str
    label: str
    judged: str


SELF_REPORTS: Final = (
    SelfReport("self_empathized", "Felt empathy", "overall_empathy"),
    SelfReport("self_encourage_elaboration", "Encouraged elaboration", "encouraging_elaboration"),
    SelfReport("self_showed_understanding", "Showed understanding", "demonstrating_understanding"),
    SelfReport("self_demonstrate_desire", "Showed desire to help", "overall_empathy"),
)

TRAIT_ITEMS: Final = tuple(f"baseline_empathy_item_{number}" for number in range(1, 9))
"""Trait empathy items at baseline: the first seven sum to Jordan empathy, the eighth is SITES."""
TRAIT_LEVELS: Final = ("not_at_all", "slightly", "somewhat", "quite_a_bit", "very_much")
"""Text levels of the trait items, standing for 1 to 5."""


@dataclass(frozen=True)
class ThemeGroup:
    """One of the four families of themes in the taxonomy of empathic expressions."""

    key: str
    label: str
    colour: str


THEME_GROUPS: Final = (
    ThemeGroup("affective", "Affective", "#AA4499"),
    ThemeGroup("cognitive", "Cognitive", "#0072B2"),
    ThemeGroup("motivational", "Motivational", "#00805E"),
    ThemeGroup("misattuned", "Misattuned", "#B0472B"),
)


@dataclass(frozen=True)
class Theme:
    """One of the ten level-1 themes of the taxonomy."""

    key: str
    label: str
    group: str


THEMES: Final = (
    Theme("validating_emotions", "Validating emotions", "affective"),
    Theme("demonstrating_availability", "Demonstrating availability", "affective"),
    Theme("expressing_sympathy", "Expressing sympathy", "affective"),
    Theme("demonstrating_understanding", "Demonstrating understanding", "cognitive"),
    Theme("encouraging_elaboration", "Encouraging elaboration", "cognitive"),
    Theme("providing_reassurance", "Providing reassurance", "motivational"),
    Theme("affirming", "Affirming", "motivational"),
    Theme("advice_giving", "Advice giving", "misattuned"),
    Theme("dismissing_emotions", "Dismissing emotions", "misattuned"),
    Theme("self_oriented", "Self-oriented", "misattuned"),
)


@dataclass(frozen=True)
class Rater:
    """One rater (or panel) of the pilot conversations."""

    key: str
    label: str
    kind: str


RATERS: Final = (
    Rater("expert1", "Expert 1", "expert"),
    Rater("expert2", "Expert 2", "expert"),
    Rater("expert3", "Expert 3", "expert"),
    Rater("crowd", "Crowd", "crowd"),
    Rater("gpt", "GPT-4o", "llm"),
    Rater("claude", "Claude 3.7", "llm"),
    Rater("gemini", "Gemini 2.5", "llm"),
)

ARM_KEYS: Final = tuple(arm.key for arm in ARMS)
DIMENSION_KEYS: Final = tuple(dimension.key for dimension in DIMENSIONS)
SCENARIO_KEYS: Final = tuple(scenario.key for scenario in SCENARIOS)
TROUBLE_TYPE_KEYS: Final = tuple(trouble.key for trouble in TROUBLE_TYPES)
SELF_REPORT_KEYS: Final = tuple(report.key for report in SELF_REPORTS)
THEME_KEYS: Final = tuple(theme.key for theme in THEMES)
THEME_GROUP_KEYS: Final = tuple(group.key for group in THEME_GROUPS)
RATER_KEYS: Final = tuple(rater.key for rater in RATERS)

_BY_KEY: Final = {
    thing.key: thing
    for family in (ARMS, TROUBLE_TYPES, SCENARIOS, SELF_REPORTS, THEME_GROUPS, RATERS)
    for thing in family
}
_DIMENSION_LABELS: Final = {dimension.key: dimension.label for dimension in DIMENSIONS}
_THEME_LABELS: Final = {theme.key: theme.label for theme in THEMES}


class UnknownNameError(ValueError):
    """A raw name that the vocabulary does not hold; the message lists what it does."""


def label(key: str) -> str:
    """Return the label readers see for any key of the vocabulary.

    Parameters
    ----------
    key : str
        Key of an arm, dimension, scenario, trouble type, self-report, theme, group or rater.

    Raises
    ------
    UnknownNameError
        If nothing has that key.
    """
    for labels in (_DIMENSION_LABELS, _THEME_LABELS):
        if key in labels:
            return labels[key]
    if key in _BY_KEY:
        return _BY_KEY[key].label
    if key == "overall_empathy":
        return "Overall empathy"
    raise UnknownNameError(f"nothing in the vocabulary has the key {key!r}")


def colour(key: str) -> str:
    """Return the colour (``#RRGGBB``) of an arm, trouble type, scenario or theme group."""
    thing = _BY_KEY.get(key)
    found = getattr(thing, "colour", None)
    if found is None:
        raise UnknownNameError(f"nothing in the vocabulary with the key {key!r} has a colour")
    return found


def plain_text(text: str) -> str:
    """Return `text` with typographic quotes, dashes, ellipses and odd spaces made plain."""
    table = str.maketrans(
        {"’": "'", "‘": "'", "“": '"', "”": '"', "…": "...", "–": "-", "—": "-", "\u00a0": " "}
    )
    return re.sub(r"\s+", " ", text.translate(table)).strip()


def slug(text: str) -> str:
    """Return `text` in lower case with every run of other characters as one underscore."""
    return re.sub(r"[^a-z0-9]+", "_", plain_text(text).lower()).strip("_")


def arm_of(raw: str) -> str:
    """Return the arm key for the raw name, label or key `raw` (case does not matter).

    Raises
    ------
    UnknownNameError
        If it is none of them; the message lists the raw names.
    """
    wanted = slug(raw)
    for arm in ARMS:
        if wanted in {slug(arm.raw), slug(arm.label), arm.key}:
            return arm.key
    raise UnknownNameError(f"unknown arm {raw!r}; allowed: {', '.join(arm.raw for arm in ARMS)}")


def scenario_of(raw: str) -> str:
    """Return the scenario key for a key (``job_loss``), its spelling with spaces, or an opening.

    Raises
    ------
    UnknownNameError
        If `raw` is no key and no scenario, or more than one, recognises it as its opening.
    """
    wanted = slug(raw)
    if wanted in SCENARIO_KEYS:
        return wanted
    text = plain_text(raw)
    # A longer opening may touch a second theme ("working so hard, passed over for promotion");
    # the scenarios are listed from the most to the least specific cue within each trouble type,
    # so family illness and death are asked first, then the first match of the workplace ones.
    personal = [s for s in SCENARIOS if s.trouble_type == "personal" and s.opening.search(text)]
    workplace = [s for s in SCENARIOS if s.trouble_type == "workplace" and s.opening.search(text)]
    for found in (personal, workplace):
        if found:
            return found[0].key
    raise UnknownNameError(
        f"unknown scenario {raw!r}; allowed: {', '.join(SCENARIO_KEYS)}, "
        "or an opening sentence that one of them recognises (lendanear/vocabulary.py)"
    )


def trouble_type_of(scenario: str) -> str:
    """Return ``personal`` or ``workplace`` for a scenario key."""
    for candidate in SCENARIOS:
        if candidate.key == scenario:
            return candidate.trouble_type
    raise UnknownNameError(f"unknown scenario {scenario!r}; allowed: {', '.join(SCENARIO_KEYS)}")


_THEME_ALIASES: Final = {
    "validating": "validating_emotions",
    "validation": "validating_emotions",
    "demonstrating_availability_and_support": "demonstrating_availability",
    "availability": "demonstrating_availability",
    "sympathy": "expressing_sympathy",
    "reassurance": "providing_reassurance",
    "reassuring": "providing_reassurance",
    "affirmation": "affirming",
    "advice": "advice_giving",
    "giving_advice": "advice_giving",
    "self_orientation": "self_oriented",
    "self_orienting": "self_oriented",
    "dismissing": "dismissing_emotions",
    "dismissing_emotion": "dismissing_emotions",
}


def theme_of(raw: str) -> str:
    """Return the theme key for a level-1 name in any case, with spaces, hyphens or underscores.

    Raises
    ------
    UnknownNameError
        If no theme is spelled like that.
    """
    wanted = slug(raw)
    wanted = _THEME_ALIASES.get(wanted, wanted)
    if wanted in THEME_KEYS:
        return wanted
    raise UnknownNameError(
        f"unknown theme {raw!r}; allowed: {', '.join(theme.label for theme in THEMES)}"
    )
