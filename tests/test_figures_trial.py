"""Figures of the design, responders, distributions and demographics hold every mark they should."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.text import Text

from lendanear.figures.demographics_table import demographics_table
from lendanear.figures.dot_rows import MOST, DotScale, dot_scale, draw_dot_rows
from lendanear.figures.extended_data_1 import plot_before_after
from lendanear.figures.extended_data_2 import plot_trouble_types
from lendanear.figures.extended_data_3 import plot_conversations
from lendanear.figures.figure_1 import plot_design
from lendanear.figures.figure_3a import plot_responders
from lendanear.figures.level_bars import draw_level_bars
from lendanear.figures.numbers import number, percent
from lendanear.figures.reliability_table import reliability_rows, reliability_table
from lendanear.figures.si_figure_1 import plot_by_sex
from lendanear.figures.si_figure_2 import plot_by_age
from lendanear.figures.si_figure_3 import plot_baseline
from lendanear.figures.style import new_figure
from lendanear.measures.design import design_counts
from lendanear.models import demographics, distributions, reliability
from lendanear.vocabulary import ARMS, DIMENSIONS, SCENARIOS
from tests.simulated_trial import simulate_trial

PEOPLE = 48


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return simulate_trial(PEOPLE, seed=12, missing=0.08)


@pytest.fixture(scope="module")
def design(tables) -> pd.DataFrame:
    return design_counts(tables["conversations"])


@pytest.fixture(scope="module")
def responders(tables) -> dict[str, pd.DataFrame]:
    return reliability.fit(tables["conversations"])


@pytest.fixture(scope="module")
def people(tables) -> dict[str, pd.DataFrame]:
    return demographics.fit(**tables)


@pytest.fixture(scope="module")
def spreads(tables) -> dict[str, pd.DataFrame]:
    return distributions.fit(tables["conversations"])


def marks(figure: Figure, gid: str) -> list:
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def words(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in figure.findobj(Text))


def threshold(responders: dict[str, pd.DataFrame]) -> float:
    return responders["components"].set_index("quantity").loc["threshold", "estimate"]


@pytest.fixture(scope="module")
def figures(design, responders, people, spreads) -> dict[str, Figure]:
    who = [people[name] for name in ("counts", "means", "known")]
    return {
        "1": plot_design(design),
        "3A": plot_responders(
            responders["changes"],
            responders["responders"],
            responders["summary"],
            threshold=threshold(responders),
        ),
        "ED1": plot_before_after(spreads["period_shares"], spreads["period_means"]),
        "ED2": plot_trouble_types(
            spreads["trouble_shares"], spreads["trouble_means"], spreads["trouble_differences"]
        ),
        "ED3": plot_conversations(spreads["number_shares"], spreads["number_means"]),
        "SI1": plot_by_sex(*who),
        "SI2": plot_by_age(*who),
        "SI3": plot_baseline(*who),
    }


@pytest.mark.parametrize("key", ["1", "3A", "ED1", "ED2", "ED3", "SI1", "SI2", "SI3"])
def test_every_text_is_readable_inside_the_figure_and_apart_from_the_others(figures, key):
    figure = figures[key]
    figure.draw_without_rendering()
    texts = [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]
    boxes = []
    for text in texts:
        if text.axes is not None and not text.axes.get_visible():
            continue
        assert text.get_fontsize() >= 6, text.get_text()
        box = text.get_window_extent()
        assert box.x0 >= -2, text.get_text()
        assert box.y0 >= -2, text.get_text()
        assert box.x1 <= figure.bbox.width + 2, text.get_text()
        assert box.y1 <= figure.bbox.height + 2, text.get_text()
        boxes.append((text.get_text(), box))
    for place, (one, box) in enumerate(boxes):
        for other, another in boxes[place + 1 :]:
            width = min(box.x1, another.x1) - max(box.x0, another.x0)
            height = min(box.y1, another.y1) - max(box.y0, another.y0)
            # the boxes of fonts are a little larger than their letters
            assert width < 1 or height < 2.5, (one, other)


def test_figure_1_is_drawn_from_the_counts(figures, design):
    figure = figures["1"]
    assert f"{4 * PEOPLE} participants" in marks(figure, "totals")[0].get_text()
    for arm in ARMS:
        assert marks(figure, f"n-{arm.key}")[0].get_text() == f"{PEOPLE} participants"
    assert len(marks(figure, "conversation")) == 3 * len(ARMS)
    # training of four arms, and feedback on the second conversation of the two with a coach
    assert len(marks(figure, "intervention")) == 6
    bars = marks(figure, "scenario")
    counted = design.query("quantity == 'first_scenario'")["count"]
    widths = sorted(bar.get_width() for bar in bars)
    assert len(bars) == len(SCENARIOS)
    assert widths == pytest.approx(sorted(14 * counted / counted.max()))
    assert len(marks(figure, "dimension")) == len(DIMENSIONS)


def test_figure_1_counts_what_was_given_and_nothing_more(design):
    without = design[design["quantity"] != "feedback"]
    assert words(plot_design(without)).count("given 0 times") == 4
    assert words(plot_design(design)).count(f"given {PEOPLE} times") == 4


def test_figure_3a_has_a_column_per_participant_and_every_arm(figures, responders):
    figure = figures["3A"]
    changes, shares = responders["changes"], responders["responders"]
    assert [axis.get_title(loc="left") for axis in figure.axes] == [arm.label for arm in ARMS]
    for axis, arm in zip(figure.axes, ARMS, strict=True):
        own = changes[changes["arm"] == arm.key]
        drawn = 0
        for outcome in reliability.OUTCOMES:
            found = axis.findobj(lambda artist, gid=f"columns-{outcome}": artist.get_gid() == gid)
            expected = np.sort(own.loc[own["outcome"] == outcome, "change"])
            assert bool(found) == bool(len(expected))
            if found:
                values = found[0].get_data().values
                assert values == pytest.approx(expected)
                drawn += len(values)
        assert drawn == PEOPLE
        band = axis.findobj(lambda artist: artist.get_gid() == "band")[0].get_extents()
        edges = axis.transData.inverted().transform(band.get_points())[:, 1]
        assert edges == pytest.approx([-threshold(responders), threshold(responders)])
        rows = shares[shares["arm"] == arm.key].set_index("outcome")
        for outcome in ("improved", "worsened"):
            text = axis.findobj(lambda artist, gid=outcome: artist.get_gid() == gid)[0].get_text()
            assert text == f"{percent(rows.loc[outcome, 'estimate'])}% {outcome}"


def test_extended_data_1_has_both_distributions_and_means_everywhere(figures, spreads):
    figure = figures["ED1"]
    panels = 4 * 7
    for gid in ("before", "after", "mean-baseline", "mean-post"):
        assert len(marks(figure, gid)) == panels, gid
    assert len(marks(figure, "interval")) == 2 * panels
    rows = spreads["period_shares"].query("dimension == 'overall_empathy' and period == 'post'")
    combined = rows[rows["arm"] == "combined"]["share"].to_numpy()
    last = figure.axes[3 * 7].findobj(lambda artist: artist.get_gid() == "after")[0]
    assert last.get_data().values == pytest.approx(combined)


def test_extended_data_2_compares_both_kinds_of_trouble_in_every_dimension(figures, spreads):
    figure = figures["ED2"]
    assert len(figure.axes) == len(DIMENSIONS)
    assert len(marks(figure, "levels")) == 2 * 5 * len(DIMENSIONS)
    assert len(marks(figure, "mean")) == len(marks(figure, "interval")) == 2 * len(DIMENSIONS)
    rows = spreads["trouble_differences"].set_index("dimension")["estimate"]
    for axis, dimension in zip(figure.axes, DIMENSIONS, strict=True):
        note = axis.findobj(lambda artist: artist.get_gid() == "difference")[0].get_text()
        assert number(rows[dimension.key], plus=True) in note
        assert ("More" in note) is dimension.prescriptive


def test_extended_data_3_follows_every_arm_through_three_conversations(figures, spreads):
    figure = figures["ED3"]
    panels = len(DIMENSIONS) * len(ARMS)
    assert len(figure.axes) == len(marks(figure, "line")) == panels
    assert len(marks(figure, "mean")) == len(marks(figure, "value")) == 3 * panels
    means = spreads["number_means"].query("dimension == 'advice_giving' and arm == 'combined'")
    line = figure.axes[3 * len(ARMS) + 3].findobj(lambda artist: artist.get_gid() == "line")[0]
    assert line.get_xdata().tolist() == [1, 2, 3]
    assert line.get_ydata() == pytest.approx(means["estimate"].to_numpy())


def test_level_bars_are_centred_and_as_wide_as_their_shares():
    _, axis = new_figure()
    draw_level_bars(axis, 2.0, [1, 2, 3], [0.5, 0.2, 0.3], scale=0.8, colour="#000000")
    for bar, share in zip(axis.patches, [0.5, 0.2, 0.3], strict=True):
        assert bar.get_width() == pytest.approx(0.8 * share)
        assert bar.get_x() + bar.get_width() / 2 == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("key", "grouping", "lacking", "strips"),
    [
        ("SI1", "sex", "no_sex", 16),
        ("SI2", "age", "no_age", 40),
        ("SI3", "age_sex", "no_age_or_sex", 10),
    ],
)
def test_everybody_has_a_dot_at_the_exact_score_and_the_others_are_counted(
    figures, people, key, grouping, lacking, strips
):
    figure = figures[key]
    counts = people["counts"].query("grouping == @grouping")
    collections = figure.findobj(EllipseCollection)
    heights = np.concatenate([c.get_offsets()[:, 1] for c in collections])
    expected = np.repeat(counts["value"], counts["count"])
    assert sorted(heights) == pytest.approx(sorted(expected))
    assert len(collections) == len(marks(figure, "mean")) == len(marks(figure, "value")) == strips
    for collection in collections:
        assert len(np.unique(collection.get_offsets(), axis=0)) == len(collection.get_offsets())
    missing = people["known"].set_index("quantity").loc[lacking, "count"]
    assert f"Not shown: {missing} participants" in words(figure)


def test_dots_of_one_score_stand_a_step_apart_around_the_middle():
    _, axis = new_figure()
    values, counts = pd.Series([-1.0, 2.5]), pd.Series([3, 2])
    draw_dot_rows(axis, 1.0, values, counts, scale=DotScale(step=0.1, people=1), colour="#000000")
    offsets = axis.collections[0].get_offsets()
    assert np.asarray(offsets).tolist() == pytest.approx(
        np.array([[0.9, -1], [1.0, -1], [1.1, -1], [0.95, 2.5], [1.05, 2.5]])
    )


def test_in_a_large_cohort_a_dot_stands_for_several_people_and_the_figure_says_so():
    small, large = dot_scale(pd.Series([3, 12])), dot_scale(pd.Series([3, 1500]))
    assert small.people == 1
    assert small.words == "One dot: one participant"
    assert -(-1500 // large.people) <= MOST
    assert large.words == f"One dot: up to {large.people} participants"
    for scale, longest in ((small, 12), (large, 1500)):
        assert -(-longest // scale.people) * scale.step <= 0.9 + 1e-9


def test_tables_name_every_quantity_in_words(responders, people):
    rows = reliability_rows(
        responders["components"], responders["responders"], responders["summary"]
    )
    shown = reliability_table(rows)
    assert len(rows) == len(shown) == 7 + 4 * 5
    assert shown["Arm"].drop_duplicates().tolist() == [arm.label for arm in ARMS]
    improved = rows.query("arm == 'coach' and quantity == 'improved'").iloc[0]
    cell = shown.query("Arm == 'AI Coach' and Quantity == 'Improved reliably'").iloc[0]
    assert cell["Estimate"] == f"{percent(improved['estimate'])}%"
    assert cell["Participants"] == f"{improved['count']} of {PEOPLE}"
    table = demographics_table(people["coefficients"], people["fits"])
    assert table["Term"].tolist()[:3] == ["Intercept", "Baseline (SD)", "Video"]
    assert len(table) == 13 + 2
    assert table.iloc[1, 1] == ""  # the baseline does not explain itself


def test_numbers_have_a_true_minus_sign_and_no_negative_zero():
    assert number(-1.449) == "\N{MINUS SIGN}1.45"
    assert number(-0.001) == "0.00"
    assert number(0.134, plus=True) == "+0.13"
    assert number(1234.5, 1) == "1,234.5"
    assert percent(0.0043) == "0.4"
    assert percent(0.263) == "26"
    assert percent(0) == "0"
    assert percent(0.0999) == "10"


def test_arms_of_one_and_missing_arms_are_drawn_without_intervals_or_not_at_all():
    conversations = simulate_trial(1, seed=3)["conversations"]
    few = conversations[conversations["arm"] != "video"]
    frames = distributions.fit(few)
    figure = plot_before_after(frames["period_shares"], frames["period_means"])
    assert len(figure.axes) == 3 * 7
    figure.draw_without_rendering()
    figure = plot_conversations(frames["number_shares"], frames["number_means"])
    assert len(marks(figure, "mean")) == 3 * 3 * len(DIMENSIONS)
    assert not marks(figure, "interval")
