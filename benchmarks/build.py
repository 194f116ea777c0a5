"""The build: from cold, with nothing to do, and tables and regressions as the cohort grows."""

from __future__ import annotations

import shutil
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Measurement, measure

SCALES = (1, 10, 100)
NO_OP_RUNS = 5
TARGETS = {
    "Cold rebuild of all items": "45 s",
    "Rebuild with nothing to do": "2 s",
    "Tables and regressions, cohort x100": "60 s, 4,096 MiB",
}


def section(
    copy: Path, folder: Path, environment: dict[str, str], scales: Sequence[int] = SCALES
) -> list[str]:
    """Measure everything and return the section of the results.

    Parameters
    ----------
    copy : Path
        The checkout to measure; nothing has been built in it.
    folder : Path
        For cohorts.
    environment : dict of str to str
        Of every command.
    scales : sequence of int
        Sizes of the cohorts.
    """
    return [
        "Seconds are wall-clock times of whole commands, imports included; memory is the largest",
        "sum over all processes of a command (shared pages count once for each process).",
        "",
        "| what | seconds | peak MiB | target | remark |",
        "| --- | ---: | ---: | --- | --- |",
        *rebuilds(copy, environment),
        *growth(copy, folder, environment, scales),
    ]


def row(what: str, measurement: Measurement, remark: str = "") -> str:
    """Return one line of the table."""
    return (
        f"| {what} | {measurement.seconds:.1f} | {measurement.peak_mib:,.0f} "
        f"| {TARGETS.get(what, '')} | {remark} |"
    )


def rebuilds(copy: Path, environment: dict[str, str]) -> list[str]:
    """Measure the cold rebuild and the rebuild with nothing to do."""
    command = [sys.executable, "run_all.py", "--data", "synthetic", "--only", "paper"]
    cold = measure(command, folder=copy, environment=environment)
    again = [measure(command, folder=copy, environment=environment) for _ in range(NO_OP_RUNS)]
    median = statistics.median(run.seconds for run in again)
    typical = min(again, key=lambda run: abs(run.seconds - median))
    return [
        row(
            "Cold rebuild of all items",
            cold,
            "the 25 of the paper; synthetic study, generation included",
        ),
        row("Rebuild with nothing to do", typical, f"median of {NO_OP_RUNS}"),
    ]


def growth(
    copy: Path, folder: Path, environment: dict[str, str], scales: Sequence[int]
) -> list[str]:
    """Measure tables and regressions at several cohort sizes, generating each cohort first."""
    rows = []
    for scale in scales:
        raw, out = folder / f"raw-{scale}", folder / f"tables-{scale}"
        generate = [sys.executable, "-m", "lendanear.synthetic"]
        generate += ["--export", str(raw), "--scale", str(scale)]
        made = measure(generate, folder=copy, environment=environment)
        size = (raw / "experiment_1.csv").stat().st_size / 2**20
        rows.append(row(f"Generating the study, cohort x{scale}", made, f"{size:,.0f} MiB of CSV"))
        build = [sys.executable, "-m", "benchmarks.tables_and_regressions", str(raw), str(out)]
        taken = measure(build, folder=copy, environment=environment)
        remark = taken.output.strip().splitlines()[-1]
        rows.append(row(f"Tables and regressions, cohort x{scale}", taken, remark))
        shutil.rmtree(raw)
        shutil.rmtree(out)
    return rows
