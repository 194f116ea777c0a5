"""The pilot's seven rating files: 50 conversations rated by experts, a crowd and LLM judges."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd

from lendanear import vocabulary as words
from lendanear.errors import DataError, MissingDataError
from lendanear.tables.read import RawFile, Wanted, wanted
from lendanear.tables.schemas import validate

RATING_FILES: Final = {f"{rater}_ratings": rater for rater in words.RATER_KEYS}
"""Which rater each rating file (a key of data/sources.toml) belongs to."""

PANELS: Final = tuple(rater.key for rater in words.RATERS if rater.kind == "crowd")
"""Raters that are several people, whose ratings are means."""

COLUMNS: Final[dict[str, Wanted]] = {
    "conversation_id": wanted("conversation_id"),
    **{dimension: wanted(dimension) for dimension in words.DIMENSION_KEYS},
}


def pilot_ratings_table(files: Mapping[str, Path]) -> pd.DataFrame:
    """Return the typed table ``pilot_ratings``.

    Texts of conversations, which one of the files holds too, are not read: blank ones do no harm.

    Parameters
    ----------
    files : mapping of str to Path
        The seven files by their key (`RATING_FILES`); further keys are ignored.

    Returns
    -------
    DataFrame
        Long: one row per conversation, rater and dimension, raters and dimensions in the order of
        the vocabulary, conversations by id. The crowd's ratings are means and may be fractions.

    Raises
    ------
    MissingDataError
        If a rating file is missing.
    DataError
        If a file does not hold what it should, or rates other conversations than the rest.
    """
    missing = [key for key in RATING_FILES if key not in files]
    if missing:
        raise MissingDataError(
            "the pilot ratings need all seven rating files; missing: "
            + ", ".join(f"{key}.csv" for key in missing)
        )
    wide = {
        rater: _ratings(files[key], whole=rater not in PANELS)
        for key, rater in RATING_FILES.items()
    }
    _same_conversations({rater: (files[f"{rater}_ratings"], wide[rater]) for rater in wide})
    rater_type = pd.CategoricalDtype(pd.Index(words.RATER_KEYS, dtype="str"), ordered=False)
    dimension_type = pd.CategoricalDtype(pd.Index(words.DIMENSION_KEYS, dtype="str"), ordered=False)
    long = pd.concat(
        [
            frame.melt(id_vars="conversation_id", var_name="dimension", value_name="rating").assign(
                rater=rater
            )
            for rater, frame in wide.items()
        ],
        ignore_index=True,
    ).astype({"rater": rater_type, "dimension": dimension_type, "rating": "float64"})
    long = long.sort_values(["rater", "dimension", "conversation_id"], ignore_index=True)
    return validate("pilot_ratings", long[["conversation_id", "rater", "dimension", "rating"]])


def _ratings(file: Path, *, whole: bool) -> pd.DataFrame:
    """Return one file: conversation_id and a float column per dimension.

    `whole` says whether ratings must be whole numbers, as one rater gives them.
    """
    allowed = f"{words.SCORE_MIN} to {words.SCORE_MAX}"
    if whole:
        allowed = f"a whole number from {allowed}"
    raw = RawFile(file, COLUMNS).read()
    frame = pd.DataFrame({"conversation_id": raw["conversation_id"].conversation_id()})
    repeated = frame["conversation_id"].duplicated().to_numpy()
    if repeated.any():
        raise raw["conversation_id"].error(
            "the conversation is rated twice in this file",
            int(repeated.argmax()),
            allowed="each once",
        )
    for dimension in words.DIMENSION_KEYS:
        cells = raw[dimension]
        values = cells.number("float64", allowed=allowed)
        wrong = ~values.between(words.SCORE_MIN, words.SCORE_MAX).to_numpy()
        wrong |= whole & (values != values.round()).to_numpy()
        if wrong.any():
            raise cells.error(
                "the rating is not allowed",
                int(wrong.argmax()),
                allowed=allowed,
            )
        frame[dimension] = values
    return frame


def _same_conversations(rated: Mapping[str, tuple[Path, pd.DataFrame]]) -> None:
    """Raise unless every file rates the same conversations: agreement needs all of them."""
    (first_file, first), *others = rated.values()
    expected = set(first["conversation_id"])
    for file, frame in others:
        found = set(frame["conversation_id"])
        if found != expected:
            odd = min(found ^ expected)
            has, lacks = (file, first_file) if odd in found else (first_file, file)
            raise DataError(
                f"the conversation {odd} is rated in {has.name} but not here; "
                f"{len(found ^ expected)} are rated in only one of the two",
                file=lacks,
                field="conversation_id",
                allowed="the same conversations in all seven rating files",
                remedy="Take the seven files together from where they came from",
            )
