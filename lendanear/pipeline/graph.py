"""Which steps a source's files allow, and why an item of the paper cannot be built from them."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from lendanear.items import ITEMS, TABLE_FILES, Item, items_of
from lendanear.models.registry import MODELS, Model
from lendanear.paths import (
    BUILD,
    DATA,
    FIGURES,
    LOCK,
    NOTEBOOKS,
    PUBLISHED,
    relative_to_checkout,
)
from lendanear.pipeline.closure import (
    closure,
    function_imports,
    function_source,
    module_file,
)
from lendanear.pipeline.notebook_source import code_tree, modules_of, parameters_of, reads_of
from lendanear.pipeline.state import stripped_notebook, value_state
from lendanear.pipeline.step import Step

_STEPS: Final = "lendanear.pipeline.steps"
_COMPANIONS: Final = {"experiment_2": ("conversations", "elo")}
"""Tables that help to read another source, where they are there: scores of the compared pairs."""
_GUESSED_SECONDS: Final = {"generate": 8, "tables": 4, "model": 3, "notebook": 6, "check": 3}
"""Durations of kinds of steps until they have been measured here."""


@dataclass(frozen=True)
class DataFile:
    """One raw file of a source. ``sha256`` is None for a file that a step writes."""

    key: str
    group: str
    path: Path
    sha256: str | None = None
    pinned: bool = False
    note: str = ""


@dataclass(frozen=True)
class Origin:
    """A data source as the graph sees it."""

    name: str
    synthetic: bool
    files: tuple[DataFile, ...]
    missing: Mapping[str, str] = field(default_factory=dict)
    generated: Mapping[str, Any] = field(default_factory=dict)

    @property
    def groups(self) -> set[str]:
        """Sources of tables that are there in full."""
        needed = {file.group for file in self.files}
        return {group for group in needed if group not in self.missing}

    @property
    def build(self) -> Path:
        """Folder of what the build keeps for itself."""
        return BUILD / self.name

    @property
    def figures(self) -> Path:
        """Folder of what readers look at."""
        return FIGURES / self.name


@dataclass(frozen=True)
class Plan:
    """What can be built from one source, and what cannot, and why."""

    origin: Origin
    steps: tuple[Step, ...]
    items: tuple[Item, ...]
    blocked: Mapping[str, str]

    def step(self, name: str) -> Step | None:
        """Return a step by its name within the source."""
        return next((step for step in self.steps if step.name == name), None)

    def files_of(self, item: Item) -> tuple[Path, ...]:
        """Return the files that an item leaves for readers."""
        return item_files(self.origin, item)


def item_files(origin: Origin, item: Item) -> tuple[Path, ...]:
    """Return where an item's files land, built or not."""
    stem = f"{item.stem}_synthetic" if origin.synthetic else item.stem
    endings = ("png", "svg", "csv") if item.kind == "figure" else ("csv", "html")
    return tuple(origin.figures / f"{stem}.{ending}" for ending in endings)


def plan(origin: Origin, *, quick: bool = False) -> Plan:
    """Lay out every step that a source's files allow.

    Parameters
    ----------
    origin : Origin
        The source.
    quick : bool
        Shorten settings (fewer resamples) where a model or notebook has a setting for that; every
        figure is then marked as a draft.
    """
    maker = _Maker(origin, quick)
    steps: list[Step] = []
    if origin.generated:
        steps.append(maker.generate())
    steps.append(maker.describe())
    tables: dict[str, Path] = {}
    order = sorted(origin.groups, key=lambda group: group in _COMPANIONS)
    for group in order:
        step = maker.tables(group, tables)
        steps.append(step)
        tables |= step.outputs
    models = [model for model in MODELS.values() if set(model.tables) <= tables.keys()]
    results: dict[str, Path] = {}
    for model in models:
        step = maker.model(model, tables)
        steps.append(step)
        results |= {f"{model.name}.{frame}": path for frame, path in step.outputs.items()}
    blocked: dict[str, str] = {}
    items: list[Item] = []
    for notebook in dict.fromkeys(item.notebook for item in ITEMS):
        reason = maker.why_not(notebook, tables, results)
        if reason:
            blocked |= {item.key: reason for item in items_of(notebook)}
        else:
            steps.append(maker.notebook(notebook, tables, results))
            items.extend(items_of(notebook))
    steps.append(maker.check(tables, results))
    return Plan(origin, tuple(steps), tuple(items), blocked)


