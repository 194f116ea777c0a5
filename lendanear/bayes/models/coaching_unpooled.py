"""Coaching effect, Gaussian, without pooling: what partial pooling over dimensions changes.

As `coaching_gaussian`, but every effect has the prior N(0, 1) of its own instead of borrowing from
the other dimensions. It exists to be compared with its twin, by leave-one-participant-out
cross-validation and estimate by estimate.
"""

from __future__ import annotations

from typing import Final

import pymc as pm

from lendanear.bayes.models import coaching_gaussian as twin
from lendanear.bayes.models.coaching_gaussian import FULL, QUICK, Priors, data, log_likelihood
from lendanear.bayes.trial import Trial

__all__ = ["FULL", "KEEP", "QUICK", "build", "data", "log_likelihood"]

KEEP: Final = tuple(name for name in twin.KEEP if name not in twin.OF_POOLING)


def build(data: Trial, priors: Priors | None = None) -> pm.Model:
    """Return the model; see `coaching_gaussian.build`."""
    return twin.build(data, priors, pooled=False)
