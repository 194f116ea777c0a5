"""How severe and how consistent each rater of the pilot is, and what they agree on.

Severity is told in points of the 1 to 5 scale, and positive where a rater judges the supporter
more harshly than the experts do: less of what is wanted (encouraging, validating, understanding),
or more of what is not (advice, talk of oneself, dismissal).

Two judgements of a rater can be trusted or not, each for itself: the **level**, if severity is
below half a point either way, and the **order** of conversations, if the rater is as consistent as
an expert, or less so by a tenth of a correlation at most.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.bayes.models import judges as model
from lendanear.bayes.predictive import compare
from lendanear.bayes.quantities import highest_density, two_intervals
from lendanear.bayes.sensitivity import log_prior, power_scaling
from lendanear.bayes.settings import SEED
from lendanear.vocabulary import DIMENSION_KEYS, DIMENSIONS, RATER_KEYS, SCORE_MIN

if TYPE_CHECKING:
    import arviz as az
    import pymc as pm

    from lendanear.bayes.quantities import Reported

NAME: Final = "judges"
LLM_MEAN: Final = "llms"
"""Group name of the mean of the three language models."""
ALL: Final = "all"
"""Group name of the six dimensions together."""
LEVEL_MARGIN: Final = 0.5
"""Severity, in points, up to which the level of a rater's judgement is trusted."""
ORDER_MARGIN: Final = 0.1
"""Correlation by which a trusted rater may fall short of the mean expert."""
SIMULATED_FROM: Final = ("shift", "noise", "correlation", "cutpoints", *model.CROWD_TERMS)
"""Variables that ratings of new conversations depend on."""
SIMULATED: Final = 400
"""Data sets simulated for each predictive check."""


def estimate(
    drawn: az.InferenceData, pilot_ratings: pd.DataFrame
) -> tuple[Reported, dict[str, pd.DataFrame]]:
    """Return what is reported.

    Parameters
    ----------
    drawn : arviz.InferenceData
        The posterior.
    pilot_ratings : DataFrame
        The typed table.

    Returns
    -------
    reported : dict of (quantity, group) to ndarray, shape (chains, draws)
        ``severity.points`` (group ``claude, advice_giving``; ``llms`` is the mean of the language
        models) and ``severity.overall`` (the six summed: how much lower overall empathy comes out
        with this rater, points of -12 to 12): see `severities`. ``consistency.correlation`` of what
        a rater sees and the consensus, ``consistency.difference``, the same less the mean of the
        experts (``claude, all`` is the mean of the dimensions). ``view.correlation``: of the
        language models' common view and the consensus, by dimension. ``consensus.rating``
        (group: id of the conversation, dimension): the mean rating that the three experts are
        expected to give, 1 to 5.
    frames : dict of DataFrame
        ``sensitivity``; ``intervals`` (`two_intervals`); ``raters`` (rater, dimension, mean_rating,
        simple: severity as the difference of mean ratings, severity, severity_low, severity_high,
        correlation, correlation_low, correlation_high, p_level and p_order: probability that the
        level and the order can be trusted, missing for experts); ``consensus`` (conversation_id,
        dimension, mean, sd, low, high: ``consensus.rating``; experts, crowd, llms: mean ratings
        given); ``prior_predictive``, ``posterior_predictive``.
    """
    data = model.data(pilot_ratings)
    posterior = {name: drawn.posterior[name].to_numpy() for name in model.KEEP}
    random = np.random.default_rng(SEED)
    consensus, view = model.latents(data, posterior, random)
    expected = {
        rater: model.expected_rating(posterior, rater, view if rater in model.LLMS else consensus)
        for rater in RATER_KEYS
    }
    severity = severities(expected, random)
    agreed = np.mean([expected[key] for key in model.EXPERTS], axis=0)
    reported = _reported(severity, correlations(posterior), posterior["correlation"])
    headline = {
        key: values
        for key, values in reported.items()
        if key[1].startswith(LLM_MEAN) or ALL in key[1] or key[0] == "view.correlation"
    }
    machine = model.build(data)
    sensitivity = power_scaling(
        NAME,
        headline,
        log_prior(machine, drawn, model.CHOSEN_PRIORS),
        model.log_likelihood(data, posterior).sum(axis=-1),
    )
    places = list(product(enumerate(data.conversations), enumerate(DIMENSION_KEYS)))
    for (row, name), (column, dimension) in places:
        reported["consensus.rating", f"{name}, {dimension}"] = agreed[..., row, column]
    return reported, {
        "sensitivity": sensitivity,
        "intervals": two_intervals(reported),
        "raters": _raters(data, reported),
        "consensus": _consensus(data, agreed),
        **_checks(machine, data, posterior, random),
    }


