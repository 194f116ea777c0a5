"""Felt and expressed empathy: planted correlations recovered, and equal to dense computations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from model_density import likelihood_at
from scipy.stats import beta, kstest, multivariate_normal
from simulated_trial import simulate_trial

from lendanear.bayes import registry
from lendanear.bayes.estimates.silent_correlation import FELT, ROPE
from lendanear.bayes.models import silent_correlation as model
from lendanear.bayes.settings import Settings
from lendanear.bayes.summarise import summarise
from lendanear.checks.counterparts import COUNTERPARTS
from lendanear.errors import LendAnEarError
from lendanear.vocabulary import DIMENSION_KEYS, DIMENSIONS, TRAIT_ITEMS

PEOPLE = 150
"""Per arm."""
LATENT = {"trait and reported": 0.4, "trait and expressed": 0.05, "reported and expressed": 0.35}
ITEM_LOADING, ITEM_NOISE = 0.5, np.linspace(0.8, 1.2, len(TRAIT_ITEMS))
REPORT_LOADING, REPORT_NOISE = 0.5, 0.6
LOADINGS = np.array([0.8, 0.9, 0.7, 0.5, 0.3, 0.6])
"""Of the six dimensions, more is better."""
PECULIAR = np.array([0.4, 0.0, 0.3, 0.5, 0.6, 0.2])
SCORE_NOISE = 0.7
SAME_DAY = 0.3
"""Correlation of report and dimensions within a conversation."""
LASTING = LOADINGS.sum() ** 2 + (PECULIAR**2).sum()
CHANCE = SCORE_NOISE**2 * (6 + 30 * 0.2)
"""Variance of overall empathy between people, and between conversations of a person."""


def tables_with(scores: np.ndarray, items: np.ndarray) -> dict[str, pd.DataFrame]:
    """Typed tables with these scores of each conversation, more is better, and these items."""
    people = len(items)
    conversations = simulate_trial(people // 4, seed=3)["conversations"]
    signs = np.array([dimension.sign for dimension in DIMENSIONS])
    flat = scores.reshape(3 * people, -1)
    conversations = conversations.assign(
        self_empathized=flat[:, 0],
        **dict(zip(DIMENSION_KEYS, (flat[:, 1:] * signs).T, strict=True)),
    )
    first = conversations.drop_duplicates("participant_id")
    participants = first[["participant_id", "arm"]].reset_index(drop=True)
    participants = participants.assign(**dict(zip(TRAIT_ITEMS, items.T, strict=True)))
    return {"participants": participants, "conversations": conversations}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(12)
    people = 4 * PEOPLE
    a, b, c = LATENT.values()
    factors = rng.multivariate_normal([0] * 3, [[1, a, b], [a, 1, c], [b, c, 1]], people)
    items = ITEM_LOADING * factors[:, :1] + ITEM_NOISE * rng.standard_normal((people, 8))
    noise = np.full((7, 7), 0.2)
    noise[0, 1:] = noise[1:, 0] = SAME_DAY
    np.fill_diagonal(noise, 1)
    spread = np.array([REPORT_NOISE, *[SCORE_NOISE] * 6])
    scores = rng.multivariate_normal([0] * 7, noise * np.outer(spread, spread), (people, 3))
    scores[..., 0] += REPORT_LOADING * factors[:, None, 1]
    own = LOADINGS * factors[:, 2:] + PECULIAR * rng.standard_normal((people, 6))
    scores[..., 1:] += own[:, None]
    return tables_with(scores, 3 + items)


@pytest.fixture(scope="module")
def frames(tables) -> dict[str, pd.DataFrame]:
    settings = Settings(tune=500, draws=600, chains=4, seed=5)
    return summarise(
        "silent_correlation", registry.draw("silent_correlation", tables, settings), tables
    )


def test_the_likelihood_is_that_of_one_normal_vector_with_everything_a_person_gave(tables):
    few = tables["participants"]["participant_id"][:80]
    small = {
        name: table[table["participant_id"].isin(few)].reset_index(drop=True)
        for name, table in tables.items()
    }
    data = model.data(**small)
    total, values = likelihood_at(model.build(data), model.KEEP, seed=1)
    ours = model.log_likelihood(data, values)
    assert ours.sum() == pytest.approx(total, rel=1e-9)
    one = {name: value[0, 0] for name, value in values.items()}
    first, second, partial = 2 * one["vine"] - 1
    third = first * second + partial * np.sqrt((1 - first**2) * (1 - second**2))
    latent = np.array([[1, first, second], [first, 1, third], [second, third, 1]])
    root = np.diag(one["occasion_diagonal"])
    root[np.tril_indices(7, -1)] = one["occasion_below"]
    # a row per number that a person gave: its loadings, then what is its own
    loads = np.zeros((8 + 21, 3))
    loads[:8, 0] = one["item_loading"]
    expressed = [*one["plain_loading"], *one["turned_loading"]]
    covariance = np.zeros((29, 29))
    covariance[:8, :8] = np.diag(one["item_noise"] ** 2)
    for time in range(3):
        rows = slice(8 + 7 * time, 15 + 7 * time)
        loads[rows.start, 1] = one["report_loading"]
        loads[rows.start + 1 : rows.stop, 2] = expressed
        covariance[rows, rows] += root @ root.T
        for other in range(3):
            columns = slice(9 + 7 * other, 15 + 7 * other)
            covariance[rows.start + 1 : rows.stop, columns] += np.diag(one["peculiar"] ** 2)
    covariance += loads @ latent @ loads.T
    given = np.hstack([data.items, data.scores.reshape(data.people, -1)])
    expected = multivariate_normal.logpdf(given, np.zeros(29), covariance)
    np.testing.assert_allclose(ours[0, 0], expected, rtol=1e-9)


def test_beforehand_every_set_of_correlations_is_equally_likely():
    rng = np.random.default_rng(4)
    shapes = [1.5, 1.5, 1.0]
    vine = rng.beta(shapes, shapes, (4000, 3))
    one = {name: np.ones((4000, 8)) for name in model.KEEP}
    one |= {"vine": vine, "report_loading": np.ones(4000)}
    sizes = {"plain_loading": 3, "turned_loading": 3, "peculiar": 6, "occasion_below": 21}
    one |= {name: np.ones((4000, size)) for name, size in sizes.items()}
    one["occasion_diagonal"] = np.ones((4000, 7))
    latent = model.structure(one).latent
    assert (np.linalg.eigvalsh(latent) > 0).all()
    # each correlation of a uniform 3 by 3 matrix is a beta variable on -1 to 1 (Joe 2006)
    for row, column in ((0, 1), (0, 2), (1, 2)):
        found = kstest((latent[:, row, column] + 1) / 2, beta(1.5, 1.5).cdf)
        assert found.pvalue > 0.001, (row, column)
    machine = model.build(small_data())
    assert machine["vine"].owner.inputs[-1].eval().tolist() == shapes


def small_data() -> model.SilentCorrelation:
    rng = np.random.default_rng(1)
    return model.data(**tables_with(rng.normal(size=(80, 3, 7)), rng.normal(size=(80, 8))))


def test_felt_empathy_is_the_sum_of_both_kinds_and_its_best_weights_are_those_of_a_regression():
    rng = np.random.default_rng(2)
    latent = np.array([[1, 0.3, 0.2], [0.3, 1, 0.5], [0.2, 0.5, 1]])
    trait, reported, expressed = rng.multivariate_normal([0] * 3, latent, 200_000).T
    correlation, r2 = model.felt(latent)
    assert correlation == pytest.approx(np.corrcoef(trait + reported, expressed)[0, 1], abs=0.01)
    both = np.column_stack([trait, reported])
    left = expressed - both @ np.linalg.lstsq(both, expressed, rcond=None)[0]
    assert r2 == pytest.approx(1 - left.var() / expressed.var(), abs=0.01)
    assert r2 >= correlation**2


def test_planted_correlations_and_reliabilities_are_recovered(frames):
    rows = frames["estimates"].set_index(["quantity", "group"])
    planted = {("correlation.latent", pair): value for pair, value in LATENT.items()}
    a, b, c = LATENT.values()
    planted["correlation.latent", FELT] = (b + c) / np.sqrt(2 + 2 * a)
    common, noise = 7 * ITEM_LOADING, (ITEM_NOISE[:7] ** 2).sum()
    planted["reliability", "jordan"] = common**2 / (common**2 + noise)
    planted["reliability", "self_empathized"] = REPORT_LOADING**2 / (
        REPORT_LOADING**2 + REPORT_NOISE**2 / 3
    )
    planted["reliability", "overall_empathy"] = LASTING / (LASTING + CHANCE / 3)
    shared = LOADINGS.sum() / np.sqrt(LASTING)
    planted["correlation.overall", "reported and expressed"] = c * shared
    same_day = 6 * SAME_DAY * SCORE_NOISE / np.sqrt(CHANCE)
    planted["correlation.conversation", "reported and expressed"] = same_day
    for key, value in planted.items():
        row = rows.loc[key]
        assert abs(row["mean"] - value) < 3.5 * row["sd"], (key, row["mean"], value)
    assert rows.loc[("correlation.latent", "reported and expressed"), "hdi_low"] > ROPE


def test_noise_is_taken_out_as_by_the_formula_of_spearman(frames):
    rows = frames["estimates"].set_index(["quantity", "group"])
    by_hand = frames["attenuation"].set_index("pair")
    assert set(by_hand.index) == set(LATENT)
    for pair, known in by_hand.iterrows():
        shrink = np.sqrt(known["reliability_one"] * known["reliability_other"])
        lasting = known["observed"] - known["same_conversation"]
        assert lasting == pytest.approx(known["corrected"] * shrink)
        expressed = known["other"] == "overall_empathy"
        row = rows.loc["correlation.overall" if expressed else "correlation.latent", pair]
        assert abs(row["mean"] - known["corrected"]) < 0.6 * row["sd"], pair
    shared = by_hand["same_conversation"]
    assert (shared.drop("reported and expressed") == 0).all()
    # reports and judgements of a conversation were made to share some of their noise
    expected = 6 * SAME_DAY * SCORE_NOISE * REPORT_NOISE / 3
    expected /= np.sqrt((REPORT_LOADING**2 + REPORT_NOISE**2 / 3) * (LASTING + CHANCE / 3))
    assert shared["reported and expressed"] == pytest.approx(expected, abs=0.02)


def test_with_its_noise_the_model_gives_back_the_correlations_of_the_scores(frames, tables):
    scores = tables["conversations"].assign(overall=0.0)
    for dimension in DIMENSIONS:
        scores["overall"] += dimension.sign * scores[dimension.key]
    means = scores.groupby("participant_id")[["self_empathized", "overall"]].mean()
    people = tables["participants"].set_index("participant_id").join(means)
    people["jordan"] = people[list(TRAIT_ITEMS[:7])].sum(axis=1)
    rows = frames["estimates"].set_index(["quantity", "group"])
    for name in ("jordan", "self_empathized"):
        row = rows.loc["correlation.score", name]
        assert row["mean"] == pytest.approx(people[name].corr(people["overall"]), abs=0.02), name
        assert rows.loc[("r2.score", name), "mean"] == pytest.approx(
            row["mean"] ** 2 + row["sd"] ** 2, rel=0.02
        )


def test_the_probability_of_practically_none_is_read_off_the_posterior(frames):
    rope = frames["rope"].set_index("pair")
    np.testing.assert_allclose(rope[["inside", "below", "above"]].sum(axis=1), 1)
    assert (rope["bound"] == ROPE).all()
    assert rope.loc["reported and expressed", "above"] > 0.99
    assert rope.loc["trait and expressed", "inside"] > 0.5


def test_estimates_that_stand_beside_published_numbers_exist(frames):
    rows = frames["estimates"].set_index(["quantity", "group"])
    own = {(c.quantity, c.group) for c in COUNTERPARTS.values() if "silent_correlation" in c.models}
    assert own
    assert own <= set(rows.index)


def test_the_fit_passes_the_gate_and_expects_what_is_observed(frames):
    assert frames["diagnostics"]["passed"].all(), frames["diagnostics"]["problems"].iloc[0]
    after, before = frames["posterior_predictive"], frames["prior_predictive"]
    assert after["observed"].between(after["low"], after["high"]).mean() > 0.85
    assert before["observed"].between(before["low"], before["high"]).mean() > 0.85
    assert ((before["high"] - before["low"]) > (after["high"] - after["low"])).all()
    assert frames["sample"].to_dict("records") == [{"participants": 4 * PEOPLE, "left_out": 0}]


def test_neither_training_nor_easy_scenarios_make_a_correlation(tables):
    given = tables["conversations"]
    moved = given.copy()
    trained = 2.0 * given["arm"].cat.codes * (given["conversation_number"] > 1)
    for column in ("self_empathized", *DIMENSION_KEYS):
        moved[column] = moved[column] + trained + given["scenario"].cat.codes
    before, after = (
        model.data(tables["participants"], rows) for rows in (given, moved.sample(frac=1))
    )
    np.testing.assert_allclose(after.scores, before.scores, atol=1e-9)
    np.testing.assert_allclose(before.scores.std(axis=(0, 1)), 1)
    np.testing.assert_allclose(before.items.mean(axis=0), 0, atol=1e-12)


def test_people_without_an_answer_are_left_out_and_counted(tables):
    participants, conversations = (table.copy() for table in tables.values())
    participants.loc[3, TRAIT_ITEMS[5]] = np.nan
    conversations.loc[30, "self_empathized"] = np.nan
    data = model.data(participants, conversations)
    assert (data.people, data.left_out) == (4 * PEOPLE - 2, 2)
    kept = participants["participant_id"].drop([3, 10])
    whole = model.data(
        participants, conversations[conversations["participant_id"].isin(kept)].copy()
    )
    np.testing.assert_allclose(data.scores, whole.scores)


def test_data_without_a_conversation_enough_people_or_any_differences_are_refused_in_words(tables):
    participants, conversations = tables.values()
    with pytest.raises(LendAnEarError, match="no conversation 1 of the arm 'video'"):
        model.data(participants, conversations[conversations["arm"] != "video"])
    with pytest.raises(LendAnEarError, match="conversations 1, 2 and 3 of every participant"):
        model.data(participants, conversations.drop(conversations.index[0]))
    with pytest.raises(LendAnEarError, match="all have the same 'baseline_empathy_item_3'"):
        model.data(participants.assign(baseline_empathy_item_3=4), conversations)
    with pytest.raises(LendAnEarError, match="all have the same 'advice_giving'"):
        model.data(participants, conversations.assign(advice_giving=2.0))
    silent = conversations.assign(self_empathized=np.nan)
    with pytest.raises(LendAnEarError, match="at least 50 participants who answered"):
        model.data(participants, silent)
