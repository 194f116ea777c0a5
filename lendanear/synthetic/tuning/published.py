"""The published numbers that the generator is tuned to, as arrays."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import Final

import numpy as np

from lendanear.paths import PUBLISHED
from lendanear.vocabulary import ARMS, DIMENSION_KEYS, THEME_KEYS, TROUBLE_TYPE_KEYS

_TERMS: Final = ("", "video", "coach", "combined")
"""What the regression calls the arms, in the vocabulary's order; Control is the constant."""
SIGNS: Final = np.array([1, 1, 1, -1, -1, -1])
SCENARIO_MEANS: Final = {
    "job_loss": -0.05,
    "promotion": -0.45,
    "undervalued": -0.31,
    "loss_dad": 0.81,
    "mom_unwell": -0.04,
}
"""Mean overall empathy by scenario minus the mean of all, from the public Elo file (periods
pooled)."""
LATER_GAIN: Final = 0.18
"""Share of the Video arm's effect that separates conversation 3 from 2. Nothing is published for
this arm; the coach arms show .20 and .18."""


class Published:
    """The published results by id."""

    def __init__(self) -> None:
        with PUBLISHED.open(encoding="utf-8", newline="") as stream:
            self._rows = {row["id"]: row for row in csv.DictReader(stream)}

    def value(self, key: str) -> float:
        """Return the published estimate."""
        return float(self._rows[key]["estimate"])

    def error(self, key: str) -> float:
        """Return the published standard error."""
        return float(self._rows[key]["se"])

    def half_width(self, key: str) -> float:
        """Return the half-width of a theme's interval, in percentage points."""
        return float(self._rows[key]["note"].rsplit(maxsplit=1)[-1])


@dataclass(frozen=True)
class Targets:
    """What the scores of a synthetic study should show.

    Attributes
    ----------
    arms : ndarray, shape (4,)
        Participants.
    means : ndarray, shape (4, 3, 6)
        Score by arm, conversation and dimension.
    sd_before : ndarray, shape (6,)
        SD at baseline, within arms.
    sd_change : ndarray, shape (4, 6)
        SD of the change from conversation 1 to the mean of 2 and 3.
    residual_sd : ndarray, shape (6,)
        Of the regression over all conversations.
    high : dict of int to float
        Share of scores of 4 or 5, by dimension, where known.
    change, sd_overall_change : ndarray, shape (4,)
        Mean and SD of the change of overall empathy.
    var_person, var_residual : float
        Variance components of overall empathy in the Control arm.
    sd_baseline : float
        Of overall empathy, all arms.
    slope : float
        Change of overall empathy on its baseline, raw.
    sd_all_change : float
        SD of the change over all participants.
    """

    arms: np.ndarray
    means: np.ndarray
    sd_before: np.ndarray
    sd_change: np.ndarray
    residual_sd: np.ndarray
    high: dict[int, float]
    change: np.ndarray
    sd_overall_change: np.ndarray
    var_person: float
    var_residual: float
    sd_baseline: float
    slope: float
    sd_all_change: float


def targets(published: Published) -> Targets:
    """Work out the targets from coefficients and their standard errors.

    The regression is saturated, so its coefficients are differences of cell means, and the
    clustered standard errors are SDs between participants over the root of their number: that of
    ``post`` is the SD of the Control arm's change, that of ``video:post`` adds the Video arm's, and
    that of the constant is the SD at baseline.
    """
    value, error = published.value, published.error
    arms = np.array([value(f"design.n_arm.{arm.raw}") for arm in ARMS])
    before = np.zeros((4, 6))
    after = np.zeros((4, 6))
    sd_before = np.zeros((4, 6))
    sd_change = np.zeros((4, 6))
    for d, key in enumerate(DIMENSION_KEYS):
        for a, term in enumerate(_TERMS):
            start, step = (
                f"ols.{term or 'const'}.{key}",
                f"ols.{term + ':' if term else ''}post.{key}",
            )
            before[a, d] = value(start) + (before[0, d] if term else 0)
            gain = value(step) + (after[0, d] - before[0, d] if term else 0)
            after[a, d] = before[a, d] + gain
            own = error(start) ** 2 - (error(f"ols.const.{key}") ** 2 if term else 0)
            sd_before[a, d] = np.sqrt(own * arms[a])
            own = error(step) ** 2 - (error(f"ols.post.{key}") ** 2 if term else 0)
            sd_change[a, d] = np.sqrt(own * arms[a])
    means = np.stack([before, after, after], axis=1)
    effect = (after - before) - (after - before)[0]
    for a, arm in enumerate(ARMS[1:], start=1):
        share = LATER_GAIN
        if arm.coached:
            second, third = (value(f"elo.mean_overall.{arm.raw}.{number}") for number in (2, 3))
            share = (third - second) / (effect[a] @ SIGNS)
        means[a, 1] -= share * effect[a] / 2
        means[a, 2] += share * effect[a] / 2
    change = np.array([value(f"responder.mean_change.{arm.raw}") for arm in ARMS])
    sd_overall_change = np.array([value(f"responder.sd_change.{arm.raw}") for arm in ARMS])
    share = arms / arms.sum()
    sd_all = np.sqrt(share @ sd_overall_change**2 + share @ (change - share @ change) ** 2)
    var_person = value("reliability.var_person")
    var_residual = value("reliability.var_residual")
    sd_baseline = np.sqrt(var_person + var_residual)
    return Targets(
        arms=arms,
        means=means,
        sd_before=np.sqrt(share @ sd_before**2),
        sd_change=sd_change,
        residual_sd=np.array([value(f"ols.residual_sd.{key}") for key in DIMENSION_KEYS]),
        high={
            DIMENSION_KEYS.index("encouraging_elaboration"): value(
                "secondary.judged_elaboration_high"
            ),
            DIMENSION_KEYS.index("demonstrating_understanding"): value(
                "secondary.judged_understanding_high"
            ),
        },
        change=change,
        sd_overall_change=sd_overall_change,
        var_person=var_person,
        var_residual=var_residual,
        sd_baseline=sd_baseline,
        slope=value("demographics.change.baseline") * sd_all / sd_baseline,
        sd_all_change=sd_all,
    )


def theme_shares(published: Published) -> np.ndarray:
    """Return the share of each theme, shape (2, 2, 10): kind of trouble, before or after.

    Only the change and the half-width of its interval are published. With :math:`p` the share
    before and :math:`p + d` after, the squared standard error is
    :math:`p(1-p)/n_1 + (p+d)(1-p-d)/n_2`, a quadratic in :math:`p` whose lower root is the share.
    """
    shares = np.zeros((2, 2, len(THEME_KEYS)))
    for g, trouble in enumerate(TROUBLE_TYPE_KEYS):
        one, two = (published.value(f"themes.n_{when}.{trouble}") for when in ("pre", "post"))
        for t, theme in enumerate(THEME_KEYS):
            key = f"themes.change_pp.{theme}.{trouble}"
            change = published.value(key) / 100
            squared = (published.half_width(key) / 196) ** 2
            # a p^2 - b p + c = 0
            a = 1 / one + 1 / two
            b = 1 / one + (1 - 2 * change) / two
            c = squared - change * (1 - change) / two
            before = (b - np.sqrt(b**2 - 4 * a * c)) / (2 * a)
            shares[g, :, t] = before, before + change
    # rounding of the half-widths leaves the sums within about 1% of 1
    return shares / shares.sum(axis=-1, keepdims=True)
