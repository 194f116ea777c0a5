"""Shared fixtures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lendanear.paths import ROOT

if TYPE_CHECKING:
    from command import Checkout, Day


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real public data beside the checkout; a stranger does not have it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the real data beside the checkout: ../shared/data")
    return folder


@pytest.fixture(scope="session")
def fresh(tmp_path_factory) -> Checkout:
    """A copy of the checkout in which nothing is ever built."""
    from command import Checkout

    return Checkout.new(tmp_path_factory.mktemp("fresh") / "lend an ear")


@pytest.fixture(scope="session")
def day(tmp_path_factory) -> Day:
    """What a person's day of builds left, and what each of them said."""
    from command import Checkout, Day

    return Day(Checkout.new(tmp_path_factory.mktemp("day") / "lend an ear"))
