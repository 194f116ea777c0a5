"""From the text of raw cells to typed columns, or an error that names the cell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from lendanear.errors import DataError
from lendanear.vocabulary import (
    CONVERSATION_ID_DIGITS,
    SYNTHETIC_ID_PREFIX,
    UnknownNameError,
    slug,
)

MISSING: Final = ("", "NA", "N/A", "<NA>", "NaN", "nan", "None", "null", "NULL")
"""How programs write a missing value into a CSV file."""

_DAMAGE: Final = (
    "A spreadsheet or a program took the identifier for a number, and its last digits are lost. "
    "Take the file again from where it came from, and import the column as text "
    "(pandas: read_csv(..., dtype=str))"
)


@dataclass(frozen=True)
class Cells:
    """The text of one raw column, and where it stands.

    Parameters
    ----------
    file : Path
        The raw file.
    field : str
        What the file calls the column.
    raw : Series of str, shape (n,)
        The text; an empty cell is an empty text.
    rows : ndarray of int, shape (n,)
        Row of the file for each cell.
    """

    file: Path
    field: str
    raw: pd.Series
    rows: np.ndarray

    def error(
        self,
        problem: str,
        position: int,
        *,
        allowed: str | None = None,
        remedy: str | None = None,
        show: bool = True,
    ) -> DataError:
        """Return an error about the cell at `position`."""
        return DataError(
            problem,
            file=self.file,
            row=int(self.rows[position]),
            field=self.field,
            found=str(self.raw.iloc[position]) if show else None,
            allowed=allowed,
            remedy=remedy,
        )

    def missing(self) -> np.ndarray:
        """Return where the cell holds nothing (bool, shape (n,))."""
        return self.raw.str.strip().isin(MISSING).to_numpy()

    def text(self) -> pd.Series:
        """Return the text as it stands; an empty cell stays an empty text."""
        return self.raw.reset_index(drop=True)

    def text_or_na(self) -> pd.Series:
        """Return the text as it stands, NA where the cell holds nothing."""
        return self.raw.mask(self.missing()).reset_index(drop=True)

    def person(self) -> pd.Series:
        """Return identifiers of people: any text, never blank.

        Raises
        ------
        DataError
            If one is blank.
        """
        blank = self.missing()
        if blank.any():
            raise self.error(
                "the identifier is missing", int(blank.argmax()), allowed="any text", show=False
            )
        return self.text()

    def conversation_id(self) -> pd.Series:
        """Return conversation identifiers, 20 digits each.

        Raises
        ------
        DataError
            If one is blank or of another form, or if they were damaged by being taken for numbers.
        """
        ids = self.raw.str.strip()
        wrong = ~ids.str.fullmatch(rf"[0-9]{{{CONVERSATION_ID_DIGITS}}}").to_numpy(dtype=bool)
        if wrong.any():
            first = int(wrong.argmax())
            as_number = ids.iloc[first].replace(",", ".")
            allowed = f"exactly {CONVERSATION_ID_DIGITS} digits, as text"
            if not as_number:
                raise self.error("the identifier is missing", first, allowed=allowed, show=False)
            damaged = _looks_like_float(as_number)
            raise self.error(
                "the identifier is a rounded number" if damaged else "this is no conversation id",
                first,
                allowed=allowed,
                remedy=_DAMAGE if damaged else None,
            )
        problem = _rounding(ids)
        if problem:
            raise self.error(problem, 0, remedy=_DAMAGE)
        invented = ids.str.startswith(SYNTHETIC_ID_PREFIX).to_numpy(dtype=bool)
        if invented.any() and not invented.all():
            raise self.error(
                "synthetic and real conversations stand in one file",
                int((invented != invented[0]).argmax()),
                allowed=f"ids that all begin with {SYNTHETIC_ID_PREFIX} (synthetic), or none",
                remedy="Keep synthetic and real data in separate files",
            )
        return ids.reset_index(drop=True)

    def number(self, kind: str = "Float64") -> pd.Series:
        """Return numbers, NA where the cell holds nothing.

        Raises
        ------
        DataError
            If a cell holds something else.
        """
        values = self._floats("a number")
        return pd.Series(values, dtype="Float64").astype(kind)

    def integer(self, kind: str, *, required: bool = False) -> pd.Series:
        """Return whole numbers of the pandas type `kind`, NA where the cell holds nothing.

        ``4.0`` is taken for 4: columns with gaps are often written like that.

        Raises
        ------
        DataError
            If a cell holds something else, a fraction, a number too large for `kind`, or nothing
            where a value is required.
        """
        values = self._floats("a whole number")
        bounds = np.iinfo(kind.lower())
        known = ~np.isnan(values)
        wrong = known & ((values != np.floor(values)) | (values < bounds.min))
        wrong |= known & (values > bounds.max)
        if wrong.any():
            raise self.error(
                "the value is not allowed", int(wrong.argmax()), allowed="a whole number in range"
            )
        if required and not known.all():
            raise self.error(
                "a value is missing", int(known.argmin()), allowed="a whole number", show=False
            )
        return pd.Series(values, dtype="Float64").astype(kind)

    def number_or_na(self) -> pd.Series:
        """Return numbers, NA where the cell holds nothing or a word such as CONSENT_REVOKED."""
        return pd.to_numeric(self.text_or_na(), errors="coerce").astype("Float64")

    def flag(self) -> pd.Series:
        """Return 0 or 1 (``Int8``) from 0/1 or false/true, NA where the cell holds nothing."""
        lower = self.raw.str.strip().str.lower()
        numbers = Cells(
            self.file, self.field, lower.replace({"true": "1", "false": "0"}), self.rows
        )
        return numbers.integer("Int8")

    def level(self, levels: Sequence[str]) -> pd.Series:
        """Return the place (from 1) of each cell in `levels` (``Int8``), NA where empty.

        A cell that already holds the place as a number is taken as it is.

        Raises
        ------
        DataError
            If a cell holds neither.
        """
        places = {name: place for place, name in enumerate(levels, start=1)}
        places |= {str(place): place for place in places.values()}

        def place(raw: str) -> int:
            return places[slug(raw.strip().removesuffix(".0"))]

        codes, values = self._translated(place, " < ".join(levels))
        lookup = np.array([*(float(value) for value in values), np.nan])
        return pd.Series(lookup[codes], dtype="Float64").astype("Int8")

    def category(
        self, translate: Callable[[str], str], keys: Sequence[str], *, nullable: bool = False
    ) -> pd.Series:
        """Return categories: each distinct text is translated once.

        Parameters
        ----------
        translate : callable
            From raw text to one of `keys`; raises UnknownNameError for anything else.
        keys : sequence of str
            The categories in order.
        nullable : bool
            Whether a cell may hold nothing.

        Raises
        ------
        DataError
            If a text is unknown, or missing where it must not be.
        """
        codes, values = self._translated(translate, ", ".join(keys))
        if not nullable and (codes < 0).any():
            raise self.error(
                "a value is missing",
                int((codes < 0).argmax()),
                allowed=", ".join(keys),
                show=False,
            )
        order = {key: code for code, key in enumerate(keys)}
        lookup = np.array([*(order[value] for value in values), -1], dtype=np.int64)
        dtype = pd.CategoricalDtype(pd.Index(list(keys), dtype="str"), ordered=False)
        return pd.Series(pd.Categorical.from_codes(lookup[codes], dtype=dtype))

    def category_or_na(self, keys: Sequence[str]) -> pd.Series:
        """Return categories for cells that are one of `keys` as it stands, NA for all others."""
        dtype = pd.CategoricalDtype(pd.Index(list(keys), dtype="str"), ordered=False)
        text = self.raw.str.strip().reset_index(drop=True)
        return text.where(text.isin(keys)).astype(dtype)

    def _floats(self, what: str) -> np.ndarray:
        missing = self.missing()
        numbers = pd.to_numeric(self.raw.mask(missing), errors="coerce")
        values = numbers.to_numpy(dtype=float, na_value=np.nan)
        wrong = ~missing & ~np.isfinite(values)
        if wrong.any():
            raise self.error(f"this is not {what}", int(wrong.argmax()), allowed=what)
        return values

    def _translated(
        self, translate: Callable[[str], object], allowed: str
    ) -> tuple[np.ndarray, list]:
        """Return codes (-1 where empty) and the translation of each distinct text."""
        codes, distinct = pd.factorize(self.raw.mask(self.missing()))
        values: list = []
        for code, raw in enumerate(distinct):
            try:
                values.append(translate(str(raw)))
            except (UnknownNameError, KeyError) as error:
                known = isinstance(error, UnknownNameError)
                raise self.error(
                    "the value is not known", int((codes == code).argmax()), allowed=allowed
                ) from (error if known else None)
        return codes, values


def _looks_like_float(text: str) -> bool:
    """Whether `text` is how programs write a floating-point number."""
    try:
        float(text)
    except ValueError:
        return False
    return any(mark in text.lower() for mark in (".", "e"))


def _rounding(ids: pd.Series) -> str | None:
    """Say how identifiers of the right length were nevertheless rounded, if they were.

    A spreadsheet keeps 15 significant digits and writes zeros for the rest; a double keeps 53
    bits, so numbers of this size come back as multiples of 2048 (below 2**64) or 4096. Either
    happens to most identifiers of a file or to none.
    """
    sample = ids.drop_duplicates().head(1000)
    if sample.str.endswith("00000").mean() > 0.5:
        return "the last five digits of most identifiers are zeros: they were rounded"
    numbers = [int(text) for text in sample]
    if len(numbers) > 1 and all(int(float(number)) == number for number in numbers):
        return "the identifiers are what remains after a passage through floating-point numbers"
    return None
