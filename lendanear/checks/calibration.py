"""How far chance alone moves each rebuilt number: replicates of the synthetic study.

``make calibration`` simulates many synthetic studies that differ only in their seed, recomputes
every published number from each, and writes mean and SD per number to
``data/synthetic_sampling_sd.csv``. The SD is the yardstick of the verdicts on synthetic data; the
mean tells whether the generator is biased.
"""

from __future__ import annotations

import argparse
import csv
import math
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.progress import track

from lendanear.checks.compare import SAMPLING_SD, collect
from lendanear.files import written_aside
from lendanear.items import TABLE_FILES
from lendanear.models.registry import MODELS, fit, read_tables
from lendanear.study import Study
from lendanear.synthetic import simulate
from lendanear.synthetic.pilot import generate_pilot
from lendanear.tables import build_tables
from lendanear.tables.store import write_table
from lendanear.vocabulary import RATERS

REPLICATES = 60
FIRST_SEED = 10_000
"""Seeds of the replicates start here, far from the seed of the study that is built."""


def replicate(seed: int) -> dict[str, float]:
    """Simulate one synthetic study and recompute every number it allows.

    Parameters
    ----------
    seed : int
        Seed of the generator.

    Returns
    -------
    dict of str to float
        Published id to rebuilt value.
    """
    with tempfile.TemporaryDirectory(prefix="lendanear-") as name:
        folder = Path(name)
        raw = {key: folder / f"{key}.csv" for key in dict.fromkeys(TABLE_FILES.values())}
        del raw["pilot"]
        for key, frame in simulate(seed).items():
            frame.to_csv(raw[key], index=False)
        generate_pilot(folder / "pilot", seed=seed)
        tables = folder / "tables"
        companions: dict[str, Path] = {}
        for key in ("experiment_1", "elo_rankings", "all_themes", "experiment_2"):
            for path in build_tables(key, raw[key], tables, companions=companions):
                companions[path.stem] = path
        ratings = {
            f"{rater.key}_ratings": folder / "pilot" / f"{rater.key}_ratings.csv"
            for rater in RATERS
        }
        build_tables("pilot", ratings, tables)
        paths = {path.stem: path for path in tables.glob("*.parquet")}
        for model in MODELS.values():
            inputs = read_tables(model.name, paths)
            for frame_name, frame in fit(model.name, inputs, quick=True).items():
                write_table(frame, folder / "results" / f"{model.name}.{frame_name}.parquet")
        study = Study(
            name="synthetic",
            synthetic=True,
            draft=True,
            files=[],
            build=folder,
            figures=folder / "figures",
        )
        return {key: number.value for key, number in collect(study).numbers.items()}


def spread(replicates: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, float, int]]:
    """Return mean, SD (n - 1) and number of replicates of each number, in the first's order."""
    return {
        key: (
            statistics.fmean(values := [numbers[key] for numbers in replicates]),
            statistics.stdev(values),
            len(values),
        )
        for key in replicates[0]
    }


def write_spread(found: Mapping[str, tuple[float, float, int]], path: Path = SAMPLING_SD) -> None:
    """Write the table that `lendanear.checks.compare.sampling_sd` reads."""
    with (
        written_aside(path) as aside,
        aside.open("w", encoding="utf-8", newline="") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["id", "mean", "sd", "replicates"])
        for key in sorted(found):
            mean, sd, n = found[key]
            writer.writerow([key, f"{mean:.6g}", f"{sd:.3g}", n])


def main() -> None:
    """Simulate the replicates and write their spread."""
    parser = argparse.ArgumentParser(
        prog="python -m lendanear.checks.calibration", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--replicates", type=int, default=REPLICATES)
    arguments = parser.parse_args()
    if arguments.replicates < 2:
        parser.error("--replicates: at least 2, for a spread")
    seeds = range(FIRST_SEED, FIRST_SEED + arguments.replicates)
    found = spread([replicate(seed) for seed in track(seeds, description="synthetic studies")])
    constant = [key for key, (mean, sd, _) in found.items() if math.isnan(mean) or math.isnan(sd)]
    if constant:
        raise SystemExit(f"not a number in some replicate: {', '.join(constant)}")
    write_spread(found)


if __name__ == "__main__":
    main()
