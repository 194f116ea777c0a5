"""What each typed table holds: columns, types, ranges; and the error a reader gets if one differs.

The schemas are the single definition of the tables. ``data/README.md`` explains the columns in
words, and a test keeps the two alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pandera.pandas as pa

from lendanear import vocabulary as words
from lendanear.errors import DataError
from lendanear.tables.convert import WAY_OUT, shortened

TEXT: Final = pd.StringDtype(na_value=np.nan)
"""The pandas ``str`` type: text and identifiers."""

_ID_PATTERN: Final = rf"[0-9]{{{words.CONVERSATION_ID_DIGITS}}}"


def _text(*, nullable: bool = False) -> pa.Column:
    return pa.Column(TEXT, nullable=nullable)


def _name() -> pa.Column:
    """Return an identifier of a person: any text that is not blank."""
    return pa.Column(TEXT, pa.Check.str_matches(r"^\s*\S", error="text that is not blank"))


def _conversation_id(*, unique: bool = False) -> pa.Column:
    digits = pa.Check(
        lambda ids: ids.str.fullmatch(_ID_PATTERN),
        name="digits",
        error=f"exactly {words.CONVERSATION_ID_DIGITS} digits",
    )
    return pa.Column(TEXT, digits, unique=unique)


def _category(keys: Sequence[str], *, nullable: bool = False) -> pa.Column:
    return pa.Column(pd.CategoricalDtype(list(keys), ordered=False), nullable=nullable)


def _range(kind: str, low: float, high: float | None, *, nullable: bool = False) -> pa.Column:
    if high is None:
        check = pa.Check.ge(low, error=f"{low} or more")
    else:
        check = pa.Check.in_range(low, high, error=f"{low} to {high}")
    return pa.Column(kind, check, nullable=nullable)


def _score(*, nullable: bool = False) -> pa.Column:
    return _range("Int8", words.SCORE_MIN, words.SCORE_MAX, nullable=nullable)


def _flag() -> pa.Column:
    return pa.Column("Int8", pa.Check.isin([0, 1], error="0 or 1"), nullable=True)


def _schema(
    columns: Mapping[str, pa.Column], *, unique: Sequence[str] | None = None
) -> pa.DataFrameSchema:
    return pa.DataFrameSchema(
        dict(columns),
        strict=True,
        ordered=True,
        unique=list(unique) if unique else None,
    )


_conversation_number = _range("Int8", words.CONVERSATION_NUMBERS[0], words.CONVERSATION_NUMBERS[-1])
_overall = _range("Int8", words.OVERALL_MIN, words.OVERALL_MAX)
_span = words.OVERALL_MAX - words.OVERALL_MIN
_step = words.SCORE_MAX - words.SCORE_MIN

SCHEMAS: Final[dict[str, pa.DataFrameSchema]] = {
    "participants": _schema(
        {
            "participant_id": pa.Column(
                TEXT, pa.Check.str_matches(r"^\s*\S", error="text that is not blank"), unique=True
            ),
            "arm": _category(words.ARM_KEYS),
            "age": _range("Float64", 18, 120, nullable=True),
            "sex": _category(("Female", "Male"), nullable=True),
            "ethnicity": _text(nullable=True),
            "country_of_birth": _text(nullable=True),
            "country_of_residence": _text(nullable=True),
            "nationality": _text(nullable=True),
            "language": _text(nullable=True),
            "fluent_languages": _text(nullable=True),
            "student_status": _text(nullable=True),
            "employment_status": _text(nullable=True),
            **{item: _score(nullable=True) for item in words.TRAIT_ITEMS},
            "jordan": _range("Int8", 7 * words.SCORE_MIN, 7 * words.SCORE_MAX, nullable=True),
            "sites": _score(nullable=True),
        }
    ),
    "conversations": _schema(
        {
            "conversation_id": _conversation_id(unique=True),
            "participant_id": _name(),
            "arm": _category(words.ARM_KEYS),
            "conversation_number": _conversation_number,
            "post": pa.Column("bool"),
            "scenario": _category(words.SCENARIO_KEYS),
            "trouble_type": _category(words.TROUBLE_TYPE_KEYS),
            **{dimension: _score() for dimension in words.DIMENSION_KEYS},
            "overall_empathy": _overall,
            **{report: _score(nullable=True) for report in words.SELF_REPORT_KEYS},
            "message_count": _range("Int16", 0, None),
            "seeker_count": _range("Int16", 0, None),
            "supporter_count": _range("Int16", 0, None),
            "text": _text(),
            "coach_feedback": _text(nullable=True),
            "coach_questions": _text(nullable=True),
        },
        unique=("participant_id", "conversation_number"),
    ),
    "messages": _schema(
        {
            "conversation_id": _conversation_id(),
            "message_number": _range("Int16", 1, None),
            "text": _text(),
        },
        unique=("conversation_id", "message_number"),
    ),
    "choices": _schema(
        {
            "rater_id": _name(),
            "scenario": _category(words.SCENARIO_KEYS),
            "left_id": _conversation_id(),
            "right_id": _conversation_id(),
            "choice": _category(("left", "right")),
            "left_score": _range("Float64", words.OVERALL_MIN, words.OVERALL_MAX, nullable=True),
            "right_score": _range("Float64", words.OVERALL_MIN, words.OVERALL_MAX, nullable=True),
            "abs_score_diff": _range("Float64", 0, _span),
            "select_higher_annotation": _flag(),
            "select_match": _flag(),
            **{
                f"{dimension}_diff": _range("Float64", -_step, _step, nullable=True)
                for dimension in words.DIMENSION_KEYS
            },
        }
    ),
    "elo": _schema(
        {
            "conversation_id": _conversation_id(unique=True),
            "elo_rating": pa.Column("float64"),
            "comparisons_count": _range("Int32", 0, None),
            "arm": _category(words.ARM_KEYS),
            "overall_empathy": _overall,
            "conversation_number": _conversation_number,
            "elo_rank": _range("Int32", 1, None),
            "scenario": _category(words.SCENARIO_KEYS),
        }
    ),
    "themes": _schema(
        {
            "trouble_type": _category(words.TROUBLE_TYPE_KEYS),
            "participant_id": _name(),
            "conversation_number": _conversation_number,
            "arm": _category(words.ARM_KEYS),
            "turn_number": _range("Int16", 0, None),
            "text": _text(),
            "theme": _category(words.THEME_KEYS),
            "level_2": _text(nullable=True),
            "interpretation": _text(),
        }
    ),
    "pilot_ratings": _schema(
        {
            "conversation_id": _conversation_id(),
            "rater": _category(words.RATER_KEYS),
            "dimension": _category(words.DIMENSION_KEYS),
            "rating": _range("float64", words.SCORE_MIN, words.SCORE_MAX),
        },
        unique=("conversation_id", "rater", "dimension"),
    ),
}
"""The schema of every typed table, by name; the order of columns is part of it."""


def empty(name: str) -> pd.DataFrame:
    """Return the table `name` without rows, every column with its type."""
    return pd.DataFrame(
        {
            column: pd.Series(dtype=getattr(dtype, "type", dtype))
            for column, dtype in SCHEMAS[name].dtypes.items()
        }
    )


def validate(
    name: str,
    frame: pd.DataFrame,
    *,
    file: Path | str | None = None,
    rows: Sequence[int] | np.ndarray | None = None,
    raw_names: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Check a table against its schema.

    Parameters
    ----------
    name : str
        Name of the table, a key of `SCHEMAS`.
    frame : DataFrame
        The table.
    file : Path or str, optional
        The raw file it was made from, for the message.
    rows : sequence of int, shape (len(frame),), optional
        Row of the raw file each row of `frame` came from, counted as a spreadsheet does: the
        header is row 1, and a record over several lines is one row.
    raw_names : mapping, optional
        What the raw file calls a column of `frame`, where it differs.

    Returns
    -------
    DataFrame
        `frame`, unchanged.

    Raises
    ------
    DataError
        If anything differs: it names the first place and says how many more there are.
    """
    try:
        SCHEMAS[name].validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        raise _explained(name, frame, errors, file, rows, raw_names or {}) from None
    return frame


