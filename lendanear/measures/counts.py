"""Shares of levels and counts of values, group by group."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def level_shares(
    frame: pd.DataFrame, by: Sequence[str], value: str, levels: Sequence[int]
) -> pd.DataFrame:
    """Return how often each level occurs in each group, levels that never occur included.

    Parameters
    ----------
    frame : DataFrame
        The values.
    by : sequence of str
        Columns that form the groups; only groups that occur are returned.
    value : str
        A column of whole numbers, all among `levels`.
    levels : sequence of int
        Every possible level, in order.

    Returns
    -------
    DataFrame
        The columns `by`, ``level``, ``count``, ``n`` (of the group) and ``share`` (0 to 1, summing
        to 1 within a group).
    """
    level = pd.Categorical(frame[value].astype("int64"), categories=list(levels))
    keys = [frame[key] for key in by]
    counted = frame.groupby([*keys, level], observed=False).size()
    table = counted.rename_axis([*by, "level"]).rename("count").reset_index()
    table["level"] = table["level"].astype("int64")
    table["n"] = table.groupby(list(by), observed=False)["count"].transform("sum")
    table = table[table["n"] > 0].reset_index(drop=True)
    table["share"] = table["count"] / table["n"]
    return table


def value_counts(frame: pd.DataFrame, by: Sequence[str], value: str) -> pd.DataFrame:
    """Return how often each value that occurs does so in each group.

    Returns
    -------
    DataFrame
        The columns `by`, ``value`` (float64) and ``count``, ordered by them.
    """
    known = frame[[*by, value]].dropna().astype({value: "float64"})
    counted = known.groupby([*by, value], observed=True, sort=True).size()
    return counted.rename("count").reset_index().rename(columns={value: "value"})
