r"""How well two rankings would agree if both were known without error.

Raters' choices tell the strength of a conversation only roughly, and so does a tournament of LLM
judges. Two rankings with errors agree less than what they measure, and ranks of separate posteriors
agree less still: separate priors hold strengths and ratings to be unrelated, for 30 conversations
at once, which is as good as 30 observations of no agreement. Here both are measurements of two
related quantities, and how closely they are related is a parameter. Conversation :math:`i` on
scenario :math:`s` has a true standing among LLM judges, :math:`e_i`, and one among raters,
:math:`x_i`:

.. math::
   (e_i, x_i) &\sim \mathrm{N}_2\left(0, \begin{pmatrix} 1 & \rho_s \\ \rho_s & 1 \end{pmatrix}
   \right), \\
   R_i &\sim \mathrm{N}(\mu_s + \tau_s e_i, \mathrm{SE}_i^2), \\
   \theta_i &= \sigma_s (x_i - \bar x_s), \qquad
   \operatorname{artanh} \rho_s \sim \mathrm{N}(\zeta, \upsilon^2),

with the Elo rating :math:`R_i` in log odds above 1500, its standard error from the number of
comparisons (`lendanear.measures.elo_error`), and the choices of raters given the strengths
:math:`\theta_i` as in `lendanear.bayes.models.bradley_terry`.

:math:`e_i` is integrated out: with :math:`k_i = \tau_s^2 / (\tau_s^2 + \mathrm{SE}_i^2)` and the
standardised rating :math:`r_i = (R_i - \mu_s) / \sqrt{\tau_s^2 + \mathrm{SE}_i^2}`,

.. math::
   x_i \mid R_i \sim \mathrm{N}\left(\rho_s \sqrt{k_i}\, r_i,\; 1 - \rho_s^2 k_i\right),

and `llm_standings` draws it back given the rating and :math:`x_i`. Conversations that were never in
the tournament have :math:`k_i = 0`.

Priors: :math:`\zeta \sim \mathrm{Logistic}(0, 1/2)`, which makes every typical correlation between
-1 and 1 equally plausible; :math:`\upsilon \sim \mathrm{HalfNormal}(0.4)`; in log odds
:math:`\mu_s \sim \mathrm{N}(0, 1)` and :math:`\log \tau_s \sim \mathrm{N}(0, 0.7)`, a spread of 40
to 700 Elo points; raters and :math:`\sigma_s` as in the Bradley-Terry model.

Source: correlation corrected for attenuation (Spearman 1904, American Journal of Psychology 15:72)
as a measurement model; the rankings are those of Figure 6C of arXiv 2603.15245.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.bayes.models import bradley_terry
from lendanear.bayes.pairs import FILE, Pairs, pairs
from lendanear.bayes.settings import Settings
from lendanear.bayes.spreads import signed_spread
from lendanear.errors import DataError
from lendanear.measures.elo_error import POINTS, START, rating_error

if TYPE_CHECKING:
    # imported when the model is built: the settings are read each time a build is laid out
    import pymc as pm

CHOSEN_PRIORS: Final = (
    *bradley_terry.CHOSEN_PRIORS,
    "typical",
    "scenario_signed",
    "rating_mean",
    "rating_spread",
)
"""Variables with priors of our choice, for prior sensitivity."""
KEEP: Final = ("standing", "spread", "side_sd", "consistency_sd", "correlation", *CHOSEN_PRIORS)
FULL: Final = Settings(target_accept=0.9)
QUICK: Final = replace(FULL, tune=500, draws=1000)


@dataclass(frozen=True)
class Priors:
    """Scales of the priors that the Bradley-Terry model does not have."""

    typical: float = 0.5
    scenario_sd: float = 0.4
    rating_mean: float = 1.0
    rating_spread: float = 0.7
    choices: bradley_terry.Priors = field(default_factory=bradley_terry.Priors)


@dataclass(frozen=True)
class Rankings:
    """Choices, and what the tournament says of the same conversations.

    Attributes
    ----------
    pairs : Pairs
        The choices.
    rating, error : ndarray of float, shape (conversations,)
        Elo rating in log odds above 1500 and its standard error; 0 and infinite for a conversation
        that was not in the tournament.
    """

    pairs: Pairs
    rating: np.ndarray
    error: np.ndarray

    @property
    def rated(self) -> np.ndarray:
        """Whether each conversation was in the tournament, shape (conversations,)."""
        return np.isfinite(self.error)


def data(choices: pd.DataFrame, elo: pd.DataFrame) -> Rankings:
    """Return what the model is fitted to.

    Raises
    ------
    DataError
        If a scenario has fewer than three compared conversations that were in the tournament.
    """
    own = pairs(choices)
    known = elo.assign(elo_se=rating_error(elo)).set_index("conversation_id")
    found = known.reindex(list(own.conversations))
    error = found["elo_se"].to_numpy(dtype=float) / POINTS
    rated = np.isfinite(error)
    rating = (found["elo_rating"].to_numpy(dtype=float) - START) / POINTS
    counts = np.bincount(own.scenario, weights=rated, minlength=len(own.scenarios))
    if counts.min() < 3:
        scenario = own.scenarios[int(counts.argmin())]
        raise DataError(
            f"only {counts.min():.0f} of the conversations compared by raters on {scenario!r} have "
            "an Elo rating, so the two rankings cannot be compared there",
            file=FILE,
            field="conversation_left_id",
            allowed="three or more",
            remedy="Check that both files come from the same study and hold ids as 20-digit text",
        )
    return Rankings(own, np.where(rated, rating, 0.0), np.where(rated, error, np.inf))


def build(data: Rankings, priors: Priors | None = None) -> pm.Model:
    """Return the model.

    Parameters
    ----------
    data : Rankings
        Choices and ratings.
    priors : Priors, optional
        Other scales, to see how far conclusions move.
    """
    import pymc as pm
    import pytensor.tensor as pt

    priors = priors or Priors()
    own, rated = data.pairs, np.flatnonzero(data.rated)
    scenario = own.scenario[rated]
    with pm.Model(coords=bradley_terry.coords(own)) as model:
        spread = bradley_terry.spreads(priors.choices)
        typical = pm.Logistic("typical", 0, priors.typical)
        apart = signed_spread("scenario", priors.scenario_sd)
        z = pm.Normal("scenario_z", 0, 1, dims="scenario")
        rho = pm.Deterministic("correlation", pt.tanh(typical + apart * z), dims="scenario")
        mean = pm.Normal("rating_mean", 0, priors.rating_mean, dims="scenario")
        tau = pm.LogNormal("rating_spread", 0, priors.rating_spread, dims="scenario")
        variance = tau[scenario] ** 2 + data.error[rated] ** 2
        standard = (data.rating[rated] - mean[scenario]) / pt.sqrt(variance)
        pm.Potential("ratings", -0.5 * (standard**2 + pt.log(variance)).sum())
        # what a rating says of the standing among raters: nothing where there is none
        explained = rho[scenario] * tau[scenario] / pt.sqrt(variance)
        expected = pt.zeros(len(own.conversations))[rated].set(explained * standard)
        unknown = pt.ones(len(own.conversations))[rated].set(pt.sqrt(1 - explained**2))
        standing = expected + unknown * pm.Normal("z", 0, 1, dims="conversation")
        pm.Deterministic("standing", standing, dims="conversation")
        strength = bradley_terry.centred(own, spread[own.scenario] * standing)
        bradley_terry.add_choices(own, strength, priors.choices.raters)
    return model


def strengths(data: Rankings, posterior: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the strengths among raters, centred, shape (chains, draws, conversations)."""
    own = data.pairs
    raw = posterior["spread"][..., own.scenario] * posterior["standing"]
    return raw - (raw @ own.centring().T)[..., own.scenario]


