"""The figures of the judges show every rater once, and sentences say what they show."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from lendanear.bayes.estimates.judges import ALL, LEVEL_MARGIN, LLM_MEAN, ORDER_MARGIN
from lendanear.bayes.models.judges import EXPERTS, LLMS
from lendanear.bayes.quantities import estimates, two_intervals
from lendanear.figures import bayes_judges as figures
from lendanear.figures.predictive import plot_checks
from lendanear.vocabulary import DIMENSION_KEYS, DIMENSIONS, RATER_KEYS, RATERS, label

SEVERITY = dict(zip(RATER_KEYS, (0.1, -0.2, 0.1, -1.0, 0.2, 0.6, 1.5), strict=True))
CONSISTENCY = dict(zip(RATER_KEYS, (0.9, 0.8, 0.7, 0.4, 0.85, 0.66, 0.72), strict=True))
CONVERSATIONS = 12


def draws(mean: float, sd: float = 0.03) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal((2, 500))
    return mean + sd * (noise - noise.mean())


@pytest.fixture(scope="module")
def reported() -> dict[tuple[str, str], np.ndarray]:
    found = {}
    for rater, dimension in product(RATER_KEYS, DIMENSION_KEYS):
        found["severity.points", f"{rater}, {dimension}"] = draws(SEVERITY[rater])
        found["consistency.correlation", f"{rater}, {dimension}"] = draws(CONSISTENCY[rater])
    llms = np.mean([SEVERITY[key] for key in LLMS])
    for dimension in DIMENSION_KEYS:
        found["severity.points", f"{LLM_MEAN}, {dimension}"] = draws(llms)
        found["view.correlation", dimension] = draws(0.9 - 0.05 * DIMENSION_KEYS.index(dimension))
    found["severity.overall", LLM_MEAN] = draws(6 * llms)
    for rater in RATER_KEYS:
        found["severity.overall", rater] = draws(6 * SEVERITY[rater])
        found["consistency.correlation", f"{rater}, {ALL}"] = draws(CONSISTENCY[rater])
        found["consistency.difference", f"{rater}, {ALL}"] = draws(CONSISTENCY[rater] - 0.8)
    return found


@pytest.fixture(scope="module")
def consensus() -> pd.DataFrame:
    rows = [
        (f"{place:02d}", dimension, 1 + place / 3, 0.8 + place / 3, 1.3 + place / 3, 2.5, 3.5)
        for place, dimension in product(reversed(range(CONVERSATIONS)), DIMENSION_KEYS)
    ]
    names = ["conversation_id", "dimension", "mean", "low", "high", "crowd", "llms"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture(scope="module")
def raters() -> pd.DataFrame:
    rows = []
    for rater, dimension in product(RATER_KEYS, DIMENSION_KEYS):
        judge = rater not in EXPERTS
        rows.append(
            {
                "rater": rater,
                "dimension": dimension,
                "simple": SEVERITY[rater] + 0.01,
                "severity": SEVERITY[rater],
                "severity_low": SEVERITY[rater] - 0.1,
                "severity_high": SEVERITY[rater] + 0.1,
                "correlation": CONSISTENCY[rater],
                "correlation_low": CONSISTENCY[rater] - 0.1,
                "correlation_high": CONSISTENCY[rater] + 0.1,
                "p_level": (0.95 if rater == "gpt" else 0.02) if judge else np.nan,
                "p_order": (0.9 if rater == "gpt" else 0.5) if judge else np.nan,
            }
        )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def drawn(reported, consensus):
    return figures.plot_judges(two_intervals(reported), consensus)


def panels(figure, row: int) -> list:
    return figure.subfigs[row].axes


def test_each_dimension_has_a_panel_in_each_row(drawn):
    for row in range(3):
        titles = [axis.get_title(loc="left").replace("\n", " ") for axis in panels(drawn, row)]
        assert titles == [dimension.label for dimension in DIMENSIONS]


@pytest.mark.parametrize(("row", "truth"), [(0, SEVERITY), (1, CONSISTENCY)])
def test_each_rater_is_a_row_at_its_mean_in_the_colour_of_its_kind(drawn, row, truth):
    assert [text.get_text() for text in panels(drawn, row)[0].get_yticklabels()] == [
        rater.label for rater in RATERS
    ]
    for axis in panels(drawn, row):
        dots = [line for line in axis.lines if line.get_marker() == "o"]
        at = {float(line.get_ydata()[0]): line for line in dots}
        for place, rater in enumerate(RATERS):
            assert float(at[place].get_xdata()[0]) == pytest.approx(truth[rater.key])
            colour = to_hex(at[place].get_markerfacecolor()).lower()
            assert colour == figures.KIND_COLOURS[rater.kind].lower()


def test_what_can_be_trusted_is_shaded_as_it_is_defined(drawn):
    expert = np.mean([CONSISTENCY[key] for key in EXPERTS])
    for row, low, high in (
        (0, -LEVEL_MARGIN, LEVEL_MARGIN),
        (1, expert - ORDER_MARGIN, 1),
    ):
        for axis in panels(drawn, row):
            (shade,) = [patch for patch in axis.patches if patch.get_gid() == "trusted"]
            ends = (shade.get_x(), shade.get_x() + shade.get_width())
            assert ends == pytest.approx((low, high))


def test_conversations_rise_by_consensus_and_carry_what_others_gave(drawn):
    for axis in panels(drawn, 2):
        lines = {line.get_gid(): line for line in axis.lines}
        rises = np.asarray(lines["consensus"].get_ydata())
        assert len(rises) == CONVERSATIONS
        assert (np.diff(rises) > 0).all()
        assert set(lines["llms"].get_ydata()) == {3.5}
        assert set(lines["crowd"].get_ydata()) == {2.5}


def test_severity_is_said_in_its_direction(reported, raters):
    sentences = figures.severity_sentences(estimates("judges", reported), raters)
    assert len(sentences) == len(DIMENSIONS) + 1
    # the mean of .2, .6 and 1.5, and of the same plus a hundredth
    assert "**0.77 points harsher** than the experts" in sentences[0]
    assert sentences[0].endswith("the plain difference of mean ratings is +0.78.")
    assert "the crowd **6.00 points milder** than the experts (95% interval 5.9" in sentences[-1]


def test_the_closest_and_the_farthest_common_view_are_named(reported):
    last = figures.consistency_sentences(estimates("judges", reported))[-1]
    least, most = label(DIMENSION_KEYS[-1]).lower(), label(DIMENSION_KEYS[0]).lower()
    assert f"least on {least} (0.65, 95% interval 0.5" in last
    assert f"most on {most} (0.90" in last


def test_trust_is_said_only_where_it_is_probable(raters):
    crowd, gpt, *_ = figures.trust_sentences(raters)
    everything = ", ".join(label(key).lower() for key in DIMENSION_KEYS)
    assert gpt == (
        f"**GPT-4o**: level trusted on {everything}, not on none; "
        f"order trusted on {everything}, not on none."
    )
    assert f"level trusted on none, not on {everything}" in crowd
    assert "order trusted on none, not on none" in crowd
    assert (figures.trust_table(raters)["GPT-4o: level"] == "95%").all()


def test_kappas_stand_beside_what_they_are_made_of(raters):
    pairs = ("experts_crowd", "experts_gpt", "experts_claude", "experts_llm")
    measures = {"kappa_rank": 0.41, "kappa_score": 0.52}
    kappas = pd.DataFrame(
        [
            (pair, dimension, measure, value)
            for pair, dimension, (measure, value) in product(
                pairs, DIMENSION_KEYS, measures.items()
            )
        ],
        columns=["pair", "dimension", "measure", "estimate"],
    )
    table = figures.side_by_side(raters, kappas, {("experts_llm", DIMENSION_KEYS[0]): 0.43})
    first = table[table["Dimension"] == label(DIMENSION_KEYS[0])].set_index("Judge")
    assert first["Published kappa"].to_dict() == {
        "Crowd": "", "GPT-4o": "", "Claude 3.7": "", "Gemini 2.5": "0.43",
    }  # fmt: skip
    assert set(table["Kappa, as published"]) == {"0.41"}
    assert set(table["Kappa, 1\N{EN DASH}5 distance"]) == {"0.52"}
    assert first.loc["Gemini 2.5", "Severity"] == "+1.50 [+1.40, +1.60]"
    assert first.loc["Crowd", "Consistency"] == "0.40 [0.30, 0.50]"


def test_labels_of_checks_stand_clear_of_each_other():
    shown = [("severity.overall", LLM_MEAN), ("view.correlation", DIMENSION_KEYS[2])]
    shown += [("severity.points", f"{LLM_MEAN}, {key}") for key in DIMENSION_KEYS]
    shown += [("consistency.correlation", f"{rater}, {ALL}") for rater in RATER_KEYS]
    frame = pd.DataFrame(shown, columns=["quantity", "group"]).assign(prior=0.02, likelihood=0.1)
    headline = figures.headline_sensitivity(frame)
    assert headline["label"].is_unique
    assert "Severity, LLMs: Dismissing emotions" in set(headline["label"])
    rows = [
        (what, key, 2.0, 2.0, 1.5, 2.5)
        for what, key in product(figures.CHECKS["titles"], DIMENSION_KEYS)
    ]
    names = ["what", "group", "observed", "mean", "low", "high"]
    after = pd.DataFrame(rows, columns=names)
    figure = plot_checks(after.assign(low=-5.0, high=9.0), after, headline, **figures.CHECKS)
    figure.draw_without_rendering()
    texts = [
        text for part in figure.subfigs for axis in part.axes for text in axis.get_yticklabels()
    ]
    texts += [axis._left_title for part in figure.subfigs for axis in part.axes]
    boxes = [text.get_window_extent() for text in texts if text.get_text() and text.get_visible()]
    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            shared = min(one.x1, other.x1) - max(one.x0, other.x0)
            both = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert shared < 2 or both < 2
    # the range of a prior that leaves its panel stands inside the panel
    ranges = [
        (text, axis)
        for axis in figure.subfigs[0].axes
        for text in axis.texts
        if text.get_gid() == "prior-range"
    ]
    assert len(ranges) == len(after)
    for text, axis in ranges:
        assert text.get_window_extent().x1 <= axis.get_window_extent().x1 + 1
