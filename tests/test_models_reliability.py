"""Reliability and responders recover what was planted and agree with other computations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from lendanear.errors import LendAnEarError
from lendanear.models import reliability
from lendanear.vocabulary import ARM_KEYS
from tests.simulated_trial import GAIN, SD_NOISE, SD_PERSON, simulate_trial


@pytest.fixture(scope="module")
def conversations() -> pd.DataFrame:
    return simulate_trial(60, seed=4)["conversations"]


@pytest.fixture(scope="module")
def frames(conversations) -> dict[str, pd.DataFrame]:
    return reliability.fit(conversations)


def test_planted_variances_and_gains_are_recovered():
    large = simulate_trial(3000, seed=1, whole=False)["conversations"]
    frames = reliability.fit(large)
    rows = frames["components"].set_index("quantity")
    # age and sex add 0.03^2 var(age) + 0.8^2 / 4 to the variance between people
    between = SD_PERSON**2 + 0.03**2 * (58**2 - 1) / 12 + 0.8**2 / 4
    within = SD_NOISE**2
    planted = {
        "intercept": -1.0,
        "var_person": between,
        "var_residual": within,
        "reliability_1": between / (between + within),
        "se_change": np.sqrt(1.5 * within),
    }
    for quantity, value in planted.items():
        row = rows.loc[quantity]
        half = (row["ci_high"] - row["ci_low"]) / 2
        assert row["estimate"] == pytest.approx(value, abs=2 * half), quantity
    for row in frames["summary"].itertuples():
        assert row.estimate == pytest.approx(GAIN[row.arm], abs=4 * row.se)


def test_what_follows_from_the_variances_follows(frames):
    value = frames["components"].set_index("quantity")["estimate"]
    one = value["var_person"] / (value["var_person"] + value["var_residual"])
    assert value["reliability_1"] == pytest.approx(one)
    assert value["reliability_2"] == pytest.approx(2 * one / (1 + one))
    assert value["se_change"] == pytest.approx(np.sqrt(1.5 * value["var_residual"]))
    assert value["threshold"] == pytest.approx(1.96 * value["se_change"])


def test_data_with_the_published_variances_give_the_published_reliability():
    """The four published numbers belong together, and the model says so."""
    people, person, residual = 245, 11.8676, 5.3823
    rng = np.random.default_rng(0)
    means = rng.normal(size=people)
    means = (means - means.mean()) / means.std(ddof=1) * np.sqrt(person + residual / 3)
    noise = rng.normal(size=(people, 3))
    noise -= noise.mean(axis=1, keepdims=True)
    noise *= np.sqrt(residual * 2 * people / (noise**2).sum())
    conversations = pd.DataFrame(
        {
            "participant_id": np.repeat([f"p{i:03d}" for i in range(people)], 3),
            "arm": pd.Categorical(["control"] * 3 * people, ARM_KEYS),
            "conversation_number": np.tile([1, 2, 3], people),
            "overall_empathy": (-1.448 + means[:, None] + noise).ravel(),
        }
    )
    value = reliability.fit(conversations)["components"].set_index("quantity")["estimate"]
    assert value["intercept"] == pytest.approx(-1.448)
    assert value["var_person"] == pytest.approx(person)
    assert value["var_residual"] == pytest.approx(residual)
    assert value["reliability_1"] == pytest.approx(0.688, abs=5e-5)
    assert value["reliability_2"] == pytest.approx(0.8152, abs=5e-5)
    assert value["se_change"] == pytest.approx(2.8414, abs=5e-5)


def test_only_control_decides_how_large_noise_is(conversations, frames):
    changed = conversations.copy()
    treated = changed["arm"] != "control"
    changed.loc[treated, "overall_empathy"] = np.where(changed.loc[treated, "post"], 12, -12)
    other = reliability.fit(changed)
    pd.testing.assert_frame_equal(other["components"], frames["components"])
    improved = other["responders"].query("outcome == 'improved'").set_index("arm")["estimate"]
    assert improved.drop("control").eq(1).all()


def test_a_change_is_reliable_from_1_96_standard_errors_on_and_all_four_arms_are_told(
    conversations, frames
):
    threshold = frames["components"].set_index("quantity").loc["threshold", "estimate"]
    scores = conversations.set_index(["conversation_number", "participant_id"])["overall_empathy"]
    table = {number: scores.loc[number].astype(float) for number in (1, 2, 3)}
    change = (table[2] + table[3]) / 2 - table[1]
    changes = frames["changes"].set_index("participant_id")
    pd.testing.assert_series_equal(changes["change"], change.loc[changes.index], check_names=False)
    rows = frames["responders"].set_index(["arm", "outcome"])
    assert set(frames["responders"]["arm"]) == set(ARM_KEYS)
    for arm in ARM_KEYS:
        own = change.loc[changes.index[changes["arm"] == arm]]
        counted = {
            "improved": (own >= threshold).sum(),
            "worsened": (own <= -threshold).sum(),
            "no_reliable_change": (own.abs() < threshold).sum(),
        }
        for outcome, count in counted.items():
            row = rows.loc[(arm, outcome)]
            assert row["count"] == count
            low, high = proportion_confint(count, 60, method="wilson")
            assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high))
        assert rows.loc[arm]["estimate"].sum() == pytest.approx(1)


def test_data_without_control_are_refused_in_words(conversations):
    with pytest.raises(LendAnEarError, match="Control arm, and this data has no participant"):
        reliability.fit(conversations[conversations["arm"] != "control"])
