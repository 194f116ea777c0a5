"""From a folder or `public` to the files used: what is found, refused or missing, and why."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import factories
import pytest
from scripted_server import Server, sends, server, without_proxy

from lendanear.errors import DataError, IntegrityError, LendAnEarError
from lendanear.sources.locate import is_synthetic, locate
from lendanear.sources.registry import Integrity, read_registry
from lendanear.sources.resolve import resolve, source_name
from lendanear.synthetic import simulate
from lendanear.tables import build_tables
from lendanear.tables.pilot import RATING_FILES
from lendanear.tables.store import read_table

__all__ = ["server", "without_proxy"]  # fixtures

REGISTRY = read_registry()
DIFFERING = {
    "gemini_ratings",
    "sample_lend_an_ear_conversations",
    "sample_lend_an_ear_annotations",
}
"""Files beside the checkout that lost the texts of twenty conversations."""


@pytest.fixture
def study(tmp_path) -> Path:
    """Return a folder with the four files of a tiny study."""
    folder = tmp_path / "my study"
    factories.write_study(folder)
    return folder


@pytest.fixture(scope="module")
def invented(tmp_path_factory) -> Path:
    """Return a folder with two small files of the synthetic study."""
    folder = tmp_path_factory.mktemp("invented")
    frames = simulate(1)
    for key in ("elo_rankings", "experiment_2"):
        frames[key].head(20).to_csv(folder / f"{key}.csv", index=False)
    return folder


def nowhere() -> str:
    """Return the address of a port where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


# --- finding -----------------------------------------------------------------------------------


def test_files_are_found_by_name_at_any_depth_in_any_case(study, tmp_path):
    (study / "a" / "b c").mkdir(parents=True)
    (study / "experiment_1.csv").rename(study / "a" / "b c" / "Experiment_1.CSV")
    found = locate(study, REGISTRY)
    assert list(found) == ["experiment_1", "experiment_2", "elo_rankings", "all_themes"]
    assert found["experiment_1"].path == study / "a" / "b c" / "Experiment_1.CSV"


def test_of_each_file_it_is_said_that_it_differs_with_both_checksums(study):
    for key, item in locate(study, REGISTRY).items():
        assert not item.pinned
        assert REGISTRY[key].integrity.value in item.note
        assert item.sha256 == hashlib.sha256(item.path.read_bytes()).hexdigest()
        assert item.sha256 in item.note or REGISTRY[key].integrity.kind == "git_blob"


def test_a_note_says_what_lies_there_instead(study):
    path = study / "experiment_1.csv"
    path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    assert "Git LFS pointer" in locate(study, REGISTRY)["experiment_1"].note
    path.write_bytes(b"<html><body>404</body></html>")
    assert "HTML page" in locate(study, REGISTRY)["experiment_1"].note
    path.write_bytes(b"id\n1\n")
    assert "5 of 65,160,966 bytes" in locate(study, REGISTRY)["experiment_1"].note


def test_identical_copies_are_one_file_and_different_ones_are_both_named(study):
    (study / "copy").mkdir()
    other = study / "copy" / "ELO_rankings.csv"
    shutil.copy(study / "elo_rankings.csv", other)
    assert locate(study, REGISTRY)["elo_rankings"].path == other
    other.write_text(other.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="two different files are called") as caught:
        locate(study, REGISTRY)
    for part in (str(other), str(study / "elo_rankings.csv"), "Keep the one that is meant"):
        assert part in str(caught.value)


def test_hidden_folders_and_half_written_files_are_passed_over(study):
    (study / ".git").mkdir()
    (study / ".git" / "experiment_1.csv").write_text("other", encoding="utf-8")
    (study / ".aside-x.csv").write_text("other", encoding="utf-8")
    assert locate(study, REGISTRY)["experiment_1"].path == study / "experiment_1.csv"


