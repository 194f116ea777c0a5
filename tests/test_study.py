"""A notebook opens a source by name or folder, and is told what is missing and why."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from lendanear import study as room
from lendanear.errors import LendAnEarError, MissingDataError
from lendanear.study import Study, open_study
from lendanear.tables.store import write_table

FILES = [
    {
        "key": "elo_rankings",
        "group": "elo_rankings",
        "name": "elo_rankings.csv",
        "sha256": "e" * 64,
    },
    {"key": "gpt_ratings", "group": "pilot", "name": "gpt_ratings.csv", "sha256": "a" * 64},
]


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A source called `mine` that has been built, with one small table and one result."""
    monkeypatch.setattr(room, "BUILD", tmp_path / "build")
    monkeypatch.setattr(room, "FIGURES", tmp_path / "figures")
    folder = tmp_path / "build" / "mine"
    folder.mkdir(parents=True)
    described = {"name": "mine", "synthetic": False, "files": FILES}
    (folder / "source.json").write_text(json.dumps(described), encoding="utf-8")
    write_table(pd.DataFrame({"elo_rating": [1500.0]}), folder / "tables" / "elo.parquet")
    write_table(pd.DataFrame({"r": [0.85]}), folder / "results" / "elo.summary.parquet")
    return tmp_path


def test_a_built_source_opens_by_name_and_by_folder(built, monkeypatch):
    monkeypatch.chdir(built)
    for data in ("mine", "./mine", str(built / "elsewhere" / "mine")):
        study = open_study(data, seed=3)
        assert study.name == "mine"
        assert study.table("elo")["elo_rating"].tolist() == [1500.0]
        assert study.result("elo", "summary")["r"].tolist() == [0.85]
        assert study.parameters == {"data": "mine", "seed": 3}


def test_a_missing_table_names_the_file_it_is_made_from(built):
    with pytest.raises(MissingDataError, match=r"'themes'.*'all_themes'"):
        open_study("mine").table("themes")
    with pytest.raises(MissingDataError, match=r"effects\.fits.*run_all\.py --data path/to/mine"):
        open_study("mine").result("effects", "fits")


def test_a_table_whose_file_is_there_has_only_to_be_made(built):
    (built / "build" / "mine" / "tables" / "elo.parquet").unlink()
    with pytest.raises(MissingDataError, match=r"'elo' yet.*run_all\.py --data path/to/mine --p"):
        open_study("mine").table("elo")


def test_an_unknown_item_lists_the_known_ones(built):
    with pytest.raises(LendAnEarError, match="3A, reliability, 3B"):
        open_study("mine").save_table(pd.DataFrame(), "3Z")


def test_a_stamp_names_only_the_files_of_its_item(built):
    study = open_study("mine")
    frame = pd.DataFrame({"x": [1]})
    study.save_table(frame, "pilot")
    page = (built / "figures" / "mine" / "pilot_agreement.html").read_text(encoding="utf-8")
    assert "gpt_ratings.csv" in page
    assert "elo_rankings.csv" not in page


@pytest.mark.parametrize(("synthetic", "ending"), [(True, "_synthetic"), (False, "")])
def test_file_names_say_synthetic(synthetic, ending, tmp_path):
    study = Study("x", synthetic, False, [], tmp_path, tmp_path)
    study.save_table(pd.DataFrame({"x": [1]}), "EDT1")
    assert (tmp_path / f"extended_data_table_1{ending}.csv").exists()
