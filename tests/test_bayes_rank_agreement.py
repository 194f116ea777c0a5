"""Agreement of true orders is recovered through the errors of both rankings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from simulated_raters import TAU, preferences

from lendanear.bayes import registry
from lendanear.bayes.estimates.rank_agreement import agreement
from lendanear.bayes.models import bradley_terry
from lendanear.bayes.models import rank_agreement as model
from lendanear.bayes.settings import Settings
from lendanear.bayes.summarise import summarise
from lendanear.checks.counterparts import COUNTERPARTS
from lendanear.errors import DataError
from lendanear.measures.elo_error import POINTS, START
from lendanear.vocabulary import SCENARIO_KEYS

CORRELATION = 0.6
PER_SCENARIO = 24


@pytest.fixture(scope="module")
def study():
    return preferences(
        per_scenario=PER_SCENARIO,
        raters=90,
        per_rater=15,
        correlation=CORRELATION,
        unseen=20,
        seed=5,
    )


@pytest.fixture(scope="module")
def tables(study) -> dict[str, pd.DataFrame]:
    return {"choices": study[0], "elo": study[1]}


@pytest.fixture(scope="module")
def drawn(tables):
    settings = Settings(tune=400, draws=500, chains=2, seed=4)
    return registry.draw("rank_agreement", tables, settings)


@pytest.fixture(scope="module")
def frames(tables, drawn) -> dict[str, pd.DataFrame]:
    return summarise("rank_agreement", drawn, tables)


def planted(study, data: model.Rankings) -> tuple[np.ndarray, np.ndarray]:
    """Return true standings among raters and LLM judges, in the order of the data."""
    order = [study[2].ids.index(name) for name in data.pairs.conversations]
    return study[2].human[order], study[2].llm[order]


def some_parameters(data: model.Rankings, seed: int = 0) -> dict[str, np.ndarray]:
    """Arbitrary admissible parameters, shape (1, 2, ...)."""
    random = np.random.default_rng(seed)
    scenarios, items = len(data.pairs.scenarios), len(data.pairs.conversations)
    return {
        "standing": random.standard_normal((1, 2, items)),
        "spread": random.uniform(0.5, 1.5, (1, 2, scenarios)),
        "correlation": random.uniform(-0.9, 0.9, (1, 2, scenarios)),
        "rating_mean": random.normal(0, 0.3, (1, 2, scenarios)),
        "rating_spread": random.uniform(0.5, 1.5, (1, 2, scenarios)),
        "side": np.array([[0.1, -0.2]]),
        "side_sd": np.array([[0.2, 0.1]]),
        "consistency_sd": np.array([[0.3, 0.4]]),
    }


def test_agreement_of_the_true_orders_is_recovered_where_that_of_the_estimates_falls_short(
    study, tables, frames
):
    data = model.data(**tables)
    human, llm = planted(study, data)
    truth = agreement(data, human[None, None], llm[None, None])
    found = frames["estimates"].set_index(["quantity", "group"])
    for key, value in truth.items():
        row = found.loc[key]
        assert abs(row["mean"] - float(value[0, 0])) < 3.5 * row["sd"], key
    tau = found.loc[("rank.kendall_tau", "all")]
    true_tau = float(truth["rank.kendall_tau", "all"][0, 0])
    assert tau["hdi_low"] < true_tau < tau["hdi_high"]
    wins = dict.fromkeys(data.pairs.conversations, 0.0)
    for row in tables["choices"].itertuples():
        wins[row.left_id if row.choice == "left" else row.right_id] += 1.0
    seen = pd.concat([tables["choices"][side] for side in ("left_id", "right_id")]).value_counts()
    share = np.array([wins[name] / seen[name] for name in data.pairs.conversations])
    plain = agreement(data, share[None, None], data.rating[None, None])
    assert float(plain["rank.kendall_tau", "all"][0, 0]) < true_tau


def test_the_correlation_of_the_population_is_recovered(frames):
    found = frames["estimates"].set_index(["quantity", "group"]).loc["latent.correlation"]
    assert (np.abs(found["mean"] - CORRELATION) < 3.5 * found["sd"]).all()
    assert found["hdi_low"].mean() < CORRELATION < found["hdi_high"].mean()


def test_ratings_and_their_spread_are_recovered(drawn):
    for name, truth in (("rating_mean", 0.0), ("rating_spread", TAU)):
        values = drawn.posterior[name].to_numpy()
        # of 24 conversations the mean has a standard error of a quarter, the SD of a sixth
        assert np.abs(values.mean(axis=(0, 1)) - truth).max() < 4 * TAU / np.sqrt(PER_SCENARIO)


def test_standings_given_rating_and_choices_are_the_conditional_normal_written_out(tables):
    data = model.data(**tables)
    values = some_parameters(data)
    many = {name: np.repeat(own[:, :1], 4000, axis=1) for name, own in values.items()}
    draws = model.llm_standings(data, many, np.random.default_rng(1))[0]
    for item in (0, 30, 77):
        s = data.pairs.scenario[item]
        rho, mean, tau = (
            values[name][0, 0, s] for name in ("correlation", "rating_mean", "rating_spread")
        )
        # (e, x, R): standing among judges, among raters, and the rating
        covariance = np.array(
            [
                [1, rho, tau],
                [rho, 1, rho * tau],
                [tau, rho * tau, tau**2 + data.error[item] ** 2],
            ]
        )
        weights = np.linalg.solve(covariance[1:, 1:], covariance[1:, 0])
        seen = np.array([values["standing"][0, 0, item], data.rating[item] - mean])
        left = 1 - weights @ covariance[1:, 0]
        assert draws[:, item].mean() == pytest.approx(weights @ seen, abs=0.06 * np.sqrt(left))
        assert draws[:, item].std() == pytest.approx(np.sqrt(left), rel=0.05)


def test_the_model_gives_standings_the_mean_and_variance_of_the_conditional_normal(tables):
    data = model.data(**tables)
    machine = model.build(data)
    random = np.random.default_rng(3)
    point = {
        name: random.normal(0, 0.4, size=np.shape(value))
        for name, value in machine.initial_point().items()
    }
    values = machine.replace_rvs_by_values([machine["standing"], machine["correlation"]])
    standing, rho = machine.compile_fn(values, inputs=machine.value_vars,
                                       on_unused_input="ignore")(point)  # fmt: skip
    tau = np.exp(point["rating_spread_log__"])
    for item in range(0, len(standing), 13):
        s = data.pairs.scenario[item]
        total = tau[s] ** 2 + data.error[item] ** 2
        slope = rho[s] * tau[s] / total
        expected = slope * (data.rating[item] - point["rating_mean"][s])
        left = 1 - slope * rho[s] * tau[s]
        assert standing[item] == pytest.approx(expected + np.sqrt(left) * point["z"][item])


def test_the_likelihood_is_that_of_raters_and_of_ratings(tables):
    data = model.data(**tables)
    values = some_parameters(data)
    found = model.log_likelihood(data, values)
    raters = data.pairs.raters
    assert found.shape == (1, 2, raters + len(data.rating))
    s = data.pairs.scenario
    for draw in range(2):
        sd = np.hypot(values["rating_spread"][0, draw, s], data.error)
        expected = norm.logpdf(data.rating, values["rating_mean"][0, draw, s], sd)
        assert found[0, draw, raters:] == pytest.approx(expected)
    strength = model.strengths(data, values)
    for place in range(len(SCENARIO_KEYS)):
        assert strength[..., s == place].mean(axis=-1) == pytest.approx(np.zeros((1, 2)))
    own = bradley_terry.log_likelihood(data.pairs, {**values, "strength": strength})
    assert found[..., :raters] == pytest.approx(own)


def test_the_ratings_of_the_model_have_the_same_likelihood_up_to_a_constant(tables):
    data = model.data(**tables)
    machine = model.build(data)
    ratings = next(p for p in machine.potentials if p.name == "ratings")
    density = machine.compile_logp(vars=[ratings], jacobian=False)
    differences = []
    for seed in range(3):
        values = some_parameters(data, seed)
        point = machine.initial_point()
        point["rating_mean"] = values["rating_mean"][0, 0]
        point["rating_spread_log__"] = np.log(values["rating_spread"][0, 0])
        own = model.log_likelihood(data, values)[0, 0, data.pairs.raters :].sum()
        differences.append(float(density(point)) - own)
    assert np.ptp(differences) == pytest.approx(0, abs=1e-8)


def test_ratings_are_read_in_log_odds_with_their_error(study, tables):
    data = model.data(**tables)
    elo = study[1].set_index("conversation_id")["elo_rating"]
    rating = elo[list(data.pairs.conversations)].to_numpy()
    assert data.rating * POINTS + START == pytest.approx(rating)
    assert data.rated.all()
    # 60 comparisons: no less than those between equals would leave
    assert (data.error >= np.sqrt(4 / 60)).all()


def test_conversations_outside_the_tournament_say_nothing_of_agreement(study, tables):
    data = model.data(**tables)
    gone = data.pairs.conversations[0]
    fewer = model.data(tables["choices"], study[1][study[1]["conversation_id"] != gone])
    assert fewer.rated.sum() == len(data.rating) - 1
    values = some_parameters(fewer)
    assert model.log_likelihood(fewer, values).shape[-1] == data.pairs.raters + len(data.rating) - 1
    without = agreement(fewer, values["standing"], -values["standing"])
    assert without["rank.kendall_tau", "all"] == pytest.approx(-np.ones((1, 2)))
    draws = model.llm_standings(
        fewer,
        {name: np.repeat(own[:, :1], 4000, axis=1) for name, own in values.items()},
        np.random.default_rng(1),
    )[0, :, 0]
    rho = values["correlation"][0, 0, 0]
    assert draws.std() == pytest.approx(np.sqrt(1 - rho**2), rel=0.05)


def test_agreement_needs_three_rated_conversations_in_every_scenario(study, tables):
    elo = study[1]
    first = elo[elo["scenario"] == "undervalued"].index[: PER_SCENARIO - 2]
    with pytest.raises(DataError, match="'undervalued' have an Elo rating"):
        model.data(tables["choices"], elo.drop(index=first))


def test_the_published_rank_correlation_has_its_counterpart_among_the_estimates(frames):
    named = set(zip(frames["estimates"]["quantity"], frames["estimates"]["group"], strict=True))
    counterpart = COUNTERPARTS["preference.bt_spearman"]
    assert (counterpart.quantity, counterpart.group) in named


def test_predictive_checks_hold_the_observed_rankings(frames):
    after = frames["posterior_predictive"]
    inside = (after["observed"] >= after["low"]) & (after["observed"] <= after["high"])
    assert inside.mean() >= 0.85
    before = frames["prior_predictive"]
    related = before[before["what"] == "won.rating"]
    assert (related["low"] < -0.5).all()
    assert (related["high"] > 0.5).all()
