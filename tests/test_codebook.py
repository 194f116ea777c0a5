"""data/README.md is the codebook: its tables say what the code does, row for row."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import factories
import pandas as pd
import pandera.pandas as pa
import pytest

from lendanear import vocabulary as words
from lendanear.checks.compare import SAMPLING_SD, SAMPLING_WIDTH
from lendanear.checks.published import COLUMNS as PUBLISHED_COLUMNS
from lendanear.checks.published import read_published
from lendanear.errors import DataError
from lendanear.items import ITEMS, TABLE_FILES
from lendanear.paths import DATA, ROOT
from lendanear.sources.registry import read_registry
from lendanear.tables import build_tables, choices, convert, elo, pilot, study, themes
from lendanear.tables.read import Wanted
from lendanear.tables.schemas import SCHEMAS, TEXT

PAGE = DATA / "README.md"
BOOK = PAGE.read_text(encoding="utf-8")
REGISTRY = read_registry()
RAW: dict[str, Mapping[str, Wanted]] = {
    "experiment_1.csv": study.COLUMNS,
    "experiment_2.csv": choices.COLUMNS,
    "elo_rankings.csv": elo.COLUMNS,
    "all_themes.csv": themes.COLUMNS,
    "The seven rating files": pilot.COLUMNS,
}
"""Headings under which the columns of raw files stand."""
READ_INTO: dict[str, Mapping[str, Wanted]] = {
    "participants": {"participant_id": study.COLUMNS["participant_id"], **study.PERSON_COLUMNS},
    "conversations": study.CONVERSATION_COLUMNS,
    "messages": {
        "conversation_id": study.COLUMNS["conversation_id"],
        "text": study.MESSAGE_COLUMNS["message"],
    },
    "choices": choices.COLUMNS,
    "elo": elo.COLUMNS,
    "themes": themes.COLUMNS,
    "pilot_ratings": {"conversation_id": pilot.COLUMNS["conversation_id"]},
}
"""Raw columns of each typed table by the name they get there; all its others are derived."""
YES_NO = {"yes": True, "no": False}

Row = dict[str, str]


# --- reading the page -----------------------------------------------------------------------------


@cache
def sections() -> dict[str, str]:
    """Return the text below each heading, up to the next heading of any level."""
    outside = re.sub(r"^```.*?^```$", "", BOOK, flags=re.MULTILINE | re.DOTALL)
    parts = re.split(r"^#+ (.+)$", outside, flags=re.MULTILINE)
    headings, texts = parts[1::2], parts[2::2]
    assert len(set(headings)) == len(headings), "two sections have one heading"
    return dict(zip(headings, texts, strict=True))


def tables(heading: str) -> list[list[Row]]:
    """Return the tables of a section, each row by the names in the table's head."""
    found = re.findall(r"(?:^\|.*\|$\n?)+", sections()[heading], flags=re.MULTILINE)
    result = []
    for block in found:
        lines = [[cell.strip() for cell in line[1:-1].split("|")] for line in block.splitlines()]
        head, rule, *rows = lines
        assert set("".join(rule)) <= {"-", ":"}
        assert all(len(row) == len(head) for row in rows), f"a row of {heading!r} is uneven"
        firsts = [row[0] for row in rows]
        assert len(set(firsts)) == len(firsts), f"a row of {heading!r} stands there twice"
        result.append([dict(zip(head, row, strict=True)) for row in rows])
    return result


def table(heading: str) -> list[Row]:
    """Return the only table of a section."""
    (only,) = tables(heading)
    return only


