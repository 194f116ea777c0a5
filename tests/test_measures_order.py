"""Ranks and Kendall's tau of many draws are those of SciPy, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import kendalltau, rankdata

from lendanear.measures import order
from lendanear.measures.order import kendall, ranks

DRAWS = arrays(np.int64, st.tuples(st.integers(1, 4), st.just(7)), elements=st.integers(-40, 40))


@given(DRAWS)
def test_rank_1_is_the_highest_and_ties_share_their_mean_rank(values: np.ndarray):
    found = ranks(values)
    for row, own in zip(found, values, strict=True):
        assert row == pytest.approx(len(own) + 1 - rankdata(own))
        assert row.sum() == pytest.approx(len(own) * (len(own) + 1) / 2)


@given(st.integers(2, 9), st.integers(0, 1000))
def test_kendalls_tau_of_orders_without_ties_is_scipys(n: int, seed: int):
    first, second = np.random.default_rng(seed).standard_normal((2, 5, n))
    expected = [kendalltau(a, b).statistic for a, b in zip(first, second, strict=True)]
    assert kendall(first, second) == pytest.approx(expected)
    assert kendall(first, -first) == pytest.approx(-np.ones(5))


def test_ties_count_for_neither_order():
    assert kendall([[1, 1, 2]], [[1, 2, 3]]) == pytest.approx([2 / 3])


def test_blocks_of_draws_give_what_all_at_once_gives(monkeypatch):
    first, second = np.random.default_rng(5).standard_normal((2, 50, 6))
    whole = kendall(first, second)
    monkeypatch.setattr(order, "_BLOCK", 40)
    assert kendall(first, second) == pytest.approx(whole)
