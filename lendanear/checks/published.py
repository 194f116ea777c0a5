"""The published numbers: data/published_results.csv, read and checked."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lendanear.errors import DataError
from lendanear.paths import PUBLISHED

COLUMNS: Final = (
    "id",
    "item",
    "quantity",
    "dimension",
    "group",
    "estimate",
    "se",
    "tolerance",
    "needs",
    "source",
    "note",
)
PRESS: Final = "press coverage"
"""How the ``source`` of a number begins that no publication of the authors prints."""


@dataclass(frozen=True)
class Published:
    """One published number.

    ``tolerance`` is half a unit of its last printed digit (0 for counts; the reading error for
    numbers digitised from a figure); ``needs`` the key of the source it is computed from.
    """

    id: str
    item: str
    quantity: str
    dimension: str
    group: str
    estimate: float
    se: float | None
    tolerance: float
    needs: str
    source: str
    note: str

    @property
    def from_press(self) -> bool:
        """Whether it comes from press coverage, whose definitions are not given."""
        return self.source.startswith(PRESS)


def read_published(path: Path = PUBLISHED) -> tuple[Published, ...]:
    """Return every published number, in the file's order.

    Raises
    ------
    DataError
        If a column is missing, an id occurs twice or a number does not parse.
    """
    with Path(path).open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise DataError(
                "its columns are not those of the published numbers",
                file=path,
                row=1,
                found=", ".join(reader.fieldnames or ()),
                allowed=", ".join(COLUMNS),
            )
        numbers: dict[str, Published] = {}
        for row in reader:
            if row["id"] in numbers:
                raise DataError(
                    "the id occurs twice", file=path, row=reader.line_num, found=row["id"]
                )
            try:
                numbers[row["id"]] = Published(
                    **{
                        **row,
                        "estimate": float(row["estimate"]),
                        "se": float(row["se"]) if row["se"] else None,
                        "tolerance": float(row["tolerance"]),
                    }
                )
            except ValueError as error:
                raise DataError(
                    f"a number does not parse: {error}", file=path, row=reader.line_num
                ) from error
    return tuple(numbers.values())
