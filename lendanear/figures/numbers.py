"""Numbers as figures print them: a true minus sign, shares as percentages."""

from __future__ import annotations

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


def percent(share: float) -> str:
    """Return a share (0 to 1) as a percentage without its sign, with a decimal below ten."""
    digits = 1 if 0 < 100 * share < 9.95 else 0
    return f"{100 * share:.{digits}f}"
