"""A stall of the host is its own: it is not booked as the idle time of a guest that had long answered."""

import ctypes
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.contract import Limits
from selftaught.sandbox.conversation import Guest, _Clock
from selftaught.sandbox.jail import Jail

HONEST = Program(
    "import time\n"
    "def f(seconds):\n"
    "    until = time.process_time() + seconds\n"
    "    while time.process_time() < until: pass\n"
    "    return bytes(1_000_000)\n"
)
LIMITS = Limits(cpu_seconds=2.0, wall_seconds=0.4)
STALLS = 3


def stall(seconds: float) -> None:
    """Hold the interpreter: no other thread of this process gets a turn."""
    ctypes.PyDLL(None).usleep(int(seconds * 1e6))


@pytest.fixture
def seen(isolating_sandbox: Jail) -> Iterator[Counter[Verdict]]:
    """Verdicts of an honest program that runs all the while."""
    counted: Counter[Verdict] = Counter()
    over, begun = threading.Event(), threading.Event()

    def work() -> None:
        while not over.is_set():
            for outcome in isolating_sandbox.run(HONEST, "f", [[0.02]] * 5, LIMITS, seed=1):
                counted[outcome.verdict] += 1
                begun.set()

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    yield counted
    over.set()
    thread.join()


def test_an_honest_program_keeps_its_verdict_while_the_host_stalls(seen: Counter[Verdict]) -> None:
    for _ in range(STALLS):
        before = seen.total()
        stall(3 * LIMITS.wall_seconds)
        while seen.total() < before + 3:
            threading.Event().wait(0.01)
    assert set(seen) == {Verdict.OK}


def impatient(guest: Guest, patience_seconds: float) -> bytes | None:
    """`Guest._receive` without a last look at what came while the host stalled."""
    deadline = time.monotonic() + patience_seconds
    while (body := guest._next_frame()) is None:
        left_seconds = deadline - time.monotonic()
        if left_seconds <= 0:
            return None
        if guest._poll.poll(left_seconds * 1000):
            guest._buffer += guest._read(socket.MSG_DONTWAIT)
    return body


def test_a_stall_that_is_booked_as_idle_time_changes_the_verdict_of_an_honest_program(
    seen: Counter[Verdict], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: with both protections off."""

    def book_all(clock: _Clock, patience: float) -> None:
        clock._wall_left -= time.monotonic() - clock._began

    monkeypatch.setattr(Guest, "_receive", impatient)
    monkeypatch.setattr(_Clock, "stop", book_all)
    monkeypatch.setattr(_Clock, "_credit", lambda clock: None)
    for _ in range(20):
        stall(3 * LIMITS.wall_seconds)
        threading.Event().wait(0.1)
        if Verdict.TIMED_OUT in seen:
            return
    pytest.fail(f"no verdict was changed: {seen}")
