"""Rebuilt summary of overall empathy over all conversations: ids ``score.*``."""

from __future__ import annotations

from lendanear.checks.values import Rebuilt
from lendanear.study import Study


def rebuilt(study: Study) -> dict[str, Rebuilt]:
    """Return published id -> rebuilt number, from the table ``conversations``."""
    score = study.table("conversations", columns=["overall_empathy"])["overall_empathy"]
    score = score.astype("float64")
    values = {
        "mean": score.mean(),
        "sd": score.std(),
        "min": score.min(),
        "max": score.max(),
        "median": score.median(),
    }
    return {f"score.{name}": Rebuilt(float(value)) for name, value in values.items()}
