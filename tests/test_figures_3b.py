"""Figure 3B shows every effect once, with its interval, number and stars, none across zero."""

from __future__ import annotations

import pandas as pd
import pytest

from lendanear.figures.figure_3b import plot_effects
from lendanear.figures.style import stars
from lendanear.models.effects import TREATED
from lendanear.vocabulary import DIMENSION_KEYS, DIMENSIONS, colour


@pytest.fixture
def effects() -> pd.DataFrame:
    rows = []
    for i, dimension in enumerate(DIMENSION_KEYS):
        for j, arm in enumerate(TREATED):
            estimate = (0.1 + 0.1 * j) * (-1 if i >= 3 else 1)
            rows.append([dimension, arm, estimate, estimate - 0.15, estimate + 0.15, 0.02 / 10**j])
    columns = ["dimension", "arm", "estimate", "ci_low", "ci_high", "p"]
    return pd.DataFrame(rows, columns=columns)


def test_one_mark_one_interval_and_one_number_per_effect(effects):
    figure = plot_effects(effects)
    assert [axis.get_title(loc="left") for axis in figure.axes] == [
        "More is better",
        "Less is better",
    ]
    for axis, prescriptive in zip(figure.axes, (True, False), strict=True):
        keys = [d.key for d in DIMENSIONS if d.prescriptive is prescriptive]
        drawn = effects[effects["dimension"].isin(keys)]
        marks = [line for line in axis.lines if line.get_gid() == "estimate"]
        intervals = [line for line in axis.lines if line.get_gid() == "interval"]
        assert sorted(m.get_xdata()[0] for m in marks) == sorted(drawn["estimate"])
        assert sorted(tuple(i.get_xdata()) for i in intervals) == sorted(
            zip(drawn["ci_low"], drawn["ci_high"], strict=True)
        )
        expected = sorted(
            f"{row.estimate:+.2f} {stars(row.p)}".strip().replace("-", "\N{MINUS SIGN}")
            for row in drawn.itertuples()
        )
        assert sorted(text.get_text() for text in axis.texts) == expected


def test_arms_keep_their_colours_and_are_named(effects):
    figure = plot_effects(effects)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Video", "AI Coach", "Combined"]
    assert [line.get_color() for line in legend.get_lines()] == [colour(arm) for arm in TREATED]


def test_numbers_stay_inside_their_panel(effects):
    figure = plot_effects(effects)
    figure.draw_without_rendering()
    for axis in figure.axes:
        panel = axis.get_window_extent()
        for text in axis.texts:
            box = text.get_window_extent()
            assert panel.x0 - 1 <= box.x0
            assert box.x1 <= figure.bbox.x1
