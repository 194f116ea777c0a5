"""experiment_1.csv: participants, conversations and messages of the trial.

The file has one row per message of a supporter and repeats the whole conversation, its ratings
and the participant's answers on every one of them. It is read piece by piece; of each conversation
one copy is kept, and every other copy is compared with it, so that the memory needed grows with
the number of conversations rather than with the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from lendanear import vocabulary as words
from lendanear.errors import DataError
from lendanear.tables.read import RawFile, TextTable, Wanted, wanted
from lendanear.tables.schemas import empty, validate
from lendanear.tables.store import table_writer, write_table

MESSAGE_COLUMNS: Final[dict[str, Wanted]] = {
    "row_id": wanted("id", required=False),
    "message": wanted("user_message"),
}
"""Columns that differ between the rows of a conversation."""

DEMOGRAPHICS: Final[dict[str, str]] = {
    "age": "Age",
    "sex": "Sex",
    "ethnicity": "Ethnicity simplified",
    "country_of_birth": "Country of birth",
    "country_of_residence": "Country of residence",
    "nationality": "Nationality",
    "language": "Language",
    "fluent_languages": "Fluent languages",
    "student_status": "Student status",
    "employment_status": "Employment status",
}
"""What the file calls the demographic answers."""

PERSON_COLUMNS: Final[dict[str, Wanted]] = {
    "arm": wanted("condition"),
    **{key: wanted(raw) for key, raw in DEMOGRAPHICS.items()},
    **{item: wanted(item) for item in words.TRAIT_ITEMS},
}
"""Columns that are the same in all rows of a participant."""

_TEXTS: Final = {
    "text": "conversation",
    "coach_feedback": "coach_coach_feedback",
    "coach_questions": "coach_coach_user_questions",
}
CONVERSATION_COLUMNS: Final[dict[str, Wanted]] = {
    "conversation_id": wanted("conversation_id"),
    "participant_id": wanted("user_id"),
    "conversation_number": wanted("conversation_number"),
    "scenario": wanted("starter"),
    **{dimension: wanted(dimension) for dimension in words.DIMENSION_KEYS},
    **{report: wanted(report) for report in words.SELF_REPORT_KEYS},
    "message_count": wanted("message_count"),
    "seeker_count": wanted("seeker_count"),
    "supporter_count": wanted("supporter_count"),
    **{key: wanted(raw) for key, raw in _TEXTS.items()},
    **PERSON_COLUMNS,
}
"""Columns that are the same in all rows of a conversation."""

COLUMNS: Final = CONVERSATION_COLUMNS | MESSAGE_COLUMNS
"""Every column read, by the name it gets here."""

_CONVERSATIONS_AT_ONCE: Final = 8192
_MESSAGES_AT_ONCE: Final = 65536
"""Rows written at a time: the row groups of the Parquet files."""


def build_study(file: Path, out: Path) -> list[Path]:
    """Read experiment_1.csv, check it, and write ``participants, conversations, messages``.

    Parameters
    ----------
    file : Path
        The file.
    out : Path
        Folder for the three tables; earlier ones are replaced only once everything was checked.

    Returns
    -------
    list of Path
        The three tables.

    Raises
    ------
    DataError
        If the file does not hold what it should; the message names row and field.
    """
    file, out = Path(file), Path(out)
    paths = [out / f"{name}.parquet" for name in ("participants", "conversations", "messages")]
    with ExitStack() as stack:
        # messages are written while reading, but appear only after everything has been checked
        writer = stack.enter_context(table_writer(empty("messages"), paths[2]))
        reading = _Reading(RawFile(file, COLUMNS))
        for messages in reading.messages():
            writer.write_table(messages.cast(writer.schema))
        heads = reading.heads()
        conversations = _conversations(heads)
        order, first_of = _order(heads, conversations)
        validate("conversations", conversations, file=file, rows=heads.rows, raw_names=heads.names)
        participants = _participants(heads, first_of)
        write_table(participants, paths[0])
        _write_conversations(conversations, order, paths[1])
    return paths


class _Reading:
    """One passage through the file: collects the first row of each conversation."""

    def __init__(self, raw: RawFile) -> None:
        self.raw = raw
        self._place: dict[str, int] = {}
        self._first: list[pa.RecordBatch] = []
        self._first_rows: list[np.ndarray] = []
        self._counts = np.zeros(0, dtype=np.int64)
        self._returned = np.zeros(0, dtype=bool)
        # rows that begin another stretch of a conversation already seen: row, place, fingerprint
        self._again: list[tuple[int, int, int]] = []
        self._row_ids: list[tuple[np.ndarray, np.ndarray]] = []
        self._last = -1

    def messages(self) -> Iterator[pa.Table]:
        """Yield the messages piece by piece, in the file's order."""
        waiting: list[pa.Table] = []
        for row, batch in self.raw.batches():
            waiting.append(self._messages_of(row, batch))
            if sum(map(len, waiting)) >= _MESSAGES_AT_ONCE:
                yield pa.concat_tables(waiting).combine_chunks()
                waiting.clear()
        if waiting:
            yield pa.concat_tables(waiting).combine_chunks()

    def _messages_of(self, row: int, batch: pa.RecordBatch) -> pa.Table:
        starts = self._stretches(row, batch)
        lengths = np.diff(np.append(starts, batch.num_rows))
        heads = batch.select(list(CONVERSATION_COLUMNS)).take(pa.array(starts))
        places = np.empty(len(starts), dtype=np.int64)
        known = len(self._place)
        fresh = np.zeros(len(starts), dtype=bool)
        for stretch, name in enumerate(heads.column("conversation_id").to_pylist()):
            place = self._place.setdefault(name, len(self._place))
            places[stretch] = place
            fresh[stretch] = place >= known
            known = max(known, place + 1)
        if fresh.any():
            self._first.append(heads.filter(pa.array(fresh)))
            self._first_rows.append(row + starts[fresh])
            grown = len(self._place) - len(self._counts)
            self._counts = np.append(self._counts, np.zeros(grown, dtype=np.int64))
            self._returned = np.append(self._returned, np.zeros(grown, dtype=bool))
        again = np.flatnonzero(~fresh)
        if len(again):
            marks = _fingerprints(heads.take(pa.array(again)))
            self._again.extend(
                zip((row + starts[again]).tolist(), places[again].tolist(), marks, strict=True)
            )
            # the first stretch of a piece may go on from the piece before: no return
            self._returned[[places[s] for s in again if s or places[s] != self._last]] = True
        self._last = int(places[-1])

        # number of each message within its conversation, going on where the last stretch ended
        before = np.empty(len(starts), dtype=np.int64)
        for stretch, place in enumerate(places):
            before[stretch] = self._counts[place]
            self._counts[place] += lengths[stretch]
        within = np.arange(batch.num_rows) - np.repeat(starts, lengths)
        numbers = np.repeat(before, lengths) + within + 1
        if "row_id" in self.raw.names:
            ids = batch.column("row_id").to_numpy(zero_copy_only=False)
            self._row_ids.append((np.repeat(places, lengths), pd.util.hash_array(ids)))
        return pa.table(
            {
                "conversation_id": batch.column("conversation_id"),
                "message_number": numbers,
                "text": batch.column("message"),
            }
        )

    def _stretches(self, row: int, batch: pa.RecordBatch) -> np.ndarray:
        """Return where runs of rows of one conversation begin; check that each run is of a piece.

        Raises
        ------
        DataError
            If a column of the conversation differs between two neighbouring rows of it.
        """
        count = batch.num_rows
        ids = batch.column("conversation_id")
        same = _equal_to_previous(ids)
        for name in CONVERSATION_COLUMNS:
            differs = same & ~_equal_to_previous(batch.column(name))
            if differs.any():
                at = int(differs.argmax()) + 1
                raise self._disagreement(name, ids[at].as_py(), row + at)
        return np.append(0, np.flatnonzero(~same) + 1) if count else np.zeros(0, dtype=np.int64)

    def _disagreement(self, name: str, conversation: str, row: int) -> DataError:
        return DataError(
            f"rows of the conversation {conversation} disagree: this row and an earlier one hold "
            "different values",
            file=self.raw.path,
            row=row,
            field=self.raw.names[name],
            allowed="the same value in every row of a conversation",
            remedy="Correct the value in the file, or take the file again from where it came from",
        )

    def heads(self) -> TextTable:
        """Return the first row of each conversation, checked against all its other rows.

        Raises
        ------
        DataError
            If a conversation's rows disagree, or a conversation occurs twice.
        """
        table = pa.Table.from_batches(self._first)
        heads = TextTable(self.raw.path, self.raw.names, table, np.concatenate(self._first_rows))
        if self._again:
            self._check_returns(table)
        self._check_repetition(heads)
        return heads

    def _check_returns(self, table: pa.Table) -> None:
        places = sorted({place for _, place, _ in self._again})
        stated = gathered(table, np.array(places))
        expected = dict(zip(places, _fingerprints(stated), strict=True))
        for row, place, mark in self._again:
            if mark != expected[place]:
                raise self._first_difference(table, place, row)

    def _first_difference(self, table: pa.Table, place: int, row: int) -> DataError:
        """Read the file once more, up to the row that differs, to name the field."""
        conversation = table.column("conversation_id")[place].as_py()
        for first, batch in self.raw.batches():
            if row < first + batch.num_rows:
                for name in CONVERSATION_COLUMNS:
                    if batch.column(name)[row - first] != table.column(name)[place]:
                        return self._disagreement(name, conversation, row)
        raise AssertionError("two rows with different fingerprints hold the same values")

    def _check_repetition(self, heads: TextTable) -> None:
        """Raise if the rows of a conversation stand in the file twice.

        Either a row identifier recurs within a conversation, although rows have their own; or a
        conversation comes back later in the file and has more rows than the supporter had turns.
        """
        repeated = np.zeros(len(heads), dtype=bool)
        if self._row_ids:
            pairs = pd.DataFrame(
                {
                    "place": np.concatenate([places for places, _ in self._row_ids]),
                    "id": np.concatenate([ids for _, ids in self._row_ids]),
                }
            )
            twice = pairs.duplicated().to_numpy()
            # an identifier of the conversation rather than the row recurs by nature
            if len(pairs) - twice.sum() > len(heads):
                repeated[pairs["place"].to_numpy()[twice]] = True
        if self._returned.any():
            turns = heads["supporter_count"].integer("Int16").to_numpy(dtype=float, na_value=np.inf)
            repeated |= self._returned & (self._counts > turns)
        if repeated.any():
            place = int(repeated.argmax())
            more = int(repeated.sum()) - 1
            raise heads["conversation_id"].error(
                "the conversation stands in the file twice: its rows are repeated"
                + (f"; so are {more} more conversations" if more else ""),
                place,
                allowed="each message once",
                remedy="Delete the repeated rows, or take the file again from where it came from",
            )


