"""A quick look at pytask's record, to tell whether all is as it was when it was last built.

Importing pytask takes longer than answering this. The comparison is the one pytask makes itself
(same states, same record), so a test can hold the two against each other; whenever the answer is
not a plain yes, the engine decides.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

from lendanear.pipeline.state import file_state, value_state
from lendanear.pipeline.step import Step

LOCK_NAME = "pytask.lock"


def read_record(root: Path) -> dict[str, dict[str, Any]]:
    """Return what pytask recorded for each step's id; empty if nothing usable is there.

    A journal beside the record means that a build was broken off: then the record alone is not
    the truth, and nothing is returned.
    """
    if (root / f"{LOCK_NAME}.journal").exists():
        return {}
    try:
        recorded = tomllib.loads((root / LOCK_NAME).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        return {}
    return {entry["id"]: entry for entry in recorded.get("task", [])}


def up_to_date(steps: Sequence[Step], root: Path) -> set[str]:
    """Return the ids of the steps that are certainly up to date, with all that they wait for.

    Parameters
    ----------
    steps : sequence of Step
        The graph.
    root : Path
        Folder of the record.
    """
    record = read_record(root)
    names: dict[Path, str] = {}

    def portable(path: Path) -> str:
        if path not in names:
            names[path] = PurePath(os.path.relpath(path, root)).as_posix()
        return names[path]

    current = set()
    for step in steps:
        entry = record.get(step.id)
        if entry is None or entry["state"] != step.state():
            continue
        needs = {portable(path): file_state(path) for path in step.files}
        needs |= {f"{step.id}::{name}": value_state(value) for name, value in step.values.items()}
        makes = {portable(path): file_state(path) for path in step.outputs.values()}
        if needs == entry.get("depends_on", {}) and makes == entry.get("produces", {}):
            current.add(step.id)
    made_by = {path: step.id for step in steps for path in step.outputs.values()}
    waiting = {step.id: {made_by[p] for p in step.files if p in made_by} for step in steps}
    while stale := {id_ for id_ in current if not waiting[id_] <= current}:
        current -= stale
    return current
