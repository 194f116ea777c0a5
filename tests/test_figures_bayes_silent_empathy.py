"""The figures of silent empathy show every estimate once, and sentences say what they show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import EllipseCollection, LineCollection

from lendanear.bayes.estimates.silent_correlation import FELT as REPORTED_FELT
from lendanear.bayes.models.silent_correlation import PAIRS as MODEL_PAIRS
from lendanear.bayes.models.silent_levels import JUDGED
from lendanear.bayes.quantities import estimates, two_intervals
from lendanear.bayes.trial import PERIODS, TREATED
from lendanear.figures import bayes_silent_empathy as figures
from lendanear.figures.predictive import plot_checks
from lendanear.vocabulary import ARM_KEYS, ARMS, CONVERSATION_NUMBERS

CORRELATIONS = dict(zip(figures.PAIRS, (0.06, 0.11, -0.02, 0.31), strict=True))
UNCORRECTED = {"self_empathized": 0.048, "jordan": -0.031, "sites": 0.022}
BOUND = 0.1


def draws(mean: float, sd: float = 0.02) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal((2, 500))
    return mean + sd * (noise - noise.mean())


@pytest.fixture(scope="module")
def correlation() -> dict[str, pd.DataFrame]:
    reported = {("correlation.latent", pair): draws(r) for pair, r in CORRELATIONS.items()}
    reported |= {("r2.latent", pair): draws(r) ** 2 for pair, r in CORRELATIONS.items()}
    reported["r2.both", figures.FELT] = draws(0.023, 0.001)
    reported["correlation.conversation", "reported and expressed"] = draws(0.07)
    for name, r in UNCORRECTED.items():
        reported["correlation.score", name] = draws(r)
    for name in ("jordan", "self_empathized", "overall_empathy"):
        reported["reliability", name] = draws(0.77)
    rope = [(pair, BOUND, 0.82, 0.03, 0.15) for pair in CORRELATIONS]
    by_hand = [("jordan", "overall_empathy", -0.037), ("self_empathized", "overall_empathy", 0.059)]
    return {
        "estimates": estimates("silent_correlation", reported),
        "intervals": two_intervals(reported),
        "rope": pd.DataFrame(rope, columns=["pair", "bound", "inside", "below", "above"]),
        "attenuation": pd.DataFrame(by_hand, columns=["one", "other", "corrected"]),
    }


@pytest.fixture(scope="module")
def levels() -> dict[str, pd.DataFrame]:
    reported = {}
    for behaviour in JUDGED:
        for place, arm in enumerate(ARM_KEYS):
            for number in CONVERSATION_NUMBERS:
                group = f"{behaviour}, {arm}, conversation {number}"
                reported["level.self", group] = draws(0.74)
                reported["level.judge", group] = draws(0.13)
                reported["gap.share", group] = draws(0.61 - 0.05 * place)
            for when in ("before", "after"):
                for quantity, mean in (("sd", 0.27), ("positive", 0.95), ("large", 0.7)):
                    key = f"{behaviour}, {arm}, {when}"
                    reported[f"people.{quantity}", key] = draws(mean - 0.1 * place)
        for arm in TREATED:
            for period in PERIODS:
                key = f"{behaviour}, {arm}, {period}"
                reported["gap.effect", key] = draws(-0.17)
                reported["effect.self", key] = draws(0.04)
                reported["effect.judge", key] = draws(0.21)
            reported["gap.closed", f"{behaviour}, {arm}"] = draws(0.26)
            reported["people.effect", f"{behaviour}, {arm}"] = draws(-0.19)
        reported["people.arm", behaviour] = draws(0.08, 0.01)
        reported["correlation.person", behaviour] = draws(-0.07)
        reported["odds.conversation", behaviour] = draws(3.4)
    intervals = two_intervals(reported)
    parts = intervals["group"].str.split(", ", expand=True)
    closing = [(behaviour, arm, 0.97, 0.02) for behaviour in JUDGED for arm in TREATED]
    return {
        "estimates": estimates("silent_levels", reported),
        "intervals": intervals.assign(behaviour=parts[0], arm=parts[1], period=parts[2]),
        "closing": pd.DataFrame(closing, columns=["behaviour", "arm", "any", "half"]),
    }


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    gaps = np.round(np.arange(-1, 1.01, 0.05), 2)
    rows = [
        (behaviour, arm, when, gap, share)
        for behaviour in JUDGED
        for arm in ARM_KEYS
        for when in ("before", "after")
        for gap, share in zip(gaps, np.where(gaps > 0, gaps, 0) / gaps[gaps > 0].sum(), strict=True)
    ]
    return pd.DataFrame(rows, columns=["behaviour", "arm", "when", "gap", "share"])


@pytest.fixture(scope="module")
def published() -> pd.DataFrame:
    samples = [("participant", "all"), ("conversation", "all"), ("conversation", "first")]
    rows = [
        (name, unit, which, method, r if (unit, method) == ("participant", "pearson") else 0.9)
        for name, r in UNCORRECTED.items()
        for unit, which in samples
        for method in ("pearson", "spearman")
    ]
    columns = ["predictor", "unit", "conversations", "method", "estimate"]
    return pd.DataFrame(rows, columns=columns)


@pytest.fixture(scope="module")
def figure(correlation, levels, people, published):
    return figures.plot_silent_empathy(
        correlation["intervals"], correlation["rope"], published, levels["intervals"], people
    )


def marks(axis, gid: str) -> list:
    return [artist for artist in axis.get_children() if artist.get_gid() == gid]


def test_names_of_correlations_and_behaviours_are_those_of_the_models():
    assert set(figures.PAIRS) == {REPORTED_FELT, *MODEL_PAIRS}
    assert figures.FELT == REPORTED_FELT
    assert figures.BEHAVIOURS == JUDGED
    assert figures.TREATED == TREATED


def test_every_correlation_has_a_row_and_published_ones_a_cross(figure):
    axis = figure.axes[0]
    means = [float(mark.get_xdata()[0]) for mark in marks(axis, "mean")]
    np.testing.assert_allclose(means, list(CORRELATIONS.values()), atol=1e-9)
    crosses = {
        (round(float(mark.get_ydata()[0])), round(float(mark.get_xdata()[0]), 3))
        for mark in marks(axis, "uncorrected")
    }
    assert crosses == {(1, 0.048), (2, -0.031), (2, 0.022)}
    (band,) = marks(axis, "rope")
    assert (band.get_x(), band.get_width()) == pytest.approx((-BOUND, 2 * BOUND))
    low, high = axis.get_xlim()
    for line in marks(axis, "interval-95"):
        assert (low < line.get_xdata()).all()
        assert (line.get_xdata() < high).all()


def test_every_arm_has_a_gap_with_two_intervals_in_every_conversation(figure):
    for axis in figure.axes[1:3]:
        means = marks(axis, "mean")
        assert len(means) == len(ARMS) * len(CONVERSATION_NUMBERS)
        for gid in ("interval-50", "interval-95"):
            lines = marks(axis, gid)
            assert len(lines) == len(means)
            assert all(isinstance(line, LineCollection) for line in lines)
        written = [text for text in axis.texts if text.get_text() in {arm.label for arm in ARMS}]
        heights = sorted(text.xy[1] for text in written)
        assert len(heights) == len(ARMS)
        assert np.diff(heights).min() > 5
        first = [mark.get_ydata()[0] for mark in means[:3]]
        np.testing.assert_allclose(first, 61)


def test_a_hundred_people_stand_for_every_arm(figure, people):
    for axis in figure.axes[3:]:
        dots = [c for c in axis.collections if isinstance(c, EllipseCollection)]
        assert [len(c.get_offsets()) for c in dots] == [figures.TYPICAL] * len(ARMS)
        assert [text.get_text().split()[0] for text in marks(axis, "large")] == [
            "70%", "60%", "50%", "40%"
        ]  # fmt: skip
    shown = figures.typical_people(people, count=1000)
    own = shown[(shown["arm"] == "coach") & (shown["when"] == "after")]
    mean = (own["gap"] * own["count"]).groupby(own["behaviour"]).sum() / 1000
    exact = people[(people["arm"] == "coach") & (people["when"] == "after")]
    expected = (exact["gap"] * exact["share"]).groupby(exact["behaviour"]).sum()
    np.testing.assert_allclose(mean, expected, atol=0.002)


def test_sentences_on_correlations_carry_the_numbers(correlation, published):
    said = figures.correlation_sentences(correlation["estimates"], correlation["rope"], published)
    assert len(said) == 4
    assert all("practically none, nearer to zero than 0.1, is 82%" in text for text in said[:3])
    assert "+0.11" in said[1]
    assert "+0.05 for Felt empathy" in said[1]
    assert "\N{MINUS SIGN}0.03 for Jordan" in said[2]
    assert "2.3%" in said[3]
    assert "**0.77**" in figures.reliability_sentence(correlation["estimates"])
    assert "+0.07" in figures.conversation_sentence(correlation["estimates"])
    table = figures.correlation_table(
        correlation["estimates"], correlation["attenuation"], published
    )
    assert list(table["Spearman's correction"]) == ["0.06", "\N{MINUS SIGN}0.04", figures.DASH]
    assert list(table["Published analysis: r"]) == ["0.048", "\N{MINUS SIGN}0.031", "0.022"]
    assert table["Bayesian, freed of noise"].str.startswith(("0.11", "\N{MINUS SIGN}0.02")).all()


def test_sentences_on_the_gap_and_on_people_carry_the_numbers(levels):
    said = figures.gap_sentences(levels["estimates"], levels["closing"])
    assert len(said) == len(JUDGED) * (1 + len(TREATED))
    assert "74% say" in said[0]
    assert "a gap of 61 percentage points" in said[0]
    for text in (said[1], said[-1]):
        assert "by \N{MINUS SIGN}17 percentage points" in text
        assert "closes 26% of it" in text
        assert "Self-reports move by +4, judged behaviour by +21 points" in text
        assert "anything 97%, at least half 2.0%" in text
    about = figures.people_sentences(levels["estimates"])
    assert "vary by 27 percentage points" in about[0]
    assert "95% of people" in about[0]
    assert "70% of people" in about[0]
    assert "AI Coach \N{MINUS SIGN}19" in about[1]
    assert "8.0%" in about[1]
    assert "3.4 times" in about[2]


def test_gaps_that_were_counted_stand_beside_those_of_the_model(levels):
    rows = [
        ("share_high", behaviour, arm, str(number), 0.58, 0.52, 0.64)
        for behaviour in JUDGED
        for arm in ARM_KEYS
        for number in CONVERSATION_NUMBERS
    ]
    columns = ["quantity", "judged", "arm", "conversation", "estimate", "ci_low", "ci_high"]
    table = figures.gap_table(levels["estimates"], pd.DataFrame(rows, columns=columns))
    assert len(table) == len(rows)
    assert (table["Counted"] == "58 (52 to 64)").all()
    assert table["Bayesian"].iloc[0].startswith("61 (")


def test_checks_show_each_property_in_a_panel_and_each_headline_once(correlation, levels):
    columns = ["what", "group", "observed", "mean", "low", "high"]
    of_scores = [
        ("people", "jordan, overall_empathy", 0.0, 0, -0.1, 0.1),
        ("reliability", "jordan", 0.7, 0.7, 0.6, 0.8),
        ("dimensions", "advice_giving", 0.4, 0.4, 0.3, 0.5),
        ("conversations", "self_empathized, overall_empathy", 0.0, 0, -0.1, 0.1),
    ]
    of_people = [
        (what, f"{behaviour}, {arm}", 50, 50, 40, 60)
        for what in ("always says", "never seen", "far more said", "says")
        for behaviour in JUDGED
        for arm in ARM_KEYS
    ]
    found = figures.check_frames(
        *(pd.DataFrame(rows, columns=columns) for rows in (of_scores, of_people))
    )
    assert set(found["what"]) == set(figures.CHECKS["titles"])
    assert "Jordan, Overall" in set(found["group"])
    assert not found.duplicated(["what", "group"]).any()
    headline = figures.headline_sensitivity(
        *(
            frames["estimates"][["quantity", "group"]].assign(prior=0.01, likelihood=0.1)
            for frames in (correlation, levels)
        )
    )
    assert headline["label"].is_unique
    # correlations, effects of three trainings, shares after training by arm, two links
    assert len(headline) == len(CORRELATIONS) + len(JUDGED) * (len(TREATED) + len(ARMS) + 2)
    checks = plot_checks(found, found, headline, **figures.CHECKS)
    assert len(checks.axes) == len(figures.CHECKS["titles"]) + 1
