"""Data sources as the graph sees them, and how they follow from what a reader asks for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lendanear.items import Item
from lendanear.paths import BUILD, FIGURES
from lendanear.sources.resolve import PUBLIC, SYNTHETIC, MissingFile, Source, resolve
from lendanear.sources.retrieve import Progress
from lendanear.synthetic.study import SEED
from lendanear.tables.build import TABLES_OF
from lendanear.vocabulary import RATERS

AUTO: Final = "auto"
_RATINGS: Final = tuple(f"{rater.key}_ratings" for rater in RATERS)
"""The files of the pilot that its table is made from; the others are only known and verified."""


@dataclass(frozen=True)
class DataFile:
    """One raw file of a source."""

    key: str
    group: str
    path: Path
    pinned: bool = False
    note: str = ""


@dataclass(frozen=True)
class Origin:
    """A data source as the graph sees it.

    Parameters
    ----------
    name : str
        ``public``, ``synthetic`` or the name of the reader's folder.
    synthetic : bool
        Whether its files hold simulated people.
    files : tuple of DataFile
        What is there.
    missing : mapping of str to tuple of MissingFile
        Files without which the tables of a group cannot be made, by group.
    generated : mapping
        Parameters of the generator, for the source that a step of the graph generates.
    """

    name: str
    synthetic: bool
    files: tuple[DataFile, ...]
    missing: Mapping[str, tuple[MissingFile, ...]] = field(default_factory=dict)
    generated: Mapping[str, Any] = field(default_factory=dict)

    @property
    def groups(self) -> set[str]:
        """Sources of tables that are there in full."""
        return {file.group for file in self.files if file.group not in self.missing}

    @property
    def build(self) -> Path:
        """Folder of what the build keeps for itself."""
        return BUILD / self.name

    @property
    def figures(self) -> Path:
        """Folder of what readers look at."""
        return FIGURES / self.name

    def files_of(self, item: Item) -> tuple[Path, ...]:
        """Return where an item's files for readers land, built or not."""
        stem = f"{item.stem}_synthetic" if self.synthetic else item.stem
        endings = ("png", "svg", "csv") if item.kind == "figure" else ("csv", "html")
        return tuple(self.figures / f"{stem}.{ending}" for ending in endings)


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
    if data in {AUTO, PUBLIC}:
        found = resolve(PUBLIC, accept=accept, fetch=fetch, progress=progress)
        return [from_source(found), *([synthetic()] if data == AUTO else [])]
    return [from_source(resolve(Path(data)))]


def from_source(source: Source) -> Origin:
    """Return resolved files as the graph sees them."""
    files = tuple(
        DataFile(f.key, f.group, f.path.resolve(), f.pinned, f.note) for f in source.files
    )
    missing: dict[str, tuple[MissingFile, ...]] = {}
    for file in source.missing:
        # of the pilot only the ratings are needed; its other files are known, not used
        if file.group in TABLES_OF and (file.group == file.key or file.key in _RATINGS):
            missing[file.group] = (*missing.get(file.group, ()), file)
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
