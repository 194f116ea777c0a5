"""Steps so small that a graph of them is built in a moment; workers import this module by name."""

from __future__ import annotations

import logging
import os
import signal
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lendanear.errors import DataError
from lendanear.files import written_aside
from lendanear.pipeline.step import Step

HERE = Path(__file__).parent


def join(parameters: dict, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
    """Write what the inputs hold, then the parameters, to every output."""
    text = "".join(path.read_text() for _, path in sorted(inputs.items()))
    text += "".join(f"{key}={value};" for key, value in sorted(parameters.items()))
    for path in outputs.values():
        with written_aside(path) as aside:
            aside.write_text(text)


def first_line(parameters: dict, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
    """Write only the first line of the input, so that later edits of it change nothing."""
    (source,), (target,) = inputs.values(), outputs.values()
    target.write_text(source.read_text().splitlines()[0])


def talk(parameters: dict, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
    """Speak on every channel a step can be heard on."""
    print("printed")  # noqa: T201
    logging.getLogger("anything").warning("logged")
    warnings.warn("warned", UserWarning, stacklevel=1)
    join(parameters, inputs, outputs)


def refuse(parameters: dict, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
    """Fail as bad data does."""
    raise DataError("the score is not in range", file="scores.csv", row=3, field="score", found=6)


def crash(parameters: dict, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
    """Fail as a slip in the code does."""
    raise ZeroDivisionError("division by nothing")


def forget(parameters: dict, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
    """Leave out what was promised."""


def edit_own_input(parameters: dict, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
    """Write the output, then change what it was made from, as an editor may meanwhile."""
    join(parameters, inputs, outputs)
    (source,) = inputs.values()
    source.write_text(source.read_text() + "edited meanwhile")


def end_process(parameters: dict, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
    """End the own process the hard way the first time, as a system short of memory does."""
    mark = Path(parameters["mark"])
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    join({}, inputs, outputs)


def wait(parameters: dict, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
    """Say that it has begun, wait until told to go on, then write."""
    Path(parameters["begun"]).write_text(str(os.getpid()))
    while not Path(parameters["go"]).exists():
        time.sleep(0.01)
    join({}, inputs, outputs)


def execute_sheet(parameters: dict, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
    """Execute the notebook ``sheet``, which is told where to say that it has begun."""
    from lendanear.pipeline.run_notebook import execute

    (target,) = outputs.values()
    execute(
        Path(parameters["sheet"]),
        {"begun": parameters["begun"]},
        target,
        failed=target.with_suffix(".failed.ipynb"),
        kernel_log=target.with_suffix(".log"),
    )


def say_threads(parameters: dict, inputs: dict[str, Path], outputs: dict[str, Path]) -> None:
    """Write how many threads numerical libraries may use here."""
    for path in outputs.values():
        path.write_text(os.environ["OMP_NUM_THREADS"])


@dataclass
class Tiny:
    """A graph in a folder of its own: ``raw -> first -> (left, right) -> last``."""

    folder: Path
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    code: dict[str, tuple[Path, ...]] = field(default_factory=dict)
    extra: dict[str, dict[str, Path]] = field(default_factory=dict)
    gentle: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.raw.parent.mkdir(parents=True, exist_ok=True)
        self.raw.write_text("raw\nsecond line\n")

    @property
    def raw(self) -> Path:
        return self.folder / "raw.txt"

    @property
    def root(self) -> Path:
        return self.folder / "record"

    def out(self, name: str) -> Path:
        return self.folder / "out" / f"{name}.txt"

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def steps(self) -> list[Step]:
        reads: Mapping[str, dict[str, Path]] = {
            "first": {"raw": self.raw},
            "left": {"first": self.out("first")},
            "right": {"first": self.out("first")},
            "last": {"left": self.out("left"), "right": self.out("right")},
        }
        return [
            Step(
                source="tiny",
                name=name,
                function=f"tiny_steps:{self.functions.get(name, 'join')}",
                log=self.log(name),
                parameters=self.parameters.get(name, {"name": name}),
                inputs={**inputs, **self.extra.get(name, {})},
                outputs={"text": self.out(name)},
                code=self.code.get(name, ()),
                essential=name not in self.gentle,
            )
            for name, inputs in reads.items()
        ]
