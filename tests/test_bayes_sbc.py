"""Simulation-based calibration clears right posteriors, convicts wrong ones, and repeats itself."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, norm

from lendanear.bayes.models import choice_curve
from lendanear.bayes.registry import BAYES_MODELS, model_module
from lendanear.bayes.sampling import compile_model, draw
from lendanear.bayes.sbc import replicate as replicates
from lendanear.bayes.sbc.registry import SHORT, SUBJECTS, Subject
from lendanear.bayes.sbc.replicate import COLUMNS, DRAWS, Simulated, generator, rank, subject
from lendanear.bayes.sbc.uniformity import band, below, curves, judge, p_value, power
from lendanear.checks.sbc import NARROWER
from lendanear.figures.sbc import EXAMPLES, plot_ranks, readable
from lendanear.paths import ROOT
from lendanear.pipeline import engine, sbc
from lendanear.pipeline.record import explain
from lendanear.vocabulary import label

NOISE = 5
"""Observations in the conjugate case: a normal mean with a standard normal prior and noise."""


# --- an exactly solvable case ---------------------------------------------------------------------


def conjugate(random: np.random.Generator) -> tuple[Simulated, np.ndarray]:
    """Simulate a normal mean and its data; return also mean and SD of its exact posterior."""
    mean = random.standard_normal()
    data = mean + random.standard_normal(NOISE)

    def quantities(posterior):
        drawn = posterior["mean"]
        loglik = norm.logpdf(data, drawn[..., None]).sum(axis=-1)
        return {("mean", "all"): drawn, ("log-likelihood", "all"): loglik}

    known = np.array([data.sum() / (NOISE + 1), 1 / np.sqrt(NOISE + 1)])
    return Simulated({"mean": np.array(mean)}, {"known": known}, quantities), known


def ranked(count: int, *, spread: float = 1.0, shift: float = 0.0) -> pd.DataFrame:
    """Rank known means in posteriors whose SD and mean (in SD) are right, or made wrong."""
    parts = []
    for number in range(count):
        random = generator("conjugate", number)
        simulated, (mean, sd) = conjugate(random)
        drawn = mean + sd * (shift + spread * random.standard_normal((2, 150)))
        parts.append(rank(simulated, {"mean": drawn}).assign(replicate=number))
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module")
def exact() -> pd.DataFrame:
    return ranked(200)


def test_ranks_in_exact_posteriors_are_uniform(exact):
    judged = judge(exact, DRAWS)
    assert judged["inside_band"].all(), judged
    assert judged["calibrated"].all()
    assert judged["mean_rank"].to_numpy() == pytest.approx(0.5, abs=0.08)
    assert exact["rank"].between(0, DRAWS).all()


@pytest.mark.parametrize(
    ("spread", "shift"), [(0.6, 0.0), (2.2, 0.0), (1.0, 0.5)], ids=["narrow", "wide", "biased"]
)
def test_wrong_posteriors_are_found_out(spread, shift):
    judged = judge(ranked(100, spread=spread, shift=shift), DRAWS).set_index("quantity")
    assert not judged.loc["mean", "inside_band"]
    assert not judged.loc["mean", "calibrated"]


def test_a_truth_is_ranked_among_draws_spread_over_the_whole_run():
    drawn = np.arange(2 * 495.0).reshape(2, 495)

    def quantities(posterior):
        return {("place", "all"): posterior["place"]}

    for truth, expected in ((-1.0, 0), (495.0, 50), (5000.0, DRAWS)):
        simulated = Simulated({"place": np.array(truth)}, {}, quantities)
        assert rank(simulated, {"place": drawn})["rank"].item() == expected


# --- bands and p-values ---------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "draws"), [(40, 19), (100, 99), (200, 99)])
def test_95_of_100_uniform_sets_of_ranks_lie_inside_their_whole_band(count, draws):
    random = np.random.default_rng(7)
    sets = random.integers(0, draws + 1, (3000, count))
    low, high = band(count, draws)
    found = below(sets, draws)
    outside = ((found < low) | (found > high)).any(axis=1)
    # discrete ranks allow no exact level: the band may only be a little wider than asked for
    assert binomtest(int(outside.sum()), len(sets), 0.05).pvalue > 1e-3 or outside.mean() < 0.05
    assert outside.mean() > 0.035
    p = np.array([p_value(ranks, draws) for ranks in sets[:400]])
    assert ((p < 0.05) == outside[:400]).all(), "a set leaves the band if its p-value says so"


def test_counts_of_ranks_and_the_statistic_are_those_written_out():
    ranks = np.array([0, 3, 3, 9])
    assert below(ranks, 9).tolist() == [1, 1, 1, 3, 3, 3, 3, 3, 3]
    both = below(np.array([ranks, ranks[::-1]]), 9)
    assert (both == below(ranks, 9)).all()
    crowded = np.zeros(30, dtype=int)
    assert p_value(crowded, 9) < 1e-4
    assert p_value(np.arange(30) % 10, 9) > 0.9


def test_the_chance_to_find_narrow_posteriors_grows_with_the_study():
    few, many = (power(count, DRAWS, narrower=NARROWER) for count in (30, 100))
    assert 0.2 < few < many - 0.2
    assert power(30, DRAWS, narrower=1.0) == pytest.approx(0.05, abs=0.025)


def test_one_bad_quantity_among_many_is_named_and_chance_is_not():
    random = np.random.default_rng(3)
    good = random.integers(0, DRAWS + 1, (40, 100))
    parts = [
        pd.DataFrame({"quantity": "good", "group": str(place), "rank": own})
        for place, own in enumerate(good)
    ]
    bad = np.minimum(random.integers(0, DRAWS + 1, 100), random.integers(0, DRAWS + 1, 100))
    parts.append(pd.DataFrame({"quantity": "bad", "group": "all", "rank": bad}))
    judged = judge(pd.concat(parts), DRAWS)
    assert judged.loc[~judged["calibrated"], "quantity"].tolist() == ["bad"]
    assert judged["inside_band"].sum() < 41, "with 40 quantities some leave their band by chance"
    assert (judged["p_holm"] >= judged["p"]).all()


# --- subjects -------------------------------------------------------------------------------------


def test_every_subject_is_a_bayesian_model():
    assert set(SUBJECTS) <= set(BAYES_MODELS)


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_subject_simulates_other_data_of_one_design_from_other_truths(name):
    module = subject(name)
    design = module.design()
    first, again, second = (module.simulate(design, generator(name, n)) for n in (0, 0, 1))
    values = {}
    for simulated in (first, again, second):
        one = {key: np.asarray(value)[None, None] for key, value in simulated.truth.items()}
        found = {key: value.item() for key, value in simulated.quantities(one).items()}
        assert np.isfinite(list(found.values())).all()
        values[id(simulated)] = found
    assert values[id(first)] == values[id(again)]
    assert all(values[id(first)][key] != value for key, value in values[id(second)].items())
    assert set(first.truth) <= set(model_module(name).KEEP) | {
        "log_slope_alone",
        "slope_signed_alone",
    }
    for key, held in first.containers.items():
        assert held.shape == second.containers[key].shape
        assert (held == again.containers[key]).all()


def given(name: str):
    """Return a design of a model and the same design with outcomes."""
    random = np.random.default_rng(4)
    design = subject(name).design()
    if name == "choice_curve":
        higher = random.integers(0, 13, design.higher.shape).astype(float)
        return design, replace(design, higher=higher, lower=12 - higher)
    if name == "bradley_terry":
        return design, replace(design, count=random.integers(0, 3, len(design.count)) * 1.0)
    return design, replace(design, scores=random.normal(size=design.scores.shape))


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_model_that_is_given_other_data_is_the_model_of_those_data(name):
    module = model_module(name)
    design, data = given(name)
    fresh, model = module.build(data), module.build(design)
    held = {variable.name: variable for variable in fresh.data_vars}
    assert held.keys() == subject(name).simulate(design, generator(name, 0)).containers.keys()
    random = np.random.default_rng(5)
    point = {
        key: value + 0.3 * random.standard_normal(np.shape(value))
        for key, value in model.initial_point().items()
    }
    found, expected = (
        one.compile_logp(
            vars=one.potentials, jacobian=False, mode="FAST_COMPILE", on_unused_input="ignore"
        )
        for one in (model, fresh)
    )
    assert found(point) != pytest.approx(float(expected(point)), rel=1e-3)
    for variable in model.data_vars:
        variable.set_value(held[variable.name].get_value())
    assert found(point) == pytest.approx(float(expected(point)), rel=1e-10)


@pytest.mark.slow
def test_a_compiled_model_that_is_given_other_data_draws_as_one_compiled_for_them():
    design = subject("choice_curve").design()
    data = given("choice_curve")[1]
    values = {}
    for form in choice_curve.FORMS:
        values |= choice_curve.containers(data, form)
    settings = replace(SHORT, tune=100, draws=50)
    drawn = []
    for built, changes in ((data, {}), (design, values)):
        compiled = compile_model(choice_curve.build(built), choice_curve.KEEP)
        drawn.append(draw(compiled.with_data(**changes), settings).posterior)
    for name in choice_curve.KEEP:
        assert drawn[1][name].to_numpy() == pytest.approx(drawn[0][name].to_numpy(), rel=1e-6)


# --- replicates as steps --------------------------------------------------------------------------


class Exact:
    """Stands in for a compiled model: its posterior is known, and the draws depend a little."""

    def __init__(self, known=None, spread=1.0):
        self.known, self.spread = known, spread

    def with_data(self, known):
        return Exact(known, self.spread)

    def draw(self, settings):
        random = np.random.default_rng(settings.seed)
        noise = random.standard_normal((settings.chains, settings.draws))
        mean = self.known[0] + self.known[1] * self.spread * noise
        stats = {"diverging": np.zeros(mean.shape, dtype=bool)}
        return SimpleNamespace(
            posterior={"mean": SimpleNamespace(to_numpy=lambda: mean)}, sample_stats=stats
        )


@pytest.fixture
def solvable(monkeypatch):
    """Put the conjugate case in the place of every subject."""
    lengths = []

    def drawn(compiled, settings):
        lengths.append(settings.draws)
        return compiled.draw(settings)

    known = SimpleNamespace(simulate=lambda _, random: conjugate(random)[0])
    monkeypatch.setattr(replicates, "subject", lambda _: known)
    monkeypatch.setattr(replicates, "_compiled", lambda _: (None, Exact()))
    monkeypatch.setattr(replicates, "draw", drawn)
    return lengths


def test_a_replicate_gives_the_same_ranks_whatever_ran_before_it(solvable):
    forward = [replicates.replicate("conjugate", number, SHORT) for number in range(4)]
    backward = [replicates.replicate("conjugate", number, SHORT) for number in (3, 2, 1, 0)]
    for one, other in zip(forward, reversed(backward), strict=True):
        pd.testing.assert_frame_equal(one, other)
        assert tuple(one.columns) == COLUMNS
    truths = {found["truth"].iloc[0] for found in forward}
    assert len(truths) == 4
    assert replicates.replicate("other", 0, SHORT)["truth"].iloc[0] not in truths


def test_a_run_of_too_few_effective_draws_is_drawn_longer(solvable):
    found = replicates.replicate("conjugate", 0, replace(SHORT, draws=50))
    assert solvable == [50, 100, 200]
    assert found["length"].eq(200).all()
    assert found["ess"].min() >= 2 * DRAWS


@pytest.fixture
def steps(tmp_path, monkeypatch):
    """Return the steps of a number of replicates, in a folder of their own."""
    monkeypatch.setattr(sbc, "KEPT", tmp_path / "build")
    monkeypatch.setattr(sbc, "SHOWN", tmp_path / "figures")
    monkeypatch.setattr(sbc, "RECORD", tmp_path / "record")
    return lambda count: sbc.steps(Subject("choice_curve", replicates=12), count)


def test_every_replicate_is_a_step_and_more_of_them_repeat_none(steps):
    few, many = steps(12), steps(20)
    assert [step.name for step in few] == [
        *(f"replicate.choice_curve.{number:04d}" for number in range(12)),
        "ranks.choice_curve",
    ]
    assert many[:12] == few[:12]
    assert set(few[-1].inputs.values()) == {step.outputs["ranks"] for step in few[:-1]}
    assert {json.dumps(step.parameters) for step in many if "replicate" in step.parameters} == {
        json.dumps(step.parameters) for step in many[:-1]
    }
    code = {str(path.relative_to(ROOT)) for path in few[0].code}
    own = ("models/choice_curve", "sbc/subjects/choice_curve", "sbc/replicate", "spreads")
    assert {f"lendanear/bayes/{name}.py" for name in own} <= code
    others = ("registry", "models/bradley_terry", "sbc/registry", "sbc/uniformity")
    assert not {f"lendanear/bayes/{name}.py" for name in others} & code
    assert not {path for path in code if path.startswith(("lendanear/tables", "lendanear/figures"))}


def states(steps) -> dict[str, str]:
    outcomes = engine.build(steps, root=sbc.RECORD)
    assert not [outcome.reason for outcome in outcomes if outcome.state == "failed"]
    return {outcome.step.name.rpartition(".")[2]: outcome.state for outcome in outcomes}


def test_what_is_finished_is_kept_and_the_end_is_a_figure_and_a_table(solvable, steps):
    graph = steps(12)
    assert states(graph[:5]) == {f"{number:04d}": "built" for number in range(5)}
    found = states(graph)
    assert [found[f"{number:04d}"] for number in (0, 4, 5, 11)] == ["up to date"] * 2 + [
        "built"
    ] * 2
    assert set(states(graph).values()) == {"up to date"}
    assert not any(explain(graph, sbc.RECORD).values())
    graph[3].outputs["ranks"].unlink()
    found = states(graph)
    assert [name for name, state in found.items() if state == "built"] == ["0003"]
    left = {name: path.name for name, path in graph[-1].outputs.items()}
    assert left["figure"] == "sbc_choice_curve_synthetic.png"
    table = pd.read_csv(graph[-1].outputs["table"])
    assert table["data"].eq("synthetic").all()
    assert table["replicates"].eq(12).all()
    page = graph[-1].outputs["page"].read_text()
    assert "SYNTHETIC" in page
    assert "DRAFT" not in page
    assert "calibrated" in page
    ranks = pd.read_parquet(graph[-1].outputs["ranks"])
    assert len(ranks) == 12 * 2
    states(steps(4))
    assert "DRAFT" in graph[-1].outputs["page"].read_text()


def test_the_command_says_what_it_does_not_know_and_explains_without_running(
    steps, capsys, monkeypatch
):
    with pytest.raises(SystemExit):
        sbc.main(["--models", "astrology"])
    assert "'astrology' is not calibrated; there are coaching_overall" in capsys.readouterr().err
    assert sbc.main(["--explain", "--models", "choice_curve", "--replicates", "3"]) == 0
    assert "4 of 4 steps would run" in capsys.readouterr().out
    assert not sbc.KEPT.exists()


# --- the figure -----------------------------------------------------------------------------------


def test_a_panel_per_quantity_shows_its_band_and_says_if_it_is_left():
    good, bad = ranked(60), ranked(60, spread=0.4)
    ranks = pd.concat(
        [good[good["quantity"] == "mean"], bad[bad["quantity"] == "mean"].assign(group="coach")]
    )
    judged, lines = judge(ranks, DRAWS), curves(ranks, DRAWS)
    figure = plot_ranks(lines, judged, power=0.9, narrower=NARROWER)
    panels = {
        axis.get_title(loc="left"): axis
        for axis in figure.axes
        if any(collection.get_gid() for collection in axis.collections)
    }
    assert list(panels) == ["Mean", "Mean\nAI Coach"]
    for axis, gid in zip(panels.values(), ("inside", "outside"), strict=True):
        assert [line.get_gid() for line in axis.lines if line.get_gid()] == [gid]
    drawn = next(line for line in panels["Mean"].lines if line.get_gid()).get_ydata()
    own = lines[lines["group"] == "all"]
    assert drawn == pytest.approx(own["difference"].to_numpy())
    examples = [line for axis in figure.axes for line in axis.lines if line.get_gid() == "example"]
    assert len(examples) == len(EXAMPLES)
    named = f"{label('advice_giving')}, {label('coach')}, conversation 2"
    assert readable("advice_giving, coach, conversation 2") == named
