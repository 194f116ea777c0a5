"""The quick look at the record and the engine itself always say the same."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_steps import Tiny

from lendanear.pipeline import engine
from lendanear.pipeline.record import LOCK_NAME, explain, read_record, up_to_date

NAMES = ("first", "left", "right", "last")
TEXTS = st.sampled_from(["raw\nsecond line\n", "a\n", "bb\n", ""])
EDITS = st.one_of(
    st.tuples(st.just("raw"), TEXTS),
    st.tuples(st.just("code"), TEXTS),
    st.tuples(st.just("product"), st.sampled_from(NAMES), TEXTS),
    st.tuples(st.just("unlink"), st.sampled_from(NAMES)),
    st.tuples(
        st.just("parameters"),
        st.sampled_from(NAMES),
        st.dictionaries(st.sampled_from("ab"), st.integers(0, 1), max_size=2),
    ),
    st.tuples(st.just("function"), st.sampled_from(NAMES), st.sampled_from(["join", "talk"])),
    st.tuples(st.just("watch"), st.sampled_from(NAMES), st.booleans()),
    st.tuples(st.just("build")),
)


def apply(tiny: Tiny, edit: tuple) -> None:
    what, *how = edit
    code = tiny.folder / "code.py"
    if what == "raw":
        tiny.raw.write_text(how[0])
    elif what == "code":
        code.write_text(how[0])
    elif what == "product":
        tiny.out(how[0]).write_text(how[1])
    elif what == "unlink":
        tiny.out(how[0]).unlink(missing_ok=True)
    elif what == "parameters":
        tiny.parameters[how[0]] = how[1]
    elif what == "function":
        tiny.functions[how[0]] = how[1]
    elif what == "watch":
        tiny.code[how[0]] = (code,) if how[1] else ()
    else:
        engine.build(tiny.steps(), root=tiny.root)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(edits=st.lists(EDITS, max_size=6))
def test_after_any_edits_the_quick_look_the_explanation_and_the_build_agree(edits):
    with tempfile.TemporaryDirectory() as name:
        tiny = Tiny(Path(name))
        (tiny.folder / "code.py").write_text("")
        tiny.code["left"] = (tiny.folder / "code.py",)
        engine.build(tiny.steps(), root=tiny.root)
        for edit in edits:
            apply(tiny, edit)
        steps = tiny.steps()
        quick = up_to_date(steps, tiny.root)
        explained = explain(steps, root=tiny.root)
        assert quick == {id_ for id_, why in explained.items() if not why}
        own_reason = {
            id_ for id_, why in explained.items() if why and "would run first" not in why[0]
        }
        outcomes = engine.build(steps, root=tiny.root)
        ran = {outcome.step.id for outcome in outcomes if outcome.state == "built"}
        assert own_reason <= ran, "what has a reason of its own runs"
        assert ran <= explained.keys() - quick, "what is up to date does not run"
        assert up_to_date(steps, tiny.root) == {step.id for step in steps}


def test_a_build_that_was_broken_off_left_its_journal_and_that_counts(tmp_path):
    tiny = Tiny(tmp_path)
    engine.build(tiny.steps(), root=tiny.root)
    everything = {step.id for step in tiny.steps()}
    entries = list(read_record(tiny.root).values())
    lines = [json.dumps({"lock-version": "1", **entry}) for entry in entries]
    (tiny.root / LOCK_NAME).unlink()
    journal = tiny.root / f"{LOCK_NAME}.journal"
    journal.write_text("\n".join(lines) + "\n")
    assert up_to_date(tiny.steps(), tiny.root) == everything
    assert not any(explain(tiny.steps(), root=tiny.root).values())
    journal.write_text("\n".join(lines)[:-20])
    left = up_to_date(tiny.steps(), tiny.root)
    assert left < everything
    explained = explain(tiny.steps(), root=tiny.root)
    assert left == {id_ for id_, why in explained.items() if not why}


@pytest.mark.parametrize(
    "content", [b"no [ TOML", b"\xff\xfe", b"", b'lock-version = "99"\n', b"x = 1\n"]
)
def test_without_a_usable_record_everything_is_built_anew(tmp_path, content):
    tiny = Tiny(tmp_path)
    assert up_to_date(tiny.steps(), tiny.root) == set()
    engine.build(tiny.steps(), root=tiny.root)
    (tiny.root / LOCK_NAME).write_bytes(content)
    assert up_to_date(tiny.steps(), tiny.root) == set()
    outcomes = engine.build(tiny.steps(), root=tiny.root)
    assert {outcome.state for outcome in outcomes} == {"built"}
    assert up_to_date(tiny.steps(), tiny.root) == {step.id for step in tiny.steps()}


def test_the_record_moves_with_its_folder(tmp_path):
    tiny = Tiny(tmp_path / "here")
    engine.build(tiny.steps(), root=tiny.root)
    raw = tiny.raw.read_text()
    (tmp_path / "here").rename(tmp_path / "there")
    moved = Tiny(tmp_path / "there")
    moved.raw.write_text(raw)
    assert up_to_date(moved.steps(), moved.root) == {step.id for step in moved.steps()}