def test_folders_of_the_pilot_repository_about_other_conversations_are_passed_over(tmp_path):
    for place in ("lend_an_ear", "epitome"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "gpt_ratings.csv").write_text(place, encoding="utf-8")
    assert locate(tmp_path, REGISTRY)["gpt_ratings"].path.parent.name == "lend_an_ear"


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs symbolic links")
def test_links_that_run_in_circles_end(study):
    (study / "round").symlink_to(study, target_is_directory=True)
    assert len(locate(study, REGISTRY)) == 4


@pytest.mark.parametrize(
    ("make", "says"),
    [(lambda p: None, "there is no such folder"), (lambda p: p.touch(), "this is not a folder")],
)
def test_a_folder_that_is_none_is_named(make, says, tmp_path):
    make(tmp_path / "data")
    with pytest.raises(DataError, match=says) as caught:
        locate(tmp_path / "data", REGISTRY)
    assert str(tmp_path / "data") in str(caught.value)
    assert "Name the folder" in str(caught.value)


# --- synthetic or real ---------------------------------------------------------------------------


def test_the_data_say_whether_they_are_synthetic(study, invented):
    assert is_synthetic(study / "elo_rankings.csv") is False
    assert is_synthetic(invented / "elo_rankings.csv") is True
    assert is_synthetic(invented / "experiment_2.csv") is True


def test_the_mark_is_found_behind_a_very_long_conversation(tmp_path):
    raw = factories.experiment_1(1).head(1)
    raw["conversation"] = "Seeker: " + "x" * 200_000
    raw["conversation_id"] = "99990000000000000001"
    raw = raw[["conversation", *raw.columns.drop("conversation")]]
    assert is_synthetic(factories.write_csv(raw, tmp_path / "experiment_1.csv")) is True


@pytest.mark.parametrize("content", ["", "conversation_id\n", "a,b\n1,2\n"])
def test_a_file_without_identifiers_does_not_say(content, tmp_path):
    path = tmp_path / "f.csv"
    path.write_text(content, encoding="utf-8")
    assert is_synthetic(path) is None


def test_a_folder_that_holds_synthetic_files_is_synthetic_whatever_it_is_called(invented):
    assert resolve(invented, name="real_people").synthetic
    assert resolve(invented, name="synthetic", synthetic=True).synthetic


def test_real_files_are_not_synthetic_and_not_said_to_be(study):
    assert not resolve(study).synthetic
    with pytest.raises(DataError, match="not of the synthetic study"):
        resolve(study, name="synthetic", synthetic=True)


def test_synthetic_and_real_files_together_are_refused_with_their_names(study, invented):
    shutil.copy(invented / "elo_rankings.csv", study / "elo_rankings.csv")
    with pytest.raises(DataError, match="synthetic and real files lie together") as caught:
        resolve(study)
    for part in ("elo_rankings.csv belongs to", "experiment_1.csv", "separate folders"):
        assert part in str(caught.value)


def test_synthetic_and_real_rows_in_one_file_are_refused(study, tmp_path):
    file = study / "elo_rankings.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[5] = lines[5].replace(lines[5].split(",")[1], "99990000000000000001")
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"row 6, field 'conversation_id'.*stand in one file"):
        build_tables("elo_rankings", file, tmp_path / "out")


def test_synthetic_and_real_people_in_one_file_are_refused(study, tmp_path):
    themes = factories.all_themes(factories.experiment_1())
    themes.loc[3, "user_id"] = "synthetic-000001"
    file = factories.write_csv(themes, study / "all_themes.csv")
    with pytest.raises(DataError, match=r"row 5, field 'user_id'.*synthetic and real people"):
        build_tables("all_themes", file, tmp_path / "out")


# --- a folder of one's own -----------------------------------------------------------------------


