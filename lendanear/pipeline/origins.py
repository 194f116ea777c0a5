"""From what a reader asks for (``--data``) to the data sources that the graph is laid out for."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from lendanear.paths import BUILD
from lendanear.pipeline.graph import DataFile, Origin
from lendanear.sources.resolve import PUBLIC, SYNTHETIC, Source, resolve
from lendanear.sources.retrieve import Progress
from lendanear.synthetic.study import SEED
from lendanear.tables.build import TABLES_OF
from lendanear.vocabulary import RATERS

AUTO: Final = "auto"
_RATINGS: Final = tuple(f"{rater.key}_ratings" for rater in RATERS)
"""The files of the pilot that its table is made from; the others are only known and verified."""


def origins(
    data: str,
    *,
    accept: Collection[str] = (),
    fetch: bool = True,
    progress: Progress | None = None,
) -> list[Origin]:
    """Return the data sources that a build stands on.

    Parameters
    ----------
    data : str
        ``auto`` (public and synthetic), ``public``, ``synthetic`` or a folder.
    accept : collection of str
        Keys of files in data/raw that are wanted although they differ from the pinned ones.
    fetch : bool
        Whether missing public files may be downloaded.
    progress : callable, optional
        Told about downloads.

    Returns
    -------
    list of Origin
        One, or for ``auto`` the public files first and the synthetic study second.
    """
    if data == SYNTHETIC:
        return [synthetic()]
    if data == AUTO:
        found = resolve(PUBLIC, accept=accept, fetch=fetch, progress=progress)
        return [from_source(found), synthetic()]
    if data == PUBLIC:
        return [from_source(resolve(PUBLIC, accept=accept, fetch=fetch, progress=progress))]
    return [from_source(resolve(Path(data)))]


def from_source(source: Source) -> Origin:
    """Return resolved files as the graph sees them."""
    files = tuple(
        DataFile(f.key, f.group, f.path.resolve(), f.sha256, f.pinned, f.note) for f in source.files
    )
    missing: dict[str, str] = {}
    for file in source.missing:
        # of the pilot only the ratings are needed; its other files are known, not used
        if file.group not in TABLES_OF or (file.group != file.key and file.key not in _RATINGS):
            continue
        reason = f"needs {file.key}: {file.reason}; {file.remedy}"
        missing[file.group] = (
            f"{missing[file.group]}; {reason}" if file.group in missing else reason
        )
    return Origin(source.name, source.synthetic, files, missing)


def synthetic() -> Origin:
    """Return the synthetic study, which a step of the graph generates."""
    folder = BUILD / SYNTHETIC / "data"
    note = "simulated people"
    studies = [key for key in TABLES_OF if key != "pilot"]
    files = [DataFile(key, key, folder / f"{key}.csv", note=note) for key in studies]
    files += [
        DataFile(key, "pilot", folder / "pilot" / f"{key}.csv", note=note) for key in _RATINGS
    ]
    return Origin(SYNTHETIC, True, tuple(files), generated={"seed": SEED, "scale": 1})
