r"""How far a posterior moves when its prior or its likelihood is strengthened or weakened a little.

The prior (or the likelihood) is raised to a power near 1, and the draws are reweighted by
Pareto-smoothed importance sampling instead of sampling anew (``arviz.psens``). The sensitivity is
the distance that the cumulative distribution moves per doubling of the power; values above 0.05
deserve a look.

Source: Kallioinen, Paananen, Buerkner, Vehtari (2024), Statistics and Computing 34:57.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.bayes.sampling import arviz

if TYPE_CHECKING:
    import arviz as az
    import pymc as pm

THRESHOLD: Final = 0.05
"""Sensitivity from which a conclusion leans visibly on the prior (or on the likelihood)."""


def log_prior(model: pm.Model, drawn: az.InferenceData, names: Sequence[str]) -> np.ndarray:
    """Return the joint log-density of some priors under every draw, shape (chains, draws).

    Parameters
    ----------
    model : pymc.Model
        The model that was sampled.
    drawn : arviz.InferenceData
        Its posterior.
    names : sequence of str
        Random variables of the model with priors that somebody chose (not the participant effects
        of a hierarchy, whose distribution is part of the model); stored in the posterior.
    """
    from pymc.model.transform.conditioning import remove_value_transforms
    from pytensor.graph.traversal import explicit_graph_inputs

    # posteriors hold untransformed values, and only some variables: those that densities depend on
    plain = remove_value_transforms(model)
    total = sum(part.sum() for part in plain.logp(vars=[plain[name] for name in names], sum=False))
    inputs = set(explicit_graph_inputs([total]))
    needed = [value for value in plain.value_vars if value in inputs]
    density = plain.compile_fn(total, inputs=needed, point_fn=False)
    columns = [np.asarray(drawn.posterior[value.name]) for value in needed]
    shape = columns[0].shape[:2]
    flat = [column.reshape(-1, *column.shape[2:]) for column in columns]
    return np.array([density(*draw) for draw in zip(*flat, strict=True)]).reshape(shape)


def power_scaling(
    model: str,
    reported: Mapping[tuple[str, str], np.ndarray],
    prior: np.ndarray,
    likelihood: np.ndarray,
) -> pd.DataFrame:
    """Return the sensitivity of reported quantities to prior and likelihood.

    Parameters
    ----------
    model : str
        Name of the model.
    reported : mapping of (quantity, group) to ndarray, shape (chains, draws)
        Draws.
    prior, likelihood : ndarray, shape (chains, draws)
        Joint log-density of the priors, and of all data, under every draw.

    Returns
    -------
    DataFrame
        model, quantity, group, prior, likelihood (sensitivities, 0 or more), diagnosis:
        ``prior and data disagree`` where both reach `THRESHOLD`, ``prior matters, data say
        little`` where only the prior does, else ``-``.
    """
    az = arviz()
    names = [f"quantity {place}" for place in range(len(reported))]
    draws = dict(zip(names, reported.values(), strict=True))
    varying = {name: values for name, values in draws.items() if np.ptp(values) > 0}
    scaled = az.from_dict(varying, log_likelihood={"data": likelihood})
    scaled.add_groups(log_prior=az.convert_to_dataset({"prior": prior}))
    moved = {
        component: az.psens(scaled, component=component) for component in ("prior", "likelihood")
    }
    rows = []
    for name, (quantity, group) in zip(names, reported, strict=True):
        if name not in varying:
            continue
        by_prior, by_data = (float(moved[part][name]) for part in ("prior", "likelihood"))
        diagnosis = "-"
        if by_prior >= THRESHOLD:
            disagree = by_data >= THRESHOLD
            diagnosis = "prior and data disagree" if disagree else "prior matters, data say little"
        rows.append((model, quantity, group, by_prior, by_data, diagnosis))
    columns = ["model", "quantity", "group", "prior", "likelihood", "diagnosis"]
    return pd.DataFrame(rows, columns=columns)
