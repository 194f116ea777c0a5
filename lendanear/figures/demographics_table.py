"""The table of the demographic regressions as readers see it."""

from __future__ import annotations

from typing import Final

import pandas as pd

from lendanear.figures.numbers import number
from lendanear.figures.regression_table import p_text
from lendanear.figures.style import stars
from lendanear.vocabulary import ARM_KEYS, label

REGRESSION_NAMES: Final = {
    "baseline": "Overall empathy at baseline (SD)",
    "change": "Change (SD), at age 0, male",
    "change_centred": "Change (SD), average participant",
}
"""How readers see each regression."""
TERM_NAMES: Final = {
    "const": "Intercept",
    "baseline": "Baseline (SD)",
    "age": "Age (years)",
    "female": "Female",
}
"""How readers see the terms that are no arm."""


def term_words(term: str) -> str:
    """Return a term in words: ``coach:age`` is ``AI Coach x Age (years)``."""
    return " \N{MULTIPLICATION SIGN} ".join(
        label(part) if part in ARM_KEYS else TERM_NAMES[part] for part in term.split(":")
    )


def demographics_table(coefficients: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """Return the regressions side by side, with z-scores taken over their participants.

    Parameters
    ----------
    coefficients, fits : DataFrame
        Result frames ``demographics.coefficients`` and ``demographics.fits``.

    Returns
    -------
    DataFrame
        A row per term, a column per regression. Cells read ``estimate (standard error) stars, p``;
        below the terms R2 and the number of participants.
    """
    own = coefficients[coefficients["scaling"] == "regression"]
    quality = fits[fits["scaling"] == "regression"].set_index("regression")
    # the longest regression has every term, in the order of the published table
    terms = list(own.loc[own["regression"] == "change", "term"])
    rows = own.set_index(["regression", "term"])
    table: dict[str, list[str]] = {
        "Term": [*map(term_words, terms), "R\N{SUPERSCRIPT TWO}", "Participants"]
    }
    for regression, name in REGRESSION_NAMES.items():
        cells = []
        for term in terms:
            if (regression, term) not in rows.index:
                cells.append("")
                continue
            row = rows.loc[(regression, term)]
            p = p_text(row["p"])
            cells.append(
                f"{number(row['estimate'], 3)} ({row['se']:.3f}){stars(row['p'])}, "
                f"p {p if p.startswith('<') else '= ' + p}"
            )
        fit = quality.loc[regression]
        table[name] = [*cells, f"{fit['r2']:.3f}", f"{fit['n']:,.0f}"]
    return pd.DataFrame(table)
