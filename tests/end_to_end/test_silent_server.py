"""A server that accepts and never answers, or trickles: time limits and interrupts hold all the same."""

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cli.support import in_process
from nearness import TASK

IMPROVE = ["improve", "nearness.py", "--model", "openai/x", "--no-probes", "--responses", "1", "--model-calls", "1"]
HEAD = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def silent(head: bytes = b"") -> Iterator[tuple[str, threading.Event]]:
    """Its address, and whether it was asked. `head`: what it says first; then a header line now and then, for ever."""
    asked, over = threading.Event(), threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(1)
            asked.set()
            connection.sendall(head)
            while not over.wait(0.1):
                connection.sendall(b"x-more: y\r\n" if head else b"")

    def listen() -> None:
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listening.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=listen, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1", asked
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nearness.py").write_text(TASK)
    return tmp_path


@pytest.mark.parametrize("head", [b"", HEAD], ids=["says-nothing", "trickles"])
def test_the_time_of_a_run_is_over_while_its_server_is_silent(folder: Path, head: bytes) -> None:
    """Long before the time that one answer may take."""
    with silent(head) as (url, asked):
        done = in_process(*IMPROVE, "--base-url", url, "--max-time", "5", "--out", "r", cwd=folder)
    assert asked.is_set()
    assert done.returncode == 3 and "the time limit of 5 s" in done.stderr and "selftaught resume r" in done.stderr
    shown = in_process("show", "r", cwd=folder)
    assert "stopped" in shown.stdout and "killed" not in shown.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_is_interrupted_while_its_server_is_silent(folder: Path, number: int) -> None:
    with silent() as (url, asked):
        command = [sys.executable, "-m", "selftaught", *IMPROVE, "--base-url", url, "--out", "r"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            assert asked.wait(60)
            run.send_signal(number)
            assert run.wait(60) == 130
    assert "interrupted" in in_process("show", "r", cwd=folder).stdout