def test_a_folder_is_used_as_it_is_and_what_it_lacks_is_listed_with_a_way(study):
    source = resolve(study)
    assert source.name == "my_study"
    assert [file.key for file in source.files] == list(factories.write_study(study))
    assert all(not file.pinned and "differs" in file.note for file in source.files)
    missing = {item.key: item for item in source.missing}
    assert set(missing) == set(REGISTRY) - {file.key for file in source.files}
    assert "no file called gpt_ratings.csv" in missing["gpt_ratings"].reason
    assert str(study) in missing["gpt_ratings"].reason
    assert REGISTRY["gpt_ratings"].url in missing["gpt_ratings"].remedy


def test_a_folder_with_none_of_the_files_says_which_are_known(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError, match="none of the known files") as caught:
        resolve(tmp_path)
    assert "experiment_1.csv" in str(caught.value)


@pytest.mark.parametrize(
    ("folder", "name"),
    [("data", "data"), ("my data (1)", "my_data_1"), ("Größe", "Größe"), ("..x..", "x")],
)
def test_a_source_is_called_after_its_folder(folder, name, tmp_path):
    assert source_name(tmp_path / folder) == name


@pytest.mark.parametrize(
    "name", ["public", "Public", "synthetic", "SYNTHETIC", "(synthetic)", "sbc"]
)
def test_reserved_names_are_refused_with_another_one(name, tmp_path):
    with pytest.raises(LendAnEarError, match=r"is reserved for the .*Rename the folder.*my_"):
        source_name(tmp_path / name)


def test_a_folder_whose_name_leaves_nothing_is_refused(tmp_path):
    with pytest.raises(LendAnEarError, match="Copy or rename the folder"):
        source_name(tmp_path / "---")


# --- the public files ----------------------------------------------------------------------------


@pytest.fixture
def two_files(monkeypatch, without_proxy) -> dict[str, bytes]:
    """Shorten the registry to two files of known content."""
    study = factories.experiment_1()
    content = {
        "elo_rankings": factories.elo_rankings(study).to_csv(index=False).encode(),
        "all_themes": factories.all_themes(study).to_csv(index=False).encode(),
    }
    registry = {
        key: replace(
            REGISTRY[key],
            integrity=Integrity("sha256", hashlib.sha256(data).hexdigest()),
            size=len(data),
            url=f"https://raw.example.org/{key}.csv",
        )
        for key, data in content.items()
    }
    monkeypatch.setitem(resolve.__globals__, "read_registry", lambda: registry)
    return content


def public(raw: Path, **options):
    return resolve("public", raw=raw, **options)


def test_without_network_nothing_is_an_error_and_everything_has_a_way(two_files, tmp_path):
    source = public(tmp_path / "raw", base=nowhere())
    assert (source.name, source.synthetic, source.files) == ("public", False, ())
    assert [item.key for item in source.missing] == list(two_files)
    for item in source.missing:
        assert "cannot be reached" in item.reason
        assert f"place it as {tmp_path / 'raw'}" in item.remedy


def test_not_allowed_to_download_it_says_what_is_not_there(two_files, tmp_path):
    source = public(tmp_path / "raw", fetch=False)
    assert {item.reason for item in source.missing} == {
        f"{key}.csv is not in {tmp_path / 'raw'}" for key in two_files
    }
    assert not (tmp_path / "raw").exists()


def test_what_is_reachable_is_fetched_verified_and_used(two_files, server: Server, tmp_path):
    server.script = [sends(two_files["elo_rankings"]), sends(b"<html>no</html>")]
    source = public(tmp_path / "raw", base=server.base)
    assert [(file.key, file.pinned) for file in source.files] == [("elo_rankings", True)]
    (missing,) = source.missing
    assert missing.key == "all_themes"
    assert "HTML page" in missing.reason
    # the next run takes what is there and asks for the rest alone
    server.script = [sends(two_files["all_themes"])]
    server.asked.clear()
    source = public(tmp_path / "raw", base=server.base)
    assert [file.key for file in source.files] == list(two_files)
    assert source.missing == ()
    assert server.asked == ["/all_themes.csv"]


