"""The silent-empathy model recovers planted relations and levels, and agrees with plain sums."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats
from simulated import HIGH, trial_with_reports

from lendanear.models import silent_empathy
from lendanear.vocabulary import SELF_REPORT_KEYS


@pytest.fixture(scope="module")
def study() -> dict[str, pd.DataFrame]:
    return trial_with_reports(600, seed=1)


@pytest.fixture(scope="module")
def fitted(study) -> dict[str, pd.DataFrame]:
    return silent_empathy.fit(**study)


def row_of(frame: pd.DataFrame, **cells: str) -> pd.Series:
    for column, value in cells.items():
        frame = frame[frame[column] == value]
    assert len(frame) == 1
    return frame.iloc[0]


@pytest.mark.parametrize(
    ("predictor", "judged"),
    [("jordan", "overall_empathy"), ("sites", "overall_empathy")],
)
def test_trait_correlations_set_one_mean_per_participant_against_the_trait(
    study, fitted, predictor, judged
):
    means = study["conversations"].groupby("participant_id")[judged].mean().astype(float)
    trait = study["participants"].set_index("participant_id")[predictor].astype(float)
    expected = stats.pearsonr(trait, means.loc[trait.index])
    found = row_of(
        fitted["correlations"],
        predictor=predictor,
        unit="participant",
        conversations="all",
        method="pearson",
    )
    assert (found["estimate"], found["p"]) == pytest.approx((expected.statistic, expected.pvalue))
    assert found["r2"] == pytest.approx(expected.statistic**2)
    assert found["n"] == found["participants"] == 600


@pytest.mark.parametrize("which", ["all", "first"])
def test_r2_over_conversations_is_that_of_a_regression(study, fitted, which):
    conversations = study["conversations"]
    if which == "first":
        conversations = conversations[conversations["conversation_number"] == 1]
    x = conversations["self_showed_understanding"].to_numpy(float)
    y = conversations["demonstrating_understanding"].to_numpy(float)
    found = row_of(
        fitted["correlations"],
        predictor="self_showed_understanding",
        unit="conversation",
        conversations=which,
        method="pearson",
    )
    assert found["r2"] == pytest.approx(sm.OLS(y, sm.add_constant(x)).fit().rsquared)
    assert (found["n"], found["participants"]) == (len(x), 600)


def test_a_planted_relation_is_found_and_an_absent_one_is_covered():
    found = silent_empathy.fit(**trial_with_reports(3000, seed=5, link=0.3))["correlations"]
    pearson = found[(found["method"] == "pearson") & (found["unit"] == "conversation")]
    linked = pearson[pearson["predictor"] == "self_encourage_elaboration"]
    # two scales of five levels show somewhat less than the planted .3
    assert ((linked["estimate"] > 0.2) & (linked["estimate"] < 0.3)).all()
    assert (linked["p"] < 1e-6).all()
    absent = pearson[pearson["predictor"] == "self_showed_understanding"]
    assert (absent["estimate"].abs() < 0.07).all()
    assert (absent["ci_low"] < 0.02).all() and (absent["ci_high"] > -0.02).all()


def test_every_published_correlation_has_both_methods_and_both_samples(fitted):
    correlations = fitted["correlations"]
    assert set(correlations["predictor"]) == {"jordan", "sites", *SELF_REPORT_KEYS}
    samples = correlations.groupby("predictor")[["unit", "conversations"]].apply(
        lambda rows: set(rows.itertuples(index=False, name=None))
    )
    assert samples["jordan"] == {("participant", "all"), ("conversation", "first")}
    assert samples["self_empathized"] == samples["jordan"] | {("conversation", "all")}
    assert (correlations.groupby("predictor")["method"].value_counts() >= 2).all()
    inside = correlations["estimate"].between(correlations["ci_low"], correlations["ci_high"])
    assert inside.all()


def test_planted_shares_of_high_levels_are_recovered(study):
    levels = silent_empathy.fit(**trial_with_reports(4000, seed=2))["levels"]
    for report, judged in silent_empathy.SAME_SCALE.items():
        for rated_by, column in (("self", report), ("judge", judged)):
            found = row_of(
                levels, self_report=report, rated_by=rated_by, arm="all", conversation="all"
            )
            assert found["estimate"] == pytest.approx(HIGH[column], abs=4 * found["se"])
            assert found["se"] < 0.01


def test_levels_are_plain_shares_of_every_arm_and_conversation(study, fitted):
    conversations = study["conversations"]
    for row in fitted["levels"].itertuples():
        cell = conversations
        if row.arm != "all":
            cell = cell[cell["arm"] == row.arm]
        if row.conversation != "all":
            cell = cell[cell["conversation_number"] == int(row.conversation)]
        column = row.self_report if row.rated_by == "self" else row.judged
        assert row.estimate == pytest.approx((cell[column] >= 4).mean())
        assert row.n == len(cell)
        assert row.ci_low <= row.estimate <= row.ci_high
    assert len(fitted["levels"]) == (4 + 2) * 5 * 4


def test_intervals_over_all_conversations_are_wider_than_if_they_were_independent(fitted):
    rows = fitted["levels"].query("arm == 'all' and conversation == 'all' and rated_by == 'self'")
    independent = np.sqrt(rows["estimate"] * (1 - rows["estimate"]) / rows["n"])
    # within a participant half of the latent variance is shared
    assert (rows["se"] > 1.15 * independent).all()


def test_a_gap_is_the_difference_of_its_two_levels(fitted):
    keys = ["self_report", "arm", "conversation"]
    share = fitted["levels"].set_index([*keys, "rated_by"])["estimate"]
    gaps = fitted["gaps"]
    for row in gaps[gaps["quantity"] == "share_high"].itertuples():
        own, judged = (share[row.self_report, row.arm, row.conversation, by]
                       for by in ("self", "judge"))  # fmt: skip
        assert row.estimate == pytest.approx(own - judged)
    assert set(gaps["self_report"]) == {"self_encourage_elaboration", "self_showed_understanding"}


def test_counts_of_self_reports_add_up(study, fitted):
    counts = fitted["report_counts"]
    assert (counts.groupby("self_report")["count"].sum() == 1800).all()
    fours = row_of(counts[counts["score"] == 4], self_report="self_empathized")
    assert fours["count"] == (study["conversations"]["self_empathized"] == 4).sum()


def test_overestimation_by_z_scores_is_counted_person_by_person(study, fitted):
    means = study["conversations"].groupby("participant_id")[
        ["self_empathized", "overall_empathy"]
    ].mean().astype(float)  # fmt: skip
    z = (means - means.mean()) / means.std()
    found = row_of(fitted["overestimation"], self_report="self_empathized", scale="z")
    assert found["count"] == (z["self_empathized"] > z["overall_empathy"]).sum()
    # unrelated z-scores put nearly half of all people on either side
    assert found["estimate"] == pytest.approx(0.5, abs=0.08)
    points = fitted["overestimation"].query("scale == 'points'")
    assert (points["estimate"] > 0.8).all()


def test_positions_count_everybody_once_and_lines_run_through_the_means(study, fitted):
    assert (fitted["positions"].groupby("predictor")["count"].sum() == 600).all()
    trait = study["participants"]["jordan"].astype(float)
    line = fitted["lines"].query("predictor == 'jordan'")
    assert (line["x"].min(), line["x"].max()) == (trait.min(), trait.max())
    centre = np.interp(trait.mean(), line["x"], line["estimate"])
    assert centre == pytest.approx(study["conversations"]["overall_empathy"].astype(float).mean())


def test_missing_self_reports_and_traits_are_left_out(study):
    conversations, participants = (study[name].copy() for name in ("conversations", "participants"))
    conversations.loc[:899, "self_empathized"] = pd.NA
    conversations["self_demonstrate_desire"] = pd.array([pd.NA] * 1800, dtype="Int8")
    participants.loc[:9, "jordan"] = pd.NA
    frames = silent_empathy.fit(participants=participants, conversations=conversations)
    correlations = frames["correlations"].query("unit == 'participant' and method == 'pearson'")
    n = correlations.set_index("predictor")["n"]
    assert (n["jordan"], n["sites"], n["self_empathized"]) == (590, 600, 300)
    assert n["self_demonstrate_desire"] == 0
    gone = correlations.set_index("predictor").loc["self_demonstrate_desire"]
    assert np.isnan(gone["estimate"])
    shares = frames["levels"].query("self_report == 'self_empathized' and arm == 'all'")
    assert row_of(shares, conversation="all")["n"] == 900
