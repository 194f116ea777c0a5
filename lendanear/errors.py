"""Errors for people: what is wrong, where, what is allowed, what to do next."""

from __future__ import annotations

from pathlib import Path


class LendAnEarError(Exception):
    """Anything the companion can explain to a reader; shown without a traceback."""


class DataError(LendAnEarError):
    """A data file that cannot be used as it is.

    Parameters
    ----------
    problem : str
        What is wrong, in one sentence without a full stop.
    file : Path or str, optional
        The file it was found in.
    row : int or str, optional
        Line of the file, counted as a spreadsheet does (the header is row 1), or an id.
    field : str, optional
        The column.
    found, allowed : str, optional
        The offending value and what may stand there.
    remedy : str, optional
        What to do next.
    """

    def __init__(
        self,
        problem: str,
        *,
        file: Path | str | None = None,
        row: int | str | None = None,
        field: str | None = None,
        found: object = None,
        allowed: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem, self.file, self.row, self.field = problem, file, row, field
        self.found, self.allowed, self.remedy = found, allowed, remedy
        place = ", ".join(
            part
            for part in (
                str(file) if file is not None else "",
                f"row {row}" if row is not None else "",
                f"field {field!r}" if field is not None else "",
            )
            if part
        )
        text = f"{place}: {problem}" if place else problem
        if found is not None:
            text += f" (found: {found!r})"
        if allowed:
            text += f". Allowed: {allowed}"
        if remedy:
            text += f". {remedy}"
        super().__init__(text if text.endswith(".") else text + ".")

    def __reduce__(self) -> tuple:
        """Keep the fields when the error crosses a process boundary."""
        fields = {
            "file": self.file,
            "row": self.row,
            "field": self.field,
            "found": self.found,
            "allowed": self.allowed,
            "remedy": self.remedy,
        }
        return (_rebuild, (type(self), self.problem, fields))


def _rebuild(kind: type[DataError], problem: str, fields: dict) -> DataError:
    return kind(problem, **fields)


class IntegrityError(DataError):
    """A file that is not the pinned one: wrong checksum, LFS pointer, truncated, an HTML page."""


class MissingDataError(LendAnEarError):
    """Something asked for needs a file that is not there."""


class OutputError(LendAnEarError):
    """Results cannot be written: read-only folder, full disk."""
