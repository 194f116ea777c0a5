"""``make bench``: rebuild from cold, rebuild with nothing to do, and growth with the cohort.

Works on a copy of the checkout in a temporary folder, so nothing of the reader's is rebuilt or
removed, and writes ``benchmarks/results.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Measurement, measure
from lendanear.files import written_aside
from lendanear.paths import ROOT
from lendanear.provenance import git_state, package_versions

RESULTS = Path(__file__).with_name("results.md")
SCALES = (1, 10, 100)
NO_OP_RUNS = 5
TARGETS = {
    "Cold rebuild of all items": "45 s",
    "Rebuild with nothing to do": "2 s",
    "Tables and regressions, cohort x100": "60 s, 4,096 MiB",
}


def checkout_copy(folder: Path) -> Path:
    """Copy the files git knows into `folder` and return the copy."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    copy = folder / "checkout"
    for name in filter(None, listing.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


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


def growth(copy: Path, folder: Path, environment: dict[str, str], scales: list[int]) -> list[str]:
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


def main() -> None:
    """Measure everything and write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scales", type=int, nargs="*", default=list(SCALES))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lendanear-bench-") as name:
        folder = Path(name)
        copy = checkout_copy(folder)
        environment = {**os.environ, "PYTHONPATH": str(copy), "CI": "1"}
        rows = rebuilds(copy, environment)
        rows += growth(copy, folder, environment, arguments.scales)
    versions = package_versions()
    state = git_state()
    text = "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `make bench`. Seconds are wall-clock times of whole commands, imports",
            "included; memory is the largest sum over all processes of a command (shared pages",
            "count once for each process).",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, Python "
            f"{versions['python']}, pandas {versions['pandas']}, commit "
            f"{(state['commit'] or 'unknown')[:10]}.",
            "",
            "| what | seconds | peak MiB | target | remark |",
            "| --- | ---: | ---: | --- | --- |",
            *rows,
            "",
        ]
    )
    with written_aside(RESULTS) as aside:
        aside.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
