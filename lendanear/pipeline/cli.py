"""The command line: ``python run_all.py``."""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from filelock import FileLock, Timeout
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lendanear.errors import LendAnEarError, OutputError
from lendanear.items import ITEMS, Item, select
from lendanear.paths import BUILD, relative_to_checkout
from lendanear.pipeline import graph, manifest, record
from lendanear.pipeline.graph import Plan
from lendanear.pipeline.origins import AUTO, origins
from lendanear.pipeline.progress import BuildProgress
from lendanear.pipeline.step import Outcome, Step
from lendanear.pipeline.summary import item_states, show_summary
from lendanear.sources.resolve import PUBLIC, SYNTHETIC

OK, FAILED, BAD_INPUT, MISSING, INTERRUPTED = 0, 1, 2, 3, 130
RECORD = BUILD / "record"
"""Where the engine keeps what was built from what."""
LOG_WIDTH = 132
"""Columns of output that goes to a file."""
MOST_WORKERS = 8
"""More processes than this rarely help: there are a dozen notebooks."""

_EPILOG = """\
exit status
  0  everything asked for was built or up to date
  1  a step failed; its log is named
  2  the command or the data is not right; the message says what is
  3  something asked for could not be built because files are missing

What is asked for: with --only, the items it names; with --data public, every item; otherwise all
that the files allow (at least one item). With --data auto the synthetic study gives every item, and
the public files what they allow; a missing network is no error.

examples
  python run_all.py                          everything, on public files as far as there are any
  python run_all.py --data synthetic         everything, on simulated people
  python run_all.py --data ~/study --only 3A,3B
  python run_all.py --explain                why each step would run
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="run_all.py",
        description="Rebuild every computed figure and table of the paper, and set every published "
        "number beside the rebuilt one.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data",
        default=AUTO,
        metavar="auto|public|synthetic|DIR",
        help="auto: the pinned public files as far as they can be had, and the synthetic study; "
        "DIR: a folder with files of your own (default: auto)",
    )
    parser.add_argument("--only", metavar="ITEMS", help="build only these items, e.g. 3B,6A")
    show = parser.add_mutually_exclusive_group()
    show.add_argument("--list", action="store_true", help="list the items and where they land")
    show.add_argument(
        "--explain", action="store_true", help="say why each step would run; run none"
    )
    show.add_argument("--dry-run", action="store_true", help="list the steps that would run")
    show.add_argument(
        "--verify",
        action="store_true",
        help="check every built file against its manifest, and say what no longer matches",
    )
    show.add_argument(
        "--prepare",
        action="store_true",
        help="only tables and results, for notebooks opened by hand",
    )
    parser.add_argument(
        "--workers",
        type=_positive,
        default=min(os.cpu_count() or 1, MOST_WORKERS),
        metavar="N",
        help="processes on this machine (default: %(default)s)",
    )
    parser.add_argument(
        "--scheduler", metavar="tcp://HOST:PORT", help="use the workers of a running Dask scheduler"
    )
    parser.add_argument(
        "--quick", action="store_true", help="shorten resampling; results are marked DRAFT"
    )
    parser.add_argument("--force", action="store_true", help="run every step, up to date or not")
    parser.add_argument(
        "--keep-going",
        action="store_true",
        help="after data, tables or a model fail, still build what does not need them (a failing "
        "notebook never stops the others)",
    )
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        metavar="KEY",
        help="use this file of data/raw although it differs from the pinned one (repeatable)",
    )
    parser.add_argument(
        "--no-fetch", action="store_true", help="download nothing; use what lies in data/raw"
    )
    return parser


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"a whole number of at least 1, not {text!r}")
    return number


@dataclass(frozen=True)
class Job:
    """What one run was asked to do with one source."""

    plan: Plan
    asked: tuple[Item, ...]
    steps: tuple[Step, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status (see ``--help``)."""
    parser = _parser()
    options = parser.parse_args(arguments)
    # written to a file or a log, eighty columns would fold every table
    console = Console(width=None if sys.stdout.isatty() else LOG_WIDTH)
    errors = Console(stderr=True)
    try:
        return _run(options, console)
    except LendAnEarError as error:
        errors.print(f"[bold red]run_all.py:[/] {escape(str(error))}", soft_wrap=True)
        return FAILED if isinstance(error, OutputError) else BAD_INPUT
    except KeyboardInterrupt:
        errors.print("run_all.py: interrupted; what was finished is kept, run again to go on")
        return INTERRUPTED


