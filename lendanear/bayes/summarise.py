"""From stored draws to the frames of a model: estimates, diagnostics, and its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from lendanear.bayes.gate import diagnose
from lendanear.bayes.quantities import estimates
from lendanear.bayes.registry import BAYES_MODELS, estimate
from lendanear.errors import LendAnEarError

if TYPE_CHECKING:
    import arviz as az


def summarise(
    name: str, drawn: az.InferenceData, tables: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return every frame of one model.

    Parameters
    ----------
    name : str
        Key of ``registry.BAYES_MODELS``.
    drawn : arviz.InferenceData
        Its posterior.
    tables : mapping of str to DataFrame
        At least the model's tables.

    Returns
    -------
    dict of DataFrame
        ``estimates`` (``quantities.COLUMNS``), ``diagnostics`` (one row, ``gate.COLUMNS``, and
        ``problems``), ``convergence`` (quantity, group, rhat, ess_bulk, ess_tail),
        ``sensitivity`` (see `lendanear.bayes.sensitivity`) and the model's own.
    """
    reported, frames = estimate(name, drawn, tables)
    diagnosis = diagnose(name, reported, drawn)
    row = {**diagnosis.row, "problems": "\n".join(diagnosis.problems)}
    frames = {
        "estimates": estimates(name, reported),
        "diagnostics": pd.DataFrame([row]),
        "convergence": diagnosis.quantities,
        **frames,
    }
    wanted = BAYES_MODELS[name].all_frames
    if missing := [frame for frame in wanted if frame not in frames]:
        raise LendAnEarError(f"the model {name!r} reports no frame {missing[0]!r}")
    return {frame: frames[frame] for frame in wanted}
