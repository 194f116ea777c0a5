"""Agreement of experts, a crowd and LLM judges on the pilot conversations, dimension by dimension.

Every number comes twice. As published: quadratic-weighted kappa by the distance of ranks (see
`lendanear.measures.agreement`), the experts represented by the median of the three for each
conversation, the LLM by Gemini alone, and the crowd by the mean of its members, fractions kept, so
that each distinct mean is a category of its own. And on the true distance of scores, which can be
compared between pairs and dimensions.

Intervals are percentiles of a bootstrap over conversations: all raters of a conversation are drawn
together, ranks and medians are what they are in each replicate. Replicates in which a coefficient
is not defined (nobody varies) are left out.

Three experts' median is a steadier target than a single expert. A judge is therefore set against
both: the median, and a single expert (the middle one of the three agreements in each dimension),
which is how one expert is set against another.

Source: the pilot's replication data; kappas of ``data/published_results.csv``.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from lendanear.measures.agreement import resamples, weighted_kappa
from lendanear.measures.correlation import spearman
from lendanear.measures.intervals import CONFIDENCE
from lendanear.vocabulary import DIMENSION_KEYS, DIMENSIONS, RATERS, SCORE_MIN

Floats = npt.NDArray[np.float64]

EXPERTS: Final = "experts"
"""The median of the experts for each conversation and dimension."""
EXPERT_KEYS: Final = tuple(rater.key for rater in RATERS if rater.kind == "expert")
LLM_KEYS: Final = tuple(rater.key for rater in RATERS if rater.kind == "llm")
PUBLISHED_LLM: Final = "gemini"
"""The judge that the published kappas call the LLM."""
PAIRS: Final = {
    "expert1_expert2": ("expert1", "expert2"),
    "expert2_expert3": ("expert2", "expert3"),
    "expert3_expert1": ("expert3", "expert1"),
    "experts_llm": (EXPERTS, PUBLISHED_LLM),
    "experts_gpt": (EXPERTS, "gpt"),
    "experts_claude": (EXPERTS, "claude"),
    "experts_crowd": (EXPERTS, "crowd"),
    "llm_crowd": (PUBLISHED_LLM, "crowd"),
}
"""Pairs of raters by key: the six published ones, and the two other LLM judges."""
MEASURES: Final = {
    "kappa_rank": lambda a, b, w=None: weighted_kappa(a, b, w, distance="rank"),
    "kappa_score": lambda a, b, w=None: weighted_kappa(a, b, w, distance="score"),
    "spearman": spearman,
}
"""How agreement is measured: kappa as published, kappa on the 1-5 distance, rank correlation."""
REPLICATES: Final = 2000
"""Bootstrap replicates of a full run; `QUICK_REPLICATES` in a shortened one."""
QUICK_REPLICATES: Final = 200
SEED: Final = 20260315


def fit(
    pilot_ratings: pd.DataFrame,
    *,
    replicates: int = REPLICATES,
    seed: int = SEED,
    quick: bool = False,
) -> dict[str, pd.DataFrame]:
    """Measure every agreement with its interval.

    Parameters
    ----------
    pilot_ratings : DataFrame
        The typed table: all seven raters on the same conversations.
    replicates : int
        Bootstrap replicates.
    seed : int
        Seed of the bootstrap.
    quick : bool
        Use at most `QUICK_REPLICATES` replicates: wider noise in the intervals, same estimates.

    Returns
    -------
    dict of DataFrame
        ``kappas`` (pair, first, second, dimension, measure, n, estimate, ci_low, ci_high,
        replicates): one row per key of `PAIRS`, dimension and key of `MEASURES`, with the number
        of replicates in which it was defined;
        ``benchmark`` (judge, target, measure, n, estimate, ci_low, ci_high): ``judge`` is
        ``expert`` or a rater, ``target`` is ``median`` or ``single_expert``, ``measure`` is
        ``kappa_score`` (mean of the six dimensions) or ``spearman_overall``;
        ``ratings`` (rater, dimension, n, mean, floor_count, floor_share, difference, ci_low,
        ci_high): mean rating, how many are at the lowest level, and the mean difference from the
        median of the experts in points with its interval.
    """
    scores = _scores(pilot_ratings)
    n = len(next(iter(scores.values())))
    drawn = resamples(n, min(replicates, QUICK_REPLICATES) if quick else replicates, seed)
    return {
        "kappas": _kappas(scores, drawn),
        "benchmark": _benchmark(scores, drawn),
        "ratings": _ratings(scores, drawn),
    }


def _scores(pilot_ratings: pd.DataFrame) -> dict[str, Floats]:
    """Return each rater's ratings, shape (conversations, 6), and the median of the experts."""
    wide = pilot_ratings.pivot_table(
        index="conversation_id", columns=["rater", "dimension"], values="rating", observed=False
    ).sort_index()
    scores = {
        rater.key: wide[rater.key][list(DIMENSION_KEYS)].to_numpy(dtype=np.float64)
        for rater in RATERS
    }
    scores[EXPERTS] = np.median([scores[key] for key in EXPERT_KEYS], axis=0)
    return scores


