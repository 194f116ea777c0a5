"""Rebuilt correlations of trait and self-reported with judged empathy: ids ``silent.*``."""

from __future__ import annotations

from lendanear.checks.values import Rebuilt
from lendanear.study import Study

R = {
    "jordan": "jordan",
    "sites": "sites",
    "self_empathized": "self_empathized",
    "self_encourage_elaboration": "self_elaboration",
    "self_showed_understanding": "self_understanding",
}
"""Predictor -> its name in ``silent.r.*``, the correlations over participants."""
R2 = {
    "self_empathized": "empathized",
    "self_encourage_elaboration": "elaboration",
    "self_showed_understanding": "understanding",
}
"""Predictor -> its name in ``silent.r2_all.*`` and ``silent.r2_first.*``, over conversations."""
COUNTED = "self_empathized"
"""The self-report whose levels are counted and whose overestimation is published."""


def rebuilt(study: Study) -> dict[str, Rebuilt]:
    """Return published id -> rebuilt number, from the model ``silent_empathy``."""
    values: dict[str, Rebuilt] = {}
    correlations = study.result("silent_empathy", "correlations")
    for row in correlations[correlations["method"] == "pearson"].itertuples():
        if row.unit == "participant" and row.predictor in R:
            values[f"silent.r.{R[row.predictor]}"] = Rebuilt(row.estimate)
        elif row.unit == "conversation" and row.predictor in R2:
            key = f"silent.r2_{row.conversations}.{R2[row.predictor]}"
            values[key] = Rebuilt(row.r2)
    for row in study.result("silent_empathy", "report_counts").itertuples():
        if row.self_report == COUNTED:
            values[f"silent.{COUNTED}_count.{row.score}"] = Rebuilt(float(row.count))
    for row in study.result("silent_empathy", "overestimation").itertuples():
        if row.self_report == COUNTED and row.scale == "z":
            values["silent.overestimated"] = Rebuilt(float(row.count))
    return values
