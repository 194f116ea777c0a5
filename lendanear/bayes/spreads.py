"""Standard deviations of a hierarchy that may be zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytensor.tensor as pt


def signed_spread(name: str, scale: float) -> pt.TensorVariable:
    """Add a half-normal standard deviation to the model that is being built.

    It is sampled with a sign, ``<name>_signed`` ~ Normal(0, scale), and multiplies effects that
    are symmetric about 0: the likelihood is the same under either sign and smooth across 0, where
    a logarithm would run away. ``<name>_sd`` is its absolute value.

    Parameters
    ----------
    name : str
        Stem of both names.
    scale : float
        Scale of the half-normal prior.

    Returns
    -------
    TensorVariable
        The signed one.
    """
    import pymc as pm

    signed = pm.Normal(f"{name}_signed", 0, scale)
    pm.Deterministic(f"{name}_sd", pm.math.abs(signed))
    return signed
