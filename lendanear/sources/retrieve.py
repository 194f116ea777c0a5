"""Downloading pinned files: verified before use, placed in one step, offline is no error."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit
from urllib.request import getproxies

from lendanear.errors import IntegrityError
from lendanear.files import written_aside
from lendanear.sources.integrity import verify
from lendanear.sources.registry import PinnedFile

Progress = Callable[[str, int, int | None], None]
"""Told the key of a file, the bytes received so far and, where known, the bytes to come."""

USER_AGENT: Final = "lendanear (executable companion to arXiv 2603.15245; python-pooch)"
CONNECT_SECONDS: Final = 3.0
"""How long a host may take to answer at all."""
READ_SECONDS: Final = 30.0
"""How long a download may stand still."""
_ATTEMPTS: Final = 2
_CHUNK: Final = 1 << 17


@dataclass(frozen=True)
class Retrieved:
    """What became of one file.

    ``status`` is ``present`` (it was there, and is the pinned one), ``fetched``, ``mismatch``
    (what lies there, or what the server sent, is something else) or ``unreachable``; ``reason``
    explains the last two in a sentence.
    """

    file: PinnedFile
    path: Path
    status: Literal["present", "fetched", "mismatch", "unreachable"]
    reason: str = ""


def fetch(
    files: Iterable[PinnedFile],
    folder: Path,
    *,
    base: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Retrieved]:
    """Bring pinned files into a folder.

    A file that is there is verified and never overwritten. A download is verified before it
    appears under its name, so a killed run leaves nothing that could be taken for the file; the
    next run begins it again. Once a host cannot be reached, its other files are not tried.

    Parameters
    ----------
    files : iterable of PinnedFile
        What is wanted.
    folder : Path
        Where they go, under their names; made if missing.
    base : str, optional
        ``http://host:port`` that stands in for every host, for a mirror or a test.
    progress : callable, optional
        See `Progress`.

    Returns
    -------
    dict of str to Retrieved
        By key, in the order of `files`.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    results: dict[str, Retrieved] = {}
    wanted: list[tuple[PinnedFile, Path, str]] = []
    for file in files:
        path = Path(folder) / file.name
        if path.exists():
            results[file.key] = _present(file, path)
        else:
            results[file.key] = Retrieved(file, path, "unreachable")
            wanted.append((file, path, _address(file.url, base)))
    silent = _silent_hosts({url for _, _, url in wanted})
    for file, path, url in wanted:
        host = urlsplit(url).netloc
        if host in silent:
            results[file.key] = Retrieved(file, path, "unreachable", silent[host])
            continue
        results[file.key], lost = _download(file, path, url, progress)
        if lost:
            silent[host] = results[file.key].reason
    return results


def _address(url: str, base: str | None) -> str:
    return url if base is None else base.rstrip("/") + urlsplit(url).path


def _present(file: PinnedFile, path: Path) -> Retrieved:
    try:
        verify(path, file)
    except IntegrityError as error:
        return Retrieved(file, path, "mismatch", str(error))
    return Retrieved(file, path, "present")


def _silent_hosts(urls: Iterable[str]) -> dict[str, str]:
    """Return the hosts that do not answer, with the reason, within `CONNECT_SECONDS` for all.

    Asked before the download library is loaded: without a network a run should not wait for
    either. Behind a proxy the question makes no sense, and no host is called silent.
    """
    if getproxies():
        return {}
    places = {urlsplit(url).netloc: urlsplit(url) for url in urls}
    reasons = {host: f"{host} did not answer within {CONNECT_SECONDS:g} s" for host in places}

    def ask(host: str) -> None:
        place = places[host]
        port = place.port or (443 if place.scheme == "https" else 80)
        try:
            socket.create_connection((place.hostname or "", port), CONNECT_SECONDS).close()
        except OSError as error:
            reasons[host] = f"{host} cannot be reached ({error.strerror or error})"
        else:
            reasons.pop(host)

    # daemon threads, because looking up a name may take longer than anyone would wait
    threads = [threading.Thread(target=ask, args=(host,), daemon=True) for host in places]
    deadline = time.monotonic() + CONNECT_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return dict(reasons)


class _Bar:
    """What pooch takes for a progress bar: passes the numbers on."""

    def __init__(self, key: str, size: int | None, progress: Progress | None) -> None:
        self.total = 0
        self._key, self._size, self._progress = key, size, progress
        self._done = 0

    def update(self, count: int) -> None:
        self._done += count
        # after a server that does not say how long its answer is, pooch fills the bar with 0
        if count and self._progress is not None:
            # counted in whole chunks, so the last one may overshoot
            total = self._size or self.total or None
            done = self._done if total is None else min(self._done, total)
            self._progress(self._key, done, total)

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


def _download(
    file: PinnedFile, path: Path, url: str, progress: Progress | None
) -> tuple[Retrieved, bool]:
    """Download one file; also say whether its host is lost for the other files."""
    from pooch import HTTPDownloader
    from requests.exceptions import ConnectionError as NoConnection
    from requests.exceptions import HTTPError, RequestException, Timeout

    host = urlsplit(url).netloc
    reason = ""
    for _ in range(_ATTEMPTS):
        downloader = HTTPDownloader(
            progressbar=_Bar(file.key, file.size, progress),
            chunk_size=_CHUNK,
            headers={"User-Agent": USER_AGENT},
            timeout=(CONNECT_SECONDS, READ_SECONDS),
        )
        try:
            with written_aside(path) as aside:
                downloader(url, str(aside), None)
                verify(aside, file)
        except IntegrityError as error:
            return Retrieved(file, path, "mismatch", _sent(error, url)), False
        except HTTPError as error:
            status = error.response.status_code if error.response is not None else "an error"
            reason = f"{host} answered {status} for {url}"
            if isinstance(status, int) and status < 500:
                break
        except (NoConnection, Timeout) as error:
            return Retrieved(file, path, "unreachable", f"{host}: {_short(error)}"), True
        except RequestException as error:
            reason = f"the download from {host} broke off: {_short(error)}"
        else:
            return Retrieved(file, path, "fetched"), False
    return Retrieved(file, path, "unreachable", reason), False


def _sent(error: IntegrityError, url: str) -> str:
    """Say of a download what `verify` said of the temporary file."""
    return str(
        IntegrityError(
            error.problem,
            file=url,
            found=error.found,
            allowed=error.allowed,
            remedy="It was not kept. Run again later, or place the file by hand",
        )
    )


def _short(error: Exception) -> str:
    """Return the innermost reason of a nested network error."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
