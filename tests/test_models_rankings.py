"""The Bradley-Terry ranking solves its equations, and its intervals say how far it would vary."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from scipy.stats import spearmanr
from simulated_choices import SIGNS, choices, tournament

from lendanear.errors import DataError
from lendanear.models import rankings
from lendanear.vocabulary import SCENARIO_KEYS

WEIGHTS = 0.35 * SIGNS


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    elo, ratings = tournament()
    return {"choices": choices(elo, ratings, WEIGHTS), "elo": elo}


@pytest.fixture(scope="module")
def fitted(tables) -> dict[str, pd.DataFrame]:
    return rankings.fit(**tables)


def wins_of(table: pd.DataFrame, ids: list[str]) -> np.ndarray:
    """Return how often the row's conversation was preferred to the column's."""
    place = {name: i for i, name in enumerate(ids)}
    wins = np.zeros((len(ids), len(ids)))
    for row in table.itertuples():
        pair = place[row.left_id], place[row.right_id]
        wins[pair if row.choice == "left" else pair[::-1]] += 1
    return wins


def test_strengths_are_the_fixed_point_of_regularised_luce_spectral_ranking(tables, fitted):
    items = fitted["items"]
    wins = wins_of(tables["choices"], items["conversation_id"].tolist())
    n = len(items)
    weights = np.exp(items["strength"].to_numpy())
    rates = rankings.REGULARISATION + wins.T / (weights[:, None] + weights[None, :])
    np.fill_diagonal(rates, 0)
    generator = rates - np.diag(rates.sum(axis=1))
    stationary = np.linalg.lstsq(
        np.vstack([generator.T, np.ones(n)]), np.append(np.zeros(n), n), rcond=None
    )[0]
    assert stationary == pytest.approx(weights, rel=1e-6)


def test_strengths_maximise_the_penalised_likelihood(tables, fitted):
    items = fitted["items"]
    wins = wins_of(tables["choices"], items["conversation_id"].tolist())
    c = rankings.REGULARISATION * len(items)

    def loss(theta: np.ndarray) -> float:
        gaps = theta[None, :] - theta[:, None]
        return float((wins * np.logaddexp(0, gaps)).sum() + c * (np.exp(theta) - theta).sum())

    best = minimize(loss, np.zeros(len(items)), method="L-BFGS-B", options={"maxfun": 10**6})
    assert items["strength"].to_numpy() == pytest.approx(best.x, abs=5e-3)
    assert loss(items["strength"].to_numpy()) <= best.fun + 1e-9


def test_without_regularisation_strengths_are_those_of_a_logistic_regression():
    random = np.random.default_rng(4)
    winner, loser = random.integers(6, size=(2, 900))
    keep = winner != loser
    winner, loser = winner[keep], loser[keep]
    strengths = rankings._strengths(
        winner, loser, np.zeros(len(winner), dtype=int), np.ones((1, 1)), 6, 1e-9
    )[0]
    # who stands first in the design is irrelevant; alternate, so that the outcome varies
    first = np.arange(len(winner)) % 2 == 0
    design = np.zeros((len(winner), 6))
    design[np.arange(len(winner)), winner] = np.where(first, 1, -1)
    design[np.arange(len(winner)), loser] = np.where(first, -1, 1)
    direct = sm.Logit(first.astype(float), design[:, 1:]).fit(disp=False).params
    assert strengths[1:] - strengths[0] == pytest.approx(direct, abs=1e-5)


def test_whoever_won_or_lost_everything_has_a_finite_strength_at_the_end_of_the_list():
    # 0 beats everybody, 5 loses to everybody, the others are even
    games = [(0, j) for j in range(1, 6)] + [(i, 5) for i in range(5)]
    games += [(i, j) for i in range(1, 5) for j in range(1, 5) if i != j]
    winner, loser = np.array(games).T
    rater = np.zeros(len(games), dtype=int)
    strengths = rankings._strengths(winner, loser, rater, np.ones((1, 1)), 6, 0.01)[0]
    assert np.isfinite(strengths).all()
    assert strengths.argmax() == 0
    assert strengths.argmin() == 5
    assert np.ptp(strengths[1:5]) < 1e-9


def test_weights_of_every_scenario_average_one(fitted):
    items = fitted["items"]
    means = np.exp(items["strength"]).groupby(items["scenario"]).mean()
    assert means.to_numpy() == pytest.approx(np.ones(len(SCENARIO_KEYS)))


def test_ranks_and_correlation_are_those_of_the_published_convention(tables, fitted):
    items = fitted["items"]
    assert sorted(items["human_rank"]) == list(range(1, 151))
    assert items["strength"].is_monotonic_decreasing
    rating = tables["elo"].set_index("conversation_id")["elo_rating"][items["conversation_id"]]
    assert items["llm_rank"].tolist() == rating.rank(ascending=False).tolist()
    everything = fitted["agreement"].set_index("scenario").loc["all"]
    expected = spearmanr(items["human_rank"], items["llm_rank"]).statistic
    assert everything["estimate"] == pytest.approx(expected)
    for scenario, own in items.groupby("scenario"):
        row = fitted["agreement"].set_index("scenario").loc[scenario]
        expected = spearmanr(own["strength"], own["elo_rating"]).statistic
        assert row["estimate"] == pytest.approx(expected)
        assert row["ci_low"] < row["estimate"] < row["ci_high"]


def test_reversed_choices_reverse_the_ranking(tables, fitted):
    flip = {"left": "right", "right": "left"}
    table = tables["choices"]
    flipped = table.assign(choice=table["choice"].cat.rename_categories(flip))
    reverse = rankings.fit(flipped, tables["elo"], quick=True)["agreement"]
    assert reverse["estimate"].iloc[0] < -0.6 < 0.6 < fitted["agreement"]["estimate"].iloc[0]


def test_the_spread_of_resamples_is_the_spread_of_repeated_studies():
    elo, ratings = tournament(per_scenario=12)
    estimates, spreads = [], []
    for seed in range(40):
        table = choices(elo, ratings, 0.2 * SIGNS, n=500, raters=50, seed=seed)
        row = rankings.fit(table, elo, quick=True)["agreement"].iloc[0]
        low, centre, high = np.arctanh([row["ci_low"], row["estimate"], row["ci_high"]])
        assert high - centre == pytest.approx(centre - low)
        estimates.append(centre)
        spreads.append((high - low) / (2 * 1.959964))
    assert np.mean(spreads) == pytest.approx(np.std(estimates, ddof=1), rel=0.3)


def test_reliability_says_how_well_true_strengths_would_correlate():
    elo, ratings = tournament(per_scenario=20)
    truth = pd.Series(ratings @ (0.2 * SIGNS), index=elo["conversation_id"])
    found = rankings.fit(choices(elo, ratings, 0.2 * SIGNS, n=1200), elo, quick=True)
    items = found["items"]
    attained = np.corrcoef(items["strength"], truth[items["conversation_id"]])[0, 1]
    reliability = found["agreement"]["reliability"].iloc[0]
    assert attained**2 == pytest.approx(reliability, abs=0.08)


def test_same_choices_give_the_same_interval_and_a_draft_takes_fewer_resamples(tables, fitted):
    draft, again = (rankings.fit(**tables, quick=True) for _ in range(2))
    for name, frame in draft.items():
        pd.testing.assert_frame_equal(frame, again[name])
    full = fitted["agreement"]
    assert (draft["agreement"]["replicates"] < full["replicates"]).all()
    assert draft["agreement"]["estimate"].tolist() == full["estimate"].tolist()


def test_conversations_outside_the_tournament_are_left_out_and_counted(tables):
    elo = tables["elo"]
    found = rankings.fit(tables["choices"], elo.iloc[5:], quick=True)
    assert len(found["items"]) == 145
    assert set(found["agreement"]["not_in_tournament"]) == {5}
    with pytest.raises(DataError, match="have an Elo rating"):
        rankings.fit(tables["choices"], elo.iloc[:0])
