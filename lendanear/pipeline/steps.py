"""What the steps of the graph do, one function each; everything heavy is imported inside.

Each takes the step's parameters, the files it reads and the files it leaves, by name. What a
function imports is what the step depends on, besides the modules its step names.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lendanear.errors import LendAnEarError
from lendanear.files import all_or_nothing, written_aside

Files = dict[str, Path]


def generate(parameters: dict[str, Any], inputs: Files, outputs: Files) -> None:
    """Write the synthetic study's files, and the ratings of a synthetic pilot."""
    from lendanear.synthetic import generate as generate_study
    from lendanear.synthetic.pilot import generate_pilot

    generate_study(
        outputs["experiment_1"].parent, seed=parameters["seed"], scale=parameters["scale"]
    )
    generate_pilot(outputs["expert1_ratings"].parent, seed=parameters["seed"])


def describe(parameters: dict[str, Any], inputs: Files, outputs: Files) -> None:
    """Write what the source is: its files with their checksums, synthetic or real."""
    from lendanear.files import sha256_of
    from lendanear.paths import relative_to_checkout

    files = [
        # within the checkout relative to it: a checkout may be moved with all that was built in it
        {**entry, "sha256": sha256_of(path), "path": relative_to_checkout(path)}
        for entry in parameters["files"]
        for path in [inputs[entry["key"]]]
    ]
    with written_aside(outputs["source"]) as aside:
        text = json.dumps({**parameters, "files": files}, indent=1)
        aside.write_text(text + "\n", encoding="utf-8")


def make_tables(parameters: dict[str, Any], inputs: Files, outputs: Files) -> None:
    """Turn one source's raw files into typed, validated tables."""
    from lendanear.tables import build_tables

    key = parameters["key"]
    files = {name: inputs[name] for name in parameters["files"]}
    build_tables(
        key,
        files if key == "pilot" else files[key],
        next(iter(outputs.values())).parent,
        companions={name: inputs[name] for name in parameters["companions"]},
    )


def fit_model(parameters: dict[str, Any], inputs: Files, outputs: Files) -> None:
    """Fit one model and write its frames."""
    from lendanear.models.registry import fit, read_tables
    from lendanear.tables.store import write_table

    model = parameters["model"]
    frames = fit(model, read_tables(model, inputs), quick=parameters.get("quick", False))
    for name, path in outputs.items():
        if name not in frames:
            raise LendAnEarError(
                f"the model {model!r} returned no frame {name!r}; it returned {', '.join(frames)}"
            )
        write_table(frames[name], path)


def draw_posterior(parameters: dict[str, Any], inputs: Files, outputs: Files) -> None:
    """Draw from the posterior of one Bayesian model and store the draws."""
    from lendanear.bayes.registry import draw
    from lendanear.bayes.sampling import write_posterior
    from lendanear.bayes.settings import Settings
    from lendanear.tables.store import read_table

    tables = {name: read_table(path, texts=False) for name, path in inputs.items()}
    drawn = draw(parameters["model"], tables, Settings(**parameters["settings"]))
    write_posterior(drawn, outputs["posterior"])


def summarise_posterior(parameters: dict[str, Any], inputs: Files, outputs: Files) -> None:
    """Write the frames of one Bayesian model, not yet judged."""
    from lendanear.bayes.sampling import read_posterior
    from lendanear.bayes.summarise import summarise
    from lendanear.tables.store import read_table, write_table

    tables = {
        name: read_table(path, texts=False) for name, path in inputs.items() if name != "posterior"
    }
    frames = summarise(parameters["model"], read_posterior(inputs["posterior"]), tables)
    for name, path in outputs.items():
        write_table(frames[name], path)


def pass_gate(parameters: dict[str, Any], inputs: Files, outputs: Files) -> None:
    """Publish the frames of one Bayesian model if it converged; stop here if it did not."""
    from lendanear.bayes.gate import require
    from lendanear.checks.bayes import write_diagnostics_page
    from lendanear.tables.store import read_table, write_table

    frames = {name: read_table(path) for name, path in inputs.items()}
    page = outputs["page"]
    write_diagnostics_page(
        frames["diagnostics"],
        frames["convergence"],
        page,
        synthetic=parameters["synthetic"],
        draft=parameters["draft"],
    )
    require(frames["diagnostics"], page)
    for name, frame in frames.items():
        write_table(frame, outputs[name])


def collect_bayes(parameters: dict[str, Any], inputs: Files, outputs: Files) -> None:
    """Write the estimates and the diagnostics of every Bayesian model."""
    from lendanear.checks.bayes import write_collection

    write_collection(
        inputs,
        outputs["bayes_estimates"],
        outputs["bayes_diagnostics"],
        "synthetic" if parameters["synthetic"] else "real",
    )


def run_notebook(parameters: dict[str, Any], inputs: Files, outputs: Files) -> None:
    """Execute one notebook; it writes the figures and tables of its items itself."""
    from lendanear.paths import NOTEBOOKS
    from lendanear.pipeline.run_notebook import execute

    name, executed = parameters["notebook"], outputs["notebook"]
    logs = executed.parent.parent / "logs"
    with all_or_nothing(outputs.values()):
        execute(
            # not among the inputs: what decides is its text without outputs, see the graph
            NOTEBOOKS / f"{name}.ipynb",
            parameters["values"],
            executed,
            failed=logs / f"notebook.{name}.failed.ipynb",
            kernel_log=logs / f"notebook.{name}.log",
        )


def check(parameters: dict[str, Any], inputs: Files, outputs: Files) -> None:
    """Set published numbers against those rebuilt from the tables and results it is given."""
    from dataclasses import replace

    from lendanear.checks.report import write_comparison
    from lendanear.study import open_study

    study = open_study(parameters["source"])
    write_comparison(replace(study, readable=frozenset(inputs.values())))


def calibrate(parameters: dict[str, Any], inputs: Files, outputs: Files) -> None:
    """Run one replicate of the simulation-based calibration of a model."""
    from lendanear.bayes.sbc.replicate import replicate
    from lendanear.bayes.settings import Settings

    settings = Settings(**parameters["settings"])
    ranks = replicate(parameters["model"], parameters["replicate"], settings)
    # not by the room of typed tables: what is changed there calls for no replicate anew
    with written_aside(outputs["ranks"]) as aside:
        ranks.to_parquet(aside, index=False)


def judge_ranks(parameters: dict[str, Any], inputs: Files, outputs: Files) -> None:
    """Collect the ranks of a model, judge whether they are uniform, and draw them."""
    import pandas as pd

    from lendanear.checks.sbc import write_ranks

    ranks = pd.concat([pd.read_parquet(path) for path in inputs.values()], ignore_index=True)
    with written_aside(outputs["ranks"]) as aside:
        ranks.to_parquet(aside, index=False)
    folder = outputs["figure"].parent
    write_ranks(ranks, parameters["model"], folder, draft=parameters["draft"])
