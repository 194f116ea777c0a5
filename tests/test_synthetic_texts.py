"""The synthetic texts are spelled out, varied, consistent with their plan, and nobody's words.

Nothing here knows a sentence: the claims hold for whatever the grammar files say.
"""

from __future__ import annotations

import itertools
import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterator

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_files import LEVEL_3, read_study

from lendanear.synthetic import dialogue, generate, wording
from lendanear.vocabulary import (
    SCENARIOS,
    THEME_KEYS,
    plain_text,
    scenario_of,
    theme_of,
    trouble_type_of,
)

MARKUP = r"[{}|@]"
TEXTS = (
    "conversation", "user_message", "starter", "coach_coach_feedback", "coach_coach_user_questions",
)  # fmt: skip
LONG = 40
"""Sentences of so many characters are nobody's by chance."""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    generate(folder)
    return read_study(folder)


def raw(path) -> dict:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def strings(node: object) -> Iterator[str]:
    """Every string of a document, wherever it stands."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict | list):
        for part in node.values() if isinstance(node, dict) else node:
            yield from strings(part)


def expand(pattern: str) -> list[str]:
    """Every sentence of a pattern, one pair of braces after the other."""
    head, brace, rest = pattern.partition("{")
    if not brace:
        return [pattern]
    choice, brace, tail = rest.partition("}")
    assert brace, f"a brace is not closed: {pattern!r}"
    return [head + option + more for option in choice.split("|") for more in expand(tail)]


def well_formed(sentence: str) -> bool:
    odd = re.search(MARKUP + r"|\s\s|\s[,;:?!]|\s\.(?!\.)|^\s|\s$|[,;]{2}", sentence)
    return bool(sentence) and odd is None


# ---------------------------------------------------------------------------------- the grammar


words = st.text(st.characters(exclude_characters="{}|"), max_size=4)


@given(st.lists(st.tuples(words, st.lists(words, min_size=1, max_size=3)), max_size=4), words)
def test_a_pattern_stands_for_every_combination_of_its_choices(parts, tail):
    pattern = "".join(f"{text}{{{'|'.join(options)}}}" for text, options in parts) + tail
    expected = [
        "".join(text + option for (text, _), option in zip(parts, chosen, strict=True)) + tail
        for chosen in itertools.product(*(options for _, options in parts))
    ]
    assert wording.spelled_out(pattern) == expected
    assert expand(pattern) == expected


@pytest.mark.parametrize("path", [wording.SUPPORTER, wording.SEEKER, wording.COACH])
def test_braces_of_every_pattern_are_closed_not_nested_and_hold_a_choice(path):
    patterns = list(strings(raw(path)))
    assert len(patterns) > 50
    for pattern in patterns:
        plain = re.sub(r"\{[^{}]*\|[^{}]*\}", "", pattern)
        assert not re.search(r"[{}|]", plain), pattern


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.key)
def test_every_supporter_pattern_expands_for_every_scenario(scenario):
    document = raw(wording.SUPPORTER)
    own = document["words"][scenario.key]
    known = wording.interpretations()[scenario.trouble_type]
    for theme in THEME_KEYS:
        entries = document[scenario.trouble_type][theme]
        assert len(entries) == len(known[theme])
        for entry, interpretation in zip(entries, known[theme], strict=True):
            patterns = [*entry.get("any", []), *entry.get(scenario.key, [])]
            expected = [
                re.sub(r"@(\w+)", lambda word: own[word[1]], sentence)
                for pattern in patterns
                for sentence in expand(pattern)
            ]
            sentences = interpretation.sentences[scenario.key]
            assert sentences == expected
            answers = interpretation.answers[scenario.key]
            bad = [text for text in [*sentences, *answers] if not well_formed(text)]
            assert not bad, (interpretation.name, bad)
            # enough to talk about, and none twice
            assert len(set(sentences)) == len(sentences) >= 3, interpretation.name
            assert len(set(answers)) == len(answers), interpretation.name


def test_every_line_of_seekers_and_coach_expands():
    seeker, coach = wording.seeker(), wording.coach()
    for lines in (seeker, coach):
        for sentence in strings(vars(lines)):
            assert well_formed(sentence.replace("@quote", "quoted")), sentence
    assert seeker.reaction.keys() == {*THEME_KEYS, "silence"}
    for key, openings in seeker.opening.items():
        assert [scenario_of(opening) for opening in openings] == [key] * len(openings)
    # a strength or a target can be named when nothing can be quoted
    for lines in (*coach.strength.values(), *coach.target.values()):
        assert any("@quote" not in line for line in lines)


def test_within_a_scenario_a_sentence_has_one_meaning():
    for scenario in SCENARIOS:
        owners = Counter(
            sentence
            for entries in wording.interpretations()[scenario.trouble_type].values()
            for entry in entries
            for sentence in entry.sentences[scenario.key]
        )
        assert max(owners.values()) == 1, owners.most_common(3)


# ----------------------------------------------------------------------------- the conversations


def test_no_markup_is_left_in_any_text(study):
    for column in TEXTS:
        left = study.trial[column].str.contains(MARKUP)
        assert not left.any(), study.trial.loc[left, column].iloc[0]
    assert not study.themes[["text", "Level 2", LEVEL_3]].apply(
        lambda column: column.str.contains(MARKUP).any()
    ).any()  # fmt: skip


def bare(sentence: str) -> str:
    """A sentence without what typing changes: capitals, apostrophes, the mark at its end."""
    return re.sub(r"['’]", "", plain_text(sentence).lower()).rstrip(".!")


def test_every_span_is_one_of_the_sentences_of_its_interpretation(study):
    pools = {
        (entry.name, scenario): {bare(sentence) for sentence in sentences}
        for themes in wording.interpretations().values()
        for entries in themes.values()
        for entry in entries
        for scenario, sentences in entry.sentences.items()
    }
    for row in spoken(study).itertuples():
        assert bare(row.text) in pools[row.interpretation, row.scenario]


def spoken(study) -> pd.DataFrame:
    """Coded spans with the scenario they were said in."""
    key = ["user_id", "conversation_number"]
    scenario = study.conversations.assign(scenario=study.conversations["starter"].map(scenario_of))
    return study.themes.rename(columns={LEVEL_3: "interpretation"}).merge(
        scenario[[*key, "scenario"]], on=key, how="left"
    )


def test_level_names_are_those_of_the_grammar(study):
    known = {
        entry.name: (entry.level_2, theme, trouble)
        for trouble, themes in wording.interpretations().items()
        for theme, entries in themes.items()
        for entry in entries
    }
    said = spoken(study).drop_duplicates(["interpretation", "Level 2", "Level 1", "scenario"])
    for row in said.to_dict("records"):
        meant = row["Level 2"], theme_of(row["Level 1"]), trouble_type_of(row["scenario"])
        assert known[row["interpretation"]] == meant
    assert set(said["interpretation"]) == set(known)


@given(st.integers(1, 60), st.integers(0, 2**32))
def test_a_pool_is_used_up_before_a_sentence_comes_again(size, seed):
    pool = [str(number) for number in range(size)]
    used: set[str] = set()
    chance = random.Random(seed)
    assert sorted(dialogue._fresh(pool, used, chance) for _ in pool) == sorted(pool)
    assert dialogue._fresh(pool, used, chance) in pool


def test_supporters_repeat_themselves_only_when_a_pool_is_used_up(study):
    known = {
        (entry.name, scenario): {bare(sentence) for sentence in sentences}
        for themes in wording.interpretations().values()
        for entries in themes.values()
        for entry in entries
        for scenario, sentences in entry.sentences.items()
    }
    spans = spoken(study).assign(bare=lambda rows: rows["text"].map(bare))
    place = ["user_id", "conversation_number", "bare"]
    again = spans[spans.duplicated(place)]
    said = spans.groupby(place[:2])["bare"].agg(set)
    for row in again.itertuples():
        pool = known[row.interpretation, row.scenario]
        assert pool <= said[row.user_id, row.conversation_number], row.text


def told_by_seekers(study, scenario) -> list[str]:
    """What the seeker says in each conversation on a scenario, a turn per line."""
    own = study.conversations["starter"].map(scenario_of) == scenario.key
    return [
        "\n".join(re.findall(r"^Seeker: (.*)$", text, flags=re.MULTILINE))
        for text in study.conversations.loc[own, "conversation"]
    ]


def countable(lines: set[str]) -> set[str]:
    """Lines that are no part of another one, so that they can be counted in a text."""
    joined = "\n".join(lines)
    found = {line for line in lines if joined.count(line) == 1}
    assert len(found) > 0.8 * len(lines)
    return found


def test_seekers_repeat_a_line_only_when_its_pool_is_used_up(study):
    lines = wording.seeker()
    for scenario in SCENARIOS:
        known = wording.interpretations()[scenario.trouble_type]
        pools = [
            *lines.reaction.values(),
            *lines.closing.values(),
            *(entry.answers[scenario.key] for entries in known.values() for entry in entries),
        ]
        alone = countable({line for pool in pools for line in pool})
        for text in told_by_seekers(study, scenario):
            for line in alone:
                if line in text and text.count(line) > 1:
                    homes = [pool for pool in pools if line in pool]
                    assert any(all(other in text for other in pool) for pool in homes), line


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.key)
def test_seekers_tell_each_part_of_their_story_once_however_they_put_it(study, scenario):
    lines = wording.seeker()
    story = [*lines.early[scenario.key], *lines.late[scenario.key]]
    alone = countable({line for variants in story for line in variants})
    for text in told_by_seekers(study, scenario):
        told = [sum(text.count(line) for line in variants if line in alone) for variants in story]
        assert max(told) == 1
        assert sum(told) >= 2


def test_the_coach_quotes_only_what_the_supporter_said(study):
    coach = wording.coach()
    lines = [*coach.greeting, *coach.ending]
    advice = [*strings([*coach.strength.values(), *coach.target.values()])]
    plain = {*lines, *(f"- {line}" for line in advice if "@quote" not in line)}
    quoting = [
        re.compile(re.escape(f"- {line}").replace("@quote", "(.+)"))
        for line in advice
        if "@quote" in line
    ]
    quotes = 0
    fed = study.conversations[study.conversations["coach_coach_feedback"] != ""]
    messages = study.trial.groupby("conversation_id")["user_message"].agg("\n".join)
    for row in fed.itertuples():
        given_lines = [line for line in row.coach_coach_feedback.split("\n") if line]
        unknown = [line for line in given_lines if line not in plain and not line.endswith(":")]
        for line in unknown:
            found = [match for pattern in quoting if (match := pattern.fullmatch(line))]
            assert found, line
            assert any(match[1] in messages[row.conversation_id] for match in found), line
            quotes += 1
    assert quotes > 100


# --------------------------------------------------------------------------------- nobody's words


def sentences(text: str) -> set[str]:
    """Long sentences of a text, without typography, capitals and speakers."""
    plain = re.sub(r"^(Seeker|Supporter): ", "", text, flags=re.MULTILINE)
    pieces = itertools.chain.from_iterable(
        re.split(r"(?<=[.!?])\s+", plain_text(line)) for line in plain.split("\n")
    )
    return {piece for raw in pieces if len(piece := raw.lower().strip(" \"'.!?")) >= LONG}


def test_no_long_sentence_is_one_of_the_pilots(study, shared_data):
    real: set[str] = set()
    for path in sorted((shared_data / "pilot" / "original_data").glob("*.csv")):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column in table.columns[table.map(len).max() > LONG]:
            for text in set(table[column]):
                real |= sentences(text)
    assert len(real) > 300
    assert sentences(f"Seeker: {next(iter(real)).capitalize()}!") & real
    generated = set().union(*map(sentences, set(study.conversations["conversation"])))
    possible = {
        sentence
        for text in strings(
            [
                [[vars(entry) for entry in entries] for entries in themes.values()]
                for themes in wording.interpretations().values()
            ]
            + [vars(wording.seeker())]
        )
        for sentence in sentences(text)
    }
    assert len(generated) > 500
    assert len(possible) > 500
    assert not (generated | possible) & real
