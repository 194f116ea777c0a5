"""A Dask scheduler that already runs: connecting, and checking that its workers can do the work."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from lendanear.errors import LendAnEarError
from lendanear.paths import BUILD, ROOT

CONNECT_SECONDS = 10


def _look(token: str) -> dict[str, str]:
    """Run on a worker: say which package it would import and whether it sees our files."""
    try:
        import lendanear
        import lendanear.pipeline.engine
    except ImportError as error:
        return {"error": f"cannot import the package: {error}"}
    found = Path(lendanear.__file__).resolve().parent.parent
    return {"root": str(found), "sees": str(Path(token).is_file()), "host": socket.gethostname()}


@contextmanager
def connected(address: str) -> Iterator[int]:
    """Connect to a running scheduler as the client that pytask-parallel will use.

    Parameters
    ----------
    address : str
        ``tcp://HOST:PORT``.

    Yields
    ------
    int
        The number of worker processes.

    Raises
    ------
    LendAnEarError
        If Dask is not installed, the scheduler does not answer or has no workers, or a worker
        cannot import the package or does not see the checkout's files.
    """
    try:
        import cloudpickle
        import distributed
    except ImportError:
        raise LendAnEarError(
            "--scheduler needs Dask, which is not installed here. Install it with "
            "`make setup`, or with `pip install dask distributed`"
        ) from None
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=True)
    except (OSError, ValueError, TimeoutError) as error:
        raise LendAnEarError(
            f"--scheduler {address}: no Dask scheduler answers there within {CONNECT_SECONDS} s "
            f"({type(error).__name__}). Start one with 'dask scheduler', and workers with "
            f"'dask worker {address} --nthreads 1' from this checkout"
        ) from None
    try:
        workers = client.scheduler_info(n_workers=-1)["workers"]
        if not workers:
            raise LendAnEarError(
                f"--scheduler {address}: it has no workers. Start some from this checkout with "
                f"'dask worker {address} --nthreads 1'"
            )
        BUILD.mkdir(parents=True, exist_ok=True)
        token = BUILD / f".seen-{uuid4().hex}"
        token.touch()
        try:
            # sent by value: a worker that lacks the package must be able to say so
            import lendanear.pipeline.cluster as this_module

            cloudpickle.register_pickle_by_value(this_module)
            try:
                answers = client.run(_look, str(token), on_error="return")
            finally:
                cloudpickle.unregister_pickle_by_value(this_module)
        finally:
            token.unlink(missing_ok=True)
        for worker, answer in answers.items():
            _judge(worker, answer)
        yield len(workers)
    finally:
        client.close()


def _judge(worker: str, answer: object) -> None:
    remedy = (
        f"Start workers on a file system shared with this machine: cd {ROOT} && dask worker ..."
    )
    if not isinstance(answer, dict):
        raise LendAnEarError(f"worker {worker} failed its first task: {answer}")
    if "error" in answer:
        raise LendAnEarError(f"worker {worker} {answer['error']}. {remedy}")
    if answer["sees"] != "True" or os.path.realpath(answer["root"]) != os.path.realpath(ROOT):
        raise LendAnEarError(
            f"worker {worker} works with {answer['root']} on {answer['host']}, which is not this "
            f"checkout. {remedy}"
        )
