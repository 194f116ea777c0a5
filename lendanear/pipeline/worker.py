"""Running one step, in whatever process the engine chose: log file, threads, time, errors."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
import traceback
import warnings
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from typing import TextIO

from lendanear.errors import LendAnEarError, OutputError
from lendanear.files import cannot_write, written_aside
from lendanear.pipeline.step import Step
from lendanear.provenance import git_state

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Read by the numerical libraries when they are first imported, and by kernels we start."""

_ONE_AT_A_TIME = threading.Lock()
"""A cluster worker may have several threads, but output and warnings belong to the process."""


class StepError(LendAnEarError):
    """A step that failed; the message is complete without a traceback, which is in the log."""


def run(step: Step, *, threads: int = 1, parent: int | None = None) -> None:
    """Run one step: its output goes to its log, and a small file beside that says how it was run.

    Parameters
    ----------
    step : Step
        The step.
    threads : int
        Threads that numerical libraries may use.
    parent : int, optional
        Process that must outlive this one: a worker whose build was killed stops, so that it
        cannot write results behind the next build's back.

    Raises
    ------
    StepError
        If the step fails for whatever reason; it can be sent between processes.
    """
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(threads)
    _follow(parent)
    with _ONE_AT_A_TIME:
        began, start = datetime.now(UTC), time.perf_counter()
        try:
            step.log.parent.mkdir(parents=True, exist_ok=True)
            step.log.unlink(missing_ok=True)
            # appended to by a notebook's kernel as well
            with step.log.open("a", encoding="utf-8", buffering=1) as log:
                _run_logged(step, log)
            with written_aside(step.last_run) as aside:
                about = {
                    "began": began.isoformat(timespec="seconds"),
                    "seconds": round(time.perf_counter() - start, 3),
                    "parameters": dict(step.parameters),
                    **git_state(),
                }
                aside.write_text(json.dumps(about), encoding="utf-8")
        except OSError as error:
            raise StepError(str(cannot_write(step.log, error))) from None
        except OutputError as error:
            raise StepError(str(error)) from None


def _run_logged(step: Step, log: TextIO) -> None:
    def show(message, category, filename, lineno, file=None, line=None) -> None:  # noqa: ANN001
        log.write(warnings.formatwarning(message, category, filename, lineno, line))

    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        with redirect_stdout(log), redirect_stderr(log), warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.showwarning = show
            step.call()
    except LendAnEarError as error:
        log.write(f"\n{error}\n")
        raise StepError(str(error)) from None
    except BaseException as error:
        traceback.print_exc(file=log)
        if isinstance(error, KeyboardInterrupt):
            raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise StepError(
            f"{type(error).__name__}: {error} ({place.filename}, line {place.lineno})"
        ) from None
    finally:
        root.removeHandler(handler)


def _follow(parent: int | None) -> None:
    """End this process when `parent` is gone, if it is its parent and that can be told."""
    if parent is None or not hasattr(os, "getppid") or os.getppid() != parent:
        return
    if any(thread.name == "lendanear-follow" for thread in threading.enumerate()):
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        sys.stderr.flush()
        os._exit(1)

    threading.Thread(target=watch, name="lendanear-follow", daemon=True).start()