def _run(options: argparse.Namespace, console: Console) -> int:
    if options.verify:
        return _verify(options, console)
    only = select(options.only) if options.only else None
    found = origins(
        options.data,
        accept=options.accept,
        fetch=not options.no_fetch,
        progress=_download_lines(console),
    )
    plans = [graph.plan(origin, quick=options.quick) for origin in found]
    if options.list:
        return _list(plans, only or ITEMS, console)
    jobs = [_job(plan, only, prepare=options.prepare) for plan in plans]
    for job in jobs:
        _show_files(job.plan, console)
    steps = [step for job in jobs for step in job.steps]
    if options.explain or options.dry_run:
        return _explain(steps, options, console)
    with _alone(console):
        outcomes = _build(steps, options, console)
        for job in jobs:
            if job.steps and not options.prepare:
                manifest.write_manifest(job.plan)
    return _conclude(jobs, outcomes, options, console)


def _job(plan: Plan, only: tuple[Item, ...] | None, *, prepare: bool) -> Job:
    """Choose the steps of one source for what was asked."""
    if not plan.origin.files:
        return Job(plan, only or ITEMS, ())
    if prepare:
        wanted = [s.name for s in plan.steps if s.name.startswith(graph.PREPARING)]
        return Job(plan, (), tuple(graph.needed(plan.steps, wanted)))
    if only is None:
        return Job(plan, ITEMS, plan.steps)
    notebooks = dict.fromkeys(item.notebook for item in only if item.key not in plan.blocked)
    if not notebooks:
        return Job(plan, only, ())
    current = record.up_to_date(plan.steps, RECORD)
    wanted = [f"notebook.{name}" for name in notebooks]
    return Job(plan, only, tuple(graph.restricted(plan, wanted, current)))


def _build(
    steps: Sequence[Step], options: argparse.Namespace, console: Console
) -> dict[str, Outcome]:
    """Run what is not up to date and return every step's outcome by its id."""
    current = set() if options.force else record.up_to_date(steps, RECORD)
    if len(current) == len(steps):
        return {step.id: Outcome(step, "up to date") for step in steps}
    # imported here: pytask alone takes longer than finding out that nothing is to be done
    from lendanear.pipeline import engine

    with BuildProgress(console, len(steps)) as progress:
        outcomes = engine.build(
            steps,
            root=RECORD,
            workers=options.workers,
            scheduler=options.scheduler,
            force=options.force,
            keep_going=options.keep_going,
            listener=progress,
        )
    return {outcome.step.id: outcome for outcome in outcomes}


def _conclude(
    jobs: Sequence[Job],
    outcomes: dict[str, Outcome],
    options: argparse.Namespace,
    console: Console,
) -> int:
    """Print the summary and decide the exit status."""
    from lendanear.checks.summary import summary_table

    states = {job.plan.origin.name: item_states(job.plan, outcomes, job.asked) for job in jobs}
    if not options.prepare:
        for job in jobs:
            origin = job.plan.origin
            show_summary(console, job.plan, states[origin.name], outcomes)
            compared = origin.figures / "published_vs_rebuilt.csv"
            if compared.is_file() and job.steps:
                console.print(summary_table(compared))
    found = {outcome.state for outcome in outcomes.values()}
    if "interrupted" in found:
        return INTERRUPTED
    if "failed" in found:
        return FAILED
    if options.prepare:
        return OK if outcomes else MISSING
    return OK if _all_built(jobs, states, options) else MISSING


def _all_built(
    jobs: Sequence[Job],
    states: dict[str, dict[str, tuple[str, str]]],
    options: argparse.Namespace,
) -> bool:
    """Return whether everything asked for is there (see the epilog of ``--help``)."""
    built = {
        name: {key for key, (state, _) in found.items() if state in {"built", "up to date"}}
        for name, found in states.items()
    }
    for job in jobs:
        name = job.plan.origin.name
        everything = options.data == PUBLIC or options.only or name == SYNTHETIC
        if options.data == AUTO and name == PUBLIC:
            # the synthetic study gives every item; of the public files, what they allow
            everything = False
        blocked = set() if everything else set(job.plan.blocked)
        if {item.key for item in job.asked} - blocked - built[name]:
            return False
    return any(built.values())


