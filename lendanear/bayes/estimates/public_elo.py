"""How Elo ratings rise with overall empathy: by how much, where on the scale, in which scenario."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.bayes.models import public_elo as model
from lendanear.bayes.predictive import compare
from lendanear.bayes.quantities import highest_density, two_intervals
from lendanear.bayes.sensitivity import log_prior, power_scaling
from lendanear.bayes.settings import SEED
from lendanear.vocabulary import OVERALL_MAX, OVERALL_MIN, SCENARIO_KEYS

if TYPE_CHECKING:
    import arviz as az

    from lendanear.bayes.quantities import Reported

NAME: Final = "public_elo"
ALL: Final = "all"
"""Mean of the five scenarios."""
PARTS: Final = ((-12, -6), (-6, 0), (0, 6), (6, 12))
"""Quarters of the scale."""
WHOLE: Final = (OVERALL_MIN, OVERALL_MAX)
_SIMULATED: Final = 400
"""Data sets simulated for each predictive check."""


def words(low: int, high: int) -> str:
    """Return how a range of scores is called in quantities and groups."""
    return f"{low} to {high}"


def estimate(
    drawn: az.InferenceData, elo: pd.DataFrame
) -> tuple[Reported, dict[str, pd.DataFrame]]:
    """Return what is reported.

    Parameters
    ----------
    drawn : arviz.InferenceData
        The posterior.
    elo : DataFrame
        The typed table.

    Returns
    -------
    reported : dict of (quantity, group) to ndarray, shape (chains, draws)
        ``slope.elo_per_point`` (Elo points per point of overall empathy, mean of the scenarios,
        between the scores of ``model.CENTRE``, over the whole scale and in each of `PARTS`, e.g.
        ``all, -6 to 6``; of each scenario between the scores of ``model.CENTRE``),
        ``slope.difference`` (such a slope of a scenario less the mean of the five),
        ``share_of_rise`` (in each of `PARTS`, mean of scenarios and each scenario),
        ``r2`` (Bayesian R2, all and each scenario) and ``sd.residual``, Elo points.
    frames : dict of DataFrame
        ``intervals`` (`two_intervals`), ``curve`` (scenario or ``all``, score, mean, low_95,
        high_95), ``cells`` (scenario, score, n, estimate: mean rating),
        ``prior_predictive``, ``posterior_predictive``, ``sensitivity``.
    """
    data = model.data(elo)
    posterior = {name: drawn.posterior[name].to_numpy() for name in model.KEEP}
    lines = model.lines(posterior)
    reported = _slopes(lines) | _explained(data, lines, model.spreads(posterior))
    headline = {
        key: values
        for key, values in reported.items()
        if key[0] in {"slope.elo_per_point", "r2"}
        or (key[0] == "share_of_rise" and key[1].startswith(f"{ALL},"))
    }
    sensitivity = power_scaling(
        NAME,
        headline,
        log_prior(model.build(data), drawn, model.CHOSEN_PRIORS),
        model.log_likelihood(data, posterior).sum(axis=-1),
    )
    observed = _properties(data, data.rating[None, :])
    return reported, {
        "sensitivity": sensitivity,
        "intervals": two_intervals(reported),
        "curve": _curve(lines),
        "cells": _cells(data),
        "prior_predictive": _predictive(data, prior_draws(), observed),
        "posterior_predictive": _predictive(data, posterior, observed),
    }


def _rise(lines: np.ndarray, low: int, high: int) -> np.ndarray:
    """Return how much lines rise between two scores, shape (...)."""
    return lines[..., high - OVERALL_MIN] - lines[..., low - OVERALL_MIN]


def _slopes(lines: np.ndarray) -> Reported:
    """Return slopes, their differences and shares of the rise."""
    reported: Reported = {}
    mean = lines.mean(axis=-2)
    for low, high in (model.CENTRE, WHOLE, *PARTS):
        slope = _rise(mean, low, high) / (high - low)
        reported["slope.elo_per_point", f"{ALL}, {words(low, high)}"] = slope
    own = _rise(lines, *model.CENTRE) / (model.CENTRE[1] - model.CENTRE[0])
    for place, key in enumerate(SCENARIO_KEYS):
        reported["slope.elo_per_point", f"{key}, {words(*model.CENTRE)}"] = own[..., place]
    for place, key in enumerate(SCENARIO_KEYS):
        reported["slope.difference", key] = own[..., place] - own.mean(axis=-1)
    for low, high in PARTS:
        shares = _rise(lines, low, high) / _rise(lines, *WHOLE)
        reported["share_of_rise", f"{ALL}, {words(low, high)}"] = shares.mean(axis=-1)
        for place, key in enumerate(SCENARIO_KEYS):
            reported["share_of_rise", f"{key}, {words(low, high)}"] = shares[..., place]
    return reported


def _explained(data: model.Ratings, lines: np.ndarray, spreads: np.ndarray) -> Reported:
    """Return Bayesian R2 and residual SD.

    R2 is the variance of the expected ratings over itself plus the mean residual variance, over
    the conversations at hand (Gelman et al. 2019, The American Statistician 73:307).
    """
    counts = np.zeros((len(SCENARIO_KEYS), len(model.SCORES)))
    np.add.at(counts, (data.scenario[data.cell], data.score[data.cell]), 1)
    reported: Reported = {}
    for group in (ALL, *SCENARIO_KEYS):
        mine = counts if group == ALL else counts * (np.array(SCENARIO_KEYS) == group)[:, None]
        total = mine.sum()
        mean = (mine * lines).sum(axis=(-2, -1)) / total
        fitted = (mine * (lines - mean[..., None, None]) ** 2).sum(axis=(-2, -1)) / total
        residual = (mine * spreads**2).sum(axis=(-2, -1)) / total
        reported["r2", group] = fitted / (fitted + residual)
        reported["sd.residual", group] = np.sqrt(residual)
    return dict(sorted(reported.items(), key=lambda item: item[0][0]))


def _curve(lines: np.ndarray) -> pd.DataFrame:
    """Return each scenario's line, and their mean, with its 95% interval."""
    rows = []
    named = [(key, lines[..., place, :]) for place, key in enumerate(SCENARIO_KEYS)]
    for scenario, line in ((ALL, lines.mean(axis=-2)), *named):
        for place, score in enumerate(model.SCORES):
            draws = line[..., place]
            rows.append((scenario, int(score), float(draws.mean()), *highest_density(draws)))
    return pd.DataFrame(rows, columns=["scenario", "score", "mean", "low_95", "high_95"])


