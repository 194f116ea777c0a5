"""Declaring a step: its code is found, its duration is remembered."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from lendanear.paths import LOCK
from lendanear.pipeline.closure import closure, function_imports, function_source
from lendanear.pipeline.state import value_state
from lendanear.pipeline.step import Step

_STEPS: Final = "lendanear.pipeline.steps"
_GUESSED_SECONDS: Final = {
    "generate": 8,
    "tables": 4,
    "model": 3,
    "posterior": 60,
    "estimates": 10,
    "notebook": 6,
    "check": 3,
    "replicate": 3,
    "ranks": 5,
}
"""Durations of kinds of steps until they have been measured here."""

Paths = Mapping[str, Path]


def declare(
    source: str,
    name: str,
    function: str,
    *,
    logs: Path,
    inputs: Paths,
    outputs: Paths,
    parameters: Mapping[str, Any],
    modules: Iterable[str] = (),
    watched: Mapping[str, Any] | None = None,
    essential: bool = True,
    patient: bool = False,
) -> Step:
    """Return a step with all the code it depends on.

    Parameters
    ----------
    source, name, inputs, outputs, parameters, watched, essential, patient
        See `Step`.
    function : str
        Name of a function of `lendanear.pipeline.steps`.
    logs : Path
        Folder of its log.
    modules : iterable of str
        Modules that take part though the function does not import them by name.
    """
    call = f"{_STEPS}:{function}"
    step = Step(
        source=source,
        name=name,
        function=call,
        log=logs / f"{name}.log",
        parameters=parameters,
        inputs=inputs,
        outputs=outputs,
        code=(*closure((*function_imports(call), *modules)), LOCK),
        watched={"what the step does": value_state(function_source(call)), **(watched or {})},
        essential=essential,
        patient=patient,
    )
    return replace(step, seconds=expected_seconds(step))


def expected_seconds(step: Step) -> float:
    """Return how long a step took when it last ran, or a guess."""
    try:
        return float(json.loads(step.last_run.read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return float(_GUESSED_SECONDS.get(step.name.split(".")[0], 1))