def test_a_wrong_file_is_named_with_both_checksums_and_not_used_nor_replaced(
    two_files, server: Server, tmp_path
):
    server.script = [sends(two_files["all_themes"])]
    wrong = two_files["elo_rankings"] + b"\n"
    (tmp_path / "elo_rankings.csv").write_bytes(wrong)
    source = public(tmp_path, base=server.base)
    assert [file.key for file in source.files] == ["all_themes"]
    (missing,) = source.missing
    for part in (
        str(tmp_path / "elo_rankings.csv"),
        "is not used",
        hashlib.sha256(wrong).hexdigest(),
        hashlib.sha256(two_files["elo_rankings"]).hexdigest(),
    ):
        assert part in missing.reason
    assert "--accept elo_rankings" in missing.remedy
    assert (tmp_path / "elo_rankings.csv").read_bytes() == wrong


def test_a_wrong_file_is_used_once_the_reader_says_so(two_files, tmp_path):
    (tmp_path / "elo_rankings.csv").write_bytes(two_files["elo_rankings"] + b"\n")
    (file,) = public(tmp_path, accept=["elo_rankings"], fetch=False).files
    assert not file.pinned
    assert file.note.endswith("accepted explicitly")
    with pytest.raises(LendAnEarError, match="'elo'; known: elo_rankings, all_themes"):
        public(tmp_path, accept=["elo"], fetch=False)


def test_a_synthetic_file_never_passes_for_a_public_one(two_files, invented, tmp_path):
    shutil.copy(invented / "elo_rankings.csv", tmp_path)
    assert public(tmp_path, fetch=False).files == ()
    with pytest.raises(DataError, match="belongs to the synthetic study"):
        public(tmp_path, accept=["elo_rankings"], fetch=False)


# --- the real files beside the checkout -----------------------------------------------------------


def test_the_real_elo_file_is_the_pinned_one_and_three_pilot_files_are_named(shared_data):
    source = resolve(shared_data, name="shared")
    assert not source.synthetic
    by_key = {file.key: file for file in source.files}
    assert by_key["elo_rankings"].pinned
    assert {key for key, file in by_key.items() if not file.pinned} == DIFFERING
    for key in DIFFERING:
        assert REGISTRY[key].integrity.value in by_key[key].note
        assert by_key[key].sha256 in by_key[key].note
    assert {item.key for item in source.missing} == {"experiment_1", "experiment_2", "all_themes"}


def test_the_real_elo_table_has_the_published_shape(shared_data, tmp_path):
    (path,) = build_tables("elo_rankings", shared_data / "study" / "elo_rankings.csv", tmp_path)
    elo = read_table(path)
    assert len(elo) == 1924
    assert (elo["conversation_number"] == 1).sum() == 968
    assert set(elo.loc[elo["conversation_number"] > 1, "arm"]) == {"coach", "combined"}


def test_the_real_pilot_ratings_are_usable_without_their_texts(shared_data, tmp_path):
    found = locate(shared_data / "pilot", REGISTRY)
    files = {key: found[key].path for key in RATING_FILES}
    (path,) = build_tables("pilot", files, tmp_path)
    ratings = read_table(path)
    assert ratings.groupby("rater", observed=True)["conversation_id"].nunique().eq(50).all()
    assert len(ratings) == 7 * 50 * 6


def test_a_truncated_real_file_is_refused(shared_data, tmp_path):
    whole = (shared_data / "study" / "elo_rankings.csv").read_bytes()
    (tmp_path / "elo_rankings.csv").write_bytes(whole[: len(whole) // 2])
    note = locate(tmp_path, REGISTRY)["elo_rankings"].note
    assert f"{len(whole) // 2:,} of 167,171 bytes" in note
    with pytest.raises(DataError, match="cut off") as caught:
        build_tables("elo_rankings", tmp_path / "elo_rankings.csv", tmp_path / "out")
    assert not isinstance(caught.value, IntegrityError)
    assert not (tmp_path / "out").exists()
