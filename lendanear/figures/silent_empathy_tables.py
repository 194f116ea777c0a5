"""Readable tables of silent empathy: correlations, first conversations, levels, overestimation."""

from __future__ import annotations

from typing import Final

import pandas as pd

from lendanear.figures.positions import correlation_number
from lendanear.figures.regression_table import p_text
from lendanear.vocabulary import SCORE_LABELS, label

TRAIT_LABELS: Final = {"jordan": "Jordan empathy (items 1\N{EN DASH}7)", "sites": "SITES (item 8)"}
"""What readers call the trait scales."""
_SAMPLES: Final = {
    ("participant", "all"): "Participants, mean of their conversations",
    ("conversation", "all"): "All conversations",
    ("conversation", "first"): "First conversations only",
}


def predictor_label(key: str) -> str:
    """Return the label of a trait scale or self-report."""
    return TRAIT_LABELS.get(key) or f"{label(key)} (self-report)"


def correlation_table(correlations: pd.DataFrame) -> pd.DataFrame:
    """Return correlations as readers see them: a row per predictor and sample, both methods.

    Parameters
    ----------
    correlations : DataFrame
        Result frame ``silent_empathy.correlations``, or some of its rows.
    """
    keys = ["predictor", "judged", "unit", "conversations"]
    rows = correlations.drop_duplicates(keys)
    indexed = correlations.set_index([*keys, "method"])
    table: dict[str, list[str]] = {
        "Predictor": [predictor_label(key) for key in rows["predictor"]],
        "Judged score": [label(key) for key in rows["judged"]],
        "Over": [
            _SAMPLES[sample] for sample in zip(rows["unit"], rows["conversations"], strict=True)
        ],
        "n": [f"{n:,}" for n in rows["n"]],
    }
    for method, name in {"pearson": "Pearson r", "spearman": "Spearman rho"}.items():
        found = [indexed.loc[(*key, method)] for key in rows[keys].itertuples(index=False)]
        table[f"{name} [95% interval]"] = [_with_interval(row) for row in found]
        table[f"p ({name.split()[0]})"] = [p_text(row["p"]) for row in found]
        if method == "pearson":
            table["R\N{SUPERSCRIPT TWO}"] = [f"{row['r2']:.4f}" for row in found]
    return pd.DataFrame(table)


def _with_interval(row: pd.Series) -> str:
    estimate, low, high = (
        correlation_number(row[key], 3) for key in ("estimate", "ci_low", "ci_high")
    )
    return f"{estimate} [{low}, {high}]"


def level_table(levels: pd.DataFrame, gaps: pd.DataFrame, *, arm: str = "all") -> pd.DataFrame:
    """Return shares of high levels and their gap: a row per behaviour and conversation number.

    Parameters
    ----------
    levels, gaps : DataFrame
        Result frames ``silent_empathy.levels`` and ``silent_empathy.gaps``.
    arm : str
        Key of the arm, or ``all``.

    Returns
    -------
    DataFrame
        Shares in percent, gaps in percentage points and in points of the scale, with intervals;
        self-reports that no judged score matches are left out.
    """
    shares = levels[levels["arm"] == arm].set_index(["self_report", "rated_by", "conversation"])
    here = gaps[gaps["arm"] == arm]
    gap = here.set_index(["self_report", "quantity", "conversation"])
    rows = []
    for report, number in here[["self_report", "conversation"]].drop_duplicates().to_numpy():
        own = shares.loc[(report, "self", number)]
        judged = shares.loc[(report, "judge", number)]
        rows.append(
            {
                "Behaviour": label(own["judged"]),
                "Conversations": "All" if number == "all" else f"Number {number}",
                "n": f"{own['n']:,}",
                "Self-reported": _percent(own),
                "Judged": _percent(judged),
                "Gap (percentage points)": _points(gap.loc[(report, "share_high", number)], 100, 0),
                "Gap (points of 1\N{EN DASH}5)": _points(gap.loc[(report, "score", number)], 1, 2),
            }
        )
    return pd.DataFrame(rows)


def _percent(row: pd.Series) -> str:
    low, high = 100 * row["ci_low"], 100 * row["ci_high"]
    return f"{100 * row['estimate']:.0f}% [{low:.0f}, {high:.0f}]"


def _points(row: pd.Series, factor: float, digits: int) -> str:
    estimate, low, high = (factor * row[key] for key in ("estimate", "ci_low", "ci_high"))
    return f"{estimate:+.{digits}f} [{low:+.{digits}f}, {high:+.{digits}f}]"


def overestimation_table(overestimation: pd.DataFrame) -> pd.DataFrame:
    """Return how many participants rate themselves above their judge, on either scale.

    Parameters
    ----------
    overestimation : DataFrame
        Result frame ``silent_empathy.overestimation``.
    """
    scales = {"z": "z-scores over participants", "points": "points of the scale"}
    return pd.DataFrame(
        {
            "Self-report": overestimation["self_report"].map(label),
            "Judged score": overestimation["judged"].map(label),
            "Compared as": overestimation["scale"].map(scales),
            "Self above judge": [
                f"{row.count:,} of {row.participants:,}" for row in overestimation.itertuples()
            ],
            "Share [95% interval]": [_percent(row) for _, row in overestimation.iterrows()],
        }
    )


def report_count_table(report_counts: pd.DataFrame) -> pd.DataFrame:
    """Return how often each level was reported: a row per level, a column per self-report.

    Parameters
    ----------
    report_counts : DataFrame
        Result frame ``silent_empathy.report_counts``.
    """
    texts = report_counts.assign(
        text=[f"{row.count:,} ({100 * row.share:.1f}%)" for row in report_counts.itertuples()]
    )
    table = {"Level": [f"{score} {words}" for score, words in enumerate(SCORE_LABELS, start=1)]}
    for report, rows in texts.groupby("self_report", sort=False):
        table[label(str(report))] = rows.sort_values("score")["text"].tolist()
    return pd.DataFrame(table)
