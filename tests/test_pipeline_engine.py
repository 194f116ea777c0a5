"""What has not changed is not run again, and what has changed is: by content, never by date."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from tiny_steps import Tiny

from lendanear.pipeline import engine
from lendanear.pipeline.closure import closure
from lendanear.pipeline.record import explain
from lendanear.pipeline.state import notebook_state, value_state
from lendanear.pipeline.worker import THREAD_VARIABLES

ALL = {"first", "left", "right", "last"}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for variable in THREAD_VARIABLES:
        monkeypatch.setenv(variable, "1")


@pytest.fixture
def tiny(tmp_path) -> Tiny:
    return Tiny(tmp_path)


def states(tiny: Tiny, **options) -> dict[str, str]:
    outcomes = engine.build(tiny.steps(), root=tiny.root, **options)
    return {outcome.step.name: outcome.state for outcome in outcomes}


def built(tiny: Tiny, **options) -> set[str]:
    return {name for name, state in states(tiny, **options).items() if state == "built"}


def reasons(tiny: Tiny) -> dict[str, list[str]]:
    found = explain(tiny.steps(), root=tiny.root)
    return {name.removeprefix("tiny: "): why for name, why in found.items()}


def test_a_first_build_runs_everything_and_a_second_one_nothing(tiny):
    assert built(tiny) == ALL
    assert tiny.out("last").read_text().startswith("raw\nsecond line\n")
    assert states(tiny) == dict.fromkeys(ALL, "up to date")
    assert built(tiny, force=True) == ALL


def test_content_decides_not_the_date(tiny):
    built(tiny)
    for path in (tiny.raw, tiny.out("first"), tiny.out("last")):
        os.utime(path, (1, 1))
    assert built(tiny) == set()
    stamp = tiny.raw.stat()
    tiny.raw.write_text("raw\nother line!\n")
    os.utime(tiny.raw, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert built(tiny) == ALL


def test_a_step_whose_inputs_come_out_the_same_is_not_run(tiny):
    tiny.functions["first"] = "first_line"
    assert built(tiny) == ALL
    tiny.raw.write_text("raw\nanother second line\n")
    assert built(tiny) == {"first"}


@pytest.mark.parametrize(
    "parameters",
    [{"name": "other"}, {"name": "left", "quick": True}, {}, {"name": ["left"]}, {"name": None}],
    ids=["changed", "added", "removed", "other type", "none"],
)
def test_a_parameter_that_is_not_the_same_runs_its_step(tiny, parameters):
    built(tiny)
    tiny.parameters["left"] = parameters
    assert built(tiny) == {"left", "last"}
    assert built(tiny) == set()


def test_the_order_of_parameters_does_not_matter(tiny):
    tiny.parameters["left"] = {"a": {"x": 1, "y": 2}, "b": 3}
    built(tiny)
    tiny.parameters["left"] = {"b": 3, "a": {"y": 2, "x": 1}}
    assert built(tiny) == set()


def test_a_value_that_cannot_be_hashed_cannot_be_handed_to_a_step(tiny):
    tiny.parameters["left"] = {"when": object()}
    outcomes = {o.step.name: o for o in engine.build(tiny.steps(), root=tiny.root)}
    assert outcomes["left"].state == "failed"
    assert "not JSON serializable" in outcomes["left"].reason
    assert not tiny.out("left").exists()


def test_a_watched_value_decides_but_is_not_handed_over(tiny):
    built(tiny)
    watching = [replace(step, watched={"source text": "2"}) for step in tiny.steps()[:1]]
    (outcome, *_) = engine.build([*watching, *tiny.steps()[1:]], root=tiny.root)
    assert outcome.state == "built"
    assert "source text" not in tiny.out("first").read_text()


def test_another_function_input_or_output_runs_the_step(tiny):
    built(tiny)
    tiny.functions["left"] = "talk"
    assert built(tiny) == {"left"}
    more = tiny.folder / "more.txt"
    more.write_text("more")
    tiny.extra["left"] = {"more": more}
    assert built(tiny) == {"left", "last"}
    del tiny.extra["left"]
    assert built(tiny) == {"left", "last"}


@pytest.fixture
def package(tmp_path):
    """A package with a helper that only one module reaches, through another one."""
    files = {
        "__init__.py": "",
        "near.py": "def f():\n    from lendanear.middle import g\n    return g()\n",
        "middle.py": "from lendanear import helper\nSTYLE = 'look.mplstyle'\n",
        "helper.py": "VALUE = 1\n",
        "far.py": "",
        "look.mplstyle": "axes.grid: False\n",
    }
    folder = tmp_path / "package" / "lendanear"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


@pytest.mark.parametrize("name", ["near.py", "middle.py", "helper.py", "look.mplstyle"])
def test_a_changed_helper_runs_only_what_can_reach_it(tiny, package, name):
    tiny.code["left"] = closure(["lendanear.near"], package.parent)
    tiny.code["right"] = closure(["lendanear.far"], package.parent)
    built(tiny)
    with (package / name).open("a") as stream:
        stream.write("# edited\n")
    assert built(tiny) == {"left"}, "left wrote the same as before, so nothing after it runs"


def test_a_module_that_is_no_longer_reached_counts_too(tiny, package):
    tiny.code["left"] = (package / "near.py", package / "far.py")
    built(tiny)
    tiny.code["left"] = (package / "near.py",)
    assert built(tiny) == {"left"}


def test_a_product_that_is_gone_or_altered_is_made_again(tiny):
    built(tiny)
    before = tiny.out("left").read_text()
    tiny.out("left").unlink()
    assert built(tiny) == {"left"}
    tiny.out("left").write_text("altered by hand")
    assert built(tiny) == {"left"}
    assert tiny.out("left").read_text() == before


def test_a_file_edited_while_its_step_runs_is_taken_up_by_the_next_build(tiny):
    tiny.functions["first"] = "edit_own_input"
    assert built(tiny) == ALL
    tiny.functions["first"] = "join"
    assert "edited meanwhile" not in tiny.out("last").read_text()
    assert built(tiny) == ALL
    assert "edited meanwhile" in tiny.out("last").read_text()
    assert built(tiny) == set()


def test_explanations_name_what_changed(tiny, package):
    assert reasons(tiny)["first"] == ["it has never been built"]
    tiny.code["right"] = (package / "helper.py",)
    built(tiny)
    assert reasons(tiny) == {name: [] for name in ALL}
    tiny.out("left").unlink()
    tiny.parameters["right"] = {"name": "new"}
    (package / "helper.py").write_text("VALUE = 2\n")
    found = reasons(tiny)
    assert found["first"] == []
    assert found["left"] == [f"its product {tiny.out('left')} is missing"]
    assert sorted(found["right"]) == [
        f"{package / 'helper.py'} changed",
        "parameter name changed",
    ]
    (why,) = found["last"]
    assert "would run first" in why
    tiny.out("left").write_text("altered")
    assert reasons(tiny)["left"] == [f"its product {tiny.out('left')} was changed from outside"]
    tiny.parameters["left"] = {}
    assert "the step itself changed" in reasons(tiny)["left"]


def test_explaining_runs_nothing_and_writes_nothing(tiny):
    before = list(tiny.folder.rglob("*"))
    reasons(tiny)
    assert list(tiny.folder.rglob("*")) == before, "not even a folder"
    built(tiny)
    tiny.raw.write_text("new")
    journal = tiny.root / "pytask.lock.journal"
    journal.write_text('{"lock-version":"1","id":"a line that another build is wri')
    before = {path: path.stat() for path in tiny.folder.rglob("*")}
    assert reasons(tiny)["first"]
    assert {path: path.stat() for path in tiny.folder.rglob("*")} == before
    assert "new" not in tiny.out("first").read_text()
    assert built(tiny) == ALL


def test_a_forced_build_is_explained_as_such(tiny):
    built(tiny)
    found = explain(tiny.steps(), root=tiny.root, force=True)
    assert found == {f"tiny: {name}": ["--force"] for name in ALL}


def test_of_many_steps_that_would_run_first_a_few_are_named(tiny):
    steps = [alone(tiny, name) for name in "abcde"]
    behind = alone(tiny, "z", inputs={s.name: s.outputs["text"] for s in steps})
    engine.build([*steps, behind], root=tiny.root)
    assert not any(explain([*steps, behind], root=tiny.root).values())
    for count, said in [(1, "a"), (2, "a and tiny: b"), (3, "a, tiny: b and tiny: c")]:
        steps[count - 1].outputs["text"].unlink()
        (why,) = explain([*steps, behind], root=tiny.root)["tiny: z"]
        assert why == f"tiny: {said} would run first, and may change what it reads"
    steps[3].outputs["text"].unlink()
    steps[4].outputs["text"].unlink()
    (why,) = explain([*steps, behind], root=tiny.root)["tiny: z"]
    assert why.startswith("tiny: a, tiny: b and 3 more would run first")


def test_what_failed_before_a_step_is_named_to_the_last_one_behind_it(tiny):
    tiny.functions["left"] = "refuse"
    outcomes = {o.step.name: o for o in engine.build(tiny.steps(), root=tiny.root, keep_going=True)}
    assert outcomes["left"].state == "failed"
    assert outcomes["left"].reason.startswith("scores.csv, row 3, field 'score'")
    assert outcomes["last"].state == "not built"
    assert outcomes["last"].reason == "tiny: left failed"
    assert outcomes["right"].state == "built"


def alone(tiny: Tiny, name: str, **changes):
    """Another step that nothing else waits for, and that waits for nothing."""
    step = replace(
        tiny.steps()[1],
        name=name,
        log=tiny.log(name),
        inputs={},
        outputs={"text": tiny.out(name)},
    )
    return replace(step, **changes)


def test_after_an_essential_step_fails_nothing_else_is_started(tiny):
    tiny.functions["first"] = "refuse"
    steps = [*tiny.steps(), alone(tiny, "other", seconds=0)]
    outcomes = {o.step.name: o for o in engine.build(steps, root=tiny.root)}
    assert outcomes["first"].state == "failed"
    assert outcomes["other"].state == "not built"
    assert "the build stopped when tiny: first failed" in outcomes["other"].reason
    outcomes = {o.step.name: o for o in engine.build(steps, root=tiny.root, keep_going=True)}
    assert outcomes["other"].state == "built"
    outcomes = {o.step.name: o for o in engine.build(steps, root=tiny.root)}
    assert outcomes["other"].state == "up to date", "what is there need not be started"


def test_a_failing_notebook_leaves_the_others_built(tiny):
    tiny.functions["left"] = "crash"
    tiny.gentle = frozenset({"left"})
    assert states(tiny) == {
        "first": "built",
        "left": "failed",
        "right": "built",
        "last": "not built",
    }
    tiny.functions["left"] = "join"
    assert built(tiny) == {"left", "last"}


def test_a_failure_leaves_earlier_products_and_is_tried_again(tiny):
    built(tiny)
    before = tiny.out("left").read_bytes()
    tiny.functions["left"] = "crash"
    for _ in range(2):
        found = states(tiny, keep_going=True)
        assert found["left"] == "failed"
        assert tiny.out("left").read_bytes() == before
    tiny.functions["left"] = "join"
    assert built(tiny) == set(), "it is again what it was when it was last built"


def test_a_slip_in_the_code_is_reported_with_its_place_and_a_traceback_in_the_log(tiny):
    tiny.functions["left"] = "crash"
    (failed,) = [o for o in engine.build(tiny.steps(), root=tiny.root) if o.state == "failed"]
    assert failed.reason.startswith("ZeroDivisionError: division by nothing (")
    assert "tiny_steps.py, line " in failed.reason
    assert "Traceback" in tiny.log("left").read_text()


def test_a_step_that_leaves_out_a_product_has_failed(tiny):
    tiny.functions["left"] = "forget"
    outcomes = {o.step.name: o for o in engine.build(tiny.steps(), root=tiny.root)}
    assert outcomes["left"].state == "failed"
    assert "left.txt" in outcomes["left"].reason
    assert outcomes["last"].state == "not built"


def test_each_step_has_its_own_log_of_all_it_said(tiny):
    tiny.functions["left"] = "talk"
    built(tiny)
    log = tiny.log("left").read_text()
    assert "printed" in log
    assert "logged" in log
    assert "UserWarning: warned" in log
    assert "printed" not in tiny.log("right").read_text()
    tiny.raw.write_text("again")
    built(tiny)
    assert tiny.log("left").read_text().count("printed") == 1, "a log is of the last run only"


def test_the_listener_hears_of_every_step_once(tiny):
    heard = []
    engine.build(
        tiny.steps(),
        root=tiny.root,
        listener=lambda event, step, outcome: heard.append((event, step.name, outcome is None)),
    )
    assert sorted(heard) == sorted(
        [("started", name, True) for name in ALL] + [("finished", name, False) for name in ALL]
    )
    heard.clear()
    engine.build(
        tiny.steps(),
        root=tiny.root,
        listener=lambda event, step, outcome: heard.append((event, step.name, outcome.state)),
    )
    assert sorted(heard) == sorted(("finished", name, "up to date") for name in ALL)


def test_the_longest_way_to_the_end_goes_first(tiny):
    order = []
    steps = [
        alone(tiny, "short", seconds=1),
        alone(tiny, "long", seconds=9),
        alone(tiny, "first of many", seconds=2),
        alone(tiny, "last of many", seconds=20, inputs={"before": tiny.out("first of many")}),
    ]
    engine.build(
        steps,
        root=tiny.root,
        listener=lambda event, step, outcome: order.append(step.name) if outcome else None,
    )
    assert order == ["first of many", "last of many", "long", "short"]


def test_a_patient_step_waits_until_nothing_else_can_be_started(tiny):
    order = []
    steps = [
        alone(tiny, "sampling", seconds=90, patient=True),
        alone(tiny, "figure", seconds=1),
        alone(tiny, "tables", seconds=1),
        alone(tiny, "patient too", seconds=9, patient=True, inputs={"of": tiny.out("tables")}),
        alone(tiny, "late figure", seconds=1, inputs={"before": tiny.out("figure")}),
    ]
    engine.build(
        steps,
        root=tiny.root,
        listener=lambda event, step, outcome: order.append(step.name) if outcome else None,
    )
    assert set(order[:3]) == {"figure", "late figure", "tables"}
    assert order[3:] == ["sampling", "patient too"]


def test_two_steps_that_make_one_file_are_refused(tiny):
    twice = alone(tiny, "twice", outputs={"text": tiny.out("left")})
    with pytest.raises(Exception, match=r"left\.txt"):
        engine.build([*tiny.steps(), twice], root=tiny.root)


NOTEBOOK = """{{
 "cells": [
  {{"cell_type": "markdown", "id": "a", "metadata": {{}}, "source": ["# Title"]}},
  {{"cell_type": "code", "id": "{id}", "execution_count": {count}, "metadata": {metadata},
    "outputs": {outputs}, "source": {source}}}{more}
 ],
 "metadata": {{"kernelspec": {{"name": "{kernel}"}}}}, "nbformat": 4, "nbformat_minor": 5
}}"""
CLEAN = {
    "id": "b",
    "count": "null",
    "metadata": "{}",
    "outputs": "[]",
    "source": '["x = 1\\n", "y = 2"]',
    "kernel": "python3",
    "more": "",
}


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"count": "7", "outputs": '[{"output_type": "stream", "text": "1"}]'}, True),
        ({"metadata": '{"collapsed": true, "jupyter": {"source_hidden": true}}'}, True),
        ({"kernel": "my-own", "id": "c"}, True),
        ({"source": '["x = 1  \\n", "y = 2\\n", "\\n"]'}, True),
        ({"source": '"x = 1\\ny = 2"'}, True),
        ({"more": ', {"cell_type": "code", "metadata": {}, "outputs": [], "source": []}'}, True),
        ({"source": '["x = 1\\n", "y = 3"]'}, False),
        ({"source": '["x = 1\\n", "    y = 2"]'}, False),
        ({"metadata": '{"tags": ["parameters"]}'}, False),
    ],
    ids=[
        "outputs",
        "metadata",
        "kernel and ids",
        "white space",
        "form of the source",
        "an empty cell",
        "code",
        "indentation",
        "tags",
    ],
)
def test_a_notebook_counts_by_its_code_and_prose_only(tiny, tmp_path, changes, same):
    path = tmp_path / "sheet.ipynb"

    def build_with(values: dict[str, str]) -> set[str]:
        path.write_text(NOTEBOOK.format(**values))
        step = alone(tiny, "sheet", watched={"sheet.ipynb": notebook_state(path)})
        return {o.step.name for o in engine.build([step], root=tiny.root) if o.state == "built"}

    assert build_with(CLEAN) == {"sheet"}
    assert build_with(CLEAN | changes) == (set() if same else {"sheet"})


def test_states_do_not_depend_on_the_order_of_keys_but_on_every_value():
    assert value_state({"a": 1, "b": [1, 2]}) == value_state({"b": [1, 2], "a": 1})
    different = [{"a": 1}, {"a": "1"}, {"a": 1.5}, {"a": True}, {"a": None}, {"a": [1]}, {"b": 1}]
    assert len({value_state(value) for value in different}) == len(different)
