"""Effects of training on the six dimensions and overall empathy, from the Gaussian model."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.bayes import training
from lendanear.bayes.models import coaching_gaussian as model
from lendanear.bayes.sensitivity import power_scaling
from lendanear.bayes.settings import SEED
from lendanear.bayes.trial import Trial
from lendanear.vocabulary import DIMENSION_KEYS

if TYPE_CHECKING:
    import arviz as az

    from lendanear.bayes.quantities import Reported

NAME: Final = "coaching_gaussian"
OUTCOMES: Final = (*DIMENSION_KEYS, training.OVERALL)


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
        Effects (`training.effects_reported`) and their growth from conversation 2 to 3
        (`training.growth_reported`) per dimension and on overall empathy; ``pooling_sd`` and
        ``peculiar_sd`` (SD of effects around what is pooled, and of what is peculiar to a dimension
        whatever the arm; points).
    frames : dict of DataFrame
        ``sensitivity``; ``effects`` (see `training.effects_reported`); ``left_out`` (see
        `left_out`); ``prior_predictive`` and ``posterior_predictive``.
    """
    return estimate_gaussian(NAME, model, drawn, conversations)


def estimate_gaussian(
    name: str, module: ModuleType, drawn: az.InferenceData, conversations: pd.DataFrame
) -> tuple[Reported, dict[str, pd.DataFrame]]:
    """Return what is reported of a Gaussian model of the six dimensions, pooled or not."""
    data = module.data(conversations)
    posterior = {key: drawn.posterior[key].to_numpy() for key in module.KEEP}
    scores = training.with_overall(data.scores)
    effects = training.with_overall(posterior["effect"])
    spread = training.spreads(scores)
    reported, table = training.effects_reported(effects, OUTCOMES, spread)
    reported |= training.growth_reported(effects, OUTCOMES, spread)
    if "pooling_sd" in posterior:
        reported["pooling_sd", "all dimensions"] = posterior["pooling_sd"]
        reported["peculiar_sd", "all dimensions"] = posterior["peculiar_sd"]
    likelihood = module.log_likelihood(data, posterior)
    headline = {
        key: values
        for key, values in reported.items()
        if key[0].startswith("effect.") and key[0].endswith(".sd") and key[1].endswith("both")
    }
    frames = {
        "sensitivity": power_scaling(
            name, headline, model.log_prior(posterior), likelihood.sum(axis=-1)
        ),
        "effects": table,
        "left_out": training.left_out(likelihood),
        **_checks(data, posterior),
    }
    return reported, frames


def _checks(data: Trial, posterior: dict[str, np.ndarray]) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(SEED)
    prior = [model.simulate(data, model.prior_draw(rng), rng) for _ in range(training.SIMULATED)]
    drawn = training.chosen_draws(posterior, training.SIMULATED)
    after = [model.simulate(data, values, rng) for values in drawn]
    return {
        "prior_predictive": training.predictive_frame(data, prior),
        "posterior_predictive": training.predictive_frame(data, after),
    }
