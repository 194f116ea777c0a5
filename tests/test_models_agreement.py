"""The agreement model recovers planted agreement and rebuilds what was published of the pilot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from simulated import KNOWS, pilot_ratings
from statsmodels.stats.inter_rater import cohens_kappa

from lendanear.checks.published import read_published
from lendanear.models import agreement
from lendanear.tables.pilot import RATING_FILES, pilot_ratings_table
from lendanear.vocabulary import DIMENSION_KEYS, DIMENSIONS


def scores(ratings: pd.DataFrame, rater: str, dimension: str) -> np.ndarray:
    chosen = ratings[(ratings["rater"] == rater) & (ratings["dimension"] == dimension)]
    return chosen.set_index("conversation_id")["rating"].sort_index().to_numpy()


@pytest.fixture(scope="module")
def ratings() -> pd.DataFrame:
    return pilot_ratings(200)


@pytest.fixture(scope="module")
def fitted(ratings) -> dict[str, pd.DataFrame]:
    return agreement.fit(ratings, replicates=500)


def test_planted_agreement_is_the_kappa():
    kappas = agreement.fit(pilot_ratings(8000), replicates=2)["kappas"]
    rows = kappas.set_index(["pair", "dimension", "measure"])["estimate"]
    # independent of each other given the truth: both must know it, so the products are the kappas
    for pair in ("expert1_expert2", "expert2_expert3", "expert3_expert1"):
        first, second = pair.split("_")
        for dimension in DIMENSION_KEYS:
            expected = KNOWS[first] * KNOWS[second]
            assert rows[pair, dimension, "kappa_score"] == pytest.approx(expected, abs=0.04)
            assert rows[pair, dimension, "spearman"] == pytest.approx(expected, abs=0.04)


def test_a_pair_has_the_kappa_of_statsmodels_between_medians_and_the_llm(ratings, fitted):
    rows = fitted["kappas"].set_index(["pair", "dimension", "measure"])["estimate"]
    for dimension in DIMENSION_KEYS:
        experts = np.median([scores(ratings, f"expert{i}", dimension) for i in (1, 2, 3)], axis=0)
        llm = scores(ratings, "gemini", dimension)
        levels = np.union1d(experts, llm)
        table = pd.crosstab(
            pd.Categorical(experts, levels), pd.Categorical(llm, levels), dropna=False
        )
        expected = cohens_kappa(table.to_numpy(), wt="quadratic", return_results=False)
        assert rows["experts_llm", dimension, "kappa_rank"] == pytest.approx(expected)


def test_bootstrap_intervals_have_the_width_that_large_samples_should_have(ratings, fitted):
    rows = fitted["kappas"].set_index(["pair", "dimension", "measure"])
    for dimension in DIMENSION_KEYS:
        table = pd.crosstab(
            scores(ratings, "expert1", dimension), scores(ratings, "expert2", dimension)
        )
        se = cohens_kappa(table.to_numpy(), wt="quadratic").std_kappa
        row = rows.loc[("expert1_expert2", dimension, "kappa_score")]
        width = row["ci_high"] - row["ci_low"]
        assert width == pytest.approx(2 * stats.norm.ppf(0.975) * se, rel=0.2)
        assert row["ci_low"] < row["estimate"] < row["ci_high"]


def test_every_pair_and_dimension_has_all_three_measures(fitted):
    kappas = fitted["kappas"]
    assert len(kappas) == len(agreement.PAIRS) * len(DIMENSIONS) * len(agreement.MEASURES)
    assert not kappas.duplicated(["pair", "dimension", "measure"]).any()
    assert (kappas["replicates"] == 500).all()
    assert (kappas["n"] == 200).all()


def test_a_seed_repeats_itself_and_quick_changes_intervals_only():
    few = pilot_ratings(40)
    first, again, other = (
        agreement.fit(few, replicates=100, seed=seed)["kappas"] for seed in (1, 1, 2)
    )
    pd.testing.assert_frame_equal(first, again)
    assert (first["ci_low"] != other["ci_low"]).any()
    quick = agreement.fit(few, quick=True)["kappas"]
    assert quick["replicates"].max() == agreement.QUICK_REPLICATES
    pd.testing.assert_series_equal(quick["estimate"], first["estimate"])


def test_a_judge_is_set_against_the_median_and_against_single_experts(ratings, fitted):
    rows = fitted["benchmark"].set_index(["judge", "target", "measure"])["estimate"]
    kappas = fitted["kappas"].query("measure == 'kappa_score'").set_index(["pair", "dimension"])
    experts = [
        kappas.loc[pair, "estimate"].loc[list(DIMENSION_KEYS)].to_numpy()
        for pair in ("expert1_expert2", "expert2_expert3", "expert3_expert1")
    ]
    middle = np.median(experts, axis=0).mean()
    assert rows["expert", "single_expert", "kappa_score"] == pytest.approx(middle)
    llm = kappas.loc["experts_llm", "estimate"].mean()
    assert rows["gemini", "median", "kappa_score"] == pytest.approx(llm)
    # the median of three is nearer to the truth than the middle one of them
    assert rows["gpt", "median", "kappa_score"] > rows["gpt", "single_expert", "kappa_score"]
    inside = fitted["benchmark"]
    assert inside["estimate"].between(inside["ci_low"] - 0.05, inside["ci_high"] + 0.05).all()


def test_overall_empathy_is_correlated_with_its_signs(ratings, fitted):
    signs = {dimension.key: dimension.sign for dimension in DIMENSIONS}
    wide = {
        rater: sum(sign * scores(ratings, rater, key) for key, sign in signs.items())
        for rater in ("expert1", "expert2", "expert3")
    }
    expected = [
        stats.spearmanr(wide[a], wide[b]).statistic
        for a, b in (("expert1", "expert2"), ("expert2", "expert3"), ("expert3", "expert1"))
    ]
    rows = fitted["benchmark"].set_index(["judge", "measure"])["estimate"]
    assert rows["expert", "spearman_overall"] == pytest.approx(np.median(expected))


def test_the_floor_is_counted_and_a_planted_shift_is_found(ratings, fitted):
    rows = fitted["ratings"].set_index(["rater", "dimension"])
    crowd = scores(ratings, "crowd", "advice_giving")
    assert rows.loc[("crowd", "advice_giving"), "floor_count"] == (crowd == 1).sum()
    assert (rows["floor_share"] == rows["floor_count"] / 200).all()
    harsh = rows.loc[("gemini", "dismissing_emotions")]
    assert harsh["ci_low"] < 1 < harsh["ci_high"]
    assert harsh["ci_high"] - harsh["ci_low"] < 0.5
    assert (rows.loc["experts", "difference"] == 0).all()


def test_replicates_in_which_nobody_varies_are_left_out():
    few = pilot_ratings(4, seed=1)
    rare = (few["dimension"] == "self_oriented") & (few["conversation_id"] != f"{0:020d}")
    few.loc[few["dimension"] == "self_oriented", "rating"] = 3.0
    few.loc[rare, "rating"] = 1.0
    kappas = agreement.fit(few, replicates=300)["kappas"].query("dimension == 'self_oriented'")
    # the only conversation that differs is in a share 1 - (3/4)^4 = .684 of the replicates, and
    # alone in (1/4)^4 of them
    score = kappas[kappas["measure"] == "kappa_score"]
    assert (score["estimate"] == 1).all()
    assert (score["replicates"] / 300).to_numpy() == pytest.approx(0.68, abs=0.1)
    assert (score["ci_low"] == 1).all()


@pytest.fixture(scope="module")
def real(shared_data: Path) -> dict[str, pd.DataFrame]:
    folder = shared_data / "pilot" / "annotations" / "lend_an_ear"
    files = {key: folder / f"{key}.csv" for key in RATING_FILES}
    return agreement.fit(pilot_ratings_table(files), replicates=200)


def test_all_36_published_kappas_are_rebuilt_to_two_decimals(real):
    kappas = real["kappas"].query("measure == 'kappa_rank'")
    rebuilt = kappas.set_index(["pair", "dimension"])["estimate"]
    published = {n.id: n for n in read_published() if n.id.startswith("kappa.")}
    assert len(published) == 36
    for key, number in published.items():
        _, pair, dimension = key.split(".")
        assert rebuilt[pair, dimension] == pytest.approx(number.estimate, abs=number.tolerance)


def test_the_known_benchmark_of_the_judges_comes_out(real):
    rows = real["benchmark"].set_index(["judge", "target", "measure"])["estimate"]
    known = {
        ("expert", "single_expert"): (0.57, 0.79),
        ("crowd", "median"): (0.30, 0.57),
        ("gpt", "median"): (0.55, 0.78),
        ("claude", "median"): (0.52, 0.82),
        ("gemini", "median"): (0.60, 0.83),
    }
    for (judge, target), (kappa, rho) in known.items():
        assert round(rows[judge, target, "kappa_score"], 2) == kappa
        assert round(rows[judge, target, "spearman_overall"], 2) == rho


def test_the_floor_and_the_harshness_of_the_llm_judges_are_as_known(real):
    rows = real["ratings"].set_index(["rater", "dimension"])
    floor = rows.loc["experts", "floor_count"]
    assert floor["demonstrating_understanding"] == 33
    assert floor["self_oriented"] == 38
    assert floor["dismissing_emotions"] == 35
    for judge in agreement.LLM_KEYS:
        assert rows.loc[(judge, "dismissing_emotions"), "difference"] == pytest.approx(1.6, abs=0.2)
