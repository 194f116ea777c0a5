"""Elo ratings by score: deciles that keep ties together, and the public file's numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lendanear.checks.published import read_published
from lendanear.checks.rebuilt import elo as rebuilt_elo
from lendanear.measures.deciles import deciles
from lendanear.models import elo
from lendanear.study import Study
from lendanear.tables.elo import elo_table
from lendanear.tables.store import write_table
from lendanear.vocabulary import ARM_KEYS, SCENARIO_KEYS


@given(st.lists(st.integers(-12, 12), min_size=1, max_size=200))
def test_equal_scores_share_a_decile_and_higher_scores_never_a_lower_one(scores):
    table = pd.DataFrame({"score": scores, "decile": deciles(pd.Series(scores))})
    assert table["decile"].between(1, 10).all()
    per_score = table.groupby("score")["decile"].agg(["min", "max"]).sort_index()
    assert (per_score["min"] == per_score["max"]).all()
    assert per_score["min"].is_monotonic_increasing


@given(st.integers(1, 30), st.randoms())
def test_without_ties_deciles_are_equal(tenth, random):
    scores = list(range(10 * tenth))
    random.shuffle(scores)
    assert deciles(pd.Series(scores)).value_counts().tolist() == [tenth] * 10


def simulate(n: int = 1600, *, seed: int = 1) -> pd.DataFrame:
    """Return a tournament in which conversation 3 is 1 point better than 2, and 2 than 1 by 2."""
    random = np.random.default_rng(seed)
    arm = np.array(ARM_KEYS)[np.arange(n) % 4]
    number = np.where(np.isin(arm, ["coach", "combined"]), 1 + np.arange(n) // 4 % 3, 1)
    mean = np.select([number == 1, number == 2], [-1.5, 0.5], 1.5)
    overall = np.clip(np.rint(random.normal(mean, 3)), -12, 12)
    rating = 1500 + 40 * (overall - overall.mean()) + random.normal(0, 100, n)
    return pd.DataFrame(
        {
            "conversation_id": [f"{i:020d}" for i in range(n)],
            "elo_rating": rating,
            "comparisons_count": pd.array(np.full(n, 60), dtype="Int32"),
            "arm": pd.Categorical(arm, categories=list(ARM_KEYS)),
            "overall_empathy": pd.array(overall, dtype="Int8"),
            "conversation_number": pd.array(number, dtype="Int8"),
            "elo_rank": pd.array(stats.rankdata(-rating), dtype="Int32"),
            "scenario": pd.Categorical(
                np.array(SCENARIO_KEYS)[random.integers(5, size=n)], categories=list(SCENARIO_KEYS)
            ),
        }
    )


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return simulate()


@pytest.fixture(scope="module")
def fitted(table) -> dict[str, pd.DataFrame]:
    return elo.fit(table)


def test_deciles_partition_the_conversations_and_mean_the_same_scores_everywhere(table, fitted):
    found = fitted["deciles"]
    assert found["n"].sum() == len(table)
    ranges = found[["decile", "score_low", "score_high"]].drop_duplicates().sort_values("decile")
    # equal scores stay together, so a decile may be empty, but no score is in two of them
    assert ranges["decile"].is_unique
    assert (ranges["score_low"].to_numpy()[1:] > ranges["score_high"].to_numpy()[:-1]).all()
    assert len(ranges) >= 9
    score = table["overall_empathy"].astype(int)
    for row in found.itertuples():
        inside = score.between(row.score_low, row.score_high) & (table["scenario"] == row.scenario)
        ratings = table.loc[inside, "elo_rating"]
        assert (row.n, row.estimate) == (len(ratings), pytest.approx(ratings.mean()))
        assert (row.p10, row.p90) == pytest.approx(tuple(np.quantile(ratings, [0.1, 0.9])))
        interval = stats.t.interval(0.95, len(ratings) - 1, ratings.mean(), stats.sem(ratings))
        assert (row.ci_low, row.ci_high) == pytest.approx(interval)


def test_correlations_are_pearsons_with_fishers_interval(table, fitted):
    found = fitted["correlations"].set_index("scenario")
    assert found.index.tolist() == ["all", *SCENARIO_KEYS]
    for scenario, row in found.iterrows():
        own = table if scenario == "all" else table[table["scenario"] == scenario]
        expected = stats.pearsonr(own["overall_empathy"].astype(float), own["elo_rating"])
        interval = expected.confidence_interval(0.95)
        assert row["n"] == len(own)
        assert row["estimate"] == pytest.approx(expected.statistic)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((interval.low, interval.high))


def test_steps_are_welchs_and_find_that_conversation_3_is_better_than_2(table, fitted):
    steps = fitted["steps"].set_index(["outcome", "arm", "from_conversation"])
    assert set(fitted["steps"]["arm"]) == {"coach", "combined", "all"}
    for arm in ("coach", "combined"):
        own = table[table["arm"] == arm]
        later, earlier = (
            own.loc[own["conversation_number"] == k, "overall_empathy"].astype(float)
            for k in (3, 2)
        )
        row = steps.loc[("overall_empathy", arm, 2)]
        expected = stats.ttest_ind(later, earlier, equal_var=False)
        interval = expected.confidence_interval()
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((interval.low, interval.high))
        assert row["p"] == pytest.approx(expected.pvalue)
        assert row["ci_low"] < 1 < row["ci_high"]
    coach, combined, pooled = (
        steps.loc[("overall_empathy", arm, 2)] for arm in ("coach", "combined", "all")
    )
    weights = np.array([coach["se"], combined["se"]]) ** -2.0
    expected = np.average([coach["estimate"], combined["estimate"]], weights=weights)
    assert pooled["estimate"] == pytest.approx(expected)
    assert pooled["se"] == pytest.approx(weights.sum() ** -0.5)
    assert pooled["ci_low"] > 0


def test_a_tournament_of_first_conversations_has_no_steps(table):
    first = table[table["conversation_number"] == 1]
    assert elo.fit(first)["steps"].empty


def test_every_published_number_of_the_real_file_is_reproduced(shared_data, tmp_path):
    frames = elo.fit(elo_table(shared_data / "study" / "elo_rankings.csv"))
    for name, frame in frames.items():
        write_table(frame, tmp_path / "results" / f"elo.{name}.parquet")
    study = Study("data", False, False, [], build=tmp_path, figures=tmp_path)
    rebuilt = rebuilt_elo.rebuilt(study)
    published = [number for number in read_published() if number.id.startswith("elo.")]
    assert len(published) == 15
    assert {number.id for number in published} == set(rebuilt)
    for number in published:
        assert rebuilt[number.id].value == pytest.approx(number.estimate, abs=number.tolerance)


def test_in_the_real_file_conversation_3_is_better_than_2_in_both_coach_arms(shared_data):
    steps = elo.fit(elo_table(shared_data / "study" / "elo_rankings.csv"))["steps"]
    later = steps[steps["from_conversation"] == 2].set_index(["outcome", "arm"])
    assert (later.loc["overall_empathy", "estimate"] > 0).all()
    assert later.loc[("overall_empathy", "all"), "ci_low"] > 0
