"""The graph knows how long each model is sampled without importing what samples it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lendanear.bayes.registry import BAYES_MODELS
from lendanear.bayes.settings import Settings
from lendanear.errors import LendAnEarError
from lendanear.paths import ROOT
from lendanear.pipeline.model_source import settings_of


@pytest.fixture
def read(tmp_path):
    """Write modules of models, and return the settings of the one called `mine`."""

    def settings(text: str, *, quick: bool = False, **others: str) -> Settings:
        folder = tmp_path / "lendanear" / "bayes" / "models"
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in {"mine": text, **others}.items():
            (folder / f"{name}.py").write_text(f"import no_such_package\n{content}\n")
        return settings_of("mine", quick=quick, root=tmp_path)

    return settings


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("name", BAYES_MODELS)
def test_every_model_says_how_long_it_is_sampled(name, quick):
    settings = settings_of(name, quick=quick)
    assert settings.draws >= 100
    assert settings.draws <= settings_of(name, quick=False).draws


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("QUICK = Settings()", Settings()),
        ("QUICK: Final = Settings(draws=7, chains=2)", Settings(draws=7, chains=2)),
        ("FULL = Settings(tune=9)\nQUICK = replace(FULL, draws=8)", Settings(tune=9, draws=8)),
        ("from lendanear.bayes.models.twin import FULL as QUICK", Settings(tune=3)),
        (
            "from lendanear.bayes.models.twin import FULL\nQUICK = replace(FULL, draws=2)",
            Settings(tune=3, draws=2),
        ),
    ],
)
def test_settings_are_read_as_they_are_written(read, text, expected):
    assert read(text, quick=True, twin="FULL = Settings(tune=3)") == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "QUICK = Settings()",
        "FULL = Settings(draws=many)",
        "FULL = Settings(drawings=3)",
        "FULL = Settings(3)",
        "FULL = settings.FULL",
        "FULL = dict(draws=3)",
        "FULL = replace(OTHER, draws=3)",
        "FULL =",
    ],
)
def test_settings_that_cannot_be_read_are_refused_with_the_forms_that_can(read, text):
    with pytest.raises(LendAnEarError, match=r"Settings\(\.\.\.\) or replace\(FULL, \.\.\.\)"):
        read(text)


def test_a_graph_is_laid_out_without_anything_that_takes_long_to_import():
    program = (
        "import sys\n"
        "from lendanear.pipeline import cli, graph, origins\n"
        "graph.plan(origins.synthetic())\n"
        "heavy = {'arviz', 'matplotlib', 'nutpie', 'pandas', 'papermill', 'pymc', 'pytask'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == "[]\n"
