"""``python -m lendanear.synthetic`` writes the same four files every time, whole or not at all."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from synthetic_files import NAMES, read_study

from lendanear.errors import OutputError
from lendanear.paths import ROOT
from lendanear.synthetic import SEED, __main__, columns, export, generate
from lendanear.vocabulary import DIMENSION_KEYS, TRAIT_ITEMS, scenario_of

FILES = {f"{name}.csv" for name in NAMES}
README = "README.md"
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""A locale in which Python writes files in ASCII unless told otherwise."""
COLUMNS = {
    "experiment_1": [
        "id", "user_id", "conversation_id", "conversation", "user_message", "message_count",
        "seeker_count", "supporter_count", "conversation_number", "starter", "condition",
        "self_empathized", "self_encourage_elaboration", "self_showed_understanding",
        "self_demonstrate_desire", *DIMENSION_KEYS, *TRAIT_ITEMS, "coach_coach_feedback",
        "coach_coach_user_questions", "Age", "Sex", "Ethnicity simplified", "Country of birth",
        "Country of residence", "Nationality", "Language", "Fluent languages", "Student status",
        "Employment status",
    ],
    "experiment_2": [
        "participant_id", "scenario", "conversation_left_id", "conversation_right_id",
        "participant_choice", "conv_left_empathy_score", "conv_right_empathy_score",
        "abs_score_diff", "select_higher_annotation", "select_match",
        *(f"{key}_diff" for key in DIMENSION_KEYS),
    ],
    "elo_rankings": [
        "Unnamed: 0", "conversation_id", "elo_rating", "comparisons_count", "updated_condition",
        "overall_empathy", "conversation_number", "condition", "elo_rank", "starter",
    ],
    "all_themes": [
        "theme", "user_id", "conversation_number", "condition", "turn_number", "text", "Level 1",
        "Level 2", "Level 3 - interpretation",
    ],
}  # fmt: skip


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "lendanear.synthetic", *map(str, arguments)]


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one") / "not" / "there"
    done = run("--export", folder, PYTHONHASHSEED="1")
    assert done.returncode == 0, done.stderr
    return folder, done


@pytest.fixture(scope="module")
def study(exported):
    return read_study(exported[0])


@pytest.fixture(scope="module")
def replaced(exported, tmp_path_factory):
    """A folder that held the study and notes of somebody, exported to again with another seed."""
    folder = tmp_path_factory.mktemp("replaced")
    for name, data in content(exported[0]).items():
        (folder / name).write_bytes(data)
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    generate(folder, seed=SEED + 1)
    return folder


# -------------------------------------------------------------------------------- what is written


def test_the_command_writes_the_studys_four_files_and_a_note_that_says_synthetic(exported):
    folder, done = exported
    assert {path.name for path in folder.iterdir()} == FILES | {README}
    assert done.stderr == ""
    for name in (str(folder), *FILES, "synthetic"):
        assert name in done.stdout
    note = (folder / README).read_text(encoding="utf-8")
    assert note.startswith("# Synthetic")
    assert f"--scale 1 --seed {SEED}" in note


@pytest.mark.parametrize("name", NAMES)
def test_files_have_the_studys_own_columns_in_plain_utf8(exported, name):
    path = exported[0] / f"{name}.csv"
    assert list(pd.read_csv(path, nrows=5)) == COLUMNS[name]
    data = path.read_bytes()
    assert not data.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in data
    assert data.endswith(b"\n")
    data.decode("utf-8")


def test_the_note_names_the_command_that_makes_the_same_files_again(exported, tmp_path):
    note = (exported[0] / README).read_text(encoding="utf-8")
    line = next(line for line in note.splitlines() if "python -m" in line)
    words = line.partition("--export DIR ")[2].partition("`")[0].split()
    # another process, another order of sets and dicts, another locale and time zone
    elsewhere = {"PYTHONHASHSEED": "2", "TZ": "Asia/Kathmandu", **ASCII}
    done = run("--export", tmp_path / "two", *words, **elsewhere)
    assert done.returncode == 0, done.stderr
    assert content(tmp_path / "two") == content(exported[0])


