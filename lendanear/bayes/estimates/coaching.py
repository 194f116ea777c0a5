"""Effects of training on the six dimensions, from the ordered model.

Their sum, overall empathy, is left to the Gaussian models: see `lendanear.bayes.models.coaching`.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
import pandas as pd

from lendanear.bayes import training
from lendanear.bayes.models import coaching as model
from lendanear.bayes.people import People
from lendanear.bayes.sensitivity import power_scaling
from lendanear.bayes.settings import SEED
from lendanear.bayes.trial import TREATED, Trial
from lendanear.vocabulary import ARM_KEYS, CONTROL, DIMENSION_KEYS

if TYPE_CHECKING:
    import arviz as az

    from lendanear.bayes.quantities import Reported

NAME: Final = "coaching"
Key = TypeVar("Key")
INTEGRATED: Final = 400
"""Draws, evenly spaced, under which participants are integrated out: it takes a while."""


def estimate(
    drawn: az.InferenceData, conversations: pd.DataFrame
) -> tuple[Reported, dict[str, pd.DataFrame]]:
    """Return what is reported.

    Parameters
    ----------
    drawn : arviz.InferenceData
        The posterior.
    conversations : DataFrame
        The typed table.

    Returns
    -------
    reported : dict of (quantity, group) to ndarray, shape (chains, draws)
        Effects (`training.effects_reported`: differences of expected ratings, averaged over the
        study's conversations) and their growth from conversation 2 to 3
        (`training.growth_reported`) per dimension; on the logit scale ``pooling_sd``,
        ``peculiar_sd``, ``person.sd`` per dimension and ``person.correlation`` of each pair.
    frames : dict of DataFrame
        ``sensitivity``; ``effects`` (see `training.effects_reported`); ``left_out`` (see
        `training.left_out`); ``prior_predictive`` and ``posterior_predictive``.
    """
    data = model.data(conversations)
    posterior = {key: drawn.posterior[key].to_numpy() for key in model.KEEP}
    spread = training.spreads(data.scores)
    effects = effects_of(posterior["expected"])
    reported, table = training.effects_reported(effects, DIMENSION_KEYS, spread)
    headline = [
        key for key in reported if key[0].startswith("effect.") and key[0].endswith(".sd")
        and key[1].endswith("both")
    ]  # fmt: skip
    reported |= training.growth_reported(effects, DIMENSION_KEYS, spread)
    reported |= _scales(posterior)
    some = evenly(posterior, INTEGRATED)
    likelihood = log_likelihood(data, some)
    frames = {
        "sensitivity": power_scaling(
            NAME,
            evenly({key: reported[key] for key in headline}, INTEGRATED),
            model.log_prior(some),
            likelihood.sum(axis=-1),
        ),
        "effects": table,
        "left_out": training.left_out(likelihood),
        **_checks(data, posterior),
    }
    return reported, frames


def effects_of(expected: np.ndarray) -> np.ndarray:
    """Return how much each training moves the mean rating, shape (chains, draws, 3, 2, 6).

    Parameters
    ----------
    expected : ndarray, shape (chains, draws, 4, 2, 6)
        Mean ratings of the study's conversations, had they all been of each arm.
    """
    treated = [ARM_KEYS.index(arm) for arm in TREATED]
    control = ARM_KEYS.index(CONTROL.key)
    return expected[:, :, treated] - expected[:, :, [control]]


def evenly(draws: dict[Key, np.ndarray], count: int) -> dict[Key, np.ndarray]:
    """Return about `count` of the draws, evenly spaced in every chain."""
    chains, length = next(iter(draws.values())).shape[:2]
    step = max(1, chains * length // count)
    return {name: values[:, ::step] for name, values in draws.items()}


def log_likelihood(data: Trial, posterior: dict[str, np.ndarray]) -> np.ndarray:
    """Return the log-likelihood of every participant's ratings, participant effects integrated out.

    Parameters
    ----------
    data : Trial
        As given to ``model.build``.
    posterior : dict of ndarray, shape (chains, draws, ...)
        ``model.KEEP``.

    Returns
    -------
    ndarray, shape (chains, draws, people)
        For leave-one-participant-out cross-validation and prior sensitivity.
    """
    central = {name: values.mean(axis=(0, 1)) for name, values in posterior.items()}
    people = People(model.arranged(data), model.parameters(central))
    shape = posterior["pooling_sd"].shape
    found = np.empty((*shape, data.people))
    for place in np.ndindex(*shape):
        values = {name: draws[place] for name, draws in posterior.items()}
        found[place] = people.log_likelihood(model.parameters(values))
    return found


def _scales(posterior: dict[str, np.ndarray]) -> Reported:
    """Return spreads and correlations of effects and of participants, logit scale."""
    found: Reported = {
        (name, "all dimensions"): posterior[name] for name in ("pooling_sd", "peculiar_sd")
    }
    for place, dimension in enumerate(DIMENSION_KEYS):
        found["person.sd", dimension] = posterior["person_stds"][..., place]
    for one, other in combinations(range(len(DIMENSION_KEYS)), 2):
        group = f"{DIMENSION_KEYS[one]}, {DIMENSION_KEYS[other]}"
        found["person.correlation", group] = posterior["person_corr"][..., one, other]
    return found


def _checks(data: Trial, posterior: dict[str, np.ndarray]) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(SEED)
    prior = [model.simulate(data, model.prior_draw(rng), rng) for _ in range(training.SIMULATED)]
    drawn = training.chosen_draws(posterior, training.SIMULATED)
    after = [model.simulate(data, values, rng) for values in drawn]
    return {
        "prior_predictive": training.predictive_frame(data, prior),
        "posterior_predictive": training.predictive_frame(data, after),
    }
