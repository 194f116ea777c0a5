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
from lendanear.files import written_aside
from lendanear.tables.convert import WAY_OUT, Cells, shortened
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

TABLES: Final = ("participants", "conversations", "messages")
"""The tables made from this file."""

_SCORE: Final = f"a whole number from {words.SCORE_MIN} to {words.SCORE_MAX}"
_COUNT: Final = f"a whole number from 0 to {np.iinfo(np.int16).max:,}"
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
    raw = RawFile(file, COLUMNS)
    paths = [Path(out) / f"{name}.parquet" for name in TABLES]
    with ExitStack() as placed:
        # the three appear together, and only after everything has been checked and written
        _write_tables(raw, *(placed.enter_context(written_aside(path)) for path in paths))
    return paths


def _write_tables(raw: RawFile, participants: Path, conversations: Path, messages: Path) -> None:
    reading = _Reading(raw)
    with table_writer(empty("messages"), messages) as writer:
        for piece in reading.messages():
            writer.write_table(piece.cast(writer.schema))
    heads = reading.heads()
    frame = _conversations(heads)
    order, first_of = _order(heads, frame)
    validate("conversations", frame, file=raw.path, rows=heads.rows, raw_names=heads.names)
    write_table(_participants(heads, first_of), participants)
    _write_conversations(frame, order, conversations)


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
        # of each row: the place of its conversation, its identifier if it has one, its message
        self._places: list[np.ndarray] = []
        self._row_ids: list[np.ndarray] = []
        self._said: list[np.ndarray] = []
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
        self._places.append(np.repeat(places, lengths))
        self._said.append(_hashes(batch.column("message")))
        if "row_id" in self.raw.names:
            self._row_ids.append(_hashes(batch.column("row_id")))
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
            cells = batch.column(name)
            differs = same & ~_equal_to_previous(cells)
            if differs.any():
                # ids that lost their digits make one conversation of many: that is said first
                self._cells("conversation_id", row, batch).conversation_id()
                at = int(differs.argmax()) + 1
                raise self._disagreement(
                    name, ids[at].as_py(), row + at, cells[at].as_py(), cells[at - 1].as_py()
                )
        return np.append(0, np.flatnonzero(~same) + 1) if count else np.zeros(0, dtype=np.int64)

    def _cells(self, name: str, row: int, batch: pa.RecordBatch) -> Cells:
        rows = row + np.arange(batch.num_rows)
        return Cells(self.raw.path, self.raw.names[name], batch.column(name).to_pandas(), rows)

    def _disagreement(
        self, name: str, conversation: str, row: int, found: str, earlier: str
    ) -> DataError:
        return DataError(
            f"rows of the conversation {conversation} disagree: an earlier one holds "
            f"{shortened(earlier)!r}",
            file=self.raw.path,
            row=row,
            field=self.raw.names[name],
            found=shortened(found),
            allowed="the same value in every row of a conversation",
            remedy=WAY_OUT,
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
                    found = batch.column(name)[row - first].as_py()
                    earlier = table.column(name)[place].as_py()
                    if found != earlier:
                        return self._disagreement(name, conversation, row, found, earlier)
        raise AssertionError("two rows with different fingerprints hold the same values")

    def _check_repetition(self, heads: TextTable) -> None:
        """Raise if the rows of a conversation stand in the file twice.

        Either a row identifier recurs within a conversation, although rows have their own; or a
        conversation has more rows than the supporter had turns, and comes back later in the file or
        holds each of its messages an even number of times.
        """
        repeated = np.zeros(len(heads), dtype=bool)
        places = np.concatenate(self._places)
        if self._row_ids:
            pairs = pd.DataFrame({"place": places, "id": np.concatenate(self._row_ids)})
            twice = pairs.duplicated().to_numpy()
            # an identifier of the conversation rather than the row recurs by nature
            if len(pairs) - twice.sum() > len(heads):
                repeated[places[twice]] = True
        turns = heads["supporter_count"].integer("Int16", allowed=_COUNT)
        surplus = self._counts > turns.to_numpy(dtype=float, na_value=np.inf)
        if surplus.any():
            rows = surplus[places]
            said = pd.DataFrame(
                {"place": places[rows], "message": np.concatenate(self._said)[rows]}
            )
            odd = said.value_counts() % 2 == 1
            once = odd[odd].index.get_level_values("place").to_numpy()
            repeated |= surplus & (self._returned | ~np.isin(np.arange(len(heads)), once))
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


def _hashes(column: pa.Array) -> np.ndarray:
    """Return a 64-bit number for each text of a column (uint64), equal for equal texts."""
    return pd.util.hash_array(column.to_numpy(zero_copy_only=False))


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
    number = heads["conversation_number"].integer("Int8", required=True, allowed="1, 2 or 3")
    scenario = heads["scenario"].category(words.scenario_of, words.SCENARIO_KEYS)
    trouble_of = {key: words.trouble_type_of(key) for key in words.SCENARIO_KEYS}
    trouble_type = pd.CategoricalDtype(pd.Index(words.TROUBLE_TYPE_KEYS, dtype="str"))
    dimensions = {key: heads[key].integer("Int8", allowed=_SCORE) for key in words.DIMENSION_KEYS}
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
            **{key: heads[key].integer("Int8", allowed=_SCORE) for key in words.SELF_REPORT_KEYS},
            **{
                key: heads[key].integer("Int16", allowed=_COUNT)
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