def _list(plans: Sequence[Plan], items: Sequence[Item], console: Console) -> int:
    """Print the items, what each needs, and where it lands."""
    for plan in plans:
        origin = plan.origin
        title = f"{origin.name} ({'SYNTHETIC' if origin.synthetic else 'real data'})"
        table = Table(title=title, title_justify="left", title_style="bold", box=None)
        for name in ("item", "what", "needs", "lands in", "state"):
            table.add_column(name, overflow="fold")
        for item in items:
            files = graph.item_files(origin, item)
            there = all(path.is_file() for path in files)
            possible = item.key not in plan.blocked
            state = "built" if there else "can be built" if possible else "files are missing"
            lands = f"{relative_to_checkout(files[0].with_suffix(''))}.*"
            table.add_row(item.key, item.title, ", ".join(item.sources), lands, state)
        console.print(table)
    return OK


def _show_files(plan: Plan, console: Console) -> None:
    """Say of each file of a reader's own folder whether it is the pinned one."""
    origin = plan.origin
    if origin.generated or not origin.files:
        return
    console.print(f"[bold]{escape(origin.name)}[/]: {len(origin.files)} known files")
    for file in origin.files:
        words = "the pinned public file" if file.pinned else f"[yellow]{escape(file.note)}[/]"
        console.print(
            f"  {file.key} ({escape(relative_to_checkout(file.path))}): {words}",
            highlight=False,
            soft_wrap=True,
        )
    if origin.synthetic:
        console.print("  [yellow]these files are synthetic, and every result will say so[/]")


def _explain(steps: Sequence[Step], options: argparse.Namespace, console: Console) -> int:
    """Print which steps would run, and with ``--explain`` why."""
    from lendanear.pipeline import engine

    reasons = engine.explain(steps, root=RECORD, force=options.force)
    for step in steps:
        why = reasons[step.id]
        if options.dry_run:
            if why:
                console.print(escape(step.id), highlight=False)
            continue
        state = "[green]would run[/]" if why else "[dim]up to date[/]"
        console.print(f"{state}  {escape(step.id)}", highlight=False)
        for reason in why:
            text = textwrap.fill(reason, 96, initial_indent="    ", subsequent_indent="    ")
            console.print(escape(text), highlight=False)
    would = sum(bool(why) for why in reasons.values())
    console.print(f"{would} of {len(steps)} steps would run")
    return OK


def _verify(options: argparse.Namespace, console: Console) -> int:
    """Re-hash everything the manifests vouch for."""
    found = manifest.manifests()
    if options.data != AUTO:
        names = {origin.name for origin in origins(options.data, fetch=False)}
        found = [path for path in found if path.parent.name in names]
    if not found:
        raise LendAnEarError("--verify: nothing has been built; run `python run_all.py` first")
    wrong = 0
    for path in found:
        problems = list(manifest.mismatches(path))
        wrong += len(problems)
        for problem in problems:
            console.print(f"[red]differs[/]  {escape(problem)}", highlight=False, soft_wrap=True)
        console.print(
            f"{escape(relative_to_checkout(path))}: {manifest.count(path)} files checked, "
            f"{len(problems)} no longer match"
        )
    return FAILED if wrong else OK


def _download_lines(console: Console) -> Callable[[str, int, int | None], None]:
    """Return a callback that says, now and then, how far a download is."""
    said: dict[str, int] = {}

    def tell(key: str, received: int, expected: int | None) -> None:
        tenth = 10 * received // expected if expected else received // (1 << 23)
        if said.get(key) != tenth:
            said[key] = tenth
            of = f" of {expected / 2**20:.1f}" if expected else ""
            console.print(f"fetching {key}: {received / 2**20:.1f}{of} MiB", highlight=False)

    return tell


@contextmanager
def _alone(console: Console) -> Iterator[None]:
    """Let one build at a time write; a second one waits and says so.

    Raises
    ------
    OutputError
        If the build folder cannot be written.
    """
    try:
        BUILD.mkdir(parents=True, exist_ok=True)
        lock = FileLock(BUILD / ".lock")
        try:
            lock.acquire(timeout=0.2)
        except Timeout:
            console.print("Another build is running in this checkout; waiting for it to end ...")
            lock.acquire()
    except PermissionError as error:
        raise OutputError(
            f"{relative_to_checkout(BUILD)}: cannot be written ({error.strerror}); make the folder "
            "writable. Earlier results are untouched."
        ) from error
    except OSError as error:
        raise OutputError(
            f"{relative_to_checkout(BUILD)}: cannot be written ({error.strerror}). "
            "Earlier results are untouched."
        ) from error
    try:
        yield
    finally:
        lock.release()


if __name__ == "__main__":
    sys.exit(main())
