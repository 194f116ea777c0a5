"""Strengths, ranks and habits of raters are recovered, and equal to computations written out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import dblquad
from scipy.optimize import minimize
from scipy.stats import norm
from simulated_raters import preferences

from lendanear.bayes import registry
from lendanear.bayes.estimates.bradley_terry import llm_ratings
from lendanear.bayes.models import bradley_terry as model
from lendanear.bayes.models import rank_agreement
from lendanear.bayes.pair_checks import ALL, design, properties, simulate, won
from lendanear.bayes.pairs import Pairs, pairs
from lendanear.bayes.sensitivity import log_prior
from lendanear.bayes.settings import Settings
from lendanear.bayes.summarise import summarise
from lendanear.errors import DataError
from lendanear.measures.elo_error import POINTS, START
from lendanear.measures.order import kendall
from lendanear.vocabulary import SCENARIO_KEYS

SIDE = 0.3
HABITS = {"side_sd": 0.3, "consistency_sd": 0.5}


@pytest.fixture(scope="module")
def study():
    return preferences(side=SIDE, **HABITS, per_rater=30, seed=7)


@pytest.fixture(scope="module")
def drawn(study):
    settings = Settings(tune=400, draws=600, chains=2, seed=3)
    return registry.draw("bradley_terry", {"choices": study[0], "elo": study[1]}, settings)


@pytest.fixture(scope="module")
def frames(study, drawn) -> dict[str, pd.DataFrame]:
    return summarise("bradley_terry", drawn, {"choices": study[0], "elo": study[1]})


def choices_of(rows: list[tuple[str, str, str, str]], scenario: str = "job_loss") -> pd.DataFrame:
    """Return choices from (rater, left, right, chosen side)."""
    table = pd.DataFrame(rows, columns=["rater_id", "left_id", "right_id", "choice"])
    return table.assign(
        scenario=pd.Categorical([scenario] * len(table), categories=list(SCENARIO_KEYS)),
        choice=pd.Categorical(table["choice"], categories=["left", "right"]),
    )


def small() -> Pairs:
    """Return six choices of one rater between three conversations, one of them made twice."""
    rows = [
        ("x", "a", "b", "left"),
        ("x", "b", "a", "left"),
        ("x", "a", "c", "right"),
        ("x", "a", "c", "right"),
        ("x", "c", "b", "left"),
        ("x", "b", "c", "left"),
        ("y", "a", "b", "left"),
    ]
    both = pairs(choices_of(rows))
    own = both.rater == 0
    kept = {
        name: getattr(both, name)[own] for name in ("rater", "winner", "loser", "side", "count")
    }
    return replace(both, raters=1, **kept)


def test_true_strengths_lie_in_their_intervals_as_often_as_they_should(study, drawn):
    strength = drawn.posterior["strength"]
    truth = dict(zip(study[2].ids, study[2].strength, strict=True))
    planted = np.array([truth[name] for name in strength["conversation"].to_numpy()])
    values = strength.to_numpy().reshape(-1, len(planted))
    low, high = np.quantile(values, [0.025, 0.975], axis=0)
    assert ((low < planted) & (planted < high)).mean() >= 0.87
    z = (planted - values.mean(axis=0)) / values.std(axis=0)
    assert 0.7 < z.std() < 1.35
    assert np.abs(z).max() < 3.9


def test_spreads_and_habits_of_raters_are_recovered(study, drawn):
    strength, scenario = drawn.posterior["strength"].to_numpy(), study[2].scenario
    names = drawn.posterior["conversation"].to_numpy()
    order = [study[2].ids.index(name) for name in names]
    of = [scenario[order] == place for place in range(len(SCENARIO_KEYS))]
    found = {name: drawn.posterior[name].to_numpy() for name in ("side", *HABITS)}
    found["spread"] = np.stack([strength[..., own].std(axis=-1) for own in of], axis=-1)
    planted = {"side": SIDE, **HABITS}
    planted["spread"] = np.array([study[2].strength[order][own].std() for own in of])
    for name, truth in planted.items():
        values = found[name]
        distance = (values.mean(axis=(0, 1)) - truth) / values.std(axis=(0, 1))
        assert (np.abs(distance) < 3.5).all(), name
    assert float(drawn.posterior["side"].mean()) > 0.1


def test_posterior_strengths_are_those_of_a_penalised_likelihood_up_to_what_raters_add(
    study, drawn
):
    data = model.data(*study[:2])
    spread = drawn.posterior["spread"].to_numpy().mean(axis=(0, 1))[data.scenario]
    side = float(drawn.posterior["side"].mean())

    def loss(theta: np.ndarray) -> float:
        odds = theta[data.winner] - theta[data.loser] + data.side * side
        penalty = 0.5 * ((theta / spread) ** 2).sum()
        return float((data.count * np.logaddexp(0, -odds)).sum() + penalty)

    best = minimize(loss, np.zeros(len(spread)), method="BFGS").x
    best -= (data.centring() @ best)[data.scenario]
    strength = drawn.posterior["strength"].to_numpy()
    mean, sd = strength.mean(axis=(0, 1)), strength.std(axis=(0, 1))
    # strengths are those of the typical rater; a likelihood without raters flattens them
    slope = float(best @ mean / (mean @ mean))
    assert 0.75 < slope < 1.15
    assert np.abs(best / slope - mean).max() < 0.75 * sd.max()
    assert np.corrcoef(best, mean)[0, 1] > 0.99


def test_the_likelihood_of_the_model_is_the_one_written_out(study):
    data = model.data(*study[:2])
    machine = model.build(data)
    random = np.random.default_rng(1)
    point = {
        name: random.normal(0, 0.5, size=np.shape(value))
        for name, value in machine.initial_point().items()
    }
    spread = np.exp(point["log_spread"] + point["spread_signed"] * point["spread_z"])
    raw = spread[data.scenario] * point["z"]
    theta = raw.copy()
    for place in range(len(data.scenarios)):
        theta[data.scenario == place] -= raw[data.scenario == place].mean()
    expected = 0.0
    for rater, winner, loser, side, count in zip(
        data.rater, data.winner, data.loser, data.side, data.count, strict=True
    ):
        slope = np.exp(point["consistency_signed"] * point["consistency_z"][rater])
        leaning = point["side"] + point["side_signed"] * point["leaning_z"][rater]
        p = 1 / (1 + np.exp(-(slope * (theta[winner] - theta[loser]) + side * leaning)))
        expected += count * np.log(p)
    found = machine.compile_logp(vars=machine.potentials, jacobian=False)(point)
    assert float(found) == pytest.approx(expected, rel=1e-9)


def test_the_likelihood_of_a_rater_is_integrated_over_the_population_of_raters():
    data = small()
    strength = np.array([0.9, -0.2, -0.7])
    side, side_sd, apart = 0.2, 0.4, 0.6

    def density(v: float, w: float) -> float:
        odds = np.exp(apart * v) * (strength[data.winner] - strength[data.loser])
        odds = odds + data.side * (side + side_sd * w)
        return float(np.prod((1 + np.exp(-odds)) ** -data.count) * norm.pdf(v) * norm.pdf(w))

    exact = np.log(dblquad(density, -6, 6, -6, 6, epsabs=1e-7)[0])
    posterior = {
        "strength": strength[None, None],
        "side": np.array([[side]]),
        "side_sd": np.array([[side_sd]]),
        "consistency_sd": np.array([[apart]]),
    }
    found = model.log_likelihood(data, posterior)
    assert found.shape == (1, 1, 1)
    assert found[0, 0, 0] == pytest.approx(exact, abs=2e-3)


def test_log_priors_are_those_of_scipy(study, drawn):
    data, priors = model.data(*study[:2]), model.Priors()
    found = log_prior(model.build(data), drawn, model.CHOSEN_PRIORS)
    scales = {
        "side": priors.raters.side,
        "side_signed": priors.raters.side_sd,
        "consistency_signed": priors.raters.consistency_sd,
        "log_spread": priors.log_spread,
        "spread_signed": priors.spread_sd,
    }
    expected = sum(
        norm.logpdf(drawn.posterior[name].to_numpy(), 0, scale) for name, scale in scales.items()
    )
    assert found == pytest.approx(expected)


def test_only_what_is_needed_is_stored(drawn):
    assert set(drawn.posterior.data_vars) == set(model.KEEP)


def test_equal_choices_of_a_rater_are_one_row_with_a_count():
    data = small()
    assert data.count.tolist().count(2.0) == 1
    assert data.count.sum() == 6
    assert design(data).left.shape == (6,)


def test_ranks_count_within_a_scenario_and_follow_strengths(study, frames):
    ranks = frames["ranks"]
    assert set(ranks["conversation_id"]) == set(study[2].ids)
    for _, own in ranks.groupby("scenario"):
        n = len(own)
        assert own["human_rank"].sum() == pytest.approx(n * (n + 1) / 2)
        assert own["llm_rank"].sum() == pytest.approx(n * (n + 1) / 2)
        assert own[["human_low_95", "llm_low_95"]].min().min() >= 1
        assert own[["human_high_95", "llm_high_95"]].max().max() <= n
        by_strength = kendall(-own[["strength"]].to_numpy().T, own[["human_rank"]].to_numpy().T)
        assert by_strength[0] > 0.9
        by_rating = kendall(-own[["elo_rating"]].to_numpy().T, own[["llm_rank"]].to_numpy().T)
        assert by_rating[0] > 0.9
    reported = frames["estimates"]
    assert (reported["quantity"] == "rank.human").sum() == len(study[2].ids)


def test_what_the_tournament_says_of_a_rating_is_the_normal_posterior(study):
    choices, elo, truth = study
    both = rank_agreement.data(choices, elo)
    found = llm_ratings(both, elo, np.random.default_rng(0))[0]
    own = elo["scenario"] == "promotion"
    every = (elo.loc[own, "elo_rating"].to_numpy() - START) / POINTS
    errors = rank_agreement.rating_error(elo)[own].to_numpy() / POINTS
    between = every.var() - (errors**2).mean()
    place = both.pairs.names.index("promotion")
    precision = 1 / between + 1 / both.error[place] ** 2
    mean = (every.mean() / between + both.rating[place] / both.error[place] ** 2) / precision
    assert found[:, place].mean() == pytest.approx(mean, abs=0.02)
    assert found[:, place].std() == pytest.approx(precision**-0.5, rel=0.05)
    # and over all conversations the planted standings lie where the draws say
    planted = dict(zip(truth.ids, 1.2 * truth.llm, strict=True))
    z = [
        (planted[name] - found[:, k].mean()) / found[:, k].std()
        for k, name in enumerate(both.pairs.conversations)
    ]
    assert 0.75 < np.std(z) < 1.3


def test_rankings_from_separate_posteriors_agree_less_than_the_estimates(frames):
    table = frames["point_agreement"].set_index(["of", "scenario"])["spearman"]
    assert table["separate draws", ALL] < table["estimates", ALL]


def test_properties_of_choices_are_those_counted_by_hand():
    rows = [
        ("x", "a", "b", "left"),
        ("x", "b", "a", "left"),
        ("y", "a", "b", "left"),
        ("y", "c", "a", "right"),
    ]
    shown = design(pairs(choices_of(rows)))
    share = won(shown, shown.chose_left)[0]
    assert share == pytest.approx([3 / 4, 1 / 3, 0])
    found = {key: float(v[0]) for key, v in properties(shown, shown.chose_left).items()}
    assert found["left.share", ALL] == 3 / 4
    # a and b met three times: a won twice, so one of three pairs of choices agrees
    assert found["same.share", "job_loss"] == pytest.approx(1 / 3)
    assert found["left.sd", ALL] == pytest.approx(np.std([1, 1 / 2]))
    # rater x chose the more successful a once of two, rater y twice of two
    assert found["favourite.sd", ALL] == pytest.approx(np.std([1 / 2, 1]))
    assert found["won.sd", "job_loss"] == pytest.approx(np.std([3 / 4, 1 / 3, 0]))


def test_simulated_raters_choose_as_the_model_says():
    rows = [(f"r{k}", "a", "b", "left") for k in range(400)] + [("r0", "c", "a", "left")]
    shown = design(pairs(choices_of(rows)))
    strength = np.tile([0.8, -0.2, 0.0], (200, 1))
    none = np.zeros(200)
    chose = simulate(shown, strength, none + 0.3, none, none, np.random.default_rng(2))
    share = chose[:, shown.left == 0].mean()
    assert share == pytest.approx(1 / (1 + np.exp(-1.3)), abs=0.006)


def test_predictive_checks_hold_the_observed_choices(frames):
    after, before = frames["posterior_predictive"], frames["prior_predictive"]
    inside = (after["observed"] >= after["low"]) & (after["observed"] <= after["high"])
    assert inside.mean() >= 0.8
    assert after["observed"].tolist() == before["observed"].tolist()
    wider = (before["high"] - before["low"]) > (after["high"] - after["low"])
    assert wider.mean() > 0.8


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("x", "a", "b", "left"), ("x", "b", "c", "left")], "one rater"),
        ([("x", "a", "b", "left"), ("y", "a", "b", "left")], "three conversations"),
        ([], "no choices"),
    ],
)
def test_choices_that_cannot_carry_a_ranking_are_refused(rows, message: str):
    with pytest.raises(DataError, match=message):
        pairs(choices_of(rows))


def test_a_conversation_under_two_scenarios_is_refused_by_name():
    one = choices_of([("x", "a", "b", "left"), ("y", "b", "c", "left")])
    other = choices_of([("x", "d", "e", "left"), ("y", "e", "a", "left")], "promotion")
    with pytest.raises(DataError, match="two scenarios") as error:
        pairs(pd.concat([one, other], ignore_index=True))
    assert error.value.found == "a"
