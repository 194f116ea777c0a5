"""Benchmarks compare like with like, and measuring one part keeps the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.bayes import _as_ours, _for_r
from benchmarks.fit import CHAINS
from benchmarks.report import report, sections
from lendanear.bayes.sbc.trials import trial_design
from lendanear.bayes.trial import TREATED, design_matrix
from lendanear.vocabulary import ARM_KEYS, SCENARIO_KEYS


def test_draws_of_rstanarm_expect_the_scores_that_they_expect_as_draws_of_our_model():
    random = np.random.default_rng(1)
    trial = trial_design(["overall_empathy"])
    coefficients = {"(Intercept)": np.ones(len(trial.arm))}
    arms = {f"arm{arm}": trial.arm == ARM_KEYS.index(arm) for arm in TREATED}
    numbers = {f"number{number}": trial.number == number for number in (2, 3)}
    coefficients |= arms | numbers
    coefficients |= {
        f"{arm}:{number}": arms[arm] & numbers[number] for arm in arms for number in numbers
    }
    coefficients |= {
        f"scenario{key}": trial.scenario == place
        for place, key in enumerate(SCENARIO_KEYS)
        if place
    }
    draws = pd.DataFrame(random.normal(size=(CHAINS * 5, len(coefficients))), columns=coefficients)
    expected = draws.to_numpy() @ np.array([*coefficients.values()], dtype=float)
    draws["sigma"], draws["Sigma[participant:(Intercept),(Intercept)]"] = 2.0, 9.0
    draws["divergent__"], draws["energy__"] = 0, 1.0
    ours = _as_ours(draws)
    posterior = ours.posterior
    found = posterior["terms"].to_numpy() @ design_matrix(trial).T
    assert found.reshape(expected.shape) == pytest.approx(expected)
    assert (posterior["sd_person"] == 3).all()
    assert (posterior["sd_residual"] == 2).all()
    own = posterior["effect"].to_numpy().reshape(len(draws), -1)
    assert own[:, 1] == pytest.approx(draws[f"arm{TREATED[0]}:number3"])
    assert ours.sample_stats["diverging"].sum() == 0


def test_r_reads_levels_in_our_order():
    rows = pd.DataFrame(
        {
            "participant_id": ["a", "a"],
            "overall_empathy": [1, 2],
            "arm": pd.Categorical([ARM_KEYS[2], ARM_KEYS[0]], categories=ARM_KEYS),
            "conversation_number": [1, 3],
            "scenario": pd.Categorical(SCENARIO_KEYS[3:5], categories=SCENARIO_KEYS),
        }
    )
    read = _for_r(rows)
    assert read["arm_place"].tolist() == [2, 0]
    assert read["number_place"].tolist() == [0, 2]
    assert read["scenario_place"].tolist() == [3, 4]
    assert read["arm"].tolist() == [ARM_KEYS[2], ARM_KEYS[0]]


def test_measuring_one_part_keeps_what_is_known_of_the_other(tmp_path):
    path = tmp_path / "results.md"
    report({"One": ["| a |"], "Two": ["first"]}, ["One", "Two"], path)
    text = report({"Two": ["second"]}, ["One", "Two"], path)
    assert list(sections(text)) == ["One", "Two"]
    assert sections(text)["One"].endswith("| a |")
    assert "second" in sections(text)["Two"]
    assert "first" not in text
    assert text.startswith("# Benchmarks\n")
    assert " cores, " in sections(text)["Two"].splitlines()[0]
