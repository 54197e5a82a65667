"""Killing is complete: after a verdict nothing of that guest is left, and nothing of a jail outlives its host."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from attacks.arena import Process, comes_true, guests, improve, process, processes, raid, sessions, solve
from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.contract import Limits, Outcome
from selftaught.sandbox.jail import Jail

pytestmark = pytest.mark.attack

STUBBORN = {
    "a-loop": "while True: pass",
    "sleep": "import time; time.sleep(1000)",
    "ignored-signals": "import signal\n    for n in range(1, 65):\n        try: signal.signal(n, signal.SIG_IGN)\n"
    "        except (OSError, ValueError): pass\n    while True: pass",
    "a-closed-channel": "import os, time; os.close(3); time.sleep(1000)",
    "a-daemon": "import os, posix, time\n    try: posix.fork() or os.setsid()\n    except OSError: time.sleep(1000)",
    "a-fork-bomb": "import posix\n    while True:\n        try: posix.fork()\n        except OSError: pass",
    "much-memory": "import time; x = bytearray(b'x') * (100 << 20); time.sleep(1000)",
    "leaving": "import os; os._exit(0)",
    "dying": "import ctypes; ctypes.string_at(0)",
    "tools-of-escape": "import os; os.execv('/bin/sleep', ['sleep', '1000'])",
}
THREADS = """
import threading, time
def f(s, u, l):
    def loop():
        while True: time.sleep(0.01)
    for _ in range(20): threading.Thread(target=loop).start()
    return 'done'
"""
SHORT = Limits(cpu_seconds=0.2, load_cpu_seconds=0.5, wall_seconds=0.3, memory_bytes=128 << 20)


def settled(jail: Jail, limits: Limits = SHORT, calls: int = 1) -> set[tuple[int, int]]:
    """The guests that wait for work, when all has come to rest, after such a program has run from each worker."""
    for _ in range(2 * len(os.sched_getaffinity(0))):  # a worker is started by the first call that is its turn
        for needs in ("", "import numpy\n"):  # plain or not: there are workers for each
            solve(jail, f"{needs}def f(): return 1", *[[]] * calls, limits=limits)
    assert comes_true(lambda: _at_rest(jail))
    return {(guest.pid, guest.began) for guest in guests(jail)}


def _at_rest(jail: Jail) -> bool:
    """Whether no guest came or went for a moment."""
    before = {guest.pid for guest in guests(jail)}
    time.sleep(0.2)
    return {guest.pid for guest in guests(jail)} == before


@pytest.mark.parametrize("what", STUBBORN)
def test_nothing_is_left_of_a_guest_after_its_verdict(isolating_sandbox: Jail, what: str) -> None:
    waiting = settled(isolating_sandbox)
    ours = sessions(isolating_sandbox)
    outcome = raid(isolating_sandbox, f"def f():\n    {STUBBORN[what]}", limits=SHORT)
    assert outcome.verdict is not Verdict.OK
    assert comes_true(lambda: len(guests(isolating_sandbox)) <= len(waiting)), "a guest is left"
    alive = {found.pid for found in processes() if found.session in ours}
    expected = {guest.pid for guest in guests(isolating_sandbox)} | set(isolating_sandbox.worker_pids())
    assert len(alive - expected) <= len(isolating_sandbox.worker_pids())  # bubblewrap itself, once for each


def test_nothing_is_left_of_threads_that_outlive_the_answer(isolating_sandbox: Jail) -> None:
    for _ in isolating_sandbox.worker_pids():
        improve(isolating_sandbox, THREADS, limits=SHORT)
    assert comes_true(lambda: _at_rest(isolating_sandbox))
    waiting = len(guests(isolating_sandbox))
    assert improve(isolating_sandbox, THREADS, limits=SHORT).value == "done"
    assert comes_true(lambda: len(guests(isolating_sandbox)) <= waiting)
    assert comes_true(lambda: all(guest.threads == 1 for guest in guests(isolating_sandbox)))


def test_a_guest_whose_caller_stops_listening_is_gone(isolating_sandbox: Jail) -> None:
    waiting = settled(isolating_sandbox, calls=3)
    calls = isolating_sandbox.run(Program("def f(x): return x"), "f", [[1], [2], [3]], SHORT, seed=1)
    next(calls)
    del calls
    assert comes_true(lambda: len(guests(isolating_sandbox)) <= len(waiting))


def test_fifty_crashes_and_hangs_leave_no_descriptor_and_no_process(isolating_sandbox: Jail) -> None:
    limits = Limits(cpu_seconds=0.3, load_cpu_seconds=0.5, wall_seconds=0.01, memory_bytes=128 << 20)
    waiting = settled(isolating_sandbox, limits, calls=10)
    descriptors = len(os.listdir("/proc/self/fd"))
    verdicts = {
        outcome.verdict
        for body in ("os._exit(1)", "time.sleep(9)", "os.close(3)", "1 / 0", "os.abort()")
        for outcome in solve(isolating_sandbox, f"import os, time\ndef f(x): {body}", *[[1]] * 10, limits=limits)
    }
    assert Verdict.OK not in verdicts
    assert comes_true(lambda: len(guests(isolating_sandbox)) <= len(waiting) + 2), (waiting, guests(isolating_sandbox))
    assert comes_true(lambda: len(os.listdir("/proc/self/fd")) <= descriptors + 4), (descriptors, _descriptors())


def _descriptors() -> list[str]:
    return [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if name.isdecimal()]


def test_the_next_guest_is_not_slowed_by_a_hung_one(isolating_sandbox: Jail) -> None:
    began = time.monotonic()
    hung = raid(isolating_sandbox, "def f():\n    while True: pass", limits=SHORT)
    honest: list[Outcome] = [raid(isolating_sandbox, "def f(): return 1", limits=SHORT) for _ in range(10)]
    assert hung.verdict is Verdict.TIMED_OUT
    assert [outcome.value for outcome in honest] == [1] * 10
    assert time.monotonic() - began < 30  # its limit is 0.2 s of CPU time; hung, it would never end


HOST = """
import sys, threading, time
from selftaught.core.contracts import Program
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import Limits

