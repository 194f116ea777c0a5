"""Two processes, here or on Dask, make what one process makes; a killed one harms nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from processes import PATIENCE, Cluster, wait_for
from tiny_steps import HERE, Tiny

from lendanear.errors import LendAnEarError
from lendanear.paths import ROOT
from lendanear.pipeline import cluster, engine
from lendanear.pipeline.worker import THREAD_VARIABLES


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    for variable in THREAD_VARIABLES:
        monkeypatch.setenv(variable, "1")
    monkeypatch.setenv("PYTHONPATH", f"{HERE}{os.pathsep}{ROOT}")


def products(tiny: Tiny) -> dict[str, str]:
    return {step.name: step.outputs["text"].read_text() for step in tiny.steps()}


def test_two_workers_make_what_one_makes(tmp_path):
    one, two = Tiny(tmp_path / "one"), Tiny(tmp_path / "two")
    engine.build(one.steps(), root=one.root)
    outcomes = engine.build(two.steps(), root=two.root, workers=2)
    assert {o.state for o in outcomes} == {"built"}
    assert products(two) == products(one)
    outcomes = engine.build(two.steps(), root=two.root, workers=1)
    assert {o.state for o in outcomes} == {"up to date"}, "both keep one record"


def test_independent_steps_run_at_the_same_time_on_threads_within_the_cores(tmp_path, monkeypatch):
    monkeypatch.setattr(engine.os, "cpu_count", lambda: 4)
    tiny = Tiny(tmp_path, functions={"left": "wait", "right": "wait", "last": "say_threads"})
    begun = {name: tmp_path / f"{name}.begun" for name in ("left", "right")}
    # each goes on when the other has begun, so one after the other they would wait for ever
    tiny.parameters["left"] = {"begun": str(begun["left"]), "go": str(begun["right"])}
    tiny.parameters["right"] = {"begun": str(begun["right"]), "go": str(begun["left"])}
    outcomes = engine.build(tiny.steps(), root=tiny.root, workers=2)
    assert {o.state for o in outcomes} == {"built"}
    pids = {path.read_text() for path in begun.values()}
    assert len(pids) == 2
    assert str(os.getpid()) not in pids
    assert tiny.out("last").read_text() == "2"
    tiny.out("last").unlink()
    engine.build(tiny.steps(), root=tiny.root, workers=1)
    assert tiny.out("last").read_text() == "4"


def test_errors_cross_from_a_worker_as_they_are_said(tmp_path):
    tiny = Tiny(tmp_path, functions={"left": "refuse", "right": "crash"})
    outcomes = {
        o.step.name: o
        for o in engine.build(tiny.steps(), root=tiny.root, workers=2, keep_going=True)
    }
    assert outcomes["left"].reason.startswith("scores.csv, row 3, field 'score'")
    assert outcomes["right"].reason.startswith("ZeroDivisionError: division by nothing (")
    assert outcomes["last"].reason in {
        "tiny: left and tiny: right failed",
        "tiny: right and tiny: left failed",
    }


def test_a_worker_that_is_killed_is_a_clear_failure_and_the_next_run_goes_on(tmp_path):
    tiny = Tiny(tmp_path, functions={"left": "end_process"})
    tiny.parameters["left"] = {"mark": str(tmp_path / "mark")}
    outcomes = {o.step.name: o for o in engine.build(tiny.steps(), root=tiny.root, workers=2)}
    assert outcomes["first"].state == "built"
    assert outcomes["left"].state == "failed"
    assert "ended from outside" in outcomes["left"].reason
    assert "--workers 1" in outcomes["left"].reason
    assert outcomes["last"].state == "not built"
    outcomes = {o.step.name: o for o in engine.build(tiny.steps(), root=tiny.root, workers=2)}
    assert outcomes["first"].state == "up to date"
    assert outcomes["left"].state == outcomes["last"].state == "built"


@pytest.fixture(scope="module")
def dask(tmp_path_factory) -> Iterator[Cluster]:
    pytest.importorskip("distributed")
    running = Cluster(tmp_path_factory.mktemp("dask"))
    yield running
    running.close()


def test_a_dask_scheduler_with_two_workers_makes_what_one_process_makes(tmp_path, dask):
    one, two = Tiny(tmp_path / "one"), Tiny(tmp_path / "two", functions={"right": "crash"})
    engine.build(one.steps(), root=one.root)
    outcomes = engine.build(two.steps(), root=two.root, scheduler=dask.address, keep_going=True)
    reasons = {o.step.name: o.reason for o in outcomes if o.state != "built"}
    assert reasons.keys() == {"right", "last"}
    assert reasons["right"].startswith("ZeroDivisionError: division by nothing (")
    two.functions.clear()
    outcomes = engine.build(two.steps(), root=two.root, scheduler=dask.address)
    assert [o.step.name for o in outcomes if o.state == "built"] == ["right", "last"]
    assert products(two) == products(one)
    outcomes = engine.build(two.steps(), root=two.root)
    assert {o.state for o in outcomes} == {"up to date"}, "the same graph and record everywhere"


def test_dask_workers_that_have_imported_edited_code_begin_anew(tmp_path, dask):
    module = dask.modules / "edited_steps.py"
    tiny = Tiny(tmp_path, code={"last": (module,)})

    def build_with(word: str) -> str:
        body = f"next(iter(outputs.values())).write_text({word!r})"
        module.write_text(f"def write(parameters, inputs, outputs):\n    {body}\n")
        steps = [*tiny.steps()[:3], replace(tiny.steps()[3], function="edited_steps:write")]
        engine.build(steps, root=tiny.root, scheduler=dask.address)
        return tiny.out("last").read_text()

    assert build_with("one") == "one"
    assert build_with("two") == "two"


def test_a_scheduler_that_does_not_answer_is_named_with_what_to_do(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    tiny = Tiny(tmp_path)
    for address in ("tcp://127.0.0.1:1", "nonsense://here"):
        with pytest.raises(LendAnEarError, match=f"--scheduler {address}: no Dask.*dask worker"):
            engine.build(tiny.steps(), root=tiny.root, scheduler=address)
    assert not tiny.out("first").exists()


def test_a_scheduler_without_workers_is_named_with_what_to_do(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    tiny = Tiny(tmp_path / "graph")
    empty = Cluster(tmp_path, workers=0)
    try:
        with pytest.raises(LendAnEarError, match=r"it has no workers\. .*'dask worker"):
            engine.build(tiny.steps(), root=tiny.root, scheduler=empty.address)
    finally:
        empty.close()


BUILD_SCRIPT = """
import sys
from pathlib import Path
from tiny_steps import Tiny
from lendanear.pipeline import engine

