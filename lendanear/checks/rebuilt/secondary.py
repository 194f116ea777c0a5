"""Rebuilt numbers known only from press coverage, by definitions of our own: ``secondary.*``.

A share counts conversations at "quite a bit" or "very much", over all of them. The improvement with
the AI coach is the difference between its mean change of overall empathy and Control's, in SDs of
Control's changes. How realistic the scenarios were rated is in no public file.
"""

from __future__ import annotations

from lendanear.checks.values import Rebuilt
from lendanear.errors import MissingDataError
from lendanear.study import Study
from lendanear.vocabulary import COACH, CONTROL

SHARES = {
    ("self_encourage_elaboration", "self"): "self_elaboration_high",
    ("self_encourage_elaboration", "judge"): "judged_elaboration_high",
    ("self_showed_understanding", "self"): "self_understanding_high",
    ("self_showed_understanding", "judge"): "judged_understanding_high",
}
"""Self-report and who rated -> name of the share of high levels."""


def rebuilt(study: Study) -> dict[str, Rebuilt]:
    """Return id -> rebuilt number, from the models ``silent_empathy`` and ``reliability``."""
    levels = study.result("silent_empathy", "levels")
    everything = levels[(levels["arm"] == "all") & (levels["conversation"] == "all")]
    values = {
        f"secondary.{SHARES[row.self_report, row.rated_by]}": Rebuilt(row.estimate)
        for row in everything.itertuples()
        if (row.self_report, row.rated_by) in SHARES
    }
    try:
        change = study.result("reliability", "summary").set_index("arm")
    except MissingDataError:
        # a failed model takes its own number with it, not the four above
        return values
    if {COACH.key, CONTROL.key} <= set(change.index):
        difference = change.loc[COACH.key, "estimate"] - change.loc[CONTROL.key, "estimate"]
        values["secondary.coach_sd"] = Rebuilt(difference / change.loc[CONTROL.key, "sd"])
    return values
