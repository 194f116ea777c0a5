"""What simulated choices between conversations must have in common with the observed ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from lendanear.bayes.pairs import Pairs

ALL = "all"


@dataclass(frozen=True)
class Design:
    """Who saw which pair: one entry per choice, without what was chosen.

    Attributes
    ----------
    pairs : Pairs
        What it was taken from.
    rater, left, right : ndarray of int, shape (n,)
        Rater and the conversations on both sides.
    chose_left : ndarray of bool, shape (1, n)
        What was observed.
    """

    pairs: Pairs
    rater: np.ndarray
    left: np.ndarray
    right: np.ndarray
    chose_left: np.ndarray

    @property
    def scenario(self) -> np.ndarray:
        """Place of the scenario of every choice, shape (n,)."""
        return self.pairs.scenario[self.left]


def design(data: Pairs) -> Design:
    """Return the choices one by one."""
    count = data.count.astype(int)
    left_won = data.side > 0
    return Design(
        pairs=data,
        rater=np.repeat(data.rater, count),
        left=np.repeat(np.where(left_won, data.winner, data.loser), count),
        right=np.repeat(np.where(left_won, data.loser, data.winner), count),
        chose_left=np.repeat(left_won, count)[None, :],
    )


def simulate(
    shown: Design,
    strength: np.ndarray,
    side: np.ndarray,
    side_sd: np.ndarray,
    consistency_sd: np.ndarray,
    random: np.random.Generator,
) -> np.ndarray:
    """Let new raters choose between the pairs that were shown.

    Parameters
    ----------
    shown : Design
        The pairs.
    strength : ndarray, shape (data sets, conversations)
        Strengths in log odds.
    side, side_sd, consistency_sd : ndarray, shape (data sets,)
        The population of raters: see `lendanear.bayes.models.bradley_terry`.
    random : Generator
        Source of chance.

    Returns
    -------
    ndarray of bool, shape (data sets, n)
        Whether the left side was chosen.
    """
    size = (len(strength), shown.pairs.raters)
    leaning = side[:, None] + side_sd[:, None] * random.standard_normal(size)
    consistency = np.exp(consistency_sd[:, None] * random.standard_normal(size))
    gap = strength[:, shown.left] - strength[:, shown.right]
    odds = consistency[:, shown.rater] * gap + leaning[:, shown.rater]
    return random.random(odds.shape) < 1 / (1 + np.exp(-odds))


def won(shown: Design, chose_left: np.ndarray) -> np.ndarray:
    """Return each conversation's share of comparisons won, shape (data sets, conversations)."""
    items, n = len(shown.pairs.conversations), len(shown.left)
    every, one = np.arange(n), np.ones(n)
    on_left = csr_array((one, (shown.left, every)), shape=(items, n))
    on_right = csr_array((one, (shown.right, every)), shape=(items, n))
    wins = on_left @ chose_left.T.astype(float) + on_right @ (~chose_left).T.astype(float)
    return (wins / (on_left + on_right).sum(axis=1)[:, None]).T


def properties(shown: Design, chose_left: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """Return properties of sets of choices.

    Parameters
    ----------
    shown : Design
        The pairs.
    chose_left : ndarray of bool, shape (data sets, n)
        What was chosen.

    Returns
    -------
    dict of (what, group) to ndarray, shape (data sets,)
        ``left.share`` (share of choices for the left side); per scenario ``won.sd`` (SD, over
        conversations, of the share of comparisons won) and ``same.share`` (how often two choices
        between the same two conversations agree; only where some were made twice); over raters
        ``left.sd`` (SD of their share of left) and ``favourite.sd`` (SD of their share of choices
        for the conversation that won more comparisons overall).
    """
    data = shown.pairs
    found = {("left.share", ALL): chose_left.mean(axis=1)}
    share = won(shown, chose_left)
    for place, key in enumerate(data.scenarios):
        found["won.sd", key] = share[:, data.scenario == place].std(axis=1)
    found |= _same(shown, chose_left)
    favourite = share[:, shown.left] - share[:, shown.right]
    agrees = np.where(favourite == 0, 0.5, chose_left == (favourite > 0))
    found["left.sd", ALL] = _by_rater(shown, chose_left.astype(float)).std(axis=1)
    found["favourite.sd", ALL] = _by_rater(shown, agrees).std(axis=1)
    return found


def _by_rater(shown: Design, values: np.ndarray) -> np.ndarray:
    """Return the mean of each rater's choices, shape (data sets, raters)."""
    starts = np.searchsorted(shown.rater, np.arange(shown.pairs.raters))
    sizes = np.bincount(shown.rater, minlength=shown.pairs.raters)
    return np.add.reduceat(values, starts, axis=1) / sizes


def _same(shown: Design, chose_left: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """Return how often two choices between the same two conversations agree."""
    n, items = len(shown.left), len(shown.pairs.conversations)
    low, high = np.minimum(shown.left, shown.right), np.maximum(shown.left, shown.right)
    known, pair = np.unique(low * items + high, return_inverse=True)
    by_pair = csr_array((np.ones(n), (pair, np.arange(n))), shape=(len(known), n))
    times = np.bincount(pair).astype(float)
    for_low = (by_pair @ (chose_left == (shown.left == low)).T.astype(float)).T
    agreeing = for_low * (for_low - 1) / 2 + (times - for_low) * (times - for_low - 1) / 2
    of = times * (times - 1) / 2
    scenario = shown.pairs.scenario[known // items]
    found = {}
    for place, key in enumerate(shown.pairs.scenarios):
        own = scenario == place
        if of[own].sum():
            found["same.share", key] = agreeing[:, own].sum(axis=1) / of[own].sum()
    return found
