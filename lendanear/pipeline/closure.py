"""Which files of the checkout a piece of code can reach: modules it imports, files they name.

A build tool that hashes a function sees neither the helpers it imports nor the style sheet it
reads. The walk is static, so nothing is imported, and it follows imports inside functions too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

from lendanear import paths
from lendanear.paths import DATA, ROOT

PACKAGE: Final = "lendanear"
_PATHS: Final = paths.__name__
_LONGEST_FILE_NAME: Final = 100


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
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a module; of one that is no Python, an empty tree.

    Such a module fails with its own message when a step imports it, and only those steps fail.
    """
    try:
        return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    except (SyntaxError, UnicodeDecodeError):
        return ast.Module(body=[], type_ignores=[])


def _resources(tree: ast.Module, path: Path, root: Path) -> Iterator[Path]:
    """Yield the files that a module reads by name.

    These are files beside it or in data/ whose name stands in it as a string, and files that it
    knows as a constant of `lendanear.paths`.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value
            if "." in name.strip(".") and "/" not in name and len(name) < _LONGEST_FILE_NAME:
                for folder in (path.parent, root / DATA.name):
                    if not name.endswith(".py") and (folder / name).is_file():
                        yield folder / name
        elif isinstance(node, ast.ImportFrom) and node.module == _PATHS:
            for alias in node.names:
                constant = getattr(paths, alias.name, None)
                if isinstance(constant, Path) and constant.is_file():
                    yield constant


@cache
def _direct(name: str, root: Path) -> tuple[frozenset[Path], frozenset[str]]:
    """Return the files of one module (itself and what it reads by name) and what it imports."""
    path = module_file(name, root)
    if path is None:
        return frozenset(), frozenset()
    tree = parsed(path)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    # the module that names every path reads none of them
    resources = () if name == _PATHS else _resources(tree, path, root)
    parents = {".".join(name.split(".")[:end]) for end in range(1, name.count(".") + 1)}
    return frozenset({path, *resources}), frozenset(imports_of(tree, package, root) | parents)


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


def _defined(function: str, root: Path) -> tuple[ast.Module, ast.FunctionDef | None]:
    """Return the module and the definition of a function (``module:name``)."""
    module, name = function.split(":")
    path = module_file(module, root)
    tree = parsed(path) if path else ast.Module(body=[], type_ignores=[])
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef))
    return tree, next((node for node in functions if node.name == name), None)


def function_imports(function: str, root: Path = ROOT) -> set[str]:
    """Return the package's modules that one function (``module:name``) imports when it runs.

    The module's own top-level imports count too: they run before the function can.
    """
    tree, definition = _defined(function, root)
    nodes = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    package = function.split(":")[0].rpartition(".")[0]
    found = (imports_of(node, package, root) for node in (*nodes, definition) if node)
    return set().union(*found)


def function_source(function: str, root: Path = ROOT) -> str:
    """Return the source of one function (``module:name``), without comments and layout."""
    _, definition = _defined(function, root)
    return ast.unparse(definition) if definition else ""


def function_parameters(function: str, root: Path = ROOT) -> set[str]:
    """Return the names of the parameters of one function (``module:name``)."""
    _, definition = _defined(function, root)
    taken = definition.args if definition else ast.arguments([], [], None, [], [], None, [])
    return {argument.arg for argument in (*taken.args, *taken.kwonlyargs)}
