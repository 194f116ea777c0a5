"""Downloads from a real server: verified before they appear; a failure leaves nothing behind."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from scripted_server import (
    Server,
    hangs,
    sends,
    sends_without_a_length,
    server,
    slams,
    without_proxy,
)

from lendanear.errors import OutputError
from lendanear.files import git_blob_id_of
from lendanear.paths import ROOT
from lendanear.sources import retrieve
from lendanear.sources.integrity import LFS_POINTER
from lendanear.sources.locate import locate
from lendanear.sources.registry import Integrity, PinnedFile

__all__ = ["server", "without_proxy"]  # fixtures

CONTENT = ("id,text\n" + "\n".join(f"{n},“line” {n}" for n in range(40_000)) + "\n").encode()
HALF = CONTENT[: len(CONTENT) // 2]
assert len(HALF) > 300_000, "more than one chunk of a download"
PAGE = b"<!DOCTYPE html><html><body>Please sign in to the campus network</body></html>"
POINTER = LFS_POINTER + b"v1\noid sha256:2297\nsize 65160966\n"


def file_of(key: str, content: bytes = CONTENT, *, blob: bool = False) -> PinnedFile:
    """Return a pinned file of this content."""
    sha256 = hashlib.sha256(content).hexdigest()
    framed = f"blob {len(content)}\0".encode() + content
    sha1 = hashlib.sha1(framed, usedforsecurity=False).hexdigest()
    return PinnedFile(
        key=key,
        group=key,
        repository="somebody/something",
        commit="0" * 40,
        path=f"data/{key}.csv",
        integrity=Integrity("git_blob", sha1) if blob else Integrity("sha256", sha256),
        size=None if blob else len(content),
        lfs=False,
        licence="MIT",
        url=f"https://raw.example.org/somebody/something/{key}.csv",
    )


def fetch(server: Server, folder: Path, *files: PinnedFile, **options):
    return retrieve.fetch(files or (file_of("ratings"),), folder, base=server.base, **options)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("blob", [False, True], ids=["sha256", "git_blob"])
def test_a_file_is_fetched_verified_and_placed(server, blob, tmp_path):
    server.script = [sends(CONTENT)]
    file = file_of("ratings", blob=blob)
    told: list[tuple[str, int, int | None]] = []
    result = fetch(server, tmp_path, file, progress=lambda *words: told.append(words))["ratings"]
    assert (result.status, result.reason) == ("fetched", "")
    assert result.path.read_bytes() == CONTENT
    assert left_in(tmp_path) == ["ratings.csv"]
    assert result.path.stat().st_mode & 0o444 == 0o444, "readable as any other file"
    assert server.asked == ["/somebody/something/ratings.csv"]
    assert server.agents == {retrieve.USER_AGENT}
    assert told[-1] == ("ratings", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_progress_does_not_fall_back_where_the_length_is_unknown(server, tmp_path):
    server.script = [sends_without_a_length(CONTENT)]
    told: list[int] = []
    result = fetch(server, tmp_path, progress=lambda _, done, total: told.append(done))
    assert result["ratings"].status == "fetched"
    assert told == sorted(told)
    assert told[-1] == len(CONTENT)


def test_a_file_that_is_there_is_verified_and_not_asked_for(server, tmp_path):
    (tmp_path / "ratings.csv").write_bytes(CONTENT)
    assert fetch(server, tmp_path)["ratings"].status == "present"
    assert server.asked == []


def test_a_wrong_file_that_is_there_is_named_and_never_overwritten(server, tmp_path):
    (tmp_path / "ratings.csv").write_bytes(b"my own\n")
    result = fetch(server, tmp_path)["ratings"]
    assert result.status == "mismatch"
    assert hashlib.sha256(b"my own\n").hexdigest() in result.reason
    assert file_of("ratings").integrity.value in result.reason
    assert (tmp_path / "ratings.csv").read_bytes() == b"my own\n"
    assert server.asked == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (PAGE, "HTML page"),
        (POINTER, "Git LFS pointer"),
        (CONTENT[:-1] + b"X", "content differs"),
        (CONTENT[:1000], r"smaller than the pinned one: 1,000 of"),
        (b"", "the file is empty"),
    ],
    ids=["html page", "lfs pointer", "other content", "half of it", "nothing"],
)
def test_what_is_not_the_file_is_not_kept_and_said_with_both_checksums(
    server, body, says, tmp_path
):
    server.script = [sends(body)]
    result = fetch(server, tmp_path)["ratings"]
    assert result.status == "mismatch"
    assert says in result.reason
    assert hashlib.sha256(body).hexdigest() in result.reason
    assert file_of("ratings").integrity.value in result.reason
    assert f"{server.base}/somebody/something/ratings.csv" in result.reason
    assert "place the file by hand" in result.reason
    assert left_in(tmp_path) == []
    assert len(server.asked) == 1, "asking again would bring the same"


def test_not_found_is_said_with_the_address_and_not_asked_again(server, tmp_path):
    server.script = [sends(b"404: Not Found", status=404)]
    result = fetch(server, tmp_path)["ratings"]
    assert result.status == "unreachable"
    assert "answered 404" in result.reason
    assert "/somebody/something/ratings.csv" in result.reason
    assert len(server.asked) == 1
    assert left_in(tmp_path) == []


def test_a_server_in_trouble_is_asked_once_more(server, tmp_path):
    server.script = [sends(b"", status=503), sends(CONTENT)]
    assert fetch(server, tmp_path)["ratings"].status == "fetched"
    assert len(server.asked) == 2


def test_a_body_that_breaks_off_is_fetched_again_from_the_start(server, tmp_path):
    server.script = [sends(HALF, length=len(CONTENT)), sends(CONTENT)]
    result = fetch(server, tmp_path)["ratings"]
    assert result.status == "fetched"
    assert result.path.read_bytes() == CONTENT
    assert left_in(tmp_path) == ["ratings.csv"]


def test_a_body_that_breaks_off_each_time_leaves_nothing_and_the_next_run_succeeds(
    server, tmp_path
):
    server.script = [sends(HALF, length=len(CONTENT))]
    result = fetch(server, tmp_path)["ratings"]
    assert result.status == "unreachable"
    assert "broke off" in result.reason
    assert left_in(tmp_path) == []
    server.script = [sends(CONTENT)]
    assert fetch(server, tmp_path)["ratings"].status == "fetched"


@pytest.mark.parametrize("start", [b"", HALF], ids=["no answer", "stands still"])
def test_a_server_that_hangs_is_given_up_with_its_other_files(server, start, tmp_path, monkeypatch):
    monkeypatch.setattr(retrieve, "READ_SECONDS", 0.2)
    server.script = [hangs(start, length=len(CONTENT))]
    begun = time.monotonic()
    results = fetch(server, tmp_path, file_of("ratings"), file_of("others"))
    assert time.monotonic() - begun < 5
    assert [result.status for result in results.values()] == ["unreachable"] * 2
    assert all("127.0.0.1" in result.reason for result in results.values())
    assert any("timed out" in result.reason for result in results.values())
    assert len(server.asked) == 1, "waiting for each file in turn would take minutes"
    assert left_in(tmp_path) == []


def test_a_closed_connection_is_no_crash(server, tmp_path):
    server.script = [slams]
    result = fetch(server, tmp_path)["ratings"]
    assert result.status == "unreachable"
    assert "127.0.0.1" in result.reason
    assert left_in(tmp_path) == []


def test_one_file_that_fails_does_not_keep_the_next_from_coming(server, tmp_path):
    server.script = [sends(PAGE), sends(CONTENT)]
    results = fetch(server, tmp_path, file_of("first"), file_of("second"))
    assert [result.status for result in results.values()] == ["mismatch", "fetched"]
    assert left_in(tmp_path) == ["second.csv"]


def test_a_refused_connection_is_said_within_a_second(server, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server.base = f"http://127.0.0.1:{port}"
    begun = time.monotonic()
    result = fetch(server, tmp_path)["ratings"]
    assert time.monotonic() - begun < 1
    assert result.status == "unreachable"
    assert f"127.0.0.1:{port} cannot be reached (Connection refused)" in result.reason


def test_an_unknown_host_is_given_up_in_time(server, tmp_path, monkeypatch):
    monkeypatch.setattr(retrieve, "CONNECT_SECONDS", 0.5)
    server.base = "http://no-such-host.invalid"
    begun = time.monotonic()
    result = fetch(server, tmp_path)["ratings"]
    assert time.monotonic() - begun < 2
    assert result.status == "unreachable"
    assert "no-such-host.invalid" in result.reason


def test_a_host_that_swallows_packets_is_given_up_in_time(server, tmp_path, monkeypatch):
    # a listener whose queue is full answers nobody
    monkeypatch.setattr(retrieve, "CONNECT_SECONDS", 0.3)
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        callers = []
        for _ in range(4):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
            callers.append(caller)
        server.base = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        begun = time.monotonic()
        result = fetch(server, tmp_path)["ratings"]
        assert time.monotonic() - begun < 2
        for caller in callers:
            caller.close()
    assert result.status == "unreachable"
    assert "did not answer within" in result.reason or "timed out" in result.reason


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_download_leaves_nothing_to_mistake_and_the_next_run_succeeds(server, tmp_path):
    server.script = [hangs(HALF, length=len(CONTENT)), sends(CONTENT)]
    file = file_of("ratings")
    program = (
        "import sys; from pathlib import Path\n"
        "from lendanear.sources.registry import Integrity, PinnedFile\n"
        "from lendanear.sources.retrieve import fetch\n"
        f"fetch([{file!r}], Path(sys.argv[1]), base=sys.argv[2])\n"
    )
    child = subprocess.Popen([sys.executable, "-c", program, str(tmp_path), server.base], cwd=ROOT)
    try:
        for _ in range(1000):
            if any(path.stat().st_size for path in tmp_path.iterdir()):
                break
            time.sleep(0.01)
        else:
            pytest.fail("the download did not begin")
    finally:
        child.kill()
        child.wait()
    assert not (tmp_path / "ratings.csv").exists()
    assert locate(tmp_path, {"ratings": file}) == {}, "the half file is not taken for the file"
    assert fetch(server, tmp_path)["ratings"].status == "fetched"
    assert (tmp_path / "ratings.csv").read_bytes() == CONTENT


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_an_error_for_people(server, tmp_path):
    server.script = [sends(CONTENT)]
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="read-only"):
        fetch(server, tmp_path)


def test_a_file_in_the_place_of_the_folder_is_an_error_for_people(server, tmp_path):
    server.script = [sends(CONTENT)]
    (tmp_path / "raw").touch()
    with pytest.raises(OutputError, match="a file stands where a folder is needed"):
        fetch(server, tmp_path / "raw")


def test_the_blob_id_used_here_is_the_one_the_library_computes(tmp_path):
    (tmp_path / "f").write_bytes(CONTENT)
    assert git_blob_id_of(tmp_path / "f") == file_of("f", blob=True).integrity.value
