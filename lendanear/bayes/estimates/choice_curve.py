"""How surely raters choose the higher-scored conversation: slope, threshold, lapses, and rivals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.bayes.comparison import compare_models
from lendanear.bayes.models import choice_curve as model
from lendanear.bayes.predictive import compare, prior_draws
from lendanear.bayes.quantities import highest_density, two_intervals
from lendanear.bayes.sensitivity import log_prior, power_scaling
from lendanear.bayes.settings import SEED

if TYPE_CHECKING:
    import arviz as az
    import pymc as pm

    from lendanear.bayes.quantities import Reported

NAME: Final = "choice_curve"
ALL: Final = "all"
"""Group name of all scenarios together."""
TARGET: Final = 0.75
"""Share of choices that the threshold is about: half way between chance and certainty."""
GAPS: Final = (1, 5, 10)
"""Score differences, in points, at which chances are reported."""
CURVE_POINTS: Final = 61
SIMULATED: Final = 1000
"""Data sets simulated for each check."""
BANDS: Final = ((1, 3), (4, 6), (7, 9), (10, 24))
"""Score differences, in points, that a check pools."""


def estimate(
    drawn: az.InferenceData, choices: pd.DataFrame
) -> tuple[Reported, dict[str, pd.DataFrame]]:
    """Return what is reported.

    Parameters
    ----------
    drawn : arviz.InferenceData
        The posterior.
    choices : DataFrame
        The typed table.

    Returns
    -------
    reported : dict of (quantity, group) to ndarray, shape (chains, draws)
        ``slope.log_odds_per_point`` (per scenario; ``all``: their mean; and of both rivals),
        ``threshold.points`` (difference at which three choices in four go to the higher-scored
        one; ``all``: on the curve averaged over choices as they occur), ``lapse.rate``,
        ``asymptote.share`` (where the curve ends) and ``chosen.share`` (chance at 1, 5 and 10
        points, averaged over scenarios).
    frames : dict of DataFrame
        ``intervals`` (see `lendanear.bayes.quantities.two_intervals`), ``curve`` (form, score_diff,
        mean, low_50, high_50, low_95, high_95: averaged over scenarios as they occur),
        ``comparison`` (see `lendanear.bayes.comparison`; a unit is a rater),
        ``prior_predictive``, ``posterior_predictive``, ``sensitivity``.
    """
    data = model.data(choices)
    posterior = {name: drawn.posterior[name].to_numpy() for name in model.KEEP}
    reported = _slopes(data, posterior) | _thresholds(data, posterior)
    reported["lapse.rate", ALL] = posterior["lapse"]
    reported["asymptote.share", ALL] = 1 - posterior["lapse"] / 2
    for gap in GAPS:
        chance = averaged(data, model.LAPSES, posterior, np.array([float(gap)]))[..., 0]
        reported["chosen.share", f"{gap} point{'s' if gap > 1 else ''} apart"] = chance
    rivals = (model.NO_LAPSES, model.PUBLISHED)
    headline = {key: values for key, values in reported.items() if key[1] not in rivals}
    machine = model.build(data)
    sensitivity = power_scaling(
        NAME,
        headline,
        log_prior(machine, drawn, model.CHOSEN_PRIORS),
        model.log_likelihood(data, posterior).sum(axis=-1),
    )
    loglik = {form: model.log_likelihood(data, posterior, form) for form in model.FORMS}
    return reported, {
        "sensitivity": sensitivity,
        "intervals": two_intervals(reported),
        "curve": _curve(data, posterior),
        "comparison": compare_models(loglik),
        **_checks(machine, data, posterior),
    }


def averaged(
    data: model.Gaps, form: str, posterior: Mapping[str, np.ndarray], gaps: np.ndarray
) -> np.ndarray:
    """Return the chance of the higher-scored one, averaged over scenarios as they occur.

    Parameters
    ----------
    data : Gaps
        The choices.
    form : str
        One of ``choice_curve.FORMS``.
    posterior : mapping of str to ndarray, shape (chains, draws, ...)
        Draws.
    gaps : ndarray, shape (n,)
        Score differences.

    Returns
    -------
    ndarray, shape (chains, draws, n)
    """
    total = 0.0
    for place, share in enumerate(data.shares):
        scenario = np.full(len(gaps), place)
        total = total + share * model.chances(form, posterior, scenario, gaps)
    return np.asarray(total)


def _slopes(data: model.Gaps, posterior: Mapping[str, np.ndarray]) -> Reported:
    """Return the slopes in log odds per point."""
    quantity = "slope.log_odds_per_point"
    reported: Reported = {(quantity, ALL): posterior["slope"].mean(axis=-1)}
    for place, key in enumerate(data.scenarios):
        reported[quantity, key] = posterior["slope"][..., place]
    reported[quantity, model.NO_LAPSES] = posterior["slope_alone"].mean(axis=-1)
    reported[quantity, model.PUBLISHED] = posterior["published_slope"]
    return reported


def _thresholds(data: model.Gaps, posterior: Mapping[str, np.ndarray]) -> Reported:
    """Return the difference at which the curve reaches `TARGET`, per scenario and averaged."""
    lapse = posterior["lapse"]
    wanted = (TARGET - lapse / 2) / (1 - lapse)
    own = np.log(wanted / (1 - wanted))[..., None] / posterior["slope"]
    # the averaged curve lies between the scenarios' curves, and so does its threshold
    low, high = own.min(axis=-1), own.max(axis=-1)
    for _ in range(50):
        middle = (low + high) / 2
        odds = posterior["slope"] * middle[..., None]
        p = lapse / 2 + (1 - lapse) * (1 / (1 + np.exp(-odds)) @ data.shares)
        low, high = np.where(p < TARGET, middle, low), np.where(p < TARGET, high, middle)
    reported: Reported = {("threshold.points", ALL): (low + high) / 2}
    for place, key in enumerate(data.scenarios):
        reported["threshold.points", key] = own[..., place]
    return reported


def _curve(data: model.Gaps, posterior: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return the curve and its rivals with their intervals."""
    gaps = np.linspace(0, data.gap.max(), CURVE_POINTS)
    rows = []
    for form in model.FORMS:
        chances = averaged(data, form, posterior, gaps)
        for place, gap in enumerate(gaps):
            draws = chances[..., place]
            half = np.quantile(draws, [0.25, 0.75])
            rows.append((form, gap, draws.mean(), *half, *highest_density(draws)))
    columns = ["form", "score_diff", "mean", "low_50", "high_50", "low_95", "high_95"]
    return pd.DataFrame(rows, columns=columns)


