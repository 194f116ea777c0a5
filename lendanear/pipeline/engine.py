"""The one place that knows pytask: steps become tasks, and tasks run here, in loky or on Dask.

pytask decides what must run by comparing the recorded state of every dependency, product and value
with the present one, and keeps its record in ``pytask.lock``. What this module adds: states by
content instead of modification time, inputs frozen at the start of a build, the longest way to the
end first, events for the live display, and outcomes in our own words.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytask
import pytask_parallel.execute as parallel
from _pytask.cli import DEFAULTS_FROM_CLI
from _pytask.lockfile import LockfileError, LockfileVersionError, read_lockfile
from _pytask.outcomes import Skipped, SkippedAncestorFailed
from pytask import (
    NodeInfo,
    PathNode,
    PythonNode,
    TaskOutcome,
    TaskWithoutPath,
    hookimpl,
)

from lendanear.errors import LendAnEarError
from lendanear.files import cannot_write
from lendanear.paths import ROOT, relative_to_checkout
from lendanear.pipeline.record import LOCK_NAME, up_to_date
from lendanear.pipeline.state import file_state, value_state
from lendanear.pipeline.step import Outcome, Step
from lendanear.pipeline.worker import StepError, run

Listener = Callable[[str, Step, Outcome | None], None]
"""Called with ``started`` and no outcome, and with ``finished`` and the outcome."""

_POLL_SECONDS = 0.01
_BEHIND_ALL = 1e6
"""Seconds that put a patient step behind every other that can be started."""
# loky takes growth by 300 MB for a leak and restarts the worker; importing pandas, statsmodels and
# their like comes near that, and a restarted worker imports everything anew
os.environ.setdefault("LOKY_MAX_MEMORY_LEAK_SIZE", str(4 << 30))


def run_step(**_: Any) -> None:  # noqa: ANN401
    """Stand in for the function of a task; tasks run their step instead."""


@dataclass(kw_only=True)
class FileNode(PathNode):
    """A file whose state is its content.

    ``frozen`` is the state at the start of the build, for files that the build does not write:
    a file edited while its step runs is then recorded as it was, and the step runs again.
    """

    frozen: str | None = None

    def state(self) -> str | None:
        """Return the SHA-256 of the content, or None if there is no such file."""
        return self.frozen or file_state(self.path)


@dataclass(kw_only=True)
class StepTask(TaskWithoutPath):
    """A pytask task that runs a `Step`."""

    step: Step
    threads: int = 1
    parent: int | None = None
    _signature: str = field(default="", init=False)

    @property
    def signature(self) -> str:
        """Return the unique signature, computed once."""
        if not self._signature:
            self._signature = super().signature
        return self._signature

    def state(self) -> str:
        """Return the state of the step itself."""
        return self.step.state()

    def execute(self, **_: Any) -> None:  # noqa: ANN401
        """Run the step."""
        run(self.step, threads=self.threads, parent=self.parent)


def _tasks(steps: Sequence[Step], *, threads: int = 1, parent: int | None = None) -> list[StepTask]:
    written = {path for step in steps for path in step.outputs.values()}
    nodes: dict[Path, FileNode] = {}

    def node(path: Path) -> FileNode:
        if path not in nodes:
            frozen = None if path in written else file_state(path)
            nodes[path] = FileNode(name=relative_to_checkout(path), path=path, frozen=frozen)
        return nodes[path]

    tasks = []
    for step in steps:
        values = {
            name: PythonNode(
                name=name,
                value=value,
                hash=value_state,
                node_info=NodeInfo(
                    arg_name=name, path=(), task_path=None, task_name=step.id, value=None
                ),
            )
            for name, value in step.values.items()
        }
        tasks.append(
            StepTask(
                name=step.id,
                function=run_step,
                step=step,
                threads=threads,
                parent=parent,
                depends_on={"files": [node(path) for path in step.files], "values": values},
                produces={"outputs": [node(path) for path in step.outputs.values()]},
            )
        )
    return tasks


@dataclass
class _Plugin:
    """Our hooks into one pytask session."""

    listener: Listener
    keep_going: bool
    current: frozenset[str]
    stopped_by: str = ""
    broken_by: Exception | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    began: dict[str, float] = field(default_factory=dict)

    @hookimpl(wrapper=True)
    def pytask_execute(self) -> Any:  # noqa: ANN401
        """Keep what breaks pytask itself, e.g. a full disk; it prints the traceback and goes on."""
        try:
            return (yield)
        except pytask.ExecutionError:
            raise
        except Exception as error:
            self.broken_by = error
            raise

    @hookimpl(tryfirst=True)
    def pytask_execute_build(self, session: Any) -> None:  # noqa: ANN401
        """Let what has most still waiting behind it go first."""
        dag, scheduler = session.dag, session.scheduler
        left: dict[str, float] = {}

        def remaining(signature: str) -> float:
            if signature not in left:
                step = getattr(dag.nodes[signature], "step", None)
                after = [remaining(following) for following in dag.successors(signature)]
                left[signature] = getattr(step, "seconds", 0.0) + max([0.0, *after])
                if step is not None and step.patient:
                    left[signature] -= _BEHIND_ALL
            return left[signature]

        scheduler.priorities = {task.signature: remaining(task.signature) for task in session.tasks}

    @hookimpl(tryfirst=True)
    def pytask_execute_task_setup(self, task: StepTask) -> None:
        """Start nothing after an essential step has failed, unless told to go on."""
        self.began[task.step.id] = time.perf_counter()
        failed = [mark for mark in task.markers if mark.name == "skip_ancestor_failed"]
        if self.stopped_by and not failed and task.step.id not in self.current:
            raise Skipped(f"the build stopped when {self.stopped_by} failed (--keep-going goes on)")

    @hookimpl(wrapper=True)
    def pytask_execute_task(self, task: StepTask) -> Any:  # noqa: ANN401
        """Tell the listener that a step starts; steps that need not run never come here."""
        self.listener("started", task.step, None)
        return (yield)

    @hookimpl(trylast=True)
    def pytask_execute_task_log_end(self, report: Any) -> None:  # noqa: ANN401
        """Put the outcome in our words and tell the listener."""
        step: Step = report.task.step
        seconds = time.perf_counter() - self.began.get(step.id, time.perf_counter())
        error = report.exc_info[1] if report.exc_info else None
        if report.outcome == TaskOutcome.SUCCESS:
            outcome = Outcome(step, "built", seconds)
        elif report.outcome in {TaskOutcome.SKIP_UNCHANGED, TaskOutcome.PERSISTENCE}:
            outcome = Outcome(step, "up to date")
        elif isinstance(error, SkippedAncestorFailed):
            outcome = Outcome(
                step, "not built", reason=f"{self._failed_before(report.task)} failed"
            )
        elif isinstance(error, Skipped):
            outcome = Outcome(step, "not built", reason=str(error))
        elif isinstance(error, KeyboardInterrupt):
            outcome = Outcome(step, "interrupted", seconds, "interrupted")
        else:
            outcome = Outcome(step, "failed", seconds, _explained(error))
            if step.essential and not self.keep_going:
                self.stopped_by = step.id
        self.outcomes[step.id] = outcome
        self.listener("finished", step, outcome)

    def _failed_before(self, task: StepTask) -> str:
        """Name the steps whose failure kept a task from running."""
        marks = [str(m.kwargs) for m in task.markers if m.name == "skip_ancestor_failed"]
        failed = [id_ for id_, outcome in self.outcomes.items() if outcome.state == "failed"]
        return " and ".join(id_ for id_ in failed if any(id_ in mark for mark in marks))


def _explained(error: BaseException | None) -> str:
    if isinstance(error, StepError):
        return str(error)
    if isinstance(error, OSError) and error.filename:
        return str(cannot_write(error.filename, error))
    if type(error).__name__ in {"TerminatedWorkerError", "BrokenProcessPool", "KilledWorker"}:
        return (
            "the worker process was ended from outside, most often because memory ran out; "
            "run again with --workers 1"
        )
    return f"{type(error).__name__}: {error}"


@contextmanager
def _pytask_silenced() -> Iterator[io.StringIO]:
    """Send what pytask prints to a buffer; the live display is ours."""
    console = pytask.console
    before, interactive = console.file, console.is_interactive
    buffer = io.StringIO()
    console.file, console.is_interactive = buffer, False
    try:
        yield buffer
    finally:
        console.file, console.is_interactive = before, interactive


def _discard_unusable(record: Path) -> None:
    """Remove a record that pytask cannot read: it only says what need not be run again."""
    try:
        read_lockfile(record)
    except (LockfileError, LockfileVersionError, UnicodeDecodeError):
        record.unlink()


def _session(tasks: list[StepTask], root: Path, plugin: _Plugin, **options: Any) -> Any:  # noqa: ANN401
    """Run one pytask session whose record lies in `root`."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        if not os.access(root, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        _discard_unusable(root / LOCK_NAME)
    except OSError as error:
        raise cannot_write(root, error) from None
    manager = pytask.get_plugin_manager()
    manager.register(plugin, "lendanear")
    # pytask's older database takes a commit per node and repeats what the lock file holds
    manager.unregister(name="_pytask.database")
    pytask.storage.store(manager)
    settings: dict[str, Any] = {
        **DEFAULTS_FROM_CLI,
        "command": "build",
        "root": root,
        "config": None,
        "paths": [],
        "tasks": tasks,
        "capture": pytask.CaptureMethod.NO,
        "editor_url_scheme": "no_link",
        "verbose": 0,
        "show_traceback": False,
        **options,
    }
    try:
        with _pytask_silenced() as said:
            session = pytask.build(**settings)
    except OSError as error:
        raise cannot_write(error.filename or root, error) from error
    if session.exit_code not in {pytask.ExitCode.OK, pytask.ExitCode.FAILED}:
        raise LendAnEarError(f"the graph could not be set up:\n{said.getvalue().strip()}")
    return session