def _equal_to_previous(column: pa.Array) -> np.ndarray:
    """Return whether each cell but the first equals the one before (bool, shape (n - 1,))."""
    return pc.equal(column[1:], column[:-1]).to_numpy(zero_copy_only=False)


def _fingerprints(rows: pa.RecordBatch | pa.Table) -> list[int]:
    """Return one number per row that differs where any conversation column differs."""
    columns = [rows.column(name).to_pylist() for name in CONVERSATION_COLUMNS]
    return [hash(cells) for cells in zip(*columns, strict=True)]


def gathered(table: pa.Table, places: np.ndarray) -> pa.Table:
    """Return the rows of a table at `places`, in that order.

    Arrow's own ``take`` joins all pieces of a text column first, each time it is called: taking
    slice after slice of a long table would cost the square of its length.
    """
    columns = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        starts = np.cumsum([0, *(len(chunk) for chunk in column.chunks)])
        piece_of = np.searchsorted(starts, places, side="right") - 1
        by_piece = np.argsort(piece_of, kind="stable")
        pieces = [
            column.chunk(piece).take(pa.array(places[piece_of == piece] - starts[piece]))
            for piece in np.unique(piece_of)
        ]
        back = np.empty(len(places), dtype=np.int64)
        back[by_piece] = np.arange(len(places))
        joined = pa.concat_arrays(pieces) if pieces else pa.array([], column.type)
        columns[name] = joined.take(pa.array(back))
    return pa.table(columns)


