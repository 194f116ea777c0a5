"""Reliability and true change: recovered from simulated people, and equal to dense computations."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal, norm
from simulated_trial import simulate_trial

from lendanear.bayes import registry
from lendanear.bayes.models import responders as model
from lendanear.bayes.settings import Settings
from lendanear.bayes.summarise import summarise
from lendanear.bayes.trial import TERMS, scenario_contrasts
from lendanear.checks.counterparts import COUNTERPARTS
from lendanear.errors import LendAnEarError
from lendanear.figures.bayes_responders import (
    CHECKS,
    headline_sensitivity,
    plot_responders,
    reliability_sentence,
    reliability_table,
    share_sentences,
)
from lendanear.figures.predictive import plot_checks
from lendanear.models import reliability
from lendanear.vocabulary import ARM_KEYS

PEOPLE = 200
"""Per arm."""
SD_PERSON, SD_NOISE = 3.3, 2.3
MEAN = dict(zip(ARM_KEYS, (0.0, 1.5, 3.0, 3.5), strict=True))
SPREAD = dict(zip(ARM_KEYS, (0.4, 1.0, 2.5, 1.5), strict=True))
SLANT = dict(zip(ARM_KEYS, (0.0, 0.0, -0.4, -0.2), strict=True))
SCENARIOS = np.array([0.5, -0.5, 0.8, -0.8, 0.0])


@pytest.fixture(scope="module")
def people() -> tuple[pd.DataFrame, np.ndarray]:
    """Conversations with planted true changes, and those changes in the order of the ids."""
    rng = np.random.default_rng(11)
    conversations = simulate_trial(PEOPLE, seed=3, whole=False)["conversations"]
    conversations = conversations.sort_values(["participant_id", "conversation_number"])
    first = conversations.drop_duplicates("participant_id")
    spread = first["arm"].astype("str").map(SPREAD).to_numpy()
    slant = first["arm"].astype("str").map(SLANT).to_numpy()
    steady, moved = rng.standard_normal((2, len(first)))
    change = first["arm"].astype("str").map(MEAN).to_numpy() + spread * (
        slant * steady + np.sqrt(1 - slant**2) * moved
    )
    scores = -1.5 + SD_PERSON * steady[:, None] + change[:, None] * np.array([0, 1, 1])
    scores = scores.ravel() + SD_NOISE * rng.standard_normal(3 * len(first))
    scores += SCENARIOS[conversations["scenario"].cat.codes]
    return conversations.assign(overall_empathy=scores), change


@pytest.fixture(scope="module")
def frames(people) -> dict[str, pd.DataFrame]:
    tables = {"conversations": people[0]}
    settings = Settings(tune=500, draws=600, chains=4, seed=5, target_accept=0.9)
    return summarise("responders", registry.draw("responders", tables, settings), tables)


def parameters(seed: int = 0, draws: int = 3) -> dict[str, np.ndarray]:
    """Arbitrary admissible parameters, shape (1, draws, ...)."""
    rng = np.random.default_rng(seed)
    outcomes, arms = len(model.OUTCOMES), len(ARM_KEYS)
    return {
        "control_mean": rng.normal(size=(1, draws, outcomes)),
        "control_sd_person": rng.uniform(0.5, 4, (1, draws, outcomes)),
        "control_sd_residual": rng.uniform(0.5, 4, (1, draws, outcomes)),
        "terms": rng.normal(size=(1, draws, len(TERMS))),
        "sd_person": rng.uniform(1, 4, (1, draws)),
        "sd_residual": rng.uniform(1, 4, (1, draws)),
        "sd_change": rng.uniform(0.1, 3, (1, draws, arms)),
        "slant": rng.uniform(-0.9, 0.9, (1, draws, arms)),
    }


def dense(values: dict[str, np.ndarray], draw: int, arm: int) -> np.ndarray:
    """Covariance of the three scores and the true change of a person, written out."""
    person, noise = values["sd_person"][0, draw], values["sd_residual"][0, draw]
    change, slant = values["sd_change"][0, draw, arm], values["slant"][0, draw, arm]
    own = np.array([[person**2, slant * person * change], [slant * person * change, change**2]])
    loads = np.array([[1, 0], [1, 1], [1, 1], [0, 1]])
    return loads @ own @ loads.T + np.diag([noise**2] * 3 + [0])


def test_the_true_change_of_a_person_is_the_conditional_normal_of_the_written_out_covariance(
    people,
):
    data = model.data(people[0])
    values = parameters()
    mean, sd = model.true_changes(data, values)
    average = model.mean_changes(values)
    for draw in range(3):
        for person in range(0, 4 * PEOPLE, 37):
            arm = data.arm[person]
            covariance = dense(values, draw, arm)
            seen = data.scores[person, :, 0] - data.design[person] @ values["terms"][0, draw]
            weights = np.linalg.solve(covariance[:3, :3], covariance[:3, 3])
            expected = average[0, draw, arm] + weights @ seen
            left = covariance[3, 3] - weights @ covariance[:3, 3]
            assert mean[0, draw, person] == pytest.approx(expected, rel=1e-9, abs=1e-9)
            assert sd[0, draw, person] == pytest.approx(np.sqrt(left), rel=1e-7)


def test_likelihoods_are_those_of_the_written_out_normals_and_of_the_model_itself(people):
    small = people[0][people[0]["participant_id"].isin(people[0]["participant_id"].unique()[:60])]
    data = model.data(small)
    values = parameters(1)
    ours = model.log_likelihood(data, values)
    noise = model.noise_log_likelihood(data, values)
    flat = np.eye(3)
    for draw in range(3):
        for person in range(len(data.arm)):
            expected = multivariate_normal.logpdf(
                data.scores[person, :, 0],
                data.design[person] @ values["terms"][0, draw],
                dense(values, draw, data.arm[person])[:3, :3],
            )
            assert ours[0, draw, person] == pytest.approx(expected, rel=1e-8)
        for place in range(len(model.OUTCOMES)):
            mean, tau, sigma = (values[name][0, draw, place] for name in model.NOISE)
            expected = multivariate_normal.logpdf(
                data.control[..., place], np.full(3, mean), tau**2 + sigma**2 * flat
            )
            assert noise[0, draw, :, place] == pytest.approx(expected, rel=1e-8)
    machine = model.build(data)
    logp = machine.compile_logp(vars=machine.potentials, jacobian=False)
    for draw in range(3):
        given = {name: drawn[0, draw] for name, drawn in values.items()}
        # either sign of the spread, with the correlation's sign turned
        sign = np.array([1, -1, 1, -1])
        given["signed_change"] = sign * given.pop("sd_change")
        given["control_signed_person"] = -given.pop("control_sd_person")
        given["signed_slant"] = np.arctanh(sign * given.pop("slant"))
        point = {}
        for name, drawn in given.items():
            value = machine.rvs_to_values[machine[name]]
            point[value.name] = np.log(drawn) if value.name.endswith("_log__") else drawn
        total = ours[0, draw].sum() + noise[0, draw].sum()
        assert logp(point) == pytest.approx(total, rel=1e-9)


def test_planted_spreads_of_true_change_are_recovered(frames):
    rows = frames["estimates"].set_index(["quantity", "group"])
    planted = {("threshold", "overall_empathy"): 1.96 * np.sqrt(1.5 * (SD_NOISE**2))}
    # scenarios differ, which the published reliability counts as noise
    planted["threshold", "overall_empathy"] *= np.sqrt(1 + SCENARIOS.var() / SD_NOISE**2)
    for arm in ARM_KEYS:
        planted["change.mean", arm] = MEAN[arm]
        planted["change.sd", arm] = SPREAD[arm]
        planted["true_change.zero", arm] = norm.cdf(MEAN[arm] / SPREAD[arm])
    planted |= {("change.slant", arm): SLANT[arm] for arm in ("coach", "combined")}
    for key, value in planted.items():
        row = rows.loc[key]
        assert abs(row["mean"] - value) < 3.5 * row["sd"] + 1e-3, (key, row["mean"], value)
    assert rows.loc[("change.sd", "coach"), "hdi_low"] > 1, "the data say something about it"


def test_with_the_planted_parameters_true_changes_scatter_as_much_as_they_should(people):
    data, change = model.data(people[0]), people[1]
    terms = np.zeros(len(TERMS))
    terms[0] = -1.5
    terms[-4:] = scenario_contrasts().T @ SCENARIOS
    for place, name in enumerate(TERMS):
        if name.startswith("effect"):
            terms[place] = MEAN[name[len("effect[") :].partition(",")[0]]
    planted = {
        "terms": terms,
        "sd_person": np.array(SD_PERSON),
        "sd_residual": np.array(SD_NOISE),
        "sd_change": np.array([SPREAD[arm] for arm in ARM_KEYS]),
        "slant": np.array([SLANT[arm] for arm in ARM_KEYS]),
    }
    mean, sd = model.true_changes(data, {key: value[None, None] for key, value in planted.items()})
    z = (change - mean[0, 0]) / sd[0, 0]
    assert abs(z.mean()) < 3.5 / np.sqrt(len(z))
    assert abs((z**2).mean() - 1) < 3.5 * np.sqrt(2 / len(z))


def test_intervals_of_single_people_hold_their_true_changes_and_probabilities_are_calibrated(
    people, frames
):
    table, change = frames["participants"], people[1]
    inside = (table["low"] <= change) & (change <= table["high"])
    # errors of the arms' parameters move the intervals of all their people together
    assert 0.9 < inside.mean() < 0.985
    height = frames["bars"].set_index("bar")["mean"]
    for bar in ("zero", "smallest", "threshold"):
        probability = table[f"p_{bar}"]
        assert probability.between(0, 1).all()
        expected, spread = probability.sum(), np.sqrt((probability * (1 - probability)).sum())
        # the parameters of the arms are estimated too: twice the spread of independent coins
        assert abs((change > height[bar]).sum() - expected) < 3.5 * 2 * spread, bar
    sure = table["p_smallest"] > 0.9
    assert (change[sure] > height["smallest"]).mean() > 0.9
    assert (table["p_zero"] >= table["p_smallest"]).all()
    assert (table["p_smallest"] >= table["p_threshold"]).all()


def test_expected_true_changes_are_nearer_the_truth_than_observed_ones(people, frames):
    table, change = frames["participants"], people[1]
    errors = {
        name: np.sqrt(((table[name] - change) ** 2).mean()) for name in ("change", "expected")
    }
    assert errors["expected"] < 0.7 * errors["change"]
    # and they know how far they are off
    assert errors["expected"] == pytest.approx(np.sqrt((table["sd"] ** 2).mean()), rel=0.1)


def test_reliability_agrees_with_restricted_maximum_likelihood(people, frames):
    published = reliability.fit(people[0])
    components = published["components"].set_index("quantity")
    rows = frames["estimates"].set_index(["quantity", "group"])
    for ours, theirs in {
        "variance.person": "var_person",
        "variance.residual": "var_residual",
        "reliability.one": "reliability_1",
        "reliability.two": "reliability_2",
        "threshold": "threshold",
    }.items():
        row, other = rows.loc[ours, "overall_empathy"], components.loc[theirs]
        width = other["ci_high"] - other["ci_low"]
        assert row["mean"] == pytest.approx(other["estimate"], abs=0.1 * width), ours
        assert row["hdi_low"] == pytest.approx(other["ci_low"], abs=0.15 * width), ours
        assert row["hdi_high"] == pytest.approx(other["ci_high"], abs=0.15 * width), ours


def test_the_published_verdict_is_carried_over_and_its_share_lies_around_the_count(people, frames):
    published = reliability.fit(people[0])
    theirs = published["changes"].set_index("participant_id")
    ours = frames["participants"].set_index("participant_id")
    pd.testing.assert_frame_equal(ours[["change", "outcome"]], theirs[["change", "outcome"]])
    shares = published["responders"].query("outcome == 'improved'").set_index("arm")["estimate"]
    rows = frames["estimates"].set_index(["quantity", "group"])
    for arm in ARM_KEYS:
        row = rows.loc["improved.share", arm]
        assert abs(row["mean"] - shares[arm]) < 2 * row["sd"], arm
        verdicts = frames["verdicts"]
        own = verdicts[verdicts["arm"] == arm]
        assert own["n"].sum() == PEOPLE
        weighted = (own["p_smallest"] * own["n"]).sum() / PEOPLE
        assert weighted == pytest.approx(ours.loc[ours["arm"] == arm, "p_smallest"].mean())


def test_published_numbers_have_their_counterparts_among_the_estimates(frames):
    named = set(zip(frames["estimates"]["quantity"], frames["estimates"]["group"], strict=True))
    mine = [c for c in COUNTERPARTS.values() if c.models == ("responders",)]
    assert len(mine) == 16
    assert {(counterpart.quantity, counterpart.group) for counterpart in mine} <= named


def test_the_fit_passes_the_gate_and_expects_what_is_observed(frames):
    assert frames["diagnostics"]["passed"].all(), frames["diagnostics"]["problems"].iloc[0]
    after = frames["posterior_predictive"]
    inside = after["observed"].between(after["low"], after["high"])
    assert inside.mean() > 0.85
    before = frames["prior_predictive"]
    assert before["observed"].between(before["low"], before["high"]).mean() > 0.85
    assert ((before["high"] - before["low"]) > (after["high"] - after["low"])).all()


def test_figures_show_every_participant_and_sentences_carry_the_numbers(frames):
    figure = plot_responders(frames["participants"], frames["bars"], frames["intervals"])
    panels = [axis for axis in figure.axes if axis.get_ylabel() or axis.get_xlim()[1] == 101]
    assert len(panels) == 4
    for axis in panels:
        columns = [c for c in axis.containers for c in c if c.get_gid() == "true-change"]
        assert len(columns) == PEOPLE
    rows = frames["estimates"].set_index(["quantity", "group"])
    threshold = rows.loc[("threshold", "overall_empathy"), "mean"]
    assert f"{threshold:.2f} points" in reliability_sentence(frames["estimates"])
    assert len(reliability_table(frames["estimates"])) == len(model.OUTCOMES)
    sentences = share_sentences(frames["estimates"], frames["verdicts"])
    assert len(sentences) == 4
    share = rows.loc[("true_change.smallest", "coach"), "mean"]
    assert f"{100 * share:.0f}%" in sentences[2]
    headline = headline_sensitivity(frames["sensitivity"])
    assert headline["label"].is_unique
    checks = plot_checks(
        frames["prior_predictive"], frames["posterior_predictive"], headline, **CHECKS
    )
    assert len(checks.axes) == len(CHECKS["titles"]) + 1


def test_data_without_an_arm_a_conversation_or_any_differences_are_refused_in_words(people):
    conversations = people[0]
    with pytest.raises(LendAnEarError, match="no conversation 1 of the arm 'video'"):
        model.data(conversations[conversations["arm"] != "video"])
    with pytest.raises(LendAnEarError, match=f"1 of {4 * PEOPLE} participants in this data have"):
        model.data(conversations.drop(conversations.index[0]))
    with pytest.raises(LendAnEarError, match="nobody's 'advice_giving' does"):
        model.data(conversations.assign(advice_giving=2))
