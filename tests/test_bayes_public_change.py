"""The change of the coach arms is recovered without knowing who is who, and its width is honest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from model_density import likelihood_at
from scipy.stats import beta, kstest

from lendanear.bayes.estimates import public_change as estimates
from lendanear.bayes.models import public_change as model
from lendanear.bayes.sampling import sample
from lendanear.bayes.summarise import summarise
from lendanear.checks.published import read_published
from lendanear.errors import LendAnEarError
from lendanear.vocabulary import ARM_KEYS, SCENARIO_KEYS

PEOPLE = 240
CORRELATION = 0.6
MEANS = {
    "control": (-1.5, None, None),
    "video": (-1.5, None, None),
    "coach": (-1.4, 1.2, 1.9),
    "combined": (-1.6, 1.6, 2.4),
}
SCENARIO = np.array([-0.6, -0.2, 0.0, 0.3, 0.5])
SD = 4.2


def public_file(seed: int) -> pd.DataFrame:
    """People whose conversations correlate; the table does not say who is who."""
    random = np.random.default_rng(seed)
    rows = []
    for arm, means in MEANS.items():
        person = np.sqrt(CORRELATION) * random.standard_normal(PEOPLE)
        for number, mean in enumerate(means, start=1):
            if mean is not None:
                own = person + np.sqrt(1 - CORRELATION) * random.standard_normal(PEOPLE)
                scenario = random.integers(5, size=PEOPLE)
                score = np.round(mean + SCENARIO[scenario] + SD * own)
                rows.append(
                    pd.DataFrame(
                        {
                            "arm": arm,
                            "conversation_number": number,
                            "scenario": np.array(SCENARIO_KEYS)[scenario],
                            "overall_empathy": score,
                        }
                    )
                )
    frame = pd.concat(rows, ignore_index=True)
    frame["arm"] = pd.Categorical(frame["arm"], ARM_KEYS)
    frame["scenario"] = pd.Categorical(frame["scenario"], SCENARIO_KEYS)
    return frame.sample(frac=1, random_state=seed, ignore_index=True)


@pytest.fixture(scope="module")
def elo() -> pd.DataFrame:
    return public_file(seed=3)


@pytest.fixture(scope="module")
def frames(elo) -> dict[str, pd.DataFrame]:
    data = model.data(elo)
    drawn = sample(model.build(data), model.KEEP, replace(model.QUICK, chains=2, draws=1500))
    return summarise("public_change", drawn, {"elo": elo}) | {"drawn": drawn}


def row(frames: dict[str, pd.DataFrame], quantity: str, group: str) -> pd.Series:
    found = frames["estimates"]
    return found[(found["quantity"] == quantity) & (found["group"] == group)].iloc[0]


def test_the_fit_passes_the_gate(frames):
    assert frames["diagnostics"]["problems"].iloc[0] == ""


def test_planted_changes_and_effects_are_recovered(frames):
    distances = {}
    for arm in model.COACHED:
        first, *later = MEANS[arm]
        truth = {
            "conversation 2": later[0] - first,
            "conversation 3": later[1] - first,
            "both": np.mean(later) - first,
        }
        for period, value in truth.items():
            change = row(frames, "change.overall_empathy.points", f"{arm}, {period}")
            effect = row(frames, "effect.overall_empathy.points", f"{arm} vs control, {period}")
            distances[arm, period] = (change["mean"] - value) / change["sd"]
            assert abs(effect["mean"] - (value - model.DRIFT_MEAN)) < 3.5 * effect["sd"]
            assert effect["sd"] > change["sd"]
    assert max(map(abs, distances.values())) < 3.5
    assert np.mean(np.abs(list(distances.values())) < 2) >= 0.5


def test_the_arms_are_compared_without_the_drift(frames):
    both = row(frames, "effect.overall_empathy.points", "combined vs coach, both")
    arms = [row(frames, "change.overall_empathy.points", f"{arm}, both") for arm in model.COACHED]
    assert both["mean"] == pytest.approx(arms[1]["mean"] - arms[0]["mean"], abs=1e-9)
    assert both["sd"] == pytest.approx(np.hypot(arms[0]["sd"], arms[1]["sd"]), rel=0.08)


def test_the_spread_of_raw_changes_is_the_closed_form():
    # many studies with people whose correlation is known: how much do raw mean changes vary?
    changes = {"conversation 2": [], "both": []}
    for seed in range(600):
        random = np.random.default_rng(seed)
        person = np.sqrt(CORRELATION) * random.standard_normal((60, 1))
        scores = SD * (person + np.sqrt(1 - CORRELATION) * random.standard_normal((60, 3)))
        means = scores.mean(axis=0)
        changes["conversation 2"].append(means[1] - means[0])
        changes["both"].append(means[1:].mean() - means[0])
    counts = np.full((len(model.GROUPS), len(SCENARIO_KEYS)), 12.0)
    data = model.Cells(counts, 0 * counts, counts.sum(axis=1), np.ones(2), 1.0)
    sigma = np.full(len(model.GROUPS), SD)
    for period, values in changes.items():
        variance = estimates.change_variance(data, sigma, "coach", period, CORRELATION)
        assert np.var(values) == pytest.approx(float(variance), rel=0.2)


def test_the_cost_of_not_knowing_who_is_who_agrees_with_the_draws(frames):
    table = frames["pairing"].set_index(["group", "known"])["sd"]
    for group in frames["pairing"]["group"].unique():
        none, low, mean, high = (table[group, known] for known in estimates.correlations())
        assert none > low > mean > high
        # variance is linear in the correlation, so integrating costs what the mean costs
        assert table[group, estimates.INTEGRATED] == pytest.approx(mean, rel=0.08)


def test_the_data_say_nothing_about_the_correlation(frames):
    draws = frames["drawn"].posterior["correlation"].to_numpy()[..., 0].ravel()[::10]
    assert kstest(draws, beta(*model.Priors().correlation).cdf).pvalue > 0.001


def test_a_wrong_prior_of_the_correlation_would_be_seen_in_the_published_spread(elo):
    data = model.data(elo)
    published = estimates.published(data).set_index("arm")
    for arm in model.COACHED:
        sd = published.loc[arm, "published_sd"]
        spread = np.full(len(model.GROUPS), np.nan)
        means = (data.counts * data.means).sum(axis=1) / data.sizes
        for place, group in enumerate(model.GROUPS):
            mine = elo["arm"].eq(group[0]) & elo["conversation_number"].eq(group[1])
            spread[place] = elo.loc[mine, "overall_empathy"].std()
            assert elo.loc[mine, "overall_empathy"].mean() == pytest.approx(means[place])
        variance = estimates.change_variance(
            data, spread, arm, "both", published.loc[arm, "implied_correlation"]
        )
        assert np.sqrt(variance * PEOPLE) == pytest.approx(sd, abs=1e-9)


def test_the_likelihood_is_the_models_own(elo):
    data = model.data(elo.iloc[: len(elo) - 9])  # arms of unequal size
    assert (data.paired < 1).any()
    expected, posterior = likelihood_at(model.build(data), model.KEEP, seed=1)
    found = model.log_likelihood(data, posterior)
    assert found.shape == (1, 1, len(ARM_KEYS))
    assert found.sum() == pytest.approx(expected, rel=1e-9)


def test_the_likelihood_is_that_of_every_score_given_the_pairs():
    # with one scenario the sufficient statistics are exact: integrate the person effects directly
    from scipy.stats import multivariate_normal

    random = np.random.default_rng(8)
    people, r, sd = 12, 0.5, 3.0
    covariance = sd**2 * (r + (1 - r) * np.eye(3))
    scores = random.multivariate_normal([-1, 1, 2], covariance, size=people)
    counts = np.zeros((len(model.GROUPS), len(SCENARIO_KEYS)))
    means, squares = np.zeros_like(counts), np.zeros(len(model.GROUPS))
    counts[:, 0] = people
    rows = [model.GROUPS.index(("coach", number)) for number in (1, 2, 3)]
    means[rows, 0] = scores.mean(axis=0)
    squares[rows] = ((scores - scores.mean(axis=0)) ** 2).sum(axis=0)
    data = model.Cells(counts, means, squares, np.ones(2), 1.0)

    def likelihoods(change: np.ndarray) -> tuple[float, float]:
        mean = np.array([-1.0, -1 + change[0], -1 + change[1]])
        posterior = {
            "grand": np.full((1, 1), -1.0),
            "arm": np.zeros((1, 1, 4)),
            "change": np.broadcast_to(change, (1, 1, 2, 2)).copy(),
            "scenario_terms": np.zeros((1, 1, 4)),
            "sigma": np.full((1, 1, len(model.GROUPS)), sd),
            "correlation": np.full((1, 1, 2), r),
        }
        own = model.log_likelihood(data, posterior)[0, 0, ARM_KEYS.index("coach")]
        return own, multivariate_normal(mean, covariance).logpdf(scores).sum()

    # they differ by what pairing says about the spread, which does not move with the means
    (near, paired_near), (far, paired_far) = (
        likelihoods(np.array(c)) for c in ((2.0, 3.0), (0.5, 4.0))
    )
    assert near - far == pytest.approx(paired_near - paired_far, rel=1e-9)


def test_a_file_without_a_later_conversation_is_refused_in_words(elo):
    gone = elo[~(elo["arm"].eq("coach") & elo["conversation_number"].eq(3))]
    with pytest.raises(LendAnEarError, match=r"conversation 3 of the arm 'coach' occurs 0 times"):
        model.data(gone)


def test_predictive_checks_see_a_file_that_is_not_like_the_model(frames):
    after = frames["posterior_predictive"].set_index(["what", "group"])
    means = after.loc["mean"]
    assert ((means["observed"] > means["low"]) & (means["observed"] < means["high"])).all()
    shares = after.loc["share.after"]
    assert (
        (shares["observed"] >= shares["low"]) & (shares["observed"] <= shares["high"])
    ).mean() > 0.7
    before = frames["prior_predictive"].set_index(["what", "group"]).loc["mean"]
    assert ((before["high"] - before["low"]) > 5 * (means["high"] - means["low"])).all()


def test_published_numbers_are_those_of_the_list_of_published_results():
    known = {number.id: number.estimate for number in read_published()}
    assert {key: known[key] for key in model.PUBLISHED} == model.PUBLISHED


def test_the_real_file_has_the_published_changes(shared_data):
    from lendanear.tables.elo import elo_table

    data = model.data(elo_table(shared_data / "study" / "elo_rankings.csv"))
    published = estimates.published(data)
    assert published["change"].to_numpy() == pytest.approx(
        published["published_change"].to_numpy(), abs=5e-4
    )
    assert published["prior_probability"].between(0.05, 0.95).all()