def _cells(data: model.Ratings) -> pd.DataFrame:
    """Return the mean rating of every score in every scenario."""
    count = np.bincount(data.cell)
    return pd.DataFrame(
        {
            "scenario": np.array(SCENARIO_KEYS)[data.scenario],
            "score": model.SCORES[data.score],
            "n": count,
            "estimate": np.bincount(data.cell, data.rating) / count,
        }
    )


def prior_draws() -> dict[str, np.ndarray]:
    """Return draws of every variable from the priors alone, shape (1, draws, ...)."""
    random = np.random.default_rng(SEED)
    priors, size, scenarios = model.Priors(), (1, _SIMULATED), len(SCENARIO_KEYS)
    components, free = model.smooth_basis().shape[1], scenarios - 1
    normal = random.standard_normal
    return {
        "level": priors.level[0] + priors.level[1] * normal((*size, scenarios)),
        "rise": priors.rise[0] + priors.rise[1] * normal(size),
        "rise_sd": priors.rise_sd * np.abs(normal(size)),
        "rise_z": normal((*size, free)),
        "bend_scenario": priors.bend_scenario * np.abs(normal(size)),
        "common": priors.bend * normal((*size, components)),
        "scenario_z": normal((*size, free, components)),
        "log_sigma": priors.log_sigma[0] + priors.log_sigma[1] * normal(size),
        "sigma_sd": priors.sigma_sd * np.abs(normal(size)),
        "sigma_z": normal((*size, free)),
        "spread_slopes": priors.spread_slopes * normal((*size, 2)),
    }


def _properties(data: model.Ratings, ratings: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """Return what is checked of ratings, one value per data set (rows of `ratings`)."""
    score = model.SCORES[data.score[data.cell]]
    scenario = data.scenario[data.cell]
    found = {}
    for low, high in PARTS:
        # a score on a border belongs to the part above it, the highest to the last
        inside = (score >= low) & (score < high + (high == OVERALL_MAX))
        if inside.sum() > 2:
            own = ratings[:, inside]
            found["rating.mean", words(low, high)] = own.mean(axis=-1)
            found["rating.sd", words(low, high)] = own.std(axis=-1, ddof=1)
    centred = score - score.mean()
    for group in (ALL, *SCENARIO_KEYS):
        mine = np.full(len(score), True) if group == ALL else SCENARIO_KEYS.index(group) == scenario
        x = centred[mine] - centred[mine].mean()
        y = ratings[:, mine] - ratings[:, mine].mean(axis=-1, keepdims=True)
        found["correlation", group] = y @ x / np.sqrt((x @ x) * (y**2).sum(axis=-1))
    return found


def _predictive(
    data: model.Ratings,
    draws: dict[str, np.ndarray],
    observed: dict[tuple[str, str], np.ndarray],
) -> pd.DataFrame:
    """Simulate ratings of the same conversations under draws and compare them with the data."""
    random = np.random.default_rng(SEED)
    flat = {name: values.reshape(1, -1, *values.shape[2:]) for name, values in draws.items()}
    total = flat["rise"].shape[1]
    chosen = np.linspace(0, total - 1, min(_SIMULATED, total)).astype(int)
    some = {name: values[:, chosen] for name, values in flat.items()}
    expected = model.lines(some)[0][:, data.scenario, data.score][:, data.cell]
    sd = model.spreads(some)[0][:, data.scenario, data.score][:, data.cell]
    noise = random.standard_normal(expected.shape) / np.sqrt(data.weight)
    simulated = _properties(data, expected + sd * noise)
    return compare({key: float(values[0]) for key, values in observed.items()}, simulated)
