"""The table of reliability and responders, with all digits and as readers see it."""

from __future__ import annotations

from typing import Final

import pandas as pd

from lendanear.figures.numbers import number, percent
from lendanear.vocabulary import ARM_KEYS, CONTROL, label

NAMES: Final = {
    "intercept": "Mean overall empathy (points)",
    "var_person": "Variance between people (points squared)",
    "var_residual": "Variance within people (points squared)",
    "reliability_1": "Reliability of one conversation",
    "reliability_2": "Reliability of the mean of two",
    "se_change": "Standard error of a change (points)",
    "threshold": "Smallest reliable change (points)",
    "improved": "Improved reliably",
    "no_reliable_change": "No reliable change",
    "worsened": "Worsened reliably",
    "mean_change": "Mean change (points)",
    "sd_change": "SD of change (points)",
}
"""How readers see each quantity, in the order of the table."""
SHARES: Final = ("improved", "no_reliable_change", "worsened")
"""Quantities that are shares of an arm's participants."""


def reliability_rows(
    components: pd.DataFrame, responders: pd.DataFrame, summary: pd.DataFrame
) -> pd.DataFrame:
    """Put the frames of the model ``reliability`` into one table.

    Parameters
    ----------
    components, responders, summary : DataFrame
        Result frames of the model with these names.

    Returns
    -------
    DataFrame
        ``arm``, ``quantity`` (keys of `NAMES`), ``estimate``, ``se``, ``ci_low``, ``ci_high``,
        ``count`` and ``n`` (participants). The variance components are those of Control.
    """
    shares = responders.rename(columns={"outcome": "quantity"})
    mean = summary.assign(quantity="mean_change").drop(columns="sd")
    spread = summary[["arm", "n"]].assign(quantity="sd_change", estimate=summary["sd"])
    columns = ["arm", "quantity", "estimate", "se", "ci_low", "ci_high", "count", "n"]
    parts = [part.astype({"arm": "str"}) for part in (shares, mean, spread)]
    places = {key: place for place, key in enumerate([*ARM_KEYS, *NAMES])}
    changes = pd.concat(parts).sort_values(["arm", "quantity"], key=lambda keys: keys.map(places))
    table = pd.concat([components.assign(arm=CONTROL.key), changes], ignore_index=True)
    return table.reindex(columns=columns).astype({"count": "Int64", "n": "Int64"})


def reliability_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return `reliability_rows` rounded and labelled.

    Parameters
    ----------
    rows : DataFrame
        From `reliability_rows`.
    """
    shown = []
    for row in rows.itertuples():
        share = row.quantity in SHARES
        text = (lambda x: f"{percent(x)}%") if share else (lambda x: number(x, 3))
        shown.append(
            {
                "Arm": label(row.arm),
                "Quantity": NAMES[row.quantity],
                "Estimate": text(row.estimate),
                "95% interval": ""
                if pd.isna(row.ci_low)
                else f"{text(row.ci_low)} to {text(row.ci_high)}",
                "Participants": ""
                if pd.isna(row.n)
                else (f"{row.count:,} of {row.n:,}" if share else f"{row.n:,}"),
            }
        )
    return pd.DataFrame(shown)
