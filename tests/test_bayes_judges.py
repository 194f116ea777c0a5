"""Severity, consistency and consensus: recovered from planted judges, equal to integrals."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from model_density import likelihood_at
from scipy.stats import norm
from simulated_judges import PLANTED, pilot, planted

from lendanear.bayes import registry
from lendanear.bayes.estimates import judges as estimates
from lendanear.bayes.models import judges as model
from lendanear.bayes.settings import Settings
from lendanear.bayes.summarise import summarise
from lendanear.errors import LendAnEarError
from lendanear.paths import ROOT
from lendanear.tables.pilot import RATING_FILES, pilot_ratings_table
from lendanear.vocabulary import DIMENSION_KEYS, DIMENSIONS, RATER_KEYS, SCORE_MIN

N = 50
"""As many conversations as in the pilot: one compiled model serves both."""
REAL = ROOT.parent / "shared" / "data" / "pilot" / "annotations" / "lend_an_ear"
LLMS_ON_DISMISSAL = ("severity.points", "llms, dismissing_emotions")


@pytest.fixture(scope="module")
def judged() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Ratings by the planted judges, and consensus and view of the conversations."""
    return pilot(N, seed=1)


@pytest.fixture(scope="module")
def data(judged) -> model.Ratings:
    return model.data(judged[0])


