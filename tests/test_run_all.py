"""The one command: what it says, what it leaves and what it never touches, seen from outside."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from command import (
    ONE,
    ONE_NOTEBOOK,
    ONE_STEM,
    SLIP,
    TWO,
    TWO_NOTEBOOK,
    TWO_STEM,
    Checkout,
    Day,
    stamps,
)

from lendanear.items import ITEMS

BUILT, FAILED, BAD_INPUT, MISSING = 0, 1, 2, 3
"""What the exit status says; see ``--help``."""
OURS = ("--data", "synthetic", "--only", f"{ONE},{TWO}")


@pytest.fixture
def own(day: Day, tmp_path) -> Checkout:
    """A copy of the checkout at the end of the day, to do harm to."""
    return day.checkout.copied(tmp_path / "own")


# --- what is asked wrongly -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--only", "6A,9Z"], "--only: no item is called '9z'. Items: "),
        (["--only", "9Z"], ", ".join(item.key for item in ITEMS)),
        (["--only", " , "], "--only: name at least one item"),
        (["--data", "nowhere"], "nowhere: there is no such folder"),
        (["--data", "empty"], "none of the known files lies in this folder or below it. Allowed: "),
        (["--data", "public", "--no-fetch", "--accept", "x"], "no pinned file is called 'x'; kn"),
        (["--workers", "0"], "argument --workers: a whole number of at least 1, not '0'"),
        (["--list", "--verify"], "--verify: not allowed with argument --list"),
        (["--verify", "--data", "synthetic"], "nothing has been built; run `python run_all.py` f"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_refused_with_what_can(fresh, arguments, says):
    (fresh / "empty").mkdir(exist_ok=True)
    run = fresh.run(*arguments)
    assert run.status == BAD_INPUT, run
    assert says in " ".join(run.errors.split()), run
    assert "Traceback" not in run.errors
    assert not fresh.content("figures").keys() - {"figures/README.md"}


def test_what_needs_files_that_are_not_there_is_not_built_and_how_to_place_them_is_said(fresh):
    run = fresh.run("--data", "public", "--only", "3B", "--no-fetch")
    assert run.status == MISSING, run
    assert "not built, because experiment_1 is missing: 3B" in run.out
    assert "how to place each by hand:" in run.out
    raw = fresh / "data/raw/experiment_1.csv"
    assert re.search(rf"download https://\S+/experiment_1.csv and place it as {raw} \(", run.out)
    assert re.search(r"sha256 [0-9a-f]{64}, [\d,]+ bytes", run.out)


def test_with_automatic_data_a_missing_public_file_is_no_error(day):
    run = day.checkout.run("--only", ONE, "--no-fetch")
    assert run.status == BUILT, run
    assert "1 not built of the items asked for" in run.out
    assert "1 up to date of the items asked for" in run.out


# --- what is only looked at ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("built", "look"),
    [
        (False, "--explain"),
        (False, "--list"),
        *((True, f"--{x}") for x in ("list", "explain", "dry-run")),
    ],
)
def test_looking_runs_nothing_and_writes_nothing(fresh, day, look, built):
    checkout = day.checkout if built else fresh
    before = checkout.content()
    times = {path: path.stat().st_mtime_ns for path in map(checkout.__truediv__, before)}
    run = checkout.run(*OURS, look)
    assert run.status == BUILT, run
    assert checkout.content() == before
    assert {path: path.stat().st_mtime_ns for path in times} == times
    states = {"--list": ("can be built", "built"), "--explain": ("would run", "up to date")}
    if look in states:
        assert run.out.count(states[look][built]) >= 2
        assert built or states[look][True] not in run.out.replace("can be built", "")
    else:
        assert run.out.startswith("0 of ")


def test_what_cannot_be_built_is_explained_too(fresh):
    run = fresh.run("--data", "public", "--only", "3B", "--no-fetch", "--explain")
    assert "public: not built, because experiment_1 is missing: 3B" in run.out, run


def reasons(out: str) -> dict[str, list[str]]:
    """Return what ``--explain`` says of each step that would run."""
    found: dict[str, list[str]] = {}
    for line in out.splitlines():
        if line.startswith("would run"):
            found[line.split()[-1]] = []
        elif line.startswith("    "):
            found[list(found)[-1]].append(line.strip())
    return found


def test_edited_prose_is_named_and_runs_its_notebook_only(own):
    own.rewrite(TWO_NOTEBOOK, "# Agreement of", "# The agreement of")
    run = own.run(*OURS, "--explain")
    why = {f"notebook.{TWO_NOTEBOOK}": [f"notebooks/{TWO_NOTEBOOK}.ipynb changed"]}
    assert reasons(run.out) == why, run


def test_edited_code_is_named_and_runs_what_can_reach_it_only(own):
    look = own / "lendanear/figures/figure_6a.py"
    look.write_text(look.read_text(encoding="utf-8") + "\nEDITED = True\n", encoding="utf-8")
    run = own.run(*OURS, "--explain")
    why = {f"notebook.{ONE_NOTEBOOK}": ["lendanear/figures/figure_6a.py changed"]}
    assert reasons(run.out) == why, run


def test_a_changed_parameter_is_named(day):
    found = reasons(day.checkout.run(*OURS, "--quick", "--explain").out)
    assert found["source"] == ["parameter draft changed"]
    assert "parameter quick was not among what it was built from" in found["model.agreement"]
    assert "synthetic: source would run first" in found[f"notebook.{ONE_NOTEBOOK}"][0]


# --- a first build, killed, and two at once ------------------------------------------------------


def test_a_killed_build_is_taken_up_where_it_ended(day):
    done, later = day.killed.steps, day.resumed.steps
    assert {"generate", "tables.elo_rankings", "model.elo"} <= done.keys()
    assert day.resumed.status == BUILT, day.resumed
    assert {f"notebook.{ONE_NOTEBOOK}", "check"} <= later.keys()
    assert not done.keys() & later.keys(), "nothing is made twice"
    assert {*done.values(), *later.values()} == {"built"}
    assert "1 built of the items asked for" in day.resumed.out


def test_two_builds_at_once_take_turns_and_both_are_whole(day):
    assert day.waited, "the second one has to be told of the first while that still runs"
    assert "waiting for it to end" in day.second.out
    assert day.second.status == BUILT, day.second
    # what the first has made while the second waited is not made again
    assert "generate" not in day.second.steps
    items = json.loads((day.quick / "synthetic/manifest.json").read_text(encoding="utf-8"))["items"]
    assert items.keys() == {ONE, TWO}


def test_a_finished_build_is_verified_and_not_run_again(day):
    assert day.mended.status == BUILT, day.mended
    assert day.mended.steps == {}
    assert "2 up to date of the items asked for" in day.mended.out
    run = day.checkout.run("--verify")
    assert run.status == BUILT, run
    assert re.search(
        r"figures/synthetic/manifest.json: \d\d files checked, 0 do not match", run.out
    )


def test_a_checkout_may_move_with_what_was_built_in_it(own):
    before = own.content("figures")
    assert own.run(*OURS).steps == {}
    assert own.run("--verify").status == BUILT
    assert own.content("figures") == before


# --- drafts --------------------------------------------------------------------------------------


def test_quick_results_say_that_they_are_drafts_and_an_ordinary_build_replaces_them(day):
    ordinary = day.checkout / "figures"
    for figures, draft in ((day.quick, True), (ordinary, False)):
        folder = figures / "synthetic"
        png, svg, said = stamps(folder, f"{TWO_STEM}_synthetic")
        assert png["draft"] is svg["draft"] is draft
        assert any("DRAFT" in words for words in said) is draft
        page = (folder / "published_vs_rebuilt.html").read_text(encoding="utf-8")
        assert (re.search(r'class="mark">[^<]*DRAFT', page) is not None) is draft
        listed = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert listed["items"][TWO]["draft"] is draft
    # the other item was built in full before, and nobody has asked for a draft of it
    png, _, said = stamps(day.quick / "synthetic", f"{ONE_STEM}_synthetic")
    assert png["draft"] is False
    assert not any("DRAFT" in words for words in said)


# --- a notebook that fails -----------------------------------------------------------------------


def test_a_failing_notebook_names_its_cell_and_where_to_look(day):
    assert day.failed.status == FAILED, day.failed
    first = SLIP.splitlines()[0].replace("'", "'")
    cell = f'{ONE_NOTEBOOK}.ipynb, cell {day.cells} of {day.cells} ("{first}"): '
    assert f"{cell}ValueError: no such arm." in day.failed.out
    assert f"failed: notebook.{ONE_NOTEBOOK} ({ONE}): " in day.failed.out
    logs = re.findall(r"\S*build/synthetic/logs/\S+", day.failed.out)
    assert {Path(log).name.rstrip(".") for log in logs} == {
        f"notebook.{ONE_NOTEBOOK}.log",
        f"notebook.{ONE_NOTEBOOK}.failed.ipynb",
    }
    assert "Traceback" not in day.failed.out + day.failed.errors


def test_a_failing_notebook_leaves_the_others_built_and_earlier_results_untouched(day):
    assert day.failed.steps[f"notebook.{TWO_NOTEBOOK}"] == "built"
    assert "1 built, 1 failed of the items asked for" in day.failed.out
    assert "what an earlier build made is untouched" in day.failed.out
    # although the notebook had saved its figure before it came to the slip
    assert len(day.before_failure) == 3
    assert day.after_failure == day.before_failure
    items = day.listed_after_failure["items"]
    assert (items[ONE]["current"], items[TWO]["current"]) == (False, True)


# --- what cannot be written ----------------------------------------------------------------------


@pytest.mark.parametrize("room", ["build", "figures"])
def test_a_file_in_the_place_of_a_folder_is_found_out_before_any_work(own, room, tmp_path):
    (own / room).rename(tmp_path / "earlier")
    (own / room).write_text("not a folder")
    before = own.content()
    run = own.run(*OURS)
    assert run.status == FAILED, run
    said = " ".join(run.errors.split())
    assert re.search(rf"{room}\S*: cannot be written: a file stands where a folder is needed", said)
    assert "Earlier results are untouched." in said
    assert run.steps == {}
    assert own.content() == before


def results(checkout: Checkout) -> dict[str, str]:
    """Return what earlier builds made; the manifest may say that it is no longer current."""
    found = checkout.content("build/synthetic/data", "build/synthetic/tables", "figures")
    return {name: checksum for name, checksum in found.items() if "manifest" not in name}


def test_a_write_that_ends_half_way_is_named_and_earlier_results_are_untouched(own):
    before = results(own)
    limited = ("sh", "-c", 'ulimit -f 100; exec "$@"', "sh")
    two = ("--data", "synthetic", "--only", TWO, "--workers", "1")
    run = own.run(*two, "--force", before=limited)
    assert run.status == FAILED, run
    assert run.steps["generate"] == "failed"
    assert re.search(r"data/\S+\.csv: cannot be written: the file is larger than", run.out), run
    assert "Earlier results are untouched." in run.out
    assert "Traceback" not in run.out + run.errors
    assert results(own) == before


def test_a_full_disk_is_named_and_earlier_results_are_untouched(own, tmp_path):
    tables, disk = own / "build/synthetic/tables", tmp_path / "disk"
    disk.mkdir()
    of_its_own = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    small = f"mount -t tmpfs -o size=256k tmpfs '{disk}'"
    try:
        subprocess.run([*of_its_own, small], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs a small disk of its own, which this system does not allow")
    script = (
        f"{small} && cp '{tables}'/* '{disk}' && mount --bind '{disk}' '{tables}' || exit 99\n"
        f"cat /dev/zero > '{tables}/filler' 2>/dev/null\n"
        f"\"$@\"; status=$?; rm '{tables}/filler'; cd '{tables}' && sha256sum *; exit $status"
    )
    before = results(own)
    code = own / "lendanear/tables/pilot.py"
    code.write_text(code.read_text(encoding="utf-8") + "\nEDITED = True\n", encoding="utf-8")
    two = ("--data", "synthetic", "--only", TWO, "--workers", "1")
    run = own.run(*two, before=[*of_its_own, script, "sh"])
    assert run.status == FAILED, run
    assert run.steps["tables.pilot"] == "failed"
    assert "pilot_ratings.parquet: cannot be written: the disk is full; free some space" in run.out
    assert "Earlier results are untouched." in run.out
    left = dict(re.findall(r"^([0-9a-f]{64})  (\S+)$", run.out, re.M))
    assert {
        f"build/synthetic/tables/{name}": sha for sha, name in left.items()
    }.items() <= before.items()
    assert len(left) == 2
    assert results(own) == before


# --- verifying -----------------------------------------------------------------------------------


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


HARM = {
    f"figures/synthetic/{ONE_STEM}_synthetic.png": (flip, "has changed: its sha256 is "),
    f"figures/synthetic/{TWO_STEM}_synthetic.csv": (Path.unlink, "is gone (its sha256 was "),
    "build/synthetic/data/elo_rankings.csv": (flip, "has changed: its sha256 is "),
    "figures/synthetic/figure_3b.png": (Path.touch, "was not made by the last build; do not rely"),
}
"""What may befall a build, to which file, and what is said of it."""


def test_each_file_that_was_altered_since_it_was_built_is_named_and_no_other(own):
    for name, (harm, _) in HARM.items():
        harm(own / name)
    run = own.run("--verify", "--data", "synthetic")
    assert run.status == FAILED, run
    differ = [line for line in run.out.splitlines() if line.startswith("differs")]
    assert len(differ) == len(HARM)
    for name, (_, says) in HARM.items():
        assert any(f"{name} {says}" in line for line in differ), name
    assert f"{len(HARM)} do not match" in run.out


def test_a_damaged_manifest_is_named_with_what_to_do(own):
    flip(own / "figures/synthetic/manifest.json")
    (own / "figures/synthetic/manifest.json").write_text('{"files": [')
    run = own.run("--verify")
    assert run.status == BAD_INPUT, run
    assert "figures/synthetic/manifest.json: cannot be read as a manifest" in run.errors
    assert "remove it and build again" in run.errors
