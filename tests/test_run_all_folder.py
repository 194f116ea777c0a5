"""A reader's own folder: built under its name, labelled by what it holds, honest as it shrinks."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from command import (
    ONE,
    ONE_STEM,
    TWO,
    TWO_STEM,
    Checkout,
    Run,
    stamps,
)
from processes import Cluster

NAME = "class_of_2026"


@dataclass(frozen=True)
class Own:
    """A folder with files of the exported synthetic study, and what was built from it.

    First both items, by two Dask workers; then (``less``) everything, without the file of the
    first.
    """

    checkout: Checkout
    folder: Path
    built: Run
    figures: Path
    less: Run


@pytest.fixture(scope="module")
def own(day, tmp_path_factory) -> Own:
    pytest.importorskip("distributed")
    place = tmp_path_factory.mktemp("own")
    checkout, folder = Checkout.new(place / "lend an ear"), place / "class of 2026"
    # the files that a build draws are those that `python -m lendanear.synthetic --export` writes
    drawn = day.checkout / "build/synthetic/data"
    shutil.copytree(drawn / "pilot", folder / "pilot")
    shutil.copy(drawn / "elo_rankings.csv", folder)
    (place / "dask").mkdir()
    dask = Cluster(place / "dask", root=checkout.folder)
    try:
        built = checkout.run(
            *("--data", str(folder), "--only", f"{ONE},{TWO}", "--scheduler", dask.address)
        )
    finally:
        dask.close()
    shutil.copytree(checkout / "figures", place / "with both")
    (folder / "elo_rankings.csv").unlink()
    less = checkout.run("--data", str(folder), "--workers", "1")
    return Own(checkout, folder, built, place / "with both" / NAME, less)


def test_what_the_files_allow_is_built_in_a_folder_of_its_own(own):
    assert own.built.status == 0, own.built
    assert "2 built of the items asked for" in own.built.out
    stems = {path.name.partition("_synthetic")[0] for path in own.figures.glob("*_synthetic.*")}
    assert stems == {ONE_STEM, TWO_STEM}


def test_a_synthetic_study_is_labelled_synthetic_whatever_its_folder_is_called(own):
    assert "these files are synthetic, and every result will say so" in own.built.out
    assert f"{NAME} (SYNTHETIC: simulated people)" in own.built.out
    for stem in (ONE_STEM, TWO_STEM):
        png, svg, said = stamps(own.figures, f"{stem}_synthetic")
        assert (png["data"], png["source"]) == ("synthetic", NAME)
        assert svg == png
        assert any(words.startswith("SYNTHETIC DATA") for words in said)
        table = pd.read_csv(own.figures / f"{stem}_synthetic.csv")
        assert set(table["data"]) == {"synthetic"}
    page = (own.figures / "published_vs_rebuilt.html").read_text(encoding="utf-8")
    assert 'class="mark">SYNTHETIC DATA' in page
    compared = pd.read_csv(own.figures / "published_vs_rebuilt.csv")
    assert set(compared["verdict"]) == {"calibrated", "not computable"}
    assert compared.loc[compared["verdict"] == "calibrated", "reason"].str.contains("synth").all()
    assert json.loads((own.figures / "manifest.json").read_text())["data"] == "synthetic"


def test_two_dask_workers_make_the_same_numbers_byte_for_byte_as_one_process(own, day):
    for stem in (ONE_STEM, TWO_STEM):
        name = f"{stem}_synthetic.csv"
        here = (day.checkout / "figures/synthetic" / name).read_bytes()
        assert (own.figures / name).read_bytes() == here


def test_what_is_missing_is_listed_with_a_way_to_place_it(own):
    assert own.less.status == 0, own.less
    assert re.search(r"^1 built, \d\d not built of the items asked for$", own.less.out, re.M)
    assert "not built, because all_themes is missing: 2B, 2C-personal, 2C-workplace" in own.less.out
    for name in ("experiment_1", "experiment_2", "all_themes", "elo_rankings"):
        assert (
            f"{name}: no file called {name}.csv lies in {own.folder} or below it; " in own.less.out
        )
        assert f"and place it as {own.folder}/{name}.csv (" in own.less.out


def test_an_item_that_was_asked_for_by_name_is_owed(own):
    run = own.checkout.run("--data", str(own.folder), "--only", f"{ONE},{TWO}")
    assert run.status == 3, run
    assert "1 up to date, 1 not built of the items asked for" in run.out


def test_a_figure_whose_data_was_taken_away_does_not_pass_for_a_current_one(own):
    leftovers = {f"figures/{NAME}/{ONE_STEM}_synthetic.{end}" for end in ("png", "svg", "csv")}
    assert all((own.checkout / name).is_file() for name in leftovers), "it is not ours to delete"
    (line,) = (
        line for line in own.less.out.splitlines() if line.startswith("left from an earlier")
    )
    assert all(name in line for name in leftovers)
    listed = own.checkout.manifest(NAME)
    assert listed["items"].keys() == {TWO}
    assert ONE in listed["not_built"]
    assert set(listed["leftovers"]) == leftovers
    compared = pd.read_csv(own.checkout / f"figures/{NAME}/published_vs_rebuilt.csv")
    assert set(compared.loc[compared["item"] == "Figure 6A", "verdict"]) == {"not computable"}

    verified = own.checkout.run("--verify", "--data", str(own.folder))
    assert verified.status == 1, verified
    for name in leftovers:
        assert f"{name} was not made by the last build; do not rely on it" in verified.out
    rows = own.checkout.run("--data", str(own.folder), "--list", "--only", f"{ONE},{TWO}").out
    assert "cannot be built, left from earlier" in " ".join(rows.split())
