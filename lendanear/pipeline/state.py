"""What decides whether a step is up to date: content, never modification times.

The same functions answer for pytask's nodes and for the quick look at its record, so the two cannot
disagree. Nothing here imports pytask or pandas.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lendanear.errors import LendAnEarError
from lendanear.files import sha256_of
from lendanear.paths import relative_to_checkout

_KNOWN: dict[tuple[str, int, int, int, int], str] = {}
"""Checksums taken in this process, by everything a file system says about a version of a file."""


def file_state(path: Path) -> str | None:
    """Return the SHA-256 of a file's content, or None if there is no such file.

    A checksum is reused within one process only, and only while inode, size and both times to the
    nanosecond are the same; the inode change time cannot be set back by ordinary means.
    """
    try:
        status = path.stat()
    except OSError:
        return None
    key = (str(path), status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    if key not in _KNOWN:
        try:
            _KNOWN[key] = sha256_of(path)
        except OSError:
            return None
    return _KNOWN[key]


def value_state(value: Any) -> str:  # noqa: ANN401
    """Return the SHA-256 of a value that JSON can hold; the order of keys does not matter."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Cell:
    """A notebook's cell; ``number`` counts from 1 as the reader sees them."""

    number: int
    kind: str
    tags: tuple[str, ...]
    source: str


def cells_of(path: Path) -> list[Cell]:
    """Return a notebook's cells without anything that running or opening it leaves behind.

    Outputs, execution counts, cell ids, widget state, kernel names and editor settings are left
    out, and so is white space at line ends and around a cell.

    Parameters
    ----------
    path : Path
        A notebook in format 4.

    Raises
    ------
    LendAnEarError
        If the file is no such notebook.
    """
    cells = []
    try:
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"], 1):
            text = "".join(cell["source"])
            text = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
            tags = tuple(sorted(cell.get("metadata", {}).get("tags", [])))
            cells.append(Cell(number, cell["cell_type"], tags, text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LendAnEarError(
            f"{relative_to_checkout(path)}: this is no Jupyter notebook in format 4 "
            f"({type(error).__name__}: {error})"
        ) from None
    return cells


def notebook_state(path: Path) -> str:
    """Return what stands for a notebook: kind, tags and source of its cells that are not empty."""
    return value_state([[c.kind, c.tags, c.source] for c in cells_of(path) if c.source])
