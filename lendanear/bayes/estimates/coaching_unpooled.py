"""Effects of training from the Gaussian model without pooling over dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from lendanear.bayes.estimates.coaching_gaussian import estimate_gaussian
from lendanear.bayes.models import coaching_unpooled as model

if TYPE_CHECKING:
    import arviz as az

    from lendanear.bayes.quantities import Reported


def estimate(
    drawn: az.InferenceData, conversations: pd.DataFrame
) -> tuple[Reported, dict[str, pd.DataFrame]]:
    """Return what is reported, as for `coaching_gaussian` without ``pooling_sd``."""
    return estimate_gaussian("coaching_unpooled", model, drawn, conversations)
