"""Writing aside and renaming, and the two checksums the pinned files are known by."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lendanear.errors import OutputError

_CHUNK = 1 << 20
_ASIDE = ".aside-"
_LEFT_BEHIND_SECONDS = 600
_READ_ONLY = "the folder is read-only; choose or make a writable one"
_NO_FOLDER = "a file stands where a folder is needed; move it away"
_REASONS = {
    errno.ENOSPC: "the disk is full; free some space and run again",
    errno.EDQUOT: "the disk quota is used up; free some space and run again",
    errno.EFBIG: "the file is larger than this account may write; raise the limit (ulimit -f)",
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EEXIST: _NO_FOLDER,
}


def cannot_write(path: Path | str, error: OSError) -> OutputError:
    """Return the error for people that says why `path` cannot be written, and the way out."""
    reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
    return OutputError(f"{path}: cannot be written: {reason}. Earlier results are untouched.")


def check_writable(folder: Path) -> None:
    """Make `folder` and write in it, so that long work does not find out at its end that it cannot.

    Raises
    ------
    OutputError
        If the folder cannot be made, or nothing can be written in it; nothing is left behind.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(prefix=_ASIDE, dir=folder):
            pass
    except OSError as error:
        raise cannot_write(folder, error) from error


@contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` only if the block succeeds.

    A reader therefore never meets half a file, and an earlier result survives a failure.

    Raises
    ------
    OutputError
        If the folder is read-only or the disk is full; nothing is left behind.
    """
    path = Path(path)
    aside: Path | None = None
    try:
        with _explaining(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=_ASIDE, suffix=path.suffix, dir=path.parent)
            os.close(handle)
            aside = Path(name)
            yield aside
            # mkstemp makes files private; the finished file gets the usual permissions
            umask = os.umask(0)
            os.umask(umask)
            aside.chmod(0o666 & ~umask)
            aside.replace(path)
    finally:
        if aside is not None:
            with suppress(OSError):
                aside.unlink(missing_ok=True)


@contextmanager
def all_or_nothing(paths: Iterable[Path]) -> Iterator[None]:
    """Put files back as they were if the block fails, also those that were not there.

    For work that writes several files one after the other, each aside: what reads them must not
    meet some of this attempt and some of the one before.

    Parameters
    ----------
    paths : iterable of Path
        The files that the block may write.

    Raises
    ------
    OutputError
        If the folder is read-only or the disk is full.
    """
    earlier: dict[Path, Path | None] = dict.fromkeys(paths)
    try:
        for path in earlier:
            if path.is_file():
                with _explaining(path):
                    handle, name = tempfile.mkstemp(prefix=_ASIDE, dir=path.parent)
                    os.close(handle)
                    earlier[path] = Path(name)
                    shutil.copy2(path, name)
        try:
            yield
        except BaseException:
            for path, aside in earlier.items():
                if aside is None:
                    path.unlink(missing_ok=True)
                else:
                    aside.replace(path)
            raise
    finally:
        for aside in earlier.values():
            if aside is not None:
                with suppress(OSError):
                    aside.unlink(missing_ok=True)


@contextmanager
def _explaining(path: Path) -> Iterator[None]:
    """Turn what keeps a file from being written into an error for people."""
    try:
        yield
    except OSError as error:
        if error.errno in _REASONS:
            raise cannot_write(path, error) from error
        raise


def clear_asides(folder: Path) -> None:
    """Remove what killed processes have left half written below `folder`.

    A file that was written to in the last ten minutes may still be under way, and stays.
    """
    latest = time.time() - _LEFT_BEHIND_SECONDS
    for path in Path(folder).rglob(f"{_ASIDE}*"):
        with suppress(OSError):
            if path.stat().st_mtime < latest:
                path.unlink()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's content as 64 hexadecimal digits."""
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def git_blob_id_of(path: Path) -> str:
    r"""Return the id git gives a file: SHA-1 of ``blob <size>\0`` followed by the content."""
    path = Path(path)
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
