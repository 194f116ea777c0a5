"""Named draws and how they are summarised: mean, SD, interval, probability of direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

HDI: Final = 0.95
"""Share of the posterior inside every reported interval."""
COLUMNS: Final = ("model", "quantity", "group", "mean", "sd", "hdi_low", "hdi_high", "p_direction")
"""Columns of ``bayes_estimates.csv``."""

Reported = dict[tuple[str, str], np.ndarray]
"""Draws, shape (chains, draws), by quantity and group."""


def highest_density(draws: np.ndarray, share: float = HDI) -> tuple[float, float]:
    """Return the narrowest interval that holds a share of the draws.

    Parameters
    ----------
    draws : ndarray
        Any shape.
    share : float
        Between 0 and 1.
    """
    ordered = np.sort(np.ravel(draws))
    inside = int(np.floor(share * len(ordered)))
    widths = ordered[inside:] - ordered[: len(ordered) - inside]
    start = int(widths.argmin())
    return float(ordered[start]), float(ordered[start + inside])


def direction(draws: np.ndarray) -> float:
    """Return the probability that a quantity has the sign that most of its draws have."""
    return float(max((draws > 0).mean(), (draws < 0).mean()))


def estimates(model: str, reported: Mapping[tuple[str, str], np.ndarray]) -> pd.DataFrame:
    """Summarise reported draws.

    Parameters
    ----------
    model : str
        Name of the model.
    reported : mapping of (quantity, group) to ndarray, shape (chains, draws)
        Draws.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, one row per entry, in order.
    """
    rows = [
        (
            model,
            quantity,
            group,
            float(draws.mean()),
            float(draws.std(ddof=1)),
            *highest_density(draws),
            direction(draws),
        )
        for (quantity, group), draws in reported.items()
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def two_intervals(reported: Mapping[tuple[str, str], np.ndarray]) -> pd.DataFrame:
    """Return the central 50% and the narrowest 95% interval of reported draws, for figures.

    Parameters
    ----------
    reported : mapping of (quantity, group) to ndarray, shape (chains, draws)
        Draws.

    Returns
    -------
    DataFrame
        quantity, group, mean, low_50, high_50, low_95, high_95; one row per entry, in order.
    """
    columns = ["quantity", "group", "mean", "low_50", "high_50", "low_95", "high_95"]
    rows = [
        (*key, float(draws.mean()), *np.quantile(draws, [0.25, 0.75]), *highest_density(draws))
        for key, draws in reported.items()
    ]
    return pd.DataFrame(rows, columns=columns)
