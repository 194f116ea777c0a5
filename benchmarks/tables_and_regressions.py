"""What is timed at several cohort sizes: experiment_1.csv to tables, then every regression."""

from __future__ import annotations

import sys
import time
from pathlib import Path

MODELS = ("effects", "reliability", "demographics")
"""The models that are regressions on conversations or participants."""


def main(raw: Path, out: Path) -> None:
    """Build the tables of experiment_1 from `raw` into `out`, and fit `MODELS` to them.

    Prints the seconds of both parts and the number of conversations.
    """
    from lendanear.models.registry import MODELS as REGISTRY
    from lendanear.models.registry import fit
    from lendanear.tables import build_tables
    from lendanear.tables.store import read_table

    start = time.perf_counter()
    build_tables("experiment_1", raw / "experiment_1.csv", out)
    tables_seconds = time.perf_counter() - start
    start = time.perf_counter()
    needed = {table for name in MODELS for table in REGISTRY[name].tables}
    # the texts are not what a regression reads
    skipped = {"text", "coach_feedback", "coach_questions"}
    tables = {name: read_table(out / f"{name}.parquet", without=skipped) for name in sorted(needed)}
    for name in MODELS:
        fit(name, tables)
    print(
        f"tables {tables_seconds:.1f} s, regressions {time.perf_counter() - start:.1f} s, "
        f"{len(tables['conversations']):,} conversations"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
