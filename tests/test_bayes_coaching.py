"""Models of training are exact where they integrate, and find what was planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm

from lendanear.bayes import training
from lendanear.bayes import trial as trials
from lendanear.bayes.models import coaching_gaussian as six
from lendanear.bayes.models import coaching_overall as overall
from lendanear.bayes.models import coaching_unpooled as unpooled
from lendanear.bayes.sampling import sample
from lendanear.errors import LendAnEarError
from lendanear.vocabulary import ARM_KEYS, DIMENSION_KEYS, SCENARIO_KEYS

COUNT = len(DIMENSION_KEYS)


def conversations(per_arm: int, seed: int = 3, *, incomplete: bool = False) -> pd.DataFrame:
    """A trial's design with scores of pure noise, perhaps without some last conversations."""
    random = np.random.default_rng(seed)
    rows = [
        (f"{arm}-{person}", arm, number, random.choice(SCENARIO_KEYS))
        for arm in ARM_KEYS
        for person in range(per_arm)
        for number in (1, 2, 3)
        if not (incomplete and number == 3 and person % 4 == 0)
    ]
    frame = pd.DataFrame(rows, columns=["participant_id", "arm", "conversation_number", "scenario"])
    for name, keys in (("arm", ARM_KEYS), ("scenario", SCENARIO_KEYS)):
        frame[name] = pd.Categorical(frame[name], keys)
    for name in (*DIMENSION_KEYS, overall.OUTCOME):
        frame[name] = random.normal(3, 1, len(frame))
    return frame


def planted(seed: int = 8) -> dict[str, np.ndarray]:
    """Effects that differ by arm, conversation and, in one dimension, whatever the arm."""
    random = np.random.default_rng(seed)
    values = six.prior_draw(random, replace(six.Priors(), spread=0.8, drift=0.2, effect=0.3))
    pooled = np.array([[0.1, 0.3], [0.4, 0.5], [0.5, 0.7]])
    peculiar = np.array([0.0, 0.1, 0.0, 0.2, -0.4, 0.1])
    effect = (pooled[..., None] + peculiar) * six.SIGNS
    values["terms"][list(six._EFFECTS)] = effect.reshape(-1, COUNT)
    return values | {"effect": effect, "pooled": pooled, "peculiar": peculiar}


# --- exact integrals ------------------------------------------------------------------------------


@pytest.mark.parametrize("incomplete", [False, True])
def test_the_likelihood_of_overall_empathy_is_that_of_dense_normal_vectors(incomplete):
    data = overall.data(conversations(6, incomplete=incomplete))
    random = np.random.default_rng(1)
    values = {
        "terms": random.normal(size=(1, 2, len(trials.TERMS))),
        "sd_person": np.array([[0.7, 1.4]]),
        "sd_residual": np.array([[1.1, 0.6]]),
    }
    found = overall.log_likelihood(data, values)
    regressors = trials.design_matrix(data)
    for draw in range(2):
        within, between = values["sd_residual"][0, draw] ** 2, values["sd_person"][0, draw] ** 2
        for person in range(data.people):
            mine = data.person == person
            size = int(mine.sum())
            expected = multivariate_normal.logpdf(
                data.scores[mine, 0],
                regressors[mine] @ values["terms"][0, draw],
                within * np.eye(size) + between,
            )
            assert found[0, draw, person] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("incomplete", [False, True])
def test_the_likelihood_of_six_scores_is_that_of_dense_normal_vectors(incomplete):
    data = six.data(conversations(4, incomplete=incomplete))
    values = planted()
    found = six.log_likelihood(data, {key: value[None, None] for key, value in values.items()})
    covariance = {
        name: values[f"{name}_corr"] * np.outer(values[f"{name}_stds"], values[f"{name}_stds"])
        for name in ("between", "within")
    }
    mean = trials.design_matrix(data) @ values["terms"]
    for person in range(data.people):
        mine = data.person == person
        size = int(mine.sum())
        dense = np.kron(np.ones((size, size)), covariance["between"])
        dense += np.kron(np.eye(size), covariance["within"])
        expected = multivariate_normal.logpdf(data.scores[mine].ravel(), mean[mine].ravel(), dense)
        assert found[0, 0, person] == pytest.approx(expected, rel=1e-9)


def test_the_pooled_prior_is_the_inverse_of_the_covariance_it_stands_for():
    priors = six.Priors()
    pooling, peculiar = 0.07, 0.3
    precision, logdet = (part.eval() for part in six._prior_precision(priors, (pooling, peculiar)))
    draws = []
    random = np.random.default_rng(4)
    for _ in range(40_000):
        cells = random.normal(0, priors.effect, 6)
        dimensions = random.normal(0, peculiar, COUNT)
        draws.append(
            (
                (cells[:, None] + dimensions + random.normal(0, pooling, (6, COUNT))) * six.SIGNS
            ).ravel()
        )
    start = six._EFFECTS[0] * COUNT
    implied = np.linalg.inv(precision)[start : start + 36, start : start + 36]
    empirical = np.cov(np.array(draws).T)
    assert np.abs(implied - empirical).max() < 0.05
    assert logdet == pytest.approx(np.linalg.slogdet(precision)[1], rel=1e-9)


@pytest.mark.parametrize(("eta", "size"), [(2.0, 2), (2.0, 6), (5.0, 4)])
def test_correlation_matrices_have_the_margins_of_their_distribution(eta, size):
    random = np.random.default_rng(5)
    drawn = np.array([six.lkj_draw(random, eta, size) for _ in range(4000)])
    # a single correlation is Beta on -1 to 1 (Lewandowski, Kurowicka and Joe 2009)
    variance = 1 / (2 * (eta + (size - 2) / 2) + 1)
    for row, column in ((1, 0), (size - 1, size - 2)):
        assert drawn[:, row, column].var() == pytest.approx(variance, rel=0.1)
    assert np.allclose(np.diagonal(drawn, axis1=1, axis2=2), 1)