def llm_standings(
    data: Rankings, posterior: Mapping[str, np.ndarray], random: np.random.Generator
) -> np.ndarray:
    """Draw the true standings among LLM judges, given ratings and standings among raters.

    Parameters
    ----------
    data : Rankings
        As given to `build`.
    posterior : mapping of str to ndarray, shape (chains, draws, ...)
        Variables `KEEP`.
    random : Generator
        Source of chance.

    Returns
    -------
    ndarray, shape (chains, draws, conversations)
    """
    place = data.pairs.scenario
    rho, mean, tau = (
        posterior[name][..., place] for name in ("correlation", "rating_mean", "rating_spread")
    )
    by_rating = tau / data.error**2
    by_raters = rho / (1 - rho**2)
    precision = 1 + tau * by_rating + rho * by_raters
    expected = by_rating * (data.rating - mean) + by_raters * posterior["standing"]
    return expected / precision + random.standard_normal(expected.shape) / np.sqrt(precision)


def log_likelihood(data: Rankings, posterior: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the log-likelihood of every rater's choices, then of every rating.

    Parameters
    ----------
    data : Rankings
        As given to `build`.
    posterior : mapping of str to ndarray, shape (chains, draws, ...)
        Variables `KEEP`.

    Returns
    -------
    ndarray, shape (chains, draws, raters + rated conversations)
    """
    choices = bradley_terry.log_likelihood(
        data.pairs, {**posterior, "strength": strengths(data, posterior)}
    )
    place = data.pairs.scenario[data.rated]
    variance = posterior["rating_spread"][..., place] ** 2 + data.error[data.rated] ** 2
    residual = data.rating[data.rated] - posterior["rating_mean"][..., place]
    ratings = -0.5 * (residual**2 / variance + np.log(2 * np.pi * variance))
    return np.concatenate([choices, ratings], axis=-1)
