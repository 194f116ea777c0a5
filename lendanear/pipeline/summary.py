"""What a build says at its end: the state of each item, why one is missing, where to look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lendanear.items import ITEMS, Item
from lendanear.paths import relative_to_checkout
from lendanear.pipeline.graph import Plan
from lendanear.pipeline.progress import STYLES
from lendanear.pipeline.step import Outcome


def item_states(
    plan: Plan, outcomes: Mapping[str, Outcome], asked: Sequence[Item]
) -> dict[str, tuple[str, str]]:
    """Return state and reason of each item that was asked for, by its key.

    Parameters
    ----------
    plan : Plan
        The plan of the source.
    outcomes : mapping of str to Outcome
        What became of each step, by its id.
    asked : sequence of Item
        The items asked for.

    Returns
    -------
    dict of str to tuple
        State (``built``, ``up to date``, ``failed``, ``not built``, ``interrupted``) and reason.
    """
    states = {}
    for item in asked:
        if item.key in plan.blocked:
            states[item.key] = ("not built", plan.blocked[item.key])
            continue
        step = plan.step(f"notebook.{item.notebook}")
        outcome = outcomes.get(step.id) if step else None
        if outcome is None:
            states[item.key] = ("not built", "the build did not come to it")
        else:
            states[item.key] = (outcome.state, outcome.reason)
    return states


def show_summary(
    console: Console,
    plan: Plan,
    states: Mapping[str, tuple[str, str]],
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
    counts = {
        state: sum(found == state for found, _ in states.values())
        for state in STYLES
        if any(found == state for found, _ in states.values())
    }
    console.print()
    console.rule(f"[bold]{escape(origin.name)}[/] ({kind})", align="left")
    console.print(
        ", ".join(f"[{STYLES[s]}]{n} {s}[/]" for s, n in counts.items()) + " of the items asked for"
    )
    titles = {item.key: item.title for item in ITEMS}
    failed = {key: reason for key, (state, reason) in states.items() if state == "failed"}
    if failed:
        table = Table("Failed", "what", "why", box=None, title_justify="left")
        for key, reason in failed.items():
            table.add_row(key, titles[key], escape(reason))
        console.print(table)
    for reason, keys in _by_reason(states).items():
        console.print(
            f"[yellow]not built, because[/] {escape(reason)}:\n    {', '.join(keys)}",
            highlight=False,
            soft_wrap=True,
        )
    for outcome in outcomes.values():
        step = outcome.step
        if step.source == origin.name and outcome.state == "failed":
            console.print(
                f"[red]{escape(step.name)} failed[/]: {escape(outcome.reason)}\n"
                f"    log: {escape(relative_to_checkout(step.log))}",
                highlight=False,
                soft_wrap=True,
            )
    if origin.figures.is_dir():
        console.print(f"Look at [bold]{escape(relative_to_checkout(origin.figures))}/[/]")
        report = origin.figures / "published_vs_rebuilt.html"
        if report.is_file():
            console.print(
                f"Published against rebuilt: [bold]{escape(relative_to_checkout(report))}[/]"
            )


def _by_reason(states: Mapping[str, tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for key, (state, reason) in states.items():
        if state in {"not built", "interrupted"}:
            grouped.setdefault(reason, []).append(key)
    return grouped
