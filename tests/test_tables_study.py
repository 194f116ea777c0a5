"""experiment_1.csv becomes participants, conversations and messages that say what it said."""

from __future__ import annotations

import csv

import factories
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lendanear import vocabulary as words
from lendanear.tables import TABLES_OF, build_tables, read
from lendanear.tables.schemas import SCHEMAS
from lendanear.tables.store import read_table

SIGNS = {d.key: d.sign for d in words.DIMENSIONS}


def build(raw: pd.DataFrame, folder) -> dict[str, pd.DataFrame]:
    file = factories.write_csv(raw, folder / "experiment_1.csv")
    paths = build_tables("experiment_1", file, folder / "tables")
    return {path.stem: read_table(path) for path in paths}


@pytest.fixture(scope="module")
def raw() -> pd.DataFrame:
    return factories.experiment_1(12)


@pytest.fixture(scope="module")
def tables(raw, tmp_path_factory) -> dict[str, pd.DataFrame]:
    return build(raw, tmp_path_factory.mktemp("study"))


def test_the_three_tables_obey_their_schemas(tables):
    assert tuple(tables) == TABLES_OF["experiment_1"]
    for name, table in tables.items():
        SCHEMAS[name].validate(table)


def test_overall_empathy_is_three_ratings_minus_the_other_three(raw, tables):
    firsts = raw.drop_duplicates("conversation_id").set_index("conversation_id")
    by_hand = {
        key: sum(sign * int(row[d]) for d, sign in SIGNS.items()) for key, row in firsts.iterrows()
    }
    conversations = tables["conversations"]
    found = dict(
        zip(conversations["conversation_id"], conversations["overall_empathy"], strict=True)
    )
    assert found == by_hand


def test_conversations_are_sorted_and_keep_their_text(raw, tables):
    conversations = tables["conversations"]
    keys = list(
        zip(conversations["participant_id"], conversations["conversation_number"], strict=True)
    )
    assert keys == sorted(keys)
    text = raw.drop_duplicates("conversation_id").set_index("conversation_id")["conversation"]
    assert (conversations["text"].to_numpy() == text[conversations["conversation_id"]]).all()
    assert (conversations["post"] == (conversations["conversation_number"] > 1)).all()


def test_messages_stand_in_file_order_and_empty_ones_stay(raw, tables):
    messages = tables["messages"]
    assert list(messages["text"]) == list(raw["user_message"])
    assert (messages["text"] == "").any()
    number = raw.groupby("conversation_id").cumcount() + 1
    assert list(messages["message_number"]) == list(number)


def test_withheld_answers_become_missing_and_jordan_is_the_sum_of_seven(raw, tables):
    people = tables["participants"].set_index("participant_id")
    assert people["age"].isna().sum() == 1
    assert set(people["sex"].cat.categories) == {"Female", "Male"}
    assert people["sex"].isna().any()
    firsts = raw.drop_duplicates("user_id").set_index("user_id")
    levels = {name: value for value, name in enumerate(words.TRAIT_LEVELS, start=1)}
    expected = firsts[list(words.TRAIT_ITEMS[:7])].replace(levels).astype(int).sum(axis=1)
    assert (people["jordan"] == expected[people.index]).all()
    assert (people["sites"] == people["baseline_empathy_item_8"]).all()


def test_jordan_is_missing_when_an_item_is(raw, tmp_path):
    gap = raw.copy()
    gap.loc[gap["user_id"] == gap["user_id"].iloc[0], "baseline_empathy_item_3"] = ""
    people = build(gap, tmp_path)["participants"]
    assert people["jordan"].isna().tolist() == [True] + [False] * 11


def test_scenarios_are_known_by_their_openings_however_they_are_typed(raw, tables, tmp_path):
    plain = raw.copy()
    plain["starter"] = plain["starter"].map(words.plain_text)
    assert (
        build(plain, tmp_path)["conversations"]["scenario"].tolist()
        == tables["conversations"]["scenario"].tolist()
    )


def test_order_of_rows_and_columns_and_further_columns_do_not_matter(raw, tables, tmp_path):
    shuffled = raw.assign(a_column_nobody_has_seen="x").sample(frac=1, random_state=1)
    shuffled = shuffled[shuffled.columns[::-1]]
    again = build(shuffled, tmp_path)
    for name in ("participants", "conversations"):
        pd.testing.assert_frame_equal(again[name], tables[name])
    assert sorted(again["messages"]["text"]) == sorted(tables["messages"]["text"])
    assert not again["messages"].duplicated(["conversation_id", "message_number"]).any()


def test_the_size_of_the_pieces_read_does_not_matter(raw, tables, tmp_path, monkeypatch):
    # pieces end within conversations, so stretches go on from one piece to the next
    monkeypatch.setattr(read, "_BLOCK", 5000)
    again = build(raw, tmp_path)
    for name, table in tables.items():
        pd.testing.assert_frame_equal(again[name], table)


def test_column_names_may_differ_in_case_and_spacing(raw, tables, tmp_path):
    renamed = raw.rename(columns={"Ethnicity simplified": " ethnicity_Simplified", "Age": "AGE"})
    again = build(renamed, tmp_path)
    pd.testing.assert_frame_equal(again["participants"], tables["participants"])


def test_byte_order_mark_and_windows_line_ends_are_harmless(raw, tables, tmp_path):
    file = tmp_path / "experiment_1.csv"
    raw.to_csv(file, index=False, encoding="utf-8-sig", lineterminator="\r\n")
    paths = build_tables("experiment_1", file, tmp_path / "tables")
    pd.testing.assert_frame_equal(read_table(paths[0]), tables["participants"])


def test_memory_grows_with_conversations_not_with_rows(raw, tmp_path):
    # every row repeats its conversation, and only one copy of each is written
    long = raw.copy()
    long["conversation"] = long["conversation"] + " word" * 2000
    file = factories.write_csv(long, tmp_path / "experiment_1.csv")
    paths = build_tables("experiment_1", file, tmp_path / "tables")
    conversations = read_table(paths[1])
    kept = conversations["text"].str.len().sum()
    assert kept == long.drop_duplicates("conversation_id")["conversation"].str.len().sum()
    assert sum(path.stat().st_size for path in paths) < file.stat().st_size / 4


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    texts=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=30),
        min_size=12,
        max_size=12,
    )
)
def test_any_message_comes_back_as_it_was(texts, tmp_path):
    raw = factories.experiment_1(1)
    raw["user_message"] = texts
    file = tmp_path / "experiment_1.csv"
    raw.to_csv(file, index=False, quoting=csv.QUOTE_ALL)
    paths = build_tables("experiment_1", file, tmp_path / "tables")
    assert list(read_table(paths[2])["text"]) == texts
