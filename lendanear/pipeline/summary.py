"""What a build says at its end: the state of each item, why one is missing, where to look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.markup import escape

from lendanear.items import Item
from lendanear.paths import relative_to_checkout
from lendanear.pipeline.graph import Blocked, Plan
from lendanear.pipeline.progress import STYLES
from lendanear.pipeline.step import Outcome

THERE = frozenset({"built", "up to date"})
"""States of items that readers can rely on."""


@dataclass(frozen=True)
class ItemState:
    """What became of one item.

    ``state`` is ``built``, ``up to date``, ``failed``, ``not built`` or ``interrupted``.
    """

    state: str
    reason: str = ""


def item_states(
    plan: Plan, outcomes: Mapping[str, Outcome], asked: Sequence[Item]
) -> dict[str, ItemState]:
    """Return what became of each item that was asked for, by its key.

    Parameters
    ----------
    plan : Plan
        The plan of the source.
    outcomes : mapping of str to Outcome
        What became of each step, by its id.
    asked : sequence of Item
        The items asked for.
    """
    states = {}
    for item in asked:
        if item.key in plan.blocked:
            states[item.key] = ItemState("not built", plan.blocked[item.key].reason)
            continue
        step = plan.step(f"notebook.{item.notebook}")
        outcome = outcomes.get(step.id) if step else None
        states[item.key] = (
            ItemState(outcome.state, outcome.reason)
            if outcome
            else ItemState("not built", "the build did not come to it")
        )
    return states


def show_summary(
    console: Console,
    plan: Plan,
    states: Mapping[str, ItemState],
    outcomes: Mapping[str, Outcome],
) -> None:
    """Print the summary of one source.

    Parameters
    ----------
    console : Console
        Where to print.
    plan : Plan
        The plan of the source.
    states : mapping
        From `item_states`.
    outcomes : mapping of str to Outcome
        What became of each step, by its id.
    """
    origin = plan.origin
    kind = "SYNTHETIC: simulated people" if origin.synthetic else "real data"
    found = [item.state for item in states.values()]
    counts = (f"[{style}]{found.count(s)} {s}[/]" for s, style in STYLES.items() if s in found)
    console.print()
    console.rule(f"[bold]{escape(origin.name)}[/] ({kind})", align="left")
    console.print(", ".join(counts) + " of the items asked for", highlight=False)
    _show_failures(console, plan, states, outcomes)
    _show_not_built(console, states)
    _show_missing(console, (plan.blocked[key] for key in states if key in plan.blocked))
    if plan.leftovers:
        names = escape(", ".join(relative_to_checkout(path) for path in plan.leftovers))
        why = "left from an earlier build, not made from the present files"
        _line(console, f"[yellow]{why}[/]: {names}. Remove what is not wanted.")
    if origin.figures.is_dir():
        _line(console, f"Look at [bold]{escape(relative_to_checkout(origin.figures))}/[/]")
        report = origin.figures / "published_vs_rebuilt.html"
        if report.is_file():
            name = escape(relative_to_checkout(report))
            _line(console, f"Published against rebuilt: [bold]{name}[/]")


def _line(console: Console, text: str) -> None:
    """Print a line that may be long, without colouring its numbers or breaking its paths."""
    console.print(text, highlight=False, soft_wrap=True)


def _show_failures(
    console: Console,
    plan: Plan,
    states: Mapping[str, ItemState],
    outcomes: Mapping[str, Outcome],
) -> None:
    """Say which steps failed, which items they make, and where their logs are."""
    for outcome in outcomes.values():
        step = outcome.step
        if step.source != plan.origin.name or outcome.state != "failed":
            continue
        items = [key for key, item in states.items() if item == _failed(outcome)]
        made = f" ({', '.join(items)})" if items else ""
        _line(console, f"[bold red]failed[/]: {escape(step.name)}{made}: {escape(outcome.reason)}")
        _line(console, f"    log: {escape(relative_to_checkout(step.log))}")
        if any(path.is_file() for path in step.outputs.values()):
            _line(console, "    what an earlier build made is untouched")


def _failed(outcome: Outcome) -> ItemState:
    return ItemState("failed", outcome.reason)


def show_blocked(
    console: Console, plan: Plan, asked: Sequence[Item], *, remedies: bool = True
) -> None:
    """Print which of the items asked for the files of a source do not allow, and why.

    Parameters
    ----------
    console : Console
        Where to print.
    plan : Plan
        The plan of the source.
    asked : sequence of Item
        The items asked for.
    remedies : bool
        Whether to say also how to place each missing file by hand.
    """
    blocked = {item.key: plan.blocked[item.key] for item in asked if item.key in plan.blocked}
    states = {key: ItemState("not built", found.reason) for key, found in blocked.items()}
    _show_not_built(console, states, f"{escape(plan.origin.name)}: ")
    if remedies:
        _show_missing(console, blocked.values())


def _show_not_built(console: Console, states: Mapping[str, ItemState], prefix: str = "") -> None:
    """Say which items were not built and why, items with one reason together."""
    grouped: dict[ItemState, list[str]] = {}
    for key, item in states.items():
        if item.state in {"not built", "interrupted"}:
            grouped.setdefault(item, []).append(key)
    for item, keys in grouped.items():
        why = f"{prefix}[yellow]{item.state}[/], because {escape(item.reason)}"
        _line(console, f"{why}: [bold]{', '.join(keys)}[/]")


def _show_missing(console: Console, blocked: Iterable[Blocked]) -> None:
    """Say of each missing file, once, why it is missing and how to place it by hand."""
    files = dict.fromkeys(file for found in blocked for file in found.files)
    if files:
        _line(console, "The missing files, and how to place each by hand:")
    for file in files:
        _line(console, f"  [bold]{file.key}[/]: {escape(file.reason)}; {escape(file.remedy)}")
