"""Forked kernels are separate processes that start clean and end with the nursery."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from lendanear.pipeline import kernels
from lendanear.pipeline.kernels import ForkedProcess, Nursery

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


@pytest.fixture(scope="module")
def nursery():
    running = Nursery()
    yield running
    running.close()


def run(nursery: Nursery, monkeypatch, tmp_path: Path, cells: list[str]) -> list[str]:
    """Run cells in one forked kernel through nbclient and return what each printed."""
    import nbformat
    from nbclient import NotebookClient

    class Client(NotebookClient):
        def create_kernel_manager(self):
            manager = super().create_kernel_manager()
            manager.provisioner = kernels.ForkedProvisioner(
                kernel_spec=manager.kernel_spec, parent=manager
            )
            manager.provisioner.log = tmp_path / "kernel.log"
            return manager

    monkeypatch.setattr(kernels, "nursery", lambda: nursery)
    sheet = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    Client(sheet, kernel_name="python3", timeout=60).execute(env={**os.environ, "MARK": "mine"})
    return ["".join(out.get("text", "") for out in cell.outputs).strip() for cell in sheet.cells]


def test_the_nursery_has_one_thread_so_that_forking_it_is_safe(nursery):
    assert len(list(Path(f"/proc/{nursery._process.pid}/task").iterdir())) == 1


def test_a_kernel_has_its_own_process_environment_and_nothing_of_the_one_before(
    nursery, monkeypatch, tmp_path
):
    first = run(
        nursery,
        monkeypatch,
        tmp_path,
        [
            "import os, pandas; pandas.left_behind = 1; x = 1; print(os.getpid(), os.getpgid(0))",
            "print(os.environ['MARK'])",
        ],
    )
    second = run(
        nursery,
        monkeypatch,
        tmp_path,
        ["import os, pandas; print(os.getpid())", "print(hasattr(pandas, 'left_behind'))"],
    )
    pid, group = first[0].split()
    assert pid == group, "an interrupt must reach the kernel and what it started, nothing else"
    assert first[1] == "mine"
    assert second[1] == "False"
    assert len({pid, second[0], str(nursery._process.pid), str(os.getpid())}) == 4


def test_kernels_end_with_the_nursery(tmp_path):
    own = Nursery()
    kernel = ForkedProcess(
        own.fork(
            ["-f", str(tmp_path / "connection.json")],
            dict(os.environ),
            str(tmp_path),
            tmp_path / "log",
        )
    )
    assert kernel.poll() is None
    own.close()
    deadline = time.monotonic() + 20
    while kernel.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert kernel.poll() == 0
    assert not own.alive
    with pytest.raises((RuntimeError, BrokenPipeError, ValueError)):
        own.fork([], {}, str(tmp_path), tmp_path / "log")
