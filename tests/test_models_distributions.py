"""Shares and means of every group are those counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lendanear.models import distributions
from lendanear.vocabulary import ARM_KEYS, CONVERSATION_NUMBERS, DIMENSION_KEYS
from tests.simulated_trial import simulate_trial


@pytest.fixture(scope="module")
def conversations() -> pd.DataFrame:
    return simulate_trial(30, seed=6)["conversations"]


@pytest.fixture(scope="module")
def frames(conversations) -> dict[str, pd.DataFrame]:
    return distributions.fit(conversations)


def test_every_level_is_there_even_if_it_never_occurs(frames):
    for name, groups in (("period", 8), ("trouble", 2), ("number", 12)):
        shares = frames[f"{name}_shares"]
        assert len(shares) == groups * (25 + 6 * 5)
        keys = list(shares.columns[: list(shares.columns).index("level")])
        assert shares.groupby(keys, observed=True)["share"].sum().to_numpy() == pytest.approx(1)


def test_shares_are_counted_over_conversations(conversations, frames):
    shares = frames["number_shares"].set_index(["dimension", "arm", "conversation_number", "level"])
    for dimension in ("advice_giving", "overall_empathy"):
        for arm in ARM_KEYS:
            for number in CONVERSATION_NUMBERS:
                cell = conversations.query("arm == @arm and conversation_number == @number")
                for level in (1, 3):
                    row = shares.loc[(dimension, arm, number, level)]
                    assert row["count"] == (cell[dimension] == level).sum()
                    assert row["n"] == 30


def test_after_training_a_participant_counts_once(conversations, frames):
    means = frames["period_means"].set_index(["dimension", "arm", "period"])
    for arm in ARM_KEYS:
        after = conversations.query("arm == @arm and post")
        people = after.astype({"self_oriented": float}).groupby("participant_id")["self_oriented"]
        values = people.mean()
        row = means.loc[("self_oriented", arm, "post")]
        low, high = stats.t.interval(0.95, 29, values.mean(), stats.sem(values))
        assert row["n"] == 30
        assert row["estimate"] == pytest.approx(after["self_oriented"].astype(float).mean())
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high))


def test_troubles_are_compared_in_first_conversations_by_welch(conversations, frames):
    first = conversations[conversations["conversation_number"] == 1]
    rows = frames["trouble_differences"].set_index("dimension")
    for dimension in DIMENSION_KEYS:
        personal = first.loc[first["trouble_type"] == "personal", dimension].astype(float)
        workplace = first.loc[first["trouble_type"] == "workplace", dimension].astype(float)
        interval = stats.ttest_ind(personal, workplace, equal_var=False).confidence_interval(0.95)
        row = rows.loc[dimension]
        assert row["estimate"] == pytest.approx(personal.mean() - workplace.mean())
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((interval.low, interval.high))


def test_a_planted_difference_between_troubles_is_found():
    large = simulate_trial(1500, seed=7)["conversations"]
    rows = distributions.fit(large)["trouble_differences"].set_index("dimension")
    # half of the conversations about personal troubles get one level more, unless already at 5
    assert rows.loc["advice_giving", "estimate"] == pytest.approx(0.49, abs=0.06)
    others = rows.drop(index=["advice_giving", "overall_empathy"])
    assert (np.abs(others["estimate"]) < 4 * others["se"]).all()


def test_one_kind_of_trouble_alone_has_no_difference(conversations):
    only = conversations[conversations["trouble_type"] == "personal"]
    frames = distributions.fit(only)
    assert frames["trouble_differences"].empty
    assert set(frames["trouble_means"]["trouble_type"]) == {"personal"}