def test_another_seed_gives_other_data_in_every_file(exported, study, replaced):
    mine, others = content(exported[0]), content(replaced)
    assert not [name for name in mine if mine[name] == others[name]]
    other = read_study(replaced)
    # nobody takes part in both
    ids = "conversation_id"
    assert not set(study.conversations[ids]) & set(other.conversations[ids])
    same = (study.people["condition"].to_numpy() == other.people["condition"].to_numpy()).mean()
    assert same < 0.4


def test_scale_two_is_twice_the_study_with_the_same_design_and_unique_ids(study, tmp_path):
    done = run("--export", tmp_path / "twice", "--scale", 2)
    assert done.returncode == 0, done.stderr
    one, two = study, read_study(tmp_path / "twice")
    counts = [
        (
            Counter(study.people["condition"]),
            Counter(study.conversations["conversation_number"]),
            Counter(
                study.conversations.loc[
                    study.conversations["conversation_number"] == "1", "starter"
                ].map(scenario_of)
            ),
            Counter(study.choices["select_higher_annotation"] == ""),
            Counter(study.elo["condition"]),
        )
        for study in (one, two)
    ]
    for single, double in zip(*counts, strict=True):
        assert double == {key: 2 * n for key, n in single.items()}
    for table, again in ((one.trial, two.trial), (one.choices, two.choices)):
        assert list(again) == list(table)
        assert len(again) == 2 * len(table)
    assert two.trial["id"].is_unique
    assert two.people["user_id"].is_unique
    assert len(two.people) == 2 * len(one.people)
    assert len(two.conversations) == 2 * len(one.conversations)
    assert two.conversations["conversation_id"].str.fullmatch(r"9999\d{16}").all()
    own = two.conversations.groupby("user_id")
    assert (own["conversation_number"].agg("".join) == "123").all()
    assert own["starter"].agg(lambda texts: len(set(map(scenario_of, texts)))).eq(3).all()
    raters = [study.choices["participant_id"].nunique() for study in (one, two)]
    assert raters[1] == 2 * raters[0]
    # the second half is not the first one over again
    half = len(two.trial) // 2
    assert not set(two.trial["conversation"][:half]) & set(two.trial["conversation"][half:])


