"""Figures 6A, 6B and 6C and their tables show what the models found, each mark once."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from simulated_choices import SIGNS, choices, tournament

from lendanear.figures.elo_table import conversation_table
from lendanear.figures.figure_6a import plot_elo
from lendanear.figures.figure_6b import plot_choices
from lendanear.figures.figure_6c import plot_rankings
from lendanear.figures.preference_table import preference_table
from lendanear.models import elo, preferences, rankings
from lendanear.vocabulary import SCENARIO_KEYS, SCENARIOS, colour


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    table, ratings = tournament(per_scenario=60)
    return {"elo": table, "choices": choices(table, ratings, 0.3 * SIGNS)}


@pytest.fixture(scope="module")
def elo_frames(tables) -> dict[str, pd.DataFrame]:
    return elo.fit(tables["elo"])


@pytest.fixture(scope="module")
def preference_frames(tables) -> dict[str, pd.DataFrame]:
    return preferences.fit(tables["choices"])


@pytest.fixture(scope="module")
def ranking_frames(tables) -> dict[str, pd.DataFrame]:
    return rankings.fit(**tables, quick=True)


def lines_of(axis, gid: str) -> list:
    return [line for line in axis.lines if line.get_gid() == gid]


def assert_apart(figure: Figure, texts: list) -> None:
    figure.draw_without_rendering()
    boxes = sorted((text.get_window_extent() for text in texts), key=lambda box: box.x0)
    for left, right in pairwise(boxes):
        assert left.x1 <= right.x0


def test_6a_has_a_panel_per_scenario_with_mean_interval_and_spread_of_each_decile(elo_frames):
    figure = plot_elo(elo_frames["deciles"], elo_frames["correlations"])
    panels = {axis.get_title(loc="left"): axis for axis in figure.axes}
    for scenario in SCENARIOS:
        axis = panels[scenario.label]
        own = elo_frames["deciles"].query("scenario == @scenario.key")
        (mean,) = lines_of(axis, "mean")
        assert mean.get_xdata().tolist() == own["decile"].tolist()
        assert mean.get_ydata().tolist() == own["estimate"].tolist()
        assert mean.get_color() == scenario.colour
        for gid, low, high in (("interval", "ci_low", "ci_high"), ("spread", "p10", "p90")):
            drawn = [tuple(line.get_ydata()) for line in lines_of(axis, gid)]
            assert drawn == list(zip(own[low], own[high], strict=True))
        low, high = axis.get_ylim()
        assert low < own["p10"].min()
        assert own["p90"].max() < high
        (words,) = [text.get_text() for text in axis.texts if text.get_gid() == "correlation"]
        assert words.startswith("r = .")
        assert words.endswith(f"\n{own['n'].sum()} conversations")


def test_6a_lists_scores_and_size_of_every_decile(elo_frames):
    figure = plot_elo(elo_frames["deciles"], elo_frames["correlations"])
    cells = [t.get_text() for axis in figure.axes for t in axis.texts if t.get_gid() == "decile"]
    assert len(cells) == 3 * 11
    sizes = [int(cell) for cell in cells[5::3]]
    counted = elo_frames["deciles"].groupby("decile")["n"].sum()
    assert sizes == counted.reindex(range(1, 11), fill_value=0).tolist()
    assert cells[3::3] == [str(decile) for decile in range(1, 11)]


def test_6a_says_where_ties_leave_a_decile_empty(elo_frames):
    without = elo_frames["deciles"].query("decile != 4")
    figure = plot_elo(without, elo_frames["correlations"])
    cells = [t.get_text() for axis in figure.axes for t in axis.texts if t.get_gid() == "decile"]
    assert cells[12:15] == ["4", "none: ties", "0"]


def test_6b_has_a_point_an_interval_and_a_count_per_group_of_differences(preference_frames):
    bins, curve = preference_frames["bins"], preference_frames["curve"]
    figure = plot_choices(bins, curve)
    (axis,) = figure.axes
    (points,) = lines_of(axis, "share")
    assert points.get_ydata().tolist() == bins["estimate"].tolist()
    assert points.get_xdata().tolist() == bins["score_diff"].tolist()
    intervals = [tuple(line.get_ydata()) for line in lines_of(axis, "interval")]
    assert intervals == list(zip(bins["ci_low"], bins["ci_high"], strict=True))
    counts = [text for text in axis.texts if text.get_gid() == "n"]
    assert [text.get_text() for text in counts] == [f"{n:,}" for n in bins["n"]]
    assert_apart(figure, [text for text in axis.texts if text.get_gid() == "n"])
    (line,) = lines_of(axis, "curve")
    assert line.get_ydata().tolist() == curve["estimate"].tolist()
    (chance,) = lines_of(axis, "chance")
    assert set(chance.get_ydata()) == {0.5}
    low, high = axis.get_ylim()
    assert low < bins["ci_low"].min()
    assert high == 1


def test_6c_places_every_conversation_once_by_both_ranks(ranking_frames):
    items = ranking_frames["items"]
    figure = plot_rankings(items, ranking_frames["agreement"])
    (axis,) = figure.axes
    marks = lines_of(axis, "conversation")
    assert [line.get_color() for line in marks] == [colour(key) for key in SCENARIO_KEYS]
    assert len({line.get_marker() for line in marks}) == len(SCENARIO_KEYS)
    drawn = {
        point for line in marks for point in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }
    assert drawn == set(zip(items["llm_rank"], items["human_rank"], strict=True))
    for left, right in (axis.get_xlim(), axis.get_ylim()):
        assert left > len(items)
        assert right < 1
    rho = ranking_frames["agreement"].set_index("scenario").loc["all"]
    assert f"ρ = {rho['estimate']:.2f}".replace("0.", ".") in axis.get_title(loc="left")
    (legend,) = figure.legends
    names = [text.get_text().split(":")[0] for text in legend.get_texts()]
    assert names == [scenario.label for scenario in SCENARIOS]


def test_the_preference_table_has_a_column_per_model_and_form(preference_frames):
    shown = preference_table(preference_frames["coefficients"], preference_frames["fits"])
    assert shown.columns.tolist() == [
        "Term",
        *(f"{model} published" for model in ("1a", "1b", "2a", "2b")),
        *(f"{model} side-consistent" for model in ("1b", "2a", "2b")),
    ]
    cells = shown.set_index("Term")
    filled = (cells != "").sum()
    assert filled["1a published"] == 1 + 1 + 4 + 4
    assert filled["2b side-consistent"] == 1 + 6 + 4 + 4
    row = preference_frames["coefficients"].query(
        "model == '1a' and form == 'published' and term == 'abs_score_diff'"
    )
    expected = f"{row['estimate'].item():.3f} ({row['se'].item():.3f})***"
    assert cells.loc["Score difference, absolute", "1a published"] == expected


def test_the_conversation_table_leaves_blank_what_the_tournament_does_not_hold(elo_frames):
    shown = conversation_table(elo_frames["means"], elo_frames["steps"])
    # these simulated conversations are all first ones
    assert len(shown) == 2 * 4
    assert (shown[["Conversation 2", "Conversation 3", "3 minus 2", "p"]] == "").all(axis=None)
    assert (shown["Conversation 1"] != "").all()
    low, high = np.array([-2.0, 2.0])
    steps = pd.DataFrame(
        [["overall_empathy", arm, 2, 3, 0.0, 1.0, low, high, 1.0] for arm in ("coach", "all")],
        columns=elo_frames["steps"].columns,
    )
    shown = conversation_table(elo_frames["means"], steps)
    assert shown["3 minus 2"].tolist().count("0.00 [\N{MINUS SIGN}2.00, +2.00]") == 2
    assert shown["Arm"].tolist()[4] == "Both, pooled"
