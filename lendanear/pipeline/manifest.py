"""The manifest of a figures folder: what was made from what; and checking that it still holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lendanear import provenance
from lendanear.errors import LendAnEarError
from lendanear.files import written_aside
from lendanear.items import items_of
from lendanear.paths import FIGURES, ROOT, relative_to_checkout
from lendanear.pipeline.graph import Plan
from lendanear.pipeline.state import file_state

NAME: Final = "manifest.json"


def write_manifest(plan: Plan) -> Path:
    """Write ``figures/<source>/manifest.json`` from what lies there.

    Parameters
    ----------
    plan : Plan
        The plan of the whole source; steps whose products are not all there are left out.

    Returns
    -------
    Path
        The manifest.

    Raises
    ------
    OutputError
        If the folder cannot be written; an earlier manifest stays.
    """
    steps, items = {}, {}
    for step in plan.steps:
        products = {relative_to_checkout(p): file_state(p) for p in step.outputs.values()}
        if None in products.values():
            continue
        steps[step.name] = {
            **_timing(step.timing),
            "parameters": dict(step.parameters),
            "products": products,
        }
        kind, _, notebook = step.name.partition(".")
        for item in items_of(notebook) if kind == "notebook" else ():
            items[item.key] = {
                "title": item.title,
                "notebook": f"notebooks/{notebook}.ipynb",
                "files": [relative_to_checkout(path) for path in plan.files_of(item)],
            }
    origin = plan.origin
    manifest = {
        "source": origin.name,
        "data": "synthetic" if origin.synthetic else "real",
        "draft": any(step["parameters"].get("draft") for step in steps.values()),
        "written_at": provenance.git_state(),
        "versions": provenance.package_versions(),
        "files": [
            {
                "key": file.key,
                "path": relative_to_checkout(file.path),
                "sha256": file_state(file.path),
                "pinned": file.pinned,
                "note": file.note,
            }
            for file in origin.files
        ],
        "items": items,
        "not_built": dict(plan.blocked),
        "steps": steps,
    }
    path = origin.figures / NAME
    text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        with written_aside(path) as aside:
            aside.write_text(text, encoding="utf-8")
    return path


def _timing(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {key: record[key] for key in ("began", "seconds", "commit", "dirty") if key in record}


def manifests(figures: Path = FIGURES) -> list[Path]:
    """Return the manifests of every source that has been built, sorted."""
    return sorted(figures.glob(f"*/{NAME}"))


def mismatches(manifest: Path) -> Iterator[str]:
    """Yield a sentence for every file that is no longer what the manifest says.

    Parameters
    ----------
    manifest : Path
        A ``manifest.json``.

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
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LendAnEarError(
            f"{manifest}: cannot be read as a manifest ({error}); build again with --force"
        ) from None
    for name, checksum in expected.items():
        found = file_state(ROOT / name)
        if found is None:
            yield f"{name} is gone (its sha256 was {checksum})"
        elif found != checksum:
            yield f"{name} has changed: its sha256 is {found}, it was {checksum}"
    known = {ROOT / name for name in expected} | {manifest}
    for path in sorted(manifest.parent.rglob("*")):
        if path.is_file() and path not in known:
            yield f"{relative_to_checkout(path)} is in no step's products"


def count(manifest: Path) -> int:
    """Return how many files a manifest vouches for."""
    recorded = json.loads(manifest.read_text(encoding="utf-8"))
    return len(recorded["files"]) + sum(len(s["products"]) for s in recorded["steps"].values())
