"""Models are compared by leave-one-out cross-validation, difference by difference."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import norm

from lendanear.bayes.comparison import COLUMNS, compare_models
from lendanear.bayes.sampling import arviz
from lendanear.errors import LendAnEarError

N, PRIOR, NOISE = 60, 2.0, 1.0


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    return 0.8 + NOISE * np.random.default_rng(4).standard_normal(N)


def posterior(values: np.ndarray) -> tuple[float, float]:
    """Mean and variance of a normal mean with known noise, prior N(0, PRIOR^2)."""
    variance = 1 / (1 / PRIOR**2 + len(values) / NOISE**2)
    return variance * values.sum() / NOISE**2, variance


def loglik(values: np.ndarray, mean: float, variance: float) -> np.ndarray:
    draws = mean + np.sqrt(variance) * np.random.default_rng(5).standard_normal((4, 2000, 1))
    return norm.logpdf(values, draws, NOISE)


@pytest.fixture(scope="module")
def both(values) -> dict[str, np.ndarray]:
    # the rival all but fixes the mean at 0
    return {
        "mean fixed": loglik(values, 0.0, 0.01),
        "mean free": loglik(values, *posterior(values)),
    }


def test_the_elpd_is_the_exact_one_of_a_conjugate_model(values, both):
    exact = 0.0
    for left_out in range(N):
        mean, variance = posterior(np.delete(values, left_out))
        exact += norm.logpdf(values[left_out], mean, np.sqrt(variance + NOISE**2))
    row = compare_models(both).set_index("model").loc["mean free"]
    assert row["elpd"] == pytest.approx(exact, abs=0.02)
    assert 0.7 < row["p_loo"] < 1.3
    assert row["pareto_k_max"] < 0.5
    assert row["units"] == N


def test_differences_and_their_errors_are_taken_unit_by_unit_as_arviz_does(both):
    az = arviz()
    drawn = {
        name: az.from_dict({"x": own[..., 0]}, log_likelihood={"unit": own})
        for name, own in both.items()
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ArviZ sorts its table in a way that pandas will give up
        expected = az.compare(drawn, ic="loo", method="BB-pseudo-BMA")
    found = compare_models(both)
    assert tuple(found.columns) == COLUMNS
    assert found["model"].tolist() == expected.index.tolist() == ["mean free", "mean fixed"]
    assert found["elpd"].to_numpy() == pytest.approx(expected["elpd_loo"].to_numpy(float))
    assert found["elpd_diff"].to_numpy() == pytest.approx(expected["elpd_diff"].to_numpy(float))
    ratio = np.sqrt(N / (N - 1))  # ArviZ divides by n
    assert found["dse"].to_numpy() == pytest.approx(ratio * expected["dse"].to_numpy(float))
    se = [az.loo(drawn[name]).se for name in found["model"]]
    assert found["se"].to_numpy() == pytest.approx(ratio * np.array(se))


def test_a_model_compared_with_itself_is_no_better(both):
    own = both["mean free"]
    found = compare_models({"one": own, "other": own})
    assert found["elpd_diff"].tolist() == [0.0, 0.0]
    assert found["dse"].tolist() == [0.0, 0.0]


def test_a_unit_that_leave_one_out_cannot_judge_is_told_by_its_pareto_k(values, both):
    far = values.copy()
    far[0] = 25.0
    assert compare_models({"outlier": loglik(far, 0.8, 1.0)})["pareto_k_max"][0] > 0.7


def test_different_units_cannot_be_compared(both):
    with pytest.raises(LendAnEarError, match="same units"):
        compare_models({**both, "fewer": both["mean free"][..., 1:]})
