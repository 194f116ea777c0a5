"""A quick look at pytask's record: which steps are as they were when last built, and why not.

Importing pytask takes longer than answering this, and pytask cannot answer without making folders.
The comparison is the one pytask makes itself: the same states against the same record.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import Any, Final

from lendanear.paths import BUILD, relative_to_checkout
from lendanear.pipeline.state import file_state, value_state
from lendanear.pipeline.step import Step

RECORD: Final = BUILD / ".record"
"""Where pytask keeps what was built from what; no source can be called like that."""
LOCK_NAME: Final = "pytask.lock"


def read_record(root: Path = RECORD) -> dict[str, dict[str, Any]]:
    """Return what pytask recorded for each step's id; empty if nothing usable is there.

    A build that was broken off leaves a journal beside the record, one line per step that it
    finished; its last line may be cut off.
    """
    entries: dict[str, dict[str, Any]] = {}
    try:
        recorded = tomllib.loads((root / LOCK_NAME).read_text(encoding="utf-8"))
        entries |= {entry["id"]: entry for entry in recorded.get("task", [])}
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    try:
        for line in (root / f"{LOCK_NAME}.journal").read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            entries[entry["id"]] = entry
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return entries


def portable(path: Path, root: Path = RECORD) -> str:
    """Return a path as the record names it: relative to the record's folder."""
    return PurePath(os.path.relpath(path, root)).as_posix()


def explain(
    steps: Sequence[Step], root: Path = RECORD, *, force: bool = False
) -> dict[str, list[str]]:
    """Return, for each step's id, why it would run; an empty list if it is up to date.

    Nothing is written, so a build that runs meanwhile is not disturbed.

    Parameters
    ----------
    steps : sequence of Step
        The graph.
    root : Path
        Folder of the record.
    force : bool
        Explain a forced build.
    """
    if force:
        return {step.id: ["--force"] for step in steps}
    record = read_record(root)
    names: dict[Path, str] = {}

    def named(path: Path) -> str:
        return names.setdefault(path, portable(path, root))

    reasons = {step.id: _own_reasons(step, record.get(step.id), named) for step in steps}
    made_by = {path: step.id for step in steps for path in step.outputs.values()}
    waits = {s.id: list(dict.fromkeys(made_by[p] for p in s.files if p in made_by)) for s in steps}
    would = {id_ for id_, why in reasons.items() if why}
    while behind := {id_ for id_, before in waits.items() if would.intersection(before)} - would:
        would |= behind
    for id_, before in waits.items():
        # what it reads is made anew first: whether that changes what it read cannot be known yet
        first = [other for other in before if other in would]
        if first and reasons[id_] != [_NEVER_BUILT]:
            reasons[id_] = [f"{_listed(first)} would run first, and may change what it reads"]
    return reasons


_NEVER_BUILT: Final = "it has never been built"
_MANY: Final = 3
"""A list of more names than this is cut short."""


def _own_reasons(
    step: Step, entry: dict[str, Any] | None, named: Callable[[Path], str]
) -> list[str]:
    """Return why a step would run even if nothing before it did."""
    if entry is None:
        return [_NEVER_BUILT]
    read, made = entry.get("depends_on", {}), entry.get("produces", {})
    reasons = ["the step itself changed"] if entry["state"] != step.state() else []
    for path in step.files:
        name, state = relative_to_checkout(path), file_state(path)
        if state is None:
            reasons.append(f"{name} is missing")
        elif named(path) not in read:
            reasons.append(f"{name} was not among what it was built from")
        elif read[named(path)] != state:
            reasons.append(f"{name} changed")
    for name, value in step.values.items():
        if (known := read.get(f"{step.id}::{name}")) is None:
            reasons.append(f"{name} was not among what it was built from")
        elif known != value_state(value):
            reasons.append(f"{name} changed")
    for path in step.outputs.values():
        name, state = relative_to_checkout(path), file_state(path)
        if state is None:
            reasons.append(f"its product {name} is missing")
        elif named(path) not in made:
            reasons.append(f"its product {name} was never recorded")
        elif made[named(path)] != state:
            reasons.append(f"its product {name} was changed from outside")
    return reasons


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MANY:
        return f"{', '.join(names[: _MANY - 1])} and {len(names) - _MANY + 1} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def up_to_date(steps: Sequence[Step], root: Path = RECORD) -> set[str]:
    """Return the ids of the steps that are up to date, with all that they wait for.

    Parameters
    ----------
    steps : sequence of Step
        The graph.
    root : Path
        Folder of the record.
    """
    return {id_ for id_, why in explain(steps, root).items() if not why}
