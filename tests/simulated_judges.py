"""Pilot ratings by judges of known severity and consistency, as the typed table."""

from __future__ import annotations

import numpy as np
import pandas as pd
from factories import conversation_id

from lendanear.bayes.estimates.judges import simulate
from lendanear.vocabulary import DIMENSION_KEYS, RATER_KEYS

DIMENSIONS = len(DIMENSION_KEYS)
BASE = np.array([-0.5, 0.2, 0.9, 1.6])
"""Cutpoints of the first dimension; those of the others lie higher and higher."""
PLANTED = {
    "shift": np.array(
        [
            [-0.4, 0.0, 0.3, -0.2, 0.0, 0.4],
            [0.4, -0.3, 0.0, 0.2, 0.1, -0.4],
            [0.0, 0.3, -0.3, 0.0, -0.1, 0.0],
            [0.0, 0.2, -0.4, 0.6, 0.3, 1.5],
            [-0.2, -0.2, -0.6, 1.2, 0.2, 1.3],
            [0.1, 0.2, -0.3, 0.8, 0.3, 1.6],
        ]
    ),
    "noise": np.outer([0.4, 0.6, 0.9, 0.3, 0.4, 0.6], [0.9, 1.0, 1.2, 0.9, 1.0, 1.1]),
    "correlation": np.array([0.95, 0.9, 0.8, 0.9, 0.95, 0.6]),
    "cutpoints": np.add.outer(BASE, 0.15 * np.arange(DIMENSIONS)),
    "crowd_level": np.array([3.4, 3.3, 2.9, 2.9, 2.1, 2.1]),
    "crowd_slope": np.array([0.6, 0.6, 0.5, 0.5, 0.4, 0.3]),
    "crowd_noise": np.array([0.6, 0.7, 0.7, 0.8, 0.6, 0.7]),
}
"""Experts' shifts sum to zero on every dimension."""


def planted(draws: int = 1) -> dict[str, np.ndarray]:
    """Return the planted parameters as draws, shape (1, draws, ...)."""
    return {
        name: np.broadcast_to(values, (1, draws, *values.shape)) for name, values in PLANTED.items()
    }


def pilot(conversations: int = 50, *, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Return the table ``pilot_ratings``, and consensus and view, each of shape (n, 6)."""
    random = np.random.default_rng(seed)
    parameters = {name: values[None] for name, values in PLANTED.items()}
    ratings, consensus, view = simulate(parameters, conversations, random)
    ids = [conversation_id(place) for place in range(conversations)]
    order = np.argsort(ids)
    index = pd.MultiIndex.from_product(
        [RATER_KEYS, [ids[place] for place in order], DIMENSION_KEYS],
        names=["rater", "conversation_id", "dimension"],
    )
    table = pd.DataFrame({"rating": ratings[0][:, order].ravel()}, index=index).reset_index()
    return table, consensus[0][order], view[0][order]
