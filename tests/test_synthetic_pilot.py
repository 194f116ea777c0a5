"""The synthetic pilot has the published agreement between raters, within sampling error."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from lendanear.checks.published import read_published
from lendanear.synthetic.pilot import generate_pilot, simulate_pilot
from lendanear.vocabulary import DIMENSION_KEYS, RATER_KEYS

REPLICATES = 60


def rank_kappa(first: np.ndarray, second: np.ndarray) -> float:
    """Quadratic-weighted kappa by category rank over the union of observed values."""
    values = np.unique(np.concatenate([first, second]).round(6))
    table = np.zeros((len(values), len(values)))
    places = (np.searchsorted(values, ratings.round(6)) for ratings in (first, second))
    np.add.at(table, tuple(places), 1)
    return cohens_kappa(table, wt="quadratic", return_results=False)


@pytest.fixture(scope="module")
def kappas() -> dict[str, np.ndarray]:
    found: dict[str, list[float]] = {}
    for seed in range(REPLICATES):
        ratings = simulate_pilot(np.random.default_rng(seed))
        ratings["experts"] = np.median([ratings[f"expert{i}"] for i in (1, 2, 3)], axis=0)
        ratings["llm"] = ratings["gemini"]
        for number in read_published():
            if number.id.startswith("kappa."):
                first, second = number.group.split("_")
                column = DIMENSION_KEYS.index(number.dimension)
                kappa = rank_kappa(ratings[first][:, column], ratings[second][:, column])
                found.setdefault(number.id, []).append(kappa)
    return {key: np.array(values) for key, values in found.items()}


def test_published_kappas_are_ordinary_draws_of_the_generator(kappas):
    assert len(kappas) == 36
    published = {n.id: n.estimate for n in read_published() if n.id in kappas}
    z = {key: (published[key] - k.mean()) / k.std(ddof=1) for key, k in kappas.items()}
    assert max(map(abs, z.values())) < 2.5, z
    assert np.mean([value**2 for value in z.values()]) < 1


def test_the_check_has_power(kappas):
    # a generator without agreement would be caught: its kappas are zero, far from the published
    published = [n.estimate for n in read_published() if n.id in kappas]
    spread = np.mean([k.std(ddof=1) for k in kappas.values()])
    assert np.mean(published) / spread > 3


def test_same_seed_same_bytes_in_the_pilots_own_layout(tmp_path):
    generate_pilot(tmp_path / "a", seed=3)
    generate_pilot(tmp_path / "b", seed=3)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == sorted(f"{rater}_ratings.csv" for rater in RATER_KEYS)
    for name in names:
        content = (tmp_path / "a" / name).read_bytes()
        assert content == (tmp_path / "b" / name).read_bytes()
        header, first = content.decode().splitlines()[:2]
        assert header.startswith(",conversation_id") == (name[:3] in {"gpt", "cla", "gem"})
        assert "9999" in first
