"""The comparison as files: ``published_vs_rebuilt.csv`` and a readable page."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from lendanear import provenance
from lendanear.checks.compare import (
    CALIBRATED,
    DIFFERS,
    NOT_COMPUTABLE,
    REPRODUCED,
    SYNTHETIC_REASON,
    compare,
)
from lendanear.checks.counterparts import INSIDE, ITEM, OUTSIDE, PREFIX
from lendanear.checks.published import read_published
from lendanear.figures.style import marks_of
from lendanear.figures.tables import PAGE_STYLE
from lendanear.files import written_aside
from lendanear.study import Study

CSV_NAME: Final = "published_vs_rebuilt.csv"
HTML_NAME: Final = "published_vs_rebuilt.html"
PRESS_SECTION: Final = "Press coverage"
VERDICTS: Final = (REPRODUCED, CALIBRATED, DIFFERS, NOT_COMPUTABLE, INSIDE, OUTSIDE)


_SECTIONS: Final = ("Abstract", "Figure", "Extended Data", "SI", "Pilot", PRESS_SECTION, ITEM)
"""How the names of the page's sections begin, in the order of the paper."""


def _section_order(section: str) -> tuple[int, str]:
    found = [i for i, start in enumerate(_SECTIONS) if section.startswith(start)]
    return (found[0] if found else len(_SECTIONS), section)


def _digits(tolerance: float) -> int:
    """Return how many decimals a number was printed with, from half a unit of its last digit."""
    return max(0, round(-math.log10(2 * tolerance))) if tolerance else 0


def _number(value: float | None, digits: int, *, plus: bool = False) -> str:
    if value is None or pd.isna(value):
        return ""
    text = f"{value:{'+' if plus and round(value, digits) else ''},.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")


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
        number = details[row["id"].removeprefix(PREFIX)]
        section = PRESS_SECTION if number.from_press else row["item"]
        digits = _digits(number.tolerance)
        whole = number.tolerance == 0 and number.estimate == int(number.estimate)
        finer = digits if whole else digits + 1
        remarks = [row["reason"], "" if row["item"] == ITEM else number.note]
        if study.synthetic:
            # the page says once at its head what every row of the CSV file has to say for itself
            remarks[0] = row["reason"].removeprefix(SYNTHETIC_REASON).removeprefix("; ")
        groups.setdefault(section, []).append(
            {
                **{key: str(row[key]) for key in ("id", "quantity", "verdict")},
                "published": _number(row["published"], digits),
                "rebuilt": _number(row["rebuilt"], finer),
                "difference": _number(row["difference"], finer, plus=True),
                "tolerance": f"{row['tolerance']:.2g}",
                "remark": "; ".join(filter(None, remarks)),
            }
        )
        section_counts = counts.setdefault(section, dict.fromkeys(VERDICTS, 0))
        section_counts[row["verdict"]] += 1
    groups = {section: groups[section] for section in sorted(groups, key=_section_order)}
    # neither press numbers nor counterparts say whether the paper was rebuilt
    judged = table[
        [row.id in details and not details[row.id].from_press for row in table.itertuples()]
    ]
    stamp = {"data": "synthetic" if study.synthetic else "real", "draft": study.draft}
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
        press=PRESS_SECTION,
        counterparts=ITEM,
        groups=groups,
        counts=counts,
        git=provenance.git_state(),
        versions=provenance.package_versions(),
    )
