"""What a rebuilt number is: its value and, where the paper prints one, its standard error."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rebuilt:
    """A number computed from the data, to be set against a published one.

    Parameters
    ----------
    value : float
        In the unit of the published quantity.
    se : float, optional
        Its standard error, where the published number has one.
    """

    value: float
    se: float | None = None