def severities(
    expected: dict[str, np.ndarray], random: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return how much more harshly than the experts each rater judges conversations like these.

    The mean runs over the conversations that were rated, weighted at random: they stand for all
    those that could have been drawn (Bayesian bootstrap; Rubin 1981, Annals of Statistics 9:130).

    Parameters
    ----------
    expected : dict of str to ndarray, shape (chains, draws, n, 6)
        By rater: expected rating of each conversation, 1 to 5.
    random : Generator
        Source of the weights.

    Returns
    -------
    dict of str to ndarray, shape (chains, draws, 6)
        By rater and `LLM_MEAN`, in points.
    """
    shape = expected[model.CROWD].shape
    weights = random.dirichlet(np.ones(shape[2]), size=shape[:2])
    means = {
        rater: (weights[..., None, :] @ values)[..., 0, :] for rater, values in expected.items()
    }
    experts = np.mean([means[key] for key in model.EXPERTS], axis=0)
    harsh = -np.array([dimension.sign for dimension in DIMENSIONS])
    found = {rater: harsh * (values - experts) for rater, values in means.items()}
    return found | {LLM_MEAN: np.mean([found[key] for key in model.LLMS], axis=0)}


def correlations(posterior: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return each rater's correlation with the consensus, shape (chains, draws, 6)."""
    own = 1 / np.sqrt(1 + posterior["noise"] ** 2)
    found = {rater: own[..., place, :] for place, rater in enumerate(model.SINGLE)}
    for rater in model.LLMS:
        found[rater] = found[rater] * posterior["correlation"]
    slope = posterior["crowd_slope"]
    found[model.CROWD] = slope / np.hypot(slope, posterior["crowd_noise"])
    return {rater: found[rater] for rater in RATER_KEYS}


def _reported(
    severity: dict[str, np.ndarray], consistency: dict[str, np.ndarray], view: np.ndarray
) -> Reported:
    """Return the named draws."""
    reported: Reported = {}
    for rater, values in severity.items():
        reported["severity.overall", rater] = values.sum(axis=-1)
        for place, dimension in enumerate(DIMENSION_KEYS):
            reported["severity.points", f"{rater}, {dimension}"] = values[..., place]
    expert = np.mean([consistency[key] for key in model.EXPERTS], axis=0)
    for quantity, reference, raters in (
        ("consistency.correlation", 0.0, RATER_KEYS),
        ("consistency.difference", expert, (model.CROWD, *model.LLMS)),
    ):
        for rater in raters:
            values = consistency[rater] - reference
            reported[quantity, f"{rater}, {ALL}"] = values.mean(axis=-1)
            for place, dimension in enumerate(DIMENSION_KEYS):
                reported[quantity, f"{rater}, {dimension}"] = values[..., place]
    for place, dimension in enumerate(DIMENSION_KEYS):
        reported["view.correlation", dimension] = view[..., place]
    return reported


def _raters(data: model.Ratings, reported: Reported) -> pd.DataFrame:
    """Return one row per rater and dimension: as estimated, and as simple means say."""
    given = dict(zip(RATER_KEYS, _together(data.levels + SCORE_MIN, data.crowd), strict=True))
    experts = np.mean([given[key].mean(axis=0) for key in model.EXPERTS], axis=0)
    rows = []
    for rater, (place, dimension) in product(RATER_KEYS, enumerate(DIMENSIONS)):
        mean = given[rater][:, place].mean()
        group = f"{rater}, {dimension.key}"
        row = {
            "rater": rater,
            "dimension": dimension.key,
            "mean_rating": float(mean),
            "simple": float(-dimension.sign * (mean - experts[place])),
        }
        severity = reported["severity.points", group]
        for name, draws in (
            ("severity", severity),
            ("correlation", reported["consistency.correlation", group]),
        ):
            row[name] = float(draws.mean())
            row[f"{name}_low"], row[f"{name}_high"] = highest_density(draws)
        row["p_level"] = row["p_order"] = np.nan
        if rater not in model.EXPERTS:
            ahead = reported["consistency.difference", group]
            row["p_level"] = float((np.abs(severity) < LEVEL_MARGIN).mean())
            row["p_order"] = float((ahead > -ORDER_MARGIN).mean())
        rows.append(row)
    return pd.DataFrame(rows)


def _consensus(data: model.Ratings, agreed: np.ndarray) -> pd.DataFrame:
    """Return the consensus on every conversation and dimension beside the ratings given."""
    single = data.levels + SCORE_MIN
    count = len(model.EXPERTS)
    columns = {"mean": agreed.mean(axis=(0, 1)), "sd": agreed.std(axis=(0, 1), ddof=1)}
    flat = agreed.reshape(-1, agreed[0, 0].size)
    ends = np.array([highest_density(draws) for draws in flat.T]).reshape(*agreed.shape[2:], 2)
    columns |= {"low": ends[..., 0], "high": ends[..., 1]}
    columns |= {
        "experts": single[:count].mean(axis=0),
        "crowd": data.crowd,
        "llms": single[count:].mean(axis=0),
    }
    keys = pd.MultiIndex.from_product(
        [data.conversations, DIMENSION_KEYS], names=["conversation_id", "dimension"]
    )
    return pd.DataFrame(
        {name: values.ravel() for name, values in columns.items()}, index=keys
    ).reset_index()


def _together(single: np.ndarray, crowd: np.ndarray) -> np.ndarray:
    """Return all ratings, raters in the order of the vocabulary on the third axis from the end."""
    parts = {rater: single[..., place, :, :] for place, rater in enumerate(model.SINGLE)}
    parts[model.CROWD] = crowd
    return np.stack([parts[rater] for rater in RATER_KEYS], axis=-3)


def simulate(
    parameters: dict[str, np.ndarray], conversations: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Simulate ratings of new conversations.

    Parameters
    ----------
    parameters : dict of ndarray, shape (draws, ...)
        `SIMULATED_FROM`; one data set is simulated from each draw.
    conversations : int
        How many.
    random : Generator
        Source of chance.

    Returns
    -------
    ratings : ndarray, shape (draws, 7, conversations, 6)
        Raters in the order of the vocabulary.
    consensus, view : ndarray, shape (draws, conversations, 6)
        What they were simulated from.
    """
    rho = parameters["correlation"][:, None, :]
    shape = (len(rho), conversations, rho.shape[-1])
    consensus, own = random.standard_normal((2, *shape))
    view = rho * consensus + np.sqrt(1 - rho**2) * own
    common = np.stack([view if key in model.LLMS else consensus for key in model.SINGLE], axis=1)
    noise = parameters["noise"][:, :, None, :] * random.standard_normal(common.shape)
    seen = common + parameters["shift"][:, :, None, :] + noise
    levels = sum(
        seen > parameters["cutpoints"][:, None, None, place, :] for place in range(model.LEVELS - 1)
    )
    slip = random.random(levels.shape) < model.SLIP
    levels = np.where(slip, random.integers(model.LEVELS, size=levels.shape), levels)
    level, slope, omega = (parameters[name][:, None, :] for name in model.CROWD_TERMS)
    crowd = level + slope * consensus + omega * random.standard_normal(shape)
    return _together(SCORE_MIN + levels, crowd), consensus, view


def _checks(
    machine: pm.Model,
    data: model.Ratings,
    posterior: dict[str, np.ndarray],
    random: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Return properties of the ratings beside those of ratings simulated from prior and fit."""
    import pymc as pm

    before = pm.draw(
        [machine[name] for name in SIMULATED_FROM],
        SIMULATED,
        random_seed=SEED,
        mode="FAST_COMPILE",
    )
    flat = {
        name: posterior[name].reshape(-1, *posterior[name].shape[2:]) for name in SIMULATED_FROM
    }
    total = len(flat["correlation"])
    chosen = random.choice(total, SIMULATED, replace=total < SIMULATED)
    sets = {
        "prior_predictive": dict(zip(SIMULATED_FROM, before, strict=True)),
        "posterior_predictive": {name: values[chosen] for name, values in flat.items()},
    }
    observed = _properties(_together(data.levels[None] + SCORE_MIN, data.crowd[None]))
    single = {key: float(values[0]) for key, values in observed.items()}
    return {
        frame: compare(single, _properties(simulate(parameters, len(data.crowd), random)[0]))
        for frame, parameters in sets.items()
    }


def _properties(ratings: np.ndarray) -> dict[tuple[str, str], np.ndarray]:
    """Return what the model should get right of ratings, shape (data sets, 7, n, 6).

    Mean ratings in points, shares of the lowest rating in percent, and ``agreement``: the mean
    correlation of two raters of the kinds that are named.
    """
    place = {rater: number for number, rater in enumerate(RATER_KEYS)}
    experts, llms = ([place[key] for key in keys] for keys in (model.EXPERTS, model.LLMS))
    crowd = [place[model.CROWD]]
    centred = ratings - ratings.mean(axis=-2, keepdims=True)
    # who gives one rating throughout agrees with nobody
    scaled = centred / (np.sqrt((centred**2).sum(axis=-2, keepdims=True)) + 1e-9)

    def agreement(pairs: list[tuple[int, int]]) -> np.ndarray:
        return np.mean([(scaled[:, a] * scaled[:, b]).sum(axis=-2) for a, b in pairs], axis=0)

    def mean(raters: list[int]) -> np.ndarray:
        return ratings[:, raters].mean(axis=(1, 2))

    def lowest(raters: list[int]) -> np.ndarray:
        return 100 * (ratings[:, raters] == SCORE_MIN).mean(axis=(1, 2))

    properties = {
        "mean.experts": mean(experts),
        "mean.crowd": mean(crowd),
        "mean.difference": mean(llms) - mean(experts),
        "agreement.experts": agreement(list(combinations(experts, 2))),
        "agreement.crowd": agreement(list(product(crowd, experts))),
        "agreement.llms": agreement(list(combinations(llms, 2))),
        "lowest.experts": lowest(experts),
        "lowest.llms": lowest(llms),
        "agreement.both": agreement(list(product(llms, experts))),
    }
    return {
        (what, dimension): values[:, number]
        for what, values in properties.items()
        for number, dimension in enumerate(DIMENSION_KEYS)
    }
