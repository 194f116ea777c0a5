"""ARCHITECTURE.md is the map: it names every room, and imports go one way through its layers."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from lendanear.paths import ROOT

MAP = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def tracked() -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if listing.returncode:
        pytest.skip("needs a git checkout to know which files belong to the project")
    return [line for line in listing.stdout.splitlines() if (ROOT / line).exists()]


def layers() -> list[list[str]]:
    """Return the paths of each layer, lowest first, as the table of ARCHITECTURE.md lists them."""
    rows = re.findall(r"^\| (\d+) \| ([^|]+) \|", MAP, flags=re.MULTILINE)
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    return [re.findall(r"`([^`]+)`", rooms) for _, rooms in rows]


def layer_of(path: str) -> int | None:
    for number, rooms in enumerate(layers()):
        if any(path == room or (room.endswith("/") and path.startswith(room)) for room in rooms):
            return number
    return None


def modules_imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.startswith("lendanear.")}


def file_of(module: str) -> str | None:
    base = module.replace(".", "/")
    for candidate in (f"{base}.py", f"{base}/__init__.py"):
        if (ROOT / candidate).is_file():
            return candidate
    return None


def test_every_path_on_the_map_exists():
    generated = {"data/raw/", "build/"}
    named = set(re.findall(r"`((?:[\w.-]+/)*[\w.-]+(?:/|\.\w+))`", MAP)) - generated
    missing = [path for path in named if not (ROOT / path).exists()]
    assert not missing


def test_every_room_is_on_the_map():
    files = tracked()
    rooms = {f.split("/")[0] + ("/" if "/" in f else "") for f in files}
    rooms |= {"/".join(f.split("/")[:2]) + "/" for f in files if f.count("/") >= 2}
    rooms |= {f for f in files if f.startswith("lendanear/") and f.count("/") == 1}
    unmapped = sorted(
        room for room in rooms if f"`{room}`" not in MAP and room != "lendanear/__init__.py"
    )
    assert not unmapped


def test_every_module_has_a_layer():
    modules = [f for f in tracked() if f.startswith("lendanear/") and f.endswith(".py")]
    homeless = [f for f in modules if layer_of(f) is None and f != "lendanear/__init__.py"]
    assert not homeless


def test_a_file_knows_only_what_stands_below_it():
    upward = []
    for name in (f for f in tracked() if f.startswith("lendanear/") and f.endswith(".py")):
        for module in modules_imported(ROOT / name):
            target = file_of(module)
            if target and (layer_of(target) or 0) > (layer_of(name) or 0):
                upward.append(f"{name} imports {module}")
    assert not upward


def test_the_library_does_not_know_notebooks_widgets_or_run_all():
    for name in (f for f in tracked() if f.startswith("lendanear/") and f.endswith(".py")):
        for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
            roots = (
                [alias.name.split(".")[0] for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module.split(".")[0]]
                if isinstance(node, ast.ImportFrom) and node.module
                else []
            )
            assert not {"notebooks", "widgets", "run_all", "tests"} & set(roots), name
