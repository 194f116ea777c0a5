"""Bad input: the message names file, row or field, what is allowed and the way out.

Tables made earlier stay as they were, byte for byte.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import factories
import pandas as pd
import pytest

from lendanear import vocabulary as words
from lendanear.errors import DataError, LendAnEarError, MissingDataError
from lendanear.paths import ROOT
from lendanear.tables import build_tables, study

STUDY = factories.experiment_1(8)
FRAMES = {
    "experiment_1": STUDY,
    "experiment_2": factories.experiment_2(STUDY),
    "elo_rankings": factories.elo_rankings(STUDY),
    "all_themes": factories.all_themes(STUDY),
}
AT = 9
"""Place of the damaged record: the second message of the third conversation of the first person."""
ROW = AT + 2
"""Row of that record in the file."""
THIRD = STUDY["conversation_id"] == STUDY["conversation_id"][AT]
HEAD = int(THIRD.to_numpy().argmax()) + 2
"""Row of the first record of that conversation."""
PERSON = STUDY["user_id"][AT]

Damage = Callable[[pd.DataFrame], pd.DataFrame]


@pytest.fixture(scope="module")
def earlier(tmp_path_factory) -> Path:
    """Return a folder with the tables of an undamaged study."""
    folder = tmp_path_factory.mktemp("earlier")
    files = factories.write_study(folder / "raw")
    companions: dict[str, Path] = {}
    for key in ("experiment_1", "elo_rankings", "all_themes", "experiment_2"):
        for path in build_tables(key, files[key], folder / "tables", companions=companions):
            companions[path.stem] = path
    return folder / "tables"


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refusal(key: str, file: Path, earlier: Path) -> DataError:
    """Return the error that building from a damaged file ends with; check that nothing changed."""
    before = content(earlier)
    companions = {"conversations": earlier / "conversations.parquet"}
    with pytest.raises(DataError) as caught:
        build_tables(key, file, earlier, companions=companions)
    assert content(earlier) == before
    error = caught.value
    message = str(error)
    assert str(file) in message, "the file is named"
    assert error.remedy, "a way out is named"
    assert error.remedy in message
    assert len(message) < 2000
    return error


# --- one damaged cell, column or set of rows ------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A damage, and where the message should say it is."""

    what: str
    damage: Damage
    row: int | None
    field: str
    problem: str
    allowed: str
    key: str = "experiment_1"

    def __str__(self) -> str:
        return f"{self.key}: {self.what}"


def every_row(column: str, value: str, where: pd.Series = THIRD) -> Damage:
    """Return a damage of one column in all rows of a conversation (or of `where`)."""

    def damage(raw: pd.DataFrame) -> pd.DataFrame:
        return raw.assign(**{column: raw[column].mask(where, value)})

    return damage


def one_row(column: str, value: str) -> Damage:
    def damage(raw: pd.DataFrame) -> pd.DataFrame:
        return raw.assign(**{column: raw[column].mask(raw.index == AT, value)})

    return damage


def ids(column: str, change: Callable[[str], str]) -> Damage:
    return lambda raw: raw.assign(**{column: raw[column].map(change).astype("str")})


def again(raw: pd.DataFrame, **changes: object) -> pd.DataFrame:
    """Return the rows of the third conversation once more, with some columns changed."""
    return raw[THIRD].assign(**changes)


FRESH_IDS = [str(9000 + n) for n in range(int(THIRD.sum()))]
ROUNDED = {
    "1.23e+19": lambda text: f"{float(text):.2e}",
    "17 digits and an exponent": lambda text: f"{float(text):.17g}",
    "repr": lambda text: repr(float(text)),
    "trailing .0": lambda text: f"{text}.0",
    "decimal comma": lambda text: f"{text},0",
    "17 digits, then zeros": lambda text: text[:17] + "000",
    "15 digits, then zeros": lambda text: text[:15] + "00000",
    "through a float and back": lambda text: str(int(float(text))),
}
DIGITS = "exactly 20 digits|all their digits"
SCORE = "1 to 5"
OVERALL = "-12 to 12"

