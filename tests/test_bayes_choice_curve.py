"""The choice curve finds planted slopes and lapses, and its rivals are those of statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from simulated_choices import SIGNS, choices, tournament

from lendanear.bayes import registry
from lendanear.bayes.estimates.choice_curve import averaged
from lendanear.bayes.models import choice_curve as model
from lendanear.bayes.settings import Settings
from lendanear.bayes.summarise import summarise
from lendanear.errors import DataError
from lendanear.vocabulary import SCENARIO_KEYS

SLOPE = dict(zip(SCENARIO_KEYS, (0.2, 0.3, 0.4, 0.3, 0.5), strict=True))
LAPSE = 0.2


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Six thousand choices by planted slopes and lapses."""
    elo, ratings = tournament(seed=3)
    found = choices(elo, ratings, 0.1 * SIGNS, n=6000, raters=150, seed=4)
    random = np.random.default_rng(6)
    gap = found["abs_score_diff"].to_numpy(float)
    slope = found["scenario"].astype(str).map(SLOPE).to_numpy(float)
    p = LAPSE / 2 + (1 - LAPSE) / (1 + np.exp(-slope * gap))
    chose = pd.array((random.random(len(found)) < p).astype(int), dtype="Int8")
    chose[gap == 0] = pd.NA
    return found.assign(select_higher_annotation=chose)


@pytest.fixture(scope="module")
def drawn(table):
    settings = Settings(tune=500, draws=700, chains=2, seed=2, target_accept=0.9)
    return registry.draw("choice_curve", {"choices": table}, settings)


@pytest.fixture(scope="module")
def posterior(drawn) -> dict[str, np.ndarray]:
    return {name: drawn.posterior[name].to_numpy() for name in model.KEEP}


@pytest.fixture(scope="module")
def frames(table, drawn) -> dict[str, pd.DataFrame]:
    return summarise("choice_curve", drawn, {"choices": table})


@pytest.fixture(scope="module")
def found(frames) -> pd.DataFrame:
    return frames["estimates"].set_index(["quantity", "group"])


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return values.mean(axis=(0, 1)), values.std(axis=(0, 1))


