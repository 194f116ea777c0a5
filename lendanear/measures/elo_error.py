r"""How well an Elo rating is known after its comparisons.

Elo's curve says that a conversation rated :math:`d` points above another is preferred with
probability :math:`p = 1 / (1 + 10^{-d / 400})`. A comparison then carries the Fisher information
:math:`p (1 - p) (\ln 10 / 400)^2` about a rating, most between equals. The file counts comparisons
but does not name the opponents, who were drawn within the scenario; so :math:`p (1 - p)` is
averaged over all other conversations of the scenario at their final ratings:

.. math:: \mathrm{SE}_i = \frac{400}{\ln 10} \left( n_i\,
          \overline{p_{ij} (1 - p_{ij})} \right)^{-1/2}

This is the standard error of an efficient estimate. A rating updated by :math:`K` points per
surprise does not weigh all games alike, and wanders by about
:math:`\sqrt{K \cdot 200 / \ln 10}` in the long run (53 points at K = 32). The file does not say
which :math:`K` was used. In simulated tournaments of 60 comparisons with K = 32, whose ratings
spread as those of the study do, the formula comes out up to a third above the noise between
repetitions; with smaller K the ratings have not yet left their start and the noise is smaller
still. So it errs towards caution.

Source: Elo (1978), The Rating of Chessplayers; Glickman (1999), Applied Statistics 48:377.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

POINTS: Final = 400 / np.log(10)
"""Elo points per unit of log odds."""
START: Final = 1500.0
"""Mean rating of every scenario."""


def rating_error(elo: pd.DataFrame) -> pd.Series:
    """Return the standard error of every Elo rating.

    Parameters
    ----------
    elo : DataFrame, shape (n, >= 3)
        ``elo_rating``, ``comparisons_count`` and ``scenario``: the whole tournament.

    Returns
    -------
    Series, shape (n,)
        Elo points; infinite for a conversation that was never compared, or has no opponent.
    """
    errors = pd.Series(np.inf, index=elo.index, name="elo_se")
    for _, own in elo.groupby("scenario", observed=True):
        rating = own["elo_rating"].to_numpy(dtype=float) / POINTS
        p = 1 / (1 + np.exp(rating[None, :] - rating[:, None]))
        information = p * (1 - p)
        np.fill_diagonal(information, 0)
        opponents = len(own) - 1
        per_game = information.sum(axis=1) / max(opponents, 1)
        known = own["comparisons_count"].to_numpy(dtype=float) * per_game
        with np.errstate(divide="ignore"):
            errors[own.index] = POINTS / np.sqrt(known)
    return errors