def needed(steps: Sequence[Step], wanted: Iterable[str]) -> list[Step]:
    """Return the steps with the wanted names and all that they wait for, in the same order."""
    made_by = {path: step.name for step in steps for path in step.outputs.values()}
    by_name = {step.name: step for step in steps}
    keep: set[str] = set()
    todo = [name for name in wanted if name in by_name]
    while todo:
        name = todo.pop()
        if name not in keep:
            keep.add(name)
            todo += [made_by[path] for path in by_name[name].files if path in made_by]
    return [step for step in steps if step.name in keep]


def restricted(found: Plan, wanted: Iterable[str], current: set[str]) -> list[Step]:
    """Return the steps for some of a plan's items, with a check of what is then up to date.

    Parameters
    ----------
    found : Plan
        The plan of everything.
    wanted : iterable of str
        Names of steps.
    current : set of str
        Ids of steps that are up to date: their results may be compared too, at no cost.
    """
    chosen = {step.name for step in needed(found.steps, wanted)}
    free = {s.name for s in found.steps if s.id in current and s.name.startswith(PREPARING)}
    kept = [s for s in found.steps if s.name in chosen | free and s.name != "check"]
    (check,) = (step for step in found.steps if step.name == "check")
    there = {path for step in kept for path in step.outputs.values()}
    made = {path for step in found.steps for path in step.outputs.values()}
    inputs = {n: path for n, path in check.inputs.items() if path in there or path not in made}
    return [*kept, _check_of(check, inputs)]


PREPARING: Final = ("generate", "source", "tables.", "model.")


def _check_of(check: Step, inputs: Mapping[str, Path]) -> Step:
    readable = sorted(name for name in inputs if name.startswith(("table ", "result ")))
    return replace(check, inputs=inputs, parameters={**check.parameters, "readable": readable})


