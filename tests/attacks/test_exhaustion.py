"""Exhaustion: whatever a guest wastes, it costs its own limit, in its time, and nothing of the machine's."""

from dataclasses import replace

import pytest

from attacks.arena import ITS_OWN, QUICK, Watch, bomb, raid, solve
from selftaught.core.contracts import Verdict
from selftaught.sandbox.contract import Limits
from selftaught.sandbox.jail import Jail

pytestmark = pytest.mark.attack

# memory

MEMORY = {
    "one-huge-block": "x = bytearray(1 << 40)",
    "blocks": "x = []\n    while True: x.append(bytearray(1 << 20))",
    "a-list": "x = [0]\n    while True: x += x",
    "a-text": "x = 'a'\n    while True: x += x",
    "a-product-of-a-text": "x = 'a' * (1 << 33)",
    "an-array": "import numpy; x = numpy.ones(1 << 30)",
    "many-arrays": "import numpy; x = []\n    while True: x.append(numpy.ones(1 << 17))",
    "a-broadcast": "import numpy; x = numpy.arange(1 << 14); x = x[:, None] * x[None] * 1.5",
    "maps": "import mmap; x = []\n    while True: x.append(mmap.mmap(-1, 1 << 22)); x[-1].write(b'a' * (1 << 22))",
    "a-shift": "x = 1 << (1 << 33)",
    "a-zip-bomb": "import zlib; x = zlib.decompress(zlib.compress(bytes(16 << 20))); x = [x * 9 for _ in range(9)]",
    "the-c-library": "import ctypes; c = ctypes.CDLL(None); c.malloc.restype = ctypes.c_void_p\n"
    "    while True: c.memset(ctypes.c_void_p(c.malloc(1 << 22) or 0), 1, 1 << 22)",
    "a-set-of-frames": "x = []\n    def g():\n        while True: yield\n    while True: x.append(g()); next(x[-1])",
}

TOLD_OTHERWISE = ("maps", "the-c-library")  # an OSError, and a null pointer that is written to


@pytest.mark.parametrize("what", MEMORY)
def test_a_memory_bomb_costs_its_own_limit(isolating_sandbox: Jail, what: str) -> None:
    limits = Limits(cpu_seconds=1.0, load_cpu_seconds=0.5, wall_seconds=3.0, memory_bytes=64 << 20)
    outcome = bomb(isolating_sandbox, f"def f():\n    {MEMORY[what]}", limits)
    told_otherwise = {Verdict.CRASHED} if what in TOLD_OTHERWISE else set()
    assert outcome.verdict in {Verdict.OUT_OF_MEMORY} | told_otherwise  # whichever sees it first: we, or the guest


ROOMY = Limits(cpu_seconds=3.0, wall_seconds=5.0, memory_bytes=512 << 20)
FEW = replace(ROOMY, memory_bytes=128 << 20)


def holding(kind: str) -> str:
    """A program that holds 220 MiB for a second."""
    return f"""
import mmap, time
def f():
    held = mmap.mmap(-1, 220 << 20, flags=mmap.{kind} | mmap.MAP_ANONYMOUS)
    for place in range(0, 220 << 20, 4096): held[place] = 1
    time.sleep(1)
    return 1
"""


@pytest.mark.parametrize("kind", ["MAP_PRIVATE", "MAP_SHARED"])
def test_memory_that_could_be_shared_counts_too(isolating_sandbox: Jail, kind: str) -> None:
    """Between its limit and the hard end of its address space: only who looks from outside sees that it is held."""
    verdicts = [raid(isolating_sandbox, holding(kind), limits=limits).verdict for limits in (ROOMY, FEW)]
    assert verdicts == [Verdict.OK, Verdict.OUT_OF_MEMORY]


def test_memory_is_not_given_back_to_a_program_that_swallows_the_error(isolating_sandbox: Jail) -> None:
    source = """
        held = []
        def f():
            while True:
                try: held.append(bytearray(1 << 20))
                except MemoryError: pass
    """
    assert bomb(isolating_sandbox, source).verdict in {Verdict.OUT_OF_MEMORY, Verdict.TIMED_OUT}


def test_many_guests_memory_bombs_at_once_cost_their_own_limits(isolating_sandbox: Jail) -> None:
    source = "def f(x):\n    x = []\n    while True: x.append(bytearray(1 << 20))"
    limits = replace(QUICK, cpu_seconds=2.0)  # to fill memory takes its time where others do it too
    with Watch(isolating_sandbox) as watch:
        outcomes = solve(isolating_sandbox, source, *[[i] for i in range(4)], limits=limits)
    assert {outcome.verdict for outcome in outcomes} == {Verdict.OUT_OF_MEMORY}
    assert watch.megabytes < 2 * 128 + 64 + ITS_OWN


# the processor

