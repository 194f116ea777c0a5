"""The error of an Elo rating is Elo's own curve's, and no smaller than a tournament's noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from lendanear.measures.elo_error import POINTS, START, rating_error


def tournament(ratings: list[float], comparisons: list[int], scenario: str = "job_loss"):
    return pd.DataFrame(
        {"elo_rating": ratings, "comparisons_count": comparisons, "scenario": scenario}
    )


def play(
    strength: np.ndarray, rounds: int, k: float, repeats: int, random: np.random.Generator
) -> np.ndarray:
    """Play repeated Elo tournaments of random pairs; final ratings, shape (repeats, n)."""
    rating = np.full((repeats, len(strength)), START)
    row = np.arange(repeats)[:, None]
    for _ in range(rounds):
        order = np.argsort(random.random(rating.shape), axis=1)
        one, two = order[:, ::2], order[:, 1::2]
        won = random.random(one.shape) < 1 / (1 + np.exp(strength[two] - strength[one]))
        expected = 1 / (1 + 10 ** ((rating[row, two] - rating[row, one]) / 400))
        gain = k * (won - expected)
        rating[row, one] += gain
        rating[row, two] -= gain
    return rating


def test_equals_have_the_error_of_a_binomial_share_of_one_half():
    errors = rating_error(tournament([1500.0] * 8, [64] * 8))
    # the log odds of a share of 1/2 out of n have variance 4 / n
    assert errors.to_numpy() == pytest.approx(POINTS * np.sqrt(4 / 64))


def test_two_players_have_the_error_of_the_logistic_regression_of_their_games():
    import statsmodels.api as sm

    gap, games = 200.0, 10_000
    p = 1 / (1 + 10 ** (-gap / 400))
    won = np.arange(games) < round(games * p)
    fitted = sm.Logit(won.astype(float), np.ones(games)).fit(disp=False)
    errors = rating_error(tournament([1600.0, 1400.0], [games] * 2))
    assert errors.to_numpy() == pytest.approx(POINTS * fitted.bse[0], rel=1e-3)


@pytest.mark.parametrize("k", [24, 32])
def test_the_noise_between_repeated_tournaments_is_at_most_the_error_and_of_its_size(k: int):
    random = np.random.default_rng(1)
    # spread so that final ratings vary as those of the study do: SD of about 200 points
    strength = 2.2 * norm.ppf((np.arange(60) + 0.5) / 60)
    ratings = play(strength, 60, k, 120, random)
    assert 170 < ratings.std(axis=1).mean() < 240
    claimed = np.mean(
        [rating_error(tournament(list(own), [60] * 60)).mean() for own in ratings[:20]]
    )
    noise = ratings.std(axis=0, ddof=1).mean()
    assert 0.6 < noise / claimed < 1.05


def test_noise_in_the_long_run_is_what_the_page_says():
    random = np.random.default_rng(2)
    ratings = play(np.zeros(200), 400, 32, 40, random)
    assert ratings.std() == pytest.approx(np.sqrt(32 * 200 / np.log(10)), rel=0.05)


@given(st.lists(st.floats(1000, 2000), min_size=3, max_size=12), st.integers(1, 200))
def test_four_times_the_comparisons_halve_the_error_and_a_shift_of_all_ratings_changes_nothing(
    ratings: list[float], games: int
):
    one = rating_error(tournament(ratings, [games] * len(ratings))).to_numpy()
    four = rating_error(tournament(ratings, [4 * games] * len(ratings))).to_numpy()
    shifted = [rating + 77 for rating in ratings]
    other = rating_error(tournament(shifted, [games] * len(ratings))).to_numpy()
    assert four == pytest.approx(one / 2)
    assert other == pytest.approx(one)


def test_scenarios_are_tournaments_of_their_own_and_who_never_played_is_unknown():
    first = tournament([1400.0, 1500.0, 1700.0], [50, 60, 70])
    second = tournament([1900.0, 1000.0, 1000.0], [50, 0, 70], "promotion")
    both = pd.concat([first, second], ignore_index=True).sample(frac=1, random_state=3)
    errors = rating_error(both).sort_index()
    assert errors[:3].to_numpy() == pytest.approx(rating_error(first).to_numpy())
    assert np.isinf(errors[4])
    assert np.isfinite(errors.drop(4)).all()
    # who stands far from everybody else learns least from a game
    assert errors[3] > errors[5]
