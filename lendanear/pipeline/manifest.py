"""The manifest of a figures folder: what was made from what; and checking that it still holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from lendanear import provenance
from lendanear.errors import LendAnEarError
from lendanear.files import written_aside
from lendanear.items import Item, items_of
from lendanear.paths import FIGURES, ROOT, relative_to_checkout
from lendanear.pipeline.graph import Plan
from lendanear.pipeline.record import portable, read_record, up_to_date
from lendanear.pipeline.state import file_state
from lendanear.pipeline.step import Step

NAME: Final = "manifest.json"


def write_manifest(plan: Plan, steps: Sequence[Step]) -> Path:
    """Write ``figures/<source>/manifest.json`` from the record of what was built.

    What a step left is vouched for by the checksum it had when the step ended, never by what lies
    there today.

    Parameters
    ----------
    plan : Plan
        The plan of the whole source.
    steps : sequence of Step
        The steps of this build; others of the plan are listed as they were last built.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    OutputError
        If the folder cannot be written; an earlier manifest stays.
    """
    origin = plan.origin
    asked = {step.name: step for step in steps}
    known = [asked.get(step.name, step) for step in plan.steps]
    current, record = up_to_date(known), read_record()
    states = {step.name: record.get(step.id, {}).get("produces", {}) for step in known}
    entries = {s.name: _entry(s, states[s.name], current=s.id in current) for s in known}
    listed = {name: entry for name, entry in entries.items() if entry}
    items = [item for name in listed for item in _items(name)]
    manifest = {
        "source": origin.name,
        "data": "synthetic" if origin.synthetic else "real",
        "written_at": provenance.git_state(),
        "versions": provenance.package_versions(),
        "files": _data_files(origin.build / "source.json"),
        "items": {item.key: _about(item, plan, listed) for item in items},
        "not_built": {key: blocked.reason for key, blocked in plan.blocked.items()},
        "leftovers": [relative_to_checkout(path) for path in plan.leftovers],
        "steps": listed,
    }
    path = origin.figures / NAME
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        with written_aside(path) as aside:
            aside.write_text(text, encoding="utf-8")
    return path


def _items(step: str) -> tuple[Item, ...]:
    kind, _, notebook = step.partition(".")
    return items_of(notebook) if kind == "notebook" else ()


def _about(item: Item, plan: Plan, listed: dict[str, dict[str, Any]]) -> dict[str, Any]:
    step = listed[f"notebook.{item.notebook}"]
    return {
        "title": item.title,
        "notebook": f"notebooks/{item.notebook}.ipynb",
        "draft": bool(step.get("parameters", {}).get("draft")),
        "current": step["current"],
        "files": [relative_to_checkout(path) for path in plan.origin.files_of(item)],
    }


def _entry(step: Step, states: Mapping[str, str], *, current: bool) -> dict[str, Any]:
    """Return what is known of a step's last success; nothing if its products are gone or unknown.

    ``states`` are the recorded checksums of its products; ``current`` says whether it would be made
    in the same way today.
    """
    products = {path: states.get(portable(path)) for path in step.outputs.values()}
    if None in products.values() or not any(path.is_file() for path in products):
        return {}
    return {
        **_last_run(step.last_run),
        "current": current,
        "products": {relative_to_checkout(path): state for path, state in products.items()},
    }


def _last_run(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _data_files(described: Path) -> list[dict[str, Any]]:
    """Return the raw files behind the figures, as the figures' own stamps know them."""
    try:
        return list(json.loads(described.read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError):
        return []


def manifests(figures: Path = FIGURES) -> list[Path]:
    """Return the manifests of every source that has been built, sorted."""
    return sorted(figures.glob(f"*/{NAME}"))


def mismatches(manifest: Path) -> Iterator[str]:
    """Yield a sentence for every file that is not what the manifest says.

    Parameters
    ----------
    manifest : Path
        A ``manifest.json``.

    Raises
    ------
    LendAnEarError
        If it cannot be read.
    """
    expected = vouched_for(manifest)
    for name, checksum in expected.items():
        found = file_state(ROOT / name)
        if found is None:
            yield f"{name} is gone (its sha256 was {checksum})"
        elif found != checksum:
            yield f"{name} has changed: its sha256 is {found}, it was {checksum}"
    known = {ROOT / name for name in expected} | {manifest}
    for path in sorted(manifest.parent.rglob("*")):
        if path.is_file() and path not in known and not path.name.startswith("."):
            yield f"{relative_to_checkout(path)} was not made by the last build; do not rely on it"


def vouched_for(manifest: Path) -> dict[str, str]:
    """Return the checksums of a manifest: of the data files and of all that was made from them.

    Raises
    ------
    LendAnEarError
        If it cannot be read.
    """
    try:
        recorded = json.loads(manifest.read_text(encoding="utf-8"))
        expected = {file["path"]: file["sha256"] for file in recorded["files"]}
        for step in recorded["steps"].values():
            expected |= step["products"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LendAnEarError(
            f"{relative_to_checkout(manifest)}: cannot be read as a manifest "
            f"({type(error).__name__}: {error}); remove it and build again"
        ) from None
    return expected
