"""Raw CSV files as text: nothing is turned into a number before it has been looked at.

Twenty-digit identifiers do not fit 64-bit integers, let alone floats, so every cell is read as
text and typed afterwards (`lendanear.tables.convert`). A record may run over several lines; rows
are counted as a spreadsheet counts them: the header is row 1, the first record row 2. Blank lines
between records are passed over and not counted.
"""

from __future__ import annotations

import csv
import difflib
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv

from lendanear.errors import DataError
from lendanear.sources.fields import fields_of_any_length
from lendanear.sources.integrity import refuse_other_content
from lendanear.tables.convert import Cells, shortened
from lendanear.vocabulary import slug

_BLOCK: Final = 4 << 20
"""Bytes read at a time: large enough to keep the parser busy, small beside the file at x100."""
_AGAIN: Final = "Take the file again from where it came from"
FIRST_ROW: Final = 2
"""Row of the first record: the header is row 1."""


@dataclass(frozen=True)
class Wanted:
    """One column of a raw file: the names it goes by, and whether it must be there.

    Names are compared without regard to case, spaces, hyphens and underscores.
    """

    names: tuple[str, ...]
    required: bool = True


def wanted(*names: str, required: bool = True) -> Wanted:
    """Return the description of a column that goes by any of `names`, the usual one first."""
    return Wanted(names, required)


class RawFile:
    """A CSV file of the study, opened by its header.

    Parameters
    ----------
    path : Path
        The file: comma-separated, UTF-8 (with or without byte order mark), header first.
    columns : mapping of str to Wanted
        The columns to read, by the name they get here. Any other column is ignored.

    Attributes
    ----------
    names : dict of str to str
        For each wanted column that is there, what the file calls it.

    Raises
    ------
    IntegrityError
        If the file is empty, a Git LFS pointer or an HTML page.
    DataError
        If it is not UTF-8 text or lacks a required column.
    """

    def __init__(self, path: Path, columns: Mapping[str, Wanted]) -> None:
        self.path = Path(path)
        refuse_other_content(self.path)
        self.header = _header(self.path)
        self.names = _match(self.path, self.header, columns)

    def batches(self) -> Iterator[tuple[int, pa.RecordBatch]]:
        """Yield the records piece by piece, each with the row number of its first record.

        The columns are text and bear the names they were wanted by; an empty cell is an empty
        text, never null.

        Raises
        ------
        DataError
            If a record has too few or too many fields, bytes are NUL or not UTF-8, the file ends in
            the middle of a quoted field, or it holds no record.
        """
        convert = arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(self.names.values(), pa.string()),
            include_columns=list(self.names.values()),
            strings_can_be_null=False,
        )
        row = FIRST_ROW
        with self.path.open("rb") as stream:
            watched = _Watched(stream)
            try:
                reader = arrow_csv.open_csv(
                    pa.PythonFile(watched, mode="r"),
                    read_options=arrow_csv.ReadOptions(block_size=_BLOCK),
                    parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
                    convert_options=convert,
                )
                for batch in reader:
                    if watched.nul:
                        raise _nul(self.path)
                    if batch.num_rows:
                        yield row, batch.rename_columns(list(self.names))
                        row += batch.num_rows
            except pa.ArrowInvalid as error:
                if watched.nul:
                    raise _nul(self.path) from error
                raise _malformed(self.path, len(self.header), error) from error
        if watched.quotes % 2:
            # an odd number of quotation marks: either a field that never ends, or a stray mark
            # inside an unquoted field, which the strict reader tells apart
            problem = _first_malformed(self.path, len(self.header))
            if problem is not None:
                raise problem
        if row == FIRST_ROW:
            raise _only_a_header(self.path)

    def read(self) -> TextTable:
        """Read the whole file at once; for files that are small beside the memory."""
        table = pa.Table.from_batches([batch for _, batch in self.batches()])
        rows = np.arange(FIRST_ROW, FIRST_ROW + table.num_rows)
        return TextTable(self.path, self.names, table, rows)


@dataclass(frozen=True)
class TextTable:
    """Records of a raw file as text, with the row each came from.

    Parameters
    ----------
    path : Path
        The file.
    names : mapping
        What the file calls each column.
    table : pyarrow.Table
        The text, one column per name.
    rows : ndarray of int, shape (table.num_rows,)
        Row of the file for each record.
    """

    path: Path
    names: Mapping[str, str]
    table: pa.Table
    rows: np.ndarray

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def __len__(self) -> int:
        return self.table.num_rows

    def __getitem__(self, name: str) -> Cells:
        values = self.table.column(name).to_pandas()
        return Cells(self.path, self.names[name], values, self.rows)


class _Watched(io.RawIOBase):
    """A binary stream that counts the quotation marks in what is read, and notices NUL bytes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.quotes = 0
        self.nul = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(size)
        self.quotes += chunk.count(b'"')
        self.nul = self.nul or b"\0" in chunk
        return chunk


def _header(path: Path) -> list[str]:
    """Return the names in the first record."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = next(csv.reader(stream))
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    except csv.Error as error:
        raise DataError(
            f"the header cannot be read ({error})", file=path, row=1, remedy=_AGAIN
        ) from error
    if any("\0" in name for name in header):
        raise _nul(path)
    return header


