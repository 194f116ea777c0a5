"""The comparison page says what the CSV says, in the paper's order, and escapes what it shows."""

from __future__ import annotations

import csv
import re

import pandas as pd
import pytest

from lendanear.checks.compare import COLUMNS, SYNTHETIC_REASON
from lendanear.checks.published import read_published
from lendanear.checks.report import render
from lendanear.checks.summary import summary_table
from lendanear.study import Study

FILES = [
    {
        "key": "elo_rankings",
        "group": "elo_rankings",
        "name": "<b>elo</b>.csv",
        "sha256": "e" * 64,
        "pinned": False,
        "note": "differs & is named",
    }
]


def study(tmp_path, *, synthetic: bool) -> Study:
    return Study("mine", synthetic, False, FILES, tmp_path, tmp_path)


def table(*, synthetic: bool) -> pd.DataFrame:
    rows = []
    for i, number in enumerate(read_published()):
        verdict = ["calibrated" if synthetic else "reproduced", "differs"][i % 7 == 0]
        reason = SYNTHETIC_REASON if synthetic else ""
        shown = (number.id, number.item, number.quantity, number.estimate)
        rows.append([*shown, number.estimate + 0.01, 0.01, number.tolerance, verdict, reason])
    return pd.DataFrame(rows, columns=list(COLUMNS))


@pytest.mark.parametrize("synthetic", [True, False])
def test_totals_on_the_page_are_those_of_the_table(tmp_path, synthetic):
    frame = table(synthetic=synthetic)
    page = render(frame, study(tmp_path, synthetic=synthetic))
    judged = frame[frame["item"] != "Text"]
    head = page[: page.index("<details")]
    for verdict, count in judged["verdict"].value_counts().items():
        assert f">{count} {verdict}<" in head
    assert page.count("<code>") == len(frame) + len(FILES)
    assert ("SYNTHETIC DATA" in page) == synthetic
    assert ("no evidence" in " ".join(page.split())) == synthetic


def test_sections_follow_the_paper_and_press_numbers_stand_apart(tmp_path):
    page = render(table(synthetic=False), study(tmp_path, synthetic=False))
    sections = re.findall(r"<summary><b>(.*?)</b>", page)
    assert sections[0] == "Abstract"
    assert sections[-1] == "Press coverage"
    assert sections.index("Figure 2B") < sections.index("Figure 6C")
    assert sections.index("Figure 6C") < sections.index("Extended Data Table 1")
    press = page[page.index("<b>Press coverage</b>") :]
    assert press.count("secondary.") == 6
    assert "definitions used here" in " ".join(press.split())


def test_numbers_are_shown_as_precisely_as_they_were_printed(tmp_path):
    page = render(table(synthetic=False), study(tmp_path, synthetic=False))
    row = page[page.index("ols.const.advice_giving") :][:400]
    cells = re.findall(r"<td>(.*?)</td>", row)
    assert cells[:2] == ["3.082", "3.0920"]
    row = page[page.index("score.min") :][:300]
    assert re.findall(r"<td>(.*?)</td>", row)[0] == "\N{MINUS SIGN}11"


def test_what_comes_from_a_readers_folder_is_escaped(tmp_path):
    page = render(table(synthetic=False), study(tmp_path, synthetic=False))
    assert "<b>elo</b>" not in page
    assert "&lt;b&gt;elo&lt;/b&gt;.csv" in page
    assert "differs &amp; is named" in page


def test_the_console_table_counts_the_same(tmp_path):
    frame = table(synthetic=False)
    path = tmp_path / "mine" / "published_vs_rebuilt.csv"
    path.parent.mkdir()
    frame.to_csv(path, index=False, quoting=csv.QUOTE_MINIMAL)
    shown = summary_table(path)
    columns = {column.header: list(column.cells) for column in shown.columns}
    for verdict, count in frame["verdict"].value_counts().items():
        assert sum(int(cell or 0) for cell in columns[verdict]) == count
    assert "Press coverage" in columns["Item"]
    assert "Text" not in columns["Item"]