def _conversations(heads: TextTable) -> pd.DataFrame:
    """Return the typed conversations in the file's order, with the whole text."""
    number = heads["conversation_number"].integer("Int8", required=True)
    scenario = heads["scenario"].category(words.scenario_of, words.SCENARIO_KEYS)
    trouble_of = {key: words.trouble_type_of(key) for key in words.SCENARIO_KEYS}
    trouble_type = pd.CategoricalDtype(pd.Index(words.TROUBLE_TYPE_KEYS, dtype="str"))
    dimensions = {key: heads[key].integer("Int8") for key in words.DIMENSION_KEYS}
    overall = sum(
        dimension.sign * dimensions[dimension.key].astype("Int16") for dimension in words.DIMENSIONS
    )
    return pd.DataFrame(
        {
            "conversation_id": heads["conversation_id"].conversation_id(),
            "participant_id": heads["participant_id"].person(),
            "arm": heads["arm"].category(words.arm_of, words.ARM_KEYS),
            "conversation_number": number,
            "post": (number > words.CONVERSATION_NUMBERS[0]).astype("bool"),
            "scenario": scenario,
            "trouble_type": scenario.map(trouble_of).astype(trouble_type),
            **dimensions,
            "overall_empathy": overall.clip(-128, 127).astype("Int8"),
            **{key: heads[key].integer("Int8") for key in words.SELF_REPORT_KEYS},
            **{
                key: heads[key].integer("Int16")
                for key in ("message_count", "seeker_count", "supporter_count")
            },
            "text": heads["text"].text(),
            "coach_feedback": heads["coach_feedback"].text_or_na(),
            "coach_questions": heads["coach_questions"].text_or_na(),
        }
    )


