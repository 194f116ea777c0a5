r"""Choice curve: how often a rater chooses the higher-scored of two conversations.

In a choice between conversations on scenario :math:`s` whose overall empathy differs by
:math:`d > 0` points, a rater chooses the higher-scored one with probability

.. math::
   p_s(d) = \frac{\ell}{2} + (1 - \ell) \frac{1}{1 + e^{-\beta_s d}}, \qquad
   \log \beta_s \sim \mathrm{N}(\mu, \tau^2).

A share :math:`\ell` of choices are lapses: decided by a coin, whatever the difference. So the curve
ends at :math:`1 - \ell / 2` instead of 1. It starts at one half because a pair with equal scores
has no higher side; it has no intercept. Slopes :math:`\beta_s`, per point, are positive and
partially pooled over the scenarios.

Two rivals are fitted to the same choices in the same run, each with parameters of its own, so that
the joint density is a product and each posterior is what it would be alone:

* *without lapses*, the same with :math:`\ell = 0`;
* the *published form*, a logit with an intercept :math:`\alpha_s` per scenario and one slope of
  either sign.

Choices enter as counts per scenario and difference, which are sufficient. `log_likelihood` sums
over a rater's choices, since a rater is what is sampled.

Priors: :math:`\mu \sim \mathrm{N}(\log 0.15, 1)`: a difference of 1 to 50 points brings three
choices in four; :math:`\tau \sim \mathrm{HalfNormal}(0.5)`; :math:`2 \ell \sim
\mathrm{Beta}(1, 4)`: most likely no lapses, a tenth on average, at most half; published form:
:math:`\alpha_s \sim \mathrm{N}(0, 1)`, slope :math:`\mathrm{N}(0, 0.3)`.

Source: psychometric function with lapses of Wichmann and Hill (2001), Perception & Psychophysics
63:1293; the published form is that of Figure 6B of arXiv 2603.15245.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from lendanear.bayes.containers import data_container
from lendanear.bayes.settings import Settings
from lendanear.bayes.spreads import signed_spread
from lendanear.errors import DataError
from lendanear.vocabulary import SCENARIO_KEYS

if TYPE_CHECKING:
    # imported when the model is built: the settings are read each time a build is laid out
    import pymc as pm
    import pytensor.tensor as pt
    from pytensor.compile.sharedvalue import SharedVariable

LAPSES: Final = "with lapses"
NO_LAPSES: Final = "without lapses"
PUBLISHED: Final = "published form"
FORMS: Final = (LAPSES, NO_LAPSES, PUBLISHED)
"""The curve and its rivals."""
_ENDINGS: Final = {LAPSES: "", NO_LAPSES: "_alone", PUBLISHED: "_published"}
"""Endings of the names of what belongs to each form."""
CHOSEN_PRIORS: Final = ("log_slope", "slope_signed", "lapse_doubled")
"""Variables of the curve with priors of our choice, for prior sensitivity."""
KEEP: Final = (
    "slope",
    "lapse",
    *CHOSEN_PRIORS,
    "slope_alone",
    "published_intercept",
    "published_slope",
)
FULL: Final = Settings(target_accept=0.99)
# at 0.9 four of six seeds gave a divergence on the synthetic study, at 0.95 and 0.99 none did
QUICK: Final = replace(FULL, tune=500, draws=750)


@dataclass(frozen=True)
class Priors:
    """Centres and scales of the priors; slopes per point of overall empathy."""

    slope: float = 0.15
    log_slope: float = 1.0
    slope_sd: float = 0.5
    lapse: float = 4.0
    published_intercept: float = 1.0
    published_slope: float = 0.3


@dataclass(frozen=True)
class Gaps:
    """Choices counted per scenario and score difference.

    Attributes
    ----------
    scenarios : tuple of str
        Keys of the scenarios that occur, in the vocabulary's order.
    scenario : ndarray of int, shape (cells,)
        Place in `scenarios`.
    gap : ndarray of float, shape (cells,)
        Absolute difference in overall empathy, above 0.
    higher, lower : ndarray of float, shape (cells, raters)
        How often a rater chose the higher-scored and the lower-scored conversation.
    """

    scenarios: tuple[str, ...]
    scenario: np.ndarray
    gap: np.ndarray
    higher: np.ndarray
    lower: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """Share of all choices made on each scenario, shape (scenarios,)."""
        weights = np.bincount(self.scenario, weights=(self.higher + self.lower).sum(axis=1))
        return weights / weights.sum()


def data(choices: pd.DataFrame) -> Gaps:
    """Return what the model is fitted to: choices between conversations with different scores.

    Raises
    ------
    DataError
        If no choice is between conversations with different known scores, or none was against (or
        none for) the higher-scored one.
    """
    known = choices["select_higher_annotation"].notna() & (choices["abs_score_diff"] > 0)
    used = choices[known.astype(bool)]
    chose = used["select_higher_annotation"].astype(float).to_numpy()
    if len(used) == 0 or chose.min() == chose.max():
        raise DataError(
            "a choice curve needs choices for and against the higher-scored conversation; there "
            f"are {int(chose.sum())} for and {int((1 - chose).sum())} against",
            file="experiment_2.csv",
            field="select_higher_annotation",
            remedy="The file, or experiment_1.csv beside it, must hold the scores of both sides",
        )
    cells = pd.DataFrame(
        {
            "scenario": used["scenario"].astype(str).map(SCENARIO_KEYS.index).to_numpy(),
            "gap": used["abs_score_diff"].astype(float).to_numpy(),
        }
    )
    known_cells, cell = np.unique(cells.to_numpy(), axis=0, return_inverse=True)
    rater, raters = pd.factorize(used["rater_id"])
    higher, lower = np.zeros((2, len(known_cells), len(raters)))
    np.add.at(higher, (cell, rater), chose)
    np.add.at(lower, (cell, rater), 1 - chose)
    present, scenario = np.unique(known_cells[:, 0].astype(int), return_inverse=True)
    return Gaps(
        scenarios=tuple(SCENARIO_KEYS[place] for place in present),
        scenario=scenario,
        gap=known_cells[:, 1],
        higher=higher,
        lower=lower,
    )


def build(data: Gaps, priors: Priors | None = None) -> pm.Model:
    """Return the model.

    Parameters
    ----------
    data : Gaps
        The choices.
    priors : Priors, optional
        Other scales, to see how far conclusions move.
    """
    import pymc as pm
    import pytensor.tensor as pt

    priors = priors or Priors()
    with pm.Model(coords={"scenario": data.scenarios}) as model:
        lapse = pm.Deterministic("lapse", pm.Beta("lapse_doubled", 1, priors.lapse) / 2)
        slope, alone = (_slopes(priors, _ENDINGS[form]) for form in (LAPSES, NO_LAPSES))
        intercept = pm.Normal("published_intercept", 0, priors.published_intercept, dims="scenario")
        common = pm.Normal("published_slope", 0, priors.published_slope)
        higher, lower = _counts(data, LAPSES)
        p = lapse / 2 + (1 - lapse) * pt.sigmoid(slope[data.scenario] * data.gap)
        pm.Potential("choices", (higher * pt.log(p) + lower * pt.log1p(-p)).sum())
        for form, odds in (
            (NO_LAPSES, alone[data.scenario] * data.gap),
            (PUBLISHED, intercept[data.scenario] + common * data.gap),
        ):
            pm.Potential(f"choices{_ENDINGS[form]}", _logit(*_counts(data, form), odds))
    return model


def containers(data: Gaps, form: str) -> dict[str, np.ndarray]:
    """Return the counts that one form is fitted to, by the names of its data containers.

    Each form has its own, so that a model which is compiled can be given, for each form, other
    choices between the same pairs.
    """
    counts = {"higher": data.higher.sum(axis=1), "lower": data.lower.sum(axis=1)}
    return {f"{side}{_ENDINGS[form]}": values for side, values in counts.items()}


def _counts(data: Gaps, form: str) -> tuple[SharedVariable, SharedVariable]:
    """Add the data containers of one form to the model that is being built: higher, lower."""
    held = [data_container(name, values) for name, values in containers(data, form).items()]
    return held[0], held[1]


def _slopes(priors: Priors, ending: str) -> pt.TensorVariable:
    """Add partially pooled slopes to the model that is being built, shape (scenarios,)."""
    import pymc as pm

    typical = pm.Normal(f"log_slope{ending}", np.log(priors.slope), priors.log_slope)
    apart = signed_spread(f"slope{ending}", priors.slope_sd)
    z = pm.Normal(f"slope_z{ending}", 0, 1, dims="scenario")
    return pm.Deterministic(f"slope{ending}", pm.math.exp(typical + apart * z), dims="scenario")


def _logit(
    higher: SharedVariable, lower: SharedVariable, odds: pt.TensorVariable
) -> pt.TensorVariable:
    """Return the log-likelihood of counts under log odds."""
    import pytensor.tensor as pt

    return -(higher * pt.softplus(-odds) + lower * pt.softplus(odds)).sum()


def chances(
    form: str, posterior: Mapping[str, np.ndarray], scenario: np.ndarray, gap: np.ndarray
) -> np.ndarray:
    """Return the probability that the higher-scored conversation is chosen.

    Parameters
    ----------
    form : str
        One of `FORMS`.
    posterior : mapping of str to ndarray, shape (chains, draws, ...)
        Variables `KEEP`.
    scenario, gap : ndarray, shape (n,)
        Place of the scenario, and score difference.

    Returns
    -------
    ndarray, shape (chains, draws, n)
    """
    if form == PUBLISHED:
        own = posterior["published_slope"][..., None]
        odds = posterior["published_intercept"][..., scenario] + own * gap
    else:
        odds = posterior["slope" if form == LAPSES else "slope_alone"][..., scenario] * gap
    p = 1 / (1 + np.exp(-odds))
    if form == LAPSES:
        lapse = posterior["lapse"][..., None]
        p = lapse / 2 + (1 - lapse) * p
    return p


def log_likelihood(
    data: Gaps, posterior: Mapping[str, np.ndarray], form: str = LAPSES
) -> np.ndarray:
    """Return the log-likelihood of every rater's choices under every draw.

    Parameters
    ----------
    data : Gaps
        As given to `build`.
    posterior : mapping of str to ndarray, shape (chains, draws, ...)
        Variables `KEEP`.
    form : str
        One of `FORMS`.

    Returns
    -------
    ndarray, shape (chains, draws, raters)
    """
    p = chances(form, posterior, data.scenario, data.gap)
    return np.log(p) @ data.higher + np.log1p(-p) @ data.lower
