"""experiment_2.csv: which of two conversations a rater found more empathic.

Verbatim, if the file has them, are ``participant_id, scenario, conversation_left_id,
conversation_right_id, participant_choice`` (always), ``select_higher_annotation, select_match``,
the score difference (``abs_score_diff`` or ``llm_score_diff``), the two scores
(``conv_left_empathy_score, conv_right_empathy_score``) and the six component differences
(``<dimension>_diff`` or ``diff_<dimension>``). Whatever of these it lacks is derived here:

========================= ==================================================================
left_score, right_score   overall empathy of the conversation in experiment 1, else in the Elo
                          file, else unknown
abs_score_diff            ``|left_score - right_score|``
select_higher_annotation  1 if the chosen side has the higher score, 0 if the lower, NA on ties
select_match              1 if the chosen side has the higher Elo rating (the LLM judges prefer
                          it), 0 if the lower, NA on ties and without the Elo file
<dimension>_diff          the left conversation's rating in experiment 1 minus the right one's
========================= ==================================================================
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from lendanear import vocabulary as words
from lendanear.errors import DataError
from lendanear.tables.read import RawFile, TextTable, Wanted, wanted
from lendanear.tables.schemas import validate

COLUMNS: Final[dict[str, Wanted]] = {
    "rater_id": wanted("participant_id"),
    "scenario": wanted("scenario"),
    "left_id": wanted("conversation_left_id"),
    "right_id": wanted("conversation_right_id"),
    "choice": wanted("participant_choice"),
    "left_score": wanted("conv_left_empathy_score", required=False),
    "right_score": wanted("conv_right_empathy_score", required=False),
    "abs_score_diff": wanted("abs_score_diff", "llm_score_diff", required=False),
    "select_higher_annotation": wanted("select_higher_annotation", required=False),
    "select_match": wanted("select_match", required=False),
    **{
        f"{dimension}_diff": wanted(f"{dimension}_diff", f"diff_{dimension}", required=False)
        for dimension in words.DIMENSION_KEYS
    },
}
"""What the file calls each column of the table."""

_SIDES: Final = ("left", "right")


def choices_table(
    file: Path,
    *,
    conversations: pd.DataFrame | None = None,
    elo: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return the typed table ``choices``.

    Parameters
    ----------
    file : Path
        experiment_2.csv.
    conversations, elo : DataFrame, optional
        Typed tables to look up the scores of a pair in, and the LLM judges' preference, where
        the file lacks them.

    Returns
    -------
    DataFrame
        One row per choice, in the file's order.

    Raises
    ------
    DataError
        If the file does not hold what it should (the message names row and field), or the score
        differences are neither in it nor can be derived.
    """
    raw = RawFile(file, COLUMNS).read()
    frame = pd.DataFrame(
        {
            "rater_id": raw["rater_id"].person(),
            "scenario": raw["scenario"].category(words.scenario_of, words.SCENARIO_KEYS),
            "left_id": raw["left_id"].conversation_id(),
            "right_id": raw["right_id"].conversation_id(),
            "choice": raw["choice"].category(_side, _SIDES),
        }
    )
    same = (frame["left_id"] == frame["right_id"]).to_numpy()
    if same.any():
        raise raw["right_id"].error(
            "both sides of the pair are the same conversation",
            int(same.argmax()),
            allowed="two different conversations",
        )
    for side in _SIDES:
        frame[f"{side}_score"] = _score(raw, frame, side, conversations, elo)
    difference = frame["left_score"] - frame["right_score"]
    frame["abs_score_diff"] = _absolute(raw, difference)
    frame["select_higher_annotation"] = (
        raw["select_higher_annotation"].flag()
        if "select_higher_annotation" in raw
        else higher_chosen(frame["choice"], difference)
    )
    frame["select_match"] = (
        raw["select_match"].flag()
        if "select_match" in raw
        else higher_chosen(
            frame["choice"],
            _looked_up(frame["left_id"], elo, "elo_rating")
            - _looked_up(frame["right_id"], elo, "elo_rating"),
        )
    )
    for dimension in words.DIMENSION_KEYS:
        name = f"{dimension}_diff"
        frame[name] = (
            raw[name].number()
            if name in raw
            else _looked_up(frame["left_id"], conversations, dimension)
            - _looked_up(frame["right_id"], conversations, dimension)
        )
    return validate("choices", frame, file=file, rows=raw.rows, raw_names=raw.names)


def higher_chosen(choice: pd.Series, difference: pd.Series) -> pd.Series:
    """Return whether the side with the higher score (or Elo rating) was chosen.

    Parameters
    ----------
    choice : Series of category, shape (n,)
        ``left`` or ``right``.
    difference : Series of Float64, shape (n,)
        Score of the left side minus score of the right side.

    Returns
    -------
    Series of Int8, shape (n,)
        1 if the chosen side has the higher score, 0 if the lower; NA on ties and where the
        difference is unknown.
    """
    chosen_left = (choice == "left").to_numpy()
    for_chosen = difference.where(pd.Series(chosen_left, index=difference.index), -difference)
    return (for_chosen > 0).mask(for_chosen.isna() | (for_chosen == 0)).astype("Int8")


def _side(raw: str) -> str:
    side = words.slug(raw)
    if side not in _SIDES:
        raise words.UnknownNameError(f"unknown side {raw!r}")
    return side


def _score(
    raw: TextTable,
    frame: pd.DataFrame,
    side: str,
    conversations: pd.DataFrame | None,
    elo: pd.DataFrame | None,
) -> pd.Series:
    """Return the overall empathy of one side (Float64), NA where it is unknown."""
    if f"{side}_score" in raw:
        return raw[f"{side}_score"].number()
    ids = frame[f"{side}_id"]
    known = _looked_up(ids, conversations, "overall_empathy")
    return known.fillna(_looked_up(ids, elo, "overall_empathy"))


def _looked_up(ids: pd.Series, table: pd.DataFrame | None, column: str) -> pd.Series:
    """Return a column of `table` for each conversation (Float64), NA where it is not there."""
    if table is None:
        return pd.Series(np.nan, index=ids.index).astype("Float64")
    return ids.map(table.set_index("conversation_id")[column].astype("Float64")).astype("Float64")


def _absolute(raw: TextTable, difference: pd.Series) -> pd.Series:
    if "abs_score_diff" in raw:
        return raw["abs_score_diff"].number().abs()
    unknown = difference.isna().to_numpy()
    if unknown.all():
        raise DataError(
            "the column 'abs_score_diff' is missing and cannot be derived",
            file=raw.path,
            row=1,
            field="abs_score_diff",
            allowed="abs_score_diff, llm_score_diff, or both conv_left_empathy_score and "
            "conv_right_empathy_score",
            remedy="Or place experiment_1.csv or elo_rankings.csv beside it: they hold the scores",
        )
    if unknown.any():
        raise raw["left_id"].error(
            "the score of this conversation or of its partner is not in experiment_1.csv or "
            "elo_rankings.csv",
            int(unknown.argmax()),
            allowed="conversations whose score is known",
            remedy="Place the files the conversations were taken from beside it",
        )
    return difference.abs()
