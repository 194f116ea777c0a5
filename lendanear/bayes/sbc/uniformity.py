r"""Are ranks uniform? Simultaneous bands of their cumulative distribution, and a p-value.

Of :math:`N` independent ranks that are uniform on :math:`0, ..., L`, the number at or below
:math:`k` is binomial with probability :math:`(k + 1) / (L + 1)`. The smallest of the two-sided tail
probabilities over all :math:`k` is the test statistic; its distribution under uniformity is
simulated. A band is drawn where tail probabilities reach the 5% quantile of that statistic, so 95%
of all uniform sets of ranks lie inside the whole band, and a set leaves the band if and only if its
p-value is below 5%.

Source: Saeilynoja, Buerkner and Vehtari (2022), Statistics and Computing 32:32.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import binom
from statsmodels.stats.multitest import multipletests

from lendanear.bayes.settings import SEED

COVERAGE: Final = 0.95
"""Share of uniform sets of ranks that lie inside the whole band."""
SIMULATED: Final = 20_000
"""Sets of uniform ranks from which the distribution of the statistic is taken."""
FAMILY: Final = 0.01
"""Chance that any quantity of a model is called not calibrated, if all are."""
_STUDIES: Final = 1000
"""Simulated studies from which a power is taken."""
KEY: Final = ["quantity", "group"]


def below(ranks: np.ndarray, draws: int) -> np.ndarray:
    """Return how many ranks are at or below each value.

    Parameters
    ----------
    ranks : ndarray of int, shape (..., replicates)
        Each from 0 to `draws`.
    draws : int
        Posterior draws among which the truth was ranked.

    Returns
    -------
    ndarray of int, shape (..., draws)
        For 0 to `draws` - 1; at or below `draws` are all.
    """
    flat = np.atleast_2d(ranks)
    offsets = np.arange(len(flat))[:, None] * (draws + 1)
    counts = np.bincount((flat + offsets).ravel(), minlength=len(flat) * (draws + 1))
    total = counts.reshape(len(flat), draws + 1).cumsum(axis=1)[:, :-1]
    return total.reshape(*np.shape(ranks)[:-1], draws)


@cache
def _tails(replicates: int, draws: int) -> np.ndarray:
    """Return two-sided tail probabilities, shape (replicates + 1, draws): by count and value."""
    chance = (np.arange(draws) + 1) / (draws + 1)
    count = np.arange(replicates + 1)[:, None]
    smaller = binom.cdf(count, replicates, chance)
    larger = binom.sf(count - 1, replicates, chance)
    return np.minimum(2 * np.minimum(smaller, larger), 1)


def _statistic(ranks: np.ndarray, draws: int) -> np.ndarray:
    """Return the smallest tail probability of each set of ranks (last axis)."""
    tails = _tails(np.shape(ranks)[-1], draws)
    return tails[below(ranks, draws), np.arange(draws)].min(axis=-1)


@cache
def _reference(replicates: int, draws: int) -> np.ndarray:
    """Return the statistic of simulated uniform sets of ranks, sorted."""
    random = np.random.default_rng(SEED)
    return np.sort(_statistic(random.integers(0, draws + 1, (SIMULATED, replicates)), draws))


def p_value(ranks: np.ndarray, draws: int) -> float:
    """Return how probable ranks that fit a uniform distribution no better are, if it holds.

    Parameters
    ----------
    ranks : ndarray of int, shape (replicates,)
        Each from 0 to `draws`.
    draws : int
        Posterior draws among which the truth was ranked.

    Returns
    -------
    float
        At least ``1 / (SIMULATED + 1)``.
    """
    reference = _reference(len(ranks), draws)
    no_better = np.searchsorted(reference, _statistic(ranks, draws), side="right")
    return float((1 + no_better) / (1 + SIMULATED))


def band(replicates: int, draws: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and the largest count inside the simultaneous band.

    Parameters
    ----------
    replicates : int
        Number of ranks.
    draws : int
        Posterior draws among which the truth was ranked.

    Returns
    -------
    low, high : ndarray of int, shape (draws,)
        Of ranks at or below 0 to `draws` - 1.
    """
    # as many of the simulated sets as lie outside by their p-value
    outside = math.ceil((1 - COVERAGE) * (1 + SIMULATED)) - 2
    inside = _tails(replicates, draws) >= _reference(replicates, draws)[outside]
    return inside.argmax(axis=0), replicates - inside[::-1].argmax(axis=0)


def judge(ranks: pd.DataFrame, draws: int) -> pd.DataFrame:
    """Judge every quantity of a model.

    Parameters
    ----------
    ranks : DataFrame
        quantity, group, replicate, rank.
    draws : int
        Posterior draws among which each truth was ranked.

    Returns
    -------
    DataFrame
        One row per quantity and group, in their order: replicates, mean_rank (as a share of
        `draws`; 0.5 if uniform), p, inside_band (whether p reaches 1 - `COVERAGE`), p_holm
        (adjusted over all rows: Holm 1979), calibrated (whether that reaches `FAMILY`).
    """
    rows = []
    for key, own in ranks.groupby(KEY, sort=False):
        values = own["rank"].to_numpy()
        rows.append((*key, len(values), values.mean() / draws, p_value(values, draws)))
    table = pd.DataFrame(rows, columns=[*KEY, "replicates", "mean_rank", "p"])
    table["inside_band"] = table["p"] >= 1 - COVERAGE
    table["p_holm"] = multipletests(table["p"], method="holm")[1]
    table["calibrated"] = table["p_holm"] >= FAMILY
    return table


def curves(ranks: pd.DataFrame, draws: int) -> pd.DataFrame:
    """Return how far the cumulative distribution of ranks is from a uniform one.

    Parameters
    ----------
    ranks, draws
        As for `judge`.

    Returns
    -------
    DataFrame
        One row per quantity, group and rank: share (of uniform ranks at or below that rank),
        difference (of the share that was found), low and high (of the simultaneous band).
    """
    share = (np.arange(draws) + 1) / (draws + 1)
    found = []
    for key, own in ranks.groupby(KEY, sort=False):
        count = len(own)
        columns = {"difference": below(own["rank"].to_numpy(), draws)}
        columns["low"], columns["high"] = band(count, draws)
        shares = {name: values / count - share for name, values in columns.items()}
        found.append(pd.DataFrame(dict(zip(KEY, key, strict=True)) | {"share": share} | shares))
    return pd.concat(found, ignore_index=True)


def power(replicates: int, draws: int, *, narrower: float) -> float:
    """Return how often posteriors that are too narrow would leave the band.

    Parameters
    ----------
    replicates, draws : int
        Number of ranks, and of draws among which each truth is ranked.
    narrower : float
        SD of the posteriors as a share of what it should be, normal ones.
    """
    random = np.random.default_rng(SEED)
    found = 0
    for _ in range(_STUDIES):
        truth = random.standard_normal((replicates, 1))
        drawn = narrower * random.standard_normal((replicates, draws))
        found += p_value((drawn < truth).sum(axis=1), draws) < 1 - COVERAGE
    return found / _STUDIES
