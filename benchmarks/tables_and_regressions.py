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
    from lendanear.models.registry import fit, read_tables
    from lendanear.tables import build_tables
    from lendanear.tables.store import read_table

    start = time.perf_counter()
    build_tables("experiment_1", raw / "experiment_1.csv", out)
    tables_seconds = time.perf_counter() - start
    start = time.perf_counter()
    paths = {path.stem: path for path in out.glob("*.parquet")}
    for name in MODELS:
        fit(name, read_tables(name, paths))
    conversations = len(read_table(paths["conversations"], ["conversation_id"]))
    print(
        f"tables {tables_seconds:.1f} s, regressions {time.perf_counter() - start:.1f} s, "
        f"{conversations:,} conversations"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
