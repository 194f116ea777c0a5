"""From what a reader asks for (``public``, or a folder) to the files that will be used."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lendanear.errors import DataError, LendAnEarError
from lendanear.paths import RAW, folder_name
from lendanear.sources.locate import Located, is_synthetic, locate
from lendanear.sources.registry import PinnedFile, read_registry
from lendanear.sources.retrieve import Progress, Retrieved, fetch

PUBLIC: Final = "public"
SYNTHETIC: Final = "synthetic"
RESERVED: Final = {
    PUBLIC: "public files",
    SYNTHETIC: "synthetic study",
    "sbc": "simulation-based calibration",
}
"""Names that a reader's own folder must not take, and whose results lie under them."""


@dataclass(frozen=True)
class SourceFile:
    """One file that will be used.

    Parameters
    ----------
    key : str
        Key in data/sources.toml.
    group : str
        What it is used together with: ``pilot``, or its own key.
    path : Path
        Where it lies.
    sha256 : str
        SHA-256 of its content.
    pinned : bool
        Whether it is the pinned public file, byte for byte.
    note : str
        One sentence for the reader.
    """

    key: str
    group: str
    path: Path
    sha256: str
    pinned: bool
    note: str


@dataclass(frozen=True)
class MissingFile:
    """One known file that will not be used.

    Parameters
    ----------
    key, group : str
        As in `SourceFile`.
    reason : str
        Why: not there, unreachable, or something else under its name.
    remedy : str
        How to place it by hand.
    """

    key: str
    group: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Source:
    """The files one build stands on.

    Parameters
    ----------
    name : str
        ``public``, ``synthetic``, or the name of the reader's folder made fit for a file name.
    folder : Path
        Where the files lie.
    synthetic : bool
        Whether they belong to the synthetic study.
    files : tuple of SourceFile
        What will be used, in the order of data/sources.toml.
    missing : tuple of MissingFile
        What is not there.
    """

    name: str
    folder: Path
    synthetic: bool
    files: tuple[SourceFile, ...]
    missing: tuple[MissingFile, ...]


def resolve(
    source: str | Path,
    *,
    name: str | None = None,
    synthetic: bool = False,
    accept: Collection[str] = (),
    fetch: bool = True,
    progress: Progress | None = None,
    raw: Path = RAW,
    base: str | None = None,
) -> Source:
    """Find, fetch where allowed, and verify the files of one source.

    Parameters
    ----------
    source : str or Path
        ``public`` for the pinned public files in data/raw, or a folder: there the known files
        are found by name at any depth, and naming the folder is the word that they are wanted
        even where they differ from the pinned ones.
    name : str, optional
        Name of the source instead of the folder's own; the only way to a reserved name.
    synthetic : bool
        Whether the folder is said to hold the synthetic study. Whatever is said, the files
        themselves decide: a synthetic file never passes for a real one.
    accept : collection of str
        Keys of files in data/raw that are wanted although they differ from the pinned ones.
    fetch : bool
        Whether missing public files may be downloaded. A host that cannot be reached is no error.
    progress : callable, optional
        Told the key, the bytes received and the bytes to come during downloads.
    raw : Path
        Where public files lie.
    base : str, optional
        ``http://host:port`` that stands in for every host, for a mirror or a test.

    Returns
    -------
    Source
        What will be used and what is missing.

    Raises
    ------
    DataError
        If the folder does not exist or holds none of the known files, or synthetic and real
        files are mixed.
    LendAnEarError
        If a folder has a reserved name, or `accept` names an unknown file.
    """
    registry = read_registry()
    unknown = [key for key in accept if key not in registry]
    if unknown:
        raise LendAnEarError(
            f"no pinned file is called {unknown[0]!r}; known: {', '.join(registry)}"
        )
    if source == PUBLIC:
        return _public(registry, set(accept), fetch, progress, Path(raw), base)
    folder = Path(source)
    found = locate(folder, registry)
    if not found:
        raise DataError(
            "none of the known files lies in this folder or below it",
            file=folder,
            allowed=", ".join(file.name for file in registry.values()),
            remedy="Name the folder that holds at least one of them",
        )
    truth = _synthetic_or_real(found.values(), said=synthetic)
    missing = tuple(
        MissingFile(
            key,
            file.group,
            f"no file called {file.name} lies in {folder} or below it",
            file.how_to_place(folder),
        )
        for key, file in registry.items()
        if key not in found
    )
    return Source(
        name=name or source_name(folder),
        folder=folder,
        synthetic=truth,
        files=tuple(_used(item) for item in found.values()),
        missing=missing,
    )


