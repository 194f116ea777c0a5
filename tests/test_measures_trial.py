"""Changes and counts of the design are those of the rows they are made from."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lendanear.measures.change import participant_changes
from lendanear.measures.counts import level_shares, value_counts
from lendanear.measures.design import design_counts
from lendanear.vocabulary import ARM_KEYS
from tests.simulated_trial import simulate_trial


def test_change_is_the_mean_of_later_conversations_minus_the_first():
    conversations = pd.DataFrame(
        {
            "participant_id": ["b", "b", "b", "a", "a", "a"],
            "arm": pd.Categorical(["coach"] * 3 + ["control"] * 3, ARM_KEYS),
            "conversation_number": [3, 1, 2, 1, 2, 3],
            "overall_empathy": pd.array([5, -2, 2, 0, -1, -2], dtype="Int8"),
            "advice_giving": pd.array([1, 5, 2, 3, 3, 4], dtype="Int8"),
        }
    )
    changes = participant_changes(conversations)
    assert changes["participant_id"].tolist() == ["a", "b"]
    assert changes["arm"].tolist() == ["control", "coach"]
    assert changes[["baseline", "post", "change"]].to_numpy().tolist() == [
        [0.0, -1.5, -1.5],
        [-2.0, 3.5, 5.5],
    ]
    advice = participant_changes(conversations, "advice_giving")
    assert advice["change"].tolist() == [0.5, -3.5]


def test_the_order_of_rows_does_not_matter():
    conversations = simulate_trial(20, seed=3)["conversations"]
    shuffled = conversations.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(participant_changes(shuffled), participant_changes(conversations))


def test_levels_that_never_occur_have_a_share_of_zero_and_absent_groups_are_left_out():
    frame = pd.DataFrame(
        {"arm": pd.Categorical(["coach", "coach", "control"], ARM_KEYS), "score": [1, 3, 3]}
    )
    shares = level_shares(frame, ["arm"], "score", range(1, 4))
    assert set(shares["arm"]) == {"coach", "control"}
    rows = shares.set_index(["arm", "level"])
    assert rows.loc["coach"]["share"].tolist() == [0.5, 0.0, 0.5]
    assert rows.loc["control"]["count"].tolist() == [0, 0, 1]


def test_values_are_counted_where_they_are_known():
    frame = pd.DataFrame({"sex": ["Female", "Female", None], "score": [0.5, 0.5, 1.0]})
    counted = value_counts(frame, ["sex"], "score")
    assert counted.to_dict("list") == {"sex": ["Female"], "value": [0.5], "count": [2]}


def test_the_design_is_counted_in_the_conversations():
    conversations = simulate_trial(10, seed=9)["conversations"]
    number = design_counts(conversations).set_index(["quantity", "group"])["count"]
    assert number["participants", "all"] == 40
    assert number["participants"].drop("all").to_dict() == dict.fromkeys(ARM_KEYS, 10)
    assert number["conversations", "all"] == 120
    assert number["messages", "all"] == sum(
        row.seeker_count + row.supporter_count for row in conversations.itertuples()
    )
    assert number["conversations_per_participant"].tolist() == [3, 3]
    assert number["first_scenario"].sum() == number["first_trouble_type"].sum() == 40
    assert number["feedback"].to_dict() == {
        "coach:1": 10,
        "coach:2": 10,
        "combined:1": 10,
        "combined:2": 10,
    }
    assert number["median_supporter_turns", "all"] == pytest.approx(
        np.median(conversations["supporter_count"].to_numpy(dtype=float))
    )
