"""How well human raters and LLM judges would rank the same conversations without error.

Ranks are compared within a scenario, where comparisons were made; ``all`` is the mean over the
scenarios, weighted by pairs of conversations for Kendall's tau and by conversations for Spearman's
rho.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.bayes.models import bradley_terry
from lendanear.bayes.models import rank_agreement as model
from lendanear.bayes.pair_checks import ALL, design, simulate, won
from lendanear.bayes.predictive import compare, prior_draws
from lendanear.bayes.quantities import two_intervals
from lendanear.bayes.sensitivity import log_prior, power_scaling
from lendanear.bayes.settings import SEED
from lendanear.measures.correlation import pearson
from lendanear.measures.elo_error import POINTS, START
from lendanear.measures.order import kendall, ranks

if TYPE_CHECKING:
    import arviz as az
    import pymc as pm

    from lendanear.bayes.quantities import Reported

NAME: Final = "rank_agreement"
SIMULATED: Final = 1000
"""Data sets simulated for each check."""
DRAWN: Final = (*bradley_terry.RATER_TERMS, "rating_mean", "rating_spread", "correlation")
"""Parameters that a simulated data set needs besides the strengths."""


def estimate(
    drawn: az.InferenceData, choices: pd.DataFrame, elo: pd.DataFrame
) -> tuple[Reported, dict[str, pd.DataFrame]]:
    """Return what is reported.

    Parameters
    ----------
    drawn : arviz.InferenceData
        The posterior.
    choices, elo : DataFrame
        The typed tables.

    Returns
    -------
    reported : dict of (quantity, group) to ndarray, shape (chains, draws)
        ``rank.kendall_tau`` and ``rank.spearman_rho`` (agreement of the true orders of these
        conversations, per scenario and ``all``) and ``latent.correlation`` (correlation of true
        standings in the population that they come from).
    frames : dict of DataFrame
        ``intervals`` (see `lendanear.bayes.quantities.two_intervals`), ``prior_predictive``,
        ``posterior_predictive``, ``sensitivity``.
    """
    data = model.data(choices, elo)
    posterior = {name: drawn.posterior[name].to_numpy() for name in model.KEEP}
    random = np.random.default_rng(SEED)
    reported = agreement(data, posterior["standing"], model.llm_standings(data, posterior, random))
    for place, key in enumerate(data.pairs.scenarios):
        reported["latent.correlation", key] = posterior["correlation"][..., place]
    machine = model.build(data)
    sensitivity = power_scaling(
        NAME,
        reported,
        log_prior(machine, drawn, model.CHOSEN_PRIORS),
        model.log_likelihood(data, posterior).sum(axis=-1),
    )
    return reported, {
        "sensitivity": sensitivity,
        "intervals": two_intervals(reported),
        **_checks(machine, data, posterior, random),
    }


def agreement(data: model.Rankings, human: np.ndarray, llm: np.ndarray) -> Reported:
    """Return the agreement of two orders of the conversations that are in both rankings.

    Parameters
    ----------
    data : Rankings
        The conversations.
    human, llm : ndarray, shape (chains, draws, conversations)
        Values that are ordered within a scenario.

    Returns
    -------
    dict of (quantity, group) to ndarray, shape (chains, draws)
        ``rank.kendall_tau`` and ``rank.spearman_rho``.
    """
    shape = human.shape[:-1]
    tau, rho, sizes = [], [], []
    for place in range(len(data.pairs.scenarios)):
        own = data.rated & (data.pairs.scenario == place)
        first, second = (values[..., own].reshape(-1, own.sum()) for values in (human, llm))
        tau.append(kendall(first, second).reshape(shape))
        rho.append(pearson(ranks(first), ranks(second)).reshape(shape))
        sizes.append(int(own.sum()))
    n = np.array(sizes)
    reported: Reported = {}
    for quantity, values, weights in (
        ("rank.kendall_tau", tau, n * (n - 1)),
        ("rank.spearman_rho", rho, n),
    ):
        reported[quantity, ALL] = np.average(values, axis=0, weights=weights)
        reported |= {
            (quantity, key): own for key, own in zip(data.pairs.scenarios, values, strict=True)
        }
    return reported


def _checks(
    machine: pm.Model,
    data: model.Rankings,
    posterior: dict[str, np.ndarray],
    random: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Return properties of choices and ratings beside those of simulated ones."""
    names = ("spread", *DRAWN)
    before = prior_draws(machine, names, SIMULATED)
    flat = {name: posterior[name].reshape(-1, *posterior[name].shape[2:]) for name in names}
    chosen = random.choice(len(flat["side"]), SIMULATED, replace=len(flat["side"]) < SIMULATED)
    after = {name: values[chosen] for name, values in flat.items()}
    shown = design(data.pairs)
    observed = {
        key: float(values[0])
        for key, values in _properties(
            data, won(shown, shown.chose_left), data.rating[None, :]
        ).items()
    }
    frames = {}
    for frame, parameters in (("prior_predictive", before), ("posterior_predictive", after)):
        human, rating = _new_conversations(data, parameters, random)
        raters = (parameters[name] for name in bradley_terry.RATER_TERMS)
        chose_left = simulate(shown, human, *raters, random)
        frames[frame] = compare(observed, _properties(data, won(shown, chose_left), rating))
    return frames


def _new_conversations(
    data: model.Rankings, parameters: dict[str, np.ndarray], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw strengths and ratings of conversations from the population, one set per draw."""
    place = data.pairs.scenario
    size = (len(parameters["side"]), len(place))
    rho = parameters["correlation"][:, place]
    judged = random.standard_normal(size)
    standing = rho * judged + np.sqrt(1 - rho**2) * random.standard_normal(size)
    human = model.strengths(data, {"spread": parameters["spread"], "standing": standing})
    error = np.where(data.rated, data.error, 0.0)
    true = parameters["rating_mean"][:, place] + parameters["rating_spread"][:, place] * judged
    return human, true + error * random.standard_normal(size)


def _properties(
    data: model.Rankings, share: np.ndarray, rating: np.ndarray
) -> dict[tuple[str, str], np.ndarray]:
    """Return what the model should get right, of every data set (first axis).

    ``won.rating``: Spearman's rho of the share of comparisons won with the Elo rating;
    ``rating.mean`` and ``rating.sd``: in Elo points; ``won.sd``: SD of the share won.
    """
    found = {}
    for place, key in enumerate(data.pairs.scenarios):
        own = data.rated & (data.pairs.scenario == place)
        first, second = share[:, own], rating[:, own]
        # where every conversation wins half there is no order: correlation 0
        found["won.rating", key] = np.nan_to_num(pearson(ranks(first), ranks(second)))
        found["won.sd", key] = first.std(axis=1)
        found["rating.mean", key] = START + POINTS * second.mean(axis=1)
        found["rating.sd", key] = POINTS * second.std(axis=1)
    return found
