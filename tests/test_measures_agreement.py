"""Weighted kappa is that of statsmodels, on ranks and on true distances, fractions included."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from lendanear.measures.agreement import resamples, weighted_kappa

rating = st.sampled_from([1, 4 / 3, 1.5, 5 / 3, 2, 7 / 3, 2.5, 3, 10 / 3, 4, 4.25, 5])
ratings = st.lists(st.tuples(rating, rating), min_size=3, max_size=40)


def table_of(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values that occur, and the square table of both raters over them."""
    levels = np.unique(np.concatenate([first, second]))
    table = pd.crosstab(pd.Categorical(first, levels), pd.Categorical(second, levels), dropna=False)
    return levels, table.to_numpy()


@given(ratings)
@settings(max_examples=60)
def test_both_kappas_are_those_of_statsmodels(drawn):
    first, second = np.array(drawn).T
    levels, table = table_of(first, second)
    if len(levels) < 2:
        assert np.isnan(weighted_kappa(first, second))
        return
    ranks = cohens_kappa(table, wt="quadratic", return_results=False)
    scores = cohens_kappa(table, weights=levels, wt="quadratic", return_results=False)
    assert weighted_kappa(first, second, distance="rank") == pytest.approx(ranks, abs=1e-9)
    assert weighted_kappa(first, second, distance="score") == pytest.approx(scores, abs=1e-9)


@given(ratings, st.integers(0, 2**31))
@settings(max_examples=60)
def test_a_replicate_is_the_kappa_of_the_resampled_ratings(drawn, seed):
    first, second = np.array(drawn).T
    weight = resamples(len(first), 1, seed)[0].astype(int)
    again = np.repeat(first, weight), np.repeat(second, weight)
    for distance in ("rank", "score"):
        # levels that the replicate lost must not count as ranks
        np.testing.assert_allclose(
            weighted_kappa(first, second, weight, distance=distance),
            weighted_kappa(*again, distance=distance),
            atol=1e-9,
        )


def test_an_unused_level_is_no_distance_between_ranks():
    first, second = [1, 1, 3, 3, 2], [1, 3, 3, 3, 2]
    skipped = [5 if a == 3 else a for a in first], [5 if b == 3 else b for b in second]
    assert weighted_kappa(*skipped, distance="rank") == pytest.approx(
        weighted_kappa(first, second, distance="rank")
    )
    assert weighted_kappa(*skipped) != pytest.approx(weighted_kappa(first, second))


def test_perfect_agreement_is_one_and_chance_is_zero():
    random = np.random.default_rng(2)
    first, second = random.integers(1, 6, (2, 200_000))
    assert weighted_kappa(first, first) == pytest.approx(1)
    assert weighted_kappa(first, second) == pytest.approx(0, abs=0.01)


def test_a_shift_lowers_kappa_though_the_order_is_the_same():
    first = np.array([1, 1, 2, 2, 3, 3])
    assert weighted_kappa(first, first + 2) == pytest.approx(1 - 4 / (2 * first.var() + 4))


def test_means_that_differ_in_their_last_bit_are_one_value():
    third = 4 / 3
    nudged = np.nextafter(third, 2)
    ranks = weighted_kappa([1, third, nudged, 2], [1, nudged, third, 2], distance="rank")
    assert ranks == pytest.approx(1)


def test_resamples_draw_as_many_as_there_are_and_repeat_with_their_seed():
    drawn = resamples(50, 300, 7)
    assert drawn.shape == (300, 50)
    assert (drawn.sum(axis=1) == 50).all()
    assert (drawn == resamples(50, 300, 7)).all()
    assert (drawn != resamples(50, 300, 8)).any()
    # a given thing is absent from a share (1 - 1/50)^50 = .364 of the replicates
    assert (drawn == 0).mean() == pytest.approx(0.364, abs=0.02)
