"""A saved figure carries its mark and its stamp, and a failed save leaves the earlier one."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
from PIL import Image

from lendanear import provenance
from lendanear.errors import OutputError
from lendanear.figures.save import save_figure
from lendanear.figures.style import DRAFT_MARK, SYNTHETIC_MARK, new_figure, stars, style
from lendanear.figures.tables import save_table

DATA = pd.DataFrame({"x": [1, 2], "y": [3.25, 4.5]})


def stamp(*, synthetic: bool = True, draft: bool = False) -> dict:
    return provenance.stamp(
        item="3B",
        source="synthetic" if synthetic else "public",
        synthetic=synthetic,
        draft=draft,
        files=[{"key": "experiment_1", "name": "experiment_1.csv", "sha256": "ab" * 32}],
        parameters={"seed": 7, "text": 'a < b & "c" – ü'},
    )


def draw():
    with style():
        figure, axis = new_figure(height=40)
        axis.plot(DATA["x"], DATA["y"])
    return figure


def test_png_and_svg_carry_the_same_stamp_inside(tmp_path):
    saved = save_figure(draw(), tmp_path, "f", data=DATA, title="T", stamp=stamp())
    with Image.open(saved.png) as image:
        inside = json.loads(image.text["Provenance"])
        assert round(image.info["dpi"][0]) == 300
    assert inside["files"] == [
        {"key": "experiment_1", "name": "experiment_1.csv", "sha256": "ab" * 32}
    ]
    assert inside["parameters"]["seed"] == 7
    assert inside["data"] == "synthetic"
    assert inside["versions"]["matplotlib"]
    svg = saved.svg.read_text(encoding="utf-8")
    described = re.search(r"<dc:description>(.*?)</dc:description>", svg, flags=re.DOTALL).group(1)
    unescaped = described.replace("&quot;", '"').replace("&lt;", "<").replace("&amp;", "&")
    assert json.loads(unescaped) == inside


def test_the_source_data_comes_back_and_says_what_it_is(tmp_path):
    saved = save_figure(draw(), tmp_path, "f", data=DATA, title="T", stamp=stamp())
    back = pd.read_csv(saved.csv)
    pd.testing.assert_frame_equal(back[["x", "y"]], DATA)
    assert set(back["data"]) == {"synthetic"}


@pytest.mark.parametrize(
    ("synthetic", "draft", "marks"),
    [
        (True, False, [SYNTHETIC_MARK]),
        (True, True, [SYNTHETIC_MARK, DRAFT_MARK]),
        (False, True, [DRAFT_MARK]),
        (False, False, []),
    ],
)
def test_synthetic_and_draft_figures_are_marked_above_everything(tmp_path, synthetic, draft, marks):
    figure = draw()
    save_figure(
        figure, tmp_path, "f", data=DATA, title="T", stamp=stamp(synthetic=synthetic, draft=draft)
    )
    drawn = [text for text in figure.texts if text.get_gid() == "mark"]
    assert [text.get_text() for text in drawn] == marks
    assert all(text.get_position()[1] > 1 for text in drawn), "a mark lies over the figure"


def test_svg_is_the_same_twice(tmp_path):
    first = save_figure(draw(), tmp_path, "a", data=DATA, title="T", stamp=stamp())
    second = save_figure(draw(), tmp_path, "b", data=DATA, title="T", stamp=stamp())
    assert first.svg.read_bytes() == second.svg.read_bytes()


def test_a_failed_save_leaves_the_earlier_figure_and_no_litter(tmp_path, monkeypatch):
    saved = save_figure(draw(), tmp_path, "f", data=DATA, title="T", stamp=stamp())
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    broken = draw()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(broken, "savefig", full)
    with pytest.raises(OutputError, match="disk is full"):
        save_figure(broken, tmp_path, "f", data=DATA, title="T", stamp=stamp())
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert saved.png.exists()


def test_a_table_page_escapes_its_cells_and_says_synthetic(tmp_path):
    frame = pd.DataFrame({"name": ["<script>alert(1)</script>"], "value": [0.123456789]})
    save_table(frame, frame, tmp_path, "t", title="T", stamp=stamp())
    page = (tmp_path / "t.html").read_text(encoding="utf-8")
    assert "<script>" not in page
    assert "SYNTHETIC DATA" in page
    assert pd.read_csv(tmp_path / "t.csv")["value"][0] == 0.123456789


@pytest.mark.parametrize(
    ("p", "mark"), [(0.0009, "***"), (0.001, "**"), (0.01, "*"), (0.0499, "*"), (0.05, "")]
)
def test_stars_follow_the_usual_bounds(p, mark):
    assert stars(p) == mark
