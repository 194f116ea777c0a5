"""The comparison as files: ``published_vs_rebuilt.csv`` and a readable page."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from lendanear import provenance
from lendanear.checks.compare import CALIBRATED, DIFFERS, NOT_COMPUTABLE, REPRODUCED, compare
from lendanear.checks.published import read_published
from lendanear.figures.style import marks_of
from lendanear.figures.tables import PAGE_STYLE
from lendanear.files import written_aside
from lendanear.study import Study

CSV_NAME: Final = "published_vs_rebuilt.csv"
HTML_NAME: Final = "published_vs_rebuilt.html"
VERDICTS: Final = (REPRODUCED, CALIBRATED, DIFFERS, NOT_COMPUTABLE)


def _number(value: float | None) -> str:
    if value is None or pd.isna(value):
        return ""
    if float(value).is_integer() and abs(value) >= 1:
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 100 else f"{value:,.2f}"


def write_comparison(study: Study) -> tuple[Path, Path]:
    """Compare, and write the CSV and the HTML page into the source's figures folder.

    Parameters
    ----------
    study : Study
        An opened data source.

    Returns
    -------
    tuple of Path
        The CSV and the page.

    Raises
    ------
    OutputError
        If the folder cannot be written; earlier files stay.
    """
    table = compare(study)
    csv_path, html_path = study.figures / CSV_NAME, study.figures / HTML_NAME
    with written_aside(csv_path) as aside:
        table.to_csv(aside, index=False, lineterminator="\n")
    with written_aside(html_path) as aside:
        aside.write_text(render(table, study), encoding="utf-8")
    return csv_path, html_path


def render(table: pd.DataFrame, study: Study) -> str:
    """Return the HTML page of a comparison: counts, then one section per paper item.

    Parameters
    ----------
    table : DataFrame
        From `lendanear.checks.compare.compare`.
    study : Study
        The source it was made from.
    """
    details = {number.id: number for number in read_published()}
    groups: dict[str, list[dict[str, str]]] = {}
    counts: dict[str, dict[str, int]] = {}
    for row in table.to_dict("records"):
        number = details[row["id"]]
        section = "Press coverage" if number.from_press else row["item"]
        groups.setdefault(section, []).append(
            {
                **{key: str(row[key]) for key in ("id", "quantity", "verdict", "reason")},
                **{key: _number(row[key]) for key in ("published", "rebuilt", "difference")},
                "tolerance": f"{row['tolerance']:.2g}",
                "note": number.note,
            }
        )
        section_counts = counts.setdefault(section, dict.fromkeys(VERDICTS, 0))
        section_counts[row["verdict"]] += 1
    judged = table[~table["id"].map(lambda key: details[key].from_press)]
    stamp = {
        "data": "synthetic" if study.synthetic else "real",
        "draft": study.draft,
        "source": study.name,
        "files": study.files,
        **provenance.git_state(),
        "versions": provenance.package_versions(),
    }
    environment = Environment(
        loader=PackageLoader("lendanear.checks", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja").render(
        study=study,
        marks=marks_of(stamp),
        style=PAGE_STYLE,
        totals={v: int((judged["verdict"] == v).sum()) for v in VERDICTS},
        n=len(judged),
        groups=groups,
        counts=counts,
        stamp=provenance.as_text(stamp),
    )
