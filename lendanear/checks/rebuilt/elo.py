"""Rebuilt facts of the Elo tournament: ids ``elo.*``."""

from __future__ import annotations

from lendanear.checks.values import Rebuilt
from lendanear.models.elo import ALL
from lendanear.study import Study
from lendanear.vocabulary import ARMS


def rebuilt(study: Study) -> dict[str, Rebuilt]:
    """Return published id -> rebuilt number, from the model ``elo``."""
    raw_names = {arm.key: arm.raw for arm in ARMS}
    values: dict[str, Rebuilt] = {}
    for row in study.result("elo", "correlations").itertuples():
        group = "" if row.scenario == ALL else f".{row.scenario}"
        values[f"elo.n{group}"] = Rebuilt(float(row.n))
        if row.scenario == ALL:
            values["elo.r_overall"] = Rebuilt(row.estimate)
    for row in study.result("elo", "means").itertuples():
        if row.outcome == "overall_empathy":
            key = f"elo.mean_overall.{raw_names[row.arm]}.{row.conversation_number}"
            values[key] = Rebuilt(row.estimate)
    return values
