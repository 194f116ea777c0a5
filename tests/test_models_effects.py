"""The effects model recovers planted effects and agrees with independent computations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lendanear.errors import LendAnEarError
from lendanear.measures.empathy import overall_empathy
from lendanear.models import effects
from lendanear.vocabulary import ARM_KEYS, DIMENSION_KEYS

PLANTED = {"control": 0.0, "video": 0.2, "coach": 0.5, "combined": -0.6}


def trial(people_per_arm: int, seed: int = 11) -> pd.DataFrame:
    """A trial with the planted effects on every dimension, before rounding to whole scores."""
    random = np.random.default_rng(seed)
    rows = []
    for arm in ARM_KEYS:
        person = random.normal(0, 0.7, (people_per_arm, 1, 6))
        noise = random.normal(0, 0.7, (people_per_arm, 3, 6))
        post = np.array([0, 1, 1])[None, :, None]
        score = 3 + person + noise + PLANTED[arm] * post
        # rounding at random keeps the mean, so that the planted effect stays the true one
        score = np.clip(np.floor(score + random.random(score.shape)), 1, 5)
        for i in range(people_per_arm):
            for c in range(3):
                rows.append([f"{arm}-{i}", arm, c > 0, *score[i, c]])
    frame = pd.DataFrame(rows, columns=["participant_id", "arm", "post", *DIMENSION_KEYS])
    frame["arm"] = pd.Categorical(frame["arm"], ARM_KEYS, ordered=True)
    frame[list(DIMENSION_KEYS)] = frame[list(DIMENSION_KEYS)].astype("Int8")
    frame["overall_empathy"] = overall_empathy(frame)
    return frame


@pytest.fixture(scope="module")
def fitted() -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    conversations = trial(150)
    return conversations, effects.fit(conversations)


def test_planted_effects_are_recovered_within_sampling_error():
    frames = effects.fit(trial(4000))
    rows = frames["coefficients"].set_index(["dimension", "term"])
    for dimension in DIMENSION_KEYS:
        for arm in effects.TREATED:
            row = rows.loc[(dimension, f"{arm}:post")]
            # clipping at 1 and 5 takes a few hundredths off the largest planted effect
            assert row["estimate"] == pytest.approx(PLANTED[arm], abs=4 * row["se"] + 0.03)


def test_estimates_are_differences_of_cell_means(fitted):
    conversations, frames = fitted
    rows = frames["coefficients"].set_index(["dimension", "term"])["estimate"]
    for dimension in (*DIMENSION_KEYS, "overall_empathy"):
        means = conversations.groupby(["arm", "post"], observed=True)[dimension].mean()
        change = {arm: means[(arm, True)] - means[(arm, False)] for arm in ARM_KEYS}
        assert rows[(dimension, "const")] == pytest.approx(means[("control", False)])
        assert rows[(dimension, "post")] == pytest.approx(change["control"])
        for arm in effects.TREATED:
            assert rows[(dimension, f"{arm}:post")] == pytest.approx(
                change[arm] - change["control"]
            )


def test_standard_errors_are_the_clustered_sandwich_by_hand(fitted):
    conversations, frames = fitted
    x = effects.design_matrix(conversations).to_numpy()
    y = conversations["advice_giving"].to_numpy(dtype=float)
    bread = np.linalg.inv(x.T @ x)
    residual = y - x @ (bread @ x.T @ y)
    scores = pd.DataFrame(x * residual[:, None]).groupby(conversations["participant_id"]).sum()
    n, k, clusters = len(y), x.shape[1], len(scores)
    factor = clusters / (clusters - 1) * (n - 1) / (n - k)
    covariance = factor * bread @ (scores.to_numpy().T @ scores.to_numpy()) @ bread
    rows = frames["coefficients"].query("dimension == 'advice_giving'")
    np.testing.assert_allclose(rows["se"], np.sqrt(np.diag(covariance)), rtol=1e-9)


def test_effects_in_sd_divide_by_the_sd_over_all_conversations(fitted):
    conversations, frames = fitted
    raw = frames["coefficients"].set_index(["dimension", "term"])["estimate"]
    for row in frames["standardised"].itertuples():
        sd = conversations[row.dimension].astype(float).std(ddof=1)
        assert row.estimate == pytest.approx(raw[(row.dimension, f"{row.arm}:post")] / sd)


def test_a_contrast_is_the_difference_of_two_effects(fitted):
    _, frames = fitted
    effect = frames["standardised"].set_index(["dimension", "arm"])["estimate"]
    for row in frames["contrasts"].itertuples():
        first, second = row.contrast.split("_vs_")
        assert row.estimate == pytest.approx(
            effect[(row.dimension, first)] - effect[(row.dimension, second)]
        )


def holm(p: np.ndarray) -> np.ndarray:
    """Step-down by hand: the i-th smallest p times (m - i), never falling, at most 1."""
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    result = np.empty_like(p)
    result[order] = np.minimum(adjusted, 1)
    return result


def test_holm_is_applied_within_dimensions_and_over_the_eighteen(fitted):
    _, frames = fitted
    judged = frames["contrasts"].query("dimension != 'overall_empathy'")
    assert len(judged) == 18
    np.testing.assert_allclose(judged["p_holm_all"], holm(judged["p"].to_numpy()))
    for _, rows in judged.groupby("dimension"):
        np.testing.assert_allclose(rows["p_holm_dimension"], holm(rows["p"].to_numpy()))
    overall = frames["contrasts"].query("dimension == 'overall_empathy'")
    assert overall["p_holm_all"].isna().all()


def test_overall_empathy_spans_minus_12_to_12_and_respects_signs():
    best = {"encouraging_elaboration": 5, "validating_emotions": 5}
    best |= {"demonstrating_understanding": 5}
    best |= {"advice_giving": 1, "self_oriented": 1, "dismissing_emotions": 1}
    worst = {key: 6 - value for key, value in best.items()}
    assert overall_empathy(pd.DataFrame([best, worst])).tolist() == [12, -12]


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        (lambda rows: rows["arm"] == "video", "'video' before training"),
        (lambda rows: (rows["arm"] == "control") & rows["post"], "'control' after training"),
    ],
)
def test_an_arm_that_is_not_there_is_named_instead_of_given_an_effect(gone, says):
    rows = trial(5)
    with pytest.raises(LendAnEarError, match=says):
        effects.fit(rows[~gone(rows)])