folder, workers = Path(sys.argv[1]), int(sys.argv[2])
tiny = Tiny(folder, functions={"right": "wait", "left": "talk"})
tiny.parameters["right"] = {"begun": str(folder / "begun"), "go": str(folder / "go")}
tiny.parameters["left"] = {}
for outcome in engine.build(tiny.steps(), root=tiny.root, workers=workers):
    print(outcome.step.name, outcome.state, flush=True)
"""


class Running:
    """A build in a process of its own, halted in the step ``right``."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.tiny = Tiny(folder)
        self.begun, self.go = folder / "begun", folder / "go"
        self.process = self.start(workers)

    def start(self, workers: int = 1) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-c", BUILD_SCRIPT, str(self.tiny.folder), str(workers)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def halted(self) -> list[psutil.Process]:
        """Wait until it is halted; return all its processes."""
        wait_for(lambda: self.begun.exists() and self.begun.read_text(), "the step to begin")
        wait_for(self.tiny.out("first").exists, "what comes before it")
        return psutil.Process(self.process.pid).children(recursive=True)

    def outcomes(self, process: subprocess.Popen) -> dict[str, str]:
        said, errors = process.communicate(timeout=PATIENCE)
        assert not errors
        return dict(line.split(" ", 1) for line in said.splitlines())


@pytest.mark.parametrize("workers", [1, 2])
def test_a_killed_build_leaves_no_process_and_the_next_one_goes_on(tmp_path, workers):
    running = Running(tmp_path, workers)
    children = running.halted()
    if workers == 2:
        wait_for(running.tiny.out("left").exists, "the step beside it")
        wait_for(lambda: "left" in (running.tiny.root / "pytask.lock.journal").read_text(), "it")
    running.process.kill()
    running.process.communicate()
    _, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert not alive
    assert not running.tiny.out("right").exists()
    running.go.touch()
    outcomes = running.outcomes(running.start())
    assert outcomes["first"] == "up to date"
    assert outcomes["right"] == outcomes["last"] == "built"
    if workers == 2:
        assert outcomes["left"] == "up to date"


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_keeps_what_was_finished(tmp_path, workers):
    running = Running(tmp_path, workers)
    children = running.halted()
    running.process.send_signal(signal.SIGINT)
    if workers == 2:
        # the steps that run are given the time to end
        running.go.touch()
    outcomes = running.outcomes(running.process)
    assert outcomes["first"] == "built"
    assert outcomes["right"] == outcomes["last"] == "interrupted"
    _, alive = psutil.wait_procs(children, timeout=PATIENCE)
    assert not alive
    running.go.touch()
    outcomes = running.outcomes(running.start())
    assert outcomes["first"] == "up to date"
    assert outcomes["right"] == outcomes["last"] == "built"
