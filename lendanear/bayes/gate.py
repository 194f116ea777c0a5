"""The gate: a fit that has not converged is not published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from lendanear.bayes.sampling import arviz
from lendanear.errors import LendAnEarError
from lendanear.paths import relative_to_checkout

if TYPE_CHECKING:
    import arviz as az

RHAT_MAX: Final = 1.01
"""Split rank-normalised R-hat must stay below (Vehtari et al. 2021, Bayesian Analysis 16:667)."""
ESS_MIN: Final = 400
"""Bulk and tail effective draws of every reported quantity must reach (same source)."""
EBFMI_MIN: Final = 0.2
"""Energy Bayesian fraction of missing information must exceed (Betancourt 2016, 1604.00695)."""
DIVERGENCES_MAX: Final = 0

COLUMNS: Final = (
    "model",
    "rhat_max",
    "ess_bulk_min",
    "ess_tail_min",
    "divergences",
    "ebfmi_min",
    "passed",
    "seconds",
)
"""Columns of ``bayes_diagnostics.csv``."""


class GateError(LendAnEarError):
    """A fit that must not be published; the message names parameters and remedies."""


@dataclass(frozen=True)
class Diagnosis:
    """What the gate saw.

    Parameters
    ----------
    row : mapping
        Keys `COLUMNS`.
    quantities : DataFrame
        Columns quantity, group, rhat, ess_bulk, ess_tail; one row per reported quantity that
        varies.
    problems : tuple of str
        What keeps the fit from being published, each with a remedy; empty if it passed.
    """

    row: Mapping[str, Any]
    quantities: pd.DataFrame
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the fit may be published."""
        return not self.problems


def diagnose(
    model: str, reported: Mapping[tuple[str, str], np.ndarray], drawn: az.InferenceData
) -> Diagnosis:
    """Judge a fit by every reported quantity and by the sampler's own statistics.

    Parameters
    ----------
    model : str
        Name of the model, for the messages.
    reported : mapping of (quantity, group) to ndarray, shape (chains, draws)
        Draws of everything that will be reported.
    drawn : arviz.InferenceData
        The posterior with its ``sample_stats``.

    Returns
    -------
    Diagnosis
    """
    az = arviz()
    rows = []
    for (quantity, group), values in reported.items():
        draws = np.asarray(values, dtype=float)
        if not np.isfinite(draws).all():
            rows.append((quantity, group, np.inf, 0.0, 0.0))
        elif np.ptp(draws) > 0:
            rhat = float(az.rhat(draws))
            bulk = float(az.ess(draws, method="bulk"))
            tail = float(az.ess(draws, method="tail"))
            if np.unique(draws).size == 2:  # an indicator has no tails: its quantiles are constant
                tail = bulk
            rows.append((quantity, group, rhat, bulk, tail))
    table = pd.DataFrame(rows, columns=["quantity", "group", "rhat", "ess_bulk", "ess_tail"])
    stats = drawn.sample_stats
    ebfmi = float(np.min(az.bfmi(drawn)))
    divergences = int(stats["diverging"].sum())
    row = {
        "model": model,
        "rhat_max": float(table["rhat"].max()),
        "ess_bulk_min": float(table["ess_bulk"].min()),
        "ess_tail_min": float(table["ess_tail"].min()),
        "divergences": divergences,
        "ebfmi_min": ebfmi,
    }
    problems = []
    for column, bad, remedy in (
        ("rhat", ~(table["rhat"] < RHAT_MAX), "the chains disagree: sample longer (tune, draws)"),
        ("ess_bulk", ~(table["ess_bulk"] >= ESS_MIN), "too few effective draws: draw more"),
        ("ess_tail", ~(table["ess_tail"] >= ESS_MIN), "too few effective draws in the tails"),
    ):
        if bad.any():
            problems.append(_worst(table[bad], column, remedy))
    if divergences > DIVERGENCES_MAX:
        problems.append(
            f"{divergences} divergent transitions: the posterior has a region that the sampler "
            "cannot enter; raise target_accept, or change the parameterisation"
        )
    if not ebfmi > EBFMI_MIN:
        problems.append(
            f"E-BFMI {ebfmi:.2f}, needed > {EBFMI_MIN}: heavy tails; tighten the prior that allows "
            "them, or change the parameterisation"
        )
    row["passed"] = not problems
    row["seconds"] = float(drawn.posterior.attrs.get("seconds", np.nan))
    return Diagnosis(row, table, tuple(problems))


def require(diagnostics: pd.DataFrame, page: Path) -> None:
    """Stop here unless a fit may be published.

    Parameters
    ----------
    diagnostics : DataFrame
        One row: `COLUMNS` and ``problems``, one a line.
    page : Path
        Where the diagnostics can be read in full.

    Raises
    ------
    GateError
        Naming what failed, the worst quantities and what helps.
    """
    row = diagnostics.iloc[0]
    if not row["passed"]:
        raise GateError(
            f"the fit of {row['model']!r} does not pass the gate and is not published: "
            + "; ".join(row["problems"].splitlines())
            + f". Every quantity: {relative_to_checkout(page)}"
        )


def _worst(bad: pd.DataFrame, column: str, remedy: str) -> str:
    """Name the three worst quantities."""
    order = bad.sort_values(column, ascending=column != "rhat", na_position="first").head(3)
    limit = f"< {RHAT_MAX}" if column == "rhat" else f">= {ESS_MIN}"
    digits = 4 if column == "rhat" else 0
    named = ", ".join(
        f"{row.quantity} [{row.group}] {getattr(row, column):.{digits}f}"
        for row in order.itertuples()
    )
    more = f" and {len(bad) - len(order)} more" if len(bad) > len(order) else ""
    return f"{column} of {named}{more}, needed {limit}: {remedy}"
