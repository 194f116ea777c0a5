"""One Bayesian fit in a process of its own: how long it takes, and how much its draws are worth.

Prints one line of JSON: ``ready`` (seconds from the start of the process until all draws were
there), ``compiling`` and ``sampling`` (seconds; for PyMC's own sampler, which does not tell them
apart, both together are ``sampling``), ``draws`` and the row of the gate (see
`lendanear.bayes.gate`), in which the fewest effective draws are those of the worst reported
quantity.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from lendanear.bayes.gate import diagnose
from lendanear.bayes.registry import BAYES_MODELS, estimate, model_module
from lendanear.tables.store import read_table

if TYPE_CHECKING:
    import arviz as az
    import pandas as pd

CHAINS = 4


def tables_of(model: str, folder: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of a model."""
    names = BAYES_MODELS[model].tables
    return {name: read_table(folder / f"{name}.parquet", texts=False) for name in names}


def worth(
    model: str, drawn: az.InferenceData, tables: Mapping[str, pd.DataFrame]
) -> dict[str, Any]:
    """Return the number of draws, and the gate's row."""
    reported, _ = estimate(model, drawn, tables)
    sizes = drawn.posterior.sizes
    return {"draws": sizes["chain"] * sizes["draw"], **diagnose(model, reported, drawn).row}


def with_nutpie(model: str, tables: Mapping[str, pd.DataFrame], *, only_compile: bool) -> Any:  # noqa: ANN401
    """Fit a model as the build does; return draws (None if only compiled) and seconds."""
    from lendanear.bayes.sampling import compile_model, draw

    module = model_module(model)
    built = module.build(module.data(**tables))
    start = time.perf_counter()
    compiled = compile_model(built, module.KEEP)
    seconds = {"compiling": time.perf_counter() - start, "sampling": 0.0}
    if only_compile:
        return None, seconds
    drawn = draw(compiled, module.FULL)
    return drawn, {**seconds, "sampling": drawn.posterior.attrs["seconds"]}


def with_pymc(model: str, tables: Mapping[str, pd.DataFrame]) -> Any:  # noqa: ANN401
    """Fit the same model with the default sampler of `pymc.sample`; return draws and seconds."""
    import pymc as pm

    module = model_module(model)
    full = module.FULL
    with module.build(module.data(**tables)):
        start = time.perf_counter()
        drawn = pm.sample(
            tune=full.tune,
            draws=full.draws,
            chains=full.chains,
            cores=min(full.chains, os.cpu_count() or 1),
            random_seed=full.seed,
            progressbar=False,
        )
    return drawn, {"compiling": 0.0, "sampling": time.perf_counter() - start}


def main() -> None:
    """Fit, and print what it took."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fit", description=__doc__)
    parser.add_argument("model", choices=BAYES_MODELS)
    parser.add_argument("tables", type=Path)
    parser.add_argument("--sampler", choices=("nutpie", "pymc"), default="nutpie")
    parser.add_argument("--only-compile", action="store_true")
    arguments = parser.parse_args()
    tables = tables_of(arguments.model, arguments.tables)
    if arguments.sampler == "pymc":
        drawn, seconds = with_pymc(arguments.model, tables)
    else:
        drawn, seconds = with_nutpie(arguments.model, tables, only_compile=arguments.only_compile)
    found = {"ready": time.time() - psutil.Process().create_time(), **seconds}
    if drawn is not None:
        found |= worth(arguments.model, drawn, tables)
    print(json.dumps(found, default=lambda value: value.item()))


if __name__ == "__main__":
    main()
