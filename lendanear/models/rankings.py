r"""Rankings: whom human raters prefer against whom LLM judges prefer, conversation by conversation.

The Bradley-Terry model gives every conversation :math:`i` a strength :math:`\theta_i`; a rater
prefers :math:`i` to :math:`j` with probability
:math:`1 / (1 + e^{-(\theta_i - \theta_j)})`. A conversation that won or lost every comparison has
no finite maximum-likelihood strength, and raters compare conversations within a scenario only, so
nothing ties the scenarios together. A weak prior settles both: the weight :math:`e^{\theta_i}` has
a Gamma distribution with shape and rate :math:`c`, hence mean 1, and the estimate is the mode in
:math:`\theta`, which solves

.. math:: \sum_j \left( w_{ij} - n_{ij} p_{ij} \right) = c \left( e^{\theta_i} - 1 \right)

with :math:`w_{ij}` the wins of :math:`i` over :math:`j` among :math:`n_{ij}` comparisons. Summed
over a scenario the left side is 0, so the weights of each scenario average 1: conversations are
ranked by how they stand within their own scenario, as the Elo ratings are, which the tournament
centres on 1500 per scenario.

The published ranking is the fixed point of iterative Luce spectral ranking with .01 added to every
transition rate of the chain. Its balance equations are the ones above with
:math:`c = .01 \times` the number of conversations, so this model has the published estimator,
computed as the maximum of a concave function by Newton's method.

The interval of the rank correlation comes from resampling raters. In a plain resample every
strength carries its own error and the resampling's, so the correlations lie too low and too close
together. Here a rater drawn :math:`m` times counts :math:`1 + (m - 1) / 2` times: the perturbation,
and with it the spread, is halved, and the standard deviation is doubled again (rescaling
bootstrap). The interval is normal on Fisher's z scale, about the estimate: how much the published
quantity would vary with other raters. A correlation between error-free rankings would be higher;
the reliability of the human strengths (correlation of two random halves of the raters, stepped up
to all raters by the Spearman-Brown formula) says by how much: even the true strengths correlate
with the estimated ones at about its square root only.

References
----------
Maystre and Grossglauser (2015), "Fast and accurate inference of Plackett-Luce models", NIPS 28.
Caron and Doucet (2012), "Efficient Bayesian inference for generalized Bradley-Terry models",
Journal of Computational and Graphical Statistics 21.
Rao and Wu (1988), "Resampling inference with complex survey data", Journal of the American
Statistical Association 83.
Source: Figure 6C of arXiv 2603.15245.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from lendanear.errors import DataError
from lendanear.measures.agreement import resamples
from lendanear.measures.correlation import pearson
from lendanear.measures.intervals import NORMAL_QUANTILE
from lendanear.vocabulary import SCENARIO_KEYS

REGULARISATION: Final = 0.01
"""Prior concentration per conversation; the published value."""
OTHER_REGULARISATIONS: Final = (0.0001, 0.001, 0.1)
"""Values tried beside it, to show what depends on the choice."""
REPLICATES: Final = 1000
QUICK_REPLICATES: Final = 100
SEED: Final = 20260315
SHRINKAGE: Final = 0.5
"""How far a resampled rater's weight moves from 1, as a share of the plain bootstrap's."""
ALL: Final = "all"
"""Group name of all scenarios together."""
_NEWTON_STEPS: Final = 60
_TOLERANCE: Final = 1e-9
_CHUNK_CELLS: Final = 2_000_000
"""Replicates are solved together in chunks of about this many matrix cells."""


def fit(
    choices: pd.DataFrame, elo: pd.DataFrame, *, quick: bool = False
) -> dict[str, pd.DataFrame]:
    """Rank the compared conversations by human choices and set the ranks against Elo's.

    Parameters
    ----------
    choices, elo : DataFrame
        The typed tables.
    quick : bool
        Fewer bootstrap replicates, for a draft.

    Returns
    -------
    dict of DataFrame
        ``items`` (conversation_id, scenario, comparisons, wins, strength, se, human_rank,
        elo_rating, llm_rank; rank 1 is the most preferred; both ranks count only the conversations
        compared by raters), ``agreement`` (scenario or ``all``, n, estimate, ci_low, ci_high:
        Spearman's rho of the two ranks, reliability: of the human strengths, choices, raters,
        replicates, not_in_tournament: conversations left out because they have no Elo rating) and
        ``sensitivity`` (regularisation, estimate: rho under weaker and stronger priors).

    Raises
    ------
    DataError
        If fewer than three compared conversations have an Elo rating.
    """
    ids, sides = np.unique(
        choices[["left_id", "right_id"]].to_numpy(dtype=str), return_inverse=True
    )
    sides = sides.reshape(-1, 2)
    chose_left = (choices["choice"] == "left").to_numpy()
    winner = np.where(chose_left, sides[:, 0], sides[:, 1])
    loser = np.where(chose_left, sides[:, 1], sides[:, 0])
    rater, raters = pd.factorize(choices["rater_id"])

    rating = elo.set_index("conversation_id")["elo_rating"].reindex(ids).to_numpy(dtype=float)
    rated = np.isfinite(rating)
    if rated.sum() < 3:
        raise DataError(
            f"only {rated.sum()} of the {len(ids)} conversations compared by raters have an Elo "
            "rating, so the two rankings cannot be compared",
            file="experiment_2.csv",
            field="conversation_left_id",
            remedy="Check that both files come from the same study and hold ids as 20-digit text",
        )
    everybody = np.ones((1, len(raters)))
    replicates = QUICK_REPLICATES if quick else REPLICATES
    perturbed = 1 + SHRINKAGE * (resamples(len(raters), replicates, SEED) - 1)
    halves = _halves(len(raters), replicates // 2, SEED)
    weights = np.concatenate([everybody, perturbed, halves, 1 - halves])
    fitted = _strengths(winner, loser, rater, weights, len(ids), REGULARISATION)
    strength, draws, first, second = np.split(
        fitted, np.cumsum([1, len(perturbed), len(halves)]), axis=0
    )

    by_id = pd.Series(
        pd.concat([choices["scenario"].astype(str)] * 2).to_numpy(),
        index=pd.concat([choices["left_id"], choices["right_id"]]),
    )
    scenario = by_id[~by_id.index.duplicated()].reindex(ids).to_numpy(dtype=str)
    items = pd.DataFrame(
        {
            "conversation_id": pd.Series(ids, dtype="str"),
            "scenario": pd.Series(scenario, dtype="str"),
            "comparisons": np.bincount(winner, minlength=len(ids))
            + np.bincount(loser, minlength=len(ids)),
            "wins": np.bincount(winner, minlength=len(ids)),
            "strength": strength[0],
            "se": draws.std(axis=0) / SHRINKAGE,
            "elo_rating": rating,
        }
    )[rated].reset_index(drop=True)
    items.insert(6, "human_rank", _ranks(strength[:, rated])[0])
    items["llm_rank"] = _ranks(items["elo_rating"].to_numpy()[None])[0]

    agreement = []
    for group in (ALL, *SCENARIO_KEYS):
        own = rated if group == ALL else rated & (scenario == group)
        if own.sum() < 3:
            continue
        rho = _rank_correlation(strength[:, own], rating[own])[0]
        low, high = _interval(rho, _rank_correlation(draws[:, own], rating[own]))
        used = choices if group == ALL else choices[choices["scenario"] == group]
        agreement.append(
            {
                "scenario": group,
                "n": int(own.sum()),
                "estimate": rho,
                "ci_low": low,
                "ci_high": high,
                "reliability": _reliability(first[:, own], second[:, own]),
                "choices": len(used),
                "raters": used["rater_id"].nunique(),
                "replicates": replicates,
                "not_in_tournament": int((~rated).sum()),
            }
        )
    sensitivity = []
    for regularisation in sorted((REGULARISATION, *OTHER_REGULARISATIONS)):
        other = _strengths(winner, loser, rater, everybody, len(ids), regularisation)
        sensitivity.append((regularisation, _rank_correlation(other[:, rated], rating[rated])[0]))
    return {
        "items": items.sort_values("human_rank", kind="stable").reset_index(drop=True),
        "agreement": pd.DataFrame(agreement),
        "sensitivity": pd.DataFrame(sensitivity, columns=["regularisation", "estimate"]),
    }


def _ranks(values: np.ndarray) -> np.ndarray:
    """Rank each row from the largest (1); equal values share their mean rank."""
    from scipy.stats import rankdata

    return rankdata(-values, axis=1)


def _rank_correlation(strengths: np.ndarray, rating: np.ndarray) -> np.ndarray:
    """Return Spearman's rho of each row of `strengths` with `rating`."""
    # a replicate in which all strengths are equal has no order and says nothing: correlation 0
    return np.nan_to_num(pearson(_ranks(strengths), _ranks(rating[None])))