def _match(path: Path, header: Sequence[str], columns: Mapping[str, Wanted]) -> dict[str, str]:
    """Return the file's own name for every wanted column that it has."""
    by_slug: dict[str, list[str]] = {}
    for name in header:
        by_slug.setdefault(slug(name), []).append(name)
    found: dict[str, str] = {}
    for key, column in columns.items():
        # an exact name goes before one that differs in case or spaces, a usual one before others
        exact = [name for name in column.names if name in header]
        loose = [name for alias in column.names for name in by_slug.get(slug(alias), [])]
        if not exact and not loose:
            if column.required:
                taken = {slug(name) for other in columns.values() for name in other.names}
                spare = [name for name in header if slug(name) not in taken]
                raise _missing_column(path, header, spare, column)
            continue
        name = (exact or loose)[0]
        if list(header).count(name) > 1:
            raise DataError(
                f"the column {name!r} occurs {list(header).count(name)} times",
                file=path,
                row=1,
                field=name,
                allowed="one column of that name",
                remedy="Remove or rename the others",
            )
        found[key] = name
    return found


def _missing_column(
    path: Path, header: Sequence[str], spare: Sequence[str], column: Wanted
) -> DataError:
    """Return an error that suggests one of the `spare` columns, which nothing else goes by."""
    usual = column.names[0]
    others = f" (or {', '.join(repr(name) for name in column.names[1:])})" * (len(column.names) > 1)
    has = ", ".join(repr(shortened(name, 40)) for name in header[:60])
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        remedy = "The fields seem to be separated by another mark: save the file with commas"
    else:
        close = difflib.get_close_matches(usual, spare, n=1, cutoff=0.75)
        remedy = f"Rename the column {close[0]!r} if that is the one" if close else ""
        remedy += (". " if remedy else "") + "data/README.md lists the columns of each file"
    return DataError(
        f"the column {usual!r}{others} is missing",
        file=path,
        row=1,
        field=usual,
        allowed=f"any order and further columns; this file has {has}",
        remedy=remedy,
    )


def _malformed(path: Path, fields: int, reason: Exception) -> DataError:
    """Find out why the fast reader gave up; slow, and only run once it has."""
    try:
        problem = _first_malformed(path, fields)
    except UnicodeDecodeError:
        return _not_utf8(path)
    if problem is None and "straddling" in str(reason):
        return DataError(
            f"one record is longer than {_BLOCK >> 20} MiB",
            file=path,
            allowed="records up to that length",
            remedy="A quotation mark that is astray makes one record of many: look for it",
        )
    return problem or DataError(
        f"the file cannot be read as comma-separated text ({reason})", file=path, remedy=_AGAIN
    )


def _first_malformed(path: Path, fields: int) -> DataError | None:
    """Return an error for the first record that is not one, or None if all are."""
    again = f"{_AGAIN}; an interrupted download ends like this"
    row = 1
    with fields_of_any_length(), path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        try:
            for row in itertools.count(1):
                record = next(reader)
                if record and len(record) != fields:
                    last = next(reader, None) is None
                    return DataError(
                        f"the record (line {reader.line_num}) has {len(record)} fields, "
                        f"the header has {fields}"
                        + ("; the file seems to be cut off" if last else ""),
                        file=path,
                        row=row,
                        remedy=again if last else "A comma or a quotation mark may be astray there",
                    )
        except StopIteration:
            return _only_a_header(path) if row == FIRST_ROW else None
        except csv.Error as error:
            cut = "end of data" in str(error)
            return DataError(
                "the file ends in the middle of a quoted field: it is cut off"
                if cut
                else f"the record cannot be read ({error})",
                file=path,
                row=row,
                remedy=again if cut else "A quotation mark may be astray there",
            )
    return None


def _only_a_header(path: Path) -> DataError:
    return DataError(
        "the file has a header but no records",
        file=path,
        row=FIRST_ROW,
        allowed="at least one record below the header",
        remedy=_AGAIN,
    )


def _nul(path: Path) -> DataError:
    """Name the line of the first NUL byte."""
    with path.open("rb") as stream:
        number, line = next((n, text) for n, text in enumerate(stream, start=1) if b"\0" in text)
    return DataError(
        f"line {number}, byte {line.index(0) + 1} of the line is NUL (0x00), which no text holds: "
        "a crash or a failing disk leaves such files",
        file=path,
        allowed="UTF-8 text",
        remedy=_AGAIN,
    )


def _not_utf8(path: Path) -> DataError:
    """Name the first byte that is not UTF-8, its line, and what it probably is."""
    number, column, byte, cut = 1, 1, b"", False
    with path.open("rb") as stream:
        for line_number, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                number, column = line_number, error.start + 1
                byte = line[error.start : error.start + 1]
                cut = error.end == len(line) and error.reason == "unexpected end of data"
                break
    if cut:
        return DataError(
            f"the file ends in the middle of a character (line {number}): it is cut off",
            file=path,
            remedy=f"{_AGAIN}; an interrupted download ends like this",
        )
    guess = byte.decode("cp1252", errors="replace")
    return DataError(
        f"line {number}, byte {column} of the line is not UTF-8: 0x{byte.hex().upper()}, "
        f"which Windows-1252 (cp1252) would read as {guess!r}",
        file=path,
        allowed="UTF-8 text",
        remedy=(
            "In a spreadsheet save it as 'CSV UTF-8 (comma delimited)', or convert it with "
            f"iconv -f WINDOWS-1252 -t UTF-8 '{path.name}' > converted.csv"
        ),
    )
