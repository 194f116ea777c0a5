"""One source file in, its typed tables out: what the pipeline calls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lendanear.errors import LendAnEarError
from lendanear.items import TABLE_FILES

TABLES_OF: Final[dict[str, tuple[str, ...]]] = {
    source: tuple(table for table, made_from in TABLE_FILES.items() if made_from == source)
    for source in dict.fromkeys(TABLE_FILES.values())
}
"""The tables made from each source (a key of data/sources.toml, or ``pilot``)."""


def build_tables(
    key: str,
    file: Path | Mapping[str, Path],
    out: Path,
    *,
    companions: Mapping[str, Path] | None = None,
) -> list[Path]:
    """Read one source, check it, and write its tables.

    Parameters
    ----------
    key : str
        A key of `TABLES_OF`.
    file : Path, or mapping of str to Path for ``pilot``
        The raw file; for ``pilot`` the seven rating files by their key in data/sources.toml
        (``expert1_ratings`` ... ``gemini_ratings``).
    out : Path
        Folder for ``<table>.parquet``.
    companions : mapping of str to Path, optional
        Tables (Parquet) of other sources that may help: ``experiment_2`` takes the scores of a
        pair from ``conversations``, or failing that from ``elo``, and the LLM judges' preference
        from ``elo``, where its own file lacks them.

    Returns
    -------
    list of Path
        The tables, in the order of ``TABLES_OF[key]``.

    Raises
    ------
    DataError
        If a file does not hold what it should. Earlier tables are then untouched.
    """
    if key not in TABLES_OF:
        raise LendAnEarError(f"no source is called {key!r}; allowed: {', '.join(TABLES_OF)}")
    companions = companions or {}
    if key == "experiment_1":
        from lendanear.tables.study import build_study

        return build_study(Path(file), out)

    from lendanear.tables.store import read_table, write_table

    if key == "experiment_2":
        from lendanear.tables.choices import choices_table

        scores = {name: read_table(path, texts=False) for name, path in companions.items()}
        frame = choices_table(
            Path(file), conversations=scores.get("conversations"), elo=scores.get("elo")
        )
    elif key == "elo_rankings":
        from lendanear.tables.elo import elo_table

        frame = elo_table(Path(file))
    elif key == "all_themes":
        from lendanear.tables.themes import themes_table

        frame = themes_table(Path(file))
    else:
        from lendanear.tables.pilot import pilot_ratings_table

        frame = pilot_ratings_table(file)
    (table,) = TABLES_OF[key]
    return [write_table(frame, Path(out) / f"{table}.parquet")]
