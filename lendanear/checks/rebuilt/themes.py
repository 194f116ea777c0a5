"""Rebuilt theme counts and changes: ids ``themes.*``."""

from __future__ import annotations

from lendanear.checks.values import Rebuilt
from lendanear.study import Study


def rebuilt(study: Study) -> dict[str, Rebuilt]:
    """Return published id -> rebuilt number, from the model ``themes``."""
    values: dict[str, Rebuilt] = {}
    for row in study.result("themes", "changes").itertuples():
        values[f"themes.change_pp.{row.theme}.{row.trouble_type}"] = Rebuilt(row.estimate)
        values[f"themes.n_pre.{row.trouble_type}"] = Rebuilt(float(row.n_pre))
        values[f"themes.n_post.{row.trouble_type}"] = Rebuilt(float(row.n_post))
    return values
