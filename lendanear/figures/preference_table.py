"""Readable table of the preference models: published and side-consistent forms side by side."""

from __future__ import annotations

from typing import Final

import pandas as pd

from lendanear.figures.numbers import number
from lendanear.figures.style import stars
from lendanear.vocabulary import DIMENSIONS, SCENARIO_KEYS, label

_FORMS: Final = {"published": "published", "side_consistent": "side-consistent"}
_TERMS: Final = {
    "const": "Intercept",
    "abs_score_diff": "Score difference, absolute",
    "score_diff": "Score difference, LLM's preference minus other",
    **{f"{d.key}_diff": f"{d.label}, difference" for d in DIMENSIONS},
    **{f"topic_{key}": f"Scenario: {label(key)}" for key in SCENARIO_KEYS},
}
"""Every term that may occur, in the order of the rows."""
_OUTCOMES: Final = {
    "select_higher_annotation": "higher-scored",
    "select_match": "LLM's preference",
}


def preference_table(coefficients: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """Return a row per term and a column per model and form.

    Parameters
    ----------
    coefficients, fits : DataFrame
        Result frames ``preferences.coefficients`` and ``preferences.fits``.

    Returns
    -------
    DataFrame
        Cells read ``log odds (standard error) stars``; below the terms the outcome, the number of
        choices, the log-likelihood and McFadden's pseudo-R2.
    """
    rows = coefficients.set_index(["model", "form", "term"])
    terms = [term for term in _TERMS if term in set(coefficients["term"])]
    names = [*(_TERMS[term] for term in terms), "Outcome: chose the"]
    names += ["Choices", "Log-likelihood", "Pseudo-R\N{SUPERSCRIPT TWO}"]
    table: dict[str, list[str]] = {"Term": names}
    order = {form: place for place, form in enumerate(_FORMS)}
    for fit in sorted(fits.itertuples(), key=lambda fit: (order[fit.form], fit.model)):
        cells = []
        for term in terms:
            if (fit.model, fit.form, term) not in rows.index:
                cells.append("")
                continue
            row = rows.loc[(fit.model, fit.form, term)]
            cells.append(f"{number(row['estimate'], 3)} ({number(row['se'], 3)}){stars(row['p'])}")
        cells += [_OUTCOMES[fit.outcome], f"{fit.n:,}"]
        cells += [number(fit.loglik, 1), number(fit.pseudo_r2, 3)]
        table[f"{fit.model} {_FORMS[fit.form]}"] = cells
    return pd.DataFrame(table)
