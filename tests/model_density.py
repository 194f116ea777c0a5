"""A PyMC model's own log-likelihood at a point, to hold a likelihood written in numpy against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pytensor.compile.mode import Mode

INTERPRETED = Mode(linker="py", optimizer=None)
"""For functions that are called once: compiling them would take longer."""


def likelihood_at(model, names: Sequence[str], seed: int) -> tuple[float, dict[str, np.ndarray]]:
    """Return the model's log-likelihood at a random point, and the point's variables.

    The likelihood is what the joint density has beyond that of the priors. Variables have two
    leading axes of length 1, as chains and draws.
    """
    random = np.random.default_rng(seed)
    point = {
        name: value + 0.3 * random.standard_normal(np.shape(value))
        for name, value in model.initial_point().items()
    }
    compiling = {"mode": INTERPRETED, "on_unused_input": "ignore"}
    graphs = model.replace_rvs_by_values(
        [model.logp(), model.logp(vars=model.free_RVs), *(model[name] for name in names)]
    )
    joint, prior, *values = model.compile_fn(graphs, inputs=model.value_vars, **compiling)(point)
    variables = {
        name: np.asarray(value)[None, None] for name, value in zip(names, values, strict=True)
    }
    return float(joint - prior), variables
