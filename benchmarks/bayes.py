"""Sampling: what each Bayesian model takes, and one of them against other samplers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.fit import CHAINS, tables_of, worth
from benchmarks.measure import Measurement, measure
from lendanear.bayes.registry import BAYES_MODELS
from lendanear.bayes.sampling import arviz
from lendanear.bayes.settings import SEED
from lendanear.bayes.trial import LATER, TREATED, scenario_contrasts
from lendanear.vocabulary import ARM_KEYS, CONVERSATION_NUMBERS, SCENARIO_KEYS

COMPARED = "coaching_overall"
"""The model that is fitted by other samplers too: a Gaussian random intercept."""
TARGET = 5
"""It is to give this many times the effective draws per second of rstanarm, end to end."""
SCRIPT = Path(__file__).with_name("random_intercept.R")


def section(copy: Path, folder: Path, environment: dict[str, str]) -> list[str]:
    """Measure everything and return the section of the results.

    Parameters
    ----------
    copy : Path
        The checkout to measure; its synthetic tables are made first.
    folder : Path
        For intermediate files.
    environment : dict of str to str
        Of every command.
    """
    prepare = [sys.executable, "run_all.py", "--data", "synthetic", "--prepare"]
    measure(prepare, folder=copy, environment=environment)
    tables = copy / "build" / "synthetic" / "tables"
    fits = Fits(copy, tables, folder / "cache", environment)
    lines = [
        "Every model on the synthetic study, with its full settings. *Cold* is compiling without",
        "anything in the cache on disk (PyTensor keeps one by itself), *warm* with what the run",
        "before left there. *Effective draws* are the bulk effective draws of the worst reported",
        "quantity. Memory is that of the cold compilation or of the warm fit, whichever is larger.",
        "",
        "| model | compiling, cold | compiling, warm | sampling | peak MiB | draws "
        "| effective draws | per second of sampling | largest R-hat | divergences |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    found = {}
    for model in BAYES_MODELS:
        print(f"fitting {model} ...", flush=True)
        found[model] = fits.cold_and_warm(model)
        lines.append(fits.row(model, *found[model]))
    return [*lines, "", *_compared(fits, found[COMPARED], folder)]


class Fits:
    """Fits in processes of their own.

    Parameters
    ----------
    copy, tables, cache : Path
        The checkout, its typed tables, and a folder for the compilation caches.
    environment : dict of str to str
        Of every command.
    """

    def __init__(self, copy: Path, tables: Path, cache: Path, environment: dict[str, str]) -> None:
        self.copy, self.tables, self.cache = copy, tables, cache
        self.environment = environment

    def run(self, model: str, *options: str) -> tuple[dict[str, Any], Measurement]:
        """Run ``benchmarks.fit`` with the model's own cache; return what it printed, and memory."""
        command = [sys.executable, "-m", "benchmarks.fit", model, str(self.tables), *options]
        flags = f"cxx=,base_compiledir={self.cache / model}"
        taken = measure(
            command, folder=self.copy, environment={**self.environment, "PYTENSOR_FLAGS": flags}
        )
        return json.loads(taken.output.strip().splitlines()[-1]), taken

    def cold_and_warm(self, model: str) -> tuple[dict[str, Any], dict[str, Any], float]:
        """Return what compiling without a cache took, what a fit with it took, and peak MiB."""
        cold, first = self.run(model, "--only-compile")
        warm, second = self.run(model)
        return cold, warm, max(first.peak_mib, second.peak_mib)

    @staticmethod
    def row(model: str, cold: dict[str, Any], warm: dict[str, Any], peak: float) -> str:
        """Return one line of the table of models."""
        effective = warm["ess_bulk_min"]
        return (
            f"| {model} | {cold['compiling']:.1f} s | {warm['compiling']:.1f} s "
            f"| {warm['sampling']:.1f} s | {peak:,.0f} | {warm['draws']:,} | {effective:,.0f} "
            f"| {effective / warm['sampling']:,.1f} | {warm['rhat_max']:.4f} "
            f"| {warm['divergences']} |"
        )


