"""``python run_all.py`` as a person runs it: a process of its own, in a copy of the checkout."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from processes import PATIENCE, wait_for

from lendanear.files import sha256_of
from lendanear.paths import ROOT

_ROOMS = ("data", "lendanear", "notebooks")
_FILES = ("run_all.py", "requirements.lock")
_PASSED_OVER = (".ipynb_checkpoints", "raw")


@dataclass(frozen=True)
class Run:
    """What a person sees of a command that has ended."""

    status: int
    out: str
    errors: str = ""

    @property
    def steps(self) -> dict[str, str]:
        """What became of each step that was not up to date, by its name within the source."""
        found = {}
        for line in self.out.splitlines():
            words = line.split()
            if words and words[0].count("/") == 1 and words[0].replace("/", "").isdecimal():
                state, _, rest = " ".join(words[1:]).partition(": ")
                found[rest.split()[0]] = state.rpartition(" ")[0]
        return found

    def __str__(self) -> str:
        """Show all of it when an assertion fails."""
        return f"exit status {self.status}\n{self.out}\n{self.errors}"


class Running:
    """A command that has been started, in a process group of its own."""

    def __init__(self, command: Sequence[str], folder: Path, logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        number = next(n for n in itertools.count() if not (logs / f"{n}.out").exists())
        self._out, self._errors = logs / f"{number}.out", logs / f"{number}.err"
        with self._out.open("w") as out, self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                start_new_session=True,
            )

    def wait_for(self, words: str) -> None:
        """Wait until it has said these words."""
        try:
            wait_for(lambda: self._has(words) or self.process.poll() is not None, repr(words))
        except AssertionError:
            self.kill()
            raise
        assert self._has(words), f"ended without {words!r}: {self.result()}"

    def _has(self, words: str) -> bool:
        return words in self._out.read_text(encoding="utf-8")

    def kill(self) -> Run:
        """End all its processes the hard way."""
        os.killpg(self.process.pid, signal.SIGKILL)
        return self.ended()

    def ended(self) -> Run:
        """Wait for its end; after `PATIENCE` seconds, end it."""
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            pytest.fail(f"did not end within {PATIENCE} s: {self.result()}")
        return self.result()

    def result(self) -> Run:
        """Return what it has said so far."""
        status = self.process.poll()
        said = (file.read_text(encoding="utf-8") for file in (self._out, self._errors))
        return Run(-1000 if status is None else status, *said)


def environment() -> dict[str, str]:
    """Return the environment of a reader's terminal: nothing that leads to another checkout."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}


@dataclass(frozen=True)
class Checkout:
    """A copy of what a build needs of this checkout; what it builds stays in its own folder."""

    folder: Path

    @classmethod
    def new(cls, folder: Path) -> Checkout:
        """Copy this checkout without anything fetched or built."""
        folder.mkdir(parents=True)
        for room in _ROOMS:
            ignored = shutil.ignore_patterns(*_PASSED_OVER)
            shutil.copytree(ROOT / room, folder / room, ignore=ignored)
        for name in _FILES:
            shutil.copy2(ROOT / name, folder / name)
        return cls(folder)

    def copied(self, folder: Path) -> Checkout:
        """Copy this copy with all that was built in it."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Checkout(folder)

    def start(self, *arguments: str, before: Sequence[str] = ()) -> Running:
        """Start ``python run_all.py``; `before` is what stands in front of it."""
        command = [*before, sys.executable, "run_all.py", *arguments]
        return Running(command, self.folder, self.folder.with_name(f"{self.folder.name} said"))

    def run(self, *arguments: str, before: Sequence[str] = ()) -> Run:
        """Run ``python run_all.py`` to its end."""
        return self.start(*arguments, before=before).ended()

    def __truediv__(self, name: str) -> Path:
        """Return a path inside."""
        return self.folder / name

    def content(self, *rooms: str) -> dict[str, str]:
        """Return the checksum of every file below some folders (default: all), folders as ``""``.

        Files that Python keeps for itself are passed over.
        """
        below = [path for room in rooms or [""] for path in (self.folder / room).rglob("*")]
        kept = (path for path in below if "__pycache__" not in path.parts)
        return {
            str(path.relative_to(self.folder)): "" if path.is_dir() else sha256_of(path)
            for path in kept
        }

    def figures(self, source: str, stem: str = "") -> dict[str, str]:
        """Return the checksums of a source's figure files whose names begin with `stem`."""
        found = self.content(f"figures/{source}")
        return {n: sha for n, sha in found.items() if Path(n).name.startswith(stem) and sha}

    def manifest(self, source: str) -> dict[str, Any]:
        """Return a source's manifest."""
        return json.loads((self / f"figures/{source}/manifest.json").read_text(encoding="utf-8"))

    def rewrite(self, notebook: str, old: str, new: str, *, append: str = "") -> int:
        """Replace text in a notebook and append a cell; return the number of its cells."""
        path = self / f"notebooks/{notebook}.ipynb"
        sheet = json.loads(path.read_text(encoding="utf-8"))
        cells = sheet["cells"]
        for cell in cells:
            cell["source"] = "".join(cell["source"])
        assert sum(old in cell["source"] for cell in cells) == 1
        for cell in cells:
            cell["source"] = cell["source"].replace(old, new)
        if append:
            code = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
            cells.append({**code, "id": "appended", "source": append})
        path.write_text(json.dumps(sheet), encoding="utf-8")
        return len(cells)


