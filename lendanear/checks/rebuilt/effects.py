"""Rebuilt regressions and contrasts: ids ``ols.*``, ``contrast.*``, ``contrast_holm.*``."""

from __future__ import annotations

from lendanear.checks.values import Rebuilt
from lendanear.study import Study
from lendanear.vocabulary import DIMENSION_KEYS

SIGNIFICANT = 0.05


def rebuilt(study: Study) -> dict[str, Rebuilt]:
    """Return published id -> rebuilt number, from the model ``effects``."""
    values: dict[str, Rebuilt] = {}
    for row in study.result("effects", "coefficients").itertuples():
        if row.dimension in DIMENSION_KEYS:
            values[f"ols.{row.term}.{row.dimension}"] = Rebuilt(row.estimate, row.se)
    for row in study.result("effects", "fits").itertuples():
        if row.dimension in DIMENSION_KEYS:
            values[f"ols.r2.{row.dimension}"] = Rebuilt(row.r2)
            values[f"ols.residual_sd.{row.dimension}"] = Rebuilt(row.residual_sd)
    for row in study.result("effects", "contrasts").itertuples():
        if row.dimension in DIMENSION_KEYS:
            key = f"{row.contrast}.{row.dimension}"
            values[f"contrast.{key}"] = Rebuilt(row.estimate)
            values[f"contrast_holm.{key}"] = Rebuilt(float(row.p_holm_dimension < SIGNIFICANT))
    return values
