"""Drawing from a posterior with nutpie, and keeping only what is used later."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lendanear.bayes.code_cache import keep_code
from lendanear.bayes.settings import Settings
from lendanear.files import written_aside

if TYPE_CHECKING:
    import arviz as az
    import numpy as np
    import pymc as pm

STATISTICS: Final = ("diverging", "energy", "n_steps", "step_size_bar")
"""Statistics of the sampler that the gate and the benchmark read."""


def arviz() -> object:
    """Return ArviZ, imported without its announcement of a coming refactoring."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\s*ArviZ is undergoing", category=FutureWarning)
        import arviz

    return arviz


def sample(model: pm.Model, keep: Sequence[str], settings: Settings) -> az.InferenceData:
    """Draw from the posterior of a model.

    Parameters
    ----------
    model : pymc.Model
        The model.
    keep : sequence of str
        Variables and deterministics to store; everything else is forgotten while sampling.
    settings : Settings
        Length and seed of the run.

    Returns
    -------
    arviz.InferenceData
        Groups ``posterior`` (the kept variables, dimensions chain and draw first) and
        ``sample_stats``; attributes ``seconds`` (sampling) and ``compile_seconds``.
    """
    started = time.perf_counter()
    compiled = compile_model(model, keep)
    ready = time.perf_counter()
    drawn = draw(compiled, settings)
    drawn.posterior.attrs["compile_seconds"] = ready - started
    return drawn


@dataclass(frozen=True)
class Compiled:
    """A model ready to be sampled, and which of its variables to store."""

    machine: Any
    keep: tuple[str, ...]

    def with_data(self, **values: np.ndarray) -> Compiled:
        """Return it with other values in its data containers; nothing is compiled anew."""
        return replace(self, machine=self.machine.with_data(**values))


def compile_model(model: pm.Model, keep: Sequence[str]) -> Compiled:
    """Compile a model; see `sample`."""
    arviz()
    import nutpie

    keep_code()
    machine = nutpie.compile_pymc_model(model, backend="numba", var_names=list(keep))
    return Compiled(machine, tuple(keep))


def draw(compiled: Compiled, settings: Settings) -> az.InferenceData:
    """Draw from the posterior of a compiled model; see `sample`."""
    import nutpie
    from threadpoolctl import threadpool_limits

    started = time.perf_counter()
    # chains already share the cores: linear algebra with threads of its own would wait for itself,
    # which was measured to make small matrices a hundred times slower
    with threadpool_limits(1):
        drawn = nutpie.sample(
            compiled.machine,
            tune=settings.tune,
            draws=settings.draws,
            chains=settings.chains,
            cores=min(settings.chains, processes()),
            seed=settings.seed,
            target_accept=settings.target_accept,
            save_warmup=False,
            progress_bar=False,
        )
    seconds = time.perf_counter() - started
    known = [name for name in STATISTICS if name in drawn.sample_stats]
    drawn.sample_stats = drawn.sample_stats[known]
    for group in drawn.groups():
        if group not in {"posterior", "sample_stats"}:
            delattr(drawn, group)
    # var_names only chooses among deterministics: free variables are stored in any case
    drawn.posterior = drawn.posterior[list(compiled.keep)]
    drawn.posterior.attrs["seconds"] = seconds
    return drawn


def processes() -> int:
    """Return how many chains may run at once: the step's share of the cores."""
    share = os.environ.get("OMP_NUM_THREADS", "")
    return int(share) if share.isdecimal() and int(share) > 0 else os.cpu_count() or 1


def write_posterior(drawn: az.InferenceData, path: Path) -> None:
    """Store draws as compressed NetCDF, completely or not at all."""
    with written_aside(path) as aside:
        drawn.to_netcdf(str(aside), engine="h5netcdf", compress=True)


def read_posterior(path: Path) -> az.InferenceData:
    """Return stored draws, read into memory."""
    drawn = arviz().from_netcdf(str(path), engine="h5netcdf")
    for group in drawn.groups():
        drawn[group].load()
    drawn.close()
    return drawn
