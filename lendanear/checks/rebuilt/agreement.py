"""Rebuilt kappas of the pilot, by the published convention: ids ``kappa.<pair>.<dimension>``."""

from __future__ import annotations

from lendanear.checks.values import Rebuilt
from lendanear.study import Study

PUBLISHED_PAIRS = frozenset(
    {
        "expert1_expert2",
        "expert2_expert3",
        "expert3_expert1",
        "experts_crowd",
        "experts_llm",
        "llm_crowd",
    }
)
"""Pairs of the published table; the model has two more."""


def rebuilt(study: Study) -> dict[str, Rebuilt]:
    """Return published id -> rebuilt number, from the model ``agreement``."""
    kappas = study.result("agreement", "kappas")
    return {
        f"kappa.{row.pair}.{row.dimension}": Rebuilt(row.estimate)
        for row in kappas[kappas["measure"] == "kappa_rank"].itertuples()
        if row.pair in PUBLISHED_PAIRS
    }
