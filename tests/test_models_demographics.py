"""Demographic regressions agree with the matrix formulas and recover planted effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lendanear.errors import LendAnEarError
from lendanear.measures.demographics import AGE_BANDS, age_band, participant_scores
from lendanear.models import demographics
from tests.simulated_trial import AGE_EFFECT, FEMALE_EFFECT, simulate_trial


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return simulate_trial(60, seed=2, missing=0.1)


@pytest.fixture(scope="module")
def frames(tables) -> dict[str, pd.DataFrame]:
    return demographics.fit(**tables)


def hc3(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least squares with HC3 standard errors, written out."""
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ y
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
    scaled = (y - x @ beta) / (1 - leverage)
    return beta, np.sqrt(np.diag(inverse @ (x.T * scaled**2) @ x @ inverse))


@pytest.mark.parametrize("scaling", demographics.SCALINGS)
def test_both_regressions_are_least_squares_with_hc3_errors_on_z_scores(tables, frames, scaling):
    scores = participant_scores(**tables)
    people = scores.dropna(subset=["age", "sex"])
    over = people if scaling == "regression" else scores

    def z(name):
        return ((people[name] - over[name].mean()) / over[name].std()).to_numpy()

    age, female = people["age"].to_numpy(), (people["sex"] == "Female").to_numpy(dtype=float)
    one = np.ones(len(people))
    arms = [(people["arm"] == arm).to_numpy(dtype=float) for arm in ("video", "coach", "combined")]
    designs = {
        "baseline": np.column_stack([one, age, female]),
        "change": np.column_stack(
            [one, z("baseline"), *arms, female, age]
            + [arm * female for arm in arms]
            + [arm * age for arm in arms]
        ),
    }
    table = frames["coefficients"].query("scaling == @scaling")
    for regression, design in designs.items():
        beta, se = hc3(design, z(regression))
        rows = table[table["regression"] == regression]
        assert rows["estimate"].to_numpy() == pytest.approx(beta, abs=1e-9)
        assert rows["se"].to_numpy() == pytest.approx(se, rel=1e-8)


def test_planted_effects_of_age_and_sex_are_recovered():
    frames = demographics.fit(**simulate_trial(2500, seed=5, whole=False))
    rows = frames["coefficients"].query("regression == 'baseline' and scaling == 'regression'")
    rows = rows.set_index("term")
    sd = (
        frames["fits"]
        .query("regression == 'baseline' and scaling == 'regression'")["score_sd"]
        .item()
    )
    for term, planted in (("age", AGE_EFFECT), ("female", FEMALE_EFFECT)):
        row = rows.loc[term]
        assert row["estimate"] * sd == pytest.approx(planted, abs=4 * row["se"] * sd)


def test_centring_changes_only_what_an_arm_and_the_intercept_mean(frames):
    own = frames["coefficients"].query("scaling == 'regression'")
    plain = own[own["regression"] == "change"].set_index("term")["estimate"]
    centred = own[own["regression"] == "change_centred"].set_index("term")["estimate"]
    moved = ["const", "video", "coach", "combined"]
    assert centred.drop(moved).to_numpy() == pytest.approx(plain.drop(moved).to_numpy(), abs=1e-9)
    assert not np.allclose(centred[moved], plain[moved])
    r2 = frames["fits"].query("scaling == 'regression'").set_index("regression")["r2"]
    assert r2["change"] == pytest.approx(r2["change_centred"])


def test_missing_age_and_sex_are_counted_and_left_out(tables, frames):
    people = tables["participants"]
    counted = frames["known"].set_index("quantity")["count"]
    assert counted["participants"] == 240
    assert counted["no_age"] == people["age"].isna().sum() > 0
    assert counted["no_sex"] == people["sex"].isna().sum() > 0
    either = (people["age"].isna() | people["sex"].isna()).sum()
    assert counted["no_age_or_sex"] == either
    assert frames["fits"]["n"].eq(240 - either).all()
    shown = frames["counts"].groupby(["grouping", "period"])["count"].sum()
    assert shown["sex", "baseline"] == shown["sex", "post"] == 240 - counted["no_sex"]
    assert shown["age", "post"] == 240 - counted["no_age"]
    assert shown["age_sex", "baseline"] == 240 - either


def test_means_are_those_of_the_people_counted(frames):
    keys = ["grouping", "period", "arm", "sex", "age_band"]
    counts = frames["counts"].assign(total=lambda f: f["value"] * f["count"])
    by_hand = counts.groupby(keys)[["total", "count"]].sum()
    means = frames["means"].set_index(keys)
    assert len(means) == len(by_hand)
    assert means["n"].eq(by_hand["count"].reindex(means.index)).all()
    expected = (by_hand["total"] / by_hand["count"]).reindex(means.index)
    assert means["estimate"].to_numpy() == pytest.approx(expected.to_numpy())


def test_age_bands_hold_their_first_age_and_not_the_next():
    ages = pd.Series([18, 29, 30, 39, 59, 60, 120, None], dtype="Float64")
    bands = age_band(ages)
    first, second, _, fourth, last = AGE_BANDS
    assert list(bands[:-1]) == [first, first, second, second, fourth, last, last]
    assert pd.isna(bands.iloc[-1])


@pytest.mark.parametrize("column", ["age", "sex"])
def test_a_study_without_demographics_is_refused_in_words(tables, column):
    participants = tables["participants"].copy()
    participants[column] = participants[column].where(pd.Series(False, index=participants.index))
    with pytest.raises(LendAnEarError, match="0 participants have a known age and sex"):
        demographics.fit(participants, tables["conversations"])


def test_a_study_of_one_sex_is_refused_in_words(tables):
    participants = tables["participants"].copy()
    participants["sex"] = participants["sex"].where(participants["sex"] == "Female")
    with pytest.raises(LendAnEarError, match="both sexes"):
        demographics.fit(participants, tables["conversations"])


def test_an_arm_that_nobody_is_in_is_left_out_and_a_study_without_control_refused(tables):
    participants, conversations = tables["participants"], tables["conversations"]
    some = demographics.fit(
        participants[participants["arm"] != "video"], conversations[conversations["arm"] != "video"]
    )
    terms = some["coefficients"].query("regression == 'change' and scaling == 'regression'")["term"]
    assert len(terms) == 10
    assert not terms.str.contains("video").any()
    with pytest.raises(LendAnEarError, match="Control"):
        demographics.fit(
            participants[participants["arm"] != "control"],
            conversations[conversations["arm"] != "control"],
        )
