"""Fields of any length for Python's CSV reader, which refuses more than 128 KiB by default."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager

_LONGEST = 2**31 - 1
"""The largest limit that every platform takes, in characters."""


@contextmanager
def fields_of_any_length() -> Iterator[None]:
    """Lift the limit, which is one for the whole process, inside the block."""
    usual = csv.field_size_limit(_LONGEST)
    try:
        yield
    finally:
        csv.field_size_limit(usual)
