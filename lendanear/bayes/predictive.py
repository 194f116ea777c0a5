"""Predictive checks: properties of the data, as observed and as a model simulates them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.bayes.settings import SEED

if TYPE_CHECKING:
    import pymc as pm

COLUMNS: Final = ("what", "group", "observed", "mean", "low", "high")
"""Columns of the frames ``prior_predictive`` and ``posterior_predictive``."""


def prior_draws(machine: pm.Model, names: Sequence[str], count: int) -> dict[str, np.ndarray]:
    """Draw some variables of a model from its prior.

    Parameters
    ----------
    machine : pymc.Model
        The model.
    names : sequence of str
        Variables and deterministics.
    count : int
        How many draws.

    Returns
    -------
    dict of ndarray, shape (count, ...)
    """
    import pymc as pm
    from pytensor.compile.mode import Mode

    # some hundred draws are made sooner than a compiled function
    interpreted = Mode(linker="py", optimizer=None)
    drawn = pm.draw([machine[name] for name in names], count, random_seed=SEED, mode=interpreted)
    return dict(zip(names, drawn, strict=True))


def compare(
    observed: Mapping[tuple[str, str], float], simulated: Mapping[tuple[str, str], np.ndarray]
) -> pd.DataFrame:
    """Set observed properties of the data beside simulated ones.

    Parameters
    ----------
    observed : mapping of (what, group) to float
        A property of the data, in the units readers know.
    simulated : mapping of (what, group) to ndarray
        The same property of simulated data sets, one value per data set; the same keys.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row per property, in the order of `observed`; ``low`` and ``high``
        bound the central 95% of the simulated data sets.
    """
    rows = []
    for key, value in observed.items():
        values = np.ravel(simulated[key])
        low, high = np.quantile(values, [0.025, 0.975])
        rows.append((*key, float(value), float(values.mean()), float(low), float(high)))
    return pd.DataFrame(rows, columns=list(COLUMNS))
