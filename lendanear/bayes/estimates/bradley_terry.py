"""Where each conversation ranks among human raters, and how much raters differ.

Ranks are counted within a scenario, 1 the most preferred, among the compared conversations that
were also in the tournament, so that they stand beside ranks among LLM judges.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from lendanear.bayes.models import bradley_terry as model
from lendanear.bayes.models import rank_agreement
from lendanear.bayes.pair_checks import ALL, design, properties, simulate
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

    from lendanear.bayes.pairs import Pairs
    from lendanear.bayes.quantities import Reported

NAME: Final = "bradley_terry"
SIMULATED: Final = 1000
"""Data sets simulated for each check."""
LLM_DRAWS: Final = 8000
"""Draws of what the tournament says of the true ratings."""


def estimate(
    drawn: az.InferenceData, choices: pd.DataFrame, elo: pd.DataFrame
) -> tuple[Reported, dict[str, pd.DataFrame]]:
    """Return what is reported.

    Parameters
    ----------
    drawn : arviz.InferenceData
        The posterior.
    choices, elo : DataFrame
        The typed tables; the second plays no part in the human ranks.

    Returns
    -------
    reported : dict of (quantity, group) to ndarray, shape (chains, draws)
        ``rank.human`` (group ``<scenario>, conversation <id>``), ``spread.log_odds`` per scenario
        (SD of strengths), ``left.share`` (how often a typical rater chooses the left one of two
        equals), ``leaning.sd`` and ``consistency.sd`` (spread between raters, in log odds and in
        the logarithm of consistency).
    frames : dict of DataFrame
        ``ranks`` (conversation_id, scenario, comparisons, won, strength, strength_sd, elo_rating,
        elo_se, and, with the prefixes human and llm, ``_rank``, ``_low_50``, ``_high_50``,
        ``_low_95``, ``_high_95``: mean and central intervals of the rank), ``point_agreement``
        (scenario or ``all``, n, of, spearman, kendall: agreement of ``estimates``, the ranks of
        mean strengths and ratings, and of ``separate draws``, the mean over draws of two
        posteriors that know nothing of each other), ``prior_predictive``,
        ``posterior_predictive``, ``sensitivity``.
    """
    both = rank_agreement.data(choices, elo)
    data = both.pairs
    posterior = {name: drawn.posterior[name].to_numpy() for name in model.KEEP}
    human = posterior["strength"]
    llm = llm_ratings(both, elo, np.random.default_rng(SEED))
    ranked = _ranked(both, human)
    reported: Reported = {
        ("spread.log_odds", key): posterior["spread"][..., place]
        for place, key in enumerate(data.scenarios)
    }
    reported["left.share", "two equals, typical rater"] = 1 / (1 + np.exp(-posterior["side"]))
    reported["leaning.sd", "between raters"] = posterior["side_sd"]
    reported["consistency.sd", "between raters"] = posterior["consistency_sd"]
    headline = dict(reported)
    for place in np.flatnonzero(both.rated):
        group = f"{data.names[place]}, conversation {data.conversations[place]}"
        reported["rank.human", group] = ranked[..., place]
    machine = model.build(data)
    sensitivity = power_scaling(
        NAME,
        headline,
        log_prior(machine, drawn, model.CHOSEN_PRIORS),
        model.log_likelihood(data, posterior).sum(axis=-1),
    )
    return reported, {
        "sensitivity": sensitivity,
        "intervals": two_intervals(headline),
        "ranks": _ranks_frame(both, elo, human, ranked, _ranked(both, llm)),
        "point_agreement": _point_agreement(both, human, llm),
        **_checks(machine, data, posterior),
    }


def llm_ratings(
    both: rank_agreement.Rankings, elo: pd.DataFrame, random: np.random.Generator
) -> np.ndarray:
    """Draw true Elo ratings given the tournament alone.

    Ratings of a scenario's whole tournament are taken for normal about their mean, with the
    variance that is left when the errors are taken off; a rating is then drawn from the normal
    posterior given its own.

    Parameters
    ----------
    both : Rankings
        The compared conversations.
    elo : DataFrame
        The whole tournament.
    random : Generator
        Source of chance.

    Returns
    -------
    ndarray, shape (1, LLM_DRAWS, conversations)
        Log odds above 1500; not a number for a conversation that was not in the tournament.
    """
    data = both.pairs
    every = (elo["elo_rating"].to_numpy(dtype=float) - START) / POINTS
    errors = rank_agreement.rating_error(elo).to_numpy() / POINTS
    scenario = elo["scenario"].astype(str).to_numpy()
    mean, variance = np.empty((2, len(data.scenarios)))
    for place, key in enumerate(data.scenarios):
        own = (scenario == key) & np.isfinite(errors)
        mean[place] = every[own].mean()
        noise = (errors[own] ** 2).mean()
        variance[place] = max(every[own].var() - noise, 0.05 * every[own].var())
    kept = variance[data.scenario] / (variance[data.scenario] + both.error**2)
    centre = mean[data.scenario] + kept * (both.rating - mean[data.scenario])
    spread = np.sqrt(variance[data.scenario] * (1 - kept))
    draws = centre + spread * random.standard_normal((1, LLM_DRAWS, len(centre)))
    return np.where(both.rated, draws, np.nan)


def _ranked(both: rank_agreement.Rankings, values: np.ndarray) -> np.ndarray:
    """Return ranks within the scenario, 1 the highest; 0 for what was not in the tournament."""
    found = np.zeros(values.shape)
    for place in range(len(both.pairs.scenarios)):
        own = both.rated & (both.pairs.scenario == place)
        found[..., own] = ranks(values[..., own])
    return found


def _ranks_frame(
    both: rank_agreement.Rankings,
    elo: pd.DataFrame,
    human: np.ndarray,
    human_ranks: np.ndarray,
    llm_ranks: np.ndarray,
) -> pd.DataFrame:
    """Return where every conversation ranks in both rankings."""
    data = both.pairs
    items = len(data.conversations)
    wins = np.bincount(data.winner, weights=data.count, minlength=items)
    losses = np.bincount(data.loser, weights=data.count, minlength=items)
    frame = pd.DataFrame(
        {
            "conversation_id": pd.Series(data.conversations, dtype="str"),
            "scenario": pd.Series(data.names, dtype="str"),
            "comparisons": (wins + losses).astype(int),
            "won": wins.astype(int),
            "strength": human.mean(axis=(0, 1)),
            "strength_sd": human.std(axis=(0, 1), ddof=1),
            "elo_rating": START + POINTS * both.rating,
            "elo_se": POINTS * both.error,
        }
    )
    for prefix, draws in (("human", human_ranks), ("llm", llm_ranks)):
        flat = draws.reshape(-1, items)
        frame[f"{prefix}_rank"] = flat.mean(axis=0)
        for share, (low, high) in {"50": (0.25, 0.75), "95": (0.025, 0.975)}.items():
            frame[f"{prefix}_low_{share}"], frame[f"{prefix}_high_{share}"] = np.quantile(
                flat, [low, high], axis=0
            )
    return frame[both.rated].reset_index(drop=True)


def _point_agreement(
    both: rank_agreement.Rankings, human: np.ndarray, llm: np.ndarray
) -> pd.DataFrame:
    """Return the agreement of the rankings when their errors are ignored."""
    strength = human.mean(axis=(0, 1))
    flat = human.reshape(-1, human.shape[-1])
    chosen = np.random.default_rng(SEED).choice(len(flat), SIMULATED)
    pairs_of_draws = flat[chosen], llm[0, :SIMULATED]
    rows = []
    for group in (ALL, *both.pairs.scenarios):
        own = both.rated.copy()
        if group != ALL:
            own &= both.pairs.scenario == both.pairs.scenarios.index(group)
        for of, (first, second) in {
            "estimates": (strength[None, own], both.rating[None, own]),
            "separate draws": (pairs_of_draws[0][:, own], pairs_of_draws[1][:, own]),
        }.items():
            rho = pearson(ranks(first), ranks(second)).mean()
            rows.append(
                (group, int(own.sum()), of, float(rho), float(kendall(first, second).mean()))
            )
    return pd.DataFrame(rows, columns=["scenario", "n", "of", "spearman", "kendall"])


def _checks(
    machine: pm.Model, data: Pairs, posterior: dict[str, np.ndarray]
) -> dict[str, pd.DataFrame]:
    """Return properties of the choices beside those of simulated choices."""
    random = np.random.default_rng(SEED)
    names = ("strength", *model.RATER_TERMS)
    before = list(prior_draws(machine, names, SIMULATED).values())
    flat = [posterior[name].reshape(-1, *posterior[name].shape[2:]) for name in names]
    chosen = random.choice(len(flat[0]), SIMULATED, replace=len(flat[0]) < SIMULATED)
    return predictive(data, before, [values[chosen] for values in flat], random)


def predictive(
    data: Pairs,
    before: list[np.ndarray],
    after: list[np.ndarray],
    random: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Return the frames of both predictive checks.

    Parameters
    ----------
    data : Pairs
        The choices.
    before, after : list of ndarray
        Strengths and ``RATER_TERMS`` drawn from the prior and from the posterior.
    random : Generator
        Source of chance.
    """
    shown = design(data)
    observed: dict[Any, float] = {
        key: float(values[0]) for key, values in properties(shown, shown.chose_left).items()
    }
    return {
        frame: compare(observed, properties(shown, simulate(shown, *sets, random)))
        for frame, sets in (("prior_predictive", before), ("posterior_predictive", after))
    }
