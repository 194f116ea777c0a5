"""Write the four files of the synthetic study into a folder."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from pathlib import Path
from typing import Final, TextIO

from lendanear.errors import LendAnEarError
from lendanear.files import cannot_write, written_aside
from lendanear.synthetic.columns import Columns
from lendanear.synthetic.study import SEED, draw
from lendanear.vocabulary import SYNTHETIC_ID_PREFIX, SYNTHETIC_PERSON_PREFIX

FILES: Final = {
    "experiment_1": "experiment_1.csv",
    "experiment_2": "experiment_2.csv",
    "elo_rankings": "elo_rankings.csv",
    "all_themes": "all_themes.csv",
}
"""Key of data/sources.toml to file name."""
README: Final = "README.md"
_HEADING: Final = "# Synthetic data: nobody said any of this"
_LONGEST_FIRST_ROW: Final = 1 << 16


def generate(folder: Path, *, seed: int = SEED, scale: int = 1) -> None:
    """Write the synthetic study's four files, and a README that names the folder synthetic.

    Parameters
    ----------
    folder : Path
        Made if it does not exist. An earlier synthetic study in it is replaced.
    seed : int, optional
        The same seed and scale give the same bytes.
    scale : int, optional
        How many times the study's size (968 participants). Memory grows with the numbers only;
        texts are written for some participants at a time.

    Raises
    ------
    LendAnEarError
        If the folder holds a file of one of these names that is no synthetic study's.
    OutputError
        If the folder cannot be written to or the disk is full; earlier files are then untouched.
    """
    folder = Path(folder)
    try:
        _refuse_to_overwrite(folder)
        _write_all(folder, seed, scale)
    except OSError as error:  # what written_aside has no words for, such as a name too long
        raise cannot_write(folder, error) from error


def _write_all(folder: Path, seed: int, scale: int) -> None:
    study = draw(seed, scale)
    with ExitStack() as stack:
        paths = {
            key: stack.enter_context(written_aside(folder / name)) for key, name in FILES.items()
        }
        streams = {
            key: stack.enter_context(path.open("w", encoding="utf-8", newline=""))
            for key, path in paths.items()
        }
        _write(streams["elo_rankings"], study.elo_rankings(), header=True)
        _write(streams["experiment_2"], study.experiment_2(), header=True)
        for number, (trial, themes) in enumerate(study.pieces(text=True)):
            _write(streams["experiment_1"], trial, header=number == 0)
            _write(streams["all_themes"], themes, header=number == 0)
    with written_aside(folder / README) as path:
        path.write_text(_readme(seed, scale), encoding="utf-8")


def _write(stream: TextIO, columns: Columns, *, header: bool) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    if header:
        writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))


def _refuse_to_overwrite(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise LendAnEarError(f"{folder}: is a file; name a folder to write the synthetic study to.")
    for name in (*FILES.values(), README):
        path = folder / name
        if path.exists() and (path.is_dir() or not _is_synthetic(path)):
            raise LendAnEarError(
                f"{path}: is there already and is not part of a synthetic study, so it is left "
                "alone. Name an empty or new folder."
            )


def _is_synthetic(path: Path) -> bool:
    with path.open("rb") as stream:
        start = stream.read(_LONGEST_FIRST_ROW).decode("utf-8", errors="replace")
    if path.name == README:
        return start.startswith(_HEADING)
    _, _, records = start.partition("\n")
    ids = (f",{SYNTHETIC_ID_PREFIX}", f"{SYNTHETIC_PERSON_PREFIX}")
    return any(mark in records.partition("\n")[0] for mark in ids)


def _readme(seed: int, scale: int) -> str:
    return f"""{_HEADING}

These files imitate the four data files of the study in shape and in their published statistics.
They were drawn at random: no participant, rater or language model produced any of it.

- Conversation ids start with `{SYNTHETIC_ID_PREFIX}`, people with `{SYNTHETIC_PERSON_PREFIX}`.
- Made by `python -m lendanear.synthetic --export DIR --scale {scale} --seed {seed}`.
- Use it to try the analysis, never to answer a question about people.
"""
