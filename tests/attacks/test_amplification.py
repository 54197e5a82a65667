"""Amplification: what a guest sends costs the host no more, in time and memory, than a guest may cost it."""

import gc
import itertools
import os
import random
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st

from attacks.arena import FORGE, improve, peak_megabytes, process, raid
from attacks.growing_answers import answer, read_answer
from conftest import times
from guest.growing import body, cost, read
from selftaught.core.contracts import Verdict
from selftaught.sandbox import messages
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import Limits, Outcome, Value
from selftaught.sandbox.jail import Jail

pytestmark = pytest.mark.attack

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PATIENT = Limits(cpu_seconds=2.0, wall_seconds=5.0)

EXPLODING = {
    "rows-of-one-number": "numpy.zeros((900_000, 1, 1, 1, 1, 1, 1, 1), dtype=numpy.int8)",
    "rows-of-no-number": "numpy.zeros((900, 1000, 0), dtype=numpy.int8)",
    "many-numbers": "numpy.zeros(4_000_000, dtype=numpy.int8)",
    "many-arrays": "[numpy.zeros((900, 1, 1, 1, 1, 1, 1, 1), dtype=numpy.int8)] * 100",
    "a-long-list": "[0] * 1_000_000",
    "many-empty-lists": "[[]] * 1_000_000",
    "many-empty-maps": "[{}] * 1_000_000",
    "many-texts": "['ab'] * 1_000_000",
}


@pytest.mark.parametrize("what", EXPLODING)
def test_an_answer_that_would_explode_is_too_large(isolating_sandbox: Jail, what: str) -> None:
    outcomes: list[Outcome] = []
    source = f"import numpy\ndef f():\n    return {EXPLODING[what]}"
    grown = peak_megabytes(lambda: outcomes.append(raid(isolating_sandbox, source, limits=PATIENT)))
    assert outcomes[0].verdict in (Verdict.TOO_LARGE, Verdict.PROTOCOL_ERROR)
    assert grown < 16


@pytest.mark.parametrize("what", EXPLODING)
def test_a_request_that_would_explode_ends_the_improver(isolating_sandbox: Jail, what: str) -> None:
    asked: list[Value] = []
    source = f"import numpy\ndef f(s, utility, language_model):\n    utility({EXPLODING[what]})\n    return s"
    outcome = improve(isolating_sandbox, source, {"utility": asked.append}, limits=PATIENT)
    assert outcome.verdict in (Verdict.TOO_LARGE, Verdict.PROTOCOL_ERROR)
    assert not asked


def test_as_much_as_is_allowed_arrives_quickly(isolating_sandbox: Jail) -> None:
    source = "import numpy\ndef f():\n    return numpy.zeros((9_000, 10)), [1.5] * 900"
    value = raid(isolating_sandbox, source, limits=PATIENT).value
    assert (len(value[0]), len(value[0][0]), len(value[1])) == (9_000, 10, 900)


def test_requests_cost_the_improver_what_they_cost_the_host(isolating_sandbox: Jail) -> None:
    """The cheapest to send and the dearest to read, again and again, until its CPU time is used."""
    source = FORGE + (
        f"BODY = wire.encode(wire.Ask(1, 'utility', [[[], 300] * {messages.MOST_ELEMENTS // 2 - 100}]))\n"
        "def f(s, utility, language_model):\n"
        "    while True:\n"
        "        put_body(BODY)\n"
        "        wire.HEADER.unpack(os.read(3, 4)), os.read(3, 1000)\n"
    )
    limits = Limits(cpu_seconds=0.5, load_cpu_seconds=2.0, wall_seconds=20.0)
    before = time.process_time()
    outcome = improve(isolating_sandbox, source, {"utility": lambda program: 0.0}, limits=limits)
    assert outcome.verdict is Verdict.TIMED_OUT
    assert time.process_time() - before < 10 * limits.cpu_seconds


HONEST = """
import time
def f():
    end = time.process_time() + 0.02
    while time.process_time() < end: pass
    return 7
"""


def test_an_honest_program_beside_hostile_ones_is_right_every_time(isolating_sandbox: Jail) -> None:
    over = threading.Event()

    def attack() -> None:
        for what in itertools.cycle(EXPLODING):
            if over.is_set():
                return
            raid(isolating_sandbox, f"import numpy\ndef f():\n    return {EXPLODING[what]}", limits=PATIENT)

    attacking = threading.Thread(target=attack)
    attacking.start()
    limits = Limits(cpu_seconds=0.2, wall_seconds=1.0)
    count = times(20, 100)
    values = [raid(isolating_sandbox, HONEST, limits=limits).value for _ in range(count)]
    over.set()
    attacking.join()
    assert values == [7] * count


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=times(20, 60), deadline=None, suppress_health_check=list(HealthCheck))
def test_no_message_costs_much_more_than_itself(chance: random.Random) -> None:
    """Whatever its dtypes, shapes, nesting, texts and numbers: bounded memory, and no long step."""
    found = cost(body(chance))
    target(found.ratio)
    assert found.grown < (16 << 20) + 4 * found.size
    assert found.held_seconds < 0.1
    assert found.cpu_seconds < 1.0


@given(chance=st.randoms(use_true_random=False))
@settings(max_examples=times(5, 15), deadline=None, suppress_health_check=list(HealthCheck))
def test_no_answer_of_a_server_costs_much_more_than_itself(chance: random.Random) -> None:
    """Whatever its JSON, its texts and its pieces: memory and time with its size, and no long step."""
    found = cost(answer(chance, 1 << chance.randrange(8, 22)), read_answer)
    target(found.ratio)
    assert found.grown < (16 << 20) + 12 * found.size
    assert found.held_seconds < 0.1
    assert found.cpu_seconds < 0.2 + 5e-7 * found.size


CHEAP = ["1 / 0", "os._exit(3)", "os.write(3, os.urandom(1000))", "'x' * 5_000_000"]


def test_the_hosts_memory_levels_off() -> None:
    """After many messages and many hostile guests it holds what it held after the first half."""
    chance, held = random.Random(1), []
    with open_sandbox("auto", 2) as jail:
        for _ in range(2):
            for _ in range(times(1_000, 5_000)):
                read(body(chance, 2_000))
            for what in CHEAP * times(20, 125):
                raid(jail, f"import numpy, os\ndef f():\n    return {what}", limits=PATIENT)
            gc.collect()
            host = process(os.getpid())
            assert host
            held.append(host.pages * _PAGE_BYTES)
    assert held[1] - held[0] < 8 << 20


def test_requests_under_way_are_bounded_together(isolating_sandbox: Jail) -> None:
    source = FORGE + (
        "def f(s, utility, language_model):\n"
        "    for number in range(100):\n"
        "        put(wire.Ask(number, 'utility', ['x' * 3_000_000]))\n"
        "    time.sleep(60)\n"
    )
    begun: list[int] = []

    def slow(program: Value) -> float:
        begun.append(len(program))
        time.sleep(1)
        return 0.0

    outcome = improve(isolating_sandbox, source, {"utility": slow}, limits=PATIENT)
    assert outcome.verdict is Verdict.TOO_LARGE
    assert len(begun) <= 12
