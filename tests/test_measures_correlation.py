"""Correlations agree with scipy, honour weights, and know whose observations belong together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lendanear.measures.correlation import correlate, mid_ranks, pearson, spearman

pairs = st.lists(
    st.tuples(st.integers(1, 5), st.integers(-12, 12), st.integers(0, 3)), min_size=5, max_size=40
)


@given(pairs)
def test_ranks_are_those_of_scipy_with_ties_averaged(drawn):
    values = [first for first, _, _ in drawn]
    np.testing.assert_allclose(mid_ranks(values), stats.rankdata(values))


@given(pairs)
@settings(max_examples=60)
def test_a_weight_means_that_the_pair_occurs_that_often(drawn):
    first, second, weight = (np.array(column) for column in zip(*drawn, strict=True))
    repeated = np.repeat(first, weight), np.repeat(second, weight)
    if len(repeated[0]) < 2 or not (np.ptp(repeated[0]) and np.ptp(repeated[1])):
        return
    assert pearson(first, second, weight) == pytest.approx(np.corrcoef(*repeated)[0, 1], abs=1e-9)
    expected = stats.spearmanr(*repeated).statistic
    assert spearman(first, second, weight) == pytest.approx(expected, abs=1e-9)


def test_each_row_of_weights_gets_its_own_coefficient():
    random = np.random.default_rng(3)
    first, second = random.integers(1, 6, (2, 30))
    weight = random.integers(0, 3, (4, 30))
    for coefficient in (pearson, spearman):
        together = coefficient(first, second, weight)
        assert together.shape == (4,)
        for row in range(4):
            assert together[row] == pytest.approx(coefficient(first, second, weight[row]))


def test_no_variation_means_no_correlation():
    assert np.isnan(pearson([2.1, 2.1, 2.1], [1, 2, 3]))
    assert np.isnan(spearman([1, 2, 3], [4, 4, 4]))
    nothing = correlate([2, 2, 2, 2, 2], [1, 2, 3, 4, 5], range(5))
    assert np.isnan([nothing.estimate, nothing.ci_low, nothing.p]).all()


def test_with_one_pair_each_interval_and_p_are_those_of_scipy():
    random = np.random.default_rng(5)
    first = random.normal(size=200)
    second = 0.2 * first + random.normal(size=200)
    found = correlate(first, second, np.arange(200))
    expected = stats.pearsonr(first, second)
    interval = expected.confidence_interval(0.95)
    assert found.estimate == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high))
    ranks = correlate(first, second, np.arange(200), method="spearman")
    expected = stats.spearmanr(first, second)
    assert (ranks.estimate, ranks.p) == pytest.approx((expected.statistic, expected.pvalue))
    # Bonett and Wright: wider than Fisher's interval by the factor sqrt(1 + r^2 / 2)
    width = np.arctanh(ranks.ci_high) - np.arctanh(ranks.ci_low)
    factor = np.sqrt(1 + ranks.estimate**2 / 2)
    assert width == pytest.approx(2 * stats.norm.ppf(0.975) * factor / np.sqrt(197))


def test_a_perfect_correlation_has_an_interval_of_no_width():
    found = correlate([1, 2, 3, 4, 5], [2, 4, 6, 8, 10], list("abcde"))
    assert (found.estimate, found.ci_low, found.ci_high) == pytest.approx((1, 1, 1))
    assert found.p == pytest.approx(0, abs=1e-12)


def clustered(random: np.random.Generator, people: int) -> tuple[np.ndarray, ...]:
    """Unrelated five-point scores, each steady within a person, three a person."""
    person = np.repeat(np.arange(people), 3)
    steady = random.normal(size=(2, people))[:, person]
    noise = random.normal(size=(2, 3 * people))
    first, second = np.clip(np.round(3 + 1.2 * steady + 0.5 * noise), 1, 5)
    return first, second, person


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_with_several_pairs_each_people_are_left_out_one_at_a_time(method):
    first, second, person = clustered(np.random.default_rng(8), 25)
    order = np.random.default_rng(9).permutation(len(person))
    first, second, person = first[order], second[order], person[order]
    coefficient = {"pearson": stats.pearsonr, "spearman": stats.spearmanr}[method]
    left_out = np.arctanh(
        [coefficient(first[person != p], second[person != p]).statistic for p in range(25)]
    )
    se = np.sqrt(24 / 25 * np.sum((left_out - left_out.mean()) ** 2))
    found = correlate(first, second, person, method=method)
    z = np.arctanh(coefficient(first, second).statistic)
    assert (found.n, found.people) == (75, 25)
    assert found.ci_low == pytest.approx(np.tanh(z - stats.norm.ppf(0.975) * se))
    assert found.ci_high == pytest.approx(np.tanh(z + stats.norm.ppf(0.975) * se))
    assert found.p == pytest.approx(2 * stats.norm.sf(abs(z) / se))


def test_unrelated_scores_look_related_only_as_often_as_promised():
    random = np.random.default_rng(21)
    naive = honest = 0
    for _ in range(300):
        first, second, person = clustered(random, 80)
        naive += correlate(first, second, np.arange(len(first))).p < 0.05
        honest += correlate(first, second, person).p < 0.05
    # three standard errors of a share of .05 in 300 draws is .038
    assert honest / 300 == pytest.approx(0.05, abs=0.038)
    assert naive / 300 > 0.12


def test_the_jackknife_does_not_depend_on_its_blocks(monkeypatch):
    first, second, person = clustered(np.random.default_rng(4), 30)
    whole = correlate(first, second, person)
    monkeypatch.setattr("lendanear.measures.correlation._BLOCK", 7)
    assert correlate(first, second, person) == whole


def test_missing_values_leave_their_pair_out():
    first = np.array([1, 2, np.nan, 4, 3, 5])
    second = np.array([2, 1, 3, np.nan, 4, 5])
    found = correlate(first, second, ["a", "b", "c", "d", "e", "f"])
    assert (found.n, found.people) == (4, 4)
    assert found.estimate == pytest.approx(np.corrcoef([1, 2, 3, 5], [2, 1, 4, 5])[0, 1])
