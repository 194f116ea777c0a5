"""Silent empathy: what people feel and report, set against what their words express.

It has two faces. (a) Trait empathy and self-reports hardly predict judged expression: correlations
of participants' traits and mean self-reports with their mean judged scores, and of self-reports
with judged scores conversation by conversation. (b) On the same scale of 1 to 5, people say of
themselves what judges rarely see: the share of "quite a bit" or "very much" among self-reports and
among judged scores of the same conversations.

Participants are independent of each other, conversations of one participant are not: intervals over
conversations respect that (see `lendanear.measures.correlation`, `lendanear.measures.clustered`).

Source: Figure 5 of arXiv 2603.15245. The published R2 over conversations are squares of the
correlations here.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from lendanear.measures.clustered import clustered_mean, clustered_share
from lendanear.measures.correlation import correlate
from lendanear.measures.intervals import CONFIDENCE, share_interval
from lendanear.measures.participant_means import participant_means
from lendanear.vocabulary import (
    ARM_KEYS,
    CONVERSATION_NUMBERS,
    DIMENSION_KEYS,
    SCORE_MAX,
    SCORE_MIN,
    SELF_REPORTS,
)

ALL: Final = "all"
"""Key for every arm together, or every conversation together."""
HIGH: Final = 4
"""Lowest level that counts as high: "quite a bit"."""
OVERALL: Final = "overall_empathy"
TRAITS: Final = {"jordan": OVERALL, "sites": OVERALL}
"""Trait scales of the participants table, and the judged score each is set against."""
REPORTS: Final = {report.key: report.judged for report in SELF_REPORTS}
"""Self-reports, and the judged score each is set against."""
SAME_SCALE: Final = {key: judged for key, judged in REPORTS.items() if judged in DIMENSION_KEYS}
"""Self-reports whose judged counterpart is rated on the same scale of 1 to 5."""
_LINE_POINTS: Final = 41


def fit(participants: pd.DataFrame, conversations: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Measure both faces of silent empathy.

    Parameters
    ----------
    participants, conversations : DataFrame
        The typed tables.

    Returns
    -------
    dict of DataFrame
        ``correlations`` (predictor, judged, unit, conversations, method, n, participants, estimate,
        ci_low, ci_high, p, r2): ``unit`` is ``participant`` (means over all conversations) or
        ``conversation``, ``conversations`` is ``all`` or ``first``, ``method`` is ``pearson`` or
        ``spearman``; ``r2`` is the squared estimate, for Pearson only;
        ``positions`` (predictor, judged, x, y, count): how many participants have each pair of
        predictor and mean judged score, values exact;
        ``lines`` (predictor, judged, x, estimate, ci_low, ci_high): the least-squares line of the
        mean judged score with the pointwise interval of its mean;
        ``report_counts`` (self_report, score, count, share): how often each level was reported;
        ``overestimation`` (self_report, judged, scale, participants, count, estimate, ci_low,
        ci_high): participants whose mean self-report exceeds their mean judged score, both as
        z-scores over participants (``z``) or as they are (``points``, same scale only);
        ``levels`` (self_report, judged, rated_by, arm, conversation, n, participants, estimate, se,
        ci_low, ci_high): share of high levels, ``rated_by`` is ``self`` or ``judge``;
        ``gaps`` (self_report, judged, quantity, arm, conversation, n, participants, estimate, se,
        ci_low, ci_high): self minus judged of the same conversations, as the share of high levels
        (``share_high``) or the mean in points (``score``).
        ``arm`` and ``conversation`` hold ``all`` for everything together.
    """
    people = _people(participants, conversations)
    return {
        "correlations": _correlations(participants, conversations, people),
        "positions": _positions(people),
        "lines": _lines(people),
        "report_counts": _report_counts(conversations),
        "overestimation": _overestimation(people),
        "levels": _levels(conversations),
        "gaps": _gaps(conversations),
    }


def _judged_name(judged: str) -> str:
    return f"judged.{judged}"


