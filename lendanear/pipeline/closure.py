"""Which files of the package a piece of code can reach through its imports.

A build tool that hashes a function sees neither the helpers it imports nor the style sheet it
reads. The walk is static, so nothing is imported, and it follows imports inside functions too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from lendanear.paths import ROOT

PACKAGE = "lendanear"


def module_file(name: str, root: Path = ROOT) -> Path | None:
    """Return the file of a module of the checkout, or None if it is no module there."""
    base = root.joinpath(*name.split("."))
    for candidate in (base.with_suffix(".py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def imports_of(tree: ast.AST, package: str, root: Path = ROOT) -> set[str]:
    """Return the names of modules of the checkout that a syntax tree imports anywhere in it.

    Parameters
    ----------
    tree : ast.AST
        A parsed module or function.
    package : str
        Package the code stands in, for relative imports.
    root : Path
        Folder that holds the package.
    """
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join((*above, *([base] if base else [])))
            found.add(base)
            # `from package import name` may name a module as well as an attribute
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return {name for name in found if _ours(name) and module_file(name, root)}


def _ours(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def _direct(name: str, root: Path) -> tuple[frozenset[Path], frozenset[str]]:
    """Return the files of one module (itself and resources beside it) and what it imports."""
    path = module_file(name, root)
    if path is None:
        return frozenset(), frozenset()
    tree = _parsed(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    files = {path}
    for node in ast.walk(tree):
        # a resource is a file beside the module that the module names, e.g. the style sheet
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value:
            text = node.value
            if len(text) < 100 and not text.endswith(".py") and "/" not in text:
                beside = path.parent / text
                if text.strip(".") and beside.is_file():
                    files.add(beside)
    parents = {".".join(name.split(".")[:end]) for end in range(1, name.count(".") + 1)}
    return frozenset(files), frozenset(imports_of(tree, package, root) | parents)


def closure(modules: Iterable[str], root: Path = ROOT) -> tuple[Path, ...]:
    """Return every file that the named modules can reach, themselves included, sorted.

    Parameters
    ----------
    modules : iterable of str
        Dotted names; names outside the package are ignored.
    root : Path
        Folder that holds the package.
    """
    files: set[Path] = set()
    seen: set[str] = set()
    todo = [name for name in modules if _ours(name)]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        own, imported = _direct(name, root)
        files |= own
        todo.extend(imported - seen)
    return tuple(sorted(files))


def function_imports(function: str, root: Path = ROOT) -> set[str]:
    """Return the package's modules that one function (``module:name``) imports when it runs.

    The module's own top-level imports count too: they run before the function can.
    """
    module, name = function.split(":")
    path = module_file(module, root)
    if path is None:
        return set()
    tree = _parsed(path)
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom) or getattr(node, "name", None) == name:
            found |= imports_of(node, module.rpartition(".")[0], root)
    return found


def function_source(function: str, root: Path = ROOT) -> str:
    """Return the source of one function (``module:name``), without comments and layout."""
    module, name = function.split(":")
    path = module_file(module, root)
    if path is None:
        return ""
    for node in _parsed(path).body:
        if getattr(node, "name", None) == name:
            return ast.unparse(node)
    return ""
