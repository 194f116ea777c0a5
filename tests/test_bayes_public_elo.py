"""Lines of Elo ratings never fall, take any shape the data have, and borrow between scenarios."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from model_density import likelihood_at
from scipy.optimize import isotonic_regression

from lendanear.bayes.estimates import public_elo as estimates
from lendanear.bayes.models import public_elo as model
from lendanear.bayes.sampling import sample
from lendanear.bayes.summarise import summarise
from lendanear.errors import LendAnEarError
from lendanear.vocabulary import ARM_KEYS, SCENARIO_KEYS

SLOPES = np.array([30.0, 34.0, 36.0, 38.0, 42.0])
SD = 90.0


def line(score: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Steep below the middle and flat above it: twice and half the mean step."""
    return 1500 + slope * np.where(score < 0, 4 / 3 * score, 2 / 3 * score)


def ratings(per_scenario: int, seed: int, sd: float = SD) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    n = 5 * per_scenario
    scenario = np.repeat(np.arange(5), per_scenario)
    score = np.clip(np.round(random.normal(0, 4.5, n)), -12, 12)
    compared = random.integers(30, 91, n)
    noise = sd * random.standard_normal(n) / np.sqrt(compared / compared.mean())
    return pd.DataFrame(
        {
            "elo_rating": line(score, SLOPES[scenario]) + noise,
            "comparisons_count": compared,
            "overall_empathy": score.astype(int),
            "scenario": pd.Categorical(np.array(SCENARIO_KEYS)[scenario], SCENARIO_KEYS),
            "arm": pd.Categorical(["coach"] * n, ARM_KEYS),
            "conversation_number": 1,
        }
    )


@pytest.fixture(scope="module")
def elo() -> pd.DataFrame:
    return ratings(250, seed=2)


@pytest.fixture(scope="module")
def drawn(elo):
    data = model.data(elo)
    return sample(model.build(data), model.KEEP, replace(model.QUICK, chains=2, draws=1200))


@pytest.fixture(scope="module")
def frames(elo, drawn) -> dict[str, pd.DataFrame]:
    return summarise("public_elo", drawn, {"elo": elo})


def values(frames: dict[str, pd.DataFrame], quantity: str) -> pd.DataFrame:
    found = frames["estimates"]
    return found[found["quantity"] == quantity].set_index("group")


def test_the_fit_passes_the_gate(frames):
    assert frames["diagnostics"]["problems"].iloc[0] == ""


def test_planted_slopes_are_recovered_in_every_scenario_and_on_average(frames):
    slopes = values(frames, "slope.elo_per_point")
    truth = dict(zip(SCENARIO_KEYS, SLOPES, strict=True)) | {"all": SLOPES.mean()}
    distances = np.array(
        [
            (slopes.loc[f"{key}, -6 to 6", "mean"] - slope) / slopes.loc[f"{key}, -6 to 6", "sd"]
            for key, slope in truth.items()
        ]
    )
    assert np.abs(distances).max() < 3.5
    assert (np.abs(distances) < 2).mean() >= 0.5


def test_the_part_of_the_scale_that_is_steep_is_found(frames):
    slopes = values(frames, "slope.elo_per_point")
    for part, truth in {"-6 to 0": 4 / 3, "0 to 6": 2 / 3}.items():
        row = slopes.loc[f"all, {part}"]
        assert abs(row["mean"] - truth * SLOPES.mean()) < 3.5 * row["sd"]
        assert row["sd"] < 5
    shares = values(frames, "share_of_rise")
    parts = [f"all, {estimates.words(*part)}" for part in estimates.PARTS]
    assert shares.loc[parts, "mean"].sum() == pytest.approx(1, abs=1e-9)
    assert shares.loc["all, -6 to 0", "mean"] > shares.loc["all, 0 to 6", "mean"] + 0.1


def test_every_line_of_every_draw_rises(drawn):
    posterior = {name: drawn.posterior[name].to_numpy() for name in model.KEEP}
    assert (np.diff(model.lines(posterior), axis=-1) > 0).all()
    centre = model.lines(posterior)[..., model.MIDDLE]
    assert np.allclose(centre, posterior["level"])


