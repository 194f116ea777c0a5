"""How strongly felt and expressed empathy go together once both are freed of measurement error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.bayes.models import silent_correlation as model
from lendanear.bayes.predictive import compare, prior_draws
from lendanear.bayes.quantities import two_intervals
from lendanear.bayes.sensitivity import log_prior, power_scaling
from lendanear.bayes.settings import SEED
from lendanear.vocabulary import CONVERSATION_NUMBERS, DIMENSION_KEYS, TRAIT_ITEMS

if TYPE_CHECKING:
    import arviz as az
    import pymc as pm

    from lendanear.bayes.quantities import Reported

NAME: Final = "silent_correlation"
ROPE: Final = 0.1
"""Correlations nearer to zero than this are practically none: at most 1% of variance shared."""
FELT: Final = "felt and expressed"
"""The correlation in question: of both kinds of felt empathy together, as in ``model.felt``."""
SIMULATED: Final = 300
"""Data sets drawn for a predictive check."""
SCORES: Final = ("jordan", "sites", model.REPORT, "overall_empathy")
"""Scores of a participant that the paper correlates: sums of items, means of conversations."""
_SCORE_PAIRS: Final = (
    ("jordan", "overall_empathy"),
    ("sites", "overall_empathy"),
    (model.REPORT, "overall_empathy"),
    ("jordan", model.REPORT),
    ("sites", model.REPORT),
    ("jordan", "sites"),
)
_MEASURED: Final = dict(
    zip(model.PAIRS, (_SCORE_PAIRS[3], _SCORE_PAIRS[0], _SCORE_PAIRS[2]), strict=True)
)
"""Scores that measure both factors of a correlation and whose reliability is known."""
_ITEMS: Final = len(TRAIT_ITEMS)
_TIMES: Final = len(CONVERSATION_NUMBERS)


def estimate(
    drawn: az.InferenceData, participants: pd.DataFrame, conversations: pd.DataFrame
) -> tuple[Reported, dict[str, pd.DataFrame]]:
    """Return what is reported.

    Parameters
    ----------
    drawn : arviz.InferenceData
        The posterior.
    participants, conversations : DataFrame
        The typed tables.

    Returns
    -------
    reported : dict of (quantity, group) to ndarray, shape (chains, draws)
        ``correlation.latent`` and its square ``r2.latent`` of `FELT` and ``model.PAIRS``: between
        what is common to the eight trait items, to the three reports (both together: felt) and to
        the six dimensions; ``r2.both`` (variance of expressed empathy that goes along with trait
        and reported empathy, weighed as well as they could be); ``correlation.overall``: with what
        stays of a participant's overall empathy, instead of what the dimensions share;
        ``correlation.conversation``: of felt and overall empathy within conversations of one
        participant; ``correlation.score`` and ``r2.score`` of ``jordan``, ``sites`` and
        ``self_empathized`` with overall empathy as the paper has them, noise included (within
        arms); ``reliability`` of `SCORES` but ``sites``, which is one item.
    frames : dict of DataFrame
        ``sensitivity``; ``intervals`` (`two_intervals` of everything reported); ``rope`` (pair,
        bound, inside, below, above: probabilities that a latent correlation is practically none,
        or beyond the bound on either side); ``attenuation`` (pair, one, other, observed,
        reliability_one, reliability_other, corrected: Spearman's correction of observed scores);
        ``sample`` (participants, left_out); ``prior_predictive`` and ``posterior_predictive``.
    """
    data = model.data(participants, conversations)
    posterior = {name: drawn.posterior[name].to_numpy() for name in model.KEEP}
    reported = _correlations(model.structure(posterior), data)
    machine = model.build(data)
    frames = {
        "sensitivity": power_scaling(
            NAME,
            {key: draws for key, draws in reported.items() if not key[0].startswith("r2")},
            log_prior(machine, drawn, model.CHOSEN_PRIORS),
            model.log_likelihood(data, posterior).sum(axis=-1),
        ),
        "intervals": two_intervals(reported),
        "rope": _rope(reported),
        "attenuation": attenuation(data),
        "sample": pd.DataFrame([{"participants": data.people, "left_out": data.left_out}]),
        **_checks(machine, data, posterior),
    }
    return reported, frames


def _correlations(found: model.Structure, data: model.SilentCorrelation) -> Reported:
    """Return correlations and reliabilities."""
    places = dict(zip(model.PAIRS, ((0, 1), (0, 2), (1, 2)), strict=True))
    latent = {pair: found.latent[..., row, column] for pair, (row, column) in places.items()}
    felt, r2 = model.felt(found.latent)
    latent = {FELT: felt} | latent
    reported: Reported = {("correlation.latent", pair): draws for pair, draws in latent.items()}
    reported |= {("r2.latent", pair): draws**2 for pair, draws in latent.items()}
    reported["r2.both", FELT] = r2
    weights = _weights(data)
    report, overall = (weights[name][_ITEMS:] for name in SCORES[2:])
    steady, occasion = found.steady[..., _ITEMS:, _ITEMS:], found.occasion
    shared = found.loads[..., _ITEMS:, 2] @ overall / np.sqrt(_variance(steady, overall))
    for pair in (FELT, *model.PAIRS[1:]):
        reported["correlation.overall", pair] = latent[pair] * shared
    within = _correlation(occasion, report, overall)
    reported["correlation.conversation", "reported and expressed"] = within
    means = _means(found.between)
    for name in SCORES[:3]:
        score = _correlation(means, weights[name], weights["overall_empathy"])
        reported["correlation.score", name] = score
        reported["r2.score", name] = score**2
    common = (found.loads[..., 0] @ weights["jordan"]) ** 2
    reported["reliability", "jordan"] = common / _variance(means, weights["jordan"])
    for name in SCORES[2:]:
        lasting = _variance(found.steady, weights[name])
        reported["reliability", name] = lasting / _variance(means, weights[name])
    return reported


def _rope(reported: Reported) -> pd.DataFrame:
    """Return how likely latent correlations are practically none, or not."""
    rows = [
        (
            pair,
            ROPE,
            float((abs(draws) < ROPE).mean()),
            float((draws <= -ROPE).mean()),
            float((draws >= ROPE).mean()),
        )
        for (quantity, pair), draws in reported.items()
        if quantity == "correlation.latent"
    ]
    return pd.DataFrame(rows, columns=["pair", "bound", "inside", "below", "above"])


def attenuation(data: model.SilentCorrelation) -> pd.DataFrame:
    """Return correlations of observed scores, corrected by Spearman's formula.

    The formula divides by the root of both reliabilities. It takes errors as independent; report
    and judgement share a conversation, so what they have in common there is taken off first.

    Returns
    -------
    DataFrame
        pair, one, other (of `SCORES`), observed, same_conversation (the part of it that comes from
        single conversations), reliability_one, reliability_other, corrected (NaN where a score is
        all noise).
    """
    between, within = _observed(data)
    found = {key: float(values[0]) for key, values in _properties(between, within, data).items()}
    means, weights = _means(between)[0], _weights(data)
    rows = []
    for pair, (one, other) in _MEASURED.items():
        both = (weights[one], weights[other])
        shared = _covariance(within[0], *(part[_ITEMS:] for part in both)) / _TIMES
        shared /= np.sqrt(_variance(means, both[0]) * _variance(means, both[1]))
        observed = found["people", f"{one}, {other}"]
        known = [found["reliability", name] for name in (one, other)]
        product = known[0] * known[1] if min(known) > 0 else np.nan
        corrected = (observed - shared) / np.sqrt(product)
        rows.append((pair, one, other, observed, float(shared), *known, corrected))
    columns = ["pair", "one", "other", "observed", "same_conversation"]
    columns += ["reliability_one", "reliability_other", "corrected"]
    return pd.DataFrame(rows, columns=columns)


def _weights(data: model.SilentCorrelation) -> dict[str, np.ndarray]:
    """Return the weights of standardised items and measures in each of `SCORES`, shape (15,)."""
    found = np.zeros((len(SCORES), _ITEMS + len(model.REPEATED)))
    found[0, : _ITEMS - 1] = data.item_sd[:-1]
    found[1, _ITEMS - 1] = data.item_sd[-1]
    found[2, _ITEMS] = data.score_sd[0]
    found[3, _ITEMS + 1 :] = data.score_sd[1:]  # turned round already, so they add up
    return dict(zip(SCORES, found, strict=True))


def _means(between: np.ndarray) -> np.ndarray:
    """Return the covariance of items and mean scores from that of ``Structure.between``."""
    shrink = np.array([1.0] * _ITEMS + [1 / np.sqrt(_TIMES)] * len(model.REPEATED))
    return between * np.outer(shrink, shrink)


def _variance(covariance: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _covariance(covariance, weights, weights)


def _covariance(covariance: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.einsum("...ij,i,j", covariance, one, other, optimize=True)


def _correlation(covariance: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    spread = np.sqrt(_variance(covariance, one) * _variance(covariance, other))
    return _covariance(covariance, one, other) / spread


def _observed(data: model.SilentCorrelation) -> tuple[np.ndarray, np.ndarray]:
    """Return the covariances between and within participants, with a first axis of length 1."""
    flat = data.within.reshape(-1, len(model.REPEATED))
    between = data.between.T @ data.between / data.people
    return between[None], (flat.T @ flat / ((_TIMES - 1) * data.people))[None]


def _checks(
    machine: pm.Model,
    data: model.SilentCorrelation,
    posterior: dict[str, np.ndarray],
) -> dict[str, pd.DataFrame]:
    """Return properties of the data beside those of data simulated from prior and posterior."""
    rng = np.random.default_rng(SEED)
    flat = {name: posterior[name].reshape(-1, *posterior[name].shape[2:]) for name in model.KEEP}
    count = len(flat["vine"])
    chosen = rng.choice(count, SIMULATED, replace=count < SIMULATED)
    before = prior_draws(machine, model.KEEP, SIMULATED)
    sets = {
        "prior_predictive": before,
        "posterior_predictive": {name: values[chosen] for name, values in flat.items()},
    }
    observed = _properties(*_observed(data), data)
    observed = {key: float(values[0]) for key, values in observed.items()}
    frames = {}
    for frame, parameters in sets.items():
        found = model.structure(parameters)
        simulated = (
            _wishart(found.between, data.people, rng),
            _wishart(found.occasion, (_TIMES - 1) * data.people, rng),
        )
        frames[frame] = compare(observed, _properties(*simulated, data))
    return frames


def _wishart(covariances: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the sample covariance of `count` normal vectors for each of some covariances."""
    size = covariances.shape[-1]
    shape = (len(covariances), size, size)
    lower = np.tril(rng.standard_normal(shape), -1)  # the decomposition of Bartlett
    places = np.arange(size)
    lower[:, places, places] = np.sqrt(rng.chisquare(count - places, (len(covariances), size)))
    drawn = np.linalg.cholesky(covariances) @ lower
    return drawn @ np.swapaxes(drawn, -1, -2) / count


def _properties(
    between: np.ndarray, within: np.ndarray, data: model.SilentCorrelation
) -> dict[tuple[str, str], np.ndarray]:
    """Return what the model should get right, from covariances of every data set (first axis).

    ``people``: correlations of participants' `SCORES`; ``conversations``: of felt and overall
    empathy within participants; ``reliability``: Cronbach's alpha of Jordan's items, and of means
    of conversations; ``dimensions``: how strongly each correlates with the others on average.
    """
    means, weights = _means(between), _weights(data)
    found = {
        ("people", f"{one}, {other}"): _correlation(means, weights[one], weights[other])
        for one, other in _SCORE_PAIRS
    }
    report, overall = (weights[name][_ITEMS:] for name in SCORES[2:])
    of_talks = f"{model.REPORT}, overall_empathy"
    found["conversations", of_talks] = _correlation(within, report, overall)
    count = _ITEMS - 1
    parts = np.einsum("sii->si", means) @ weights["jordan"] ** 2
    alpha = count / (count - 1) * (1 - parts / _variance(means, weights["jordan"]))
    found["reliability", "jordan"] = alpha
    for name, own in zip(SCORES[2:], (report, overall), strict=True):
        error = _variance(within, own) / _TIMES
        found["reliability", name] = 1 - error / _variance(means, weights[name])
    spread = np.sqrt(np.einsum("sii->si", means))
    matrix = means / spread[:, :, None] / spread[:, None, :]
    dimensions = matrix[:, _ITEMS + 1 :, _ITEMS + 1 :]
    for place, key in enumerate(DIMENSION_KEYS):
        others = [other for other in range(len(DIMENSION_KEYS)) if other != place]
        found["dimensions", key] = dimensions[:, place, others].mean(axis=-1)
    return found
