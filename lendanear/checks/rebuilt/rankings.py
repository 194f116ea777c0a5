"""Rebuilt agreement of human and LLM rankings: ids ``preference.bt_*``."""

from __future__ import annotations

from lendanear.checks.values import Rebuilt
from lendanear.models.rankings import ALL
from lendanear.study import Study


def rebuilt(study: Study) -> dict[str, Rebuilt]:
    """Return published id -> rebuilt number, from the model ``rankings``."""
    agreement = study.result("rankings", "agreement").set_index("scenario").loc[ALL]
    return {
        "preference.bt_spearman": Rebuilt(float(agreement["estimate"])),
        "preference.bt_items": Rebuilt(float(agreement["n"])),
    }
