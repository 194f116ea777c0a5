"""``results.md``: one section per part, each with the day and the machine it was measured on."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lendanear.files import written_aside
from lendanear.provenance import git_state, package_versions

RESULTS = Path(__file__).with_name("results.md")
PACKAGES = ("python", "pandas", "pymc", "arviz")
"""Versions that stand with every section."""


def measured_on() -> str:
    """Return the line that says when, on what and with what was measured."""
    versions = package_versions()
    named = ", ".join(f"{name} {versions[name]}" for name in PACKAGES if name in versions)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, {named}, "
        f"commit {(git_state()['commit'] or 'unknown')[:10]}."
    )


def sections(text: str) -> dict[str, str]:
    """Return the sections of a report by their headings, in order."""
    parts = re.split(r"^## (.+)\n", text, flags=re.MULTILINE)[1:]
    return {heading: body.strip() for heading, body in zip(parts[::2], parts[1::2], strict=True)}


def report(found: Mapping[str, Sequence[str]], order: Sequence[str], path: Path = RESULTS) -> str:
    """Write what was measured now into the report; what was not stays as it was measured.

    Parameters
    ----------
    found : mapping of str to sequence of str
        Lines of the sections that were measured, by heading.
    order : sequence of str
        Every heading.
    path : Path
        The report.

    Returns
    -------
    str
        The new report.
    """
    known = sections(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known |= {name: "\n".join([measured_on(), "", *lines]) for name, lines in found.items()}
    parts = [f"## {name}\n\n{known[name]}\n" for name in order if name in known]
    text = "\n".join(["# Benchmarks\n\nWritten by `make bench`.\n", *parts])
    with written_aside(path) as aside:
        aside.write_text(text, encoding="utf-8")
    return text
