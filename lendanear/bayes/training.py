"""What is reported of the effects of training, whichever model estimated them.

An effect is how much more an arm changed than Control, in points of the score; in SD it is divided
by the SD of the score over all conversations, as in Figure 3B.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from lendanear.bayes.predictive import compare
from lendanear.bayes.quantities import Reported, two_intervals
from lendanear.bayes.sampling import arviz
from lendanear.bayes.trial import CONTRASTS, PERIODS, Trial, contrasts_of
from lendanear.vocabulary import ARM_KEYS, DIMENSION_KEYS, DIMENSIONS

OVERALL: Final = "overall_empathy"
SIGNS: Final = np.array([dimension.sign for dimension in DIMENSIONS], dtype=float)
SMALLEST_EFFECTS: Final = np.round(np.arange(0.0, 1.001, 0.02), 2)
"""Sizes, in SD, for which the probability that an effect exceeds them is tabulated."""
SIMULATED: Final = 200
"""Data sets drawn for a predictive check."""
_HIGH: Final = 4
"""Ratings from "quite a bit" on."""


def with_overall(effects: np.ndarray) -> np.ndarray:
    """Append overall empathy (prescriptive less proscriptive) to the six dimensions.

    Parameters
    ----------
    effects : ndarray, shape (..., 6)
        Any linear quantity per dimension.

    Returns
    -------
    ndarray, shape (..., 7)
    """
    return np.concatenate([effects, (effects @ SIGNS)[..., None]], axis=-1)


def spreads(scores: np.ndarray) -> np.ndarray:
    """Return the SD over all conversations of every column, shape (columns,)."""
    return scores.std(axis=0, ddof=1)


def effects_reported(
    effects: np.ndarray, outcomes: Sequence[str], spread: np.ndarray
) -> tuple[Reported, pd.DataFrame]:
    """Name the effects, and summarise them for figures.

    Parameters
    ----------
    effects : ndarray, shape (chains, draws, 3, 2, outcomes)
        Effects of the treated arms in conversations 2 and 3, in points.
    outcomes : sequence of str
        Names of the last axis.
    spread : ndarray, shape (outcomes,)
        SD of each score.

    Returns
    -------
    reported : dict of (quantity, group) to ndarray, shape (chains, draws)
        ``effect.<outcome>.points`` and ``effect.<outcome>.sd``, groups such as
        ``coach vs control, both``.
    frame : DataFrame
        outcome, unit, arm, reference, period, mean, low_50, high_50, low_95, high_95, p_positive,
        and ``p_over_<size>`` for SMALLEST_EFFECTS: probability that an effect in SD, turned so that
        plus is better, exceeds a size (only where ``unit`` is ``sd``).
    """
    reported: Reported = {}
    rows = []
    for place, outcome in enumerate(outcomes):
        sign = SIGNS[DIMENSION_KEYS.index(outcome)] if outcome in DIMENSION_KEYS else 1.0
        for unit, scale in (("points", 1.0), ("sd", spread[place])):
            found = contrasts_of(effects[..., place] / scale)
            for (arm, reference, period), draws in found.items():
                reported[f"effect.{outcome}.{unit}", f"{arm} vs {reference}, {period}"] = draws
                row = {"outcome": outcome, "unit": unit, "arm": arm, "reference": reference}
                row |= {"period": period, "p_positive": float((draws > 0).mean())}
                if unit == "sd":
                    better = sign * draws
                    row |= {
                        f"p_over_{size:.2f}": float((better > size).mean())
                        for size in SMALLEST_EFFECTS
                    }
                rows.append(row)
    intervals = two_intervals(reported).drop(columns=["quantity", "group"])
    table = pd.concat([pd.DataFrame(rows), intervals], axis=1)
    leading = ["outcome", "unit", "arm", "reference", "period", *intervals.columns, "p_positive"]
    return reported, table[[*leading, *(c for c in table.columns if c.startswith("p_over_"))]]


def growth_reported(effects: np.ndarray, outcomes: Sequence[str], spread: np.ndarray) -> Reported:
    """Return how much larger effects are in conversation 3 than in 2, in SD.

    Parameters
    ----------
    effects, outcomes, spread
        As for `effects_reported`.

    Returns
    -------
    dict of (quantity, group) to ndarray, shape (chains, draws)
        ``growth.<outcome>.sd``, groups such as ``coach vs control``.
    """
    reported: Reported = {}
    for place, outcome in enumerate(outcomes):
        found = contrasts_of(effects[..., place] / spread[place])
        for arm, reference in CONTRASTS:
            second, third = (found[arm, reference, period] for period in PERIODS[:2])
            reported[f"growth.{outcome}.sd", f"{arm} vs {reference}"] = third - second
    return reported


def scores_properties(data: Trial, scores: np.ndarray) -> dict[tuple[str, str], float]:
    """Return the properties of a data set that predictive checks compare.

    Parameters
    ----------
    data : Trial
        Who is in which arm.
    scores : ndarray, shape (n, 6)
        Ratings, observed or simulated.

    Returns
    -------
    dict of (what, group) to float
        By dimension and arm: ``mean.before`` and ``mean.after`` (points), ``high.after`` (share
        rated "quite a bit" or more); by dimension: ``share.<score>`` (over all conversations),
        ``sd.person`` (SD of person means); by dimension and for overall empathy, their sum:
        ``sd.within`` (SD around person means).
    """
    found: dict[tuple[str, str], float] = {}
    after = data.number > 1
    sizes = np.bincount(data.person)
    for place, dimension in enumerate(DIMENSION_KEYS):
        column = scores[:, place]
        for arm, key in enumerate(ARM_KEYS):
            group = f"{dimension}, {key}"
            mine = data.arm == arm
            found["mean.before", group] = float(column[mine & ~after].mean())
            found["mean.after", group] = float(column[mine & after].mean())
            found["high.after", group] = float((column[mine & after] >= _HIGH - 0.5).mean())
        means = np.bincount(data.person, column) / sizes
        found["sd.person", dimension] = float(means.std(ddof=1))
        for score in range(1, 6):
            share = np.abs(column - score) < 0.5
            found[f"share.{score}", dimension] = float(share.mean())
    every = with_overall(scores)
    for place, outcome in enumerate((*DIMENSION_KEYS, OVERALL)):
        column = every[:, place]
        away = column - (np.bincount(data.person, column) / sizes)[data.person]
        found["sd.within", outcome] = float(np.sqrt((away**2).sum() / (sizes - 1).sum()))
    return found


def predictive_frame(data: Trial, simulated: Sequence[np.ndarray]) -> pd.DataFrame:
    """Set the study's scores beside simulated ones; see `scores_properties`."""
    observed = scores_properties(data, data.scores)
    properties = [scores_properties(data, scores) for scores in simulated]
    return compare(observed, {key: np.array([one[key] for one in properties]) for key in observed})