def _explained(
    name: str,
    frame: pd.DataFrame,
    errors: pa.errors.SchemaErrors,
    file: Path | str | None,
    rows: Sequence[int] | np.ndarray | None,
    raw_names: Mapping[str, str],
) -> DataError:
    """Turn pandera's table of failure cases into one error for people."""
    cases = errors.failure_cases.assign(
        position=pd.to_numeric(errors.failure_cases["index"], errors="coerce")
    ).sort_values("position", kind="stable", na_position="first")
    # a value computed here is wrong only because one that was read is wrong: name that one
    read = cases["column"].isin(raw_names)
    cases = cases[read] if read.any() else cases
    case = cases.iloc[0]
    # a check of several columns at once reports one case per column: name all, count rows once
    places = cases.drop_duplicates(["position", "check"])
    column = None if pd.isna(case["column"]) else str(case["column"])
    field = raw_names.get(column, column) if column in frame.columns else None
    row: int | None = None
    if pd.notna(case["position"]):
        position = frame.index.get_loc(case["index"])
        row = int(rows[position]) if rows is not None else int(position)
    check = str(case["check"])
    found = case["failure_case"]
    problem, allowed = _problem(name, column, check, found)
    if check == "not_nullable":
        found = None
    elif isinstance(found, np.generic):
        found = found.item()
    more = len(places) - 1
    if more:
        problem += f"; {more} more such place{'s' if more > 1 else ''} in this file"
    return DataError(
        problem,
        file=file if file is not None else f"table {name}",
        row=row,
        field=field,
        found=shortened(found) if isinstance(found, str) else found,
        allowed=allowed,
        remedy=WAY_OUT,
    )


def _allowed(name: str, column: str | None) -> str | None:
    """Return what a column may hold, in the words of its checks."""
    if column is None:
        return None
    about = SCHEMAS[name].columns[column]
    checked = " and ".join(str(check.error) for check in about.checks)
    return checked or ("text" if about.dtype.type == TEXT else "a number")


def _problem(name: str, column: str | None, check: str, found: object) -> tuple[str, str | None]:
    """Return what a failed check means, and what is allowed."""
    if check == "not_nullable":
        return "a value is missing", _allowed(name, column)
    if check in {"field_uniqueness", "multiple_fields_uniqueness"}:
        return "the same value occurs twice", "each once"
    if check == "column_in_dataframe":
        return f"the table {name} lacks a column", None
    if check == "column_in_schema":
        return f"the table {name} has a column that it should not have", None
    if check == "column_ordered":
        return f"the columns of the table {name} are in the wrong order", None
    if check.startswith("dtype("):
        return f"the table {name} holds a column of the wrong type", check[7:-2]
    return "the value is not allowed", check
