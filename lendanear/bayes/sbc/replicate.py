"""One replicate: parameters from the prior, data from the parameters, and where the truth ranks.

A model is compiled once in a process, for the design of its subject; each replicate only puts other
data into its containers. Everything random in a replicate comes from its key, the name of the model
and the replicate's number, so neither the order of replicates nor the process matters.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from lendanear.bayes.quantities import Reported
from lendanear.bayes.sampling import Compiled, arviz, compile_model, draw
from lendanear.bayes.settings import Settings

if TYPE_CHECKING:
    from types import ModuleType

DRAWS: Final = 99
"""Posterior draws among which the truth is ranked: ranks 0 to 99."""
NEAR_INDEPENDENCE: Final = 2
"""Effective draws that a run must have for each draw that is kept of it. Draws that are kept then
lie two autocorrelation times apart: neighbours correlate by exp(-4) or less."""
DOUBLINGS: Final = 3
"""How often a run that is not worth as many is drawn anew at twice the length."""
COLUMNS: Final = (
    "model",
    "replicate",
    "quantity",
    "group",
    "truth",
    "rank",
    "ess",
    "rhat",
    "length",
    "divergences",
)
"""Columns of the ranks of one replicate."""


@dataclass(frozen=True)
class Simulated:
    """A simulated data set and what is to be ranked in its posterior.

    Attributes
    ----------
    truth : dict of ndarray
        Variables as drawn from the prior, by the names of the model.
    containers : dict of ndarray
        The data, by the names of the model's data containers.
    quantities : callable
        From variables (ndarrays with two leading axes: chains, draws) to quantities; quantities may
        also look at the data.
    """

    truth: dict[str, np.ndarray]
    containers: dict[str, np.ndarray]
    quantities: Callable[[Mapping[str, np.ndarray]], Reported]


def subject(model: str) -> ModuleType:
    """Return the module that simulates data of a model: see `lendanear.bayes.sbc.subjects`."""
    return import_module(f"lendanear.bayes.sbc.subjects.{model}")


def generator(model: str, number: int) -> np.random.Generator:
    """Return the source of all chance in one replicate."""
    digest = hashlib.sha256(f"{model} {number}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16]))


@cache
def _compiled(model: str) -> tuple[Any, Compiled]:
    """Return the design of a subject, and its model compiled, once per process."""
    design = subject(model).design()
    # not through the list of models: another model there is no reason to run replicates again
    module = import_module(f"lendanear.bayes.models.{model}")
    return design, compile_model(module.build(design), module.KEEP)


def replicate(model: str, number: int, settings: Settings) -> pd.DataFrame:
    """Run one replicate.

    Parameters
    ----------
    model : str
        Name of the model and of its subject.
    number : int
        Number of the replicate.
    settings : Settings
        Length of the run; its seed is not used.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row per quantity.
    """
    random = generator(model, number)
    design, compiled = _compiled(model)
    simulated = subject(model).simulate(design, random)
    compiled = compiled.with_data(**simulated.containers)
    settings = replace(settings, seed=int(random.integers(2**31)))
    for doubling in range(DOUBLINGS + 1):
        longer = replace(settings, draws=settings.draws * 2**doubling)
        drawn = draw(compiled, longer)
        posterior = {name: values.to_numpy() for name, values in drawn.posterior.items()}
        found = rank(simulated, posterior)
        if found["ess"].min() >= NEAR_INDEPENDENCE * DRAWS:
            break
    found["model"], found["replicate"] = model, number
    found["length"] = longer.draws
    found["divergences"] = int(drawn.sample_stats["diverging"].sum())
    return found[list(COLUMNS)]


def rank(simulated: Simulated, posterior: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Rank the truth among draws that are far enough apart to be nearly independent.

    Parameters
    ----------
    simulated : Simulated
        The data set.
    posterior : mapping of str to ndarray, shape (chains, draws, ...)
        Draws of every variable that the quantities need; at least `DRAWS` in all.

    Returns
    -------
    DataFrame
        quantity, group, truth, rank (how many of `DRAWS` draws are smaller), ess (the smaller of
        bulk and tail effective draws of the whole run), rhat.
    """
    az = arviz()
    truth = simulated.quantities({key: value[None, None] for key, value in simulated.truth.items()})
    rows = []
    for key, values in simulated.quantities(posterior).items():
        ess = min(float(az.ess(values, method=method)) for method in ("bulk", "tail"))
        kept = values.ravel()[_spaced(values.size)]
        true = float(truth[key].item())
        rows.append((*key, true, int((kept < true).sum()), ess, float(az.rhat(values))))
    return pd.DataFrame(rows, columns=["quantity", "group", "truth", "rank", "ess", "rhat"])


def _spaced(count: int) -> np.ndarray:
    """Return `DRAWS` evenly spaced places among the draws of all chains, one after another."""
    return np.linspace(0, count - 1, DRAWS).astype(int)
