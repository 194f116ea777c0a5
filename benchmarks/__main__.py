"""``make bench``: times and memory of the build and of the Bayesian models.

Works on a copy of the checkout in a temporary folder, so nothing of the reader's is rebuilt or
removed, and writes ``benchmarks/results.md``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path

from benchmarks import bayes, build
from benchmarks.report import report
from lendanear.paths import ROOT

BUILD, BAYES = "The build", "Bayesian models"
PARTS = {"build": BUILD, "bayes": BAYES}
"""Headings of the parts by what they are called on the command line."""


def checkout_copy(folder: Path) -> Path:
    """Copy the files git knows into `folder` and return the copy."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    copy = folder / "checkout"
    for name in filter(None, listing.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


def main() -> None:
    """Measure what is asked for and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=PARTS, help="measure only this part")
    parser.add_argument(
        "--scales", type=int, nargs="*", default=list(build.SCALES), help="sizes of cohorts"
    )
    arguments = parser.parse_args()
    measuring = {
        BUILD: partial(build.section, scales=arguments.scales),
        BAYES: bayes.section,
    }
    asked = [PARTS[arguments.only]] if arguments.only else list(measuring)
    found = {}
    for heading in asked:
        with tempfile.TemporaryDirectory(prefix="lendanear-bench-") as name:
            folder = Path(name)
            copy = checkout_copy(folder)
            environment = {**os.environ, "PYTHONPATH": str(copy), "CI": "1"}
            found[heading] = measuring[heading](copy, folder, environment)
    print(report(found, list(measuring)))


if __name__ == "__main__":
    main()
