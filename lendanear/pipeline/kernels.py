"""Kernels forked from a nursery, managed by jupyter_client like any other kernel."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from jupyter_client.provisioning import LocalProvisioner

from lendanear.paths import ROOT
from lendanear.pipeline.worker import THREAD_VARIABLES

_nursery: Nursery | None = None
_lock = threading.Lock()


class Nursery:
    """A running nursery (`lendanear.pipeline.nursery`) of this process."""

    def __init__(self) -> None:
        # a process with several threads must not be forked: neither numerical libraries nor the
        # memory allocator of Arrow may start any
        single = dict.fromkeys(THREAD_VARIABLES, "1")
        single["JE_ARROW_MALLOC_CONF"] = "background_thread:false"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lendanear.pipeline.nursery"],
            cwd=ROOT,
            env={**os.environ, **single},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        atexit.register(self.close)
        self._read()

    @property
    def alive(self) -> bool:
        """Whether it can still fork."""
        return self._process.poll() is None

    def fork(self, argv: list[str], env: dict[str, str], cwd: str, log: Path) -> int:
        """Return the process id of a new kernel."""
        request = {"argv": argv, "env": env, "cwd": cwd, "log": str(log)}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._read()["pid"]

    def _read(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the process that starts kernels ended")
        return json.loads(line)

    def close(self) -> None:
        """End it and all kernels that it started."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def nursery() -> Nursery:
    """Return the nursery of this process, starting it first if there is none."""
    global _nursery
    with _lock:
        if _nursery is None or not _nursery.alive:
            _nursery = Nursery()
        return _nursery


def can_fork() -> bool:
    """Return whether kernels may be forked here.

    Only on Linux: the system libraries of macOS do not survive a fork, and Windows has none.
    """
    return sys.platform == "linux"


class ForkedProcess:
    """What jupyter_client asks of a kernel's process, for one that is not our own child."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """Return None while the kernel runs, else 0 (its real status is not ours to know)."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self) -> int:
        """Wait until the kernel has ended."""
        while self.poll() is None:
            time.sleep(0.02)
        return 0

    def send_signal(self, number: int) -> None:
        """Send the kernel a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the kernel."""
        self.send_signal(signal.SIGKILL)


class ForkedProvisioner(LocalProvisioner):
    """Starts kernels by forking the nursery instead of starting Python anew.

    Parameters
    ----------
    log : Path
        Where the kernel process itself writes.
    """

    log: Path = Path(os.devnull)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
        """Fork a kernel with the arguments that `cmd` gives the kernel's module."""
        argv = cmd[cmd.index("ipykernel_launcher") + 1 :]
        environment = {key: str(value) for key, value in kwargs["env"].items()}
        pid = nursery().fork(argv, environment, str(kwargs.get("cwd") or ROOT), self.log)
        self.process, self.pid, self.pgid = ForkedProcess(pid), pid, pid
        return self.connection_info
