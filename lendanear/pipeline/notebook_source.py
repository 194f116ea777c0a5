"""What a notebook's text says about itself, read without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lendanear.errors import LendAnEarError
from lendanear.paths import relative_to_checkout
from lendanear.pipeline.closure import imports_of
from lendanear.pipeline.state import cells_of


def code_tree(path: Path) -> ast.Module:
    """Return the syntax tree of a notebook's code cells, magics left out.

    Raises
    ------
    LendAnEarError
        If the file is no notebook, or a cell no Python; the message names the cell.
    """
    body: list[ast.stmt] = []
    for cell in cells_of(path):
        if cell.kind != "code":
            continue
        lines = cell.source.splitlines()
        text = "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)
        try:
            body += ast.parse(text).body
        except SyntaxError as error:
            raise LendAnEarError(
                f"{relative_to_checkout(path)}: cell {cell.number} is no valid Python, "
                f"line {error.lineno}: {error.msg}"
            ) from None
    return ast.Module(body=body, type_ignores=[])


def modules_of(tree: ast.Module) -> set[str]:
    """Return the package's modules that a notebook imports."""
    return imports_of(tree, "")


@dataclass(frozen=True)
class Reads:
    """What a notebook reads: tables by name, results as ``model.frame``.

    What it asks for with ``has`` or ``has_result`` before reading is optional: it runs without. A
    notebook that asks for one result of a model does without any of that model's.
    """

    tables: frozenset[str]
    results: frozenset[str]
    optional_tables: frozenset[str]
    optional_results: frozenset[str]


def reads_of(tree: ast.Module) -> Reads:
    """Return what a notebook reads: its calls of ``study.table`` and ``study.result``.

    The names must be written as plain strings, because this is how the graph knows what a notebook
    waits for.

    Raises
    ------
    LendAnEarError
        If a call names what it reads in any other way.
    """
    found: dict[str, set[str]] = {
        "table": set(),
        "result": set(),
        "has": set(),
        "has_result": set(),
    }
    for node in ast.walk(tree):
        if not (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in found
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "study"
        ):
            continue
        count = 2 if "result" in node.func.attr else 1
        names = [
            argument.value
            for argument in node.args[:count]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        if len(names) != count:
            raise LendAnEarError(
                f"study.{node.func.attr}(...) must begin with {count} plain string"
                f"{'s' if count > 1 else ''}, found: {ast.unparse(node)}"
            )
        found[node.func.attr].add(".".join(names))
    spared = {name.partition(".")[0] for name in found["has_result"]}
    optional = {name for name in found["result"] if name.partition(".")[0] in spared}
    return Reads(
        tables=frozenset(found["table"] - found["has"]),
        results=frozenset(found["result"] - optional),
        optional_tables=frozenset(found["has"]),
        optional_results=frozenset(found["has_result"] | optional),
    )


def parameters_of(path: Path) -> dict[str, Any]:
    """Return the names and defaults of a notebook's cell tagged ``parameters``.

    Only assignments of plain values count.
    """
    found: dict[str, Any] = {}
    for cell in cells_of(path):
        if "parameters" not in cell.tags:
            continue
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                try:
                    found[node.targets[0].id] = ast.literal_eval(node.value)
                except ValueError:
                    continue
    return found
