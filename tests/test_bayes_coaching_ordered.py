"""The ordered model of coaching is what its formulas say, and finds what was planted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from model_density import INTERPRETED
from scipy.special import expit
from test_bayes_coaching import conversations

from lendanear.bayes.estimates import coaching as estimates
from lendanear.bayes.models import coaching as model
from lendanear.bayes.sampling import sample
from lendanear.vocabulary import ARM_KEYS, DIMENSION_KEYS, SCENARIO_KEYS

COUNT = len(DIMENSION_KEYS)


def planted() -> dict[str, np.ndarray]:
    """Effects of plain sizes, people who differ in correlated ways, five used categories."""
    random = np.random.default_rng(8)
    pooled = np.array([[0.2, 0.5], [0.9, 1.2], [1.1, 1.6]])
    peculiar = np.array([0.0, 0.2, 0.0, 0.3, -0.6, 0.1])
    root = random.normal(size=(COUNT, 2))
    covariance = root @ root.T + 0.5 * np.eye(COUNT)
    stds = np.sqrt(np.diag(covariance))
    return {
        "effect": (pooled[..., None] + peculiar) * model.SIGNS,
        "cutpoints": np.sort(random.normal([-2, -0.5, 1, 2.5], 0.3, (COUNT, 4)), axis=1),
        "baseline": random.normal(0, 0.2, (3, COUNT)),
        "drift": random.normal(0, 0.2, (2, COUNT)),
        "scenario": random.normal(0, 0.4, (len(SCENARIO_KEYS) - 1, COUNT)),
        "person_stds": stds,
        "person_corr": covariance / np.outer(stds, stds),
    }


def simulated(per_arm: int, seed: int = 12):
    """A trial of known parameters."""
    data = model.data(conversations(per_arm))
    values = planted()
    scores = model.simulate(data, values, np.random.default_rng(seed))
    return replace(data, scores=scores), values


def test_however_it_is_sampled_the_likelihood_is_that_of_the_formulas():
    data, _ = simulated(6)
    machine = model.build(data)
    random = np.random.default_rng(2)
    point = {
        name: value + 0.4 * random.standard_normal(np.shape(value))
        for name, value in machine.initial_point().items()
    }
    names = tuple(planted())
    graphs = machine.replace_rvs_by_values(
        [machine[name] for name in ("ratings", "noise", "chance", *names)]
    )
    compute = machine.compile_fn(
        graphs, inputs=machine.value_vars, mode=INTERPRETED, on_unused_input="ignore"
    )
    ratings, noise, chance, *rest = compute(point)
    known = model.parameters(dict(zip(names, rest, strict=True)))
    factor = np.linalg.cholesky(known.covariance)
    arms, sizes = data.person_arm, np.bincount(data.person_arm)
    means = np.array([noise[arms == arm].mean(axis=0) for arm in range(len(ARM_KEYS))])
    standard = noise - means[arms] + (chance / np.sqrt(sizes)[:, None])[arms]
    own = standard @ factor.T
    linear = own[data.person] + known.cell[model._cell(data)]
    below = expit(known.cuts - linear[..., None])
    ends = [np.zeros((*linear.shape, 1)), np.ones((*linear.shape, 1))]
    chances = np.diff(np.concatenate([ends[0], below, ends[1]], axis=-1), axis=-1)
    expected = np.log(np.take_along_axis(chances, data.scores[..., None].astype(int) - 1, -1)).sum()
    assert float(ratings) == pytest.approx(expected, rel=1e-9)


def test_simulated_ratings_have_the_shares_of_the_formulas():
    data, values = simulated(200)
    calm = values | {"person_stds": np.full(COUNT, 1e-9)}
    scores = model.simulate(data, calm, np.random.default_rng(1))
    known = model.parameters(calm)
    expected = expit(known.cuts - known.cell[model._cell(data)][..., None])
    observed = np.array([(scores <= score).mean(axis=0) for score in (1, 2, 3, 4)]).T
    np.testing.assert_allclose(observed, expected.mean(axis=0), atol=0.03)


@pytest.fixture(scope="module")
def recovered():
    data, values = simulated(70)
    settings = replace(model.QUICK, tune=400, draws=350, chains=2)
    posterior = sample(model.build(data), model.KEEP, settings).posterior
    return data, values, {name: posterior[name].to_numpy() for name in model.KEEP}


@pytest.mark.parametrize("name", ["effect", "cutpoints", "drift", "baseline", "person_stds"])
def test_planted_parameters_are_recovered_with_honest_uncertainty(recovered, name):
    _, values, posterior = recovered
    draws = posterior[name].reshape(-1, *values[name].shape)
    z = (draws.mean(axis=0) - values[name]) / draws.std(axis=0)
    assert np.abs(z).max() < 4
    assert (z**2).mean() < 3


def test_effects_in_points_are_those_of_the_planted_probabilities(recovered):
    data, values, posterior = recovered
    found = estimates.effects_of(posterior["expected"])
    random = np.random.default_rng(4)
    # many more people than took part, everybody once with and once without training
    known = model.parameters(values)
    people = random.normal(size=(4000, COUNT)) @ np.linalg.cholesky(known.covariance).T
    scenario = known.cell[: len(SCENARIO_KEYS)]  # Control, conversation 1
    linear = people + scenario[random.choice(data.scenario, len(people))]
    before = linear + values["drift"][:, None]

    def mean(predictor: np.ndarray) -> np.ndarray:
        return 5 - expit(values["cutpoints"] - predictor[..., None]).sum(axis=-1).mean(axis=-2)

    truth = mean(before + values["effect"][:, :, None]) - mean(before)
    flat = found.reshape(-1, *truth.shape)
    z = (flat.mean(axis=0) - truth) / flat.std(axis=0)
    assert np.abs(z).max() < 4
    assert np.abs(truth).max() > 0.5


def test_left_out_participants_are_predicted_better_than_with_effects_turned_round(recovered):
    data, _, posterior = recovered
    some = estimates.evenly(posterior, 40)
    likelihood = estimates.log_likelihood(data, some)
    assert likelihood.shape == (*some["pooling_sd"].shape, data.people)
    worse = estimates.log_likelihood(data, some | {"effect": -some["effect"]})
    assert likelihood.sum(axis=-1).mean() > worse.sum(axis=-1).mean() + 20
