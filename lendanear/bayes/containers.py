"""Data containers: what a compiled model can be given anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from pytensor.compile.sharedvalue import SharedVariable


def data_container(name: str, values: np.ndarray) -> SharedVariable:
    """Add data of a fixed shape to the model that is being built.

    A number written into a model's code is compiled with it; what lies in a container is looked up,
    so that one compiled model serves many data sets. The fixed shape lets the code be as fast.

    Parameters
    ----------
    name : str
        Name of the container; a model's ``containers`` returns the values of all by name.
    values : ndarray
        What it holds until it is given something else.
    """
    import pymc as pm

    return pm.Data(name, values, shape=values.shape)