def nodes(low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of Gauss and Legendre between two ends."""
    points, weights = np.polynomial.legendre.leggauss(300)
    return (low + high + (high - low) * points) / 2, (high - low) / 2 * weights


def chance(level: int, seen: np.ndarray, rater: int, dimension: int) -> np.ndarray:
    """Probability of a level (0 to 4) by the planted rater, written out."""
    edges = np.concatenate([[-np.inf], PLANTED["cutpoints"][:, dimension], [np.inf]])
    centre = seen + PLANTED["shift"][rater, dimension]
    low, high = (
        norm.cdf((edge - centre) / PLANTED["noise"][rater, dimension])
        for edge in edges[level : level + 2]
    )
    return 0.995 * (high - low) + 0.005 / 5


def by_consensus(data: model.Ratings, row: int, dimension: int, z: np.ndarray) -> np.ndarray:
    """Density of consensus and all ratings of a conversation, its view integrated out."""
    rho = PLANTED["correlation"][dimension]
    given = data.levels[:, row, dimension]
    own, weights = nodes(-8, 8)
    seen = rho * z[:, None] + np.sqrt(1 - rho**2) * own
    llms = np.prod([chance(given[r], seen, r, dimension) for r in (3, 4, 5)], axis=0)
    experts = np.prod([chance(given[r], z, r, dimension) for r in (0, 1, 2)], axis=0)
    level, slope, omega = (PLANTED[name][dimension] for name in model.CROWD_TERMS)
    crowd = norm.pdf(data.crowd[row, dimension], level + slope * z, omega)
    return norm.pdf(z) * experts * crowd * (llms @ (weights * norm.pdf(own)))


CELLS = ((0, 0), (7, 2), (19, 3), (41, 5))
"""Some conversations and dimensions."""


def test_the_likelihood_is_that_of_gaussian_quadrature(data):
    ours = model.log_likelihood(data, planted())[0, 0].reshape(N, -1)
    z, weights = nodes(-8, 8)
    for row, dimension in CELLS:
        whole = weights @ by_consensus(data, row, dimension, z)
        assert ours[row, dimension] == pytest.approx(np.log(whole), abs=0.01), (row, dimension)


def test_the_step_of_the_grid_makes_no_difference(data, monkeypatch):
    coarse = model.log_likelihood(data, planted())
    monkeypatch.setattr(model, "STEP", 0.06)
    fine = model.log_likelihood(data, planted())
    # of all data together, whose log-likelihood differs by tens between draws of a posterior
    assert coarse.sum() == pytest.approx(fine.sum(), abs=0.1)
    assert np.abs(coarse - fine).max() < 0.05


def test_the_likelihood_is_that_of_the_model_itself(data):
    joint, values = likelihood_at(model.build(data), model.KEEP, 0)
    assert model.log_likelihood(data, values).sum() == pytest.approx(joint, rel=1e-10)


def test_the_consensus_is_drawn_from_its_distribution_given_the_ratings(data):
    rows = [row for row, _ in CELLS]
    few = replace(data, levels=data.levels[:, rows], crowd=data.crowd[rows])
    consensus, _ = model.latents(few, planted(3000), np.random.default_rng(2))
    for place, (row, dimension) in enumerate(CELLS):
        points, weights = nodes(-8, 8)
        density = weights * by_consensus(data, row, dimension, points)
        density /= density.sum()
        mean = density @ points
        sd = np.sqrt(density @ (points - mean) ** 2)
        drawn = consensus[0, :, place, dimension]
        assert drawn.mean() == pytest.approx(mean, abs=0.07 * sd), (row, dimension)
        assert drawn.std() == pytest.approx(sd, rel=0.05), (row, dimension)


def test_what_was_planted_in_a_conversation_lies_where_it_is_drawn(judged, data):
    drawn = model.latents(data, planted(400), np.random.default_rng(3))
    for truth, draws in zip(judged[1:], drawn, strict=True):
        below = (draws[0] < truth).mean(axis=0)
        # ranks of the truth among the draws are uniform; 360 of them
        assert below.mean() == pytest.approx(0.5, abs=3.5 / np.sqrt(12 * truth.size))
        assert ((below > 0.1) & (below < 0.9)).mean() == pytest.approx(0.8, abs=0.075)


def test_levels_have_the_written_out_probabilities():
    seen = np.array([-3.0, 0.0, 0.4, 6.0])
    for rater, dimension in ((0, 0), (4, 5)):
        centre = seen + PLANTED["shift"][rater, dimension]
        spread = np.full(len(seen), PLANTED["noise"][rater, dimension])
        ours = model.level_probabilities(PLANTED["cutpoints"][:, dimension], centre, spread)
        expected = [[chance(level, x, rater, dimension) for level in range(5)] for x in seen]
        assert ours == pytest.approx(np.array(expected))
        assert ours.sum(axis=-1) == pytest.approx(1)


def test_experts_are_the_yardstick_and_language_models_are_free():
    frame = model.rater_frame()
    assert frame[:3].sum(axis=0) == pytest.approx(np.zeros(5))
    # as a sum of independent contrasts, no expert stands out
    assert (frame[:3] ** 2).sum(axis=1) == pytest.approx(np.full(3, 2 / 3))
    assert frame[3:, 2:] == pytest.approx(np.eye(3))


def severity(table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Severities when parameters are known: the ratings tell consensus and view."""
    own, parameters = model.data(table), planted(150)
    consensus, view = model.latents(own, parameters, np.random.default_rng(4))
    expected = {
        rater: model.expected_rating(parameters, rater, view if rater in model.LLMS else consensus)
        for rater in RATER_KEYS
    }
    return estimates.severities(expected, np.random.default_rng(5))


def test_severity_is_the_difference_of_mean_ratings_towards_harshness():
    table, _, _ = pilot(150, seed=6)
    found = severity(table)
    given = table.pivot_table(index="conversation_id", columns=["rater", "dimension"])["rating"]
    experts = sum(given[key] for key in model.EXPERTS) / 3
    for rater, dimension in product(RATER_KEYS, DIMENSIONS):
        plain = -dimension.sign * (given[rater] - experts)[dimension.key]
        draws = found[rater][..., DIMENSIONS.index(dimension)]
        error = plain.std() / np.sqrt(len(plain))
        assert abs(draws.mean() - plain.mean()) < 3 * error, (rater, dimension.key)
        # parameters are known here, so less is uncertain than in a plain mean
        assert 0 < draws.std() < 1.1 * error, (rater, dimension.key)
    # giving less of what is wanted is harsh, and so is giving more of what is not
    claude = found["claude"].mean(axis=(0, 1))
    assert claude[DIMENSION_KEYS.index("demonstrating_understanding")] > 0.2
    assert claude[DIMENSION_KEYS.index("dismissing_emotions")] > 0.8
    every = np.mean([found[key] for key in model.LLMS], axis=0)
    assert found[estimates.LLM_MEAN] == pytest.approx(every)
    assert sum(found[key] for key in model.EXPERTS) == pytest.approx(0, abs=1e-12)


def test_consistency_is_the_correlation_of_what_is_seen_with_the_consensus():
    random = np.random.default_rng(8)
    found = estimates.correlations(planted())
    consensus, own, noise = random.standard_normal((3, 200_000))
    for rater, dimension in (("expert3", 2), ("gpt", 5), ("claude", 1)):
        place, rho = model.SINGLE.index(rater), PLANTED["correlation"][dimension]
        common = rho * consensus + np.sqrt(1 - rho**2) * own if rater in model.LLMS else consensus
        seen = common + PLANTED["noise"][place, dimension] * noise
        simulated = np.corrcoef(seen, consensus)[0, 1]
        assert found[rater][0, 0, dimension] == pytest.approx(simulated, abs=0.01)
    crowd = PLANTED["crowd_slope"][0] * consensus + PLANTED["crowd_noise"][0] * noise
    simulated = np.corrcoef(crowd, consensus)[0, 1]
    assert found["crowd"][0, 0, 0] == pytest.approx(simulated, abs=0.01)


def test_properties_of_ratings_are_those_of_pandas(judged):
    table = judged[0]
    wide = {
        key: table[table["rater"] == key]
        .pivot_table(index="conversation_id", columns="dimension", values="rating")
        .loc[:, list(DIMENSION_KEYS)]
        for key in RATER_KEYS
    }
    ratings = np.stack([wide[key].to_numpy() for key in RATER_KEYS])[None]
    found = estimates._properties(ratings)
    experts = np.mean([wide[key].mean() for key in model.EXPERTS], axis=0)
    both = np.mean(
        [wide[a].corrwith(wide[b]) for a, b in product(model.LLMS, model.EXPERTS)], axis=0
    )
    floor = 100 * np.mean([(wide[key] == SCORE_MIN).mean() for key in model.LLMS], axis=0)
    for place, dimension in enumerate(DIMENSION_KEYS):
        assert found["mean.experts", dimension][0] == pytest.approx(experts[place])
        assert found["agreement.both", dimension][0] == pytest.approx(both[place])
        assert found["lowest.llms", dimension][0] == pytest.approx(floor[place])


def test_ratings_that_cannot_be_used_are_refused_in_words(judged):
    table = judged[0]
    few = table["conversation_id"].isin(table["conversation_id"].unique()[:9])
    with pytest.raises(LendAnEarError, match=r"9 conversations.* need at least 10"):
        model.data(table[few])
    with pytest.raises(LendAnEarError, match="the rater 'expert1' did not rate every"):
        model.data(table.drop(index=table.index[0]))
    broken = table.copy()
    broken.loc[table["rater"] == "gpt", "rating"] += 0.5
    with pytest.raises(LendAnEarError, match="the rater 'gpt' gave a rating that is not a whole"):
        model.data(broken)
    flat = table.copy()
    flat.loc[(table["dimension"] == "advice_giving") & (table["rater"] != "crowd"), "rating"] = 2
    with pytest.raises(LendAnEarError, match="every rating of 'advice_giving' is 2"):
        model.data(flat)


@pytest.fixture(scope="module")
def frames(judged) -> dict[str, pd.DataFrame]:
    tables = {"pilot_ratings": judged[0]}
    settings = Settings(tune=400, draws=700, chains=2, seed=3)
    return summarise("judges", registry.draw("judges", tables, settings), tables)


@pytest.mark.slow
class TestFit:
    """One fit to simulated judges, which takes minutes to compile without a cache."""

    def test_planted_severities_and_consistencies_are_recovered(self, frames):
        rows = frames["estimates"].set_index(["quantity", "group"])
        # expected ratings of very many conversations, whose consensus is known exactly
        points, weights = model.grid(0.05)
        many = np.repeat(points[:, None], len(DIMENSION_KEYS), axis=1)[None, None]
        expected = {
            rater: weights @ model.expected_rating(planted(), rater, many)[0, 0]
            for rater in RATER_KEYS
        }
        experts = np.mean([expected[key] for key in model.EXPERTS], axis=0)
        truth = estimates.correlations(planted())
        off = []
        for rater, (place, dimension) in product(RATER_KEYS, enumerate(DIMENSIONS)):
            group = f"{rater}, {dimension.key}"
            harsh = -dimension.sign * (expected[rater] - experts)[place]
            for quantity, value in (
                ("severity.points", harsh),
                ("consistency.correlation", truth[rater][0, 0, place]),
            ):
                row = rows.loc[quantity, group]
                off.append((row["mean"] - value) / row["sd"])
                assert abs(off[-1]) < 4, (quantity, group, row["mean"], value)
        assert np.mean(np.square(off)) == pytest.approx(1, abs=0.6)
        view = rows.loc["view.correlation"].loc[list(DIMENSION_KEYS)]
        inside = (view["hdi_low"] < PLANTED["correlation"]) & (
            PLANTED["correlation"] < view["hdi_high"]
        )
        # of six intervals of 95%, one may miss
        assert inside.sum() >= len(DIMENSION_KEYS) - 1, view

    def test_the_consensus_of_single_conversations_is_covered(self, judged, frames):
        _, consensus, _ = judged
        agreed = np.mean(
            [
                model.expected_rating(planted(), key, consensus[None, None])[0, 0]
                for key in model.EXPERTS
            ],
            axis=0,
        )
        table = frames["consensus"]
        assert list(table["dimension"].iloc[:6]) == list(DIMENSION_KEYS)
        inside = (table["low"] <= agreed.ravel()) & (agreed.ravel() <= table["high"])
        assert 0.91 < inside.mean() < 0.98
        plain = ((table["experts"] - agreed.ravel()) ** 2).mean()
        assert ((table["mean"] - agreed.ravel()) ** 2).mean() < 0.6 * plain
        assert (
            table[["mean", "low", "high"]]
            .apply(lambda column: column.between(1, 5))
            .to_numpy()
            .all()
        )

    def test_trust_follows_severity_and_consistency(self, frames):
        rows = frames["raters"].set_index(["rater", "dimension"])
        assert rows.loc[list(model.EXPERTS), ["p_level", "p_order"]].isna().to_numpy().all()
        gpt = rows.loc["gpt"]
        assert gpt.loc["dismissing_emotions", "p_level"] < 0.05
        assert gpt.loc["encouraging_elaboration", "p_level"] > 0.9
        assert gpt.loc["encouraging_elaboration", "p_order"] > 0.8
        assert gpt.loc["dismissing_emotions", "p_order"] < 0.4

    def test_it_passes_the_gate_and_expects_what_is_observed(self, frames):
        assert frames["diagnostics"]["passed"].all(), frames["diagnostics"]["problems"].iloc[0]
        after, before = frames["posterior_predictive"], frames["prior_predictive"]
        assert after["observed"].between(after["low"], after["high"]).mean() > 0.9
        # six raters as consistent as the planted ones are rare a priori, so that a few of their
        # correlations lie above what is simulated from the prior; nothing else does
        unusual = ~before["observed"].between(before["low"], before["high"])
        assert unusual.mean() < 0.2
        assert before.loc[unusual, "what"].str.startswith("agreement").all()
        assert ((before["high"] - before["low"]) > (after["high"] - after["low"])).mean() > 0.95
        assert set(frames["sensitivity"]["quantity"]) >= {"severity.points", "severity.overall"}


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason=f"the pilot's own rating files are not in {REAL}")
def test_language_models_are_a_point_and_a_half_harsher_on_dismissing_emotions():
    table = pilot_ratings_table({key: REAL / f"{key}.csv" for key in RATING_FILES})
    tables = {"pilot_ratings": table}
    settings = Settings(tune=400, draws=700, chains=2, seed=4)
    frames = summarise("judges", registry.draw("judges", tables, settings), tables)
    rows = frames["estimates"].set_index(["quantity", "group"])
    row = rows.loc[LLMS_ON_DISMISSAL]
    assert row["hdi_low"] < 1.5 < row["hdi_high"]
    assert row["mean"] == pytest.approx(1.5, abs=0.15)
    assert frames["diagnostics"]["passed"].all(), frames["diagnostics"]["problems"].iloc[0]
    # on encouraging elaboration they are neither harsh nor mild, and as consistent as experts
    own = frames["raters"].set_index(["dimension", "rater"]).loc["encouraging_elaboration"]
    assert (own.loc[list(model.LLMS), ["p_level", "p_order"]] > 0.9).to_numpy().all()
