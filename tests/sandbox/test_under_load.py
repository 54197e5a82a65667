"""Limits are CPU time, not wall time: a loaded machine changes no verdict."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from conftest import times
from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.contract import Limits
from selftaught.sandbox.jail import Jail

HONEST = Program(
    "import time\n"
    "def f(seconds):\n"
    "    until = time.process_time() + seconds\n"
    "    while time.process_time() < until: pass\n"
    "    return seconds\n"
)
LIMITS = Limits(cpu_seconds=0.2, wall_seconds=20.0)


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Four busy processes, each in a session of its own: the scheduler shares by session."""
    command = [sys.executable, "-c", "while True: pass"]
    hogs = [subprocess.Popen(command, start_new_session=True) for _ in range(4)]
    yield
    for hog in hogs:
        hog.kill()
        hog.wait()


def test_under_load_honest_programs_pass_and_overruns_are_caught(isolating_sandbox: Jail, busy_machine: None) -> None:
    before, over, after = times(4, 10), times(1, 3), times(2, 5)
    calls = [[0.1]] * before + [[1.0]] * over + [[0.1]] * after
    outcomes = isolating_sandbox.run(HONEST, "f", calls, LIMITS, seed=0)
    expected = [Verdict.OK] * before + [Verdict.TIMED_OUT] * over + [Verdict.OK] * after
    assert [outcome.verdict for outcome in outcomes] == expected


def test_the_wall_clock_is_for_who_is_idle_and_not_for_who_computes(isolating_sandbox: Jail) -> None:
    limits = Limits(cpu_seconds=20.0, wall_seconds=0.5)
    assert isolating_sandbox.call(HONEST, "f", [1.5], limits).value == 1.5
    idle = Program("import time\ndef f(): time.sleep(30)")
    assert isolating_sandbox.call(idle, "f", [], limits).verdict is Verdict.TIMED_OUT
