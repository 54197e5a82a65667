"""Where attacks are made: how a hostile program is run, and how its loot is seen from outside.

What a guest says of itself proves nothing. So an attack is judged by what it leaves out here: a token that only a
reader of some file can know, a listener that was called, a victim that is dead or changed, a file or process that is
left, the clock. And an attack that gets nothing may only be misspelt: wherever it does no harm, it also runs in the
tier `unsafe` (`every_sandbox` has it), which isolates nothing and where it must succeed. `held` says so.
"""

import errno
import os
import platform
import textwrap
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.contract import Improving, Limits, Outcome, Provided, Service, Value
from selftaught.sandbox.filters.numbers import numbers
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers.tier import Tier

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

SECONDS = 30.0
"""Longest that any bomb may take: its CPU time, the wall clock, and a busy machine."""
ADDRESS_SPACE = 2
"""How far beyond its memory a guest may come for a moment: what is really held is looked at now and then."""
ITS_OWN = 24
"""Megabytes that a guest may hold beside what its program does, beyond its zygote's own."""
QUICK = Limits(cpu_seconds=0.3, load_cpu_seconds=0.5, wall_seconds=2.0, memory_bytes=128 << 20)
FACTS = {"utility_str": "u", "utility_budget": 3, "model_budget": 2, "max_responses_per_call": 4}

FORGE = """
import os, struct, sys, time
import msgspec
from selftaught.guest import wire

def asked():
    frame = sys._getframe()
    while 'nonce' not in frame.f_locals: frame = frame.f_back
    return frame.f_locals['nonce']
def put(message): put_bytes(wire.frame(message))
def put_body(body): put_bytes(struct.pack('<I', len(body)) + body)
def put_bytes(data):
    data = memoryview(data)
    while data: data = data[os.write(3, data):]
"""
"""For programs that speak on the channel themselves. asked() is what the answer to the question at hand must name."""

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


class SuppliedJail(Jail):
    """Where every guest has packages, as those of a task with PACKAGES: forked from a zygote that imported them."""

    def __init__(self, tier: Tier, packages: tuple[str, ...]) -> None:
        super().__init__(tier)
        self._supplied = Provided(packages=packages)

    def run(
        self,
        program: Program,
        entry: str,
        calls: Iterable[Sequence[Value]],
        limits: Limits,
        *,
        seed: int,
        improving: Improving | None = None,
    ) -> Iterator[Outcome]:
        limits = replace(limits, provided=self._supplied)
        return super().run(program, entry, calls, limits, seed=seed, improving=improving)


def all_started(jail: Jail) -> Jail:
    """The jail, when all its workers have started: so many programs compute at once."""
    cores = len(os.sched_getaffinity(0))
    with ThreadPoolExecutor(cores) as pool:
        while len(jail.worker_pids()) < cores:
            list(pool.map(lambda _: raid(jail, "import time\ndef f(): time.sleep(0.1)"), range(cores)))
    return jail


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


def bomb(jail: Jail, source: str, limits: Limits = QUICK) -> Outcome:
    """What became of a bomb. It held: in time, within its memory, one thread."""
    began = time.monotonic()
    with Watch(jail) as watch:
        outcome = raid(jail, source, limits=limits)
    assert time.monotonic() - began < SECONDS
    assert watch.megabytes < ADDRESS_SPACE * limits.memory_bytes / 1e6 + ITS_OWN
    assert watch.threads <= 1
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
    pages: int
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
    return Process(pid, int(fields[1]), int(fields[3]), int(fields[19]), int(fields[17]), int(fields[21]), fields[0])


def sessions(jail: Jail) -> set[int]:
    """The sessions of its zygotes: all that a jail ever starts is in one of them, unless it made one of its own."""
    found = [process(pid) for pid in jail.worker_pids()]
    return {zygote.session for zygote in found if zygote is not None}


def guests(jail: Jail) -> list[Process]:
    """Every child of its zygotes, those that wait for work too."""
    zygotes = set(jail.worker_pids())
    return [found for found in processes() if found.parent in zygotes]


class Watch:
    """Looks at the guests of a jail, again and again, while the block runs: what was the most there ever was?

    Attributes:
        megabytes: of real memory, of one guest, beyond what its zygote holds: packages are no guest's doing.
        threads: of one guest.
        guests: at a time, those that wait for work too.
    """

    def __init__(self, jail: Jail) -> None:
        self.megabytes, self.threads, self.guests = 0.0, 0, 0
        self._jail = jail
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.01):
            zygotes = {pid: zygote.pages for pid in self._jail.worker_pids() if (zygote := process(pid)) is not None}
            found = [guest for guest in processes() if guest.parent in zygotes]
            self.guests = max(self.guests, len(found))
            self.threads = max([self.threads, *(guest.threads for guest in found)])
            pages = max((guest.pages - zygotes[guest.parent] for guest in found), default=0)
            self.megabytes = max(self.megabytes, pages * _PAGE_BYTES / 1e6)


def peak_megabytes(work: Callable[[], object]) -> float:
    """The most that this process, the host, had allocated at a time for doing `work`."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()
