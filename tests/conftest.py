"""Shared fixtures."""

from __future__ import annotations

from pathlib import Path

import pytest

from lendanear.paths import ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real public data beside the checkout; a stranger does not have it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the real data beside the checkout: ../shared/data")
    return folder
