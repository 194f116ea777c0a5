"""Whether a file is what it should be, and if not, what it is instead and how to get the right one.

Nothing here needs more than the standard library: the check runs at the start of every run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lendanear.errors import DataError, IntegrityError
from lendanear.files import git_blob_id_of, sha256_of

if TYPE_CHECKING:
    from lendanear.sources.registry import PinnedFile

LFS_POINTER: Final = b"version https://git-lfs.github.com/spec/"
"""How the small text begins that Git LFS leaves in place of a large file."""

_HEAD: Final = 2048


@dataclass(frozen=True)
class Other:
    """Something that is not the file it is named after, and how to get that one."""

    what: str
    remedy: str


def recognise(path: Path) -> Other | None:
    """Say what a would-be CSV file really is, if that can be told from its beginning.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    Other or None
        What it is and how to get the right file; None if it may well be what its name says.
    """
    path = Path(path)
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Other(
            "this is UTF-16 text ('Unicode text' in a spreadsheet), not UTF-8",
            "Save it again as 'CSV UTF-8 (comma delimited)'",
        )
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if not text:
        return Other("the file is empty", "Take it again from where it came from")
    if head.startswith(LFS_POINTER):
        return Other(
            "this is a Git LFS pointer, a few lines that stand for a large file, not the file",
            "In a clone of the repository run 'git lfs pull' and copy the file again, or download "
            "it from its media address",
        )
    if text.startswith((b"<!doctype html", b"<html", b"<?xml", b"<head", b"<body")) or (
        text.startswith(b"<") and b"<html" in text
    ):
        return Other(
            "this is an HTML page saved under the file's name, usually a sign-in or error page",
            "Download the file itself: on GitHub use the 'Raw' or 'Download' button",
        )
    if text.startswith((b"404: not found", b"429: too many requests", b'{"message"')):
        return Other(
            f"this is a server's error message ({text[:40].decode(errors='replace')!r})",
            "Download the file again; if that fails, check its address",
        )
    if head.startswith(b"PK\x03\x04"):
        return Other(
            "this is a ZIP archive or an Excel workbook under the file's name",
            "Unpack it, or save the sheet as 'CSV UTF-8 (comma delimited)' with ids as text",
        )
    if head.startswith(b"\x1f\x8b"):
        return Other("this is a gzip archive under the file's name", "Unpack it with gunzip")
    if head.count(0) > len(head) / 4:
        return Other(
            "most of the file's beginning is NUL bytes (0x00): it holds no text, as a crash during "
            "writing leaves it",
            "Take it again from where it came from",
        )
    return None


def refuse_other_content(path: Path) -> None:
    """Raise if a would-be CSV file is recognisably something else.

    Raises
    ------
    IntegrityError
        If it is empty, a Git LFS pointer, an HTML page, an error message, an archive or no UTF-8.
    DataError
        If it cannot be read at all.
    """
    try:
        other = recognise(path)
    except OSError as error:
        raise DataError(
            f"the file cannot be read ({error.strerror})",
            file=path,
            remedy="Check the path, and that you may read it",
        ) from error
    if other is not None:
        raise IntegrityError(other.what, file=path, remedy=other.remedy)


def checksum(path: Path, kind: str) -> str:
    """Return the checksum of `path` of the given kind, ``sha256`` or ``git_blob``."""
    return {"sha256": sha256_of, "git_blob": git_blob_id_of}[kind](path)


def difference(path: Path, pinned: PinnedFile) -> Other | None:
    """Say what a file is that is not the pinned one; None if it may be another version of it."""
    other = recognise(path)
    size = Path(path).stat().st_size
    if other is not None:
        return other
    if pinned.size is not None and size < pinned.size:
        return Other(
            f"the file is smaller than the pinned one: {size:,} of {pinned.size:,} bytes, as an "
            "interrupted download leaves it",
            "Download it again",
        )
    return None


def verify(path: Path, pinned: PinnedFile) -> str:
    """Check that a file is the pinned one, byte for byte.

    Parameters
    ----------
    path : Path
        The file.
    pinned : PinnedFile
        What it should be.

    Returns
    -------
    str
        The checksum, of the kind the file is pinned by.

    Raises
    ------
    IntegrityError
        If it is not. The message says what the file is instead (empty, LFS pointer, HTML page,
        smaller, or simply another file), gives both checksums and says how to get the right one.
    """
    path = Path(path)
    found = checksum(path, pinned.integrity.kind)
    if found == pinned.integrity.value:
        return found
    instead = difference(path, pinned)
    remedy = f"The right file is at {pinned.url}"
    raise IntegrityError(
        instead.what if instead else "this is not the pinned file, its content differs",
        file=path,
        found=f"{pinned.integrity.kind} {found}",
        allowed=f"{pinned.integrity.kind} {pinned.integrity.value}",
        remedy=f"{instead.remedy}. {remedy}" if instead else remedy,
    )
