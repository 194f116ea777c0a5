"""Rebuilt demographic regressions: ids ``demographics.*``."""

from __future__ import annotations

from lendanear.checks.values import Rebuilt
from lendanear.study import Study

PUBLISHED = ("baseline", "change")
"""The regressions that were published; the centred one is a companion's addition."""


def rebuilt(study: Study) -> dict[str, Rebuilt]:
    """Return published id -> rebuilt number, from the model ``demographics``.

    Z-scores are those taken over the participants of the regressions.
    """
    values: dict[str, Rebuilt] = {}
    for row in study.result("demographics", "coefficients").itertuples():
        if row.regression in PUBLISHED and row.scaling == "regression":
            term = "intercept" if row.term == "const" else row.term.replace(":", "_")
            values[f"demographics.{row.regression}.{term}"] = Rebuilt(row.estimate, row.se)
    for row in study.result("demographics", "fits").itertuples():
        if row.regression in PUBLISHED and row.scaling == "regression":
            values[f"demographics.{row.regression}.r2"] = Rebuilt(row.r2)
    return values
