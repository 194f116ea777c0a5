"""The preference models recover planted preferences, and their two forms are what they claim."""

from __future__ import annotations

import factories
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.optimize import minimize
from simulated_choices import COMPONENTS, choices, tournament

from lendanear.errors import DataError
from lendanear.models import preferences
from lendanear.tables.choices import choices_table
from lendanear.tables.elo import elo_table
from lendanear.vocabulary import SCENARIO_KEYS

WEIGHTS = np.array([0.4, 0.2, 0.3, -0.35, -0.1, -0.25])


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    elo, ratings = tournament()
    return choices(elo, ratings, WEIGHTS)


@pytest.fixture(scope="module")
def fitted(table) -> dict[str, pd.DataFrame]:
    return preferences.fit(table)


def coefficients(fitted: dict[str, pd.DataFrame], model: str, form: str) -> pd.DataFrame:
    rows = fitted["coefficients"]
    return rows[(rows["model"] == model) & (rows["form"] == form)].set_index("term")


def loglik(fitted: dict[str, pd.DataFrame], model: str, form: str) -> float:
    return fitted["fits"].set_index(["model", "form"]).loc[(model, form), "loglik"]


@pytest.mark.parametrize("model", ["2a", "2b"])
def test_side_consistent_differences_recover_the_planted_weights(fitted, model):
    found = coefficients(fitted, model, "side_consistent").loc[COMPONENTS]
    z = (found["estimate"] - WEIGHTS) / found["se"]
    assert np.abs(z).max() < 3.5
    assert (found["se"] < 0.15).all()


@pytest.mark.parametrize("model", ["2a", "2b"])
def test_published_differences_lose_them(fitted, model):
    found = coefficients(fitted, model, "published").loc[COMPONENTS]
    assert np.abs(found["estimate"]).max() < 0.12


def test_six_side_consistent_differences_never_fit_worse_than_their_sum(fitted):
    assert loglik(fitted, "2a", "side_consistent") >= loglik(fitted, "1a", "published")
    assert loglik(fitted, "2b", "side_consistent") >= loglik(fitted, "1b", "side_consistent")
    # which is how the published form betrays itself
    assert loglik(fitted, "2a", "published") < loglik(fitted, "1a", "published")


def test_side_consistent_is_chose_left_with_the_other_regressors_given_the_side(table, fitted):
    known = table[table["select_higher_annotation"].notna()]
    side = np.where(known["left_score"] > known["right_score"], 1.0, -1.0)
    design = known[COMPONENTS].astype(float)
    design["const"] = side
    for scenario in SCENARIO_KEYS[1:]:
        design[f"topic_{scenario}"] = side * (known["scenario"] == scenario)
    direct = sm.Logit((known["choice"] == "left").astype(float), design).fit(disp=False)
    found = coefficients(fitted, "2a", "side_consistent")["estimate"]
    assert direct.params.to_numpy() == pytest.approx(found[direct.params.index].to_numpy())
    assert direct.llf == pytest.approx(loglik(fitted, "2a", "side_consistent"))


def test_the_reference_side_does_not_depend_on_the_choice(table):
    flipped = table.assign(
        choice=table["choice"].cat.rename_categories({"left": "right", "right": "left"}),
        select_higher_annotation=1 - table["select_higher_annotation"],
        select_match=1 - table["select_match"],
    )
    for outcome in ("select_higher_annotation", "select_match"):
        pd.testing.assert_series_equal(
            preferences.reference_side(table, outcome), preferences.reference_side(flipped, outcome)
        )
    side = preferences.reference_side(table, "select_higher_annotation")
    gap = (table["left_score"] - table["right_score"]).astype(float)
    assert side[gap != 0].tolist() == np.sign(gap[gap != 0]).tolist()
    assert side[gap == 0].isna().all()


def test_1a_equals_a_likelihood_maximised_by_hand_with_a_sandwich_by_rater(table, fitted):
    known = table[table["select_higher_annotation"].notna()]
    y = known["select_higher_annotation"].to_numpy(float)
    dummies = [(known["scenario"] == s).to_numpy(float) for s in SCENARIO_KEYS[1:]]
    x = np.column_stack([np.ones(len(y)), known["abs_score_diff"].to_numpy(float), *dummies])

    def negative_loglik(beta: np.ndarray) -> float:
        return float(np.logaddexp(0, x @ beta).sum() - y @ (x @ beta))

    by_hand = minimize(negative_loglik, np.zeros(x.shape[1]), method="BFGS").x
    p = 1 / (1 + np.exp(-x @ by_hand))
    bread = np.linalg.inv((x * (p * (1 - p))[:, None]).T @ x)
    scores = pd.DataFrame(x * (y - p)[:, None]).groupby(known["rater_id"].to_numpy()).sum()
    groups, n, k = len(scores), len(y), x.shape[1]
    factor = groups / (groups - 1) * (n - 1) / (n - k)
    sandwich = factor * bread @ (scores.T @ scores).to_numpy() @ bread
    found = coefficients(fitted, "1a", "published")
    terms = ["const", "abs_score_diff", *(f"topic_{s}" for s in SCENARIO_KEYS[1:])]
    assert found.loc[terms, "estimate"].to_numpy() == pytest.approx(by_hand, abs=1e-4)
    assert found.loc[terms, "se"].to_numpy() == pytest.approx(np.sqrt(np.diag(sandwich)), rel=1e-3)
    assert loglik(fitted, "1a", "published") == pytest.approx(-negative_loglik(by_hand))


