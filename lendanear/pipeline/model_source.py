"""How long a Bayesian model is sampled, read from its module's text without running it.

Every look at the graph needs the settings, and running the module would import PyMC, which takes
ten seconds.
"""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

from lendanear.bayes.settings import Settings
from lendanear.errors import LendAnEarError
from lendanear.paths import ROOT, relative_to_checkout
from lendanear.pipeline.closure import module_file, parsed


def settings_of(name: str, *, quick: bool, root: Path = ROOT) -> Settings:
    """Return the settings ``FULL`` or ``QUICK`` of one Bayesian model.

    Parameters
    ----------
    name : str
        Key of `lendanear.bayes.registry.BAYES_MODELS`.
    quick : bool
        Whether the short settings are asked for.
    root : Path
        Folder that holds the package.

    Raises
    ------
    LendAnEarError
        If the module does not name its settings in a form that can be read.
    """
    return _read(f"lendanear.bayes.models.{name}", "QUICK" if quick else "FULL", root)


def _read(module: str, name: str, root: Path) -> Settings:
    """Return the settings that a module knows by a name."""
    path = module_file(module, root)
    tree = parsed(path) if path else ast.Module([], [])
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _read(str(node.module), alias.name, root)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            found = _settings(node.value, module, root)
            if found is not None:
                return found
    where = relative_to_checkout(path) if path else module
    raise LendAnEarError(
        f"{where}: {name} must be written as Settings(...) or replace(FULL, ...) with plain "
        "numbers, or be imported from another module, because the graph reads it from the text"
    )


def _settings(value: ast.expr | None, module: str, root: Path) -> Settings | None:
    """Return what ``Settings(...)`` or ``replace(<name>, ...)`` says, or None for anything else."""
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Name):
        return None
    try:
        changes = {str(word.arg): ast.literal_eval(word.value) for word in value.keywords}
        if value.func.id == "Settings" and not value.args:
            return Settings(**changes)
        if value.func.id == "replace" and [type(word) for word in value.args] == [ast.Name]:
            return replace(_read(module, value.args[0].id, root), **changes)
    except (ValueError, TypeError):
        return None
    return None