def stamps(folder: Path, stem: str) -> tuple[dict, dict, list[str]]:
    """Return the stamps in the PNG and the SVG file, and what is written on the SVG file."""
    with Image.open(folder / f"{stem}.png") as image:
        png = json.loads(image.text["Provenance"])
    text = (folder / f"{stem}.svg").read_text(encoding="utf-8")
    svg = json.loads(re.search(r"<dc:description>(.*?)</dc:description>", text, re.S)[1])
    return png, svg, re.findall(r"<!-- (.*?) -->", text)


ONE, TWO = "6A", "pilot"
"""Two items that are built in moments, each from a file of its own by a notebook of its own."""
ONE_STEM, TWO_STEM = "figure_6a", "pilot_agreement"
ONE_NOTEBOOK, TWO_NOTEBOOK = "figure_6a_elo", "pilot_agreement"
SLIP = "# the reader's own idea\nraise ValueError('no such arm')"


class Day:
    """A day of builds of the synthetic study in one checkout, each with what it said and left.

    Builds are dear, so that many claims are made about these few:

    1. ``killed``: a first build of one item is killed when it has made its results;
    2. ``resumed``: the same command again;
    3. ``second``: started while that runs, a quick build of another item;
    4. ``failed``: an ordinary build of both, when the first one's notebook was edited to draw
       something else and has a slip at its end;
    5. ``mended``: the same command, when the edit was taken back.
    """

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        one = ("--data", "synthetic", "--only", ONE, "--workers", "1")
        first = checkout.start(*one)
        first.wait_for("built       synthetic: model.elo")
        self.killed = first.kill()
        again = checkout.start(*one)
        again.wait_for("started")
        quick = checkout.start("--data", "synthetic", "--only", TWO, "--workers", "1", "--quick")
        quick.wait_for("Another build")
        self.waited = again.process.poll() is None
        self.resumed, self.second = again.ended(), quick.ended()
        self.quick = checkout.folder.with_name("after the quick build")
        shutil.copytree(checkout / "figures", self.quick)

        notebook = checkout / f"notebooks/{ONE_NOTEBOOK}.ipynb"
        as_it_was = notebook.read_bytes()
        self.before_failure = checkout.figures("synthetic", ONE_STEM)
        self.cells = checkout.rewrite(
            ONE_NOTEBOOK, "data=deciles)", "data=deciles.head(3))", append=SLIP
        )
        both = ("--data", "synthetic", "--only", f"{ONE},{TWO}", "--workers", "1")
        self.failed = checkout.run(*both)
        self.after_failure = checkout.figures("synthetic", ONE_STEM)
        self.listed_after_failure = checkout.manifest("synthetic")
        notebook.write_bytes(as_it_was)
        self.mended = checkout.run(*both)
