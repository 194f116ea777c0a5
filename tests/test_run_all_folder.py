"""A reader's own folder: built under its name, labelled by what it holds, honest as it shrinks."""

from __future__ import annotations

import json
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

    First one item, by two Dask workers; then (``less``), without the file of that, every item of
    the paper.
    """

    checkout: Checkout
    folder: Path
    built: Run
    first: Path
    less: Run

    @property
    def figures(self) -> tuple[tuple[Path, str], tuple[Path, str]]:
        """Where the figures of the first and of the second item were saved when it was built."""
        now = self.checkout / "figures"
        return (self.first / "figures" / NAME, ONE_STEM), (now / NAME, TWO_STEM)


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
        built = checkout.run(*("--data", str(folder), "--only", ONE, "--scheduler", dask.address))
    finally:
        dask.close()
    shutil.copytree(checkout / "figures", place / "first/figures")
    shutil.copytree(checkout / f"build/{NAME}/results", place / "first/results")
    (folder / "elo_rankings.csv").unlink()
    less = checkout.run("--data", str(folder), "--only", "paper", "--workers", "1")
    return Own(checkout, folder, built, place / "first", less)


def test_results_lie_in_a_folder_of_the_same_name(own):
    assert own.built.status == 0, own.built
    assert "1 built of the items asked for" in own.built.out
    folder, stem = own.figures[0]
    assert {path.name for path in folder.iterdir()} == {
        *(f"{stem}_synthetic.{ending}" for ending in ("png", "svg", "csv")),
        *("published_vs_rebuilt.csv", "published_vs_rebuilt.html", "manifest.json"),
    }


def test_a_synthetic_study_is_labelled_synthetic_whatever_its_folder_is_called(own):
    for run in (own.built, own.less):
        assert "these files are synthetic, and every result will say so" in run.out
        assert f"{NAME} (SYNTHETIC: simulated people)" in run.out
    for folder, stem in own.figures:
        png, svg, said = stamps(folder, f"{stem}_synthetic")
        assert (png["data"], png["source"]) == ("synthetic", NAME)
        assert svg == png
        assert any(words.startswith("SYNTHETIC DATA") for words in said)
        assert set(pd.read_csv(folder / f"{stem}_synthetic.csv")["data"]) == {"synthetic"}
        page = (folder / "published_vs_rebuilt.html").read_text(encoding="utf-8")
        assert 'class="mark">SYNTHETIC DATA' in page
        compared = pd.read_csv(folder / "published_vs_rebuilt.csv")
        assert set(compared["verdict"]) == {"calibrated", "not computable"}
        why = compared.loc[compared["verdict"] == "calibrated", "reason"]
        assert why.str.startswith("synthetic data").all()
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["data"] == "synthetic"


def test_two_dask_workers_make_the_same_numbers_byte_for_byte_as_one_process(own, day):
    folder, stem = own.figures[0]
    here = day.checkout / f"figures/synthetic/{stem}_synthetic.csv"
    assert (folder / here.name).read_bytes() == here.read_bytes()
    results = sorted((own.first / "results").iterdir())
    assert len(results) >= 4
    for result in results:
        same = day.checkout / "build/synthetic/results" / result.name
        assert result.read_bytes() == same.read_bytes(), result.name


def test_what_is_missing_is_listed_with_a_way_to_place_it(own):
    assert "1 built, 24 not built of the items asked for" in own.less.out
    assert "not built, because all_themes is missing: 2B, 2C-personal, 2C-workplace" in own.less.out
    for name in ("experiment_1", "experiment_2", "all_themes", "elo_rankings"):
        missing = f"{name}: no file called {name}.csv lies in {own.folder} or below it; "
        assert missing in own.less.out
        assert f"and place it as {own.folder}/{name}.csv (" in own.less.out


def test_of_an_own_folder_only_what_is_asked_for_by_name_is_owed(own):
    assert own.less.status == 3, own.less
    run = own.checkout.run("--data", str(own.folder), "--only", TWO)
    assert run.status == 0, run
    run = own.checkout.run("--data", str(own.folder), "--prepare")
    assert run.status == 0, run
    assert "not built, because elo_rankings is missing: 6A" in run.out


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
