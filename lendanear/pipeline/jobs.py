"""What one run was asked to do: the steps it needs, and whether it was all done."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lendanear.items import ITEMS, Item
from lendanear.pipeline import graph, record
from lendanear.pipeline.graph import Plan
from lendanear.pipeline.origins import AUTO
from lendanear.pipeline.step import Step
from lendanear.pipeline.summary import THERE, ItemState
from lendanear.sources.resolve import PUBLIC, SYNTHETIC


@dataclass(frozen=True)
class Job:
    """What one run was asked to do with one source."""

    plan: Plan
    asked: tuple[Item, ...]
    steps: tuple[Step, ...]


def job(plan: Plan, only: tuple[Item, ...] | None, *, prepare: bool) -> Job:
    """Choose the steps of one source for what was asked.

    Parameters
    ----------
    plan : Plan
        The plan of the whole source.
    only : tuple of Item or None
        The items asked for, if not all.
    prepare : bool
        Whether only tables and results are asked for.
    """
    if not plan.origin.files:
        return Job(plan, only or ITEMS, ())
    if prepare:
        wanted = [s.name for s in plan.steps if s.name.startswith(graph.PREPARING)]
        return Job(plan, (), tuple(graph.needed(plan.steps, wanted)))
    if only is None:
        return Job(plan, ITEMS, plan.steps)
    notebooks = dict.fromkeys(item.notebook for item in only if item.key not in plan.blocked)
    if not notebooks:
        return Job(plan, only, ())
    current = record.up_to_date(plan.steps)
    wanted = [f"notebook.{name}" for name in notebooks]
    return Job(plan, only, tuple(graph.restricted(plan, wanted, current)))


def all_built(
    jobs: Sequence[Job],
    states: Mapping[str, Mapping[str, ItemState]],
    options: argparse.Namespace,
) -> bool:
    """Return whether everything asked for is there (see the epilog of ``--help``).

    Parameters
    ----------
    jobs : sequence of Job
        What was asked for.
    states : mapping
        For each source's name, what became of its items.
    options : argparse.Namespace
        The command line: ``data`` and ``only``.
    """
    any_built = False
    for job in jobs:
        name = job.plan.origin.name
        built = {key for key, item in states[name].items() if item.state in THERE}
        any_built |= bool(built)
        # of the public files in auto, and of a reader's own folder, only what they allow is asked
        lenient = name == PUBLIC if options.data == AUTO else not options.only
        if options.data in {PUBLIC, SYNTHETIC}:
            lenient = False
        allowed = set(job.plan.blocked) if lenient else set()
        if {item.key for item in job.asked} - allowed - built:
            return False
    return any_built
