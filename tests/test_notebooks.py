"""Notebooks are committed clean, have one heading and one parameters cell, build their items."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

from lendanear.bayes.registry import BAYES_MODELS
from lendanear.items import ITEMS, items_of, notebooks
from lendanear.models.registry import MODELS
from lendanear.paths import NOTEBOOKS

FILES = sorted(NOTEBOOKS.glob("*.ipynb"))
FRAMES = {name: model.frames for name, model in MODELS.items()}
FRAMES |= {name: model.all_frames for name, model in BAYES_MODELS.items()}


def code_of(notebook: nbformat.NotebookNode) -> str:
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")


def read(path: Path) -> nbformat.NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def test_every_item_has_its_notebook_and_every_notebook_its_items():
    assert {path.stem for path in FILES} == set(notebooks())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_one_heading_and_one_parameters_cell(path: Path):
    notebook = read(path)
    markdown = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert len(re.findall(r"^# ", markdown, flags=re.MULTILINE)) == 1
    assert notebook.cells[0].source.startswith("# ")
    tagged = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1
    assert 'data = "synthetic"' in tagged[0].source


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_committed_without_outputs_or_widget_state(path: Path):
    notebook = read(path)
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_saves_exactly_the_items_it_is_registered_for(path: Path):
    code = code_of(read(path))
    saved = {"save_figure": set(), "save_table": set()}
    for node in ast.walk(ast.parse(code)):
        called = getattr(node.func, "attr", None) if isinstance(node, ast.Call) else None
        if called in saved:
            saved[called] |= {a.value for a in node.args[1:] if isinstance(a, ast.Constant)}
    expected = items_of(path.stem)
    assert saved["save_figure"] == {i.key for i in expected if i.kind == "figure"}
    assert saved["save_table"] == {i.key for i in expected if i.kind == "table"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_reads_only_tables_and_results_that_exist(path: Path):
    code = code_of(read(path))
    needed = {table for item in items_of(path.stem) for table in item.tables}
    for table in re.findall(r'study\.table\(\s*"(\w+)"', code):
        assert table in needed, f"{table} is read but no item of {path.stem} declares it"
    for model, frame in re.findall(r'study\.result\(\s*"(\w+)",\s*"(\w+)"', code):
        assert frame in FRAMES[model], f"{model}.{frame}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_prose_types_in_no_results(path: Path):
    # design facts (968 people, 1 to 5) may be said; estimates with decimals must come from code
    for cell in read(path).cells:
        if cell.cell_type == "markdown":
            typed = re.findall(r"(?<![\w.])[+-]?\d*\.\d{2,}(?!\w)", cell.source)
            assert not typed, f"typed-in results: {typed}"


def test_the_paper_has_25_items_and_every_item_its_own_name():
    assert sum(item.published for item in ITEMS) == 25
    assert len({item.key for item in ITEMS}) == len({item.stem for item in ITEMS}) == len(ITEMS)
