"""Numbers as figures print them: a true minus sign, shares as percentages."""

from __future__ import annotations

from collections.abc import Mapping

MINUS = "\N{MINUS SIGN}"


def number(value: float, digits: int = 2, *, plus: bool = False) -> str:
    """Return `value` rounded, with a minus sign; what rounds to zero has none.

    Parameters
    ----------
    value : float
        The number.
    digits : int
        Decimals.
    plus : bool
        Write a plus sign before positive numbers, as for differences.
    """
    rounded = round(float(value), digits) + 0.0
    return f"{rounded:{'+' if plus and rounded else ''},.{digits}f}".replace("-", MINUS)


def interval(
    estimate: Mapping[str, float], digits: int = 2, *, scale: float = 1.0, plus: bool = False
) -> str:
    """Return the ends of an estimate's 95% interval in words: ``0.12 to 0.34``.

    Parameters
    ----------
    estimate : mapping
        With ``hdi_low`` and ``hdi_high``, e.g. a row of ``bayes_estimates.csv``.
    digits : int
        Decimals.
    scale : float
        What both ends are multiplied by, 100 for percentage points.
    plus : bool
        Write a plus sign before positive numbers.
    """
    low, high = (
        number(scale * estimate[key], digits, plus=plus) for key in ("hdi_low", "hdi_high")
    )
    return f"{low} to {high}"


def percent(share: float) -> str:
    """Return a share (0 to 1) as a percentage without its sign, with a decimal below ten."""
    digits = 1 if 0 < 100 * share < 9.95 else 0
    return f"{100 * share:.{digits}f}"