# --- recovery -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def recovered():
    data = six.data(conversations(60))
    values = planted()
    scores = six.simulate(data, values, np.random.default_rng(12))
    data = replace(data, scores=scores)
    settings = replace(six.QUICK, tune=300, draws=300, chains=2)
    return data, values, sample(six.build(data), six.KEEP, settings).posterior


def test_planted_effects_are_recovered_with_honest_uncertainty(recovered):
    _, values, posterior = recovered
    effect = posterior["effect"].to_numpy().reshape(-1, 3, 2, COUNT)
    z = (effect.mean(axis=0) - values["effect"]) / effect.std(axis=0)
    assert np.abs(z).max() < 4
    assert (np.abs(z) < 2).mean() > 0.8
    # 36 estimates that share people scatter about their truth as much as they say, not less
    assert 0.2 < (z**2).mean() < 2.5


def test_a_dimension_peculiar_in_every_arm_is_not_pooled_away(recovered):
    _, values, posterior = recovered
    peculiar = posterior["peculiar"].to_numpy().reshape(-1, COUNT)
    contrast = peculiar[:, 4] - peculiar[:, [0, 1, 2, 3, 5]].mean(axis=1)
    truth = values["peculiar"][4] - values["peculiar"][[0, 1, 2, 3, 5]].mean()
    assert abs(contrast.mean() - truth) < 3.5 * contrast.std()
    assert contrast.mean() < -2.5 * contrast.std()


def test_covariances_between_and_within_people_are_recovered(recovered):
    _, values, posterior = recovered
    for name in ("between", "within"):
        drawn = posterior[f"{name}_stds"].to_numpy().reshape(-1, COUNT)
        z = (drawn.mean(axis=0) - values[f"{name}_stds"]) / drawn.std(axis=0)
        assert np.abs(z).max() < 4
        upper = np.triu_indices(COUNT, 1)
        drawn = posterior[f"{name}_corr"].to_numpy().reshape(-1, COUNT, COUNT)[:, *upper]
        z = (drawn.mean(axis=0) - values[f"{name}_corr"][upper]) / drawn.std(axis=0)
        assert np.abs(z).max() < 4.5


def test_overall_empathy_agrees_with_the_exact_gaussian_posterior_of_its_coefficients():
    data = overall.data(conversations(40, seed=9))
    posterior = sample(
        overall.build(data), overall.KEEP, replace(overall.QUICK, tune=300, draws=400, chains=2)
    ).posterior
    drawn = {name: posterior[name].to_numpy() for name in overall.KEEP}
    regressors, scales = trials.design_matrix(data), overall.Priors().scales()
    # given the two variances the coefficients are Gaussian; average over draws of the variances
    means = []
    for person, residual in zip(
        drawn["sd_person"].ravel()[::20], drawn["sd_residual"].ravel()[::20], strict=True
    ):
        same = data.person[:, None] == data.person
        covariance = residual**2 * np.eye(len(same)) + person**2 * same
        weighted = np.linalg.solve(covariance, regressors)
        precision = regressors.T @ weighted + np.diag(1 / scales**2)
        means.append(np.linalg.solve(precision, weighted.T @ data.scores[:, 0]))
    exact = np.mean(means, axis=0)
    flat = drawn["terms"].reshape(-1, len(trials.TERMS))
    assert np.abs((flat.mean(axis=0) - exact) / flat.std(axis=0)).max() < 0.2


# --- what is reported -----------------------------------------------------------------------------


def test_contrasts_are_differences_of_effects_and_both_is_their_mean():
    effects = np.random.default_rng(2).normal(size=(2, 5, 3, 2))
    found = trials.contrasts_of(effects)
    assert len(found) == 18
    np.testing.assert_allclose(
        found["combined", "video", "conversation 3"], effects[..., 2, 1] - effects[..., 0, 1]
    )
    np.testing.assert_allclose(found["coach", "control", "both"], effects[..., 1, :].mean(axis=-1))


def test_probabilities_of_exceeding_a_size_count_better_as_up_in_every_dimension():
    draws = np.full((2, 500, 3, 2, COUNT), -0.3)
    draws += np.random.default_rng(7).normal(0, 0.05, draws.shape)
    _, frame = training.effects_reported(draws, DIMENSION_KEYS, np.ones(COUNT))
    rows = frame.query("unit == 'sd' and reference == 'control' and period == 'both'")
    good = rows[rows["outcome"] == "advice_giving"]
    bad = rows[rows["outcome"] == "validating_emotions"]
    assert (good["p_over_0.20"] > 0.95).all()
    assert (bad["p_over_0.00"] < 0.05).all()
    assert good["p_over_0.30"].to_numpy() == pytest.approx(norm.sf(0), abs=0.1)


def test_the_unpooled_twin_has_the_same_data_and_no_pooling():
    assert unpooled.data is six.data
    assert not set(unpooled.KEEP) & set(six.OF_POOLING)


def test_data_without_an_arm_or_a_conversation_is_refused_by_name():
    rows = conversations(3)
    with pytest.raises(LendAnEarError, match="no conversation 1 of the arm 'video'"):
        six.data(rows[rows["arm"] != "video"])
    with pytest.raises(LendAnEarError, match="no conversation 3 of the arm 'coach'"):
        six.data(rows[(rows["arm"] != "coach") | (rows["conversation_number"] < 3)])
