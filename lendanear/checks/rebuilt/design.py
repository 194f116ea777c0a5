"""Rebuilt design of the trial: ids ``design.*``."""

from __future__ import annotations

from lendanear.checks.values import Rebuilt
from lendanear.measures.design import design_counts
from lendanear.study import Study
from lendanear.vocabulary import ARMS

COLUMNS = (
    "participant_id",
    "arm",
    "conversation_number",
    "scenario",
    "trouble_type",
    "seeker_count",
    "supporter_count",
    "coach_feedback",
)


def rebuilt(study: Study) -> dict[str, Rebuilt]:
    """Return published id -> rebuilt number, counted in the table ``conversations``."""
    counts = design_counts(study.table("conversations", columns=COLUMNS))
    number = counts.set_index(["quantity", "group"])["count"]
    values = {
        "design.n_participants": number["participants", "all"],
        "design.n_conversations": number["conversations", "all"],
        "design.n_messages": number["messages", "all"],
        "design.n_conv_per_participant": number["conversations", "all"]
        / number["participants", "all"],
    }
    values |= {f"design.n_arm.{arm.raw}": number["participants", arm.key] for arm in ARMS}
    for quantity, key in (("first_scenario", "n_first"), ("first_trouble_type", "n_first_trouble")):
        values |= {f"design.{key}.{group}": count for group, count in number[quantity].items()}
    return {key: Rebuilt(float(value)) for key, value in values.items()}
