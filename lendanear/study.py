"""What a notebook opens: one data source with its tables, its results and a place to save."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lendanear import provenance
from lendanear.bayes.registry import BAYES_MODELS
from lendanear.errors import LendAnEarError, MissingDataError
from lendanear.items import ITEMS, TABLE_FILES, Item
from lendanear.paths import BUILD, FIGURES, ROOT, folder_name
from lendanear.tables.store import read_table

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from lendanear.figures.save import SavedFigure


def _item(key: str) -> Item:
    for item in ITEMS:
        if item.key == key:
            return item
    raise LendAnEarError(f"no item is called {key!r}; items: {', '.join(i.key for i in ITEMS)}")


@dataclass(frozen=True)
class Study:
    """One data source: the public files, the synthetic study, or a reader's own folder.

    Parameters
    ----------
    name : str
        ``public``, ``synthetic`` or the name of the reader's folder.
    synthetic : bool
        Whether its data is simulated.
    draft : bool
        Whether the build used shortened settings.
    files : list of dict
        The data files behind it: ``key``, ``name``, ``sha256``, ``pinned``, ``note``.
    build, figures : Path
        Folders of intermediate results and of figures.
    parameters : mapping
        What the notebook was run with; goes into every stamp.
    readable : frozenset of Path, optional
        The only tables and results that count as being there; default all that are.
    """

    name: str
    synthetic: bool
    draft: bool
    files: list[dict[str, Any]]
    build: Path
    figures: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    readable: frozenset[Path] | None = None

    def _there(self, path: Path) -> bool:
        return path.is_file() and (self.readable is None or path in self.readable)

    @property
    def label(self) -> str:
        """How reports name the source: e.g. ``synthetic (simulated people)``."""
        return f"{self.name} (simulated people)" if self.synthetic else f"{self.name} (real data)"

    @property
    def _given_as(self) -> str:
        own = self.name not in {"public", "synthetic"}
        return f"path/to/{self.name}" if own else self.name

    def has(self, table: str) -> bool:
        """Return whether a typed table exists for this source."""
        return self._there(self.build / "tables" / f"{table}.parquet")

    def table(self, name: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return a typed table (see data/README.md), or only some of its columns.

        Raises
        ------
        MissingDataError
            If it has not been made, or the source has no file it could be made from.
        """
        path = self.build / "tables" / f"{name}.parquet"
        if not self._there(path):
            if TABLE_FILES.get(name) in {file["group"] for file in self.files}:
                raise MissingDataError(
                    f"the source {self.name!r} has no table {name!r} yet: run "
                    f"`python run_all.py --data {self._given_as} --prepare`"
                )
            raise MissingDataError(
                f"the source {self.name!r} has no table {name!r}: it is made from "
                f"{TABLE_FILES.get(name, name)!r}, which is not there. See data/README.md."
            )
        return read_table(path, columns=columns)

    def has_result(self, model: str, frame: str) -> bool:
        """Return whether a model's result frame exists for this source."""
        return self._there(self.build / "results" / f"{model}.{frame}.parquet")

    def result(self, model: str, frame: str) -> pd.DataFrame:
        """Return a result frame of a model (see lendanear/models/)."""
        path = self.build / "results" / f"{model}.{frame}.parquet"
        if not self._there(path) and self.readable is None and model in BAYES_MODELS:
            # not prepared with the others, because it takes minutes
            _prepare(self._given_as, "--only", BAYES_MODELS[model].item)
        if not self._there(path):
            raise MissingDataError(
                f"the source {self.name!r} has no result {model}.{frame}: "
                f"run `python run_all.py --data {self._given_as} --prepare` and see what it says"
            )
        return read_table(path)

    def _stamp(self, item: Item) -> dict[str, Any]:
        files = [f for f in self.files if f["key"] in item.sources or f["group"] in item.sources]
        return provenance.stamp(
            item=item.key,
            source=self.name,
            synthetic=self.synthetic,
            draft=self.draft,
            files=[{k: f[k] for k in ("key", "name", "sha256")} for f in files],
            parameters=self.parameters,
        )

    def stem(self, item: Item) -> str:
        """Return the file stem of an item; on synthetic data it says so."""
        return f"{item.stem}_synthetic" if self.synthetic else item.stem

    def save_figure(self, figure: Figure, key: str, *, data: pd.DataFrame) -> SavedFigure:
        """Save an item's figure as PNG, SVG and source data; see `lendanear.figures.save`."""
        from lendanear.figures.save import save_figure

        item = _item(key)
        return save_figure(
            figure,
            self.figures,
            self.stem(item),
            data=data,
            title=item.title,
            stamp=self._stamp(item),
        )

    def save_table(
        self, frame: pd.DataFrame, key: str, *, shown: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Save an item's table as CSV (all digits) and HTML, and return what the HTML shows.

        Parameters
        ----------
        frame : DataFrame
            The table with all its digits; a column ``data`` saying synthetic or real is added.
        key : str
            Key of the item.
        shown : DataFrame, optional
            The same table made readable (rounded, labelled); default `frame`.
        """
        from lendanear.figures.tables import save_table

        item = _item(key)
        shown = frame if shown is None else shown
        save_table(
            frame,
            shown,
            self.figures,
            self.stem(item),
            title=item.title,
            stamp=self._stamp(item),
        )
        return shown


def _prepare(data: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Make a source's tables and results."""
    return subprocess.run(
        [sys.executable, str(ROOT / "run_all.py"), "--data", data, "--prepare", *options],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )


def open_study(data: str = "synthetic", **parameters: Any) -> Study:  # noqa: ANN401
    """Open a data source, building its tables and results first if they are not there.

    Parameters
    ----------
    data : str
        ``synthetic`` (simulated people, always available), ``public`` (the pinned public files)
        or a folder with files of your own. The name of a source that has been built works too.
    **parameters
        Parameters of the notebook, recorded in the stamp of what it saves.

    Returns
    -------
    Study
        The opened source.

    Raises
    ------
    MissingDataError
        If the source cannot be built; the message is the build's own.
    """
    name = data if (BUILD / data / "source.json").is_file() else folder_name(data)
    name = data if data in {"synthetic", "public"} else name
    build = BUILD / name
    if not (build / "source.json").is_file():
        # seen from where the notebook runs, which is not where the build will
        own = data not in {"synthetic", "public"} and Path(data).is_dir()
        given = str(Path(data).resolve()) if own else data
        run = _prepare(given)
        if not (build / "source.json").is_file():
            raise MissingDataError(
                f"the source {data!r} could not be prepared:\n{run.stdout}\n{run.stderr}"
            )
    described = json.loads((build / "source.json").read_text(encoding="utf-8"))
    return Study(
        name=described["name"],
        synthetic=described["synthetic"],
        draft=described.get("draft", False),
        files=described["files"],
        build=build,
        figures=FIGURES / name,
        parameters={"data": described["name"], **parameters},
    )