def _compared(
    fits: Fits, ours: tuple[dict[str, Any], dict[str, Any], float], folder: Path
) -> list[str]:
    """Return the comparison of samplers on one model."""
    cold, warm, _ = ours
    # without a cache only the compilation takes longer
    longer = {**warm, "ready": warm["ready"] + cold["compiling"] - warm["compiling"]}
    theirs, why_not = with_rstanarm(fits.tables, folder)
    print("sampling with PyMC's default ...", flush=True)
    default, _ = fits.run(COMPARED, "--sampler", "pymc")
    table = (
        ("nutpie, cache warm (this companion)", warm),
        ("nutpie, cache cold", longer),
        ("`pymc.sample`, its default sampler", default),
        ("rstanarm, `stan_lmer`", theirs),
    )
    lines = [
        f"The Gaussian random-intercept model of overall empathy, {CHAINS} chains of 1,000 + 1,000",
        "draws. *End to end* is from the start of a process until all draws are there: imports,",
        "reading, compiling, sampling; rstanarm is compiled when it is installed. *Sampling* of",
        "`pymc.sample` includes compiling, and of rstanarm its own preparations. rstanarm has its",
        "usual prior for the spread between people (there is no half-normal one).",
        "",
        "| sampler | end to end | sampling | effective draws | per second, end to end "
        "| per second of sampling | times rstanarm, end to end |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, found in table:
        if found is None:
            lines.append(f"| {name} | {why_not} | | | | | |")
            continue
        effective = found["ess_bulk_min"]
        rate = effective / found["ready"]
        ratio = ""
        if theirs is not None and found is not theirs:
            ratio = f"{rate * theirs['ready'] / theirs['ess_bulk_min']:.1f}"
        ratio += f" (target {TARGET})" if found is warm else ""
        lines.append(
            f"| {name} | {found['ready']:.1f} s | {found['sampling']:.1f} s | {effective:,.0f} "
            f"| {rate:,.1f} | {effective / found['sampling']:,.1f} | {ratio} |"
        )
    return lines


def with_rstanarm(tables: Path, folder: Path) -> tuple[dict[str, Any] | None, str]:
    """Fit the compared model with rstanarm.

    Returns
    -------
    found : dict or None
        As ``benchmarks.fit`` prints; None if R or rstanarm is not there.
    why_not : str
        Why there is nothing.
    """
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None, "not measured: no Rscript here"
    known = subprocess.run([rscript, "-e", "library(rstanarm)"], capture_output=True, check=False)
    if known.returncode:
        return None, "not measured: rstanarm is not installed (Debian: r-cran-rstanarm)"
    print("sampling with rstanarm ...", flush=True)
    own = tables_of(COMPARED, tables)
    read, written = folder / "conversations.csv", folder / "draws.csv"
    _for_r(own["conversations"]).to_csv(read, index=False)
    cores = min(CHAINS, os.cpu_count() or 1)
    command = [rscript, str(SCRIPT), str(read), str(written), str(cores), str(SEED % 10**6)]
    taken = measure(command, folder=folder, environment=dict(os.environ))
    ready, sampling = map(float, taken.output.strip().splitlines()[-1].split())
    drawn = _as_ours(pd.read_csv(written))
    return {"ready": ready, "sampling": sampling, **worth(COMPARED, drawn, own)}, ""


def _for_r(conversations: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that the script reads, factors with the places of their levels."""
    columns = {
        "participant": conversations["participant_id"],
        "overall_empathy": conversations["overall_empathy"],
    }
    for name, column, levels in (
        ("arm", "arm", ARM_KEYS),
        ("number", "conversation_number", CONVERSATION_NUMBERS),
        ("scenario", "scenario", SCENARIO_KEYS),
    ):
        columns[name] = conversations[column]
        place = {level: number for number, level in enumerate(levels)}
        columns[f"{name}_place"] = conversations[column].map(place).astype(int)
    return pd.DataFrame(columns)


def _as_ours(draws: pd.DataFrame) -> Any:  # noqa: ANN401
    """Return draws of rstanarm as draws of our model: its terms, its spreads."""

    def drawn(name: str) -> np.ndarray:
        return draws[name].to_numpy().reshape(CHAINS, -1)

    def stacked(names: Sequence[str]) -> np.ndarray:
        return np.stack([drawn(name) for name in names], axis=-1)

    arms = stacked([f"arm{arm}" for arm in TREATED])
    drift = stacked([f"number{number}" for number in LATER])
    effects = stacked([f"arm{arm}:number{number}" for arm in TREATED for number in LATER])
    others = stacked([f"scenario{key}" for key in SCENARIO_KEYS[1:]])
    scenarios = np.concatenate([np.zeros_like(others[..., :1]), others], axis=-1)
    level = drawn("(Intercept)") + scenarios.mean(axis=-1)
    # ours sum to zero over scenarios, in an orthonormal basis
    ours = scenarios @ scenario_contrasts()
    shape = (*effects.shape[:-1], len(TREATED), len(LATER))
    variance = drawn("Sigma[participant:(Intercept),(Intercept)]")
    posterior = {
        "terms": np.concatenate([level[..., None], arms, drift, effects, ours], axis=-1),
        "effect": effects.reshape(shape),
        "sd_person": np.sqrt(variance),
        "sd_residual": drawn("sigma"),
    }
    stats = {"diverging": drawn("divergent__") > 0, "energy": drawn("energy__")}
    return arviz().from_dict(posterior, sample_stats=stats)
