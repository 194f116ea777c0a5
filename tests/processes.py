"""Processes beside a test: waiting for what they do, and a cluster of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
from tiny_steps import HERE

from lendanear.paths import ROOT

PATIENCE = 180
"""Seconds after which a test gives up waiting, on a loaded machine too."""


def wait_for(condition, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


class Cluster:
    """A Dask scheduler and its workers, as processes of their own.

    The workers import the package from the checkout `root`; `modules` is a folder of theirs.
    """

    def __init__(self, folder: Path, workers: int = 2, *, root: Path = ROOT) -> None:
        self.modules = folder / "modules"
        self.modules.mkdir()
        self._file = folder / "scheduler.json"
        self._folder, self._root = folder, root
        self._processes: list[subprocess.Popen] = []
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-show")
        wait_for(self._file.is_file, "the scheduler")
        if workers:
            self._start("worker", "--nworkers", str(workers), "--nthreads", "1")
        log = folder / "scheduler.log"
        wait_for(lambda: log.read_text().count("Register worker") == workers, "the workers")

    def _start(self, kind: str, *arguments: str) -> None:
        command = [sys.executable, "-m", "dask", kind, "--scheduler-file", str(self._file)]
        search = os.pathsep.join(map(str, (self.modules, HERE, self._root)))
        with (self._folder / f"{kind}.log").open("w") as log:
            process = subprocess.Popen(
                [*command, "--dashboard-address", "127.0.0.1:0", *arguments],
                env={**os.environ, "PYTHONPATH": search},
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )
        self._processes.append(process)

    @property
    def address(self) -> str:
        return json.loads(self._file.read_text())["address"]

    def close(self) -> None:
        for process in self._processes:
            # a worker's own goodbye takes eight seconds
            for other in psutil.Process(process.pid).children(recursive=True):
                other.kill()
            process.kill()
            process.wait(PATIENCE)
