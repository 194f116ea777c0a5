"""elo_rankings.csv: the tournament of conversations judged in pairs by LLMs."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from lendanear import vocabulary as words
from lendanear.tables.read import RawFile, Wanted, wanted
from lendanear.tables.schemas import validate

COLUMNS: Final[dict[str, Wanted]] = {
    "conversation_id": wanted("conversation_id"),
    "elo_rating": wanted("elo_rating"),
    "comparisons_count": wanted("comparisons_count"),
    "arm": wanted("condition"),
    "overall_empathy": wanted("overall_empathy"),
    "conversation_number": wanted("conversation_number"),
    "elo_rank": wanted("elo_rank"),
    "scenario": wanted("starter"),
}
"""What the file calls each column of the table."""

_OVERALL: Final = f"a whole number from {words.OVERALL_MIN} to {words.OVERALL_MAX}"


def elo_table(file: Path) -> pd.DataFrame:
    """Return the typed table ``elo``.

    Parameters
    ----------
    file : Path
        elo_rankings.csv. ``elo_rank`` counts within a scenario, 1 is the highest rating.

    Returns
    -------
    DataFrame
        One row per conversation, in the file's order.

    Raises
    ------
    DataError
        If the file does not hold what it should; the message names row and field.
    """
    raw = RawFile(file, COLUMNS).read()
    frame = pd.DataFrame(
        {
            "conversation_id": raw["conversation_id"].conversation_id(),
            "elo_rating": raw["elo_rating"].number("float64"),
            "comparisons_count": raw["comparisons_count"].integer(
                "Int32", allowed="a whole number, 0 or more"
            ),
            "arm": raw["arm"].category(words.arm_of, words.ARM_KEYS),
            "overall_empathy": raw["overall_empathy"].integer("Int8", allowed=_OVERALL),
            "conversation_number": raw["conversation_number"].integer("Int8", allowed="1, 2 or 3"),
            "elo_rank": raw["elo_rank"].integer("Int32", allowed="a whole number, 1 or more"),
            "scenario": raw["scenario"].category(words.scenario_of, words.SCENARIO_KEYS),
        }
    )
    return validate("elo", frame, file=file, rows=raw.rows, raw_names=raw.names)