def _checks(
    machine: pm.Model, data: model.Gaps, posterior: Mapping[str, np.ndarray]
) -> dict[str, pd.DataFrame]:
    """Return properties of the choices beside those of choices simulated with lapses."""
    random = np.random.default_rng(SEED)
    names = ("slope", "lapse")
    flat = {name: posterior[name].reshape(-1, *posterior[name].shape[2:]) for name in names}
    chosen = random.choice(len(flat["lapse"]), SIMULATED, replace=len(flat["lapse"]) < SIMULATED)
    sets = {
        "prior_predictive": prior_draws(machine, names, SIMULATED),
        "posterior_predictive": {name: values[chosen] for name, values in flat.items()},
    }
    times = data.higher + data.lower
    cell, rater = np.nonzero(times)
    observed = _properties(data, data.higher[cell, rater][None])
    frames = {}
    for frame, parameters in sets.items():
        chances = model.chances(model.LAPSES, parameters, data.scenario[cell], data.gap[cell])
        higher = random.binomial(times[cell, rater].astype(int), chances)
        frames[frame] = compare(
            {key: float(values[0]) for key, values in observed.items()}, _properties(data, higher)
        )
    return frames


def _properties(data: model.Gaps, higher: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """Return what the model should get right, of every data set (first axis).

    ``chosen.share``: share of choices for the higher-scored one, by scenario; ``band.share``: by
    score difference; ``rater.sd``: SD over raters of their share.

    Parameters
    ----------
    data : Gaps
        The choices.
    higher : ndarray, shape (data sets, n)
        Choices for the higher-scored one, of every cell and rater that occur together.
    """
    times = data.higher + data.lower
    cell, rater = np.nonzero(times)
    n = times[cell, rater]
    found = {}
    for place, key in enumerate(data.scenarios):
        own = data.scenario[cell] == place
        found["chosen.share", key] = higher[:, own].sum(axis=1) / n[own].sum()
    for low, high in BANDS:
        own = (data.gap[cell] > low - 1) & (data.gap[cell] <= high)
        if own.any():
            words = f"{low} to {high} points"
            found["band.share", words] = higher[:, own].sum(axis=1) / n[own].sum()
    by_rater = higher @ (rater[:, None] == np.arange(times.shape[1])).astype(float)
    found["rater.sd", ALL] = (by_rater / times.sum(axis=0)).std(axis=1)
    return found