def build(
    steps: Sequence[Step],
    *,
    root: Path,
    workers: int = 1,
    scheduler: str | None = None,
    force: bool = False,
    keep_going: bool = False,
    listener: Listener = lambda event, step, outcome: None,
) -> list[Outcome]:
    """Run every step that is not up to date.

    Parameters
    ----------
    steps : sequence of Step
        The graph; edges follow from outputs that are inputs elsewhere.
    root : Path
        Folder of the record of what was built from what.
    workers : int
        Processes of this machine to use; 1 runs everything in this process.
    scheduler : str, optional
        ``tcp://HOST:PORT`` of a running Dask scheduler to use instead.
    force : bool
        Run every step, up to date or not.
    keep_going : bool
        After an essential step fails, still run what does not depend on it.
    listener : callable
        Told when steps start and finish.

    Returns
    -------
    list of Outcome
        One per step, in the order given.

    Raises
    ------
    LendAnEarError
        If the graph cannot be set up or the scheduler cannot be used.
    OutputError
        If the record cannot be written.
    """
    current = frozenset() if force else frozenset(up_to_date(steps, root))
    plugin = _Plugin(listener, keep_going, current)
    cores = os.cpu_count() or 1
    options: dict[str, Any] = {"force": force}
    cluster = nullcontext()
    if scheduler:
        from lendanear.pipeline.cluster import connected

        code = sorted({path for step in steps for path in step.code})
        state = value_state({relative_to_checkout(path): file_state(path) for path in code})
        cluster = connected(scheduler, state)
    with cluster as size, _importable(), _prompt():
        parent = None
        if scheduler:
            workers, backend = size, "dask"
        else:
            workers, backend = max(1, workers), "loky" if workers > 1 else "none"
            parent = os.getpid() if workers > 1 else None
        threads = 1 if scheduler else max(1, cores // workers)
        options |= {"n_workers": workers, "parallel_backend": backend}
        _session(_tasks(steps, threads=threads, parent=parent), root, plugin, **options)
    if isinstance(plugin.broken_by, OSError):
        raise cannot_write(plugin.broken_by.filename or root, plugin.broken_by)
    if plugin.broken_by is not None:
        raise plugin.broken_by
    return [
        plugin.outcomes.get(step.id) or Outcome(step, "interrupted", reason="interrupted")
        for step in steps
    ]


@contextmanager
def _importable() -> Iterator[None]:
    """Let worker processes import the package from the checkout, as this process does."""
    before = os.environ.get("PYTHONPATH")
    path_before = list(sys.path)
    parts = [str(ROOT), *(before.split(os.pathsep) if before else [])]
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(parts))
    try:
        yield
    finally:
        sys.path[:] = path_before
        if before is None:
            os.environ.pop("PYTHONPATH", None)
        else:
            os.environ["PYTHONPATH"] = before


@contextmanager
def _prompt() -> Iterator[None]:
    """Look for finished steps every few hundredths of a second instead of up to one second."""
    sleeper = parallel._Sleeper
    parallel._Sleeper = partial(sleeper, timings=[_POLL_SECONDS])
    try:
        yield
    finally:
        parallel._Sleeper = sleeper
