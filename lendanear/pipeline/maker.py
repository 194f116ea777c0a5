"""Makes the steps of one source: what each reads, writes and depends on."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from lendanear.bayes.registry import BayesModel
from lendanear.items import TABLE_FILES, items_of
from lendanear.models.registry import Model
from lendanear.paths import NOTEBOOKS
from lendanear.pipeline.closure import function_parameters, module_file
from lendanear.pipeline.declare import Paths, declare
from lendanear.pipeline.model_source import settings_of
from lendanear.pipeline.notebook_source import code_tree, modules_of, parameters_of, reads_of
from lendanear.pipeline.origins import Origin
from lendanear.pipeline.state import notebook_state
from lendanear.pipeline.step import Step

COMPANIONS: Final = {"experiment_2": ("conversations", "elo")}
"""Tables that help to read another source, where they are there: scores of the compared pairs."""


class Maker:
    """Makes the steps of one source.

    Parameters
    ----------
    origin : Origin
        The source.
    quick : bool
        Whether to shorten settings where a model or notebook has a setting for that.
    """

    def __init__(self, origin: Origin, *, quick: bool) -> None:
        self.origin, self.quick = origin, quick

    def generate(self) -> Step:
        """Return the step that draws the synthetic study."""
        return self._step(
            "generate",
            "generate",
            inputs={},
            outputs={file.key: file.path for file in self.origin.files},
            parameters=self.origin.generated,
        )

    def describe(self) -> Step:
        """Return the step that writes what the source is."""
        files = [
            {
                "key": file.key,
                "group": file.group,
                "name": file.path.name,
                "pinned": file.pinned,
                "note": file.note,
            }
            for file in self.origin.files
        ]
        return self._step(
            "source",
            "describe",
            inputs={file.key: file.path for file in self.origin.files},
            outputs={"source": self._source},
            parameters={
                "name": self.origin.name,
                "synthetic": self.origin.synthetic,
                "draft": self.quick,
                "files": files,
            },
        )

    def tables(self, group: str, tables: Paths) -> Step:
        """Return the step that makes the tables of one group of raw files.

        Parameters
        ----------
        group : str
            A key of `lendanear.tables.TABLES_OF`.
        tables : mapping of str to Path
            Tables of other groups.
        """
        files = {file.key: file.path for file in self.origin.files if file.group == group}
        companions = {n: tables[n] for n in COMPANIONS.get(group, ()) if n in tables}
        made = [table for table, source in TABLE_FILES.items() if source == group]
        folder = self.origin.build / "tables"
        return self._step(
            f"tables.{group}",
            "make_tables",
            inputs={**files, **companions},
            outputs={table: folder / f"{table}.parquet" for table in made},
            parameters={"key": group, "files": sorted(files), "companions": sorted(companions)},
        )

    def model(self, model: Model, tables: Paths) -> Step:
        """Return the step that fits a model."""
        module = f"lendanear.models.{model.name}"
        shortened = self.quick and "quick" in function_parameters(f"{module}:fit")
        folder = self.origin.build / "results"
        return self._step(
            f"model.{model.name}",
            "fit_model",
            inputs={table: tables[table] for table in model.tables},
            outputs={frame: folder / f"{model.name}.{frame}.parquet" for frame in model.frames},
            parameters={"model": model.name, **({"quick": True} if shortened else {})},
            modules=[module],
        )

    def posterior(self, model: BayesModel, tables: Paths) -> tuple[Step, Step, Step]:
        """Return the steps of a Bayesian model: draw, summarise, and pass the gate.

        The posterior is drawn anew only if data, model or settings change; what is reported from it
        may change without that.
        """
        about = {"model": model.name}
        settings = settings_of(model.name, quick=self.quick)
        inputs = {table: tables[table] for table in model.tables}
        kept = self.origin.build / "posteriors"
        posterior = kept / f"{model.name}.nc"
        draw = self._step(
            f"posterior.{model.name}",
            "draw_posterior",
            inputs=inputs,
            outputs={"posterior": posterior},
            parameters={**about, "settings": settings.as_parameters()},
            modules=[f"lendanear.bayes.models.{model.name}"],
            essential=False,
            patient=True,
        )
        unjudged = {frame: kept / f"{model.name}.{frame}.parquet" for frame in model.all_frames}
        summarise = self._step(
            f"estimates.{model.name}",
            "summarise_posterior",
            inputs={**inputs, "posterior": posterior},
            outputs=unjudged,
            parameters=about,
            modules=[f"lendanear.bayes.estimates.{model.name}"],
            essential=False,
            patient=True,
        )
        folder = self.origin.build / "results"
        gate = self._step(
            f"gate.{model.name}",
            "pass_gate",
            inputs=unjudged,
            outputs={
                **{f: folder / f"{model.name}.{f}.parquet" for f in model.all_frames},
                "page": self.origin.figures / f"bayes_diagnostics_{model.name}.html",
            },
            parameters={
                **about,
                "synthetic": self.origin.synthetic,
                "draft": self.quick,
            },
            essential=False,
            patient=True,
        )
        return draw, summarise, gate

    def collection(self, unjudged: Paths) -> Step:
        """Return the step that writes the estimates and diagnostics of every Bayesian model."""
        names = ("bayes_estimates", "bayes_diagnostics")
        return self._step(
            "bayes",
            "collect_bayes",
            inputs=unjudged,
            outputs={name: self.origin.figures / f"{name}.csv" for name in names},
            parameters={"synthetic": self.origin.synthetic, "draft": self.quick},
            essential=False,
        )

    def notebook(self, name: str, tables: Paths, results: Paths) -> Step:
        """Return the step that executes a notebook, with the tables and results it reads."""
        path = NOTEBOOKS / f"{name}.ipynb"
        tree = code_tree(path)
        reads = reads_of(tree)
        wanted = {table for item in items_of(name) for table in item.tables}
        wanted |= reads.tables | (reads.optional_tables & tables.keys())
        frames = reads.results | (reads.optional_results & results.keys())
        shortened = self.quick and "quick" in parameters_of(path)
        values = {"data": self.origin.name, **({"quick": True} if shortened else {})}
        files = (file for item in items_of(name) for file in self.origin.files_of(item))
        return self._step(
            f"notebook.{name}",
            "run_notebook",
            inputs={
                "source": self._source,
                **{f"table {table}": tables[table] for table in sorted(wanted)},
                **{f"result {frame}": results[frame] for frame in sorted(frames)},
            },
            outputs={
                "notebook": self.origin.build / "notebooks" / f"{name}.ipynb",
                **{file.name: file for file in files},
            },
            parameters={"notebook": name, "values": values, "draft": self.quick},
            modules=modules_of(tree),
            watched={f"notebooks/{name}.ipynb": notebook_state(path)},
            essential=False,
        )

    def check(self, tables: Paths, results: Paths) -> Step:
        """Return the step that sets published numbers against rebuilt ones."""
        folder = module_file("lendanear.checks.rebuilt")
        families = folder.parent.glob("*.py") if folder else ()
        reports = (self.origin.figures / f"published_vs_rebuilt.{end}" for end in ("csv", "html"))
        return self._step(
            "check",
            "check",
            inputs={
                "source": self._source,
                **{f"table {name}": path for name, path in tables.items()},
                **{f"result {name}": path for name, path in results.items()},
            },
            outputs={report.name: report for report in reports},
            parameters={"source": self.origin.name, "draft": self.quick},
            # found by listing their folder, so no import leads to them
            modules=[f"lendanear.checks.rebuilt.{path.stem}" for path in families],
            essential=False,
        )

    @property
    def _source(self) -> Path:
        return self.origin.build / "source.json"

    def _step(self, name: str, function: str, **declared: Any) -> Step:  # noqa: ANN401
        """Return a step of the source; see `lendanear.pipeline.declare.declare`."""
        logs = self.origin.build / "logs"
        return declare(self.origin.name, name, function, logs=logs, **declared)
