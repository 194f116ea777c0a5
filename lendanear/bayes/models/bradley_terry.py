r"""Bradley-Terry model of human choices: strengths of conversations, and raters who differ.

Rater :math:`r` chooses between conversations :math:`i` (left) and :math:`j` (right) on scenario
:math:`s`:

.. math::
   \operatorname{logit} P(\text{left}) &= c_r (\theta_i - \theta_j) + b_r, \\
   \theta_i &= \sigma_s (z_i - \bar z_s), \quad z_i \sim \mathrm{N}(0, 1), \\
   \log c_r &\sim \mathrm{N}(0, \kappa^2), \quad b_r \sim \mathrm{N}(\beta, \omega^2).

:math:`\theta_i` is the strength in log odds of a typical rater. Comparisons stay within a scenario,
so strengths are centred there, and each scenario has its own spread :math:`\sigma_s`, partially
pooled: :math:`\log \sigma_s \sim \mathrm{N}(\mu, \tau^2)`. :math:`c_r` is how consistently a rater
follows the strengths (the typical rater has 1, which fixes their unit), :math:`b_r` a leaning to
the left whatever is shown. Strengths, consistencies and leanings are sampled non-centred: ten
choices of a rater and twenty comparisons of a conversation leave much to the hierarchy.

Equal choices of a rater are one row with a count; since raters differ, rows of different raters
cannot be pooled further. `log_likelihood` integrates the two effects of a rater by Gauss-Hermite
quadrature, so a unit is a rater as drawn from the population, and no rater is stored.

Priors, in log odds: :math:`\mu \sim \mathrm{N}(0, 0.5)`, so that the typical spread lies between
0.4 and 2.7; :math:`\tau \sim \mathrm{HalfNormal}(0.3)`; :math:`\kappa \sim
\mathrm{HalfNormal}(0.5)`, raters that differ in consistency by less than a factor of about three;
:math:`\beta \sim \mathrm{N}(0, 0.3)`, :math:`\omega \sim \mathrm{HalfNormal}(0.3)`, sides matter
less than conversations.

Source: Bradley and Terry (1952), Biometrika 39:324; pooled as in Caron and Doucet (2012), Journal
of Computational and Graphical Statistics 21:174; the comparisons are those of Figure 6C of arXiv
2603.15245.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from lendanear.bayes.containers import data_container
from lendanear.bayes.pairs import Pairs, pairs
from lendanear.bayes.settings import Settings
from lendanear.bayes.spreads import signed_spread

if TYPE_CHECKING:
    # imported when the model is built: the settings are read each time a build is laid out
    import pandas as pd
    import pymc as pm
    import pytensor.tensor as pt

RATER_TERMS: Final = ("side", "side_sd", "consistency_sd")
"""How raters differ: leaning of the typical rater, and the two spreads between raters."""
CHOSEN_PRIORS: Final = (
    "side",
    "side_signed",
    "consistency_signed",
    "log_spread",
    "spread_signed",
)
"""Variables with priors of our choice, for prior sensitivity."""
KEEP: Final = ("strength", "spread", "side_sd", "consistency_sd", *CHOSEN_PRIORS)
FULL: Final = Settings(draws=2000)
QUICK: Final = replace(FULL, tune=500, draws=1500)
NODES: Final = (9, 3)
"""Nodes of the quadrature for a rater's consistency and leaning."""


@dataclass(frozen=True)
class RaterPriors:
    """Scales of the priors of raters, in log odds (consistency: in its logarithm)."""

    side: float = 0.3
    side_sd: float = 0.3
    consistency_sd: float = 0.5


@dataclass(frozen=True)
class Priors:
    """Scales of all priors, in log odds (spreads: in their logarithm)."""

    log_spread: float = 0.5
    spread_sd: float = 0.3
    raters: RaterPriors = RaterPriors()


def data(choices: pd.DataFrame, elo: pd.DataFrame | None = None) -> Pairs:
    """Return what the model is fitted to: the choices; the tournament plays no part."""
    return pairs(choices)