def code(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def word(cell: str) -> str:
    """Return the only thing in a cell, which stands in backticks."""
    (only,) = re.findall(r"^`([^`]+)`$", cell)
    return only


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# --- links, files, commands -----------------------------------------------------------------------


def test_every_link_resolves():
    anchors = Counter(anchor(heading) for heading in sections())
    repositories = {
        f"https://github.com/{file.repository}/tree/{file.commit}" for file in REGISTRY.values()
    }
    links = re.findall(r"\]\(([^)\s]+)\)", BOOK)
    assert links
    for link in links:
        if link.startswith("https://"):
            assert link in {*repositories, "https://arxiv.org/abs/2603.15245"}
        elif link.startswith("#"):
            assert anchors[link[1:]] == 1, link
        else:
            assert (DATA / link).exists(), link


def test_the_pages_that_point_here_find_it():
    assert "(data/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert PAGE.is_file()


def test_every_file_of_the_folder_is_described():
    described = [word(row["file"]) for row in table("What lies in this folder")]
    there = [path.name for path in DATA.iterdir() if path.is_file() and path.name[0] != "."]
    assert sorted(described) == sorted([*there, "raw/"])


def test_every_flag_and_target_exists():
    programs = ([str(ROOT / "run_all.py")], ["-m", "lendanear.synthetic"])
    known = "".join(
        subprocess.run(
            [sys.executable, *program, "--help"],
            cwd=ROOT,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for program in programs
    )
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", BOOK))
    assert {"--accept", "--data", "--export", "--scale"} <= flags
    assert not {flag for flag in flags if not re.search(rf"{flag}(?![\w-])", known)}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make (\w+)`", BOOK):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
    for module in re.findall(r"-m (lendanear[\w.]+)", BOOK):
        package = ROOT / module.replace(".", "/")
        assert (package / "__main__.py").is_file() or package.with_suffix(".py").is_file(), module


# --- the public files -----------------------------------------------------------------------------


def test_the_repositories_are_those_of_the_registry():
    stated = {
        re.sub(r"^\[([^]]+)\].*", r"\1", row["address"]): (word(row["commit"]), row["licence"])
        for row in tables("The public files")[0]
    }
    pinned = {file.repository: (file.commit[:7], file.licence) for file in REGISTRY.values()}
    assert stated == pinned


def test_the_public_files_are_those_of_the_registry():
    address = {
        row["repository"]: re.sub(r"^\[([^]]+)\].*", r"\1", row["address"])
        for row in tables("The public files")[0]
    }
    stated = [
        (
            word(row["key"]),
            code(row["path in the repository"])[0],
            row["path in the repository"].endswith("(Git LFS)"),
            address[row["repository"]],
            row["checksum"],
            None if row["bytes"] == "not known" else int(row["bytes"].replace(",", "")),
        )
        for row in tables("The public files")[1]
    ]
    pinned = [
        (file.key, file.path, file.lfs, file.repository, file.integrity.kind, file.size)
        for file in REGISTRY.values()
    ]
    assert stated == pinned


def test_the_hosts_named_are_those_the_files_come_from():
    hosts = {urlsplit(file.url).netloc for file in REGISTRY.values()}
    assert set(re.findall(r"\b\w+\.githubusercontent\.com", BOOK)) == hosts


def test_each_item_is_given_by_the_files_it_needs():
    stated = {
        frozenset(code(row["these files"])): code(row["give these items"])
        for row in table("Your own data")
    }
    needed: dict[frozenset[str], list[str]] = {}
    for item in ITEMS:
        needed.setdefault(frozenset(item.sources), []).append(item.key)
    assert stated == needed


# --- raw columns ----------------------------------------------------------------------------------


@pytest.mark.parametrize("heading", RAW)
def test_raw_columns_are_those_that_are_read(heading):
    stated = [(tuple(code(row["column"])), YES_NO[row["needed"]]) for row in table(heading)]
    read = [(column.names, column.required) for column in RAW[heading].values()]
    assert stated == read


@dataclass(frozen=True)
class Raw:
    """A valid raw file that has every column, and how to build tables from a changed one."""

    frame: pd.DataFrame
    build: Callable[[pd.DataFrame, Path], object]


def valid(heading: str) -> Raw:
    """Return a valid file for a heading of `RAW`."""
    people = factories.experiment_1(4, turns=2)
    if heading == "The seven rating files":
        files = factories.pilot_ratings()

        def build(frame: pd.DataFrame, folder: Path) -> object:
            changed = files | {"gpt_ratings": frame}
            paths = {
                key: factories.write_csv(content, folder / f"{key}.csv")
                for key, content in changed.items()
            }
            return build_tables("pilot", paths, folder)

        return Raw(files["gpt_ratings"], build)

    key = heading.removesuffix(".csv")
    frames = {
        "experiment_1": people,
        "elo_rankings": factories.elo_rankings(people),
        "all_themes": factories.all_themes(people),
    }
    # pairs are drawn within scenarios, so more conversations are needed than for the others
    pairs = factories.experiment_2(factories.experiment_1(8, turns=2))
    optional = (column.names[0] for column in choices.COLUMNS.values() if not column.required)
    frames["experiment_2"] = pairs.assign(**dict.fromkeys(optional, "1"))

    def build_one(frame: pd.DataFrame, folder: Path) -> object:
        return build_tables(key, factories.write_csv(frame, folder / heading), folder)

    return Raw(frames[key], build_one)


def is_accepted(raw: Raw, frame: pd.DataFrame, folder: Path) -> bool:
    try:
        raw.build(frame, folder)
    except DataError:
        return False
    return True


@pytest.mark.parametrize("heading", RAW)
def test_cells_may_be_empty_where_the_codebook_says_so_and_nowhere_else(heading, tmp_path):
    raw = valid(heading)
    assert is_accepted(raw, raw.frame, tmp_path)
    may = {code(row["column"])[0]: YES_NO[row["may be empty"]] for row in table(heading)}
    all_that_may = {name: "" for name in may if may[name]}
    assert is_accepted(raw, raw.frame.assign(**all_that_may), tmp_path)
    for name in may.keys() - all_that_may.keys():
        assert not is_accepted(raw, raw.frame.assign(**{name: ""}), tmp_path), name


@pytest.mark.parametrize("heading", RAW)
def test_numbers_are_accepted_up_to_the_bounds_of_the_codebook_and_no_further(heading, tmp_path):
    raw = valid(heading)
    bounded = {
        code(row["column"])[0]: found.groups()
        for row in table(heading)
        if (found := re.search(r"(-?[\d,]+) to (-?[\d,]+)", row["holds"]))
    }
    assert bounded or heading == "all_themes.csv"
    low, high = (
        {name: int(bounds[end].replace(",", "")) for name, bounds in bounded.items()}
        for end in (0, 1)
    )
    for ends in (low, high):
        at_the_bounds = {name: str(value) for name, value in ends.items()}
        assert is_accepted(raw, raw.frame.assign(**at_the_bounds), tmp_path)
    for name in bounded:
        for value in (low[name] - 1, high[name] + 1):
            beyond = raw.frame.assign(**{name: str(value)})
            assert not is_accepted(raw, beyond, tmp_path), (name, value)


@pytest.mark.parametrize("heading", RAW)
def test_a_further_name_of_a_column_serves_as_well_as_the_first(heading, tmp_path):
    raw = valid(heading)
    for row in table(heading):
        first, *others = code(row["column"])
        for other in others:
            renamed = raw.frame.rename(columns={first: other})
            # a value that is refused shows that the column was read under its other name
            wrong = renamed.assign(**{other: "" if row["may be empty"] == "no" else "a word"})
            assert is_accepted(raw, renamed, tmp_path), other
            assert not is_accepted(raw, wrong, tmp_path), other


def test_the_words_for_nothing_are_those_that_are_read_so():
    stated = re.search(r"Nothing is an empty\s+cell or one of ([^.]+)\.", BOOK)[1]
    assert ["", *code(stated)] == list(convert.MISSING)


def test_levels_are_spelled_as_they_are_read():
    (first,) = (r for r in table("experiment_1.csv") if r["column"] == f"`{words.TRAIT_ITEMS[0]}`")
    assert tuple(code(first["holds"])) == words.TRAIT_LEVELS
    assert f"({', '.join(words.SCORE_LABELS)})" in BOOK.replace("\n  ", " ")


# --- typed tables ---------------------------------------------------------------------------------


def dtype_name(column: pa.Column) -> str:
    dtype = column.dtype.type
    return "str" if dtype == TEXT else str(dtype)


def levels(cell: str) -> list[str]:
    """Return the categories a cell lists, or those of the table of keys it links to."""
    link = re.fullmatch(r"\[[^]]+\]\(#([^)]+)\)", cell)
    if link is None:
        return code(cell)
    (heading,) = (heading for heading in sections() if anchor(heading) == link[1])
    return [word(row["key"]) for row in table(heading)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_typed_columns_are_those_of_the_schema(name):
    stated = [
        (word(row["column"]), word(row["type"]), YES_NO[row["missing"]]) for row in table(name)
    ]
    defined = [
        (key, dtype_name(column), column.nullable) for key, column in SCHEMAS[name].columns.items()
    ]
    assert stated == defined


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_a_typed_column_may_hold_is_what_its_checks_allow(name):
    for row in table(name):
        column = SCHEMAS[name].columns[word(row["column"])]
        kind = column.dtype.type
        if isinstance(kind, pd.CategoricalDtype):
            assert levels(row["allowed"]) == list(kind.categories), row
        elif column.checks:
            (check,) = column.checks
            assert re.fullmatch(rf"{re.escape(check.error)}(, \w+)?", row["allowed"]), row
        else:
            assert row["allowed"] == ("true or false" if str(kind) == "bool" else "any"), row


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_typed_column_names_the_raw_column_it_comes_from(name):
    for row in table(name):
        raw = READ_INTO[name].get(word(row["column"]))
        origin = f"`{raw.names[0]}`" if raw else "derived: "
        assert row["from"].startswith(origin), row


@pytest.mark.parametrize("name", SCHEMAS)
def test_keys_and_sources_of_typed_tables_are_those_of_the_code(name):
    schema = SCHEMAS[name]
    text = " ".join(sections()[name].split())
    stated = re.search(r"Key: (.*?)\. From (.*?\.csv`|the seven rating files)", text)
    unique = [[key] for key, column in schema.columns.items() if column.unique]
    unique += [list(schema.unique)] if schema.unique else []
    assert [code(part) for part in stated[1].split("; ")] == (unique or [[]])
    assert (stated[1] == "none") == (not unique)
    source = TABLE_FILES[name]
    files = "the seven rating files" if source == "pilot" else f"`{REGISTRY[source].name}`"
    assert stated[2] == files


def test_there_is_a_section_for_every_typed_table_and_no_other():
    below = BOOK.partition("\n## The typed tables\n")[2].partition("\n## ")[0]
    assert re.findall(r"^### (\w+)$", below, flags=re.MULTILINE) == list(SCHEMAS)


# --- keys -----------------------------------------------------------------------------------------


def test_keys_and_labels_are_those_of_the_vocabulary():
    sign = {1: "+", -1: "-"}
    defined = {
        "Arms": [(arm.key, f"`{arm.raw}`", arm.label) for arm in words.ARMS],
        "Dimensions": [(d.key, sign[d.sign], d.label) for d in words.DIMENSIONS],
        "Self-reports": [(r.key, f"`{r.judged}`", r.label) for r in words.SELF_REPORTS],
        "Trouble types": [(kind.key, kind.label) for kind in words.TROUBLE_TYPES],
        "Scenarios": [(s.key, f"`{s.trouble_type}`", s.label) for s in words.SCENARIOS],
        "Level-1 themes": [(t.key, f"`{t.group}`", t.label) for t in words.THEMES],
        "Raters": [(rater.key, rater.kind, rater.label) for rater in words.RATERS],
    }
    for heading, expected in defined.items():
        stated = [(word(row["key"]), *list(row.values())[1:]) for row in table(heading)]
        assert stated == expected, heading
    below = BOOK.partition("\n## Keys and labels\n")[2].partition("\n## ")[0]
    assert re.findall(r"^### (.+)$", below, flags=re.MULTILINE) == list(defined)


# --- published numbers and calibration ------------------------------------------------------------


def test_columns_families_and_sources_of_the_published_numbers_are_those_of_the_file():
    columns, families, sources = tables("Published numbers")
    numbers = read_published()
    assert tuple(word(row["column"]) for row in columns) == PUBLISHED_COLUMNS
    counted = Counter((number.id.partition(".")[0], number.needs) for number in numbers)
    stated = [((word(row["family"]), word(row["needs"])), int(row["numbers"])) for row in families]
    assert sorted(stated) == sorted(counted.items())
    assert sorted(row["source"] for row in sources) == sorted({n.source for n in numbers})


def test_what_is_said_of_press_coverage_holds():
    press = [number.id for number in read_published() if number.from_press]
    assert len(press) == 6
    assert "The six rows from **press coverage**" in BOOK
    assert "secondary.realistic" in press
    with SAMPLING_SD.open(encoding="utf-8", newline="") as stream:
        rebuilt = {row["id"] for row in csv.DictReader(stream)}
    assert {number.id for number in read_published()} - rebuilt == {"secondary.realistic"}


def test_the_columns_of_the_calibration_are_those_of_the_file():
    with SAMPLING_SD.open(encoding="utf-8", newline="") as stream:
        header = next(csv.reader(stream))
    assert [word(row["column"]) for row in table("The synthetic study")] == header
    assert SAMPLING_WIDTH == 3
    assert "plus three of these SDs" in BOOK


def test_the_marks_of_synthetic_data_are_those_of_the_vocabulary():
    marked = " ".join(sections()["The synthetic study"].split())
    assert (
        f"Conversation ids begin with `{words.SYNTHETIC_ID_PREFIX}`, "
        f"ids of people with `{words.SYNTHETIC_PERSON_PREFIX}`"
    ) in marked


# --- the quirks, where the real files are at hand -------------------------------------------------


def test_what_is_said_of_the_elo_file_holds_in_the_real_one(shared_data):
    raw = pd.read_csv(shared_data / "study" / "elo_rankings.csv", dtype="str")
    first = raw["conversation_number"] == "1"
    assert ((raw["updated_condition"] == "control") == first).all()
    assert (len(raw), int(first.sum())) == (1924, 968)
    assert set(raw["condition"][~first]) == {arm.raw for arm in words.ARMS if arm.coached}
    assert raw.groupby("starter")["elo_rank"].apply(lambda ranks: (ranks == "1").sum()).eq(1).all()
    assert not {"user_id", "participant_id"} & set(raw.columns)
