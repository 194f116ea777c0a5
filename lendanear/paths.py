"""Where things lie: every folder of the companion, relative to the checkout, named once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
"""The checkout: the folder that holds run_all.py."""
DATA: Final = ROOT / "data"
RAW: Final = DATA / "raw"
"""Pinned public files, fetched or placed by hand; ignored by git."""
SOURCES: Final = DATA / "sources.toml"
PUBLISHED: Final = DATA / "published_results.csv"
NOTEBOOKS: Final = ROOT / "notebooks"
FIGURES: Final = ROOT / "figures"
"""What readers look at: one folder per data source."""
BUILD: Final = ROOT / "build"
"""What the build keeps for itself: tables, results, executed notebooks, logs; ignored by git."""
LOCK: Final = ROOT / "requirements.lock"


def folder_name(folder: Path | str) -> str:
    """Return a data folder's name made fit for the folders of its results; may be empty."""
    return re.sub(r"[^\w.-]+", "_", Path(folder).resolve().name).strip("._-")


def relative_to_checkout(path: Path) -> str:
    """Return a path as readers see it: relative to the checkout where it lies inside."""
    path = Path(path)
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
