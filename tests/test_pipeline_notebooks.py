"""Each notebook runs in a kernel of its own; a failing one says which cell and leaves no litter."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from tiny_steps import HERE

from lendanear.errors import LendAnEarError
from lendanear.paths import ROOT
from lendanear.pipeline import kernels
from lendanear.pipeline.notebook_source import code_tree, modules_of, parameters_of, reads_of
from lendanear.pipeline.run_notebook import NotebookError, execute

PATIENCE = 60
"""Seconds after which a test gives up waiting, on a loaded machine too."""


@pytest.fixture(scope="module", autouse=True)
def one_nursery():
    yield
    if kernels._nursery is not None:
        kernels._nursery.close()
        kernels._nursery = None


def write(path: Path, *cells: str) -> Path:
    """Write a notebook; the first cell is its title, the second its parameters."""
    sheet = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Title"),
            nbformat.v4.new_code_cell("begun = 1", metadata={"tags": ["parameters"]}),
            *(nbformat.v4.new_code_cell(cell) for cell in cells),
        ]
    )
    nbformat.write(sheet, path)
    return path


def run(path: Path, **parameters) -> nbformat.NotebookNode:
    folder = path.parent
    execute(
        path,
        parameters,
        folder / "executed.ipynb",
        failed=folder / "failed.ipynb",
        kernel_log=folder / "kernel.log",
    )
    return nbformat.read(folder / "executed.ipynb", as_version=4)


def printed(notebook: nbformat.NotebookNode) -> list[str]:
    outputs = (out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs)
    return ["".join(out.get("text", "")).strip() for out in outputs]


def test_a_notebook_is_executed_with_its_parameters_from_the_checkout(tmp_path):
    path = write(tmp_path / "sheet.ipynb", "import os\nprint(begun, os.getcwd())")
    before = path.read_bytes()
    assert printed(run(path, begun="mine")) == [f"mine {ROOT}"]
    assert path.read_bytes() == before, "the notebook itself is only read"


@pytest.mark.parametrize("parameters", [{"begun": 2}, {}], ids=["parameters", "defaults"])
def test_a_failing_cell_is_named_as_the_reader_counts(tmp_path, parameters):
    wrong = "\n# a comment\nraise ValueError('no such arm')"
    path = write(tmp_path / "sheet.ipynb", "print('so far')", "x = 1", wrong, wrong, "x = 2")
    (tmp_path / "executed.ipynb").write_text("from before")
    with pytest.raises(NotebookError) as raised:
        run(path, **parameters)
    said = str(raised.value)
    assert said.startswith("sheet.ipynb, cell 5 of 7 ('# a comment'): ValueError: no such arm.")
    assert str(tmp_path / "failed.ipynb") in said
    so_far = nbformat.read(tmp_path / "failed.ipynb", as_version=4)
    assert "so far" in printed(so_far)
    assert (tmp_path / "executed.ipynb").read_text() == "from before"
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_success_clears_away_the_failed_notebook_of_before(tmp_path):
    (tmp_path / "failed.ipynb").write_text("from before")
    run(write(tmp_path / "sheet.ipynb", "x = 1"))
    assert not (tmp_path / "failed.ipynb").exists()


def test_a_kernel_that_dies_is_said_so(tmp_path):
    path = write(tmp_path / "sheet.ipynb", "import os\nos.kill(os.getpid(), 9)")
    with pytest.raises(NotebookError, match=r"sheet\.ipynb: its kernel died.*--workers 1"):
        run(path)
    assert not (tmp_path / "executed.ipynb").exists()


def test_no_kernel_outlives_its_notebook(tmp_path):
    run(write(tmp_path / "sheet.ipynb", "import os\nprint(os.getpid())"))
    (pid,) = printed(nbformat.read(tmp_path / "executed.ipynb", as_version=4))
    deadline = time.monotonic() + PATIENCE
    while psutil.pid_exists(int(pid)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(int(pid))


BUILD_SCRIPT = """
import sys
from dataclasses import replace
from pathlib import Path
from tiny_steps import Tiny
from lendanear.pipeline import engine

folder, workers = Path(sys.argv[1]), int(sys.argv[2])
tiny = Tiny(folder, functions={"left": "execute_sheet"}, gentle=frozenset({"left"}))
tiny.parameters["left"] = {"sheet": sys.argv[3], "begun": str(folder / "begun")}
for outcome in engine.build(tiny.steps(), root=tiny.root, workers=workers):
    print(outcome.step.name, outcome.state, flush=True)
"""
HALT = """from pathlib import Path
import os, time
Path(begun).write_text(str(os.getpid()))
time.sleep(600)"""


@pytest.mark.parametrize(
    ("workers", "ending"),
    [(2, signal.SIGKILL), (1, signal.SIGINT)],
    ids=["killed", "interrupted"],
)
def test_kernels_end_with_the_build_they_belong_to(tmp_path, workers, ending):
    sheet = write(tmp_path / "sheet.ipynb", HALT)
    process = subprocess.Popen(
        [sys.executable, "-c", BUILD_SCRIPT, str(tmp_path), str(workers), str(sheet)],
        env={**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    begun = tmp_path / "begun"
    deadline = time.monotonic() + PATIENCE
    while not (begun.exists() and begun.read_text()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    everyone = psutil.Process(process.pid).children(recursive=True)
    assert int(begun.read_text()) in {child.pid for child in everyone}
    process.send_signal(ending)
    said, _ = process.communicate(timeout=PATIENCE)
    _, alive = psutil.wait_procs(everyone, timeout=PATIENCE)
    assert not alive
    assert not (tmp_path / "out" / "left.txt").exists()
    if ending == signal.SIGINT:
        assert "left interrupted" in said
        assert not [p for p in (tmp_path / "out").iterdir() if p.name.startswith(".")]


def test_what_a_notebook_reads_is_known_without_running_it(tmp_path):
    path = write(
        tmp_path / "sheet.ipynb",
        "%matplotlib inline\nfrom lendanear.study import open_study\nstudy = open_study('x')",
        'a = study.table("elo")\nb = study.result("effects", "fits")["x"]',
        'if study.has("themes"):\n    c = study.table("themes")',
        'd = study.result("elo", "steps") if study.has_result("elo", "steps") else None',
    )
    tree = code_tree(path)
    reads = reads_of(tree)
    assert reads.tables == {"elo"}
    assert reads.results == {"effects.fits"}
    assert reads.optional_tables == {"themes"}
    assert reads.optional_results == {"elo.steps"}
    assert modules_of(tree) == {"lendanear.study"}
    assert parameters_of(path) == {"begun": 1}


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ('study.table(f"{x}")', "must begin with 1 plain string, found: study.table"),
        ('study.result("effects", name)', "must begin with 2 plain strings"),
        ("x = (", "sheet.ipynb: cell 3 is no valid Python, line 1"),
    ],
)
def test_a_notebook_that_hides_what_it_reads_is_refused(tmp_path, cell, message):
    path = write(tmp_path / "sheet.ipynb", cell)
    with pytest.raises(LendAnEarError, match=re.escape(message)):
        reads_of(code_tree(path))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 3}', '{"cells": [{}]}', "<html>"])
def test_a_file_that_is_no_notebook_is_named(tmp_path, text):
    path = tmp_path / "sheet.ipynb"
    path.write_text(text)
    with pytest.raises(LendAnEarError, match=r"sheet\.ipynb: this is no Jupyter notebook"):
        code_tree(path)