def spin(jail, source):
    limits = Limits(cpu_seconds=60, wall_seconds=60)
    list(jail.run(Program(source), "f", [[]], limits, seed=1))

jail = open_sandbox(sys.argv[1], 2)
for source in ("def f():\\n    while True: pass", "import time\\ndef f(): time.sleep(60)"):
    threading.Thread(target=spin, args=(jail, source), daemon=True).start()
while len(jail.worker_pids()) < 2: time.sleep(0.01)
time.sleep(0.3)
print(*jail.worker_pids(), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_a_host_that_is_killed(isolating_sandbox: Jail, death: signal.Signals) -> None:
    """Its zygotes, their guests that compute, sleep or wait, and bubblewrap: all are gone, soon."""
    with subprocess.Popen(
        [sys.executable, "-c", HOST, isolating_sandbox.tier], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout
        zygotes = [int(pid) for pid in host.stdout.readline().split()]
        left = [found for found in processes() if found.session in {_session(pid) for pid in zygotes}]
        assert len(left) >= 4  # two zygotes, and a guest of each at least
        host.send_signal(death)
        host.wait(10)
        assert comes_true(lambda: not any(map(_is_there, left)), 5.0), [found for found in left if _is_there(found)]


def test_even_stopped_processes_do_not_outlive_a_host_that_is_killed(isolating_sandbox: Jail) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOST, isolating_sandbox.tier], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as host:
        assert host.stdout
        ours = {_session(int(pid)) for pid in host.stdout.readline().split()}
        stopped = [found for found in processes() if found.session in ours]
        for found in stopped:
            os.kill(found.pid, signal.SIGSTOP)
        host.kill()
        host.wait(10)
        try:
            assert comes_true(lambda: not any(map(_is_there, stopped)))
        finally:
            for found in filter(_is_there, stopped):
                os.kill(found.pid, signal.SIGKILL)


def test_guests_that_wait_for_work_do_not_pile_up(isolating_sandbox: Jail) -> None:
    """Many callers at once, and many kinds of programs: one guest waits for each of the last few kinds."""
    with Jail(isolating_sandbox.tier_in_force, 2) as jail:

        def ask(number: int) -> None:
            for seconds in (1.0, 5.0, 20.0, 70.0, 200.0, 600.0):
                assert raid(jail, "def f(): return 1", limits=Limits(cpu_seconds=seconds)).value == 1

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(16)))
        assert comes_true(lambda: len(guests(jail)) <= 4 * len(jail.worker_pids()))  # two of each kind of worker


def test_nothing_outlives_a_jail_that_is_closed(isolating_sandbox: Jail) -> None:
    with Jail(isolating_sandbox.tier_in_force, 1) as jail:
        raid(jail, "def f(): return 1")
        assert comes_true(lambda: len(guests(jail)) >= 1)  # the next one, forked before it is asked for
        left = [found for found in processes() if found.session in sessions(jail)]
        assert len(left) >= 2
    assert comes_true(lambda: not any(map(_is_there, left)))


def test_a_zygote_that_is_killed_takes_its_guests_along_and_is_replaced(isolating_sandbox: Jail) -> None:
    with Jail(isolating_sandbox.tier_in_force, 1) as jail:
        raid(jail, "def f(): return 1")
        (zygote,) = jail.worker_pids()
        left = guests(jail)
        os.kill(zygote, signal.SIGKILL)
        assert raid(jail, "def f(): return 2").value == 2  # at once, wherever
        assert comes_true(lambda: not any(map(_is_there, left)))
        assert raid(jail, "def f(): return 3").value == 3
        assert jail.worker_pids() != [zygote]


def _session(pid: int) -> int:
    found = process(pid)
    assert found
    return found.session


def _is_there(found: Process) -> bool:
    """Whether that very process is still there, and no zombie of a parent that is slow to look."""
    now = process(found.pid)
    return now is not None and now.began == found.began and now.state != "Z"


def test_the_temporary_folder_is_left_empty(
    isolating_sandbox: Jail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Jail(isolating_sandbox.tier_in_force, 1) as jail:
        raid(jail, "import os\ndef f(): os._exit(1)")
        os.kill(jail.worker_pids()[0], signal.SIGKILL)
    assert os.listdir(tmp_path) == []
