"""Files appear whole or not at all, one by one and several together; what is there survives."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lendanear import files
from lendanear.errors import OutputError
from lendanear.files import all_or_nothing, check_writable, written_aside


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_files_written_together_are_as_they_were_when_the_work_fails(tmp_path, error):
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    first.write_text("earlier")
    third.write_text("earlier")
    first.chmod(0o640)
    before = first.stat()
    with pytest.raises(error), all_or_nothing([first, second, third]):
        for path in (first, second):
            with written_aside(path) as aside:
                aside.write_text("of this attempt")
        third.unlink()
        raise error
    assert first.read_text() == third.read_text() == "earlier"
    assert (first.stat().st_mtime_ns, first.stat().st_mode) == (before.st_mtime_ns, before.st_mode)
    assert names(tmp_path) == {"first", "third"}


def test_files_written_together_stay_when_the_work_ends_well(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("earlier")
    with all_or_nothing([first, second]):
        for path in (first, second):
            path.write_text("new")
    assert first.read_text() == second.read_text() == "new"
    assert names(tmp_path) == {"first", "second"}


def test_without_room_for_the_earlier_files_the_work_does_not_begin(tmp_path, monkeypatch):
    first = tmp_path / "first"
    first.write_text("earlier")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files.shutil, "copy2", full)
    says = "first: cannot be written: the disk is full"
    with pytest.raises(OutputError, match=says), all_or_nothing([first]):
        pytest.fail("the work has begun")
    assert first.read_text() == "earlier"
    assert names(tmp_path) == {"first"}


def test_a_folder_that_can_be_written_is_made_and_left_empty(tmp_path):
    check_writable(tmp_path / "a" / "b")
    assert names(tmp_path / "a" / "b") == set()


def test_a_file_in_the_place_of_a_folder_is_named_with_a_way_out(tmp_path):
    (tmp_path / "a").write_text("no folder")
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        with pytest.raises(OutputError, match=f"{folder}: .* a file stands where a folder is"):
            check_writable(folder)
    assert (tmp_path / "a").read_text() == "no folder"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(OutputError, match="read-only"):
            check_writable(tmp_path)
    finally:
        tmp_path.chmod(0o755)


def test_a_read_only_file_system_is_named_to_root_too(tmp_path, monkeypatch):
    def refuse(**_: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(files.tempfile, "TemporaryFile", refuse)
    with pytest.raises(OutputError, match="the folder is read-only; choose or make a writable one"):
        check_writable(tmp_path)