CASES = [
    *(
        Case(f"{key} is {value}", every_row(key, value), HEAD, key, "not allowed", SCORE)
        for key in (*words.DIMENSION_KEYS, *words.SELF_REPORT_KEYS)
        for value in ("0", "6")
    ),
    Case("score -3", every_row("advice_giving", "-3"), HEAD, "advice_giving", "not all", SCORE),
    Case("score 3.5", every_row("advice_giving", "3.5"), HEAD, "advice_giving", "not all", SCORE),
    Case("score 10**11", every_row("advice_giving", "1" + "0" * 11), HEAD, "advice_giving",
         "not allowed", SCORE),
    Case("score a word", every_row("advice_giving", "much"), HEAD, "advice_giving",
         "not a whole number", SCORE),
    Case("score infinite", every_row("advice_giving", "inf"), HEAD, "advice_giving",
         "not a whole number", SCORE),
    Case("score empty", every_row("advice_giving", ""), HEAD, "advice_giving", "missing", SCORE),
    Case("trait a word", every_row("baseline_empathy_item_3", "a lot", STUDY["user_id"] == PERSON),
         2, "baseline_empathy_item_3", "not known", "not_at_all < slightly"),
    Case("age 7", every_row("Age", "7", STUDY["user_id"] == PERSON), 2, "Age", "not all",
         "18 to 120"),
    Case("conversation number empty", every_row("conversation_number", ""), HEAD,
         "conversation_number", "missing", "1, 2 or 3"),
    Case("conversation number 4", every_row("conversation_number", "4"), 2, "user_id",
         r"3 conversations \(numbered 1, 2, 4\)", "conversations 1, 2 and 3"),
    Case("conversation number a word", every_row("conversation_number", "first"), HEAD,
         "conversation_number", "not a whole number", "1, 2 or 3"),
    Case("count negative", every_row("message_count", "-1"), HEAD, "message_count", "not allowed",
         "0 or more"),
    Case("count a word", every_row("seeker_count", "many"), HEAD, "seeker_count",
         "not a whole number", "from 0"),
    Case("unknown arm", every_row("condition", "Placebo", STUDY["user_id"] == PERSON), 2,
         "condition", "not known", "Control, Influencer, AICoach, CoachPlusInfluencer"),
    Case("arm empty", every_row("condition", ""), HEAD, "condition", "missing", "control"),
    Case("unknown scenario", every_row("starter", "My cat ran away."), HEAD, "starter",
         "not known", "job_loss, promotion, undervalued, loss_dad, mom_unwell"),
    Case("participant empty", every_row("user_id", " "), HEAD, "user_id", "missing", "any text"),
    Case("participant in two arms", every_row("condition", "Influencer"), HEAD, "condition",
         f"{PERSON} is in two arms: row 2 says 'Control'", "the same value in all rows"),
    Case("participant of two ages", every_row("Age", "77"), HEAD, "Age",
         "two different answers: row 2 says '20'", "the same value in all rows"),
    Case("participant with two conversations", lambda raw: raw[~THIRD], 2, "user_id",
         r"2 conversations \(numbered 1, 2\)", "conversations 1, 2 and 3"),
    Case("participant with four conversations",
         lambda raw: pd.concat([raw, again(
             raw, conversation_id=factories.conversation_id(999), conversation_number="4",
             id=FRESH_IDS)]),
         2, "user_id", r"4 conversations \(numbered 1, 2, 3, 4\)", "conversations 1, 2 and 3"),
    Case("conversation copied under another id",
         lambda raw: pd.concat(
             [raw, again(raw, conversation_id=factories.conversation_id(999), id=FRESH_IDS)]),
         2, "user_id", r"4 conversations \(numbered 1, 2, 3, 3\)", "once each"),
    Case("conversation twice", lambda raw: pd.concat([raw, again(raw)]), HEAD, "conversation_id",
         "stands in the file twice", "each message once"),
    Case("conversation twice, rows renumbered",
         lambda raw: pd.concat([raw, again(raw, id=FRESH_IDS)]), HEAD, "conversation_id",
         "stands in the file twice", "each message once"),
    Case("conversation twice, one copy below the other, rows renumbered",
         lambda raw: pd.concat([
             raw.iloc[:HEAD + 2], again(raw, id=FRESH_IDS), raw.iloc[HEAD + 2:]]),
         HEAD, "conversation_id", "stands in the file twice", "each message once"),
    Case("each row twice, no row numbers",
         lambda raw: raw.loc[raw.index.repeat(2)].drop(columns="id"), 2, "conversation_id",
         "stands in the file twice.*so are 23 more", "each message once"),
    Case("the whole file twice", lambda raw: pd.concat([raw, raw]), 2, "conversation_id",
         "stands in the file twice.*so are 23 more", "each message once"),
    *(
        Case(f"rows of a conversation disagree in {column}", one_row(column, value), ROW, column,
             f"rows of the conversation {STUDY['conversation_id'][AT]} disagree",
             "the same value in every row of a conversation")
        for column, value in {
            "conversation": "Seeker: Hello", "advice_giving": "", "starter": "x",
            "condition": "Influencer", "user_id": "somebody else", "message_count": "99",
            "coach_coach_feedback": "Listen more.", "Nationality": "x",
        }.items()
    ),
    Case("rows of a conversation disagree far apart",
         lambda raw: pd.concat([
             one_row("conversation", "other")(raw).drop(index=AT),
             one_row("conversation", "other")(raw).loc[[AT]]]),
         len(STUDY) + 1, "conversation", "disagree", "the same value in every row"),
    *(
        Case(f"ids read as floats: {how}", ids("conversation_id", change), 2, "conversation_id",
             "rounded|floating-point|no conversation id", DIGITS)
        for how, change in ROUNDED.items()
    ),
    Case("one id read as a float", every_row("conversation_id", "1.23e+19"), HEAD,
         "conversation_id", "is a rounded number", DIGITS),
    Case("id empty", every_row("conversation_id", ""), HEAD, "conversation_id", "missing", DIGITS),
    Case("id too short", every_row("conversation_id", "2025"), HEAD, "conversation_id",
         "no conversation id", DIGITS),
    Case("id in other digits", every_row("conversation_id", "٢" * 20), HEAD, "conversation_id",
         "no conversation id", DIGITS),
    Case("synthetic among real", every_row("conversation_id", "99990000000000000001"), HEAD,
         "conversation_id", "synthetic and real", "all begin with 9999"),
    *(
        Case(f"{column} missing", lambda raw, column=column: raw.drop(columns=column), 1, column,
             f"the column '{column}' is missing", "further columns; this file has 'id'")
        for column in ("conversation_id", "advice_giving", "Age", "user_message", "condition")
    ),
    Case("column twice", lambda raw: pd.concat([raw, raw[["Age"]]], axis=1), 1, "Age",
         "the column 'Age' occurs 2 times", "one column of that name"),

    Case("choice in the middle", one_row("participant_choice", "middle"), ROW,
         "participant_choice", "not known", "left, right", "experiment_2"),
    Case("unknown scenario", one_row("scenario", "lost cat"), ROW, "scenario", "not known",
         "job_loss", "experiment_2"),
    Case("a conversation against itself",
         lambda raw: raw.assign(conversation_right_id=raw["conversation_right_id"].where(
             raw.index != AT, raw["conversation_left_id"])),
         ROW, "conversation_right_id", "both sides", "two different conversations",
         "experiment_2"),
    Case("a conversation without a score",
         one_row("conversation_left_id", factories.conversation_id(888)), ROW,
         "conversation_left_id", "is not in experiment_1.csv or elo_rankings.csv",
         "conversations whose score is known", "experiment_2"),
    Case("left ids read as floats", ids("conversation_left_id", ROUNDED["repr"]), 2,
         "conversation_left_id", "rounded", DIGITS, "experiment_2"),
    Case("score difference 25", lambda raw: raw.assign(llm_score_diff="25"), 2, "llm_score_diff",
         "not allowed; 39 more", "0 to 24", "experiment_2"),
    Case("match neither 0 nor 1", lambda raw: raw.assign(select_match="2"), 2, "select_match",
         "not allowed", "0 or 1", "experiment_2"),
    Case("match a word", lambda raw: raw.assign(select_match="perhaps"), 2, "select_match",
         "not a whole number", "0 or 1", "experiment_2"),
    Case("component difference 5", lambda raw: raw.assign(diff_advice_giving="5"), 2,
         "diff_advice_giving", "not allowed", "-4 to 4", "experiment_2"),
    Case("rater empty", one_row("participant_id", ""), ROW, "participant_id", "missing",
         "any text", "experiment_2"),
    Case("choice missing", lambda raw: raw.drop(columns="participant_choice"), 1,
         "participant_choice", "is missing", "this file has", "experiment_2"),

    Case("conversation twice", lambda raw: pd.concat([raw, raw.loc[[AT]]]), ROW,
         "conversation_id", "twice", "each once", "elo_rankings"),
    Case("score 13", one_row("overall_empathy", "13"), ROW, "overall_empathy", "not allowed",
         OVERALL, "elo_rankings"),
    Case("score a word", one_row("overall_empathy", "high"), ROW, "overall_empathy",
         "not a whole number", OVERALL, "elo_rankings"),
    Case("rating a word", one_row("elo_rating", "high"), ROW, "elo_rating", "not a number",
         "a number", "elo_rankings"),
    Case("rating empty", one_row("elo_rating", ""), ROW, "elo_rating", "missing", "a number",
         "elo_rankings"),
    Case("rank 0", one_row("elo_rank", "0"), ROW, "elo_rank", "not allowed", "1 or more",
         "elo_rankings"),
    Case("conversation number 4", one_row("conversation_number", "4"), ROW,
         "conversation_number", "not allowed", "1 to 3", "elo_rankings"),
    Case("unknown arm", one_row("condition", "Placebo"), ROW, "condition", "not known",
         "CoachPlusInfluencer", "elo_rankings"),
    Case("unknown scenario", one_row("starter", "lost cat"), ROW, "starter", "not known",
         "mom_unwell", "elo_rankings"),
    Case("ids read as floats", ids("conversation_id", ROUNDED["17 digits, then zeros"]), 2,
         "conversation_id", "three digits of most identifiers", DIGITS, "elo_rankings"),

    Case("unknown theme", one_row("Level 1", "Kindness"), ROW, "Level 1", "not known",
         "Validating emotions, .*Self-oriented", "all_themes"),
    Case("unknown trouble", one_row("theme", "money"), ROW, "theme", "not known",
         "personal, workplace", "all_themes"),
    Case("unknown arm", one_row("condition", "Placebo"), ROW, "condition", "not known",
         "CoachPlusInfluencer", "all_themes"),
    Case("turn a word", one_row("turn_number", "last"), ROW, "turn_number", "not a whole number",
         "0 or more", "all_themes"),
    Case("conversation number 0", one_row("conversation_number", "0"), ROW,
         "conversation_number", "not allowed", "1 to 3", "all_themes"),
    Case("interpretation empty", one_row("Level 3 - interpretation", ""), ROW,
         "Level 3 - interpretation", "missing", "text", "all_themes"),
    Case("interpretation missing", lambda raw: raw.drop(columns="Level 3 - interpretation"), 1,
         "Level 3 - interpretation", "or 'Interpretation'", "this file has", "all_themes"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_damaged_cell_column_or_row_is_named(case, earlier, tmp_path):
    file = factories.write_csv(case.damage(FRAMES[case.key]), tmp_path / f"{case.key}.csv")
    error = refusal(case.key, file, earlier)
    message = str(error)
    assert error.row == case.row
    assert error.field == case.field
    assert f"row {case.row}, field {case.field!r}: " in message
    for pattern in (case.problem, f"Allowed: .*({case.allowed})"):
        assert re.search(pattern, message), f"{pattern!r} is not in: {message}"


def test_the_undamaged_files_build_the_same_tables_again(earlier, tmp_path):
    before = content(earlier)
    files = factories.write_study(tmp_path)
    companions = {name: earlier / f"{name}.parquet" for name in ("conversations", "elo")}
    for key in files:
        build_tables(key, files[key], earlier, companions=companions)
    assert content(earlier) == before


def test_a_misspelt_column_is_suggested_but_never_one_that_is_wanted_itself(earlier, tmp_path):
    file = tmp_path / "experiment_1.csv"
    factories.write_csv(STUDY.rename(columns={"advice_giving": "advise_giving"}), file)
    assert "Rename the column 'advise_giving'" in str(refusal("experiment_1", file, earlier))
    factories.write_csv(STUDY.drop(columns="baseline_empathy_item_3"), file)
    assert "Rename" not in str(refusal("experiment_1", file, earlier))


def test_the_way_out_of_rounded_ids_is_to_import_them_as_text(earlier, tmp_path):
    damaged = ids("conversation_id", ROUNDED["1.23e+19"])(STUDY)
    file = factories.write_csv(damaged, tmp_path / "experiment_1.csv")
    remedy = refusal("experiment_1", file, earlier).remedy
    assert "its last digits are lost" in remedy
    assert "import the column as text" in remedy


def test_score_differences_that_are_nowhere_say_which_file_would_help(tmp_path):
    file = factories.write_csv(FRAMES["experiment_2"], tmp_path / "experiment_2.csv")
    with pytest.raises(DataError, match="'abs_score_diff' is missing and cannot be") as caught:
        build_tables("experiment_2", file, tmp_path / "out")
    for part in (str(file), "llm_score_diff", "conv_left_empathy_score", "experiment_1.csv"):
        assert part in str(caught.value)
    assert not (tmp_path / "out").exists()


# --- the file as a whole --------------------------------------------------------------------------

RAW = STUDY.to_csv(index=False).encode()
WHOLE_FILES = {
    "empty": (b"", "the file is empty", None),
    "blank": (b"\n \r\n", "the file is empty", None),
    "header only": (RAW[: RAW.index(b"\n") + 1], "a header but no records", 2),
    "header without a line end": (RAW[: RAW.index(b"\n")], "a header but no records", 2),
    "lfs pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:22\nsize 65160966\n",
        "Git LFS pointer.*git lfs pull",
        None,
    ),
    "html page": (
        b"<!DOCTYPE html>\n<html><body>Page not found</body></html>\n",
        "HTML page.*'Raw' or 'Download' button",
        None,
    ),
    "error message": (b"404: Not Found", "server's error message.*check its address", None),
    "cut off in a quoted field": (
        RAW[: RAW.rindex(b"Yes,") + 6],
        "ends in the middle of a quoted field: it is cut off.*interrupted download",
        len(STUDY) + 1,
    ),
    "cut off between fields": (
        RAW[:-30],
        r"has 39 fields, the header has 41; the file seems to be cut off",
        len(STUDY) + 1,
    ),
    "cut off in a character": (
        RAW[: RAW.rindex("“".encode()) + 1],
        "ends in the middle of a character.*cut off.*interrupted download",
        None,
    ),
    "cp1252": (
        STUDY.to_csv(index=False).encode("cp1252"),
        r"line 2, byte \d+ .* not UTF-8: 0x93, .*cp1252\) would read as '“'.*Allowed: UTF-8 text"
        ".*iconv -f WINDOWS-1252 -t UTF-8",
        None,
    ),
    "cp1252 far down": (
        RAW.replace(b"Try to ask", "Café, ask".encode("cp1252")),
        r"line \d\d+, byte \d+ .*0xE9, .*would read as 'é'.*Allowed: UTF-8 text",
        None,
    ),
    "cp1252 in the header": (
        RAW.replace(b"Age", b"\xc4ge", 1),
        "line 1, byte .*'Ä'.*Allowed: UTF-8 text",
        None,
    ),
    "utf-16": (RAW.decode().encode("utf-16"), "UTF-16.*CSV UTF-8", None),
    "nul in a message": (
        RAW.replace(b"I hear", b"I\0hear", 1),
        r"line \d+, byte \d+ of the line is NUL.*Allowed: UTF-8 text.*Take the file again",
        None,
    ),
    "nul at the end": (RAW + b"\0" * 512, r"line \d+, byte 1 of the line is NUL", None),
    "nul in the header": (b"\0" + RAW, "line 1, byte 1 of the line is NUL", None),
    "nothing but nul": (b"\0" * 4096, "NUL bytes.*Take it again", None),
    "semicolons": (
        RAW.replace(b",", b";"),
        "'conversation_id' is missing.*separated by another mark: save the file with commas",
        1,
    ),
    "a comma too many": (RAW.replace(b"\n1,", b"\n1,,", 1), "has 42 fields.*may be astray", 3),
    "a quotation mark astray": (
        RAW.replace(b",Try to ask", b',"Try to ask', 1),
        "cannot be read.*quotation mark may be astray",
        26,
    ),
    "workbook": (b"PK\x03\x04" + RAW, "ZIP archive or an Excel workbook.*CSV UTF-8", None),
}


@pytest.mark.parametrize(("data", "says", "row"), WHOLE_FILES.values(), ids=WHOLE_FILES)
def test_a_file_that_is_something_else_or_damaged_is_named(data, says, row, earlier, tmp_path):
    file = tmp_path / "experiment_1.csv"
    file.write_bytes(data)
    error = refusal("experiment_1", file, earlier)
    assert re.search(says, str(error)), str(error)
    assert error.row == row


@pytest.mark.parametrize("key", FRAMES)
@pytest.mark.parametrize("what", ["empty", "lfs pointer", "html page", "cp1252", "nul"])
def test_no_source_takes_what_is_no_csv_file(key, what, earlier, tmp_path):
    raw = FRAMES[key].assign(further="Café").to_csv(index=False)
    data = {"cp1252": raw.replace("1", "–").encode("cp1252"), "nul": raw.encode() + b"\0"}
    file = tmp_path / f"{key}.csv"
    file.write_bytes(data.get(what) or WHOLE_FILES.get(what, (b"",))[0])
    refusal(key, file, earlier)


def test_a_file_that_is_not_there_or_a_folder_is_named(earlier, tmp_path):
    assert "No such file" in str(refusal("elo_rankings", tmp_path / "gone.csv", earlier))
    assert "directory" in str(refusal("elo_rankings", tmp_path, earlier))


def test_a_record_without_end_is_named_by_its_length(earlier, tmp_path):
    damaged = every_row("conversation", "x" * (9 << 20))(STUDY.head(12))
    file = factories.write_csv(damaged, tmp_path / "experiment_1.csv")
    assert "one record is longer than 4 MiB" in str(refusal("experiment_1", file, earlier))


def test_an_unknown_source_is_named_with_those_there_are(tmp_path):
    with pytest.raises(LendAnEarError, match=r"no source is called 'elo'; allowed: .*elo_rankings"):
        build_tables("elo", tmp_path / "elo.csv", tmp_path)


# --- the pilot's seven files ----------------------------------------------------------------------

PILOT = factories.pilot_ratings()
RATED = "advice_giving"


def cell(value: str, column: str = RATED) -> Damage:
    return lambda raw: raw.assign(**{column: raw[column].mask(raw.index == 2, value)})


@pytest.mark.parametrize(
    ("key", "damage", "row", "field", "allowed"),
    [
        ("gpt_ratings", cell("0"), 4, RATED, "a whole number from 1 to 5"),
        ("gpt_ratings", cell("6"), 4, RATED, "a whole number from 1 to 5"),
        ("gpt_ratings", cell("2.5"), 4, RATED, "a whole number from 1 to 5"),
        ("gpt_ratings", cell("much"), 4, RATED, "a whole number from 1 to 5"),
        ("crowd_ratings", cell(""), 4, RATED, "1 to 5"),
        ("crowd_ratings", cell("5.01"), 4, RATED, "1 to 5"),
        ("claude_ratings", cell("2.1e19", "conversation_id"), 4, "conversation_id", "20 digits"),
        ("claude_ratings", lambda raw: raw.drop(columns=RATED), 1, RATED, "further columns"),
        (
            "claude_ratings",
            lambda raw: pd.concat([raw, raw.iloc[[0]]]),
            8,
            "conversation_id",
            "each once",
        ),
        ("claude_ratings", lambda raw: raw.iloc[1:], None, "conversation_id", "all seven"),
    ],
)
def test_a_damaged_rating_is_named(key, damage, row, field, allowed, tmp_path):
    frames = PILOT | {key: damage(PILOT[key])}
    files = {
        name: factories.write_csv(frame, tmp_path / f"{name}.csv") for name, frame in frames.items()
    }
    with pytest.raises(DataError) as caught:
        build_tables("pilot", files, tmp_path / "out")
    error = caught.value
    assert (Path(str(error.file)), error.row, error.field) == (files[key], row, field)
    assert allowed in error.allowed
    assert error.remedy
    assert not (tmp_path / "out").exists()


def test_a_missing_rating_file_is_named(tmp_path):
    files = {
        name: factories.write_csv(frame, tmp_path / f"{name}.csv")
        for name, frame in PILOT.items()
        if name != "gpt_ratings"
    }
    with pytest.raises(
        MissingDataError, match=r"all seven rating files; missing: gpt_ratings\.csv"
    ):
        build_tables("pilot", files, tmp_path / "out")


# --- where the tables go --------------------------------------------------------------------------


def test_a_full_disk_leaves_the_earlier_tables_and_no_scraps(earlier, tmp_path):
    # a limit on the size of files ends a write half-way, as a full disk does
    file = factories.write_csv(factories.experiment_1(400, turns=6), tmp_path / "experiment_1.csv")
    before = content(earlier)
    program = (
        "import resource, sys; from pathlib import Path\n"
        "from lendanear.errors import OutputError\n"
        "from lendanear.tables import build_tables\n"
        "import lendanear.tables.study\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))\n"
        "try:\n    build_tables('experiment_1', Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "except OutputError as error:\n    print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-B", "-c", program, str(file), str(earlier)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cannot be written" in run.stdout
    assert "Earlier results are untouched" in run.stdout
    assert content(earlier) == before


def test_the_three_tables_of_a_study_appear_together_or_not_at_all(earlier, tmp_path, monkeypatch):
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = factories.write_csv(factories.experiment_1(4), tmp_path / "experiment_1.csv")
    before = content(earlier)
    monkeypatch.setattr(study, "_write_conversations", fails)
    with pytest.raises(LendAnEarError, match="the disk is full"):
        build_tables("experiment_1", file, earlier)
    assert content(earlier) == before
