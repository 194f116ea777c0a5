"""Readable tables of the regressions of Extended Data Table 1 and of their contrasts."""

from __future__ import annotations

import pandas as pd

from lendanear.figures.style import stars
from lendanear.vocabulary import DIMENSION_KEYS, label


def p_text(p: float) -> str:
    """Return a p-value as journals print it: three decimals, or ``< .001``."""
    return "< .001" if p < 0.001 else f"{p:.3f}".replace("0.", ".", 1)


def term_label(term: str) -> str:
    """Return a regression term in words: ``coach:post`` is ``AI Coach x post``."""
    names = {"const": "Intercept", "post": "Post-baseline"}
    return " \N{MULTIPLICATION SIGN} ".join(
        names[part] if part in names else label(part) for part in term.split(":")
    )


def regression_table(coefficients: pd.DataFrame, fits: pd.DataFrame) -> pd.DataFrame:
    """Return Extended Data Table 1: a row per term, a column per dimension.

    Parameters
    ----------
    coefficients, fits : DataFrame
        Result frames ``effects.coefficients`` and ``effects.fits``.

    Returns
    -------
    DataFrame
        Cells read ``estimate (standard error) stars``; below the terms R2, residual SD and
        number of conversations.
    """
    outcomes = [*DIMENSION_KEYS, "overall_empathy"]
    terms = list(dict.fromkeys(coefficients["term"]))
    rows = coefficients.set_index(["dimension", "term"])
    quality = fits.set_index("dimension")
    table: dict[str, list[str]] = {
        "Term": [*map(term_label, terms), "R\N{SUPERSCRIPT TWO}", "Residual SD", "Conversations"]
    }
    for outcome in outcomes:
        cells = []
        for term in terms:
            row = rows.loc[(outcome, term)]
            cells.append(f"{row['estimate']:.3f} ({row['se']:.3f}){stars(row['p'])}")
        fit = quality.loc[outcome]
        cells += [f"{fit['r2']:.3f}", f"{fit['residual_sd']:.3f}", f"{fit['n']:,.0f}"]
        table[label(outcome)] = cells
    return pd.DataFrame(table)


def contrast_table(contrasts: pd.DataFrame) -> pd.DataFrame:
    """Return the pairwise contrasts with both Holm corrections, rounded and labelled.

    Parameters
    ----------
    contrasts : DataFrame
        Result frame ``effects.contrasts``.
    """
    pairs = contrasts["contrast"].str.split("_vs_")
    return pd.DataFrame(
        {
            "Dimension": contrasts["dimension"].map(label),
            "Contrast": [
                f"{label(first)} \N{MINUS SIGN} {label(second)}" for first, second in pairs
            ],
            "Difference (SD)": contrasts["estimate"].map("{:+.3f}".format),
            "95% interval": [
                f"{low:+.3f} to {high:+.3f}"
                for low, high in zip(contrasts["ci_low"], contrasts["ci_high"], strict=True)
            ],
            "z": contrasts["z"].map("{:.2f}".format),
            "p": contrasts["p"].map(p_text),
            "p, Holm in dimension": contrasts["p_holm_dimension"].map(p_text),
            "p, Holm over all 18": [
                "" if pd.isna(p) else p_text(p) for p in contrasts["p_holm_all"]
            ],
        }
    )
