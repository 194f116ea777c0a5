"""What a build shows while it runs: a live line per running step, one line per finished step."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lendanear.paths import relative_to_checkout
from lendanear.pipeline.step import Outcome, Step

STYLES = {
    "built": "green",
    "up to date": "dim",
    "failed": "bold red",
    "not built": "yellow",
    "interrupted": "yellow",
}
"""How the states of steps are coloured."""


class BuildProgress:
    """Listens to the engine and shows name, state and time of each step.

    On a terminal, running steps have a live line with their time so far. Elsewhere (a file,
    continuous integration) every start and end is one plain line.

    Parameters
    ----------
    console : Console
        Where to print.
    total : int
        Number of steps of the build.
    """

    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total, self._done = console, total, 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._all = self._bar.add_task("all steps", total=total)
        self._running: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, event: str, step: Step, outcome: Outcome | None) -> None:
        """Show that a step starts, or what became of it."""
        if outcome is None:
            if self._console.is_terminal:
                self._running[step.id] = self._bar.add_task(f"  {escape(step.id)}", total=None)
            else:
                self._console.print(f"{'':>{self._width}}  started     {escape(step.id)}")
            return
        self._done += 1
        if step.id in self._running:
            self._bar.remove_task(self._running.pop(step.id))
        self._bar.update(self._all, completed=self._done)
        if outcome.state == "up to date":
            return
        style = STYLES[outcome.state]
        seconds = f"{outcome.seconds:6.1f} s" if outcome.seconds else ""
        count = f"{self._done}/{self._total}"
        self._console.print(
            f"{count:>{self._width}}  [{style}]{outcome.state:<11}[/] {escape(step.id)} {seconds}",
            highlight=False,
        )
        if outcome.state == "failed":
            self._console.print(
                f"{'':>{self._width}}  {escape(outcome.reason)}\n"
                f"{'':>{self._width}}  log: {escape(relative_to_checkout(step.log))}",
                style="red",
                highlight=False,
                soft_wrap=True,
            )

    @property
    def _width(self) -> int:
        return 2 * len(str(self._total)) + 1