def build(data: Pairs, priors: Priors | None = None) -> pm.Model:
    """Return the model.

    Parameters
    ----------
    data : Pairs
        The choices.
    priors : Priors, optional
        Other scales, to see how far conclusions move.
    """
    import pymc as pm

    priors = priors or Priors()
    with pm.Model(coords=coords(data)) as model:
        spread = spreads(priors)
        z = pm.Normal("z", 0, 1, dims="conversation")
        add_choices(data, centred(data, spread[data.scenario] * z), priors.raters)
    return model


def coords(data: Pairs) -> dict[str, tuple[str, ...]]:
    """Return the coordinates of strengths and spreads."""
    return {"conversation": data.conversations, "scenario": data.scenarios}


def spreads(priors: Priors) -> pt.TensorVariable:
    """Add the spread of strengths of every scenario to the model that is being built."""
    import pymc as pm

    typical = pm.Normal("log_spread", 0, priors.log_spread)
    apart = signed_spread("spread", priors.spread_sd)
    z = pm.Normal("spread_z", 0, 1, dims="scenario")
    return pm.Deterministic("spread", pm.math.exp(typical + apart * z), dims="scenario")


def centred(data: Pairs, raw: pt.TensorVariable) -> pt.TensorVariable:
    """Add the strengths: `raw`, shape (conversations,), less its mean within the scenario."""
    import pymc as pm

    means = (data.centring() * raw).sum(axis=1)
    return pm.Deterministic("strength", raw - means[data.scenario], dims="conversation")


def add_choices(data: Pairs, strength: pt.TensorVariable, priors: RaterPriors) -> None:
    """Add the raters and the likelihood of their choices to the model that is being built."""
    import pymc as pm
    import pytensor.tensor as pt

    side = pm.Normal("side", 0, priors.side)
    side_sd = signed_spread("side", priors.side_sd)
    consistency_sd = signed_spread("consistency", priors.consistency_sd)
    leaning = side + side_sd * pm.Normal("leaning_z", 0, 1, shape=data.raters)
    consistency = pt.exp(consistency_sd * pm.Normal("consistency_z", 0, 1, shape=data.raters))
    gap = strength[data.winner] - strength[data.loser]
    odds = consistency[data.rater] * gap + data.side * leaning[data.rater]
    count = data_container("count", data.count)
    pm.Potential("choices", -(count * pt.softplus(-odds)).sum())


def containers(data: Pairs) -> dict[str, np.ndarray]:
    """Return what was chosen how often, by the name of its data container.

    A model that was built with a row for either outcome of every choice, some of them counted 0
    times, can be given other choices of the same raters between the same conversations.
    """
    return {"count": data.count}


def log_likelihood(data: Pairs, posterior: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the log-likelihood of every rater's choices under every draw.

    Parameters
    ----------
    data : Pairs
        As given to `build`.
    posterior : mapping of str to ndarray, shape (chains, draws, ...)
        ``strength`` and `RATER_TERMS`.

    Returns
    -------
    ndarray, shape (chains, draws, raters)
        With the rater's consistency and leaning integrated over the population of raters.
    """
    terms = [np.asarray(posterior[name]) for name in ("strength", *RATER_TERMS)]
    return np.stack([_by_rater(data, *own) for own in zip(*terms, strict=True)])


def _by_rater(
    data: Pairs, strength: np.ndarray, side: np.ndarray, side_sd: np.ndarray, kappa: np.ndarray
) -> np.ndarray:
    """Return the same for one chain, shape (draws, raters)."""
    consistency, leaning = (_normal_nodes(count) for count in NODES)
    gap = strength[:, data.winner] - strength[:, data.loser]
    starts = data.starts
    left = data.side > 0
    total = np.full((len(strength), data.raters), -np.inf)
    # a consistent rater who chose much against the strengths overflows, rightly, to no chance
    with np.errstate(over="ignore"):
        for node, weight in consistency:
            against = np.exp(-np.exp(kappa * node)[:, None] * gap)
            for other, also in leaning:
                tilt = np.exp((side + side_sd * other)[:, None])
                loglik = -data.count * np.log1p(against * np.where(left, 1 / tilt, tilt))
                by_rater = np.add.reduceat(loglik, starts, axis=1)
                np.logaddexp(total, by_rater + np.log(weight * also), out=total)
    return total


def _normal_nodes(count: int) -> list[tuple[float, float]]:
    """Return nodes and weights that average over a standard normal variable."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(count)
    return list(zip(nodes, weights / weights.sum(), strict=True))
