"""Lighter and darker shades of the vocabulary's colours."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_hex, to_rgb


def paler(colour: str, white: float = 0.6) -> str:
    """Return `colour` mixed with white; `white` from 0 (unchanged) to 1 (white)."""
    return to_hex((1 - white) * np.array(to_rgb(colour)) + white)


def darker(colour: str, black: float = 0.18) -> str:
    """Return `colour` mixed with black, for text and thin marks on white."""
    return to_hex((1 - black) * np.array(to_rgb(colour)))
