"""A web server on this machine that answers request by request as a test tells it to."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

Answer = Callable[[BaseHTTPRequestHandler], None]


def sends(body: bytes, *, status: int = 200, length: int | None = None) -> Answer:
    """Return an answer with this body; `length` says another size than it has."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body) if length is None else length))
        request.end_headers()
        request.wfile.write(body)

    return answer


def sends_without_a_length(body: bytes) -> Answer:
    """Return an answer that ends with the connection."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(body)

    return answer


def hangs(after: bytes = b"", *, length: int = 0) -> Answer:
    """Return an answer of `length` bytes that stops after some until the client has gone."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        if after:
            request.send_response(200)
            request.send_header("Content-Length", str(length))
            request.end_headers()
            request.wfile.write(after)
            request.wfile.flush()
        request.connection.settimeout(20)
        request.connection.recv(1)

    return answer


def slams(request: BaseHTTPRequestHandler) -> None:
    """Close the connection without an answer."""
    request.connection.shutdown(socket.SHUT_RDWR)


@dataclass
class Server:
    """What a server on this machine is to answer, request by request; the last answer repeats."""

    base: str
    script: list[Answer] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)


@pytest.fixture
def without_proxy(monkeypatch) -> None:
    """Ask servers directly, whatever this machine usually does."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def server(without_proxy) -> Iterator[Server]:
    """Return a server that runs until the test ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            state.agents.add(self.headers["User-Agent"])
            answer = state.script[min(len(state.asked), len(state.script)) - 1]
            with suppress(OSError):  # where the client has gone
                answer(self)
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    state = Server(f"http://127.0.0.1:{httpd.server_port}")
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    httpd.shutdown()
    thread.join()
    httpd.server_close()