def _interval(replicated: Floats) -> tuple[float, float, int]:
    """Return the percentile interval and how many replicates it rests on."""
    defined = replicated[~np.isnan(replicated)]
    if not len(defined):
        return np.nan, np.nan, 0
    low, high = np.quantile(defined, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high), len(defined)


def _kappas(scores: dict[str, Floats], drawn: Floats) -> pd.DataFrame:
    rows = []
    for pair, (first, second) in PAIRS.items():
        for column, dimension in enumerate(DIMENSION_KEYS):
            a, b = scores[first][:, column], scores[second][:, column]
            for measure, coefficient in MEASURES.items():
                low, high, defined = _interval(coefficient(a, b, drawn))
                rows.append(
                    {
                        "pair": pair,
                        "first": first,
                        "second": second,
                        "dimension": dimension,
                        "measure": measure,
                        "n": len(a),
                        "estimate": float(coefficient(a, b)),
                        "ci_low": low,
                        "ci_high": high,
                        "replicates": defined,
                    }
                )
    return pd.DataFrame(rows)


def _mean_kappa(a: Floats, b: Floats, weight: Floats) -> Floats:
    """Return kappa on the true distance for each dimension, shape (6, replicates)."""
    return np.array([weighted_kappa(a[:, i], b[:, i], weight) for i in range(len(DIMENSIONS))])


def _overall(scores: Floats) -> Floats:
    """Return overall empathy of fractional ratings, shape (conversations,), -12 to 12."""
    signs = np.array([dimension.sign for dimension in DIMENSIONS], dtype=np.float64)
    # means of raters differ in their last bits, and a rank correlation must see their ties
    return np.round(scores @ signs, 9)


def _benchmark(scores: dict[str, Floats], drawn: Floats) -> pd.DataFrame:
    # the data itself goes first, then the replicates
    weight = np.vstack([np.ones(drawn.shape[1]), drawn])
    comparisons = {
        ("expert", "single_expert"): [
            pair for pair in PAIRS.values() if set(pair) <= set(EXPERT_KEYS)
        ]
    }
    for judge in ("crowd", *LLM_KEYS):
        comparisons[judge, "median"] = [(judge, EXPERTS)]
        comparisons[judge, "single_expert"] = [(judge, expert) for expert in EXPERT_KEYS]
    rows = []
    for (judge, target), pairs in comparisons.items():
        kappas = np.array([_mean_kappa(scores[a], scores[b], weight) for a, b in pairs])
        overall = np.array(
            [spearman(_overall(scores[a]), _overall(scores[b]), weight) for a, b in pairs]
        )
        for measure, values in {
            "kappa_score": np.median(kappas, axis=0).mean(axis=0),
            "spearman_overall": np.median(overall, axis=0),
        }.items():
            low, high, _ = _interval(values[1:])
            rows.append(
                {
                    "judge": judge,
                    "target": target,
                    "measure": measure,
                    "n": drawn.shape[1],
                    "estimate": float(values[0]),
                    "ci_low": low,
                    "ci_high": high,
                }
            )
    return pd.DataFrame(rows)


def _ratings(scores: dict[str, Floats], drawn: Floats) -> pd.DataFrame:
    rows = []
    for rater, given in scores.items():
        differences = given - scores[EXPERTS]
        replicated = drawn @ differences / drawn.shape[1]
        for column, dimension in enumerate(DIMENSION_KEYS):
            low, high, _ = _interval(replicated[:, column])
            at_floor = int((given[:, column] == SCORE_MIN).sum())
            rows.append(
                {
                    "rater": rater,
                    "dimension": dimension,
                    "n": len(given),
                    "mean": float(given[:, column].mean()),
                    "floor_count": at_floor,
                    "floor_share": at_floor / len(given),
                    "difference": float(differences[:, column].mean()),
                    "ci_low": low,
                    "ci_high": high,
                }
            )
    return pd.DataFrame(rows)
