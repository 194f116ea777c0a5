"""What a run shows without building: the items, the files of a source, why steps would run."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lendanear.items import Item
from lendanear.paths import relative_to_checkout
from lendanear.pipeline.graph import Plan
from lendanear.pipeline.record import up_to_date
from lendanear.pipeline.step import Step


def show_items(console: Console, plan: Plan, items: Sequence[Item]) -> None:
    """Print the items, what each needs, what it leaves, and whether it is built.

    Parameters
    ----------
    console : Console
        Where to print.
    plan : Plan
        The plan of a source.
    items : sequence of Item
        What to list.
    """
    origin = plan.origin
    kind = "SYNTHETIC" if origin.synthetic else "real data"
    folder = relative_to_checkout(origin.figures)
    title = f"{escape(origin.name)} ({kind}), in {escape(folder)}/"
    table = Table(title=title, title_justify="left", title_style="bold", box=None)
    for name in ("item", "what", "needs", "files", "state"):
        table.add_column(name, overflow="fold")
    current = up_to_date(plan.steps)
    for item in items:
        stem = origin.files_of(item)[0].stem
        state = _state(plan, item, current)
        table.add_row(item.key, item.title, ", ".join(item.sources), f"{stem}.*", state)
    console.print(table)


def _state(plan: Plan, item: Item, current: set[str]) -> str:
    there = any(path.is_file() for path in plan.origin.files_of(item))
    if item.key in plan.blocked:
        return "cannot be built, left from earlier" if there else "cannot be built"
    step = plan.step(f"notebook.{item.notebook}")
    if step is not None and step.id in current:
        return "built"
    return "out of date" if there else "can be built"


def show_files(console: Console, plan: Plan) -> None:
    """Say of each file of a source whether it is the pinned one."""
    origin = plan.origin
    if origin.generated or not origin.files:
        return
    console.print(f"[bold]{escape(origin.name)}[/]: {len(origin.files)} known files")
    for file in origin.files:
        words = "the pinned public file" if file.pinned else f"[yellow]{escape(file.note)}[/]"
        console.print(
            f"  {file.key} ({escape(relative_to_checkout(file.path))}): {words}",
            highlight=False,
            soft_wrap=True,
        )
    if origin.synthetic:
        console.print("  [yellow]these files are synthetic, and every result will say so[/]")


def show_reasons(
    console: Console, steps: Sequence[Step], reasons: Mapping[str, Sequence[str]], *, brief: bool
) -> None:
    """Print which steps would run, and why.

    Parameters
    ----------
    console : Console
        Where to print.
    steps : sequence of Step
        The steps.
    reasons : mapping of str to sequence of str
        From `lendanear.pipeline.record.explain`.
    brief : bool
        Whether to print only the names of steps that would run.
    """
    for step in steps:
        why = reasons[step.id]
        if brief:
            if why:
                console.print(escape(step.id), highlight=False)
            continue
        state = "[green]would run[/]" if why else "[dim]up to date[/]"
        console.print(f"{state}  {escape(step.id)}", highlight=False)
        for reason in why:
            text = textwrap.fill(reason, 96, initial_indent="    ", subsequent_indent="    ")
            console.print(escape(text), highlight=False)
    would = sum(bool(why) for why in reasons.values())
    console.print(f"{would} of {len(steps)} steps would run", highlight=False)