PROCESSOR = {
    "a-loop": "while True: pass",
    "a-loop-that-swallows-everything": "while True:\n        try: 1 / 0\n        except BaseException: pass",
    "a-power-of-powers": "return (9**9**9).bit_length()",
    "a-sum-inside-c": "import itertools; return sum(itertools.repeat(1))",
    "a-regular-expression": "import re; return re.match(r'(a+)+$', 'a' * 64 + 'b')",
    "a-sort": "return sorted(range(10**6), key=lambda n: sum(range(10**5)))",
    "a-product-of-matrices": "import numpy; x = numpy.ones((700, 700))\n    while True: x = x @ x * 0",
    "a-text-of-a-number": "import sys; sys.set_int_max_str_digits(0); return len(str(1 << 10**7))",
    "yielding": "import os\n    while True: os.sched_yield()",
    "clocks": "import time\n    while True: time.time()",
    "its-own-deadline": "import signal; signal.alarm(1); signal.signal(14, lambda *a: f())\n    while True: pass",
    "a-patched-clock": "import time; time.time = time.monotonic = time.process_time = lambda: 0\n    while True: pass",
    "an-iterator-without-an-end": "return all(iter(int, 1)) or max(iter(int, 1))",
}


@pytest.mark.parametrize("what", PROCESSOR)
def test_a_processor_bomb_costs_its_own_limit(isolating_sandbox: Jail, what: str) -> None:
    outcome = bomb(isolating_sandbox, f"def f():\n    {PROCESSOR[what]}", replace(QUICK, cpu_seconds=0.15))
    assert outcome.verdict in (
        {Verdict.TIMED_OUT} if "iterator" not in what else {Verdict.TIMED_OUT, Verdict.OUT_OF_MEMORY}
    )


WAITING = {
    "sleep": "import time; time.sleep(1e6)",
    "a-lock": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "a-poll": "import select; select.select([], [], [])",
    "its-channel": "import os; os.read(3, 1)",
    "many-naps": "import time\n    while True: time.sleep(0.01)",
}


@pytest.mark.parametrize("what", WAITING)
def test_waiting_for_ever_costs_the_wall_clock(isolating_sandbox: Jail, what: str) -> None:
    limits = Limits(cpu_seconds=1.0, wall_seconds=0.2)
    assert bomb(isolating_sandbox, f"def f():\n    {WAITING[what]}", limits).verdict is Verdict.TIMED_OUT


LOADING = {
    "a-loop": "while True: pass",
    "sleep": "import time; time.sleep(1e6)",
    "memory": "x = bytearray(1 << 40)",
    "brackets": "x = " + "(" * 50_000,
    "minus-signs": "x = " + "-" * 100_000 + "1",
    "a-folded-constant": "x = 'a' * 4096 * 4096 * 4096",
    "many-lines": "x = 1\n" * 200_000,
    "a-long-name": "a" * 900_000 + " = 1",
    "an-import-of-itself": "import program",
}


@pytest.mark.parametrize("what", LOADING)
def test_a_bomb_while_loading_costs_its_own_limit(isolating_sandbox: Jail, what: str) -> None:
    limits = Limits(cpu_seconds=0.3, load_cpu_seconds=0.4, wall_seconds=0.5, memory_bytes=128 << 20)
    assert bomb(isolating_sandbox, LOADING[what], limits).verdict is not Verdict.OK


# depth

DEPTH = {
    "recursion": "return f()",
    "recursion-without-a-limit": "import sys; sys.setrecursionlimit(10**9)\n    def g(): return g()\n    return g()",
    "json": "import json; return json.loads('[' * 100_000)",
    "a-pickle": "import pickle; x = []\n    for _ in range(100_000): x = [x]\n    return pickle.dumps(x)",
    "a-pattern": "import re; return re.compile('(' * 10_000 + ')' * 10_000)",
    "a-tree-of-syntax": "import ast; return ast.parse('-' * 100_000 + '1')",
    "a-comparison": "a, b = [], []\n    for _ in range(100_000): a, b = [a], [b]\n    return a == b",
    "repr": "x = []\n    for _ in range(100_000): x = [x]\n    return repr(x)",
    "an-iterator-chain": "x = iter(())\n    for _ in range(300_000): x = map(int, x)\n    return list(x)",
    "a-freed-chain": "x = None\n    for _ in range(500_000): x = (x,)\n    del x\n    raise ValueError",
}


@pytest.mark.parametrize("what", DEPTH)
def test_depth_costs_its_own_call(isolating_sandbox: Jail, what: str) -> None:
    limits = Limits(cpu_seconds=1.0, wall_seconds=3.0, memory_bytes=256 << 20)
    outcome = bomb(isolating_sandbox, f"def f():\n    {DEPTH[what]}", limits)
    assert outcome.verdict in {Verdict.CRASHED, Verdict.OUT_OF_MEMORY, Verdict.TIMED_OUT}
