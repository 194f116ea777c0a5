"""The gap between saying and being seen: planted gaps recovered, chances held to integrals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from model_density import likelihood_at
from scipy.special import expit
from scipy.stats import norm
from simulated_trial import simulate_trial

from lendanear.bayes import registry
from lendanear.bayes.estimates.silent_levels import LARGE, WHEN, estimate
from lendanear.bayes.models import silent_levels as model
from lendanear.bayes.sampling import arviz
from lendanear.bayes.settings import Settings
from lendanear.bayes.summarise import summarise
from lendanear.checks.counterparts import COUNTERPARTS
from lendanear.errors import LendAnEarError
from lendanear.models import silent_empathy
from lendanear.vocabulary import ARM_KEYS

PEOPLE = 200
"""Per arm."""
BEHAVIOURS = len(model.JUDGED)


def parameters(seed: int, *, spread: float = 2.0) -> dict[str, np.ndarray]:
    """Arbitrary admissible parameters of one draw."""
    rng = np.random.default_rng(seed)
    cells = (BEHAVIOURS, len(ARM_KEYS), 3)
    return {
        "says": 1 + 0.5 * rng.standard_normal(cells),
        "seen": -1.5 + 0.5 * rng.standard_normal(cells),
        "says_level": np.ones(BEHAVIOURS),
        "seen_level": -np.ones(BEHAVIOURS),
        "spread_says": spread * rng.uniform(0.7, 1, BEHAVIOURS),
        "spread_seen": spread * rng.uniform(0.7, 1, BEHAVIOURS),
        "common": np.array([0.5, -0.3]),
        "same_day": np.array([0.8, -0.5]),
    }


def logits(values: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Logits of a person without any leaning, from those of the shares: Zeger et al. (1988)."""
    constant = (16 * np.sqrt(3) / (15 * np.pi)) ** 2
    spread = values[f"spread_{name}"]
    return values[name] * np.sqrt(1 + constant * spread**2)[:, None, None]


def integrate(
    values: dict[str, np.ndarray], usual: np.ndarray, behaviour: int, arm: int, states: list[int]
) -> float:
    """Chance of a pattern, by a fine sum over both leanings of a person."""
    points = np.linspace(-8, 8, 161)
    density = norm.pdf(points) * (points[1] - points[0])
    rho = np.tanh(values["common"][behaviour])
    own = points[:, None]
    both = rho * own + np.sqrt(1 - rho**2) * points
    each = np.outer(density, density)
    for time, state in enumerate(states):
        report, judged = divmod(state, 2)
        says = expit(
            logits(values, "says")[behaviour, arm, time] + values["spread_says"][behaviour] * own
        )
        level = logits(values, "seen")[behaviour, arm, time]
        level = level + values["spread_seen"][behaviour] * both
        total = 0.0
        for possible in (0, 1) if report == 2 else (report,):
            day = values["same_day"][behaviour] * (possible - usual[behaviour])
            seen = expit(level + day)
            chance = says if possible else 1 - says
            total = total + chance * (seen if judged else 1 - seen)
        each = each * total
    return float(each.sum())


