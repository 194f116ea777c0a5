"""The random-intercept model agrees with independent computations of the same estimates."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from lendanear.errors import LendAnEarError
from lendanear.measures.random_intercept import Persons, fit_random_intercept

Sizes = list[int] | np.ndarray


def simulate(
    sizes: Sizes, *, mean: float, var_person: float, var_residual: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(len(sizes)), sizes)
    intercepts = rng.normal(0, np.sqrt(var_person), len(sizes))
    noise = rng.normal(0, np.sqrt(var_residual), len(person))
    return person, mean + intercepts[person] + noise


def dense_deviance(
    person: np.ndarray, score: np.ndarray, var_person: float, var_residual: float
) -> float:
    """Minus twice the restricted log-likelihood from its definition with the full matrices."""
    same = (person[:, None] == person[None, :]).astype(float)
    covariance = var_residual * np.eye(len(score)) + var_person * same
    inverse = np.linalg.inv(covariance)
    information = inverse.sum()
    mean = (inverse @ score).sum() / information
    rest = score - mean
    return float(
        (len(score) - 1) * np.log(2 * np.pi)
        + np.linalg.slogdet(covariance)[1]
        + np.log(information)
        + rest @ inverse @ rest
    )


@pytest.mark.parametrize("seed", range(3))
def test_balanced_data_give_the_anova_estimator(seed: int) -> None:
    person, score = simulate([3] * 245, mean=-1.4, var_person=11.9, var_residual=5.4, seed=seed)
    table = score.reshape(-1, 3)
    means = table.mean(axis=1)
    within = ((table - means[:, None]) ** 2).sum() / (245 * 2)
    between = 3 * means.var(ddof=1)

    model = fit_random_intercept(person, score)

    assert model.var_residual == pytest.approx(within, rel=1e-9)
    assert model.var_person == pytest.approx((between - within) / 3, rel=1e-9)
    assert model.mean == pytest.approx(score.mean(), rel=1e-12)
    assert model.mean_se == pytest.approx(np.sqrt(between / (3 * 245)), rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_unbalanced_data_give_what_statsmodels_finds(seed: int) -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(seed)
    person, score = simulate(
        rng.integers(1, 7, 120), mean=2, var_person=3, var_residual=2, seed=seed
    )

    model = fit_random_intercept(person, score)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = sm.MixedLM(score, np.ones(len(score)), groups=person).fit(
            reml=True, gtol=1e-10, method="bfgs"
        )

    assert model.var_residual == pytest.approx(other.scale, rel=1e-4)
    assert model.var_person == pytest.approx(float(other.cov_re.item()), rel=1e-4)
    assert model.mean == pytest.approx(other.fe_params[0], rel=1e-5)
    # statsmodels takes this from a numeric second derivative; the dense test below is exact
    assert model.mean_se == pytest.approx(other.bse_fe[0], rel=1e-3)


def test_the_likelihood_is_the_one_of_the_full_covariance_matrix_and_is_highest_there() -> None:
    person, score = simulate(
        [1, 2, 3, 4, 5, 3, 2, 6, 3, 3, 1, 4], mean=5, var_person=4, var_residual=1, seed=8
    )
    model = fit_random_intercept(person, score)
    persons = Persons.of(person, score)

    for variances in ((model.var_person, model.var_residual), (0.0, 2.5), (7.0, 0.4)):
        assert persons.deviance(*variances) == pytest.approx(
            dense_deviance(person, score, *variances), rel=1e-10
        )
    best = minimize(
        lambda logs: dense_deviance(person, score, *np.exp(logs)),
        [0.0, 0.0],
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-12},
    )
    assert np.exp(best.x) == pytest.approx([model.var_person, model.var_residual], rel=1e-5)
    assert -2 * model.log_likelihood == pytest.approx(best.fun, rel=1e-10)
    same = person[:, None] == person[None, :]
    covariance = model.var_residual * np.eye(len(score)) + model.var_person * same
    precision = np.linalg.inv(covariance).sum()
    assert model.mean_se == pytest.approx(precision**-0.5, rel=1e-10)
    assert model.mean == pytest.approx(
        float(np.linalg.solve(covariance, score).sum() / precision), rel=1e-10
    )


def test_the_slope_is_the_derivative_of_the_profile() -> None:
    persons = Persons.of(
        *simulate([1, 2, 3, 5, 4, 2, 3], mean=0, var_person=2, var_residual=1, seed=3)
    )
    for ratio in (0.1, 1.0, 10.0):
        numeric = (persons.profile(ratio * 1.0001) - persons.profile(ratio * 0.9999)) / (
            0.0002 * ratio
        )
        assert persons.slope(ratio) == pytest.approx(float(numeric), rel=1e-4, abs=1e-6)


def test_people_who_differ_less_than_chance_get_a_variance_of_exactly_zero() -> None:
    # everybody has the same mean: differences between people are smaller than chance makes them
    score = np.tile([-1.0, 0.0, 1.0], 30)
    person = np.repeat(np.arange(30), 3)

    model = fit_random_intercept(person, score)

    assert model.var_person == 0.0
    assert model.reliability == 0.0
    assert model.var_residual == pytest.approx(score.var(ddof=1))
    assert model.interval("var_person")[0] == 0.0
    assert model.interval("reliability")[0] == 0.0
    assert 0 < model.interval("reliability")[1] < 0.2


def test_known_variances_lie_in_their_intervals_about_as_often_as_promised() -> None:
    truth = {"reliability": 0.6875, "var_person": 11.0, "var_residual": 5.0}
    hits = dict.fromkeys(truth, 0)
    for seed in range(80):
        person, score = simulate([3] * 80, mean=0, var_person=11, var_residual=5, seed=seed)
        model = fit_random_intercept(person, score)
        for quantity, value in truth.items():
            low, high = model.interval(quantity)
            hits[quantity] += low <= value <= high
    # 95% of 80 is 76 with a standard deviation of 2
    assert all(70 <= count <= 80 for count in hits.values()), hits


def test_an_interval_ends_where_twice_the_log_likelihood_has_fallen_by_the_chi_square_bound() -> (
    None
):
    person, score = simulate([2, 3] * 40, mean=0, var_person=2, var_residual=3, seed=1)
    model = fit_random_intercept(person, score)
    allowed = -2 * model.log_likelihood + 3.841458820694124
    for end in model.interval("var_residual"):
        best = minimize(
            lambda log, end=end: model.persons.deviance(float(np.exp(log[0])), end),
            [np.log(model.var_person)],
            method="Nelder-Mead",
        ).fun
        assert best == pytest.approx(allowed, abs=1e-6)
    for end in model.interval("reliability"):
        assert float(model.persons.profile(end / (1 - end))) == pytest.approx(allowed, abs=1e-6)


def test_the_unit_and_the_origin_of_the_score_do_not_matter() -> None:
    person, score = simulate([3] * 50, mean=0, var_person=4, var_residual=2, seed=5)
    model = fit_random_intercept(person, score)
    other = fit_random_intercept(person, 1e6 + 10 * score)
    assert other.reliability == pytest.approx(model.reliability, rel=1e-6)
    assert other.var_residual == pytest.approx(100 * model.var_residual, rel=1e-6)


def test_a_hundredfold_cohort_takes_well_under_a_second() -> None:
    person, score = simulate([3] * 24_500, mean=-1.4, var_person=12, var_residual=5.4, seed=2)
    started = time.perf_counter()
    model = fit_random_intercept(person, score)
    model.interval("var_person")
    assert time.perf_counter() - started < 0.5
    assert model.var_person == pytest.approx(12, rel=0.05)
    assert model.var_residual == pytest.approx(5.4, rel=0.05)


@pytest.mark.parametrize(
    ("person", "score", "said"),
    [
        ([0, 0, 0], [1.0, 2.0, 3.0], "at least two people"),
        ([0, 1, 2], [1.0, 2.0, 3.0], "more than one score"),
        ([0, 0, 1, 1], [1.0, 1.0, 3.0, 3.0], "nobody's do"),
    ],
)
def test_data_that_cannot_tell_the_variances_apart_are_refused(
    person: list[int], score: list[float], said: str
) -> None:
    with pytest.raises(LendAnEarError, match=said):
        fit_random_intercept(pd.Series(person), pd.Series(score))
