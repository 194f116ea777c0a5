"""The comparison on the console: light enough to show after a build that had nothing to do."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

from rich.table import Table


def summary_table(path: Path) -> Table:
    """Return a console table of verdict counts per paper item.

    Parameters
    ----------
    path : Path
        A ``published_vs_rebuilt.csv``.
    """
    with Path(path).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    verdicts = list(dict.fromkeys(sorted(row["verdict"] for row in rows)))
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        # numbers known from press coverage alone carry the item "Text"
        item = "Press coverage" if row["item"] == "Text" else row["item"]
        counts.setdefault(item, Counter())[row["verdict"]] += 1
    table = Table(title=f"Published against rebuilt: {path.parent.name}", title_justify="left")
    table.add_column("Item")
    for verdict in verdicts:
        table.add_column(verdict, justify="right")
    for item, count in counts.items():
        table.add_row(item, *(str(count[verdict] or "") for verdict in verdicts))
    return table
