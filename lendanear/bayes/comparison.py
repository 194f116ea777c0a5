"""Which of several models would predict new data best: leave-one-out cross-validation.

The expected log predictive density (elpd) is estimated from the draws of one fit by
Pareto-smoothed importance sampling; a difference counts against its own standard error, taken over
the units left out, because models fail at the same units.

Source: Vehtari, Gelman, Gabry (2017), Statistics and Computing 27:1413.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from lendanear.bayes.sampling import arviz
from lendanear.errors import LendAnEarError

COLUMNS: Final = ("model", "elpd", "se", "elpd_diff", "dse", "p_loo", "units", "pareto_k_max")
"""Columns of the frames ``comparison``."""
PARETO_K_MAX: Final = 0.7
"""Shape of the importance weights above which leaving out a unit is not estimated reliably."""


def compare_models(log_likelihood: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Compare models by leave-one-out cross-validation.

    Parameters
    ----------
    log_likelihood : mapping of str to ndarray, shape (chains, draws, units)
        By model, in the words readers see: log-likelihood of every unit (a rater, a participant, a
        conversation) under every draw. Units must be the same, in the same order, and
        independent given the parameters.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, best model first: elpd and its standard error; ``elpd_diff``, the best
        model's elpd less this one's (0 or more), and its standard error ``dse``; effective number
        of parameters; number of units; largest Pareto k (reliable up to `PARETO_K_MAX`).

    Raises
    ------
    LendAnEarError
        If models were not given the same units.
    """
    az = arviz()
    units = {name: values.shape[-1] for name, values in log_likelihood.items()}
    _require_same_units(units)
    found = {}
    for name, values in log_likelihood.items():
        drawn = az.from_dict({"unused": values[..., 0]}, log_likelihood={"unit": values})
        with warnings.catch_warnings():
            # a large Pareto k is told by its column
            warnings.filterwarnings("ignore", message="Estimated shape parameter", category=Warning)
            found[name] = az.loo(drawn, pointwise=True)
    pointwise = {name: np.asarray(result.loo_i) for name, result in found.items()}
    order = sorted(found, key=lambda name: -pointwise[name].sum())
    best = pointwise[order[0]]
    rows = []
    for name in order:
        own, behind = pointwise[name], best - pointwise[name]
        rows.append(
            (
                name,
                float(own.sum()),
                _se(own),
                float(behind.sum()),
                _se(behind),
                float(found[name].p_loo),
                units[name],
                float(np.max(found[name].pareto_k)),
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def compare_left_out(left_out: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Compare models whose units were left out one by one before.

    Parameters
    ----------
    left_out : mapping of str to DataFrame
        By model, in the words readers see: frame ``left_out`` (columns elpd, pareto_k), the same
        units in the same order.

    Returns
    -------
    DataFrame
        model, elpd, elpd_diff, dse, units, pareto_k_max as in `COLUMNS`; best model first.

    Raises
    ------
    LendAnEarError
        If models were not given equally many units.
    """
    _require_same_units({name: len(frame) for name, frame in left_out.items()})
    order = sorted(left_out, key=lambda name: -left_out[name]["elpd"].sum())
    best = left_out[order[0]]["elpd"].to_numpy()
    rows = []
    for name in order:
        own = left_out[name]["elpd"].to_numpy()
        worst = float(left_out[name]["pareto_k"].max())
        row = (name, own.sum(), (best - own).sum(), _se(best - own), len(own), worst)
        rows.append(row)
    return pd.DataFrame(
        rows, columns=["model", "elpd", "elpd_diff", "dse", "units", "pareto_k_max"]
    )


def _require_same_units(units: Mapping[str, int]) -> None:
    """Refuse to compare models that were given different numbers of units."""
    if len(set(units.values())) != 1:
        raise LendAnEarError(
            f"models can be compared on the same units only; they have {dict(units)}: compute "
            "every log-likelihood for the same people or conversations"
        )


def _se(values: np.ndarray) -> float:
    """Return the standard error of a sum over units."""
    return float(np.sqrt(len(values) * values.var(ddof=1)))