class _Maker:
    """Makes the steps of one source."""

    def __init__(self, origin: Origin, quick: bool) -> None:
        self.origin, self.quick = origin, quick

    def _step(
        self,
        name: str,
        function: str,
        *,
        inputs: Mapping[str, Path],
        outputs: Mapping[str, Path],
        parameters: Mapping[str, Any],
        modules: Iterable[str] = (),
        watched: Mapping[str, Any] | None = None,
        essential: bool = True,
    ) -> Step:
        call = f"{_STEPS}:{function}"
        log = self.origin.build / "logs" / f"{name}.log"
        return Step(
            source=self.origin.name,
            name=name,
            function=call,
            log=log,
            parameters=parameters,
            inputs=inputs,
            outputs=outputs,
            code=(*closure((*function_imports(call), *modules)), LOCK),
            watched={"what the step does": value_state(function_source(call)), **(watched or {})},
            essential=essential,
            seconds=_expected_seconds(name, log.with_suffix(".json")),
        )

    def generate(self) -> Step:
        return self._step(
            "generate",
            "generate",
            inputs={},
            outputs={file.key: file.path for file in self.origin.files},
            parameters=self.origin.generated,
        )

    def describe(self) -> Step:
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
            outputs={"source": self.origin.build / "source.json"},
            parameters={
                "name": self.origin.name,
                "synthetic": self.origin.synthetic,
                "draft": self.quick,
                "files": files,
            },
        )

    def tables(self, group: str, tables: Mapping[str, Path]) -> Step:
        files = {file.key: file.path for file in self.origin.files if file.group == group}
        companions = {n: tables[n] for n in _COMPANIONS.get(group, ()) if n in tables}
        made = [table for table, source in TABLE_FILES.items() if source == group]
        folder = self.origin.build / "tables"
        return self._step(
            f"tables.{group}",
            "make_tables",
            inputs={**files, **companions},
            outputs={table: folder / f"{table}.parquet" for table in made},
            parameters={"key": group, "files": sorted(files), "companions": sorted(companions)},
        )

    def model(self, model: Model, tables: Mapping[str, Path]) -> Step:
        module = f"lendanear.models.{model.name}"
        quick = {"quick": True} if self.quick and _takes_quick(module) else {}
        folder = self.origin.build / "results"
        return self._step(
            f"model.{model.name}",
            "fit_model",
            inputs={table: tables[table] for table in model.tables},
            outputs={frame: folder / f"{model.name}.{frame}.parquet" for frame in model.frames},
            parameters={"model": model.name, **quick},
            modules=[module],
        )

    def why_not(
        self, notebook: str, tables: Mapping[str, Path], results: Mapping[str, Path]
    ) -> str:
        """Return why a notebook cannot run on this source, or nothing."""
        path = NOTEBOOKS / f"{notebook}.ipynb"
        if not path.is_file():
            return f"{relative_to_checkout(path)} is not there"
        reads = reads_of(code_tree(path))
        wanted = {table for item in items_of(notebook) for table in item.tables} | reads.tables
        lacking = {TABLE_FILES[table] for table in wanted - tables.keys() if table in TABLE_FILES}
        for result in sorted(reads.results - results.keys()):
            model = MODELS.get(result.split(".")[0])
            if model is None or result.split(".")[1] not in model.frames:
                return f"{path.name} reads {result}, which no model gives"
            lacking |= {TABLE_FILES[table] for table in model.tables if table not in tables}
        if unknown := sorted(reads.tables - TABLE_FILES.keys()):
            return f"{path.name} reads the table {unknown[0]!r}, which does not exist"
        return self.lacking(lacking)

    def lacking(self, groups: Iterable[str]) -> str:
        """Return what is missing and how to get it, in one sentence, or nothing."""
        return "; ".join(
            self.origin.missing.get(group, f"needs {group}, which this source does not have")
            for group in sorted(groups)
        )

    def notebook(self, name: str, tables: Mapping[str, Path], results: Mapping[str, Path]) -> Step:
        path = NOTEBOOKS / f"{name}.ipynb"
        tree = code_tree(path)
        reads = reads_of(tree)
        wanted = {table for item in items_of(name) for table in item.tables}
        wanted |= reads.tables | (reads.optional_tables & tables.keys())
        frames = reads.results | (reads.optional_results & results.keys())
        known = parameters_of(path)
        values = {"data": self.origin.name}
        if self.quick and "quick" in known:
            values["quick"] = True
        outputs = {
            file.name: file for item in items_of(name) for file in item_files(self.origin, item)
        }
        return self._step(
            f"notebook.{name}",
            "run_notebook",
            inputs={
                "source": self.origin.build / "source.json",
                **{f"table {table}": tables[table] for table in sorted(wanted)},
                **{f"result {frame}": results[frame] for frame in sorted(frames)},
            },
            outputs={"notebook": self.origin.build / "notebooks" / f"{name}.ipynb", **outputs},
            parameters={"notebook": name, "values": values},
            modules=modules_of(tree),
            watched={f"notebooks/{name}.ipynb": value_state(stripped_notebook(path))},
            essential=False,
        )

    def check(self, tables: Mapping[str, Path], results: Mapping[str, Path]) -> Step:
        folder = module_file("lendanear.checks.rebuilt")
        families = folder.parent.glob("*.py") if folder else ()
        names = [f"lendanear.checks.rebuilt.{path.stem}" for path in families]
        facts = {path.stem: path for path in (PUBLISHED, DATA / "synthetic_sampling_sd.csv")}
        check = self._step(
            "check",
            "check",
            inputs={
                "source": self.origin.build / "source.json",
                **{name: path for name, path in facts.items() if path.is_file()},
                **{f"table {name}": path for name, path in tables.items()},
                **{f"result {name}": path for name, path in results.items()},
            },
            outputs={
                f"published_vs_rebuilt.{ending}": self.origin.figures
                / f"published_vs_rebuilt.{ending}"
                for ending in ("csv", "html")
            },
            parameters={"source": self.origin.name},
            modules=names,
            essential=False,
        )
        return _check_of(check, check.inputs)


@cache
def _takes_quick(module: str) -> bool:
    """Return whether a model's ``fit`` has a parameter ``quick``, without importing it."""
    path = module_file(module)
    if path is None:
        return False
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == "fit":
            return "quick" in {a.arg for a in (*node.args.args, *node.args.kwonlyargs)}
    return False


def _expected_seconds(name: str, timing: Path) -> float:
    try:
        return float(json.loads(timing.read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, KeyError):
        return float(_GUESSED_SECONDS.get(name.split(".")[0], 1))
