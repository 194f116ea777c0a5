"""What decides whether a step is up to date: content, never modification times.

The same functions answer for pytask's nodes and for the quick look at its record, so the two cannot
disagree. Nothing here imports pytask or pandas.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from lendanear.files import sha256_of

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


def stripped_notebook(path: Path) -> list[dict[str, Any]]:
    """Return what a notebook computes: kind, tags and source of each cell, nothing else.

    Outputs, execution counts, cell ids, widget state, kernel names and editor settings are left
    out, and so is white space at line ends and around a cell.

    Parameters
    ----------
    path : Path
        A notebook in format 4.

    Returns
    -------
    list of dict
        One per cell that is not empty, with ``kind``, ``tags`` and ``source``.
    """
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = []
    for cell in notebook["cells"]:
        source = cell["source"]
        text = source if isinstance(source, str) else "".join(source)
        text = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
        if text:
            tags = sorted(cell.get("metadata", {}).get("tags", []))
            cells.append({"kind": cell["cell_type"], "tags": tags, "source": text})
    return cells
