"""What every command that runs steps has in common: its options, its lock, its live display."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout
from rich.console import Console

from lendanear.files import cannot_write, check_writable
from lendanear.paths import BUILD, relative_to_checkout
from lendanear.pipeline.progress import BuildProgress
from lendanear.pipeline.record import RECORD, up_to_date
from lendanear.pipeline.step import Outcome, Step

OK, FAILED, BAD_INPUT, MISSING, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses; ``python run_all.py --help`` says what they mean."""
LOG_WIDTH: Final = 132
"""Columns of output that goes to a file."""
MOST_WORKERS: Final = 8
"""More processes than this rarely help: there are a dozen notebooks."""


def add_running_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where steps run, and which."""
    parser.add_argument(
        "--workers",
        type=positive,
        default=min(os.cpu_count() or 1, MOST_WORKERS),
        metavar="N",
        help="processes on this machine (default: %(default)s)",
    )
    parser.add_argument(
        "--scheduler", metavar="tcp://HOST:PORT", help="use the workers of a running Dask scheduler"
    )
    parser.add_argument("--force", action="store_true", help="run every step, up to date or not")


def positive(text: str) -> int:
    """Return a number of at least 1 from the command line."""
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1, not {text!r}")
    return number


def build(
    steps: Sequence[Step],
    options: argparse.Namespace,
    console: Console,
    *,
    root: Path = RECORD,
    keep_going: bool = False,
) -> dict[str, Outcome]:
    """Run what is not up to date and return every step's outcome by its id.

    Parameters
    ----------
    steps : sequence of Step
        The graph.
    options : argparse.Namespace
        The options of `add_running_options`.
    console : Console
        Where progress is shown.
    root : Path
        Folder of the record of what was built from what.
    keep_going : bool
        After an essential step fails, still run what does not depend on it.
    """
    current = set() if options.force else up_to_date(steps, root)
    if len(current) == len(steps):
        return {step.id: Outcome(step, "up to date") for step in steps}
    for folder in sorted({path.parent for step in steps for path in step.outputs.values()}):
        check_writable(folder)
    # imported here: pytask alone takes longer than finding out that nothing is to be done
    from lendanear.pipeline import engine

    with BuildProgress(console, len(steps)) as progress:
        outcomes = engine.build(
            steps,
            root=root,
            workers=options.workers,
            scheduler=options.scheduler,
            force=options.force,
            keep_going=keep_going,
            listener=progress,
        )
    return {outcome.step.id: outcome for outcome in outcomes}


@contextmanager
def alone(console: Console) -> Iterator[None]:
    """Let one build at a time write; a second one waits and says so.

    Raises
    ------
    OutputError
        If the build folder cannot be written.
    """
    lock = FileLock(BUILD / ".lock")
    try:
        BUILD.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            console.print("Another build is running in this checkout; waiting for it to end ...")
            lock.acquire()
    except OSError as error:
        raise cannot_write(relative_to_checkout(BUILD), error) from error
    try:
        yield
    finally:
        lock.release()
