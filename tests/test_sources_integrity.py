"""The registry pins every file, and a file that is not the pinned one is known for what it is."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lendanear.errors import DataError, IntegrityError, LendAnEarError
from lendanear.files import git_blob_id_of, sha256_of
from lendanear.items import TABLE_FILES
from lendanear.sources.integrity import (
    LFS_POINTER,
    checksum,
    recognise,
    refuse_other_content,
    verify,
)
from lendanear.sources.registry import Integrity, PinnedFile, read_registry
from lendanear.vocabulary import RATER_KEYS

REGISTRY = read_registry()
HEX = {"sha256": 64, "git_blob": 40}


def pinned(content: bytes, *, kind: str = "sha256", size: int | None = None, folder) -> PinnedFile:
    """Return a pinned file of this content."""
    sample = folder / "sample"
    sample.write_bytes(content)
    return PinnedFile(
        key="ratings",
        group="ratings",
        repository="somebody/something",
        commit="0" * 40,
        path="data/ratings.csv",
        integrity=Integrity(kind, checksum(sample, kind)),
        size=size,
        lfs=False,
        licence="MIT",
        url="https://raw.example/somebody/something/ratings.csv",
    )


@pytest.mark.parametrize("file", REGISTRY.values(), ids=lambda file: file.key)
def test_every_file_is_pinned_by_a_well_formed_checksum_and_commit(file):
    assert re.fullmatch(rf"[0-9a-f]{{{HEX[file.integrity.kind]}}}", file.integrity.value)
    assert re.fullmatch(r"[0-9a-f]{40}", file.commit)
    assert file.size is None or file.size > 0
    assert file.licence


@pytest.mark.parametrize("file", REGISTRY.values(), ids=lambda file: file.key)
def test_every_address_names_repository_commit_and_path_on_the_right_host(file):
    address = urlsplit(file.url)
    assert address.scheme == "https"
    host = "media.githubusercontent.com" if file.lfs else "raw.githubusercontent.com"
    assert address.netloc == host
    prefix = "/media" if file.lfs else ""
    assert address.path == f"{prefix}/{file.repository}/{file.commit}/{file.path}"
    assert file.name == file.path.rsplit("/", 1)[-1]


def test_every_table_has_its_source_and_the_pilot_all_its_raters():
    groups = Counter(file.group for file in REGISTRY.values())
    assert set(TABLE_FILES.values()) <= set(groups)
    assert {f"{rater}_ratings" for rater in RATER_KEYS} <= set(REGISTRY)
    assert all(groups[key] == 1 for key in groups if key != "pilot")


def test_checksums_are_the_ones_the_reference_names():
    # stated independently of data/sources.toml: the facts the companion was asked to pin
    known = {
        "experiment_1": "2297b191e1f4023b8133edcabbbd7cfd3dd55671a26820540c9b49c0abb487d0",
        "elo_rankings": "6ef1b0ba0f5c4f4ad76ff2e61cbd5251dd1b11eed4efbe57a7e8f6f802225c77",
        "experiment_2": "940bbebc2d4b95f7d47ad84f80cb66ac5984b05f",
        "all_themes": "f093627638247b088c484166db342b9b967d4061",
    }
    assert {key: REGISTRY[key].integrity.value for key in known} == known
    assert REGISTRY["experiment_1"].lfs
    assert REGISTRY["experiment_1"].size == 65_160_966


def test_placing_by_hand_is_explained_with_address_place_and_checksum(tmp_path):
    text = REGISTRY["elo_rankings"].how_to_place(tmp_path)
    for part in (REGISTRY["elo_rankings"].url, str(tmp_path / "elo_rankings.csv"), "167,171 bytes"):
        assert part in text
    assert REGISTRY["elo_rankings"].integrity.value in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[files", "cannot be read"),
        ('[files.a]\nfrom = "x"\npath = "a.csv"\n', r"\[files\.a\] lacks 'repositories'"),
        (
            '[repositories.x]\nrepository = "o/n"\ncommit = "c"\nlicence = "l"\n'
            '[addresses]\nplain = "{path}"\n[files.a]\nfrom = "x"\npath = "a.csv"\n',
            r"\[files\.a\] lacks 'git_blob'",
        ),
        (
            '[repositories.x]\nrepository = "o/n"\ncommit = "c"\nlicence = "l"\n'
            '[addresses]\nplain = "{path}"\n'
            '[files.a]\nfrom = "x"\npath = "a.csv"\ngit_blob = "1"\n'
            '[files.b]\nfrom = "x"\npath = "sub/A.csv"\ngit_blob = "2"\n',
            "two pinned files are called",
        ),
    ],
)
def test_a_damaged_registry_is_named_with_its_entry(text, message, tmp_path):
    path = tmp_path / "sources.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LendAnEarError, match=message) as caught:
        read_registry(path)
    assert str(path) in str(caught.value)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("content", [b"", b"a,b\r\n1,2\r\n", bytes(range(256)) * 9000])
def test_git_blob_ids_are_what_git_says(content, tmp_path):
    path = tmp_path / "f.bin"
    path.write_bytes(content)
    said = subprocess.run(
        ["git", "hash-object", "--no-filters", str(path)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    assert git_blob_id_of(path) == said


def test_known_digests_of_the_empty_file(tmp_path):
    path = tmp_path / "empty"
    path.touch()
    assert sha256_of(path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert git_blob_id_of(path) == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@pytest.mark.parametrize("kind", ["sha256", "git_blob"])
def test_the_right_content_passes_and_one_flipped_bit_does_not(kind, tmp_path):
    content = b"a,b\n1,2\n"
    file = pinned(content, kind=kind, folder=tmp_path)
    path = tmp_path / "ratings.csv"
    path.write_bytes(content)
    assert verify(path, file) == file.integrity.value
    path.write_bytes(b"a,b\n1,3\n")
    with pytest.raises(IntegrityError, match="content differs") as caught:
        verify(path, file)
    message = str(caught.value)
    assert str(path) in message
    assert checksum(path, kind) in message, "the checksum found"
    assert file.integrity.value in message, "the checksum expected"
    assert file.url in message, "where the right one is"


OTHERS = {
    "empty": (b"", "the file is empty"),
    "blank": (b"\xef\xbb\xbf \r\n", "the file is empty"),
    "lfs pointer": (
        LFS_POINTER + b"v1\noid sha256:2297\nsize 65160966\n",
        "Git LFS pointer",
    ),
    "html": (b"<!DOCTYPE html>\n<html><title>Sign in</title></html>", "HTML page"),
    "html after a comment": (b"\n<!-- cached -->\n<html lang='en'>", "HTML page"),
    "error message": (b"404: Not Found", "server's error message"),
    "json error": (b'{"message": "Not Found"}', "server's error message"),
    "workbook": (b"PK\x03\x04\x14\x00", "Excel workbook"),
    "gzip": (b"\x1f\x8b\x08\x00", "gzip"),
    "utf-16": ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
    "zeros": (b"\0" * 4096, "NUL bytes"),
}


@pytest.mark.parametrize(("content", "what"), OTHERS.values(), ids=OTHERS)
def test_what_stands_in_for_a_csv_file_is_recognised_with_a_way_out(content, what, tmp_path):
    path = tmp_path / "experiment_1.csv"
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=what) as caught:
        refuse_other_content(path)
    assert str(path) in str(caught.value)
    assert caught.value.remedy
    file = pinned(b"something else", folder=tmp_path)
    with pytest.raises(IntegrityError, match=what) as caught:
        verify(path, file)
    assert caught.value.remedy.endswith(file.url)


def test_a_file_smaller_than_the_pinned_one_is_said_to_be_so(tmp_path):
    file = pinned(b"a,b\n1,2\n3,4\n", size=12, folder=tmp_path)
    path = tmp_path / "ratings.csv"
    path.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(IntegrityError, match=r"smaller.*8 of 12 bytes.*interrupted download"):
        verify(path, file)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(DataError, match=r"gone\.csv: the file cannot be read \(No such file"):
        refuse_other_content(tmp_path / "gone.csv")


@given(st.lists(st.lists(st.integers(), min_size=2, max_size=2), min_size=1, max_size=5))
def test_no_table_of_numbers_is_taken_for_something_else(tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "numbers.csv"
    path.write_text("a,b\n" + "\n".join(",".join(map(str, row)) for row in rows), encoding="utf-8")
    assert recognise(path) is None


def test_real_files_are_the_pinned_ones_except_the_three_that_lost_their_texts(shared_data):
    differing = {
        "gemini_ratings",
        "sample_lend_an_ear_conversations",
        "sample_lend_an_ear_annotations",
    }
    seen = set()
    for key, file in REGISTRY.items():
        for path in shared_data.rglob(file.name):
            seen.add(key)
            if key in differing:
                with pytest.raises(IntegrityError, match="Allowed: sha256"):
                    verify(path, file)
            else:
                assert verify(path, file) == file.integrity.value
            if file.size is not None:
                assert path.stat().st_size == file.size
    assert seen == set(REGISTRY) - {"experiment_1", "experiment_2", "all_themes"}
