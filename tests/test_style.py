"""Code and notebooks are formatted and linted, as the pre-commit hooks would do it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lendanear.paths import ROOT

RUFF = Path(sys.executable).with_name("ruff")


@pytest.mark.parametrize("arguments", [["format", "--check"], ["check"]], ids=" ".join)
def test_ruff_has_nothing_to_say(arguments: list[str]):
    run = subprocess.run(
        [RUFF, *arguments, "--no-cache", "."], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout + run.stderr
