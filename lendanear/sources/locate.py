"""Finding the study's files under a folder, by name, and saying of each what it is."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lendanear.errors import DataError
from lendanear.files import sha256_of
from lendanear.sources.fields import fields_of_any_length
from lendanear.sources.integrity import checksum, difference
from lendanear.sources.registry import PinnedFile
from lendanear.vocabulary import SYNTHETIC_ID_PREFIX, SYNTHETIC_PERSON_PREFIX, slug

_SKIPPED: Final = {"__pycache__", "node_modules", "__MACOSX"}
_CONVERSATION_FIELDS: Final = {"conversation_id", "conversation_left_id", "conversation_right_id"}
_PERSON_FIELDS: Final = {"user_id", "participant_id"}


@dataclass(frozen=True)
class Located:
    """A known file that was found.

    Parameters
    ----------
    file : PinnedFile
        What it is called after.
    path : Path
        Where it lies.
    sha256 : str
        SHA-256 of its content.
    pinned : bool
        Whether it is the pinned file, byte for byte.
    note : str
        One sentence for the reader; names both checksums if it differs.
    """

    file: PinnedFile
    path: Path
    sha256: str
    pinned: bool
    note: str


def locate(folder: Path, registry: Mapping[str, PinnedFile]) -> dict[str, Located]:
    """Find the known files by name at any depth under a folder.

    Case of the name does not matter; hidden folders are passed over.

    Parameters
    ----------
    folder : Path
        Where to look.
    registry : mapping of str to PinnedFile
        The known files.

    Returns
    -------
    dict of str to Located
        Those that were found, by key, in the order of `registry`.

    Raises
    ------
    DataError
        If there is no such folder, or two files of one name differ: it names both.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(
            "this is not a folder" if folder.exists() else "there is no such folder",
            file=folder,
            remedy="Name the folder that holds the study's files",
        )
    by_name = {file.name.casefold(): file for file in registry.values()}
    found: dict[str, list[Path]] = {}
    for path in _walk(folder):
        file = by_name.get(path.name.casefold())
        if file is not None and path.parent.name not in file.other_folders:
            found.setdefault(file.key, []).append(path)
    return {
        key: describe(_only(file, sorted(found[key])), file)
        for key, file in registry.items()
        if key in found
    }


def _walk(folder: Path) -> Iterator[Path]:
    """Yield every file below `folder`, each folder once even where links run in circles."""
    seen: set[str] = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(root)
        if real in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
        for name in names:
            if not name.startswith("."):
                yield Path(root, name)


def _only(file: PinnedFile, paths: list[Path]) -> Path:
    """Return the one path; of identical copies the first.

    Raises
    ------
    DataError
        If there are several and their content differs.
    """
    first, *others = paths
    for other in others:
        if other.stat().st_size != first.stat().st_size or sha256_of(other) != sha256_of(first):
            raise DataError(
                f"two different files are called {file.name}: {first} and {other}",
                remedy="Keep the one that is meant, rename or move the other, and run again",
            )
    return first


def describe(path: Path, file: PinnedFile) -> Located:
    """Say whether a file is the pinned one.

    Parameters
    ----------
    path : Path
        The file.
    file : PinnedFile
        What it is called after.

    Raises
    ------
    DataError
        If it cannot be read.
    """
    try:
        sha256 = sha256_of(path)
        kind = file.integrity.kind
        found = sha256 if kind == "sha256" else checksum(path, kind)
        pinned = found == file.integrity.value
        instead = None if pinned else difference(path, file)
    except OSError as error:
        raise DataError(f"the file cannot be read ({error.strerror})", file=path) from error
    note = f"the pinned public file ({file.integrity})"
    if not pinned:
        what = f" ({instead.what})" if instead else ""
        note = (
            f"differs from the pinned public file{what}: {kind} {found}, "
            f"expected {file.integrity.value}"
        )
    return Located(file, path, sha256, pinned, note)


def is_synthetic(path: Path) -> bool | None:
    """Tell from the first record whether a file belongs to the synthetic study.

    Returns
    -------
    bool or None
        None if the file has no record or no identifier to tell it by.
    """
    try:
        with (
            fields_of_any_length(),
            Path(path).open(encoding="utf-8-sig", newline="", errors="replace") as stream,
        ):
            reader = csv.reader(stream)
            header, record = next(reader), next(reader)
    except (StopIteration, csv.Error):
        return None
    marks = [
        value.startswith(SYNTHETIC_ID_PREFIX)
        if slug(name) in _CONVERSATION_FIELDS
        else value.startswith(SYNTHETIC_PERSON_PREFIX)
        for name, value in zip(header, record, strict=False)
        if slug(name) in _CONVERSATION_FIELDS | _PERSON_FIELDS
    ]
    return any(marks) if marks else None