def _order(heads: TextTable, conversations: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the order by participant and number, and the place of each participant's first.

    Raises
    ------
    DataError
        If a participant has other conversations than 1, 2 and 3.
    """
    sort_by = conversations[["participant_id", "conversation_number"]]
    order = sort_by.sort_values(list(sort_by.columns), kind="stable").index.to_numpy()
    people = sort_by["participant_id"].to_numpy()[order]
    numbers = sort_by["conversation_number"].to_numpy(dtype=int)[order]
    starts = np.flatnonzero(np.append(True, people[1:] != people[:-1]))
    sizes = np.diff(np.append(starts, len(people)))
    complete = len(words.CONVERSATION_NUMBERS)
    within = np.arange(len(people)) - np.repeat(starts, sizes)
    expected = np.array(words.CONVERSATION_NUMBERS)[np.minimum(within, complete - 1)]
    wrong = (numbers != expected) | np.repeat(sizes != complete, sizes)
    if wrong.any():
        at = int(wrong.argmax())
        stretch = int(np.searchsorted(starts, at, side="right")) - 1
        has = numbers[starts[stretch] : starts[stretch] + sizes[stretch]]
        listed = ", ".join(map(str, has))
        odd = len({people[place] for place in np.flatnonzero(wrong)})
        raise heads["participant_id"].error(
            f"the participant has {len(has)} conversation{'s' if len(has) > 1 else ''} "
            f"(numbered {listed})"
            + (f"; {odd - 1} more participants are like that" if odd > 1 else ""),
            int(order[starts[stretch]]),
            allowed="conversations 1, 2 and 3 of each participant, once each",
            remedy="Complete the participant, or remove all rows of that participant",
        )
    return order, order[starts]


def _participants(heads: TextTable, first_of: np.ndarray) -> pd.DataFrame:
    """Return the typed participants, sorted by id; `first_of` holds their first conversations.

    Raises
    ------
    DataError
        If a participant's conversations disagree about the participant.
    """
    people = heads["participant_id"].text()
    ids = people.iloc[first_of].reset_index(drop=True)
    owner = pd.Index(ids).get_indexer(people)
    for name in PERSON_COLUMNS:
        cells = heads[name]
        stated = cells.raw.to_numpy()
        differs = stated != stated[first_of][owner]
        if differs.any():
            at = int(differs.argmax())
            other = int(first_of[owner[at]])
            raise cells.error(
                f"the participant {people[at]} "
                + ("is in two arms" if name == "arm" else "has two different answers")
                + f": row {heads.rows[other]} says {stated[other]!r}",
                at,
                allowed="the same value in all rows of a participant",
                remedy="Correct the value in the file, or take the file again",
            )
    firsts = TextTable(
        heads.path,
        heads.names,
        gathered(heads.table.select(["participant_id", *PERSON_COLUMNS]), first_of),
        heads.rows[first_of],
    )
    items = {item: firsts[item].level(words.TRAIT_LEVELS) for item in words.TRAIT_ITEMS}
    *jordan, sites = items.values()
    frame = pd.DataFrame(
        {
            "participant_id": ids,
            "arm": firsts["arm"].category(words.arm_of, words.ARM_KEYS),
            "age": firsts["age"].number_or_na(),
            "sex": firsts["sex"].category_or_na(("Female", "Male")),
            **{key: firsts[key].text_or_na() for key in DEMOGRAPHICS if key not in {"age", "sex"}},
            **items,
            "jordan": sum(jordan),
            "sites": sites,
        }
    )
    return validate("participants", frame, file=heads.path, rows=firsts.rows, raw_names=heads.names)


def _write_conversations(frame: pd.DataFrame, order: np.ndarray, path: Path) -> None:
    """Write the conversations in the given order, a slice at a time: their texts are long."""
    is_text = [name for name in frame.columns if isinstance(frame[name].dtype, pd.StringDtype)]
    texts = pa.table({name: pa.array(frame[name]) for name in is_text})
    rest = frame.drop(columns=is_text)
    with table_writer(frame.iloc[:0], path) as writer:
        for start in range(0, len(order), _CONVERSATIONS_AT_ONCE):
            places = order[start : start + _CONVERSATIONS_AT_ONCE]
            part = pa.Table.from_pandas(rest.iloc[places], preserve_index=False)
            for name, column in zip(is_text, gathered(texts, places).columns, strict=True):
                part = part.append_column(name, column)
            writer.write_table(part.select(writer.schema.names).cast(writer.schema))
