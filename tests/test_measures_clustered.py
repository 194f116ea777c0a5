"""Means over people with several observations, and means within people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.stats.proportion import proportion_confint

from lendanear.measures.clustered import clustered_mean, clustered_share
from lendanear.measures.participant_means import participant_means


def test_the_standard_error_is_that_of_a_regression_on_a_constant_clustered_by_person():
    random = np.random.default_rng(6)
    person = random.integers(0, 40, 150)
    values = random.normal(size=40)[person] + random.normal(size=150)
    found = clustered_mean(values, person)
    fitted = sm.OLS(values, np.ones(150)).fit(cov_type="cluster", cov_kwds={"groups": person})
    assert found.estimate == pytest.approx(fitted.params[0])
    assert found.se == pytest.approx(fitted.bse[0])
    assert (found.ci_low, found.ci_high) == pytest.approx(tuple(fitted.conf_int()[0]))
    assert (found.n, found.people) == (150, len(np.unique(person)))


def test_with_one_observation_each_a_share_has_nearly_the_plain_wilson_interval():
    holds = np.arange(200) < 37
    found = clustered_share(holds, np.arange(200))
    # the effective number is n - 1, because the variance divides by it
    low, high = proportion_confint(37 / 200 * 199, 199, method="wilson")
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high))


def test_repeating_everybody_adds_no_information():
    holds = np.random.default_rng(1).random(120) < 0.1
    once = clustered_share(holds, np.arange(120))
    thrice = clustered_share(np.repeat(holds, 3), np.repeat(np.arange(120), 3))
    assert (thrice.ci_low, thrice.ci_high) == pytest.approx((once.ci_low, once.ci_high))


def test_a_share_of_none_or_all_counts_people_and_stays_within_bounds():
    none = clustered_share(np.zeros(90, dtype=bool), np.repeat(np.arange(30), 3))
    assert none.ci_low == pytest.approx(0, abs=1e-12)
    assert none.ci_high == pytest.approx(proportion_confint(0, 30, method="wilson")[1])
    everything = clustered_share(np.ones(90, dtype=bool), np.repeat(np.arange(30), 3))
    assert everything.ci_high == pytest.approx(1)
    assert everything.ci_low == pytest.approx(1 - none.ci_high)


def test_nothing_has_no_mean_and_no_share():
    assert np.isnan(clustered_mean([], []).estimate)
    assert np.isnan(clustered_share([], []).ci_low)


def test_participant_means_leave_missing_values_out():
    conversations = pd.DataFrame(
        {
            "participant_id": ["b", "a", "a", "a", "c"],
            "self_empathized": pd.array([4, 2, pd.NA, 5, pd.NA], dtype="Int8"),
            "overall_empathy": pd.array([1, -12, 12, 3, 0], dtype="Int8"),
        }
    )
    means = participant_means(conversations, ["self_empathized", "overall_empathy"])
    assert means["participant_id"].tolist() == ["a", "b", "c"]
    assert means["self_empathized"].tolist()[:2] == [3.5, 4]
    assert np.isnan(means["self_empathized"].iloc[2])
    assert means["overall_empathy"].tolist() == [1, 1, 0]
