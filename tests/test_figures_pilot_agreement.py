"""The pilot figure shows both kappas of every pair with intervals, published values beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lendanear.figures.agreement_tables import (
    benchmark_table,
    difference_table,
    floor_table,
    kappa_table,
)
from lendanear.figures.pilot_agreement import MEASURE_COLOURS, plot_agreement
from lendanear.models.agreement import EXPERTS, MEASURES, PAIRS
from lendanear.vocabulary import DIMENSION_KEYS, DIMENSIONS, RATER_KEYS

PUBLISHED = {("expert1_expert2", key): 0.5 for key in DIMENSION_KEYS}


@pytest.fixture
def kappas() -> pd.DataFrame:
    random = np.random.default_rng(2)
    rows = [
        [pair, first, second, dimension, measure, value, value - 0.2, value + 0.1]
        for pair, (first, second) in PAIRS.items()
        for dimension in DIMENSION_KEYS
        for measure in MEASURES
        for value in [random.uniform(0.1, 0.8)]
    ]
    columns = ["pair", "first", "second", "dimension", "measure", "estimate", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def test_one_mark_and_one_interval_per_pair_and_kind_of_kappa(kappas):
    figure = plot_agreement(kappas, published=PUBLISHED)
    assert [axis.get_title(loc="left") for axis in figure.axes] == [d.label for d in DIMENSIONS]
    for axis, dimension in zip(figure.axes, DIMENSION_KEYS, strict=True):
        for measure, colour in MEASURE_COLOURS.items():
            rows = kappas[(kappas["dimension"] == dimension) & (kappas["measure"] == measure)]
            lines = [line for line in axis.lines if line.get_color() == colour]
            marks = [line for line in lines if line.get_gid() == "estimate"]
            spans = [line for line in lines if line.get_gid() == "interval"]
            assert [mark.get_xdata()[0] for mark in marks] == rows["estimate"].tolist()
            assert [tuple(span.get_xdata()) for span in spans] == list(
                zip(rows["ci_low"], rows["ci_high"], strict=True)
            )
            # each in the row of its pair
            assert [round(mark.get_ydata()[0]) for mark in marks] == list(range(len(PAIRS)))


def test_published_values_stand_in_the_row_of_their_pair(kappas):
    figure = plot_agreement(kappas, published=PUBLISHED)
    for axis in figure.axes:
        (mark,) = [line for line in axis.lines if line.get_gid() == "published"]
        assert mark.get_xdata()[0] == 0.5
        assert round(mark.get_ydata()[0]) == list(PAIRS).index("expert1_expert2")
    (legend,) = figure.legends
    assert len(legend.get_texts()) == 3
    (legend,) = plot_agreement(kappas).legends
    assert len(legend.get_texts()) == 2


def test_pairs_are_named_and_everything_lies_within_the_axis(kappas):
    figure = plot_agreement(kappas)
    axis = figure.axes[0]
    names = [label.get_text() for label in axis.get_yticklabels()]
    assert names[0] == "Expert 1 \N{EN DASH} Expert 2"
    assert names[list(PAIRS).index("experts_llm")] == "Experts' median \N{EN DASH} Gemini 2.5"
    low, high = axis.get_xlim()
    assert low < kappas["ci_low"].min() and high > 1
    bottom, top = axis.get_ylim()
    assert bottom > len(PAIRS) - 1 and top < 0


def test_nothing_is_clipped(kappas):
    figure = plot_agreement(kappas, published=PUBLISHED)
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    (legend,) = figure.legends
    boxes = [axis._left_title.get_window_extent() for axis in figure.axes]
    boxes += [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    for box in (*boxes, legend.get_window_extent()):
        assert box.x0 >= -1 and box.y0 >= -1
        assert box.x1 <= width + 1 and box.y1 <= height + 1
    first, second, third = boxes[:3]
    assert first.x1 < second.x0 and second.x1 < third.x0


def test_the_kappa_table_keeps_the_order_and_shows_published_values(kappas):
    table = kappa_table(kappas, PUBLISHED)
    assert len(table) == len(PAIRS) * len(DIMENSIONS)
    assert table["Dimension"].tolist()[:6] == [d.label for d in DIMENSIONS]
    assert (table["Published"] == "0.50").sum() == 6
    first = kappas.iloc[0]
    expected = f"{first['estimate']:.2f} [{first['ci_low']:.2f}, {first['ci_high']:.2f}]"
    assert table.iloc[0]["Kappa, ranks (as published)"] == expected


def test_the_benchmark_table_has_a_row_per_judge_and_target():
    rows = [
        [judge, target, measure, 0.5, 0.4, 0.6]
        for judge, target in (("expert", "single_expert"), ("gpt", "median"))
        for measure in ("kappa_score", "spearman_overall")
    ]
    columns = ["judge", "target", "measure", "estimate", "ci_low", "ci_high"]
    table = benchmark_table(pd.DataFrame(rows, columns=columns))
    assert table["Judge"].tolist() == ["Another expert", "GPT-4o"]
    assert table["Against"].tolist() == ["A single expert", "Median of the experts"]
    assert (table["Kappa, mean of six dimensions"] == "0.50 [0.40, 0.60]").all()


def test_floor_and_differences_have_a_row_per_rater():
    ratings = pd.DataFrame(
        [
            [rater, dimension, 50, place, 0.25, -0.1, 0.6]
            for rater in (*RATER_KEYS, EXPERTS)
            for place, dimension in enumerate(DIMENSION_KEYS)
        ],
        columns=["rater", "dimension", "n", "floor_count", "difference", "ci_low", "ci_high"],
    )
    floor = floor_table(ratings)
    assert floor["Rater"].tolist()[-1] == "Experts' median"
    assert floor["Dismissing emotions"].tolist() == ["5 of 50"] * 8
    differences = difference_table(ratings)
    # the experts' median does not differ from itself
    assert len(differences) == len(RATER_KEYS)
    assert (differences["Advice giving"] == "+0.25 [-0.10, +0.60]").all()
