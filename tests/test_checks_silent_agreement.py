"""Rebuilt numbers carry the published ids, each from the right row of the results."""

from __future__ import annotations

import pandas as pd
import pytest
from simulated import pilot_ratings, trial_with_reports

from lendanear.checks.published import read_published
from lendanear.checks.rebuilt import agreement as agreement_family
from lendanear.checks.rebuilt import secondary as secondary_family
from lendanear.checks.rebuilt import silent_empathy as silent_family
from lendanear.errors import MissingDataError
from lendanear.models import agreement, silent_empathy
from lendanear.study import Study
from lendanear.tables.store import write_table


def ids(family: str) -> set[str]:
    return {n.id for n in read_published() if n.id.startswith(f"{family}.")}


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    build = tmp_path_factory.mktemp("build")
    models = {
        "silent_empathy": silent_empathy.fit(**trial_with_reports(200, seed=3)),
        "agreement": agreement.fit(pilot_ratings(30), replicates=20),
    }
    for model, frames in models.items():
        for name, frame in frames.items():
            write_table(frame, build / "results" / f"{model}.{name}.parquet")
    return Study("synthetic", True, False, [], build, build)


def test_every_published_id_is_produced_and_no_other(study):
    assert set(silent_family.rebuilt(study)) == ids("silent")
    assert set(agreement_family.rebuilt(study)) == ids("kappa")


def test_values_come_from_the_rows_they_name(study):
    values = silent_family.rebuilt(study)
    rows = study.result("silent_empathy", "correlations").set_index(
        ["predictor", "unit", "conversations", "method"]
    )
    sites = rows.loc[("sites", "participant", "all", "pearson"), "estimate"]
    assert values["silent.r.sites"].value == pytest.approx(sites)
    first = rows.loc[("self_showed_understanding", "conversation", "first", "pearson"), "r2"]
    assert values["silent.r2_first.understanding"].value == pytest.approx(first)
    counted = sum(values[f"silent.self_empathized_count.{score}"].value for score in range(1, 6))
    assert counted == 600
    kappas = study.result("agreement", "kappas").set_index(["pair", "dimension", "measure"])
    rank = kappas.loc[("llm_crowd", "self_oriented", "kappa_rank"), "estimate"]
    rebuilt = agreement_family.rebuilt(study)["kappa.llm_crowd.self_oriented"]
    assert rebuilt.value == pytest.approx(rank)


def test_press_numbers_are_shares_of_all_conversations_and_realism_is_left_out(study, tmp_path):
    values = secondary_family.rebuilt(study)
    # without the reliability model the coach's improvement is missing, and nothing else
    assert set(values) == ids("secondary") - {"secondary.realistic", "secondary.coach_sd"}
    levels = study.result("silent_empathy", "levels").query(
        "arm == 'all' and conversation == 'all' and rated_by == 'judge'"
    )
    judged = levels.set_index("self_report")["estimate"]["self_showed_understanding"]
    assert values["secondary.judged_understanding_high"].value == pytest.approx(judged)
    for frame in (study.build / "results").glob("silent_empathy.*"):
        (tmp_path / "results").mkdir(exist_ok=True)
        (tmp_path / "results" / frame.name).write_bytes(frame.read_bytes())
    summary = pd.DataFrame(
        {"arm": ["control", "coach"], "estimate": [-0.053, 2.855], "sd": [2.968, 3.4]}
    )
    write_table(summary, tmp_path / "results" / "reliability.summary.parquet")
    other = Study("synthetic", True, False, [], tmp_path, tmp_path)
    coach = secondary_family.rebuilt(other)["secondary.coach_sd"].value
    assert coach == pytest.approx((2.855 + 0.053) / 2.968)


def test_missing_results_are_said(tmp_path):
    nothing = Study("mine", False, False, [], tmp_path, tmp_path)
    for family in (silent_family, secondary_family, agreement_family):
        with pytest.raises(MissingDataError, match="no result"):
            family.rebuilt(nothing)
