"""The ordered likelihood, written in products, is that of McCullagh's cumulative logits."""

from __future__ import annotations

import numpy as np
import pytest
from model_density import INTERPRETED
from scipy.special import expit

from lendanear.bayes import ordered
from lendanear.bayes.people import Parameters, People

PEOPLE, OUTCOMES, CELLS = 7, 3, 4


def ratings(seed: int = 1, *, incomplete: bool = True):
    """Ratings of a few people in cells, parameters, and effects of the people."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 4, PEOPLE) if incomplete else np.full(PEOPLE, 3)
    person = np.repeat(np.arange(PEOPLE), sizes)
    cell = random.integers(0, CELLS, len(person))
    scores = random.integers(1, 6, (len(person), OUTCOMES))
    scores[:2] = [[1] * OUTCOMES, [5] * OUTCOMES][: len(scores[:2])]
    root = random.normal(size=(OUTCOMES, OUTCOMES))
    values = Parameters(
        random.normal(size=(CELLS, OUTCOMES)),
        np.sort(random.normal(0, 2, (OUTCOMES, 4)), axis=1),
        root @ root.T / OUTCOMES + 0.3 * np.eye(OUTCOMES),
    )
    return person, cell, scores, values


def directly(scores, person, cell, own, values) -> np.ndarray:
    """Log-likelihood of every person, from differences of cumulative probabilities."""
    linear = values.cell[cell] + own[person]
    below = expit(values.cuts - linear[..., None])
    edges = np.concatenate(
        [np.zeros((*linear.shape, 1)), below, np.ones((*linear.shape, 1))], axis=-1
    )
    chances = np.take_along_axis(np.diff(edges), scores[..., None] - 1, axis=-1)[..., 0]
    return np.bincount(person, np.log(chances).sum(axis=1))


@pytest.mark.parametrize("incomplete", [False, True])
def test_products_of_factors_are_differences_of_cumulative_probabilities(incomplete):
    import pytensor
    import pytensor.tensor as pt

    person, cell, scores, values = ratings(incomplete=incomplete)
    own = np.random.default_rng(3).normal(size=(PEOPLE, OUTCOMES))
    data = ordered.layout(scores, person, cell, CELLS)
    expected = directly(scores, person, cell, own, values)
    symbols = [pt.matrix() for _ in range(3)]
    graph = ordered.log_likelihood(data, *symbols)
    function = pytensor.function(symbols, graph, mode=INTERPRETED)
    assert function(own, values.cell, values.cuts) == pytest.approx(expected.sum(), rel=1e-10)
    rest = ordered.log_chances(data, np.exp(own)[None], values.cell, values.cuts)[0]
    np.testing.assert_allclose(rest + (own * data.weight).sum(axis=-1), expected, rtol=1e-10)


def test_participants_are_integrated_out_as_by_brute_force():
    person, cell, scores, values = ratings()
    data = ordered.layout(scores, person, cell, CELLS)
    found = People(data, values).log_likelihood(values)
    random = np.random.default_rng(5)
    factor = np.linalg.cholesky(values.covariance)
    draws = random.normal(size=(60_000, OUTCOMES)) @ factor.T
    linear = values.cell[cell][:, None] + draws
    below = expit(values.cuts - linear[..., None])
    edges = np.concatenate([np.zeros_like(below[..., :1]), below, np.ones_like(below[..., :1])], -1)
    chances = np.take_along_axis(np.diff(edges), scores[:, None, :, None] - 1, axis=-1)[..., 0]
    each = np.array([np.log(chances[person == one]).sum(axis=(0, 2)) for one in range(PEOPLE)])
    brute = np.log(np.exp(each).mean(axis=1))
    np.testing.assert_allclose(found, brute, atol=0.05)


def test_the_error_of_the_integral_is_small_also_away_from_the_central_draw():
    person, cell, scores, values = ratings(seed=2, incomplete=False)
    data = ordered.layout(scores, person, cell, CELLS)
    near = Parameters(values.cell + 0.2, values.cuts * 1.05, values.covariance * 1.15)
    few = People(data, values).log_likelihood(near)
    many = People(data, near, 2**14).log_likelihood(near)
    np.testing.assert_allclose(few, many, atol=0.05)


def test_nobody_is_favoured_by_conversations_that_did_not_take_place():
    person, cell, scores, values = ratings(incomplete=False)
    data = ordered.layout(scores, person, cell, CELLS)
    keep = ~((person == 3) & (np.arange(len(person)) % 3 == 2))
    fewer = ordered.layout(scores[keep], person[keep], cell[keep], CELLS)
    own = np.random.default_rng(4).normal(size=(PEOPLE, OUTCOMES))
    for arranged, rows in ((data, np.ones_like(keep)), (fewer, keep)):
        found = ordered.log_chances(arranged, np.exp(own)[None], values.cell, values.cuts)[0]
        found = found + (own * arranged.weight).sum(axis=-1)
        expected = directly(scores[rows], person[rows], cell[rows], own, values)
        np.testing.assert_allclose(found, expected, rtol=1e-10)
