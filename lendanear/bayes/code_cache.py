"""Keeping the compiled code of models on disk.

PyTensor keeps compiled functions by itself, except those that hold an array which lies in memory
with gaps (a slice, or more than two axes in another order): numba refers to such an array by its
address. So they are replaced by copies without gaps, last of all rewrites of a graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from pytensor.graph.fg import FunctionGraph

REWRITE: Final = "constants_without_gaps"
"""Name of the replacement among PyTensor's rewrites."""
_LAST: Final = 101
"""Its position, after those that make constants."""


def keep_code() -> None:
    """Have all models that are compiled from now on kept on disk."""
    from pytensor.compile import optdb
    from pytensor.graph.rewriting.basic import GraphRewriter

    if REWRITE in optdb:
        return

    class ConstantsWithoutGaps(GraphRewriter):
        def apply(self, fgraph: FunctionGraph) -> None:
            without_gaps(fgraph)

    optdb.register(REWRITE, ConstantsWithoutGaps(), "numba", position=_LAST)


def without_gaps(fgraph: FunctionGraph) -> None:
    """Replace constant arrays of a graph that lie in memory with gaps by copies without."""
    from pytensor.graph.basic import Constant

    for variable in list(fgraph.variables):
        if not isinstance(variable, Constant) or not isinstance(variable.data, np.ndarray):
            continue
        flags = variable.data.flags
        if not (flags.c_contiguous or flags.f_contiguous):
            copy = type(variable)(variable.type, np.ascontiguousarray(variable.data))
            fgraph.replace(variable, copy, reason=REWRITE, import_missing=True)
