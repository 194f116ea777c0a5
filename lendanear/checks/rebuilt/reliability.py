"""Rebuilt reliability and reliable changes: ids ``reliability.*`` and ``responder.*``."""

from __future__ import annotations

from lendanear.checks.values import Rebuilt
from lendanear.study import Study
from lendanear.vocabulary import ARMS

COMPONENTS = (
    "intercept",
    "var_person",
    "var_residual",
    "reliability_1",
    "reliability_2",
    "se_change",
)


def rebuilt(study: Study) -> dict[str, Rebuilt]:
    """Return published id -> rebuilt number, from the model ``reliability``."""
    components = study.result("reliability", "components").set_index("quantity")["estimate"]
    values = {f"reliability.{name}": Rebuilt(components[name]) for name in COMPONENTS}
    raw = {arm.key: arm.raw for arm in ARMS}
    for row in study.result("reliability", "responders").itertuples():
        values[f"responder.{row.outcome}.{raw[row.arm]}"] = Rebuilt(row.estimate)
    for row in study.result("reliability", "summary").itertuples():
        values[f"responder.mean_change.{raw[row.arm]}"] = Rebuilt(row.estimate)
        values[f"responder.sd_change.{raw[row.arm]}"] = Rebuilt(row.sd)
    return values
