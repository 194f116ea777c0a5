"""What every Bayesian fit left: estimates and diagnostics as CSV, and a page per fit."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Final

import pandas as pd

from lendanear.bayes import gate, quantities
from lendanear.bayes.registry import BAYES_MODELS
from lendanear.figures.style import marks_of
from lendanear.figures.tables import PAGE_STYLE
from lendanear.files import written_aside
from lendanear.tables.store import read_table


def write_collection(
    frames: Mapping[str, Path], estimates: Path, diagnostics: Path, data: str
) -> None:
    """Write ``bayes_estimates.csv`` and ``bayes_diagnostics.csv``.

    Parameters
    ----------
    frames : mapping of str to Path
        ``<model>.estimates`` and ``<model>.diagnostics`` of every fit, whether it passed or not.
    estimates, diagnostics : Path
        Files to write. Estimates of a fit that did not pass the gate are left out; its diagnostics
        are not.
    data : str
        ``synthetic`` or ``real``, a last column of both.

    Raises
    ------
    OutputError
        If a file cannot be written; the earlier one stays.
    """
    models = [name for name in BAYES_MODELS if f"{name}.diagnostics" in frames]
    judged = {name: read_table(frames[f"{name}.diagnostics"]) for name in models}
    passed = [name for name in models if bool(judged[name]["passed"].iloc[0])]
    published = [read_table(frames[f"{name}.estimates"]) for name in passed]
    collected = {
        estimates: (published, quantities.COLUMNS),
        diagnostics: (list(judged.values()), gate.COLUMNS),
    }
    for path, (parts, columns) in collected.items():
        table = pd.concat(parts) if parts else pd.DataFrame(columns=list(columns))
        with written_aside(path) as aside:
            table[list(columns)].assign(data=data).to_csv(aside, index=False)


_STYLE: Final = "td:nth-child(2) { text-align: left } th:nth-child(n+3) { text-align: right }"
"""Names to the left, numbers to the right."""


def write_diagnostics_page(
    diagnostics: pd.DataFrame,
    convergence: pd.DataFrame,
    path: Path,
    *,
    synthetic: bool,
    draft: bool,
) -> None:
    """Write the page that shows how a fit went.

    Parameters
    ----------
    diagnostics : DataFrame
        One row: ``gate.COLUMNS`` and ``problems``.
    convergence : DataFrame
        quantity, group, rhat, ess_bulk, ess_tail.
    path : Path
        The page.
    synthetic, draft : bool
        Whether the data are simulated, and whether the run was shortened: the page says so.
    """
    row = diagnostics.iloc[0]
    marks = marks_of({"data": "synthetic" if synthetic else "real", "draft": draft})
    title = f"Diagnostics: {BAYES_MODELS[row['model']].title}"
    verdict = "passed the gate" if row["passed"] else "did NOT pass the gate and is not published"
    problems = "".join(f"<li>{escape(text)}</li>" for text in row["problems"].splitlines())
    worst = convergence.sort_values("ess_bulk").rename(
        columns={"rhat": "R-hat", "ess_bulk": "bulk ESS", "ess_tail": "tail ESS"}
    )
    limits = (
        f"Limits: R-hat &lt; {gate.RHAT_MAX}, bulk and tail effective draws &ge; {gate.ESS_MIN} "
        f"for every reported quantity, no divergent transitions, E-BFMI &gt; {gate.EBFMI_MIN}."
    )
    summary = (
        f"Largest R-hat {row['rhat_max']:.4f}; fewest effective draws {row['ess_bulk_min']:,.0f} "
        f"(bulk) and {row['ess_tail_min']:,.0f} (tail); divergent transitions "
        f"{row['divergences']}; E-BFMI {row['ebfmi_min']:.2f}; sampling took "
        f"{row['seconds']:.1f} s."
    )
    table = worst.to_html(
        index=False, border=0, formatters={"R-hat": "{:.4f}".format}, float_format="{:,.0f}".format
    )
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f'</title><meta name="viewport" content="width=device-width">'
        f"<style>{PAGE_STYLE}{_STYLE}</style>"
        f"</head><body><h1>{escape(title)}</h1>"
        + "".join(f'<p class="mark">{escape(mark)}</p>' for mark in marks)
        + f"<p>The fit <strong>{verdict}</strong>.</p>"
        + (f"<ul>{problems}</ul>" if problems else "")
        + f'<p>{summary}</p><p>{limits}</p><div class="scroll">{table}</div></body></html>\n'
    )
    with written_aside(path) as aside:
        aside.write_text(page, encoding="utf-8")