# ------------------------------------------------------------------------------- what is refused


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Return what the command says when it refuses, which it must."""
    try:
        status = __main__.main([str(argument) for argument in arguments])
    except SystemExit as error:
        status = error.code
    said = capsys.readouterr()
    assert status not in (0, None)
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err


@pytest.mark.parametrize("option", ["--seed", "--scale"])
@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "1e3", "nan", "9" * 5000, "0x10"])
def test_a_seed_or_scale_that_is_no_number_is_refused_with_what_is_allowed(
    capsys, tmp_path, option, value
):
    said = refusal(capsys, "--export", tmp_path / "new", option, value)
    assert option in said
    assert repr(value) in said
    assert "whole number" in said
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("value", ["0", str(__main__.SCALE_MAX + 1), "1" + "0" * 30])
def test_a_scale_out_of_bounds_is_refused(capsys, tmp_path, value):
    said = refusal(capsys, "--export", tmp_path / "new", "--scale", value)
    assert f"1 to {__main__.SCALE_MAX}" in said
    assert not (tmp_path / "new").exists()


def test_a_scale_that_memory_cannot_hold_is_refused(capsys, tmp_path, monkeypatch):
    def no_memory(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(export, "draw", no_memory)
    said = refusal(capsys, "--export", tmp_path / "new", "--scale", "9999")
    assert "--scale 9999" in said
    assert "memory" in said
    assert not (tmp_path / "new").exists()


def test_a_folder_must_be_named(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "--export" in refusal(capsys)
    # "--export $UNSET" must not fill the current folder
    assert "empty" in refusal(capsys, "--export", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(FILES | {README}))
@pytest.mark.parametrize("kind", ["of somebody", "empty", "header only", "folder"])
def test_files_of_somebody_else_are_neither_overwritten_nor_mixed_with(
    capsys, tmp_path, name, kind
):
    path = tmp_path / name
    header = ",".join(COLUMNS.get(path.stem, ["# Notes"])) + "\n"
    texts = {"of somebody": header + "7," * (header.count(",")) + "7\n", "header only": header}
    if kind == "folder":
        path.mkdir()
    else:
        path.write_text(texts.get(kind, ""), encoding="utf-8")
    before = path.stat().st_mtime_ns, path.is_dir() or path.read_bytes()
    said = refusal(capsys, "--export", tmp_path)
    assert str(path) in said
    assert "left alone" in said
    assert "new folder" in said
    assert (path.stat().st_mtime_ns, path.is_dir() or path.read_bytes()) == before
    assert [left.name for left in tmp_path.iterdir()] == [name]


def test_the_real_tournament_is_left_alone(capsys, tmp_path, shared_data):
    real = (shared_data / "study" / "elo_rankings.csv").read_bytes()
    (tmp_path / "elo_rankings.csv").write_bytes(real)
    assert "left alone" in refusal(capsys, "--export", tmp_path)
    assert content(tmp_path) == {"elo_rankings.csv": real}


def test_an_earlier_synthetic_study_is_replaced_and_other_files_stay(replaced):
    assert {path.name for path in replaced.iterdir()} == FILES | {README, "notes.txt"}
    assert (replaced / "notes.txt").read_text(encoding="utf-8") == "mine"
    assert f"--seed {SEED + 1}" in (replaced / README).read_text(encoding="utf-8")


def test_a_name_that_is_no_folder_is_refused(capsys, tmp_path):
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    assert "is a file" in refusal(capsys, "--export", file)
    assert "folder is needed" in refusal(capsys, "--export", file / "below")
    assert "cannot be written" in refusal(capsys, "--export", tmp_path / ("x" * 300))
    assert content(tmp_path) == {"file": b"mine"}


# ---------------------------------------------------------------------------- what is left behind


def limited() -> None:
    """No file of this process may grow beyond 4 MB: experiment_1.csv fails half written."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))


def test_a_write_that_fails_half_way_leaves_earlier_files_and_no_half_ones(replaced):
    before = content(replaced)
    done = subprocess.run(
        command("--export", replaced, "--seed", 4),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=limited,
    )
    assert done.returncode == 1
    assert "larger than this account may write" in done.stderr
    assert "Traceback" not in done.stderr
    assert content(replaced) == before


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("part", ["experiment_1", "all_themes", "experiment_2", "elo_rankings"])
def test_a_full_disk_is_a_message_and_no_files(tmp_path, monkeypatch, part, number):
    def full(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(columns, part, full)
    monkeypatch.setattr(columns, "write_words", lambda *_: None)
    with pytest.raises(OutputError, match="cannot be written"):
        generate(tmp_path)
    assert list(tmp_path.iterdir()) == []


def half_written(folder: Path, process: subprocess.Popen[str]) -> None:
    """Wait until some text is on the disk, and make sure that the process is not done."""
    until = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < until:
        if folder.is_dir() and any(path.stat().st_size for path in folder.iterdir()):
            return
        time.sleep(0.005)
    pytest.fail(f"nothing was half written: {process.communicate()}")


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill"])
def test_a_process_stopped_half_way_leaves_no_half_file(tmp_path, blow):
    folder = tmp_path / "new"
    # four times the study, so that there is time to stop it
    with subprocess.Popen(
        command("--export", folder, "--scale", 4),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        half_written(folder, process)
        process.send_signal(blow)
        out, said = process.communicate(timeout=60)
    assert out == ""
    names = {path.name for path in folder.iterdir()}
    assert not names & (FILES | {README})
    if blow == signal.SIGINT:
        assert names == set()
        assert process.returncode == __main__.INTERRUPTED
        assert "Traceback" not in said
    else:
        assert all(name.startswith(".aside-") for name in names)
