"""A process that has imported what every notebook imports, and forks a kernel whenever asked.

A fresh kernel spends about three seconds of a core on importing pandas, matplotlib and itself; a
build starts a dozen. Each forked kernel is still a process of its own, with nothing of another
notebook in it: the nursery itself never runs a cell.

It reads one JSON request per line from its standard input and answers each with the process id of
the kernel. It ends, and its kernels with it, when its input ends.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from typing import Any, Final

PRELOADED: Final = (
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.figure",
    "pandas",
    "pyarrow.parquet",
    "lendanear.figures.save",
    "lendanear.study",
)
"""What every notebook needs; what only some need is left to them."""


def main() -> None:
    """Import, say so, and serve requests until standard input ends."""
    for name in PRELOADED:
        importlib.import_module(name)
    # kernels are nobody's to wait for: let the system clear them away
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # an interrupt at the terminal is for the build, which then ends our input
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _answer({"ready": os.getpid()})
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become_kernel(request)
        _answer({"pid": pid})


def _answer(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _become_kernel(request: dict[str, Any]) -> None:
    """Turn this fork into a kernel; never returns.

    Parameters
    ----------
    request : dict
        ``argv`` (arguments of the kernel), ``env`` (its whole environment), ``cwd`` and ``log``
        (file that its own output is appended to).
    """
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    null = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["cwd"])
    sys.path[0] = request["cwd"]
    # the kernel watches the process that forked it, and ends itself when that is gone
    argv = [*request["argv"], f"--IPKernelApp.parent_handle={os.getppid()}"]
    sys.argv = ["ipykernel_launcher", *argv]
    from ipykernel.kernelapp import IPKernelApp

    try:
        IPKernelApp.launch_instance(argv=argv)
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