def test_differences_add_up_to_the_score_difference_unless_they_are_wrong(table, fitted):
    fits = fitted["fits"]
    assert (fits.loc[fits["model"].str.startswith("2"), "adds_up"] == 1).all()
    unsigned = preferences.fit(table.assign(**table[COMPONENTS].abs()))["fits"]
    assert (unsigned.loc[unsigned["model"].str.startswith("2"), "adds_up"] < 0.5).all()


def test_points_partition_the_untied_choices_and_have_wilson_intervals(table, fitted):
    bins = fitted["bins"]
    assert bins["n"].sum() == table["select_higher_annotation"].notna().sum()
    assert bins["chosen"].sum() == table["select_higher_annotation"].sum()
    assert (bins["n"] >= preferences.BIN_CHOICES).all()
    assert (bins["diff_low"].iloc[1:].to_numpy() > bins["diff_high"].iloc[:-1].to_numpy()).all()
    z = 1.959963984540054
    p, n = bins["chosen"] / bins["n"], bins["n"]
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    assert bins["ci_low"].to_numpy() == pytest.approx((centre - half).to_numpy())
    assert bins["ci_high"].to_numpy() == pytest.approx((centre + half).to_numpy())


def test_the_curve_is_the_mean_prediction_with_a_delta_method_band(table, fitted):
    known = table[table["select_higher_annotation"].notna()]
    design = pd.DataFrame({"const": 1.0, "abs_score_diff": known["abs_score_diff"].astype(float)})
    for scenario in SCENARIO_KEYS[1:]:
        design[f"topic_{scenario}"] = (known["scenario"] == scenario).astype(float)
    outcome = known["select_higher_annotation"].astype(float)
    groups = known["rater_id"].astype("category").cat.codes
    fit = sm.Logit(outcome, design).fit(disp=False, cov_type="cluster", cov_kwds={"groups": groups})

    def logit_of_mean(parameters: np.ndarray, difference: float) -> float:
        p = fit.model.predict(parameters, design.assign(abs_score_diff=difference))
        return float(np.log(p.mean() / (1 - p.mean())))

    for row in fitted["curve"].iloc[[0, 20, 60]].itertuples():
        logit = logit_of_mean(fit.params.to_numpy(), row.score_diff)
        assert row.estimate == pytest.approx(1 / (1 + np.exp(-logit)))
        step = 1e-5 * np.eye(len(fit.params))
        gradient = np.array(
            [
                logit_of_mean(fit.params.to_numpy() + h, row.score_diff)
                - logit_of_mean(fit.params.to_numpy() - h, row.score_diff)
                for h in step
            ]
        ) / (2e-5)
        half = 1.959964 * np.sqrt(gradient @ fit.cov_params().to_numpy() @ gradient)
        assert row.ci_low == pytest.approx(1 / (1 + np.exp(half - logit)), rel=1e-5)
        assert row.ci_high == pytest.approx(1 / (1 + np.exp(-half - logit)), rel=1e-5)


def test_models_without_their_columns_are_left_out(table):
    unknown = pd.array([pd.NA] * len(table), dtype="Float64")
    lacking = table.assign(**dict.fromkeys(["select_match", *COMPONENTS], unknown))
    assert set(preferences.fit(lacking)["fits"]["model"]) == {"1a"}


def test_an_outcome_that_never_varies_is_explained(table):
    always = table.assign(select_higher_annotation=pd.array([1] * len(table), dtype="Int8"))
    with pytest.raises(DataError, match="preference model 1a cannot be fitted"):
        preferences.fit(always)


def test_the_llm_preference_is_taken_from_the_elo_file_where_the_choices_lack_it(tmp_path):
    study = factories.experiment_1(24)
    file = factories.write_csv(factories.experiment_2(study), tmp_path / "experiment_2.csv")
    elo = elo_table(factories.write_csv(factories.elo_rankings(study), tmp_path / "elo.csv"))
    found = choices_table(file, elo=elo)
    rating = elo.set_index("conversation_id")["elo_rating"]
    left_preferred = rating[found["left_id"]].to_numpy() > rating[found["right_id"]].to_numpy()
    expected = left_preferred == (found["choice"] == "left").to_numpy()
    assert found["select_match"].astype(bool).tolist() == expected.tolist()
