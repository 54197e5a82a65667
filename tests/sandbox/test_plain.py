"""Which programs are plain, and that a guest without numpy answers as one with it."""

from collections.abc import Iterator

import numpy as np
import pytest

from selftaught.core.contracts import Program
from selftaught.guest import wire
from selftaught.guest.warm import is_plain
from selftaught.sandbox.contract import Limits, Outcome, Value
from selftaught.sandbox.conversation import Guest, Question, outcome_of
from selftaught.sandbox.jail import _PLAIN_GUESTS, Jail
from selftaught.sandbox.worker import Profile, Worker

LIMITS = Limits(cpu_seconds=20.0, load_cpu_seconds=20.0, wall_seconds=60.0)
PLAIN = [
    "def f(x): return x",
    "import math, random as r\nfrom collections.abc import Sequence\n\ndef f(x):\n    from heapq import heappush",
    "from __future__ import annotations\nimport os.path\nfrom helpers import extract_code",
    "# taken from the list; import nothing\nx = 'or from here'",
]
MORE = [
    "import numpy as np",
    "def f():\n    import math; import numpy",
    "import math, secrets",
    "from scipy import stats",
    "from . import x",
    "import asyncio",
    "import importlib\nnumpy = None",
    "from concurrent.futures import ThreadPoolExecutor\nimport subprocess",
]
HIDES = [
    "def f(x): return list(__import__('num' + 'py').random.rand(3))",
    "def f(x):\n    lib = __import__('num' + 'py')\n    return (lib.arange(x) * 2.5).reshape(2, -1)",
    "def f(x):\n    a = __import__('async' + 'io')\n    async def g(): return x\n    return a.run(g())",
    "import random\ndef f(x): return [random.random(), hash('x'), sorted({'a', 'b', 'c'}), list({'a', 'b', 'c'})]",
    "def f(x): return x[0] / 0",
]


@pytest.fixture(scope="module")
def workers(isolating_sandbox: Jail) -> Iterator[tuple[Worker, Worker]]:
    """One whose guests find numpy, one whose guests do not."""
    both = Worker(isolating_sandbox.tier_in_force), Worker(isolating_sandbox.tier_in_force, plain=True)
    yield both
    for worker in both:
        worker.close()


def answer(worker: Worker, source: str, *arguments: Value) -> Outcome:
    """A guest's, without the time that it took."""
    guest = Guest(worker, worker.take(Profile("improver", 1 << 30, 64)), LIMITS)
    try:
        loaded, _ = guest.exchange(Question.of(wire.Load(source, "f", 7, None)), LIMITS.load_cpu_seconds)
        assert isinstance(loaded, wire.Loaded), loaded
        said, _ = guest.exchange(Question.of(wire.Call(list(arguments))), LIMITS.cpu_seconds)
        return outcome_of(said, 0.0)
    finally:
        guest.end()


@pytest.mark.parametrize("source", PLAIN)
def test_a_program_is_plain_that_imports_what_every_guest_finds(source: str) -> None:
    assert is_plain(source)


@pytest.mark.parametrize("source", MORE)
def test_a_program_is_not_plain_that_names_more(source: str) -> None:
    assert not is_plain(source)


@pytest.mark.parametrize("source", HIDES)
def test_what_a_text_hides_changes_no_answer(workers: tuple[Worker, Worker], source: str) -> None:
    full, plain = (answer(worker, source, 8) for worker in workers)
    assert plain == full


def test_a_plain_guest_finds_no_numpy_imported(workers: tuple[Worker, Worker]) -> None:
    source = "import sys\ndef f(): return 'num' + 'py' in sys.modules"
    assert [answer(worker, source).value for worker in workers] == [True, False]


def test_many_plain_programs_get_a_zygote_of_their_own(isolating_sandbox: Jail) -> None:
    source = Program("import sys\ndef f(x): return [x, 'num' + 'py' in sys.modules]")
    found = []
    with Jail(isolating_sandbox.tier_in_force, 1) as jail:
        for number in range(_PLAIN_GUESTS + 1):
            (outcome,) = jail.run(source, "f", [[number]], LIMITS, seed=1)
            found.append(outcome.value)
        (with_arrays,) = jail.run(source, "f", [[{"a": [np.zeros(2)]}]], LIMITS, seed=1)
        waited_for = list(jail.run(source, "f", iter([[0]]), LIMITS, seed=1))
    assert found == [[number, number < _PLAIN_GUESTS] for number in range(_PLAIN_GUESTS + 1)]
    assert [with_arrays.value[1], *(outcome.value[1] for outcome in waited_for)] == [True, True]
