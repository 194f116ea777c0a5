"""Measuring one command: wall-clock time and the peak memory of all its processes together."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

_INTERVAL = 0.1
"""Seconds between two looks at the processes' memory."""


@dataclass(frozen=True)
class Measurement:
    """What one command took.

    Parameters
    ----------
    seconds : float
        Wall-clock time from start to exit.
    peak_mib : float
        Largest sum of the resident memory of the command and its descendants, in MiB. Pages that
        processes share count once for each, so this is an upper bound.
    output : str
        What it printed.
    """

    seconds: float
    peak_mib: float
    output: str


def measure(command: Sequence[str], *, folder: Path, environment: dict[str, str]) -> Measurement:
    """Run a command to its end and measure it.

    Raises
    ------
    RuntimeError
        If it exits with another status than 0; the message ends with what it printed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    peak = 0.0
    finished = threading.Event()

    def watch() -> None:
        nonlocal peak
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(process.pid)
            while not finished.wait(_INTERVAL):
                total = 0
                for member in [root, *root.children(recursive=True)]:
                    with suppress(psutil.NoSuchProcess):
                        total += member.memory_info().rss
                peak = max(peak, total / 2**20)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - start
    finished.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError(
            f"{' '.join(command)} exited with {process.returncode}:\n{output[-4000:]}"
        )
    return Measurement(seconds, peak, output)
