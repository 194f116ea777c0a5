"""Parquet tables give back exactly what they were given."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from lendanear.errors import MissingDataError
from lendanear.tables.schemas import SCHEMAS, empty
from lendanear.tables.store import arrow_schema, read_table, table_writer, write_table


def _frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": pd.Series(["20250326051016507995", "99990000000000000001", None], dtype="str"),
            "arm": pd.Categorical(["coach", None, "coach"], categories=["video", "coach", "rest"]),
            "score": pd.Series([1, None, 5], dtype="Int8"),
            "age": pd.Series([20.5, None, 3], dtype="Float64"),
            "rating": np.array([1500.25, -np.inf, 3.0]),
            "post": [True, False, True],
            "text": pd.Series(["", "zwei\nZeilen “…”", "x"], dtype="str"),
        }
    )


def test_types_categories_and_missing_values_survive(tmp_path):
    frame = _frame()
    write_table(frame, tmp_path / "deep" / "t.parquet")
    assert_frame_equal(read_table(tmp_path / "deep" / "t.parquet"), frame)


def test_a_category_that_never_occurs_survives_writing_in_pieces(tmp_path):
    frame = _frame()
    with table_writer(frame.iloc[:0], tmp_path / "t.parquet") as writer:
        for row in range(len(frame)):
            piece = frame.iloc[[row]]
            writer.write_table(
                pa.Table.from_pandas(piece, schema=writer.schema, preserve_index=False)
            )
    assert_frame_equal(read_table(tmp_path / "t.parquet"), frame)


def test_columns_come_in_the_order_asked_for(tmp_path):
    write_table(_frame(), tmp_path / "t.parquet")
    assert list(read_table(tmp_path / "t.parquet", ["score", "arm"])) == ["score", "arm"]


def test_an_unknown_column_is_named_with_those_that_exist(tmp_path):
    write_table(_frame(), tmp_path / "t.parquet")
    with pytest.raises(KeyError, match=r"no column 'nope'.*rating"):
        read_table(tmp_path / "t.parquet", ["nope"])


def test_a_table_that_is_not_there_is_said_plainly(tmp_path):
    with pytest.raises(MissingDataError, match="has not been built"):
        read_table(tmp_path / "t.parquet")


def test_a_failure_while_writing_leaves_the_earlier_table(tmp_path):
    path = write_table(_frame(), tmp_path / "t.parquet")
    before = path.read_bytes()
    with (
        pytest.raises(RuntimeError, match="halfway"),
        table_writer(_frame().iloc[:0], path) as writer,
    ):
        assert writer.schema == arrow_schema(_frame())
        raise RuntimeError("halfway")
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["t.parquet"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_an_empty_table_has_the_types_of_its_schema(name, tmp_path):
    frame = empty(name)
    SCHEMAS[name].validate(frame)
    write_table(frame, tmp_path / "t.parquet")
    assert_frame_equal(read_table(tmp_path / "t.parquet"), frame)
