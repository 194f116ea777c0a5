"""Notebooks opened by hand: prepared they run top to bottom, unprepared they say what to run."""

from __future__ import annotations

import subprocess
import sys

import factories
import nbformat
import pytest
from command import ONE, ONE_NOTEBOOK, ONE_STEM, PATIENCE, Checkout, environment
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from lendanear.vocabulary import DIMENSION_KEYS, RATER_KEYS


def execute(checkout: Checkout, notebook: str) -> nbformat.NotebookNode:
    """Execute a notebook with its defaults from its own folder, as JupyterLab does."""
    folder = checkout / "notebooks"
    sheet = nbformat.read(folder / f"{notebook}.ipynb", as_version=4)
    client = NotebookClient(
        sheet,
        kernel_name="python3",
        timeout=PATIENCE,
        startup_timeout=PATIENCE,
        resources={"metadata": {"path": str(folder)}},
    )
    # what `make` writes into the environment of a checkout: where its package lies
    return client.execute(env={**environment(), "PYTHONPATH": str(checkout.folder)})


@pytest.fixture(scope="module")
def prepared(day, tmp_path_factory) -> Checkout:
    """A checkout in which only what one notebook reads has been made."""
    checkout = day.checkout.copied(tmp_path_factory.mktemp("hand") / "lend an ear")
    for path in (
        *checkout.folder.glob("build/synthetic/results/*"),
        *checkout.folder.glob("figures/*/*"),
    ):
        path.unlink()
    run = checkout.run("--data", "synthetic", "--prepare", "--only", ONE, "--workers", "1")
    assert run.status == 0, run
    assert run.steps == {"model.elo": "built"}
    assert checkout.figures("synthetic") == {}
    return checkout


def test_prepared_a_notebook_runs_top_to_bottom_and_makes_what_the_build_makes(prepared, day):
    sheet = execute(prepared, ONE_NOTEBOOK)
    code = [cell for cell in sheet.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    shown = [output for cell in code for output in cell.outputs]
    assert not [output for output in shown if output.output_type in {"error", "stream"}]
    assert any("image/png" in output.get("data", {}) for output in shown)
    assert "synthetic (simulated people)" in str(shown[0])
    name = f"figures/synthetic/{ONE_STEM}_synthetic.csv"
    assert (prepared / name).read_bytes() == (day.checkout / name).read_bytes()


def test_without_the_preparation_the_error_says_what_to_run(prepared):
    with pytest.raises(CellExecutionError) as raised:
        execute(prepared, "figure_6b_choices")
    assert raised.value.ename == "MissingDataError"
    assert "`python run_all.py --data synthetic --prepare`" in raised.value.evalue


def opened(checkout: Checkout, data: str, then: str) -> subprocess.CompletedProcess[str]:
    """Open a study where notebooks run, and do something with it."""
    program = f"from lendanear.study import open_study; study = open_study({data!r}); {then}"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=checkout / "notebooks",
        env={**environment(), "PYTHONPATH": str(checkout.folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


def test_a_folder_is_prepared_when_it_is_first_opened_seen_from_where_the_notebook_runs(
    fresh, tmp_path
):
    checkout = fresh.copied(tmp_path / "lend an ear")
    for key, frame in factories.pilot_ratings(50).items():
        factories.write_csv(frame, checkout / "my class" / f"{key}.csv")
    ratings = len(RATER_KEYS) * len(DIMENSION_KEYS) * 50
    look = "print(study.label, len(study.table('pilot_ratings'))); study.table('themes')"
    run = opened(checkout, "../my class", look)
    assert run.stdout == f"my_class (real data) {ratings}\n", run.stderr
    assert not (checkout / "figures").exists()
    assert "no table 'themes': it is made from 'all_themes', which is not there" in run.stderr


def test_a_source_that_cannot_be_prepared_says_why_and_what_is_missing(fresh):
    run = opened(fresh, "../no such class", "")
    assert "MissingDataError: the source '../no such class' could not be prepared" in run.stderr
    assert "no such class: there is no such folder" in run.stderr
