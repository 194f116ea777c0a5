"""What one run was asked to do: the steps it needs, and whether it was all done."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from lendanear.items import ITEMS, Item
from lendanear.pipeline import graph, record
from lendanear.pipeline.graph import Plan
from lendanear.pipeline.origins import AUTO
from lendanear.pipeline.step import Step
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
    # drawing posteriors takes minutes: nobody waits for those that were not asked for
    asked = only or tuple(item for item in ITEMS if item.published or not prepare)
    notebooks = dict.fromkeys(item.notebook for item in asked if item.key not in plan.blocked)
    wanted = [f"notebook.{name}" for name in notebooks]
    if prepare:
        waits = ("posterior.", "estimates.", "gate.")
        every = [step for step in plan.steps if not step.name.startswith(waits)]
        needed = graph.needed(plan.steps, wanted) if only else every
        return Job(plan, asked, tuple(s for s in needed if s.name.startswith(graph.PREPARING)))
    if only is None:
        return Job(plan, ITEMS, plan.steps)
    if not notebooks:
        return Job(plan, only, ())
    current = record.up_to_date(plan.steps)
    return Job(plan, only, tuple(graph.restricted(plan, wanted, current)))


def all_there(
    jobs: Sequence[Job], there: Mapping[str, Collection[str]], options: argparse.Namespace
) -> bool:
    """Return whether everything asked for is there (see the epilog of ``--help``).

    Parameters
    ----------
    jobs : sequence of Job
        What was asked for.
    there : mapping
        For each source's name, the keys of the items that are built, or prepared.
    options : argparse.Namespace
        The command line: ``data`` and ``only``.
    """
    for job in jobs:
        name = job.plan.origin.name
        # of the public files in auto, and of a reader's own folder, only what they allow is asked
        lenient = name == PUBLIC if options.data == AUTO else not options.only
        if options.data in {PUBLIC, SYNTHETIC}:
            lenient = False
        allowed = set(job.plan.blocked) if lenient else set()
        if {item.key for item in job.asked} - allowed - set(there[name]):
            return False
    return any(there.values())
