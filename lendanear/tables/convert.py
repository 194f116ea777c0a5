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
    SYNTHETIC_PERSON_PREFIX,
    UnknownNameError,
    slug,
)

MISSING: Final = ("", "NA", "N/A", "<NA>", "NaN", "nan", "None", "null", "NULL")
"""How programs write a missing value into a CSV file."""

WAY_OUT: Final = "Correct the value in the file, or take the file again from where it came from"
"""What to do about a cell that holds something it must not."""
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
        remedy: str = WAY_OUT,
        show: bool = True,
    ) -> DataError:
        """Return an error about the cell at `position`; `show` says whether to quote the cell."""
        return DataError(
            problem,
            file=self.file,
            row=int(self.rows[position]),
            field=self.field,
            found=shortened(str(self.raw.iloc[position])) if show else None,
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
            If one is blank, or some belong to the synthetic study and some do not.
        """
        blank = self.missing()
        if blank.any():
            raise self.error(
                "the identifier is missing", int(blank.argmax()), allowed="any text", show=False
            )
        self._refuse_mixture(self.raw, SYNTHETIC_PERSON_PREFIX, "people")
        return self.text()

    def conversation_id(self) -> pd.Series:
        """Return conversation identifiers, 20 digits each.

        Raises
        ------
        DataError
            If one is blank or of another form, if they were damaged by being taken for numbers, or
            if some belong to the synthetic study and some do not.
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
                remedy=_DAMAGE if damaged else WAY_OUT,
            )
        problem, first = _rounding(ids)
        if problem:
            raise self.error(
                problem, first, allowed="identifiers with all their digits", remedy=_DAMAGE
            )
        self._refuse_mixture(ids, SYNTHETIC_ID_PREFIX, "conversations")
        return ids.reset_index(drop=True)

    def _refuse_mixture(self, ids: pd.Series, prefix: str, whose: str) -> None:
        """Raise if some identifiers begin with the mark of the synthetic study and some do not."""
        invented = ids.str.startswith(prefix).to_numpy(dtype=bool)
        if invented.any() and not invented.all():
            raise self.error(
                f"synthetic and real {whose} stand in one file",
                int((invented != invented[0]).argmax()),
                allowed=f"ids that all begin with {prefix} (synthetic), or none",
                remedy="Keep synthetic and real data in separate files",
            )

    def number(self, kind: str = "Float64", *, allowed: str = "a number") -> pd.Series:
        """Return numbers, NA where the cell holds nothing.

        Parameters
        ----------
        kind : str
            ``Float64``, or ``float64`` with NaN for NA.
        allowed : str, optional
            What may stand there, for the message.

        Raises
        ------
        DataError
            If a cell holds something else.
        """
        values = self._floats("a number", allowed)
        return pd.Series(values, dtype="Float64").astype(kind)

    def integer(
        self, kind: str, *, required: bool = False, allowed: str = "a whole number"
    ) -> pd.Series:
        """Return whole numbers of the pandas type `kind`, NA where the cell holds nothing.

        ``4.0`` is taken for 4: columns with gaps are often written like that.

        Parameters
        ----------
        kind : str
            ``Int8`` ... ``Int64``.
        required : bool
            Whether a cell must not be empty.
        allowed : str, optional
            What may stand there, for the message.

        Raises
        ------
        DataError
            If a cell holds something else, a fraction, a number too large for `kind`, or nothing
            where a value is required.
        """
        bounds = np.iinfo(kind.lower())
        values = self._floats("a whole number", allowed)
        known = ~np.isnan(values)
        wrong = known & ((values != np.floor(values)) | (values < bounds.min))
        wrong |= known & (values > bounds.max)
        if wrong.any():
            raise self.error("the value is not allowed", int(wrong.argmax()), allowed=allowed)
        if required and not known.all():
            raise self.error("a value is missing", int(known.argmin()), allowed=allowed, show=False)
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
        return numbers.integer("Int8", allowed="0 or 1")

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

    def _floats(self, what: str, allowed: str) -> np.ndarray:
        missing = self.missing()
        numbers = pd.to_numeric(self.raw.mask(missing), errors="coerce")
        values = numbers.to_numpy(dtype=float, na_value=np.nan)
        wrong = ~missing & ~np.isfinite(values)
        if wrong.any():
            raise self.error(f"this is not {what}", int(wrong.argmax()), allowed=allowed)
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
                # the vocabulary says how the study's files spell what is allowed
                spelled = str(error).partition("allowed: ")[2]
                raise self.error(
                    "the value is not known",
                    int((codes == code).argmax()),
                    allowed=spelled or allowed,
                ) from None
        return codes, values


def shortened(text: str, length: int = 120) -> str:
    """Return `text`, or its beginning if it is longer than a message can bear."""
    return text if len(text) <= length else text[: length - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _looks_like_float(text: str) -> bool:
    """Whether `text` is how programs write a floating-point number."""
    try:
        float(text)
    except ValueError:
        return False
    return any(mark in text.lower() for mark in (".", "e"))


def _rounding(ids: pd.Series) -> tuple[str, int]:
    """Say how identifiers of the right length were nevertheless rounded, and which is the first.

    The text is empty if they were not.

    A spreadsheet keeps 15 significant digits and other programs 17 (what a double is written with),
    and zeros stand for the rest; a double keeps 53 bits, so numbers of this size come back as
    multiples of 4096 or more. Either happens to most identifiers of a file or to none, and by
    chance to one in a thousand at most.
    """
    sample = ids.drop_duplicates().head(1000)
    if len(sample) < 2:
        return "", 0
    for zeros, number in ((5, "five"), (3, "three")):
        if sample.str.endswith("0" * zeros).mean() > 0.5:
            first = int(ids.str.endswith("0" * zeros).to_numpy(dtype=bool).argmax())
            problem = f"the last {number} digits of most identifiers are zeros: they were rounded"
            return problem, first
    if all(int(float(text)) == int(text) for text in sample):
        return "the identifiers are what remains after a passage through floating-point numbers", 0
    return "", 0
