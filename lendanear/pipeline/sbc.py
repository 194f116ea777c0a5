"""``make sbc``: simulation-based calibration of the Bayesian models, as a graph of replicates.

Each replicate is a step of its own, on this machine or on a Dask scheduler: what is finished stays
when a run is broken off, more replicates add to those that are there, and only changed models are
calibrated anew. Figures and tables land in ``figures/sbc/``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lendanear.bayes.sbc.registry import SUBJECTS, Subject, figure_stem, table_stem
from lendanear.errors import LendAnEarError, OutputError
from lendanear.files import clear_asides
from lendanear.paths import BUILD, FIGURES, relative_to_checkout
from lendanear.pipeline.declare import declare, expected_seconds
from lendanear.pipeline.listing import show_reasons
from lendanear.pipeline.record import explain
from lendanear.pipeline.running import (
    BAD_INPUT,
    FAILED,
    INTERRUPTED,
    LOG_WIDTH,
    OK,
    add_running_options,
    alone,
    build,
    positive,
)
from lendanear.pipeline.step import Step
from lendanear.pipeline.summary import THERE

if TYPE_CHECKING:
    import pandas as pd

SOURCE: Final = "sbc"
KEPT: Final = BUILD / SOURCE
SHOWN: Final = FIGURES / SOURCE
RECORD: Final = KEPT / ".record"
"""Apart from the record of the build, which is read at every look at the items."""


def steps(subject: Subject, replicates: int) -> list[Step]:
    """Return the steps of one model: its replicates, and the one that judges their ranks.

    Parameters
    ----------
    subject : Subject
        The model.
    replicates : int
        How many data sets to simulate.
    """
    model, logs = subject.model, KEPT / "logs"
    first = declare(
        SOURCE,
        f"replicate.{model}",
        "calibrate",
        logs=logs,
        inputs={},
        outputs={},
        parameters={"model": model, "settings": subject.settings.as_parameters()},
        modules=[f"lendanear.bayes.sbc.subjects.{model}"],
        essential=False,
    )
    found = []
    for number in range(replicates):
        name = f"{first.name}.{number:04d}"
        step = replace(
            first,
            name=name,
            log=logs / f"{name}.log",
            parameters={**first.parameters, "replicate": number},
            outputs={"ranks": KEPT / model / f"{number:04d}.parquet"},
        )
        found.append(replace(step, seconds=expected_seconds(step)))
    drawn, listed = figure_stem(model), table_stem(model)
    judging = declare(
        SOURCE,
        f"ranks.{model}",
        "judge_ranks",
        logs=logs,
        inputs={step.name: step.outputs["ranks"] for step in found},
        outputs={
            "ranks": KEPT / f"{model}.ranks.parquet",
            "figure": SHOWN / f"{drawn}.png",
            "drawing": SHOWN / f"{drawn}.svg",
            "curves": SHOWN / f"{drawn}.csv",
            "table": SHOWN / f"{listed}.csv",
            "page": SHOWN / f"{listed}.html",
        },
        parameters={"model": model, "draft": replicates < subject.replicates},
        essential=False,
    )
    return [*found, judging]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lendanear.pipeline.sbc", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--models",
        type=_subjects,
        default=list(SUBJECTS.values()),
        metavar="NAMES",
        help=f"calibrate only these: {', '.join(SUBJECTS)}",
    )
    parser.add_argument(
        "--replicates",
        type=positive,
        metavar="N",
        help="data sets per model (default: "
        + ", ".join(f"{one.model} {one.replicates}" for one in SUBJECTS.values())
        + "; fewer are marked DRAFT)",
    )
    parser.add_argument(
        "--explain", action="store_true", help="say why each step would run; run none"
    )
    add_running_options(parser)
    return parser


def _subjects(text: str) -> list[Subject]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in SUBJECTS:
            raise argparse.ArgumentTypeError(
                f"{name!r} is not calibrated; there are {', '.join(SUBJECTS)}"
            )
    return [SUBJECTS[name] for name in names]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 if every quantity is calibrated, 1 if not or if a step failed."""
    options = _parser().parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else LOG_WIDTH)
    try:
        return _run(options, console)
    except LendAnEarError as error:
        Console(stderr=True).print(f"[bold red]sbc:[/] {escape(str(error))}", soft_wrap=True)
        return FAILED if isinstance(error, OutputError) else BAD_INPUT
    except KeyboardInterrupt:
        console.print("sbc: interrupted; what was finished is kept, run again to go on")
        return INTERRUPTED


def _run(options: argparse.Namespace, console: Console) -> int:
    graph = [
        step
        for subject in options.models
        for step in steps(subject, options.replicates or subject.replicates)
    ]
    if options.explain:
        reasons = explain(graph, RECORD, force=options.force)
        show_reasons(console, graph, reasons, brief=False)
        return OK
    with alone(console):
        clear_asides(KEPT)
        outcomes = build(graph, options, console, root=RECORD)
    states = {outcome.state for outcome in outcomes.values()}
    if "interrupted" in states:
        raise KeyboardInterrupt
    failed = [outcome for outcome in outcomes.values() if outcome.state == "failed"]
    for outcome in failed:
        console.print(f"[bold red]failed[/]: {escape(outcome.step.id)}: {escape(outcome.reason)}")
        console.print(f"    log: {escape(relative_to_checkout(outcome.step.log))}")
    there = [step for step in graph if outcomes[step.id].state in THERE]
    judged = _judged([step.outputs["table"] for step in there if "table" in step.outputs])
    if judged:
        console.print(_summary(judged))
        console.print(f"Look at [bold]{escape(relative_to_checkout(SHOWN))}/[/]")
    return FAILED if failed or not all(table["calibrated"].all() for table in judged) else OK


def _judged(paths: Sequence[Path]) -> list[pd.DataFrame]:
    """Return the tables of verdicts."""
    # imported here: finding out that nothing is to be done need not wait for it
    import pandas as pd

    return [pd.read_csv(path) for path in paths]


def _summary(judged: Sequence[pd.DataFrame]) -> Table:
    """Return the verdict on every model."""
    table = Table(title="Simulation-based calibration (simulated data)", box=None)
    for name in ("model", "data sets", "quantities", "inside their band", "not calibrated"):
        table.add_column(name, justify="left" if name == "model" else "right")
    for own in judged:
        bad = own[~own["calibrated"]]
        named = ", ".join(f"{row.quantity} [{row.group}]" for row in bad.itertuples())
        table.add_row(
            own["model"].iloc[0],
            str(own["replicates"].max()),
            str(len(own)),
            str(int(own["inside_band"].sum())),
            f"[bold red]{escape(named)}[/]" if named else "[green]none[/]",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
