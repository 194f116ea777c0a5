"""Compiled models are kept on disk: no constant of theirs lies in memory with gaps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytensor
import pytensor.tensor as pt
import pytest
from pytensor.compile import optdb
from pytensor.graph.basic import Constant
from pytensor.graph.fg import FunctionGraph
from pytensor.link.numba.linker import NumbaLinker

from lendanear.bayes.code_cache import REWRITE, keep_code, without_gaps

CUBE = np.arange(24.0).reshape(2, 3, 4)
GAPPY = {
    "some columns": np.arange(12.0).reshape(3, 4)[:, :3],
    "every other number": np.arange(10.0)[::2],
    "three axes in another order": CUBE.transpose(0, 2, 1),
}
WHOLE = {"as made": CUBE, "transposed": np.arange(12.0).reshape(3, 4).T}


def arrays(fgraph: FunctionGraph) -> Iterator[np.ndarray]:
    for variable in fgraph.variables:
        if isinstance(variable, Constant) and isinstance(variable.data, np.ndarray):
            yield variable.data


def has_gaps(array: np.ndarray) -> bool:
    return not (array.flags.c_contiguous or array.flags.f_contiguous)


def graph(array: np.ndarray) -> tuple[FunctionGraph, pt.TensorVariable]:
    factor = pt.dscalar("factor")
    return FunctionGraph([factor], [(pt.constant(array) * factor).sum(axis=0)], clone=False), factor


@pytest.mark.parametrize("array", GAPPY.values(), ids=GAPPY)
def test_a_constant_with_gaps_becomes_a_whole_one_of_the_same_numbers(array: np.ndarray):
    fgraph, factor = graph(array)
    assert any(map(has_gaps, arrays(fgraph)))
    without_gaps(fgraph)
    assert not any(map(has_gaps, arrays(fgraph)))
    assert fgraph.outputs[0].eval({factor: 2.0}) == pytest.approx(2 * array.sum(axis=0))


@pytest.mark.parametrize("array", WHOLE.values(), ids=WHOLE)
def test_other_constants_are_left_alone(array: np.ndarray):
    fgraph, _ = graph(array)
    before = {id(values) for values in arrays(fgraph)}
    without_gaps(fgraph)
    assert {id(values) for values in arrays(fgraph)} == before


def test_numba_is_given_no_gaps(monkeypatch: pytest.MonkeyPatch):
    given = []
    convert = NumbaLinker.fgraph_convert

    def seen(self: NumbaLinker, fgraph: FunctionGraph, **options: object) -> object:
        given.extend(map(has_gaps, arrays(fgraph)))
        return convert(self, fgraph, **options)

    monkeypatch.setattr(NumbaLinker, "fgraph_convert", seen)
    keep_code()
    keep_code()
    assert REWRITE in optdb
    array = GAPPY["some columns"]
    factor = pt.dmatrix("factor")
    multiply = pytensor.function([factor], pt.dot(pt.constant(array), factor), mode="NUMBA")
    assert given
    assert not any(given)
    by = np.arange(6.0).reshape(3, 2)
    assert multiply(by) == pytest.approx(array @ by)
