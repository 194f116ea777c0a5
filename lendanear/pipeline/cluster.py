"""A Dask scheduler that already runs: connecting, and checking that its workers can do the work."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from lendanear.errors import LendAnEarError
from lendanear.paths import BUILD, ROOT

CONNECT_SECONDS = 10
"""How long a scheduler may take to answer, and to have workers."""
RESTART_SECONDS = 60
"""How long a worker may take to come back."""


@contextmanager
def connected(address: str, code: str) -> Iterator[int]:
    """Connect to a running scheduler as the client that pytask-parallel will use.

    Workers outlive a build, and what they have imported stays as it was: a worker that has worked
    with other code than today's is restarted first.

    Parameters
    ----------
    address : str
        ``tcp://HOST:PORT``.
    code : str
        What stands for the code of this build; see `lendanear.pipeline.state.value_state`.

    Yields
    ------
    int
        The number of worker processes.

    Raises
    ------
    LendAnEarError
        If Dask is not installed, the scheduler does not answer or has no workers, or a worker
        cannot import the package, does not see the checkout's files, or cannot be restarted.
    """
    try:
        import distributed
    except ImportError:
        raise LendAnEarError(
            "--scheduler needs Dask, which is not installed here. Install it with "
            "`make setup`, or with `pip install dask distributed`"
        ) from None
    start = f"'dask worker {address} --nthreads 1' from this checkout"
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=True)
    except (OSError, ValueError, TimeoutError) as error:
        raise LendAnEarError(
            f"--scheduler {address}: no Dask scheduler answers there within {CONNECT_SECONDS} s "
            f"({type(error).__name__}). Start one with 'dask scheduler', and workers with {start}"
        ) from None
    try:
        _await_workers(client, f"--scheduler {address}: it has no workers. Start some with {start}")
        answers = _ask(client, code)
        stale = [worker for worker, answer in answers.items() if _is_stale(answer, code)]
        if stale:
            _restart(client, stale)
            answers = _ask(client, code)
        for worker, answer in answers.items():
            _judge(worker, answer)
        yield len(answers)
    finally:
        client.close()


def _await_workers(client: Any, otherwise: str) -> None:  # noqa: ANN401
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
    except TimeoutError:
        raise LendAnEarError(otherwise) from None


def _look(token: str, code: str, dask_worker: Any) -> dict[str, str]:  # noqa: ANN401
    """Run on a worker: say which package it imports, with which code, and if it sees our files."""
    try:
        import lendanear
        import lendanear.pipeline.engine
    except ImportError as error:
        return {"error": f"cannot import the package: {error}"}
    found = Path(lendanear.__file__).resolve().parent.parent
    return {
        "root": str(found),
        "sees": str(Path(token).is_file()),
        "host": socket.gethostname(),
        "code": vars(dask_worker).setdefault("lendanear_code", code),
    }


def _ask(client: Any, code: str) -> Mapping[str, object]:  # noqa: ANN401
    """Return every worker's answer to `_look`, or the error it met."""
    import cloudpickle

    import lendanear.pipeline.cluster as this_module

    BUILD.mkdir(parents=True, exist_ok=True)
    token = BUILD / f".seen-{uuid4().hex}"
    token.touch()
    # sent by value: a worker that lacks the package must be able to say so
    cloudpickle.register_pickle_by_value(this_module)
    try:
        return client.run(_look, str(token), code, on_error="return")
    finally:
        cloudpickle.unregister_pickle_by_value(this_module)
        token.unlink(missing_ok=True)


def _is_stale(answer: object, code: str) -> bool:
    return isinstance(answer, dict) and answer.get("code", code) != code


def _restart(client: Any, workers: list[str]) -> None:  # noqa: ANN401
    try:
        client.restart_workers(workers, timeout=RESTART_SECONDS)
    except Exception as error:
        raise LendAnEarError(
            f"{', '.join(workers)}: has imported code of this checkout that was edited since, and "
            f"cannot be restarted from here ({type(error).__name__}). Stop it and start it again"
        ) from error


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
