"""How long each model is sampled."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

SEED: Final = 26_031_524
"""Seed of every sampler: same seed, same machine, same draws."""


@dataclass(frozen=True)
class Settings:
    """Length of a run.

    Parameters
    ----------
    tune, draws : int
        Warm-up and kept draws of each chain.
    chains : int
        Independent chains.
    seed : int
        Seed of all of them.
    target_accept : float
        Acceptance rate that the step size is adapted to.
    """

    tune: int = 1000
    draws: int = 1000
    chains: int = 4
    seed: int = SEED
    target_accept: float = 0.8

    def as_parameters(self) -> dict[str, Any]:
        """Return the settings as values that a step of the graph hashes."""
        return asdict(self)
