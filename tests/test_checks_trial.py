"""Rebuilt numbers of the trial carry the published ids, each from the right row."""

from __future__ import annotations

import pytest

from lendanear.checks.published import read_published
from lendanear.checks.rebuilt import demographics as demographics_family
from lendanear.checks.rebuilt import design as design_family
from lendanear.checks.rebuilt import reliability as reliability_family
from lendanear.checks.rebuilt import score as score_family
from lendanear.errors import MissingDataError
from lendanear.models import demographics, reliability
from lendanear.study import Study
from lendanear.tables.store import write_table
from tests.simulated_trial import simulate_trial

PEOPLE = 30


def ids(*families: str) -> set[str]:
    return {n.id for n in read_published() if n.id.split(".")[0] in families}


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    build = tmp_path_factory.mktemp("build")
    tables = simulate_trial(PEOPLE, seed=8)
    for name, frame in tables.items():
        write_table(frame, build / "tables" / f"{name}.parquet")
    models = {
        "reliability": reliability.fit(tables["conversations"]),
        "demographics": demographics.fit(**tables),
    }
    for model, frames in models.items():
        for name, frame in frames.items():
            write_table(frame, build / "results" / f"{model}.{name}.parquet")
    return Study("synthetic", True, False, [], build, build)


def test_every_published_id_is_produced_and_no_other(study):
    assert set(design_family.rebuilt(study)) == ids("design")
    assert set(reliability_family.rebuilt(study)) == ids("reliability", "responder")
    assert set(demographics_family.rebuilt(study)) == ids("demographics")
    assert set(score_family.rebuilt(study)) == ids("score")


def test_values_come_from_the_rows_they_name(study):
    conversations = study.table("conversations")
    design = design_family.rebuilt(study)
    assert design["design.n_arm.CoachPlusInfluencer"].value == PEOPLE
    assert design["design.n_conv_per_participant"].value == 3
    first = conversations.query("conversation_number == 1")
    assert design["design.n_first.mom_unwell"].value == (first["scenario"] == "mom_unwell").sum()
    assert (
        design["design.n_first_trouble.personal"].value
        == (first["trouble_type"] == "personal").sum()
    )
    score = score_family.rebuilt(study)
    assert score["score.sd"].value == pytest.approx(
        conversations["overall_empathy"].to_numpy(dtype=float).std(ddof=1)
    )
    responders = reliability_family.rebuilt(study)
    summary = study.result("reliability", "summary").set_index("arm")
    assert responders["responder.sd_change.AICoach"].value == summary.loc["coach", "sd"]
    table = study.result("demographics", "coefficients").set_index(
        ["regression", "scaling", "term"]
    )
    row = table.loc[("change", "regression", "video:age")]
    rebuilt = demographics_family.rebuilt(study)["demographics.change.video_age"]
    assert (rebuilt.value, rebuilt.se) == (row["estimate"], row["se"])


def test_published_standard_errors_are_rebuilt_too(study):
    values = demographics_family.rebuilt(study)
    for published in read_published():
        if published.id in values and published.se is not None:
            assert values[published.id].se is not None, published.id


def test_without_the_results_the_family_says_what_is_missing(tmp_path):
    empty = Study("own", False, False, [], tmp_path, tmp_path)
    for family in (design_family, reliability_family, demographics_family, score_family):
        with pytest.raises(MissingDataError):
            family.rebuilt(empty)
