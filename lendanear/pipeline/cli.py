"""The command line: ``python run_all.py``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.markup import escape

from lendanear.errors import LendAnEarError, OutputError
from lendanear.files import clear_asides
from lendanear.items import ITEMS, select
from lendanear.paths import FIGURES, folder_name, relative_to_checkout
from lendanear.pipeline import graph, manifest
from lendanear.pipeline.jobs import Job, all_there, job
from lendanear.pipeline.listing import show_files, show_items, show_reasons
from lendanear.pipeline.origins import AUTO, Origin, origins
from lendanear.pipeline.record import explain
from lendanear.pipeline.running import (
    BAD_INPUT,
    FAILED,
    INTERRUPTED,
    LOG_WIDTH,
    MISSING,
    OK,
    add_running_options,
    alone,
    build,
)
from lendanear.pipeline.step import Outcome
from lendanear.pipeline.summary import THERE, item_states, show_blocked, show_summary
from lendanear.sources.resolve import PUBLIC, SYNTHETIC

_EPILOG = """\
exit status
  0  everything asked for was built or up to date
  1  a step failed; its log is named
  2  the command, or the choice of data, is not right; the message says what is
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
    parser.add_argument(
        "--only",
        metavar="ITEMS",
        help="build only these items, e.g. 3B,6A; paper "
        "names those of the paper, bayes those added to it",
    )
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
        help="make only the tables and results (with --only: those of its items) that notebooks "
        "opened by hand read",
    )
    add_running_options(parser)
    parser.add_argument(
        "--quick", action="store_true", help="shorten resampling; results are marked DRAFT"
    )
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status (see ``--help``)."""
    options = _parser().parse_args(arguments)
    # written to a file or a log, eighty columns would fold every table
    console = Console(width=None if sys.stdout.isatty() else LOG_WIDTH)
    errors = Console(stderr=True)
    try:
        if options.verify:
            return _verify(options, console)
        return _run(options, console)
    except LendAnEarError as error:
        errors.print(f"[bold red]run_all.py:[/] {escape(str(error))}", soft_wrap=True)
        return FAILED if isinstance(error, OutputError) else BAD_INPUT
    except KeyboardInterrupt:
        errors.print("run_all.py: interrupted; what was finished is kept, run again to go on")
        return INTERRUPTED


def _run(options: argparse.Namespace, console: Console) -> int:
    only = select(options.only) if options.only else None
    found = origins(
        options.data,
        accept=options.accept,
        fetch=not options.no_fetch,
        progress=_download_lines(console),
    )
    if options.list:
        for origin in found:
            show_items(console, graph.plan(origin, quick=options.quick), only or ITEMS)
        return OK
    if options.explain or options.dry_run:
        return _explain(_jobs(found, options), options, console)
    with alone(console):
        jobs = _jobs(found, options)
        for one in jobs:
            show_files(console, one.plan)
            _clear(one)
        steps = [step for one in jobs for step in one.steps]
        outcomes = build(steps, options, console, keep_going=options.keep_going)
        for one in jobs:
            if one.steps and not options.prepare:
                manifest.write_manifest(one.plan, one.steps)
    return _conclude(jobs, outcomes, options, console)


def _jobs(found: Sequence[Origin], options: argparse.Namespace) -> list[Job]:
    only = select(options.only) if options.only else None
    plans = (graph.plan(origin, quick=options.quick) for origin in found)
    return [job(plan, only, prepare=options.prepare) for plan in plans]


def _clear(one: Job) -> None:
    """Remove what killed builds left, and tables and results that no step makes any more.

    What is there can be read, and what no step makes is of data that is no longer there.
    """
    origin = one.plan.origin
    made = {path for step in one.plan.steps for path in step.outputs.values()}
    for folder in ("tables", "results"):
        for path in (origin.build / folder).glob("*.parquet"):
            if path not in made:
                path.unlink()
    clear_asides(origin.build)
    clear_asides(origin.figures)


def _conclude(
    jobs: Sequence[Job],
    outcomes: dict[str, Outcome],
    options: argparse.Namespace,
    console: Console,
) -> int:
    """Print the summary and decide the exit status."""
    from lendanear.checks.summary import summary_table

    there: dict[str, set[str]] = {}
    for one in jobs:
        origin = one.plan.origin
        if options.prepare:
            show_blocked(console, one.plan, one.asked)
            there[origin.name] = {i.key for i in one.asked if i.key not in one.plan.blocked}
            continue
        states = item_states(one.plan, outcomes, one.asked)
        there[origin.name] = {key for key, item in states.items() if item.state in THERE}
        show_summary(console, one.plan, states, outcomes)
        compared = origin.figures / "published_vs_rebuilt.csv"
        if compared.is_file() and one.steps:
            console.print(summary_table(compared))
    found = {outcome.state for outcome in outcomes.values()}
    if "interrupted" in found:
        raise KeyboardInterrupt
    if "failed" in found:
        return FAILED
    return OK if all_there(jobs, there, options) else MISSING


def _explain(jobs: Sequence[Job], options: argparse.Namespace, console: Console) -> int:
    """Print which steps would run, and with ``--explain`` why."""
    steps = [step for one in jobs for step in one.steps]
    reasons = explain(steps, force=options.force)
    show_reasons(console, steps, reasons, brief=options.dry_run)
    for one in jobs:
        show_blocked(console, one.plan, one.asked, remedies=False)
    return OK


def _verify(options: argparse.Namespace, console: Console) -> int:
    """Re-hash everything the manifests vouch for."""
    found = manifest.manifests()
    if options.data != AUTO:
        name = options.data if options.data in {PUBLIC, SYNTHETIC} else folder_name(options.data)
        found = [path for path in found if path.parent == FIGURES / name]
    if not found:
        raise LendAnEarError("--verify: nothing has been built; run `python run_all.py` first")
    wrong = 0
    for path in found:
        problems = list(manifest.mismatches(path))
        wrong += len(problems)
        for problem in problems:
            console.print(f"[red]differs[/]  {escape(problem)}", highlight=False, soft_wrap=True)
        console.print(
            f"{escape(relative_to_checkout(path))}: {len(manifest.vouched_for(path))} files "
            f"checked, {len(problems)} do not match"
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


if __name__ == "__main__":
    sys.exit(main())