def test_the_line_agrees_with_isotonic_regression_where_data_are_many(elo, frames):
    data = model.data(elo)
    curve = frames["curve"].set_index(["scenario", "score"])["mean"]
    for place, key in enumerate(SCENARIO_KEYS):
        mine = data.scenario == place
        count = np.bincount(data.cell, data.weight)[mine]
        mean = np.bincount(data.cell, data.weight * data.rating)[mine] / count
        isotonic = isotonic_regression(mean, weights=count).x
        own = curve.loc[key].loc[model.SCORES[data.score[mine]]].to_numpy()
        gap = np.sqrt(np.average((own - isotonic) ** 2, weights=count))
        assert gap < 2.5 * SD / np.sqrt(np.median(count)), key


def test_r2_and_spread_are_those_of_the_simulation(elo, frames):
    expected = line(elo["overall_empathy"].to_numpy(), SLOPES[elo["scenario"].cat.codes.to_numpy()])
    r2, spread = values(frames, "r2").loc["all"], values(frames, "sd.residual").loc["all"]
    truth = expected.var() / (expected.var() + SD**2)
    assert abs(r2["mean"] - truth) < 3.5 * r2["sd"]
    assert abs(spread["mean"] - SD) < 3.5 * spread["sd"]
    # no worse than a straight line explains
    assert r2["mean"] > np.corrcoef(elo["overall_empathy"], elo["elo_rating"])[0, 1] ** 2 - 0.01


def test_shapes_of_scenarios_are_pooled_towards_a_common_one(elo, drawn):
    # the shape's departures are small, so a scenario's shares lie near the common ones
    reported, _ = estimates.estimate(drawn, elo)
    shares = [reported["share_of_rise", f"{key}, -6 to 0"].mean() for key in SCENARIO_KEYS]
    assert np.ptp(shares) < 0.08


def test_the_likelihood_is_the_models_own(elo):
    data = model.data(elo.iloc[::4])
    expected, posterior = likelihood_at(model.build(data), model.KEEP, seed=1)
    found = model.log_likelihood(data, posterior)
    assert found.shape == (1, 1, len(data.rating))
    assert found.sum() == pytest.approx(expected, rel=1e-9)


def test_conversations_that_were_never_compared_do_not_count(elo):
    extra = elo.iloc[:5].assign(comparisons_count=0, elo_rating=9999.0)
    data, same = model.data(elo), model.data(pd.concat([elo, extra]))
    assert np.array_equal(data.rating, same.rating)
    assert np.array_equal(data.weight, same.weight)


def test_a_scenario_without_a_slope_is_refused_in_words(elo):
    few = elo[(elo["scenario"] != "loss_dad") | (elo.groupby("scenario").cumcount() < 7)]
    with pytest.raises(LendAnEarError, match=r"'loss_dad' has 7 conversations that were compared"):
        model.data(few)
    flat = elo.assign(
        overall_empathy=elo["overall_empathy"].where(elo["scenario"] != "promotion", 3)
    )
    with pytest.raises(LendAnEarError, match=r"'promotion' has 250 .* with 1 different scores"):
        model.data(flat)


def test_predictive_checks_hold_for_the_models_own_data_and_see_a_wrong_spread(elo, drawn, frames):
    checks = frames["posterior_predictive"]
    inside = checks["observed"].between(checks["low"], checks["high"])
    assert inside.mean() > 0.8
    noisy = elo.assign(elo_rating=elo["elo_rating"] + 300 * np.sign(np.arange(len(elo)) % 2 - 0.5))
    _, wrong = estimates.estimate(drawn, noisy)
    seen = wrong["posterior_predictive"].set_index("what").loc["rating.sd"]
    assert (seen["observed"] > seen["high"]).all()


def test_the_real_file_is_explained_about_as_well_as_by_its_published_correlation(shared_data):
    from lendanear.tables.elo import elo_table

    data = model.data(elo_table(shared_data / "study" / "elo_rankings.csv"))
    assert len(data.rating) == 1924
    score = model.SCORES[data.score[data.cell]]
    assert np.corrcoef(score, data.rating)[0, 1] == pytest.approx(0.850, abs=5e-4)
