"""Figures 2B and 2C show every theme and interpretation once, readable and in order."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from lendanear.errors import LendAnEarError
from lendanear.figures.figure_2b import plot_theme_changes
from lendanear.figures.figure_2c import NAMED, plot_interpretations, split
from lendanear.vocabulary import THEME_GROUPS, THEMES, TROUBLE_TYPE_KEYS, TROUBLE_TYPES


@pytest.fixture
def changes() -> pd.DataFrame:
    rows = []
    for trouble in TROUBLE_TYPE_KEYS:
        for place, theme in enumerate(THEMES):
            estimate = 4.0 - place + (trouble == "workplace") / 3
            rows.append([trouble, theme.key, estimate, estimate - 1, estimate + 1, 7919, 7429])
    columns = ["trouble_type", "theme", "estimate", "ci_low", "ci_high", "n_pre", "n_post"]
    return pd.DataFrame(rows, columns=columns)


def interpretations(count: int, *, words: int = 6) -> pd.DataFrame:
    estimate = np.sort(np.random.default_rng(1).normal(0, 0.6, count))[::-1]
    phrase = ["expresses", "understanding", "for", "how", "hard", "this", "moment", "must", "be"]
    return pd.DataFrame(
        {
            "trouble_type": "personal",
            "interpretation": [
                f"{rank} " + " ".join(np.resize(phrase, words + rank % 3)) for rank in range(count)
            ],
            "theme": [THEMES[rank % len(THEMES)].key for rank in range(count)],
            "rank": range(1, count + 1),
            "estimate": estimate,
            "ci_low": estimate - 0.4,
            "ci_high": estimate + 0.4,
        }
    )


def signed(value: float) -> str:
    """One decimal, with a plus or a true minus; zero has no sign."""
    text = f"{value:+.1f}".replace("-", "\N{MINUS SIGN}")
    return "0.0" if text[1:] == "0.0" else text


def lines_of(figure: Figure, gid: str, panel: int = 0) -> list:
    return [line for line in figure.axes[panel].lines if line.get_gid() == gid]


def assert_labels_are_apart_and_inside(figure: Figure) -> None:
    figure.draw_without_rendering()
    boxes = [
        label.get_window_extent() for label in figure.axes[0].get_yticklabels() if label.get_text()
    ]
    for box in boxes:
        assert box.x0 >= figure.bbox.x0 - 1
        assert box.x1 <= figure.axes[0].get_window_extent().x0
    for upper, lower in pairwise(sorted(boxes, key=lambda box: -box.y1)):
        assert lower.y1 <= upper.y0 + 0.5
    panel = figure.axes[0].get_window_extent()
    for text in figure.axes[0].texts:
        box = text.get_window_extent()
        assert panel.x0 - 1 <= box.x0
        assert box.x1 <= panel.x1 + 1


def test_2b_draws_every_theme_once_per_panel_with_its_interval_and_number(changes):
    figure = plot_theme_changes(changes)
    assert [axis.get_title(loc="left") for axis in figure.axes] == [
        f"{trouble.label} troubles" for trouble in TROUBLE_TYPES
    ]
    for panel, trouble in enumerate(TROUBLE_TYPE_KEYS):
        own = changes[changes["trouble_type"] == trouble]
        marks = lines_of(figure, "estimate", panel)
        assert sorted(mark.get_xdata()[0] for mark in marks) == sorted(own["estimate"])
        intervals = {tuple(line.get_xdata()) for line in lines_of(figure, "interval", panel)}
        assert intervals == set(zip(own["ci_low"], own["ci_high"], strict=True))
        numbers = {text.get_text() for text in figure.axes[panel].texts}
        assert numbers == {signed(x) for x in own["estimate"]}
        assert "7,919 spans before, 7,429 after" in figure.axes[panel].get_xlabel()


def test_2b_lists_the_themes_below_their_groups(changes):
    figure = plot_theme_changes(changes)
    ticks = figure.axes[0].get_yticklabels()
    order = [tick.get_text() for tick in sorted(ticks, key=lambda tick: tick.get_position()[1])]
    expected = []
    for group in THEME_GROUPS:
        expected += [group.label, *(t.label for t in THEMES if t.group == group.key)]
    assert order == expected
    headings = [tick for tick in ticks if tick.get_gid() == "heading"]
    assert [tick.get_color() for tick in headings] == [group.colour for group in THEME_GROUPS]
    assert_labels_are_apart_and_inside(figure)


def test_2b_shows_the_one_kind_of_trouble_there_is(changes):
    figure = plot_theme_changes(changes[changes["trouble_type"] == "workplace"])
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["Workplace troubles"]


@pytest.mark.parametrize("count", [3, 24, 25, 53, 128])
def test_2c_draws_every_interpretation_and_names_the_twelve_at_each_end(count):
    frame = interpretations(count)
    figure = plot_interpretations(frame, "personal")
    drawn = {gid: np.concatenate([line.get_xdata() for line in lines_of(figure, gid)] or [[]])
             for gid in ("named", "other")}  # fmt: skip
    named = min(count, 2 * NAMED)
    assert (len(drawn["named"]), len(drawn["other"])) == (named, count - named)
    assert sorted(np.concatenate([*drawn.values()])) == pytest.approx(sorted(frame["estimate"]))
    top, middle, bottom = split(frame)
    expected = {" ".join(name.split()) for name in [*top.interpretation, *bottom.interpretation]}
    labels = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    shown = {" ".join(text.split()) for text in labels}
    assert expected <= shown
    assert len(shown - expected) == (1 if len(middle) else 0)
    assert len(lines_of(figure, "interval")) == named


@pytest.mark.parametrize("words", [3, 12, 24])
def test_2c_labels_never_overlap_however_long_they_are(words):
    assert_labels_are_apart_and_inside(
        plot_interpretations(interpretations(128, words=words), "personal")
    )


def test_2c_is_one_sorted_curve():
    figure = plot_interpretations(interpretations(128), "personal")
    marks = [line for gid in ("named", "other") for line in lines_of(figure, gid)]
    x = np.concatenate([line.get_xdata() for line in marks])
    y = np.concatenate([line.get_ydata() for line in marks])
    assert (np.diff(x[np.argsort(y)]) <= 0).all()
    assert np.diff(np.sort(y)).min() > 0
    low, high = sorted(figure.axes[0].get_ylim())
    assert low < y.min()
    assert y.max() < high


def test_2c_says_what_colours_and_shapes_mean():
    (legend,) = plot_interpretations(interpretations(128), "personal").legends
    assert [text.get_text() for text in legend.get_texts()] == [g.label for g in THEME_GROUPS]
    handles = legend.get_lines()
    assert [line.get_color() for line in handles] == [group.colour for group in THEME_GROUPS]
    assert len({line.get_marker() for line in handles}) == len(THEME_GROUPS)


def test_2c_says_when_there_is_nothing_of_that_kind():
    with pytest.raises(LendAnEarError, match="no spans about workplace troubles"):
        plot_interpretations(interpretations(30), "workplace")
