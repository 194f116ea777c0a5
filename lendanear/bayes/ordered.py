r"""Ordered logistic ratings of people who rate, or are rated, several times: the likelihood, fast.

With :math:`p = e^u` for a participant and :math:`T_k = e^{c_k - g}` for a cell of the design with
linear predictor :math:`g`, the chance of category :math:`k` is

.. math:: P(y = k) = \frac{p\,(T_k - T_{k-1})}{(p + T_{k-1})(p + T_k)},

where a missing outer cutpoint drops its factor (the lowest category has no :math:`T_{k-1}` and no
:math:`p`). A rating costs additions and multiplications alone: exponentials are needed once per
participant and once per cell, a logarithm once per participant, of the product of all factors.

Source: the cumulative logit model of McCullagh (1980, J. R. Stat. Soc. B 42:109), rewritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lendanear.vocabulary import SCORE_MAX, SCORE_MIN

if TYPE_CHECKING:
    import pytensor.tensor as pt

CATEGORIES = SCORE_MAX - SCORE_MIN + 1
CUTS = CATEGORIES - 1


@dataclass(frozen=True)
class Layout:
    """Ratings arranged by participant, as `log_likelihood` needs them.

    Attributes
    ----------
    places : ndarray of int, shape (2, conversations, people, outcomes)
        Where the factors below and above each rating of a participant's first, second, ...
        conversation stand in the table of ``T`` (raveled: cells, outcomes, cutpoints), followed by
        one zero for factors that do not exist.
    weight : ndarray of float, shape (people, outcomes)
        How often ``p`` stands in the numerator, factors that do not exist included.
    counts : ndarray of float, shape (cells, outcomes, categories)
        How many ratings of each category occur.
    """

    places: np.ndarray
    weight: np.ndarray
    counts: np.ndarray


def layout(scores: np.ndarray, person: np.ndarray, cell: np.ndarray, cells: int) -> Layout:
    """Arrange ratings by participant.

    Parameters
    ----------
    scores : ndarray of int, shape (n, outcomes)
        Ratings 1 to 5.
    person, cell : ndarray of int, shape (n,)
        Whose they are (ascending), and in which cell of the design.
    cells : int
        Number of cells.
    """
    outcomes = scores.shape[1]
    sizes = np.bincount(person)
    slot = np.arange(len(person)) - (np.cumsum(sizes) - sizes)[person]
    nowhere = cells * outcomes * CUTS
    base = (cell[:, None] * outcomes + np.arange(outcomes)) * CUTS + scores - SCORE_MIN
    places = np.full((2, sizes.max(), len(sizes), outcomes), nowhere)
    places[0, slot, person] = np.where(scores > SCORE_MIN, base - 1, nowhere)
    places[1, slot, person] = np.where(scores < SCORE_MAX, base, nowhere)
    missing = (places == nowhere).sum(axis=(0, 1))
    counts = np.zeros((cells, outcomes, CATEGORIES))
    np.add.at(counts, (cell[:, None], np.arange(outcomes), scores - SCORE_MIN), 1)
    return Layout(places, (places[0] != nowhere).sum(axis=0) + missing.astype(float), counts)


def log_likelihood(
    data: Layout, own: pt.TensorVariable, cell: pt.TensorVariable, cuts: pt.TensorVariable
) -> pt.TensorVariable:
    """Return the log-likelihood of all ratings.

    Parameters
    ----------
    data : Layout
        The ratings.
    own : TensorVariable, shape (people, outcomes)
        Effects of participants.
    cell : TensorVariable, shape (cells, outcomes)
        Linear predictors of the cells of the design.
    cuts : TensorVariable, shape (outcomes, cutpoints)
        Ascending in the last axis.
    """
    import pytensor.tensor as pt

    table = pt.exp(cuts[None] - cell[:, :, None]).ravel()
    table = pt.concatenate([table, pt.zeros(1)])
    odds, shape, product = pt.exp(own), data.weight.shape, 1.0
    # not one gather for all: sums over its parts would be written into zeros again and again
    for places in data.places.reshape(-1, *shape):
        product = product * (odds + table[places.ravel()].reshape(shape))
    bounds, totals = pt.exp(cuts), data.counts.sum(axis=0)
    return (
        (own * data.weight).sum()
        - pt.log(product).sum()
        - (cell * data.counts[..., :-1].sum(axis=-1)).sum()
        + (cuts[:, 0] * totals[:, 0]).sum()
        + (pt.log(bounds[:, 1:] - bounds[:, :-1]) * totals[:, 1:-1]).sum()
    )


def log_chances(data: Layout, odds: np.ndarray, cell: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return the log-likelihood of each participant's ratings, given several guesses at them.

    Parameters
    ----------
    data : Layout
        The ratings.
    odds : ndarray, shape (points, people, outcomes)
        Exponentials of effects of participants.
    cell : ndarray, shape (cells, outcomes)
        Linear predictors of the cells.
    cuts : ndarray, shape (outcomes, cutpoints)
        Cutpoints.

    Returns
    -------
    ndarray, shape (points, people)
        Numerators that depend on ``odds`` alone are left out: add ``log(odds) * data.weight``,
        summed over outcomes, once.
    """
    table = np.append(np.exp(cuts[None] - cell[:, :, None]).ravel(), 0.0)
    product = np.ones_like(odds)
    for places in data.places.reshape(-1, *data.weight.shape):
        product *= odds + table[places]
    return _numerators(data, cell, cuts) - np.log(product).sum(axis=-1)


def _numerators(data: Layout, cell: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return what numerators add to each participant's log-likelihood beside their odds."""
    # the factor above a rating says which it is; the highest category has none and adds nothing
    bounds = cuts[None] - cell[:, :, None]
    gaps = bounds.copy()
    gaps[..., 1:] += np.log1p(-np.exp(bounds[..., :-1] - bounds[..., 1:]))
    return np.append(gaps.ravel(), 0.0)[data.places[1]].sum(axis=(0, 2))