def tables_of(states: np.ndarray) -> dict[str, pd.DataFrame]:
    """The typed table in which these reports and judgements stand, people in the order of ids."""
    conversations = simulate_trial(states.shape[1] // 4, seed=3)["conversations"]
    for place, (report, judged) in enumerate(zip(model.REPORTS, model.JUDGED, strict=True)):
        flat = states[place].ravel()
        said = pd.array(np.where(flat // 2 == 1, 5, 2), dtype="Int8")
        said[flat // 2 == 2] = pd.NA
        conversations[report] = said
        conversations[judged] = pd.array(np.where(flat % 2 == 1, 4, 3), dtype="Int8")
    return {"conversations": conversations}


def nobody(people_per_arm: int) -> model.SilentLevels:
    """Participants of a trial who all gave the same answers."""
    return model.data(**tables_of(np.ones((BEHAVIOURS, 4 * people_per_arm, 3), dtype=int) * 2))


PLANTED = {
    "says": np.broadcast_to(np.array([1.0, 1.8])[:, None, None], (BEHAVIOURS, 4, 3)).copy(),
    "seen": np.full((BEHAVIOURS, 4, 3), -1.6),
    "spread_says": np.array([1.8, 1.5]),
    "spread_seen": np.array([1.2, 1.5]),
    "common": np.arctanh(np.array([0.4, 0.0])),
    "same_day": np.array([0.8, 0.0]),
}
PLANTED["seen"][0, ARM_KEYS.index("coach"), 1:] += 1.2
PLANTED["says"][1, ARM_KEYS.index("video"), 1:] -= 1.0


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """People drawn one by one, not from the chances that the model computes."""
    rng = np.random.default_rng(6)
    data = nobody(PEOPLE)
    first, second = rng.standard_normal((2, BEHAVIOURS, 4 * PEOPLE))
    rho = np.tanh(PLANTED["common"])[:, None]
    own = PLANTED["spread_says"][:, None] * first
    seen = PLANTED["spread_seen"][:, None] * (rho * first + np.sqrt(1 - rho**2) * second)
    shape = (BEHAVIOURS, 4 * PEOPLE, 3)
    said = rng.random(shape) < expit(logits(PLANTED, "says")[:, data.arm] + own[..., None])
    day = PLANTED["same_day"][:, None, None] * (said - said.mean(axis=(1, 2), keepdims=True))
    level = logits(PLANTED, "seen")[:, data.arm] + seen[..., None]
    shown = rng.random(shape) < expit(level + day)
    return tables_of(2 * said + shown)


@pytest.fixture(scope="module")
def frames(tables) -> dict[str, pd.DataFrame]:
    settings = Settings(tune=400, draws=1000, chains=4, seed=5)
    return summarise("silent_levels", registry.draw("silent_levels", tables, settings), tables)


def planted_shares() -> tuple[np.ndarray, np.ndarray]:
    """Shares of everybody who say so and are seen to under `PLANTED`, by a fine sum."""
    seen = np.zeros((BEHAVIOURS, 4, 3))
    points = np.linspace(-7, 7, 141)
    density = norm.pdf(points) * (points[1] - points[0])
    says = logits(PLANTED, "says")[..., None] + PLANTED["spread_says"][:, None, None, None] * points
    reports = expit(says)
    said = reports @ density
    for behaviour, arm, time in np.ndindex(*said.shape):
        rho = np.tanh(PLANTED["common"][behaviour])
        both = rho * points[:, None] + np.sqrt(1 - rho**2) * points
        level = logits(PLANTED, "seen")[behaviour, arm, time]
        level = level + PLANTED["spread_seen"][behaviour] * both
        report = reports[behaviour, arm, time]
        for possible, chance in ((1, report), (0, 1 - report)):
            day = PLANTED["same_day"][behaviour] * (possible - said[behaviour].mean())
            seen[behaviour, arm, time] += density @ (chance[:, None] * expit(level + day)) @ density
    return said, seen


def test_chances_of_patterns_are_the_integrals_over_two_leanings():
    data = nobody(4)
    for seed, spread, tolerance in ((1, 1.0, 1e-4), (2, 3.0, 1e-4), (3, 5.0, 1e-3)):
        values = parameters(seed, spread=spread)
        found = model.pattern_chances(data, {key: v[None] for key, v in values.items()})[0]
        np.testing.assert_allclose(found.sum(axis=(-3, -2, -1)), 1)
        for states in ([0, 0, 0], [1, 2, 3], [2, 2, 2], [3, 0, 2]):
            for behaviour, arm in ((0, 0), (1, 2)):
                expected = integrate(values, data.usual, behaviour, arm, states)
                got = found[behaviour, arm, *states]
                assert got == pytest.approx(expected, abs=tolerance), (spread, states)


def test_likelihoods_are_those_integrals_for_every_participant_missing_reports_included():
    rng = np.random.default_rng(9)
    states = rng.integers(0, 4, (BEHAVIOURS, 24, 3))
    states[0, :6, 1] = 4 + states[0, :6, 1] % 2
    states[1, 3:5, :] = 4 + states[1, 3:5, :] % 2
    data = model.data(**tables_of(states))
    np.testing.assert_array_equal(data.states, states)
    total, variables = likelihood_at(model.build(data), model.KEEP, seed=6)
    assert (variables["spread_says"] < 4).all(), "where the grid is exact"
    chances = model.pattern_chances(data, variables)
    ours = model.log_likelihood(data, chances)
    assert ours.shape == (1, 1, 24, BEHAVIOURS)
    assert ours.sum() == pytest.approx(total, rel=1e-9)
    values = {name: value[0, 0] for name, value in variables.items()}
    for person in range(0, 24, 3):
        for behaviour in range(BEHAVIOURS):
            expected = integrate(
                values, data.usual, behaviour, data.arm[person], list(states[behaviour, person])
            )
            assert ours[0, 0, person, behaviour] == pytest.approx(np.log(expected), abs=0.02)


def test_planted_gaps_and_effects_of_training_are_recovered(frames):
    rows = frames["estimates"].set_index(["quantity", "group"])
    said, seen = planted_shares()
    planted = {}
    for behaviour, name in enumerate(model.JUDGED):
        for arm, key in enumerate(ARM_KEYS):
            for time in range(3):
                group = f"{name}, {key}, conversation {time + 1}"
                planted["level.self", group] = said[behaviour, arm, time]
                planted["level.judge", group] = seen[behaviour, arm, time]
                planted["gap.share", group] = (said - seen)[behaviour, arm, time]
            if arm:
                for quantity, values in (
                    ("gap.effect", said - seen), ("effect.self", said), ("effect.judge", seen),
                ):  # fmt: skip
                    change = values[behaviour, :, 1:].mean(axis=-1) - values[behaviour, :, 0]
                    planted[quantity, f"{name}, {key}, both"] = change[arm] - change[0]
        planted["correlation.person", name] = np.tanh(PLANTED["common"][behaviour])
        planted["odds.conversation", name] = np.exp(PLANTED["same_day"][behaviour])
    off = [
        abs(rows.loc[key, "mean"] - value) / rows.loc[key, "sd"] for key, value in planted.items()
    ]
    # over a hundred of them: the largest of so many normal errors is seldom above 4
    assert max(off) < 4, dict(zip(planted, off, strict=True))
    assert np.mean(np.square(off)) < 2
    assert rows.loc[("gap.effect", "encouraging_elaboration, coach, both"), "hdi_high"] < 0
    assert rows.loc[("effect.self", "demonstrating_understanding, video, both"), "hdi_high"] < 0


def test_shares_of_the_model_lie_beside_those_that_are_counted(frames, tables):
    counted = tables["conversations"].assign(arm=lambda rows: rows["arm"].astype(str))
    rows = frames["estimates"].set_index(["quantity", "group"])
    for report, judged in zip(model.REPORTS, model.JUDGED, strict=True):
        for quantity, column in (("level.self", report), ("level.judge", judged)):
            high = counted[column] >= silent_empathy.HIGH
            raw = high.groupby([counted["arm"], counted["conversation_number"]]).mean()
            for (arm, number), share in raw.items():
                row = rows.loc[quantity, f"{judged}, {arm}, conversation {number}"]
                assert abs(row["mean"] - share) < 1.5 * row["sd"], (judged, arm, number)
            overall = rows.loc[quantity, f"{judged}, all, all"]
            assert overall["mean"] == pytest.approx(high.mean(), abs=0.01)


def test_estimates_that_stand_beside_published_numbers_exist(frames):
    rows = frames["estimates"].set_index(["quantity", "group"])
    own = {(c.quantity, c.group) for c in COUNTERPARTS.values() if "silent_levels" in c.models}
    assert own
    assert own <= set(rows.index)


def test_the_fit_passes_the_gate_and_expects_what_is_observed(frames):
    assert frames["diagnostics"]["passed"].all(), frames["diagnostics"]["problems"].iloc[0]
    after, before = frames["posterior_predictive"], frames["prior_predictive"]
    assert after["observed"].between(after["low"], after["high"]).mean() > 0.9
    assert before["observed"].between(before["low"], before["high"]).mean() > 0.9
    assert ((before["high"] - before["low"]) > (after["high"] - after["low"])).all()


def test_people_who_stand_for_everybody_have_the_gaps_of_everybody():
    data = nobody(4)
    values = parameters(5, spread=2.5)
    gaps = model.people_gaps(data, values)
    chances = model.pattern_chances(data, {key: value[None] for key, value in values.items()})[0]
    first = chances.sum(axis=(-2, -1))
    expected = first[..., 2:].sum(axis=-1) - first[..., 1::2].sum(axis=-1)
    np.testing.assert_allclose(gaps[:, :, 0].mean(axis=-1), expected, atol=0.005)
    rng = np.random.default_rng(8)
    one, other = rng.standard_normal((2, 100_000))
    rho = np.tanh(values["common"][1])
    leaning = rho * one + np.sqrt(1 - rho**2) * other
    says = expit(logits(values, "says")[1, 2, 0] + values["spread_says"][1] * one)
    level = logits(values, "seen")[1, 2, 0] + values["spread_seen"][1] * leaning
    days = values["same_day"][1] * (np.array([0, 1]) - data.usual[1])
    seen = (1 - says) * expit(level + days[0]) + says * expit(level + days[1])
    theirs = gaps[1, 2, 0]
    assert theirs.std() == pytest.approx((says - seen).std(), abs=0.01)
    for bar in (0, LARGE):
        assert (theirs >= bar).mean() == pytest.approx((says - seen >= bar).mean(), abs=0.015)


def test_simulated_people_follow_the_chances_of_patterns_and_keep_what_is_missing():
    rng = np.random.default_rng(2)
    states = np.full((BEHAVIOURS, 4 * 1000, 3), 2)
    states[1, :100, 2] = 4
    data = model.data(**tables_of(states))
    values = {key: value[None] for key, value in parameters(7).items()}
    chances = model.pattern_chances(data, values)
    drawn = model.simulate(data, chances, rng)
    np.testing.assert_array_equal(drawn[0] >= 4, data.states >= 4)
    for arm in range(4):
        own = drawn[0, 0, data.arm == arm]
        for pattern in ((2, 2, 2), (0, 2, 2), (3, 2, 3)):
            share, chance = (own == pattern).all(axis=1).mean(), chances[0, 0, arm, *pattern]
            assert abs(share - chance) < 4 * np.sqrt(chance * (1 - chance) / 1000)


def test_estimates_of_one_gap_are_consistent_with_each_other(tables, frames):
    rows = frames["estimates"].set_index(["quantity", "group"])["mean"]
    for name in model.JUDGED:
        for arm in ARM_KEYS[1:]:
            effect, own, judged = (
                rows[what, f"{name}, {arm}, both"]
                for what in ("gap.effect", "effect.self", "effect.judge")
            )
            assert effect == pytest.approx(own - judged)
            closed = frames["closing"].set_index(["behaviour", "arm"]).loc[name, arm]
            assert closed["half"] <= closed["any"]
            assert (closed["any"] > 0.5) == (rows["gap.closed", f"{name}, {arm}"] > 0)
        for arm in ARM_KEYS:
            for when in WHEN:
                large, positive = (
                    rows[f"people.{what}", f"{name}, {arm}, {when}"]
                    for what in ("large", "positive")
                )
                assert 0 < large < positive <= 1
        assert 0 < rows["people.arm", name] < 0.5
    people = frames["people"]
    np.testing.assert_allclose(people.groupby(["behaviour", "arm", "when"])["share"].sum(), 1)
    mean = (people["gap"] * people["share"]).groupby([people["behaviour"], people["arm"]]).sum()
    for (name, arm), both in mean.items():
        gaps = [rows["gap.share", f"{name}, {arm}, conversation {number}"] for number in (1, 2, 3)]
        assert both == pytest.approx(gaps[0] + np.mean(gaps[1:]), abs=0.02)


def test_training_that_closes_the_whole_gap_is_said_to_close_all_of_it(tables):
    values = {key: value.copy() for key, value in parameters(1).items()}
    values["says"][:], values["seen"][:], values["same_day"][:] = 1.0, -1.0, 0.0
    values["spread_seen"] = values["spread_says"]
    values["seen"][:, 2, 1:] = values["says"][:, 2, 1:]
    rng = np.random.default_rng(0)
    drawn = {
        name: value + 1e-6 * rng.standard_normal((2, 20, *value.shape))
        for name, value in values.items()
    }
    posterior = arviz().from_dict(drawn, sample_stats={"diverging": np.zeros((2, 20))})
    reported, _ = estimate(posterior, **tables)
    for name in model.JUDGED:
        assert reported["gap.closed", f"{name}, coach"].mean() == pytest.approx(1, abs=1e-3)
        assert reported["gap.closed", f"{name}, video"].mean() == pytest.approx(0, abs=1e-3)


def test_data_without_an_arm_a_conversation_or_any_answer_are_refused_in_words(tables):
    conversations = tables["conversations"]
    with pytest.raises(LendAnEarError, match="no conversation 1 of the arm 'video'"):
        model.data(conversations[conversations["arm"] != "video"])
    with pytest.raises(LendAnEarError, match="conversations 1, 2 and 3 of every participant"):
        model.data(conversations.drop(conversations.index[0]))
    silent = conversations.assign(self_showed_understanding=pd.array([pd.NA] * len(conversations)))
    with pytest.raises(LendAnEarError, match="nobody in this data answered 'self_showed"):
        model.data(silent)
