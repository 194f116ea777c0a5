"""Figures 5A and 5B and their tables show every participant and every share where it belongs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lendanear.figures.figure_5a import plot_traits
from lendanear.figures.figure_5b import PANELS, plot_reports
from lendanear.figures.positions import correlation_number, correlation_text
from lendanear.figures.silent_empathy_tables import (
    correlation_table,
    level_table,
    overestimation_table,
    report_count_table,
)
from lendanear.vocabulary import ARM_KEYS, ARMS, SCORE_LABELS, SELF_REPORTS

JUDGED = {"jordan": "overall_empathy", "sites": "overall_empathy"}
JUDGED |= {report.key: report.judged for report in SELF_REPORTS}
RATED = {"self_encourage_elaboration", "self_showed_understanding"}


@pytest.fixture
def frames() -> dict[str, pd.DataFrame]:
    """Result frames with numbers that are easy to find again."""
    random = np.random.default_rng(0)
    positions, lines, correlations, levels, gaps = [], [], [], [], []
    for place, (predictor, judged) in enumerate(JUDGED.items()):
        x = {"jordan": [8, 20, 34], "sites": [1, 4, 5]}.get(predictor, [1, 4 + 1 / 3, 5])
        for value in x:
            y = 1 + value / 5 if predictor in RATED else -2 + value / 5
            positions.append([predictor, judged, value, y, int(random.integers(1, 40))])
            lines.append([predictor, judged, value, y, y - 0.2, y + 0.2])
        samples = [("participant", "all"), ("conversation", "first")]
        samples += [("conversation", "all")] if predictor not in {"jordan", "sites"} else []
        for unit, which in samples:
            for method in ("pearson", "spearman"):
                r = 0.011 * (place + 1) * (-1 if predictor == "sites" else 1)
                r2 = r**2 if method == "pearson" else np.nan
                row = [predictor, judged, unit, which, method, 968, 968, r, r - 0.06, r + 0.06]
                correlations.append([*row, 0.0004 if predictor == "sites" else 0.274, r2])
        for arm in ("all", *ARM_KEYS) if predictor.startswith("self") else ():
            for number in ("all", "1", "2", "3"):
                for by in ("self", "judge") if predictor in RATED else ("self",):
                    share = 0.8 if by == "self" else 0.1 + 0.02 * place
                    row = [predictor, judged, by, arm, number, 240, 240, share, 0.02]
                    levels.append([*row, share - 0.05, share + 0.05])
                for quantity in ("share_high", "score") if predictor in RATED else ():
                    gap = 0.66 if quantity == "share_high" else 2.01
                    row = [predictor, judged, quantity, arm, number, 240, 240, gap, 0.02]
                    gaps.append([*row, gap - 0.05, gap + 0.05])
    key = ["predictor", "judged"]
    interval = ["estimate", "ci_low", "ci_high"]
    cell = ["arm", "conversation", "n", "participants", "estimate", "se", "ci_low", "ci_high"]
    sample = ["unit", "conversations", "method", "n", "participants", *interval, "p", "r2"]
    return {
        "positions": pd.DataFrame(positions, columns=[*key, "x", "y", "count"]),
        "lines": pd.DataFrame(lines, columns=[*key, "x", *interval]),
        "correlations": pd.DataFrame(correlations, columns=[*key, *sample]),
        "levels": pd.DataFrame(levels, columns=["self_report", "judged", "rated_by", *cell]),
        "gaps": pd.DataFrame(gaps, columns=["self_report", "judged", "quantity", *cell]),
    }


def at(frames: dict[str, pd.DataFrame], predictor: str) -> pd.DataFrame:
    positions = frames["positions"]
    return positions[positions["predictor"] == predictor]


def bars(axis) -> pd.DataFrame:
    """Centre, height and width of the bars that count participants."""
    drawn = [patch for patch in axis.patches if patch.get_gid() == "positions"]
    return pd.DataFrame(
        {
            "x": [bar.get_x() + bar.get_width() / 2 for bar in drawn],
            "y": [bar.get_y() + bar.get_height() / 2 for bar in drawn],
            "width": [bar.get_width() for bar in drawn],
        }
    )


def lines_of(axis, gid: str) -> list:
    return [line for line in axis.lines if line.get_gid() == gid]


def test_bars_stand_at_the_exact_values_and_their_width_counts_participants(frames):
    figure = plot_traits(frames["positions"], frames["lines"], frames["correlations"])
    for axis, trait in zip(figure.axes, ("jordan", "sites"), strict=True):
        expected = at(frames, trait)
        drawn = bars(axis)
        np.testing.assert_allclose(drawn["x"], expected["x"])
        np.testing.assert_allclose(drawn["y"], expected["y"])
        widths = drawn["width"].to_numpy() / expected["count"].to_numpy()
        np.testing.assert_allclose(widths, widths[0])
        # neighbours, one unit apart, do not touch
        assert drawn["width"].max() < 1
        (line,) = lines_of(axis, "line")
        np.testing.assert_allclose(line.get_xdata(), expected["x"])


def test_a_key_says_how_many_participants_a_width_stands_for(frames):
    figure = plot_traits(frames["positions"], frames["lines"], frames["correlations"])
    for axis, trait in zip(figure.axes, ("jordan", "sites"), strict=True):
        (key,) = lines_of(axis, "key")
        (words,) = [text.get_text() for text in axis.texts if "participant" in text.get_text()]
        one = bars(axis)["width"].max() / at(frames, trait)[
            "count"
        ].max()  # fmt: skip
        assert np.ptp(key.get_xdata()) == pytest.approx(int(words.split()[0]) * one)


def test_the_axes_of_5a_are_the_whole_scales(frames):
    figure = plot_traits(frames["positions"], frames["lines"], frames["correlations"])
    jordan, sites = figure.axes
    assert jordan.get_xlim()[0] < 7 and jordan.get_xlim()[1] > 35
    assert list(sites.get_xticks()) == [1, 2, 3, 4, 5]
    assert jordan.get_ylim() == sites.get_ylim() == (-12.5, 12.5)
    assert "Jordan" in jordan.get_xlabel() and "SITES" in sites.get_xlabel()


def test_correlations_are_printed_with_interval_and_p(frames):
    figure = plot_traits(frames["positions"], frames["lines"], frames["correlations"])
    minus = "\N{MINUS SIGN}"
    assert [axis.get_title(loc="left") for axis in figure.axes] == [
        f"r = .01 [{minus}.05, .07], p = .274",
        f"r = {minus}.02 [{minus}.08, .04], p < .001",
    ]


def test_numbers_of_correlations_lose_their_leading_zero():
    assert correlation_number(0.054) == ".05"
    assert correlation_number(-0.054) == "\N{MINUS SIGN}.05"
    assert correlation_number(-0.001) == ".00"
    assert correlation_number(1.0) == "1.00"
    assert correlation_number(-0.0004, 3) == ".000"
    row = pd.Series({"estimate": 0.5, "ci_low": 0.4, "ci_high": 0.6, "p": 1.0})
    assert correlation_text(row) == "r = .50 [.40, .60], p = 1.000"


def plot_5b(frames):
    names = ("positions", "lines", "correlations", "levels")
    return plot_reports(*(frames[name] for name in names))


def test_5b_moves_no_point(frames):
    figure = plot_5b(frames)
    for axis, report in zip(figure.axes[:3], PANELS, strict=True):
        expected = at(frames, report)
        np.testing.assert_allclose(bars(axis)["x"], expected["x"])
        np.testing.assert_allclose(bars(axis)["y"], expected["y"])
        # the mean of three scores can be any third: neighbours do not touch
        assert bars(axis)["width"].max() < 1 / 3


def test_equality_is_marked_only_where_both_scales_are_the_same(frames):
    overall, elaboration, understanding = plot_5b(frames).axes[:3]
    assert not lines_of(overall, "equal")
    for axis in (elaboration, understanding):
        (equal,) = lines_of(axis, "equal")
        assert list(equal.get_xdata()) == list(equal.get_ydata()) == [1, 5]
        assert axis.get_xlim() == axis.get_ylim()


def test_levels_have_one_mark_and_interval_per_arm_and_conversation(frames):
    figure = plot_5b(frames)
    for axis, report in zip(figure.axes[3:], PANELS, strict=True):
        rated_by = ["self", "judge"] if report in RATED else ["self"]
        levels = frames["levels"].query("self_report == @report and arm != 'all'")
        for by in ("self", "judge"):
            drawn = lines_of(axis, by)
            assert len(drawn) == (4 if by in rated_by else 0)
            for line, arm in zip(drawn, ARMS, strict=False):
                assert line.get_color() == arm.colour
                expected = levels.query(
                    "arm == @arm.key and rated_by == @by and conversation != 'all'"
                )
                np.testing.assert_allclose(line.get_ydata(), expected["estimate"])
                assert np.round(line.get_xdata()).tolist() == [1, 2, 3]
        intervals = [c for c in axis.collections if c.get_gid() == "interval"]
        assert sum(len(c.get_segments()) for c in intervals) == 12 * len(rated_by)
        words = {text.get_text() for text in axis.texts}
        assert "Self-reported" in words
        assert ("Judged" in words) == (report in RATED)
        assert axis.get_ylim() == (0, 1)


def test_a_self_report_without_judged_counterpart_says_so(frames):
    first = plot_5b(frames).axes[3]
    assert any("No judge" in text.get_text() for text in first.texts)


def test_arms_are_named_once(frames):
    figure = plot_5b(frames)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [arm.label for arm in ARMS]


def test_an_arm_that_is_not_there_is_neither_drawn_nor_named(frames):
    frames["levels"] = frames["levels"].query("arm not in ['video', 'combined']")
    figure = plot_5b(frames)
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["Control", "AI Coach"]
    assert len(lines_of(figure.axes[4], "self")) == 2


@pytest.mark.parametrize("which", ["5A", "5B"])
def test_nothing_is_clipped_or_written_over_its_neighbour(frames, which):
    if which == "5A":
        figure = plot_traits(frames["positions"], frames["lines"], frames["correlations"])
    else:
        figure = plot_5b(frames)
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    for axis in figure.axes:
        title = axis._left_title.get_window_extent()
        words = [text.get_window_extent() for text in axis.texts if text.get_text()]
        for box in (title, axis.xaxis.label.get_window_extent(), *words):
            assert box.x0 >= -1 and box.y0 >= -1
            assert box.x1 <= width + 1 and box.y1 <= height + 1
        assert not any(title.overlaps(box) for box in words)


def test_the_correlation_table_has_a_row_per_sample_and_both_methods(frames):
    table = correlation_table(frames["correlations"])
    assert len(table) == 2 * 2 + 4 * 3
    row = table.iloc[0]
    assert row["Predictor"].startswith("Jordan")
    assert row["Pearson r [95% interval]"] == ".011 [\N{MINUS SIGN}.049, .071]"
    assert row["p (Pearson)"] == ".274"
    assert row["R\N{SUPERSCRIPT TWO}"] == "0.0001"
    assert not table.isna().any().any()


def test_the_level_table_sets_self_reports_beside_judgements(frames):
    table = level_table(frames["levels"], frames["gaps"])
    assert len(table) == 2 * 4
    assert table["Behaviour"].unique().tolist() == [
        "Encouraging elaboration",
        "Demonstrating understanding",
    ]
    row = table.iloc[0]
    assert (row["Conversations"], row["Self-reported"]) == ("All", "80% [75, 85]")
    assert row["Gap (percentage points)"] == "+66 [+61, +71]"


def test_counts_and_overestimation_are_shown_with_words():
    counts = pd.DataFrame(
        {
            "self_report": ["self_empathized"] * 5,
            "score": [1, 2, 3, 4, 5],
            "count": [12, 61, 275, 1003, 1553],
        }
    )
    counts["share"] = counts["count"] / counts["count"].sum()
    table = report_count_table(counts)
    assert table["Felt empathy"].iloc[-1] == "1,553 (53.5%)"
    assert [level.split(" ", 1)[1] for level in table["Level"]] == list(SCORE_LABELS)
    over = pd.DataFrame(
        {
            "self_report": ["self_empathized"],
            "judged": ["overall_empathy"],
            "scale": ["z"],
            "participants": [968],
            "count": [516],
            "estimate": [516 / 968],
            "ci_low": [0.5],
            "ci_high": [0.56],
        }
    )
    assert overestimation_table(over).iloc[0]["Self above judge"] == "516 of 968"