def _interval(estimate: float, draws: np.ndarray) -> tuple[float, float]:
    """Return the normal interval of a correlation on Fisher's z scale, from shrunken draws."""
    # an estimate of exactly 1 has no finite z; one a hair below has
    centre, spread = (np.arctanh(np.clip(r, -1, 1) * (1 - 1e-12)) for r in (estimate, draws))
    half = NORMAL_QUANTILE * spread.std() / SHRINKAGE
    return float(np.tanh(centre - half)), float(np.tanh(centre + half))


def _halves(raters: int, splits: int, seed: int) -> np.ndarray:
    """Return random halves of the raters: 1 where a rater is in, shape (splits, raters)."""
    order = np.random.default_rng(seed).random((splits, raters)).argsort(axis=1)
    return (order < raters // 2).astype(float)


def _reliability(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean correlation of split halves, stepped up by Spearman-Brown."""
    half = float(np.nan_to_num(pearson(first, second)).mean())
    return 2 * half / (1 + half)


def _strengths(
    winner: np.ndarray,
    loser: np.ndarray,
    rater: np.ndarray,
    weights: np.ndarray,
    items: int,
    regularisation: float,
) -> np.ndarray:
    """Estimate the strengths under each weighting of the raters.

    Parameters
    ----------
    winner, loser, rater : ndarray of int, shape (n,)
        Item chosen, item not chosen and who chose, for each choice.
    weights : ndarray, shape (replicates, raters)
        How often each rater counts.
    items : int
        Number of items.
    regularisation : float
        Prior concentration divided by the number of items.

    Returns
    -------
    ndarray, shape (replicates, items)
        Strengths; 0 for an item without weight on any of its comparisons.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = coo_array((np.ones(len(winner)), (winner, loser)), shape=(items, items))
    count, component = connected_components(edges, directed=False)
    strengths = np.zeros((len(weights), items))
    # items of different components never meet: each component is its own small problem
    for number in range(count):
        members = np.flatnonzero(component == number)
        place = np.zeros(items, dtype=int)
        place[members] = np.arange(len(members))
        size = len(members)
        chosen = component[winner] == number
        cell = place[winner[chosen]] * size + place[loser[chosen]]
        by_rater = coo_array(
            (np.ones(chosen.sum()), (rater[chosen], cell)), shape=(weights.shape[1], size**2)
        ).tocsr()
        chunk = max(1, _CHUNK_CELLS // size**2)
        for start in range(0, len(weights), chunk):
            rows = slice(start, start + chunk)
            wins = np.asarray(by_rater.T @ weights[rows].T).T.reshape(-1, size, size)
            strengths[rows, members] = _newton(wins, regularisation * items)
    return strengths


def _newton(wins: np.ndarray, concentration: float) -> np.ndarray:
    """Maximise the log posterior of many Bradley-Terry models of one size together.

    Parameters
    ----------
    wins : ndarray, shape (replicates, m, m)
        Wins of row over column.
    concentration : float
        Shape and rate of the Gamma prior on each weight.

    Returns
    -------
    ndarray, shape (replicates, m)
        The modes.
    """
    games = wins + wins.transpose(0, 2, 1)
    won = wins.sum(axis=2)
    theta = np.zeros(won.shape)
    diagonal = np.arange(won.shape[1])
    for _ in range(_NEWTON_STEPS):
        probability = 1 / (1 + np.exp(theta[:, None, :] - theta[:, :, None]))
        weight = np.exp(theta)
        gradient = won - (games * probability).sum(axis=2) - concentration * (weight - 1)
        if np.abs(gradient).max() < _TOLERANCE:
            return theta
        curvature = games * probability * (1 - probability)
        information = -curvature
        information[:, diagonal, diagonal] = curvature.sum(axis=2) + concentration * weight
        step = np.linalg.solve(information, gradient[:, :, None])[:, :, 0]
        # far from the mode a full Newton step can overshoot: no strength moves by more than 1
        theta += step / np.maximum(np.abs(step).max(axis=1, keepdims=True), 1.0)
    raise ArithmeticError("the Bradley-Terry fit did not converge")
