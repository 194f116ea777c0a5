"""Before anything runs, the graph says of every notebook whether it can, and if not, why not."""

from __future__ import annotations

import re

import nbformat
import pytest

from lendanear.bayes.registry import BAYES_MODELS
from lendanear.pipeline import graph
from lendanear.pipeline.origins import Origin, synthetic

UNQUICK = [model.name for model in BAYES_MODELS.values() if not model.in_quick]


@pytest.fixture
def why_not(tmp_path, monkeypatch):
    """Return why a notebook with this cell cannot be built as the one of pilot agreement."""

    def reason(cell: str, *, quick: bool = False, origin: Origin | None = None) -> str | None:
        sheet = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
        nbformat.write(sheet, tmp_path / "pilot_agreement.ipynb")
        monkeypatch.setattr(graph, "NOTEBOOKS", tmp_path)
        monkeypatch.setattr("lendanear.pipeline.maker.NOTEBOOKS", tmp_path)
        plan = graph.plan(origin or synthetic(), quick=quick)
        assert (plan.step("notebook.pilot_agreement") is None) is ("pilot" in plan.blocked)
        return plan.blocked["pilot"].reason if "pilot" in plan.blocked else None

    return reason


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ('study.table("elo")', None),
        ('study.table("elos")', "reads the table 'elos', which does not exist"),
        ('study.result("agreement", "kappas")', None),
        ('study.result("agreement", "kappa")', "reads agreement.kappa, which no model gives"),
        ('study.result("agree", "kappas")', "reads agree.kappas, which no model gives"),
        ("study.table(name)", r"study.table\(...\) must begin with 1 plain string"),
        ("x = (", "cell 1 is no valid Python"),
    ],
)  # fmt: skip
def test_a_notebook_that_reads_what_nothing_makes_is_not_started(why_not, cell, reason):
    found = why_not(cell)
    if reason is None:
        assert found is None
    else:
        assert found is not None
        assert re.search(reason, found)


@pytest.mark.parametrize("name", UNQUICK)
def test_a_quick_build_does_not_start_what_needs_a_model_that_it_leaves_out(why_not, name):
    cell = f'study.result("{name}", "estimates")'
    assert why_not(cell) is None
    found = why_not(cell, quick=True)
    assert found is not None
    assert f"reads {name}.estimates, which a quick build leaves out" in found
    asks = f'x = study.has_result("{name}", "estimates") and study.result("{name}", "estimates")'
    assert why_not(asks, quick=True) is None
