"""The figure of the public file shows every estimate once, and its sentences say what it shows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lendanear.bayes.estimates.public_change import INTEGRATED, correlations
from lendanear.bayes.quantities import estimates, two_intervals
from lendanear.bayes.trial import PERIODS
from lendanear.figures import bayes_public as figures
from lendanear.figures.predictive import plot_checks
from lendanear.vocabulary import SCENARIO_KEYS

EFFECTS = {"coach vs control": 2.9, "combined vs control": 3.5, "combined vs coach": 0.6}
SLOPE = {"all": 38.0, "mom_unwell": 46.0}


def draws(mean: float, seed: int = 0) -> np.ndarray:
    return mean + 0.3 * np.random.default_rng(seed).standard_normal((2, 400))


@pytest.fixture(scope="module")
def change() -> dict:
    reported = {}
    for number, (group, mean) in enumerate(EFFECTS.items()):
        for period in PERIODS:
            key = f"{group}, {period}"
            reported["effect.overall_empathy.points", key] = draws(mean, number)
            reported["effect.overall_empathy.sd", key] = draws(mean / 4, number)
    for arm in ("coach", "combined"):
        for period, mean in zip(PERIODS, (2.5, 3.25, 2.9), strict=True):
            reported["change.overall_empathy.points", f"{arm}, {period}"] = draws(mean)
        reported["step.overall_empathy.points", arm] = draws(0.75)
    reported["step.overall_empathy.points", "mean of both arms"] = draws(0.75)
    return reported


@pytest.fixture(scope="module")
def elo() -> dict:
    reported = {}
    for part in ("-6 to 6", "-12 to 12", *figures.PARTS):
        reported["slope.elo_per_point", f"all, {part}"] = draws(SLOPE["all"])
        reported["share_of_rise", f"all, {part}"] = draws(0.25) / 10 + 0.225
    for key in SCENARIO_KEYS:
        slope = SLOPE.get(key, SLOPE["all"])
        reported["slope.elo_per_point", f"{key}, -6 to 6"] = draws(slope)
        reported["slope.difference", key] = draws(slope - SLOPE["all"])
    reported["r2", "all"] = draws(0.7) / 10 + 0.63
    return reported


@pytest.fixture(scope="module")
def pairing() -> pd.DataFrame:
    rows = []
    for quantity, groups in (("effect", EFFECTS), ("change", ("coach", "combined"))):
        for group in groups:
            for period in PERIODS:
                known = [*correlations().items(), (INTEGRATED, np.nan)]
                rows += [
                    (quantity, f"{group}, {period}", name, r, 0.4 - 0.2 * np.nan_to_num(r, nan=0.6))
                    for name, r in known
                ]
    return pd.DataFrame(rows, columns=["quantity", "group", "known", "correlation", "sd"])


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "arm": ["coach", "combined"],
            "published_change": [2.855, 3.575],
            "change": [2.1, 3.2],
            "published_sd": [3.6, 3.4],
            "implied_correlation": [0.56, 0.6],
            "prior_probability": [0.3, 0.4],
        }
    )


def test_every_effect_slope_and_share_has_its_row(change, elo, pairing, published):
    curve = pd.DataFrame({"scenario": "all", "score": range(-12, 13)})
    curve["mean"] = 1500 + 38.0 * curve["score"]
    curve["low_95"], curve["high_95"] = curve["mean"] - 20, curve["mean"] + 20
    cells = pd.DataFrame({"scenario": SCENARIO_KEYS, "score": 0, "n": 9, "estimate": 1500.0})
    figure = figures.plot_public(
        two_intervals(change), pairing, published, two_intervals(elo), curve, cells
    )
    marks = [line for axis in figure.axes for line in axis.lines]
    means = [float(line.get_xdata()[0]) for line in marks if line.get_gid() == "mean"]
    assert len(means) == 9 + 6 + 4
    effects = [two_intervals(change)["mean"][place] for place in (2, 8, 14)]
    assert all(any(abs(mean - effect) < 1e-9 for mean in means) for effect in effects)
    ticks = [float(line.get_xdata()[0]) for line in marks if line.get_gid() == "published"]
    assert ticks == [2.855, 3.575]
    written = {label.get_text() for axis in figure.axes for label in axis.get_yticklabels()}
    assert {"Conversation 2", "Conversation 3", "Mean of both", "Mother's cancer"} <= written


def test_sentences_say_the_estimates(change, elo, pairing, published):
    table, ratings = estimates("public_change", change), estimates("public_elo", elo)
    coach, combined, difference = figures.effect_sentences(table, published)
    assert "AI Coach" in coach
    assert f"{table['mean'][2]:.2f} points" in coach
    assert "2.100 in this file and 2.855 in the paper" in coach
    assert f"{table['mean'][8]:.2f} points" in combined
    share = (change["effect.overall_empathy.points", "combined vs coach, both"] > 0).mean()
    assert f"is {100 * share:.0f}%" in difference
    second = change["change.overall_empathy.points", "coach, conversation 2"].mean()
    assert f"from +{second:.2f} in conversation 2" in figures.step_sentence(table)
    assert "0.40 at a correlation of 0, 0.28 at 0.62" in figures.pairing_sentence(
        pairing, published
    )
    slope = elo["slope.elo_per_point", "all, -6 to 6"].mean()
    assert f"**{slope:.1f} Elo points**" in figures.elo_sentence(ratings)
    assert "Mother's cancer: 8.0 Elo points per point steeper" in figures.scenario_sentence(ratings)
    assert "clear of zero for Mother's cancer" in figures.scenario_sentence(ratings)


def test_checks_label_rows_of_both_models(change, elo):
    rows = [
        ("share.before", "off the scale", 0.0, 0.0, 0.0, 0.1),
        ("mean", "coach, conversation 2", 1.0, 1.0, 0.5, 1.5),
        ("correlation", "promotion", 0.85, 0.85, 0.8, 0.9),
        ("rating.mean", "-12 to -6", 1200.0, 1200.0, 1100.0, 1300.0),
    ]
    frame = pd.DataFrame(rows, columns=["what", "group", "observed", "mean", "low", "high"])
    keys = [*change, *elo]
    sensitivity = pd.DataFrame(keys, columns=["quantity", "group"]).assign(
        prior=0.02, likelihood=0.1
    )
    headline = figures.headline_sensitivity(sensitivity[: len(change)], sensitivity[len(change) :])
    assert len(headline) == 9
    figure = plot_checks(frame, frame, headline, **figures.CHECKS)
    written = {label.get_text() for axis in figure.axes for label in axis.get_yticklabels()}
    assert {"off the scale", "AI Coach, 2", "Passed over\nfor promotion"} <= written
    assert "\N{MINUS SIGN}12 to \N{MINUS SIGN}6" in written


def test_the_table_names_everything_in_words(change, elo):
    shown = figures.estimates_table(
        estimates("public_change", change), estimates("public_elo", elo)
    )
    assert not shown["Group"].str.contains("_|all,").any()
    assert "Combined vs AI Coach, mean of both" in set(shown["Group"])