def chosen_draws(posterior: Mapping[str, np.ndarray], count: int) -> list[dict[str, np.ndarray]]:
    """Return evenly spaced draws of every variable, chains one after another.

    Parameters
    ----------
    posterior : mapping of str to ndarray, shape (chains, draws, ...)
        Draws.
    count : int
        How many (at most all).
    """
    flat = {name: values.reshape(-1, *values.shape[2:]) for name, values in posterior.items()}
    total = len(next(iter(flat.values())))
    places = np.linspace(0, total - 1, min(count, total)).astype(int)
    return [{name: values[place] for name, values in flat.items()} for place in places]


def left_out(log_likelihood: np.ndarray) -> pd.DataFrame:
    """Return how well each participant's scores are predicted from all others' (PSIS-LOO).

    Parameters
    ----------
    log_likelihood : ndarray, shape (chains, draws, people)
        Participant effects integrated out.

    Returns
    -------
    DataFrame
        One row per participant, in the order of the trial: ``elpd`` (expected log predictive
        density of the scores, read as probability in cells of width 1), ``pareto_k``.
    """
    az = arviz()
    drawn = az.from_dict(
        {"unused": log_likelihood[..., 0]}, log_likelihood={"person": log_likelihood}
    )
    with warnings.catch_warnings():
        # a large Pareto k is told by its column
        warnings.filterwarnings("ignore", message="Estimated shape parameter", category=Warning)
        found = az.loo(drawn, pointwise=True)
    return pd.DataFrame({"elpd": np.asarray(found.loo_i), "pareto_k": np.asarray(found.pareto_k)})