def _people(participants: pd.DataFrame, conversations: pd.DataFrame) -> pd.DataFrame:
    """Return one row per participant: traits, mean self-reports, mean judged scores (judged.*)."""
    judged = [*dict.fromkeys([*REPORTS.values(), *TRAITS.values()])]
    means = participant_means(conversations, [*REPORTS, *judged])
    means = means.rename(columns={key: _judged_name(key) for key in judged})
    traits = participants[["participant_id", *TRAITS]].astype(dict.fromkeys(TRAITS, "Float64"))
    merged = traits.merge(means, on="participant_id", how="inner", validate="one_to_one")
    return merged.astype(dict.fromkeys(TRAITS, "float64"))


def _correlations(
    participants: pd.DataFrame, conversations: pd.DataFrame, people: pd.DataFrame
) -> pd.DataFrame:
    numeric = [*REPORTS, *{*REPORTS.values(), *TRAITS.values()}]
    spoken = conversations[["participant_id", "conversation_number", *numeric]].merge(
        participants[["participant_id", *TRAITS]], on="participant_id", how="inner"
    )
    spoken = spoken.astype(dict.fromkeys([*numeric, *TRAITS], "Float64"))
    # whole numbers sort much faster than the text of ids
    people, spoken = (
        frame.assign(person=frame["participant_id"].astype("category").cat.codes)
        for frame in (people, spoken)
    )
    first = spoken[spoken["conversation_number"] == CONVERSATION_NUMBERS[0]]
    rows = []
    for predictor, judged in (TRAITS | REPORTS).items():
        samples = {("participant", ALL): (people, _judged_name(judged))}
        if predictor in REPORTS:
            samples["conversation", ALL] = (spoken, judged)
        samples["conversation", "first"] = (first, judged)
        for (unit, which), (frame, outcome) in samples.items():
            for method in ("pearson", "spearman"):
                found = correlate(
                    frame[predictor].to_numpy(dtype="float64", na_value=np.nan),
                    frame[outcome].to_numpy(dtype="float64", na_value=np.nan),
                    frame["person"],
                    method=method,
                )
                rows.append(
                    {
                        "predictor": predictor,
                        "judged": judged,
                        "unit": unit,
                        "conversations": which,
                        "method": method,
                        "n": found.n,
                        "participants": found.people,
                        "estimate": found.estimate,
                        "ci_low": found.ci_low,
                        "ci_high": found.ci_high,
                        "p": found.p,
                        "r2": found.estimate**2 if method == "pearson" else np.nan,
                    }
                )
    return pd.DataFrame(rows)


def _positions(people: pd.DataFrame) -> pd.DataFrame:
    frames = []
    for predictor, judged in (TRAITS | REPORTS).items():
        known = people[[predictor, _judged_name(judged)]].dropna().round(6)
        counted = known.value_counts().reset_index(name="count")
        counted.columns = pd.Index(["x", "y", "count"])
        counted.insert(0, "predictor", predictor)
        counted.insert(1, "judged", judged)
        frames.append(counted.sort_values(["x", "y"]))
    return pd.concat(frames, ignore_index=True)


