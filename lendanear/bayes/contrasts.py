"""Contrasts: effects that sum to zero, as independent numbers."""

from __future__ import annotations

import numpy as np


def zero_sum_basis(size: int) -> np.ndarray:
    """Return an orthonormal basis of what sums to zero, shape (size, size - 1)."""
    basis, _, _ = np.linalg.svd(np.eye(size) - 1 / size)
    return basis[:, : size - 1]
