"""Typed tables on disk: Parquet that gives back exactly the types it was given.

Kept free of the validation library, because every notebook reads tables and none validates them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from lendanear.errors import MissingDataError
from lendanear.files import written_aside

_COMPRESSION: Final = "zstd"
TEXTS: Final = ("text", "coach_feedback", "coach_questions")
"""Columns that take nearly all the space of a large table; most models need none of them."""
_CATEGORIES: Final = b"lendanear.categories"


def arrow_schema(frame: pd.DataFrame) -> pa.Schema:
    """Return the Arrow schema that `write_table` gives a frame.

    It carries what pandas needs to rebuild the types, and the categories of every categorical
    column in their order: Parquet keeps only the categories that occur in the part it reads.
    """
    schema = pa.Schema.from_pandas(frame, preserve_index=False)
    categories = {
        str(name): [str(value) for value in frame[name].cat.categories]
        for name in frame.columns
        if isinstance(frame[name].dtype, pd.CategoricalDtype)
    }
    return schema.with_metadata(
        {**(schema.metadata or {}), _CATEGORIES: json.dumps(categories).encode()}
    )


def write_table(frame: pd.DataFrame, path: Path) -> Path:
    """Write a table as Parquet (zstd), aside first and then renamed.

    Parameters
    ----------
    frame : DataFrame
        The table; its index is not kept.
    path : Path
        Where it goes; folders are made.

    Returns
    -------
    Path
        `path`.

    Raises
    ------
    OutputError
        If the folder is read-only or the disk is full; an earlier file stays as it was.
    """
    path = Path(path)
    schema = arrow_schema(frame)
    table = pa.Table.from_pandas(frame, schema=schema, preserve_index=False)
    with written_aside(path) as aside:
        pq.write_table(
            table.replace_schema_metadata(schema.metadata), aside, compression=_COMPRESSION
        )
    return path


@contextmanager
def table_writer(like: pd.DataFrame, path: Path) -> Iterator[pq.ParquetWriter]:
    """Open a table to write piece by piece; it appears at `path` only if the block succeeds.

    Parameters
    ----------
    like : DataFrame
        A frame with the table's columns and types; its rows do not matter.
    path : Path
        Where the table goes.
    """
    with (
        written_aside(Path(path)) as aside,
        pq.ParquetWriter(aside, arrow_schema(like), compression=_COMPRESSION) as writer,
    ):
        yield writer


def read_table(
    path: Path, columns: Sequence[str] | None = None, *, texts: bool = True
) -> pd.DataFrame:
    """Read a table with exactly the types it was written with.

    Parameters
    ----------
    path : Path
        A file that `write_table` or `table_writer` left.
    columns : sequence of str, optional
        Columns wanted, in this order; all of them if omitted.
    texts : bool
        Whether the columns `TEXTS` are wanted, where `columns` does not say.

    Returns
    -------
    DataFrame
        The table with a fresh index from 0.

    Raises
    ------
    MissingDataError
        If there is no such file.
    KeyError
        If a column does not exist; the message lists those that do.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingDataError(f"{path}: this table has not been built. Run run_all.py first.")
    with pq.ParquetFile(path, memory_map=True) as stored:
        names = stored.schema_arrow.names
        unknown = [name for name in columns or () if name not in names]
        if unknown:
            raise KeyError(f"{path.name} has no column {unknown[0]!r}; it has {', '.join(names)}")
        wanted = [name for name in names if texts or name not in TEXTS]
        wanted = wanted if columns is None else list(columns)
        table = stored.read(columns=wanted)
    # Parquet gives columns in its own order
    frame = table.to_pandas()[wanted]
    return _with_categories(frame, table.schema.metadata or {})


def _with_categories(frame: pd.DataFrame, metadata: dict[bytes, bytes]) -> pd.DataFrame:
    categories: dict[str, Iterable[str]] = json.loads(metadata.get(_CATEGORIES, b"{}"))
    for name, keys in categories.items():
        if name in frame.columns:
            frame[name] = frame[name].cat.set_categories(list(keys))
    return frame