def _lines(people: pd.DataFrame) -> pd.DataFrame:
    import statsmodels.api as sm

    frames = []
    for predictor, judged in (TRAITS | REPORTS).items():
        known = people[[predictor, _judged_name(judged)]].dropna()
        if known[predictor].nunique() < 2 or len(known) < 3:
            continue
        fitted = sm.OLS(
            known[_judged_name(judged)].to_numpy(), sm.add_constant(known[predictor].to_numpy())
        ).fit()
        x = np.linspace(known[predictor].min(), known[predictor].max(), _LINE_POINTS)
        mean = fitted.get_prediction(sm.add_constant(x)).summary_frame(alpha=1 - CONFIDENCE)
        frames.append(
            pd.DataFrame(
                {
                    "predictor": predictor,
                    "judged": judged,
                    "x": x,
                    "estimate": mean["mean"].to_numpy(),
                    "ci_low": mean["mean_ci_lower"].to_numpy(),
                    "ci_high": mean["mean_ci_upper"].to_numpy(),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _report_counts(conversations: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for report in REPORTS:
        answers = conversations[report].dropna()
        for score in range(SCORE_MIN, SCORE_MAX + 1):
            count = int((answers == score).sum())
            share = count / len(answers) if len(answers) else np.nan
            rows.append({"self_report": report, "score": score, "count": count, "share": share})
    return pd.DataFrame(rows)


def _overestimation(people: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for report, judged in REPORTS.items():
        known = people[[report, _judged_name(judged)]].dropna()
        if known.empty:
            continue
        own, others = known[report], known[_judged_name(judged)]
        scales = {"z": (_z(own), _z(others))}
        if report in SAME_SCALE:
            scales["points"] = (own, others)
        for scale, (mine, theirs) in scales.items():
            count = int((mine > theirs).sum())
            row = {
                "self_report": report,
                "judged": judged,
                "scale": scale,
                "participants": len(known),
                "count": count,
            }
            rows.append(row | share_interval([count], [len(known)]).iloc[0].to_dict())
    return pd.DataFrame(rows)


def _z(values: pd.Series) -> pd.Series:
    return (values - values.mean()) / values.std(ddof=1)


def _cells(conversations: pd.DataFrame) -> list[tuple[str, str, np.ndarray]]:
    """Return arm, conversation and rows (bool) of every cell, everything together included."""
    arms = {ALL: np.ones(len(conversations), dtype=bool)}
    arms |= {arm: (conversations["arm"] == arm).to_numpy() for arm in ARM_KEYS}
    numbers = {ALL: np.ones(len(conversations), dtype=bool)}
    numbers |= {
        str(number): (conversations["conversation_number"] == number).to_numpy()
        for number in CONVERSATION_NUMBERS
    }
    cells = [(arm, number, arms[arm] & numbers[number]) for arm in arms for number in numbers]
    return [cell for cell in cells if cell[2].any()]


def _levels(conversations: pd.DataFrame) -> pd.DataFrame:
    rows = []
    person = conversations["participant_id"].astype("category").cat.codes.to_numpy()
    cells = _cells(conversations)
    for report, judged in REPORTS.items():
        answered = conversations[report].notna().to_numpy()
        columns = {"self": report} | ({"judge": judged} if report in SAME_SCALE else {})
        for rated_by, column in columns.items():
            high = (conversations[column] >= HIGH).fillna(value=False).to_numpy(dtype=bool)
            for arm, number, chosen in cells:
                mask = chosen & answered
                share = clustered_share(high[mask], person[mask])
                rows.append(
                    {
                        "self_report": report,
                        "judged": judged,
                        "rated_by": rated_by,
                        "arm": arm,
                        "conversation": number,
                        "n": share.n,
                        "participants": share.people,
                        "estimate": share.estimate,
                        "se": share.se,
                        "ci_low": share.ci_low,
                        "ci_high": share.ci_high,
                    }
                )
    return pd.DataFrame(rows)


def _gaps(conversations: pd.DataFrame) -> pd.DataFrame:
    rows = []
    person = conversations["participant_id"].astype("category").cat.codes.to_numpy()
    cells = _cells(conversations)
    for report, judged in SAME_SCALE.items():
        answered = conversations[report].notna().to_numpy()
        own = conversations[report].to_numpy(dtype="float64", na_value=np.nan)
        others = conversations[judged].to_numpy(dtype="float64", na_value=np.nan)
        differences = {
            "share_high": (own >= HIGH).astype(float) - (others >= HIGH).astype(float),
            "score": own - others,
        }
        for quantity, difference in differences.items():
            for arm, number, chosen in cells:
                mask = chosen & answered
                mean = clustered_mean(difference[mask], person[mask])
                rows.append(
                    {
                        "self_report": report,
                        "judged": judged,
                        "quantity": quantity,
                        "arm": arm,
                        "conversation": number,
                        "n": mean.n,
                        "participants": mean.people,
                        "estimate": mean.estimate,
                        "se": mean.se,
                        "ci_low": mean.ci_low,
                        "ci_high": mean.ci_high,
                    }
                )
    return pd.DataFrame(rows)
