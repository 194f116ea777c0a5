r"""Reliability of a conversation's score, and who changed more than measurement error explains.

The Control arm got no training, so what varies between the three conversations of its participants
is taken as error. A random-intercept model of overall empathy in that arm (REML, see
`lendanear.measures.random_intercept`) splits the variance into :math:`\tau^2` between people and
:math:`\sigma^2` within them:

* reliability of one conversation :math:`r_1 = \tau^2 / (\tau^2 + \sigma^2)`, of the mean of two
  :math:`r_2 = 2 r_1 / (1 + r_1)` (Spearman-Brown);
* standard error of a change :math:`\sqrt{\sigma^2 + \sigma^2 / 2}`: one conversation before, the
  mean of two after;
* a participant *improved* where change / SE >= 1.96 and *worsened* where it is <= -1.96 (the
  reliable-change index of Jacobson and Truax 1991, J. Consult. Clin. Psychol. 59:12-19).

Shares carry Wilson intervals, mean changes t intervals (one change per participant).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from lendanear.errors import LendAnEarError
from lendanear.measures.change import participant_changes
from lendanear.measures.intervals import NORMAL_QUANTILE, mean_interval, share_interval
from lendanear.measures.random_intercept import fit_random_intercept
from lendanear.vocabulary import ARM_KEYS, CONTROL

RELIABLE_Z: Final = 1.96
"""Change in standard errors from which it counts as reliable."""
OUTCOMES: Final = ("improved", "no_reliable_change", "worsened")
"""What a participant's change can be."""


def fit(conversations: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Estimate reliability in the Control arm and classify everybody's change.

    Parameters
    ----------
    conversations : DataFrame
        The typed table.

    Returns
    -------
    dict of DataFrame
        ``components`` (quantity, estimate, se, ci_low, ci_high): ``intercept``, ``var_person``,
        ``var_residual``, ``reliability_1``, ``reliability_2``, ``se_change`` and ``threshold``
        (the smallest reliable change, 1.96 standard errors), in points of overall empathy or their
        squares; only the intercept has a standard error, the others have likelihood intervals;
        ``changes`` (participant_id, arm, baseline, post, change, z, outcome), one row per
        participant;
        ``responders`` (arm, outcome, count, n, estimate, ci_low, ci_high), shares from 0 to 1;
        ``summary`` (arm, n, estimate, sd, se, ci_low, ci_high), the mean change.

    Raises
    ------
    LendAnEarError
        If the data has no Control arm, or one in which no variance can be estimated.
    """
    components = _components(conversations)
    se_change = components.set_index("quantity").loc["se_change", "estimate"]
    changes = participant_changes(conversations)
    changes["z"] = changes["change"] / se_change
    changes["outcome"] = np.select(
        [changes["z"] >= RELIABLE_Z, changes["z"] <= -RELIABLE_Z],
        ["improved", "worsened"],
        "no_reliable_change",
    )
    return {
        "components": components,
        "changes": changes,
        "responders": _responders(changes),
        "summary": mean_interval(changes, ["arm"], "change"),
    }


def _components(conversations: pd.DataFrame) -> pd.DataFrame:
    """Return the variance components of the Control arm and what follows from them."""
    control = conversations[conversations["arm"] == CONTROL.key]
    if control.empty:
        raise LendAnEarError(
            "reliability is estimated in the Control arm, and this data has no participant in it"
        )
    model = fit_random_intercept(
        control["participant_id"].astype("category").cat.codes.to_numpy(),
        control["overall_empathy"].to_numpy(dtype=float),
    )
    reach = NORMAL_QUANTILE * model.mean_se
    reliability = np.array([model.reliability, *model.interval("reliability")])
    residual = np.array([model.var_residual, *model.interval("var_residual")])
    person = np.array([model.var_person, *model.interval("var_person")])
    se_change = np.sqrt(1.5 * residual)
    rows = {
        "intercept": model.mean + reach * np.array([0, -1, 1]),
        "var_person": person,
        "var_residual": residual,
        "reliability_1": reliability,
        "reliability_2": 2 * reliability / (1 + reliability),
        "se_change": se_change,
        "threshold": RELIABLE_Z * se_change,
    }
    table = pd.DataFrame(rows, index=["estimate", "ci_low", "ci_high"]).T
    table.insert(1, "se", np.where(table.index == "intercept", model.mean_se, np.nan))
    return table.rename_axis("quantity").reset_index()


def _responders(changes: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each outcome in each arm with its Wilson interval."""
    sizes = changes["arm"].value_counts()
    table = pd.DataFrame(
        [(arm, outcome) for arm in ARM_KEYS if sizes.get(arm, 0) for outcome in OUTCOMES],
        columns=["arm", "outcome"],
    )
    counts = changes.astype({"arm": "str"}).groupby(["arm", "outcome"]).size()
    table["count"] = [
        int(counts.get(pair, 0)) for pair in zip(table.arm, table.outcome, strict=True)
    ]
    table["n"] = table["arm"].map(sizes).astype("int64")
    return table.join(share_interval(table["count"], table["n"]))