def used(table: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return the choices with different scores, what was chosen, and scenario dummies."""
    own = table[table["select_higher_annotation"].notna()]
    dummies = (own["scenario"].astype(str).to_numpy()[:, None] == SCENARIO_KEYS).astype(float)
    return own, own["select_higher_annotation"].astype(float).to_numpy(), dummies


def test_slopes_lapses_and_the_end_of_the_curve_are_recovered(found):
    for scenario, slope in SLOPE.items():
        row = found.loc[("slope.log_odds_per_point", scenario)]
        assert abs(row["mean"] - slope) < 3.5 * row["sd"], scenario
    lapse = found.loc[("lapse.rate", "all")]
    assert abs(lapse["mean"] - LAPSE) < 3.5 * lapse["sd"]
    assert lapse["hdi_low"] > 0.05
    assert found.loc[("asymptote.share", "all"), "mean"] == pytest.approx(1 - lapse["mean"] / 2)


def test_thresholds_are_where_three_choices_in_four_go_to_the_higher_scored_one(found):
    for scenario, slope in SLOPE.items():
        q = (0.75 - LAPSE / 2) / (1 - LAPSE)
        row = found.loc[("threshold.points", scenario)]
        assert abs(row["mean"] - np.log(q / (1 - q)) / slope) < 3.5 * row["sd"], scenario


def test_the_curve_passes_three_quarters_at_the_threshold_of_the_same_draw(table, posterior, drawn):
    data = model.data(table)
    from lendanear.bayes.estimates.choice_curve import estimate

    reported, _ = estimate(drawn, table)
    overall = reported["threshold.points", "all"]
    for draw in range(0, 700, 90):
        one = {name: values[:1, draw : draw + 1] for name, values in posterior.items()}
        p = averaged(data, model.LAPSES, one, overall[0, draw : draw + 1])
        assert p[0, 0, 0] == pytest.approx(0.75, abs=1e-9)
        for place, key in enumerate(data.scenarios):
            gap = reported["threshold.points", key][0, draw : draw + 1]
            own = model.chances(model.LAPSES, one, np.array([place]), gap)
            assert own[0, 0, 0] == pytest.approx(0.75, abs=1e-9)


def test_the_curve_without_lapses_is_a_binomial_glm_without_intercepts(table, posterior):
    own, chose, dummies = used(table)
    slopes = dummies * own["abs_score_diff"].astype(float).to_numpy()[:, None]
    fitted = sm.GLM(chose, slopes, family=sm.families.Binomial()).fit()
    mean, sd = moments(posterior["slope_alone"])
    # partial pooling moves each slope by a part of its error at most
    assert np.abs(mean - fitted.params).max() < 0.6 * fitted.bse.max()
    assert sd == pytest.approx(fitted.bse, rel=0.25)


def test_the_published_form_is_the_logit_of_statsmodels(table, posterior):
    own, chose, dummies = used(table)
    gap = own["abs_score_diff"].astype(float).to_numpy()
    fitted = sm.Logit(chose, np.column_stack([dummies, gap])).fit(disp=False)
    mean, sd = moments(posterior["published_slope"])
    assert abs(mean - fitted.params[-1]) < 0.25 * fitted.bse[-1]
    assert sd == pytest.approx(fitted.bse[-1], rel=0.15)
    mean, sd = moments(posterior["published_intercept"])
    assert np.abs(mean - fitted.params[:-1]).max() < 0.3 * fitted.bse.max()
    assert sd == pytest.approx(fitted.bse[:-1], rel=0.15)


def test_lapses_that_are_there_are_told_by_leaving_raters_out(frames):
    table = frames["comparison"].set_index("model")
    assert table.index[0] == model.LAPSES
    assert set(table.index) == set(model.FORMS)
    worse = table.loc[model.NO_LAPSES]
    assert worse["elpd_diff"] > 2 * worse["dse"]
    assert table["units"].eq(150).all()
    assert table["pareto_k_max"].max() < 0.7


def test_log_likelihoods_are_those_of_the_model_and_of_single_choices(table, posterior):
    data = model.data(table)
    machine = model.build(data)
    own, chose, _ = used(table)
    place = own["scenario"].astype(str).map(data.scenarios.index).to_numpy()
    gap = own["abs_score_diff"].astype(float).to_numpy()
    rater = pd.factorize(own["rater_id"])[0]
    names = dict(zip(model.FORMS, ("choices", "choices_alone", "choices_published"), strict=True))
    one = {name: values[:1, :1] for name, values in posterior.items()}
    random = np.random.default_rng(0)
    point = {
        name: random.normal(0, 0.4, size=np.shape(value))
        for name, value in machine.initial_point().items()
    }
    kept = [name for name in model.KEEP if name in machine.named_vars]
    values = machine.compile_fn(
        machine.replace_rvs_by_values([machine[name] for name in kept]),
        inputs=machine.value_vars,
        on_unused_input="ignore",
    )(point)
    planted = {
        name: np.asarray(value)[None, None] for name, value in zip(kept, values, strict=True)
    }
    potentials = {potential.name: potential for potential in machine.potentials}
    for form in model.FORMS:
        p = model.chances(form, one, place, gap)[0, 0]
        single = np.bincount(rater, weights=np.log(np.where(chose == 1, p, 1 - p)))
        assert model.log_likelihood(data, one, form)[0, 0] == pytest.approx(single)
        density = machine.compile_logp(vars=[potentials[names[form]]], jacobian=False)(point)
        total = model.log_likelihood(data, planted, form).sum()
        assert total == pytest.approx(float(density))


def test_counts_hold_every_choice_between_different_scores_once(table):
    data = model.data(table)
    own, chose, _ = used(table)
    assert data.higher.sum() == chose.sum()
    assert data.lower.sum() == (1 - chose).sum()
    assert (data.gap > 0).all()
    shares = own["scenario"].astype(str).value_counts(normalize=True)
    assert data.shares == pytest.approx(shares[list(data.scenarios)].to_numpy())


def test_the_curve_starts_at_chance_and_stays_below_its_end(frames, found):
    curve = frames["curve"]
    main = curve[curve["form"] == model.LAPSES]
    assert main["mean"].iloc[0] == pytest.approx(0.5)
    assert main["mean"].is_monotonic_increasing
    assert main["mean"].max() < found.loc[("asymptote.share", "all"), "mean"]
    for low, high in (("low_95", "low_50"), ("low_50", "high_50"), ("high_50", "high_95")):
        assert (main[low] <= main[high] + 1e-12).all()


def test_predictive_checks_hold_the_observed_choices(frames):
    after, before = frames["posterior_predictive"], frames["prior_predictive"]
    inside = (after["observed"] >= after["low"]) & (after["observed"] <= after["high"])
    assert inside.mean() >= 0.8
    shares = before[before["what"] != "rater.sd"]
    assert ((shares["high"] - shares["low"]) > 0.25).all()


@pytest.mark.parametrize("value", [1, 0, None])
def test_choices_that_never_vary_or_have_no_scores_are_refused(table, value: int | None):
    own = table.head(50).copy()
    same = pd.array([pd.NA if value is None else value] * 50, dtype="Int8")
    with pytest.raises(DataError, match="for and against") as error:
        model.data(own.assign(select_higher_annotation=same))
    assert error.value.field == "select_higher_annotation"


def test_scenarios_that_do_not_occur_have_no_curve(table):
    own = table[table["scenario"].isin(["promotion", "mom_unwell"])]
    data = model.data(own)
    assert data.scenarios == ("promotion", "mom_unwell")
    assert set(data.scenario) == {0, 1}
