"""Saving figures: PNG, SVG and source data, each written aside and carrying its stamp."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from lendanear import provenance
from lendanear.figures.style import mark_above, marks_of, style
from lendanear.files import written_aside


@dataclass(frozen=True)
class SavedFigure:
    """A figure on disk; shows itself in a notebook from the saved PNG."""

    png: Path
    svg: Path
    csv: Path
    alt: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:  # noqa: ANN401
        image = base64.b64encode(self.png.read_bytes()).decode("ascii")
        return {"image/png": image, "text/plain": self.alt}, {"image/png": {"width": 720}}


def save_figure(
    figure: Figure,
    folder: Path,
    stem: str,
    *,
    data: pd.DataFrame,
    title: str,
    stamp: Mapping[str, Any],
) -> SavedFigure:
    """Write ``<stem>.png`` (300 dpi), ``<stem>.svg`` and ``<stem>.csv`` into `folder`.

    Synthetic and draft figures get their mark here, so no figure can be saved without it.

    Parameters
    ----------
    figure : Figure
        The figure; it is marked in place.
    folder : Path
        ``figures/<source>/``.
    stem : str
        File name without ending.
    data : DataFrame
        What is drawn, one row per mark; a column ``data`` saying synthetic or real is added.
    title : str
        Title of the paper item, for the files' metadata.
    stamp : mapping
        From `lendanear.provenance.stamp`.

    Returns
    -------
    SavedFigure
        Paths of the three files.

    Raises
    ------
    OutputError
        If the folder cannot be written; earlier files stay.
    """
    text = provenance.as_text(stamp)
    paths = {ending: folder / f"{stem}.{ending}" for ending in ("png", "svg", "csv")}
    with style():
        for line, mark in enumerate(marks_of(stamp)):
            mark_above(figure, mark, line=line)
        figure.draw_without_rendering()
        # the layout is settled: solving it again for each format would only cost time
        figure.set_layout_engine("none")
        with written_aside(paths["png"]) as aside:
            metadata = {"Title": title, "Software": "Lend an Ear", "Provenance": text}
            figure.savefig(aside, format="png", bbox_inches="tight", metadata=metadata)
        with written_aside(paths["svg"]) as aside:
            metadata = {"Title": title, "Creator": "Lend an Ear", "Description": text, "Date": None}
            figure.savefig(aside, format="svg", bbox_inches="tight", metadata=metadata)
    labelled = data.assign(data=stamp["data"])
    with written_aside(paths["csv"]) as aside:
        labelled.to_csv(aside, index=False, lineterminator="\n")
    alt = f"{title} ({stamp['data']} data, {stamp['source']}): {paths['png'].name}"
    return SavedFigure(paths["png"], paths["svg"], paths["csv"], alt)
