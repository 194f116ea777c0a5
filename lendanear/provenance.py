"""What a result was made with: commit, package versions, data files, parameters."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from lendanear.paths import ROOT

PACKAGES = (
    "arviz",
    "ipywidgets",
    "jupyterlab",
    "matplotlib",
    "numpy",
    "pandas",
    "pandera",
    "papermill",
    "pyarrow",
    "pymc",
    "pytask",
    "scipy",
    "seaborn",
    "statsmodels",
)
"""Packages whose versions are recorded with every result."""


@cache
def git_state() -> dict[str, str | bool | None]:
    """Return the commit of the checkout and whether tracked files differ from it.

    Returns
    -------
    dict
        ``commit`` (40 hexadecimal digits, or None outside a git checkout) and ``dirty``
        (True, False, or None).
    """

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout.strip()

    try:
        return {
            "commit": git("rev-parse", "HEAD"),
            "dirty": bool(git("status", "--porcelain", "--untracked-files=no")),
        }
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "dirty": None}


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def stamp(
    *,
    item: str,
    source: str,
    synthetic: bool,
    draft: bool,
    files: list[dict[str, Any]],
    parameters: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the stamp that every figure and table file carries inside.

    Parameters
    ----------
    item : str
        Key of the paper item.
    source : str
        Name of the data source.
    synthetic : bool
        Whether the data is synthetic.
    draft : bool
        Whether settings were shortened.
    files : list of dict
        The data files behind it, each with ``key``, ``name`` and ``sha256``.
    parameters : mapping
        What the notebook was run with.

    Returns
    -------
    dict
        JSON-serialisable.
    """
    return {
        "companion": "Lend an Ear",
        "item": item,
        "data": "synthetic" if synthetic else "real",
        "source": source,
        "draft": draft,
        "files": files,
        "parameters": dict(parameters),
        **git_state(),
        "versions": package_versions(),
    }


def as_text(stamp: Mapping[str, Any]) -> str:
    """Return a stamp as one line of JSON with sorted keys."""
    return json.dumps(stamp, sort_keys=True, ensure_ascii=True, default=str)
