"""Which steps a source's files allow, and why an item of the paper cannot be built from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from lendanear.bayes.registry import BAYES_MODELS
from lendanear.errors import LendAnEarError
from lendanear.items import ITEMS, TABLE_FILES, items_of
from lendanear.models.registry import MODELS
from lendanear.paths import NOTEBOOKS, relative_to_checkout
from lendanear.pipeline.maker import COMPANIONS, Maker
from lendanear.pipeline.notebook_source import code_tree, reads_of
from lendanear.pipeline.origins import Origin
from lendanear.pipeline.step import Step
from lendanear.sources.resolve import MissingFile

PREPARING: Final = ("generate", "source", "tables.", "model.", "posterior.", "estimates.", "gate.")
"""Beginnings of the names of steps that notebooks wait for."""


@dataclass(frozen=True)
class Blocked:
    """Why an item cannot be built: in a few words, and the files that are missing, if any are."""

    reason: str
    files: tuple[MissingFile, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What can be built from one source, and what cannot, and why."""

    origin: Origin
    steps: tuple[Step, ...]
    blocked: Mapping[str, Blocked]

    def step(self, name: str) -> Step | None:
        """Return a step by its name within the source."""
        return next((step for step in self.steps if step.name == name), None)

    @property
    def leftovers(self) -> list[Path]:
        """Files of the paper's items in the figures folder that no step of the plan makes.

        They come from an earlier build on other files: an item that can no longer be built, or one
        that was real and is synthetic today.
        """
        made = {path for step in self.steps for path in step.outputs.values()}
        either = (replace(self.origin, synthetic=kind) for kind in (False, True))
        known = {path for origin in either for item in ITEMS for path in origin.files_of(item)}
        return sorted(path for path in known - made if path.is_file())


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
    maker = Maker(origin, quick=quick)
    steps = [maker.generate()] if origin.generated else []
    steps.append(maker.describe())
    tables: dict[str, Path] = {}
    for group in sorted(origin.groups, key=lambda group: (group in COMPANIONS, group)):
        steps.append(maker.tables(group, tables))
        tables |= steps[-1].outputs
    results: dict[str, Path] = {}
    for model in MODELS.values():
        if set(model.tables) <= tables.keys():
            steps.append(maker.model(model, tables))
            outputs = steps[-1].outputs
            results |= {f"{model.name}.{frame}": path for frame, path in outputs.items()}
    unjudged: dict[str, Path] = {}
    for model in BAYES_MODELS.values():
        if set(model.tables) <= tables.keys() and (model.in_quick or not quick):
            drawn, summarised, judged = maker.posterior(model, tables)
            steps += [drawn, summarised, judged]
            for frame in ("estimates", "diagnostics"):
                unjudged[f"{model.name}.{frame}"] = summarised.outputs[frame]
            results |= {f"{model.name}.{f}": judged.outputs[f] for f in model.all_frames}
    if unjudged:
        steps.append(maker.collection(unjudged))
    blocked: dict[str, Blocked] = {}
    for notebook in dict.fromkeys(item.notebook for item in ITEMS):
        reason = _why_not(notebook, origin, tables, results)
        if reason is None:
            steps.append(maker.notebook(notebook, tables, results))
        else:
            blocked |= {item.key: reason for item in items_of(notebook)}
    steps.append(maker.check(tables, results))
    return Plan(origin, tuple(steps), blocked)


def _why_not(
    notebook: str, origin: Origin, tables: Collection[str], results: Collection[str]
) -> Blocked | None:
    """Return why a notebook cannot run on a source, or None if it can."""
    path = NOTEBOOKS / f"{notebook}.ipynb"
    if not path.is_file():
        return Blocked(f"{relative_to_checkout(path)} is not there")
    try:
        reads = reads_of(code_tree(path))
    except LendAnEarError as error:
        return Blocked(str(error))
    wanted = {table for item in items_of(notebook) for table in item.tables} | reads.tables
    if unknown := sorted(wanted - TABLE_FILES.keys()):
        return Blocked(f"{path.name} reads the table {unknown[0]!r}, which does not exist")
    for result in reads.results:
        name, frame = result.split(".")
        if name in MODELS:
            frames, needs = MODELS[name].frames, MODELS[name].tables
        elif name in BAYES_MODELS:
            frames, needs = BAYES_MODELS[name].all_frames, BAYES_MODELS[name].tables
        else:
            frames, needs = (), ()
        if frame not in frames:
            return Blocked(f"{path.name} reads {result}, which no model gives")
        if result not in results and set(needs) <= set(tables):
            return Blocked(
                f"{path.name} reads {result}, which a quick build leaves out: it must ask "
                "study.has_result(...) first"
            )
        wanted |= set(needs) if result not in results else set()
    groups = sorted({TABLE_FILES[table] for table in wanted if table not in tables})
    files = tuple(file for group in groups for file in origin.missing[group])
    if not files:
        return None
    names = [file.key for file in files]
    first = ", ".join(names[:-1])
    listed = f"{first} and {names[-1]} are" if first else f"{names[0]} is"
    return Blocked(f"{listed} missing", files)


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


def restricted(found: Plan, wanted: Iterable[str], current: Collection[str]) -> list[Step]:
    """Return the steps for some of a plan's items, with a check of what is then up to date.

    Parameters
    ----------
    found : Plan
        The plan of everything.
    wanted : iterable of str
        Names of steps.
    current : collection of str
        Ids of steps that are up to date: their results may be compared too, at no cost.
    """
    chosen = {step.name for step in needed(found.steps, wanted)}
    free = {s.name for s in found.steps if s.id in current and s.name.startswith(PREPARING)}
    kept = [step for step in found.steps if step.name in chosen | free and step.name != "check"]
    (check,) = (step for step in found.steps if step.name == "check")
    made = {path for step in kept for path in step.outputs.values()}
    inputs = {name: path for name, path in check.inputs.items() if path in made}
    return [*kept, replace(check, inputs=inputs)]
