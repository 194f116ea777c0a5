"""One step of the graph: a function, what it reads, what it writes, and all it depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from lendanear.paths import relative_to_checkout
from lendanear.pipeline.state import value_state


@dataclass(frozen=True)
class Step:
    """One step.

    Everything a step's outcome can depend on is declared, and everything declared is hashed:
    there is no way to hand a step a value that would change unnoticed.

    Parameters
    ----------
    source : str
        The data source it belongs to, e.g. ``public``.
    name : str
        Name within the source, e.g. ``model.effects``; also the name of its log file.
    function : str
        ``package.module:function``; called as ``function(parameters, inputs, outputs)``.
    parameters : mapping
        Values handed to the function; whatever JSON can hold.
    inputs, outputs : mapping of str to Path
        Files it reads and files it leaves, by a name the function knows.
    code : tuple of Path
        Modules and other files of the package that take part.
    watched : mapping
        Values that decide like parameters but are not handed over.
    log : Path
        Where its output goes.
    essential : bool
        Whether a failure ends the build of everything not yet started (data, tables, models), or
        only of what reads its outputs (notebooks).
    seconds : float
        How long it is expected to take; the longest way to the end goes first.
    patient : bool
        Whether it is started only when nothing else can be: minutes of sampling wait for figures
        that take seconds.
    """

    source: str
    name: str
    function: str
    log: Path
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Path] = field(default_factory=dict)
    outputs: Mapping[str, Path] = field(default_factory=dict)
    code: tuple[Path, ...] = ()
    watched: Mapping[str, Any] = field(default_factory=dict)
    essential: bool = True
    seconds: float = 1.0
    patient: bool = False

    @property
    def id(self) -> str:
        """Name across sources, e.g. ``public: model.effects``."""
        return f"{self.source}: {self.name}"

    @property
    def values(self) -> dict[str, Any]:
        """Every hashed value by the name that explanations use."""
        named = {f"parameter {name}": value for name, value in self.parameters.items()}
        return {**named, **self.watched}

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file it depends on, without repetition."""
        return tuple(dict.fromkeys((*self.inputs.values(), *self.code)))

    @property
    def last_run(self) -> Path:
        """Where it is kept when, with what and how long the step last ran to its end."""
        return self.log.with_suffix(".json")

    def state(self) -> str:
        """Return what stands for the step itself: its function and the names of all it declares.

        The record is compared with what is declared today, so a parameter or a module that is no
        longer declared would go unnoticed if its name did not count.
        """
        code = sorted(relative_to_checkout(path) for path in self.code)
        names = (sorted(self.inputs), sorted(self.outputs), sorted(self.values), code)
        return value_state([self.function, *names])

    def call(self) -> None:
        """Run the step's function here and now."""
        module, function = self.function.split(":")
        getattr(import_module(module), function)(
            dict(self.parameters), dict(self.inputs), dict(self.outputs)
        )


@dataclass(frozen=True)
class Outcome:
    """What became of a step.

    ``state`` is ``built``, ``up to date``, ``failed``, ``not built`` or ``interrupted``.
    """

    step: Step
    state: str
    seconds: float = 0.0
    reason: str = ""
