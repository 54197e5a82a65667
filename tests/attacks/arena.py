"""Where attacks are made: how a hostile program is run, and how its loot is seen from outside.

What a guest says of itself proves nothing. So an attack is judged by what it leaves out here: a token that only a
reader of some file can know, a listener that was called, a victim that is dead or changed, a file or process that is
left, the clock. And an attack that gets nothing may only be misspelt: wherever it does no harm, it also runs in the
tier `unsafe` (`every_sandbox` has it), which isolates nothing and where it must succeed. `held` says so.
"""

import errno
import os
import platform
import re
import textwrap
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.contract import Improving, Limits, Outcome, Service, Value
from selftaught.sandbox.filters.numbers import numbers
from selftaught.sandbox.jail import Jail

QUICK = Limits(cpu_seconds=0.3, load_cpu_seconds=0.5, wall_seconds=2.0, memory_bytes=128 << 20)
FACTS = {"utility_str": "u", "utility_budget": 3, "model_budget": 2, "max_responses_per_call": 4}

FORGE = """
import os, struct, time
import msgspec
from selftaught.guest import wire

def put(message): put_bytes(wire.frame(message))
def put_body(body): put_bytes(struct.pack('<I', len(body)) + body)
def put_bytes(data):
    data = memoryview(data)
    while data: data = data[os.write(3, data):]
"""
"""For programs that speak on the channel themselves."""

CALLS = f"""
import ctypes
NUMBERS = {dict(numbers(platform.machine()))!r}
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

def call(name, *arguments):
    number = NUMBERS[name] if isinstance(name, str) else name
    wide = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(number), *wide)
    return result if result >= 0 else -ctypes.get_errno()
"""
"""For programs that make system calls themselves: call(name, …) is the result, or minus the error."""


def hole(reason: str) -> pytest.MarkDecorator:
    """Marks an attack that succeeds today. Strict: when the hole is closed, the mark must go."""
    return pytest.mark.xfail(strict=True, reason=reason)


def solve(
    jail: Jail, source: str, *calls: Sequence[Value], limits: Limits = QUICK, improving: Improving | None = None
) -> list[Outcome]:
    """Run the function f of `source`, once for each of `calls`."""
    program = Program(textwrap.dedent(source))
    return list(jail.run(program, "f", calls, limits, seed=1, improving=improving))


def raid(jail: Jail, source: str, *arguments: Value, limits: Limits = QUICK) -> Outcome:
    """Run one solution's f(*arguments)."""
    (outcome,) = solve(jail, source, arguments, limits=limits)
    return outcome


def improve(
    jail: Jail, source: str, services: dict[str, Service] | None = None, *, limits: Limits = QUICK, solution: str = "s"
) -> Outcome:
    """Run one improver's f(solution, utility, language_model)."""
    (outcome,) = solve(jail, source, [solution], limits=limits, improving=Improving(FACTS, services or {}))
    return outcome


def told(outcome: Outcome) -> str:
    """All that came out of a guest."""
    return f"{outcome.value!r} {outcome.note}"


def held(jail: Jail, got: bool, *, toothed: bool = True) -> None:
    """The attack got nothing where something isolates, and all it wanted where nothing does.

    `toothed`: whether this machine lets it succeed without isolation.
    """
    if jail.tier_in_force.isolates:
        assert not got, "the attack succeeded"
    elif toothed:
        assert got, "the attack gets nothing even without isolation: it proves nothing"


def refused(outcome: Outcome) -> bool:
    """Whether the kernel refused it with EPERM or EACCES, as Python tells it, or its tool is not there."""
    return outcome.verdict is Verdict.CRASHED and outcome.note.startswith(("PermissionError", "FileNotFoundError"))


def yama() -> bool:
    """Whether this machine keeps processes of one user from tracing each other."""
    scope = Path("/proc/sys/kernel/yama/ptrace_scope")
    return scope.exists() and scope.read_text().strip() != "0" and os.geteuid() != 0


def comes_true(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether it is so within that time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


# what is alive


@dataclass(frozen=True)
class Process:
    """One line of /proc/PID/stat. `began` tells it from a later one of the same number."""

    pid: int
    parent: int
    session: int
    began: int
    threads: int
    state: str


def processes() -> Iterator[Process]:
    """Every process that can be seen from here."""
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            found = process(int(entry))
            if found is not None:
                yield found


def process(pid: int) -> Process | None:
    """The process of that number, zombies too; None if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ESRCH):
            return None
        raise
    return Process(pid, int(fields[1]), int(fields[3]), int(fields[19]), int(fields[17]), fields[0])


def sessions(jail: Jail) -> set[int]:
    """The sessions of its zygotes: all that a jail ever starts is in one of them, unless it made one of its own."""
    found = [process(pid) for pid in jail.worker_pids()]
    return {zygote.session for zygote in found if zygote is not None}


def guests(jail: Jail) -> list[Process]:
    """Every child of its zygotes, those that wait for work too."""
    zygotes = set(jail.worker_pids())
    return [found for found in processes() if found.parent in zygotes]


def peak_megabytes(work: Callable[[], object]) -> float:
    """How far this process's memory rose above where it was, while it did `work`."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _status("VmRSS")
    work()
    return (_status("VmHWM") - before) / 1024


def _status(key: str) -> int:
    match = re.search(rf"^{key}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert match
    return int(match[1])
