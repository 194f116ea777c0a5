"""Saving tables: CSV with every digit and a readable HTML page, each with its stamp."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from lendanear import provenance
from lendanear.figures.style import marks_of
from lendanear.files import written_aside

PAGE_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid #8884; }
th { text-align: left; font-weight: 600; }
thead th { border-bottom: 2px solid #8888; vertical-align: bottom; }
td { white-space: nowrap; }
td:first-child { text-align: left; }
td.text { text-align: left; white-space: normal; }
.scroll { overflow-x: auto; }
.mark { background: #ffe9d6; color: #8a1c00; font-weight: 700; padding: .4rem .8rem; }
small { color: color-mix(in srgb, currentColor 65%, transparent); overflow-wrap: anywhere; }
"""
"""The look of every generated HTML page, without anything fetched from elsewhere."""


def save_table(
    frame: pd.DataFrame,
    shown: pd.DataFrame,
    folder: Path,
    stem: str,
    *,
    title: str,
    stamp: Mapping[str, Any],
) -> None:
    """Write ``<stem>.csv`` and ``<stem>.html`` into `folder`.

    Parameters
    ----------
    frame, shown : DataFrame
        The table with all digits, and as readers see it.
    folder : Path
        ``figures/<source>/``.
    stem : str
        File name without ending.
    title : str
        Title of the item.
    stamp : mapping
        From `lendanear.provenance.stamp`.

    Raises
    ------
    OutputError
        If the folder cannot be written; earlier files stay.
    """
    with written_aside(folder / f"{stem}.csv") as aside:
        frame.assign(data=stamp["data"]).to_csv(aside, index=False, lineterminator="\n")
    marks = "".join(f'<p class="mark">{escape(mark)}</p>' for mark in marks_of(stamp))
    body = shown.to_html(index=False, border=0, na_rep="", escape=True)
    with written_aside(folder / f"{stem}.html") as aside:
        aside.write_text(
            f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{escape(title)}</title><style>{PAGE_STYLE}</style></head><body>"
            f"<h1>{escape(title)}</h1>{marks}"
            f"<p>Data source: {escape(str(stamp['source']))} ({stamp['data']} data).</p>"
            f'<div class="scroll">{body}</div>'
            f"<details><summary>What this table was made from</summary>"
            f"<small>{escape(provenance.as_text(stamp))}</small></details></body></html>\n",
            encoding="utf-8",
        )
