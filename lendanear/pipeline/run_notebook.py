"""Executing one notebook with papermill in a kernel of its own, and saying which cell failed."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lendanear.errors import LendAnEarError
from lendanear.files import written_aside
from lendanear.paths import ROOT
from lendanear.pipeline.state import cells_of

START_SECONDS = 180
"""How long a kernel may take to answer for the first time, on a loaded machine too."""

KERNEL_ARGUMENTS = (
    "--HistoryManager.enabled=False",
    "--IPCompleter.use_jedi=False",
    "--InteractiveShell.colors=NoColor",
)
"""A kernel that nobody types into needs neither history nor completion."""


class NotebookError(LendAnEarError):
    """A notebook that failed; the message names the cell, its first line and the error."""


def _import_papermill() -> Any:  # noqa: ANN401
    """Import papermill without building a URI grammar that nothing here uses.

    jsonschema looks for ``rfc3987_syntax`` to check the format "iri", which notebooks have not;
    importing it compiles a grammar for one second.
    """
    blocked = "rfc3987_syntax" not in sys.modules
    if blocked:
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    try:
        import papermill
        import papermill.engines
    finally:
        if blocked:
            del sys.modules["rfc3987_syntax"]
    return papermill


def execute(
    notebook: Path, parameters: Mapping[str, Any], executed: Path, *, failed: Path, kernel_log: Path
) -> None:
    """Execute `notebook` from top to bottom in a fresh kernel and keep the result.

    Parameters
    ----------
    notebook : Path
        The notebook as committed; it is only read.
    parameters : mapping
        Values for its parameters cell.
    executed : Path
        Where the executed notebook goes, if every cell succeeds.
    failed : Path
        Where it goes if one fails.
    kernel_log : Path
        Where the kernel process itself writes.

    Raises
    ------
    NotebookError
        If a cell fails or the kernel dies.
    """
    papermill = _import_papermill()
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    engine = _engine(kernel_log)
    papermill.engines.papermill_engines.register("lendanear", engine)
    failed.unlink(missing_ok=True)
    for attempt in (1, 2):
        try:
            with written_aside(executed) as aside:
                try:
                    papermill.execute_notebook(
                        notebook,
                        aside,
                        parameters=dict(parameters),
                        engine_name="lendanear",
                        kernel_name="python3",
                        language="python",
                        cwd=str(ROOT),
                        progress_bar=False,
                        log_output=True,
                        request_save_on_cell_execute=False,
                        start_timeout=START_SECONDS,
                    )
                except PapermillExecutionError:
                    failed.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(aside, failed)
                    raise
            return
        except PapermillExecutionError as error:
            raise NotebookError(_which_cell(notebook, failed, error, bool(parameters))) from None
        except DeadKernelError:
            raise NotebookError(
                f"{notebook.name}: its kernel died while a cell ran, most often because memory "
                "ran out; run again with --workers 1"
            ) from None
        except RuntimeError as error:
            # a port taken by another kernel in the moment between choosing and opening it
            if attempt == 2 or engine.started:
                raise NotebookError(f"{notebook.name}: its kernel did not start: {error}") from None
            print(f"The kernel did not start ({error}); trying once more.")  # noqa: T201


def _engine(kernel_log: Path) -> Any:  # noqa: ANN401
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import NBClientEngine
    from papermill.log import logger

    from lendanear.pipeline.kernels import ForkedProvisioner, can_fork

    class Client(PapermillNotebookClient):
        def create_kernel_manager(self) -> Any:  # noqa: ANN401
            manager = super().create_kernel_manager()
            if can_fork():
                manager.provisioner = ForkedProvisioner(
                    kernel_spec=manager.kernel_spec, parent=manager
                )
                manager.provisioner.log = kernel_log
            return manager

        def papermill_execute_cells(self) -> None:
            Engine.started = True
            super().papermill_execute_cells()

    class Engine(NBClientEngine):
        """papermill's engine, with a light kernel whose own output goes to the step's log."""

        started = False

        @classmethod
        def execute_managed_notebook(
            cls,
            nb_man: Any,  # noqa: ANN401
            kernel_name: str,
            log_output: bool = False,
            **options: Any,  # noqa: ANN401
        ) -> None:
            client = Client(
                nb_man,
                kernel_name=kernel_name,
                log=logger,
                log_output=log_output,
                startup_timeout=options.get("start_timeout", START_SECONDS),
                timeout=None,
                extra_arguments=list(KERNEL_ARGUMENTS),
            )
            # pydevd warns about frozen modules on a stream nobody reads otherwise
            environment = {**os.environ, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
            with kernel_log.open("a", encoding="utf-8") as stream:
                client.execute(env=environment, stdout=stream, stderr=stream, cwd=str(ROOT))

    return Engine


def _which_cell(notebook: Path, failed: Path, error: Any, injected: bool) -> str:  # noqa: ANN401
    """Say which cell failed, counted in the notebook as the reader opens it."""
    cells = cells_of(notebook)
    # papermill counts from 0, and puts a cell with values of ours behind the parameters cell
    parameters = next((cell.number for cell in cells if "parameters" in cell.tags), 0)
    behind = injected and error.cell_index >= parameters
    number = error.cell_index if behind else error.cell_index + 1
    first = next((line for line in error.source.splitlines() if line.strip()), "")
    return (
        f"{notebook.name}, cell {number} of {len(cells)} ({first!r}): "
        f"{error.ename}: {error.evalue}. The notebook up to there: {failed}"
    )
