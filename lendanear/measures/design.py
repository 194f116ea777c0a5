"""The design of the trial, counted in the data itself."""

from __future__ import annotations

import pandas as pd

from lendanear.measures.change import BASELINE_NUMBER
from lendanear.vocabulary import ARM_KEYS, SCENARIO_KEYS, TROUBLE_TYPE_KEYS


def design_counts(conversations: pd.DataFrame) -> pd.DataFrame:
    """Count participants, conversations, messages, scenarios and coach feedback.

    Parameters
    ----------
    conversations : DataFrame
        The typed table.

    Returns
    -------
    DataFrame
        ``quantity``, ``group`` and ``count``: ``participants`` (group ``all`` or an arm);
        ``conversations``, ``messages`` (of both sides) and ``median_supporter_turns`` (group
        ``all``); ``conversations_per_participant`` (groups ``lowest`` and ``highest``);
        ``first_scenario`` and ``first_trouble_type`` (first conversations with it); ``feedback``
        (group ``<arm>:<conversation number>``: conversations after which the coach gave some).
    """
    people = conversations.drop_duplicates("participant_id")
    per_person = conversations["participant_id"].value_counts()
    messages = conversations["seeker_count"].sum() + conversations["supporter_count"].sum()
    first = conversations[conversations["conversation_number"] == BASELINE_NUMBER]
    coached = conversations[conversations["coach_feedback"].notna()]
    rows = [
        ("participants", "all", len(people)),
        *(("participants", arm, (people["arm"] == arm).sum()) for arm in ARM_KEYS),
        ("conversations", "all", len(conversations)),
        ("messages", "all", messages),
        ("median_supporter_turns", "all", conversations["supporter_count"].median()),
        ("conversations_per_participant", "lowest", per_person.min()),
        ("conversations_per_participant", "highest", per_person.max()),
        *(("first_scenario", key, (first["scenario"] == key).sum()) for key in SCENARIO_KEYS),
        *(
            ("first_trouble_type", key, (first["trouble_type"] == key).sum())
            for key in TROUBLE_TYPE_KEYS
        ),
        *(
            ("feedback", f"{arm}:{number}", count)
            for (arm, number), count in coached.groupby(
                ["arm", "conversation_number"], observed=True
            )
            .size()
            .items()
        ),
    ]
    table = pd.DataFrame(rows, columns=["quantity", "group", "count"])
    return table.astype({"count": "float64"})
