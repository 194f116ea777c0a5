"""The pinned public files, read from ``data/sources.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Literal

from lendanear.errors import LendAnEarError
from lendanear.paths import SOURCES


@dataclass(frozen=True)
class Integrity:
    """What the content of a pinned file is known by.

    ``kind`` is ``sha256`` or ``git_blob``; ``value`` is hexadecimal.
    """

    kind: Literal["sha256", "git_blob"]
    value: str

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


@dataclass(frozen=True)
class PinnedFile:
    """One public file, pinned to a commit and a checksum.

    Parameters
    ----------
    key : str
        Its name here: the table of ``[files]`` in data/sources.toml.
    group : str
        What it is used together with: ``pilot``, or its own key.
    repository, commit, path : str
        Where it stands on GitHub: ``owner/name``, 40 hexadecimal digits, path in the tree.
    integrity : Integrity
        What it is verified by.
    size : int or None
        Bytes, where known.
    lfs : bool
        Whether the repository keeps it with Git LFS.
    licence : str
        What its authors allow.
    url : str
        Where it is downloaded from.
    other_folders : tuple of str
        Folders of that repository with files of the same name that are something else.
    """

    key: str
    group: str
    repository: str
    commit: str
    path: str
    integrity: Integrity
    size: int | None
    lfs: bool
    licence: str
    url: str
    other_folders: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """File name without folders; unique among the pinned files."""
        return PurePosixPath(self.path).name

    def how_to_place(self, folder: Path) -> str:
        """Say how to get the file by hand into `folder`."""
        size = f", {self.size:,} bytes" if self.size is not None else ""
        return f"download {self.url} and place it as {folder / self.name} ({self.integrity}{size})"


@cache
def read_registry(path: Path = SOURCES) -> dict[str, PinnedFile]:
    """Return the pinned files by key, in the order of the registry.

    Parameters
    ----------
    path : Path
        The registry; data/sources.toml unless told otherwise.

    Raises
    ------
    LendAnEarError
        If the registry is not what it should be; the message names the entry.
    """
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise LendAnEarError(f"{path}: the list of pinned files cannot be read: {error}") from error
    files: dict[str, PinnedFile] = {}
    for key, entry in content.get("files", {}).items():
        try:
            files[key] = _pinned(key, entry, content)
        except KeyError as error:
            raise LendAnEarError(f"{path}: [files.{key}] lacks {error.args[0]!r}") from error
    names = [file.name.casefold() for file in files.values()]
    for file in files.values():
        if names.count(file.name.casefold()) > 1:
            raise LendAnEarError(f"{path}: two pinned files are called {file.name}")
    return files


def _pinned(key: str, entry: dict, content: dict) -> PinnedFile:
    repository = content["repositories"][entry["from"]]
    kind: Literal["sha256", "git_blob"] = "sha256" if "sha256" in entry else "git_blob"
    lfs = bool(entry.get("lfs", False))
    where = {
        "repository": repository["repository"],
        "commit": repository["commit"],
        "path": entry["path"],
    }
    return PinnedFile(
        key=key,
        group=entry.get("group", key),
        **where,
        integrity=Integrity(kind, entry[kind]),
        size=entry.get("size"),
        lfs=lfs,
        licence=repository["licence"],
        url=content["addresses"]["lfs" if lfs else "plain"].format(**where),
        other_folders=tuple(repository.get("other_folders", ())),
    )