def source_name(folder: Path) -> str:
    """Return a folder's name made fit for naming files and folders after it.

    Raises
    ------
    LendAnEarError
        If nothing is left of it, or the name is reserved.
    """
    own = Path(folder).resolve().name
    name = folder_name(folder)
    if not name:
        raise LendAnEarError(
            f"{folder}: results are kept under the folder's name, and {own!r} cannot serve as one. "
            "Copy or rename the folder to a name with letters or digits."
        )
    if name.casefold() in RESERVED:
        raise LendAnEarError(
            f"{folder}: results are kept under the folder's name, and {name!r} is reserved for the "
            f"{RESERVED[name.casefold()]}. "
            f"Rename the folder, for example to 'my_{name}', and run again."
        )
    return name


def _public(
    registry: dict[str, PinnedFile],
    accept: set[str],
    may_fetch: bool,
    progress: Progress | None,
    raw: Path,
    base: str | None,
) -> Source:
    found = locate(raw, registry) if raw.is_dir() else {}
    used = {key: item for key, item in found.items() if item.pinned or key in accept}
    if used:
        for key, item in used.items():
            if not item.pinned and is_synthetic(item.path):
                raise DataError(
                    f"the file accepted as {key} belongs to the synthetic study, and synthetic "
                    "data never stands in for the public files",
                    file=item.path,
                    remedy="Move it out of data/raw; run_all.py builds the synthetic study itself",
                )
    absent = [file for key, file in registry.items() if key not in found]
    outcomes: dict[str, Retrieved] = {}
    if may_fetch and absent:
        outcomes = fetch(absent, raw, base=base, progress=progress)
        fetched = [r.file for r in outcomes.values() if r.status == "fetched"]
        if fetched:
            used |= locate(raw, {file.key: file for file in fetched})
    missing = []
    for key, file in registry.items():
        if key in used:
            continue
        remedy = file.how_to_place(raw)
        if key in found:
            reason = f"{found[key].path} is not used: it {found[key].note}"
            remedy = (
                f"remove it and run again, or {remedy}; if this very file is wanted, "
                f"say so explicitly: --accept {key}"
            )
        elif key in outcomes:
            reason = outcomes[key].reason
        else:
            reason = f"{file.name} is not in {raw}"
        missing.append(MissingFile(key, file.group, reason, remedy))
    return Source(
        name=PUBLIC,
        folder=raw,
        synthetic=False,
        files=tuple(_used(used[key], accepted=key in accept) for key in registry if key in used),
        missing=tuple(missing),
    )


def _used(item: Located, *, accepted: bool = False) -> SourceFile:
    note = item.note + ("; accepted explicitly" if accepted and not item.pinned else "")
    return SourceFile(item.file.key, item.file.group, item.path, item.sha256, item.pinned, note)


def _synthetic_or_real(found: Iterable[Located], *, said: bool) -> bool:
    """Return whether the files are synthetic, from what they hold.

    Raises
    ------
    DataError
        If some are and some are not, or they are said to be and are not.
    """
    told = {item.path: is_synthetic(item.path) for item in found}
    synthetic = [path for path, kind in told.items() if kind]
    real = [path for path, kind in told.items() if kind is False]
    if synthetic and real:
        raise DataError(
            "synthetic and real files lie together: "
            f"{', '.join(map(str, synthetic))} belong{'s' * (len(synthetic) == 1)} to the "
            f"synthetic study, {', '.join(map(str, real))} {'does' if len(real) == 1 else 'do'} "
            "not",
            remedy="Keep them in separate folders and build each by itself",
        )
    if said and real:
        raise DataError(
            "these files are not of the synthetic study: their identifiers do not begin with its "
            "marks",
            file=real[0],
        )
    return bool(synthetic) or said
