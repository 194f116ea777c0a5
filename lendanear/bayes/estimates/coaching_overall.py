"""Effect of training on overall empathy: in points and SD, by conversation, and who would change.

An effect in SD is divided by the SD of the score over all conversations, as in Figure 3B.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from lendanear.bayes.models import coaching_overall as model
from lendanear.bayes.sensitivity import log_prior, power_scaling
from lendanear.bayes.trial import LATER, TREATED, contrasts_of
from lendanear.models.reliability import RELIABLE_Z
from lendanear.vocabulary import ARM_KEYS, CONTROL

if TYPE_CHECKING:
    import arviz as az

    from lendanear.bayes.quantities import Reported

NAME: Final = "coaching_overall"


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
        ``effect.overall_empathy.points`` and ``.sd`` for every pair of arms and period (group
        ``coach vs control, both``), ``drift.overall_empathy.points``,
        ``reliable_change.share`` (share of an arm's participants expected to change by more than
        noise explains), ``sd.person`` and ``sd.residual``.
    frames : dict of DataFrame
        ``sensitivity``.
    """
    data = model.data(conversations)
    posterior = {name: drawn.posterior[name].to_numpy() for name in model.KEEP}
    spread = float(data.scores[:, 0].std(ddof=1))
    reported: Reported = {}
    effects = contrasts_of(posterior["effect"])
    for unit, scale in (("points", 1.0), ("sd", spread)):
        for (arm, reference, period), values in effects.items():
            key = (f"effect.overall_empathy.{unit}", f"{arm} vs {reference}, {period}")
            reported[key] = values / scale
    drift = posterior["terms"][..., [model.TERMS.index(f"drift[{number}]") for number in LATER]]
    for place, number in enumerate(LATER):
        reported["drift.overall_empathy.points", f"control, conversation {number}"] = drift[
            ..., place
        ]
    reported |= _reliable(drift.mean(axis=-1), posterior)
    reported["sd.person", "overall_empathy"] = posterior["sd_person"]
    reported["sd.residual", "overall_empathy"] = posterior["sd_residual"]
    headline = {
        key: values for key, values in reported.items() if key[0].endswith((".sd", "share"))
    }
    sensitivity = power_scaling(
        NAME,
        headline,
        log_prior(model.build(data), drawn, model.CHOSEN_PRIORS),
        model.log_likelihood(data, posterior).sum(axis=-1),
    )
    return reported, {"sensitivity": sensitivity}


def _reliable(drift: np.ndarray, posterior: dict[str, np.ndarray]) -> Reported:
    """Return the share of each arm's participants expected to improve reliably."""
    noise = np.sqrt(1.5) * posterior["sd_residual"]
    expected = {CONTROL.key: drift}
    for place, arm in enumerate(TREATED):
        expected[arm] = drift + posterior["effect"][..., place, :].mean(axis=-1)
    return {
        ("reliable_change.share", arm): 1 - norm.cdf(RELIABLE_Z - expected[arm] / noise)
        for arm in ARM_KEYS
    }
