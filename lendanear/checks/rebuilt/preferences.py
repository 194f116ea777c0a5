"""Rebuilt preference models in their published form: ids ``preference.1a.*`` to ``2b.*``."""

from __future__ import annotations

from lendanear.checks.values import Rebuilt
from lendanear.models.preferences import PUBLISHED
from lendanear.study import Study


def rebuilt(study: Study) -> dict[str, Rebuilt]:
    """Return published id -> rebuilt number, from the model ``preferences``."""
    values: dict[str, Rebuilt] = {}
    for row in study.result("preferences", "coefficients").itertuples():
        if row.form == PUBLISHED:
            values[f"preference.{row.model}.{row.term}"] = Rebuilt(row.estimate, row.se)
    for row in study.result("preferences", "fits").itertuples():
        if row.form == PUBLISHED:
            values[f"preference.{row.model}.n"] = Rebuilt(float(row.n))
            values[f"preference.{row.model}.loglik"] = Rebuilt(row.loglik)
    return values
