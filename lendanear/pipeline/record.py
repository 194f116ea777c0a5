"""A quick look at pytask's record, to tell whether all is as it was when it was last built.

Importing pytask takes longer than answering this. The comparison is the one pytask makes itself:
the same states against the same record.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any, Final

from lendanear.paths import BUILD
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


def up_to_date(steps: Sequence[Step], root: Path = RECORD) -> set[str]:
    """Return the ids of the steps that are up to date, with all that they wait for.

    Parameters
    ----------
    steps : sequence of Step
        The graph.
    root : Path
        Folder of the record.
    """
    record = read_record(root)
    names: dict[Path, str] = {}

    def states(paths: Sequence[Path]) -> dict[str, str | None]:
        return {names.setdefault(p, portable(p, root)): file_state(p) for p in paths}

    current = set()
    for step in steps:
        entry = record.get(step.id)
        if entry is None or entry["state"] != step.state():
            continue
        needs = states(step.files)
        needs |= {f"{step.id}::{name}": value_state(value) for name, value in step.values.items()}
        makes = states(list(step.outputs.values()))
        if needs == entry.get("depends_on", {}) and makes == entry.get("produces", {}):
            current.add(step.id)
    made_by = {path: step.id for step in steps for path in step.outputs.values()}
    waiting = {step.id: {made_by[p] for p in step.files if p in made_by} for step in steps}
    while stale := {id_ for id_ in current if not waiting[id_] <= current}:
        current -= stale
    return current
