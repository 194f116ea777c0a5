"""all_themes.csv: spans of supporters' messages, each coded by the taxonomy of expressions."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from lendanear import vocabulary as words
from lendanear.tables.read import RawFile, Wanted, wanted
from lendanear.tables.schemas import validate

COLUMNS: Final[dict[str, Wanted]] = {
    "trouble_type": wanted("theme"),
    "participant_id": wanted("user_id"),
    "conversation_number": wanted("conversation_number"),
    "arm": wanted("condition"),
    "turn_number": wanted("turn_number"),
    "text": wanted("text"),
    "theme": wanted("Level 1"),
    "level_2": wanted("Level 2"),
    "interpretation": wanted("Level 3 - interpretation", "Interpretation", "Level 3"),
}
"""What the file calls each column of the table; ``theme`` there is the trouble type."""


def _trouble_type(raw: str) -> str:
    key = words.slug(raw)
    if key not in words.TROUBLE_TYPE_KEYS:
        raise words.UnknownNameError(f"unknown trouble type {raw!r}")
    return key


def themes_table(file: Path) -> pd.DataFrame:
    """Return the typed table ``themes``.

    Parameters
    ----------
    file : Path
        all_themes.csv.

    Returns
    -------
    DataFrame
        One row per coded span, in the file's order.

    Raises
    ------
    DataError
        If the file does not hold what it should; the message names row and field.
    """
    raw = RawFile(file, COLUMNS).read()
    frame = pd.DataFrame(
        {
            "trouble_type": raw["trouble_type"].category(_trouble_type, words.TROUBLE_TYPE_KEYS),
            "participant_id": raw["participant_id"].person(),
            "conversation_number": raw["conversation_number"].integer("Int8", allowed="1, 2 or 3"),
            "arm": raw["arm"].category(words.arm_of, words.ARM_KEYS),
            "turn_number": raw["turn_number"].integer("Int16", allowed="a whole number, 0 or more"),
            "text": raw["text"].text(),
            "theme": raw["theme"].category(words.theme_of, words.THEME_KEYS),
            "level_2": raw["level_2"].text_or_na(),
            "interpretation": raw["interpretation"].text_or_na(),
        }
    )
    return validate("themes", frame, file=file, rows=raw.rows, raw_names=raw.names)
