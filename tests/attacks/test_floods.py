"""Floods: of processes, threads, descriptors, output. Each costs its own call, and nothing of the machine's."""

import os
import time

import pytest

from attacks.arena import FORGE, ITS_OWN, SECONDS, Watch, bomb, comes_true, improve, peak_megabytes, raid, solve
from selftaught.core.contracts import Verdict
from selftaught.sandbox.contract import Limits, Outcome
from selftaught.sandbox.jail import Jail

pytestmark = pytest.mark.attack


# processes, threads, descriptors


def test_a_fork_bomb_forks_nothing(isolating_sandbox: Jail) -> None:
    source = """
        import os
        def f():
            while True:
                try: os.fork()
                except OSError: pass
    """
    with Watch(isolating_sandbox) as before:
        raid(isolating_sandbox, "def f(): return 1")
        time.sleep(0.05)
    with Watch(isolating_sandbox) as watch:
        assert raid(isolating_sandbox, source).verdict is Verdict.TIMED_OUT
    assert watch.guests <= before.guests + 2


def test_a_thread_bomb_in_a_solution_starts_no_thread(isolating_sandbox: Jail) -> None:
    source = """
        import threading
        def f():
            while True:
                try: threading.Thread(target=print).start()
                except RuntimeError: pass
    """
    assert bomb(isolating_sandbox, source).verdict is Verdict.TIMED_OUT


def test_a_thread_bomb_in_an_improver_starts_no_more_than_a_few_hundred(isolating_sandbox: Jail) -> None:
    source = """
        import threading, time
        def f(s, utility, language_model):
            threading.stack_size(32 << 10)
            try:
                while True: threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
            except BaseException: pass
            while True: pass
    """
    limits = Limits(cpu_seconds=1.5, load_cpu_seconds=0.5, wall_seconds=1.5, memory_bytes=96 << 20)
    with Watch(isolating_sandbox) as watch:
        outcome = improve(isolating_sandbox, source, limits=limits)
    assert outcome.verdict is not Verdict.OK
    assert watch.threads <= 1024


def test_asking_all_the_time_does_not_hide_a_thread_bomb(isolating_sandbox: Jail) -> None:
    source = """
        import threading, time
        def f(s, utility, language_model):
            threading.stack_size(32 << 10)
            def ask():
                while True:
                    utility('p')
                    time.sleep(0.002)
            threading.Thread(target=ask, daemon=True).start()
            while True:
                for _ in range(10): threading.Thread(target=time.sleep, args=(100,), daemon=True).start()
                time.sleep(0.002)
    """
    limits = Limits(cpu_seconds=1.5, load_cpu_seconds=0.5, wall_seconds=1.5, memory_bytes=64 << 20)
    with Watch(isolating_sandbox) as watch:
        outcome = improve(isolating_sandbox, source, {"utility": lambda program: 1.0}, limits=limits)
    assert outcome.verdict is not Verdict.OK
    assert watch.threads <= 1024


def test_asking_all_the_time_does_not_hide_a_memory_bomb(isolating_sandbox: Jail) -> None:
    source = """
        import time
        held = []
        def f(s, utility, language_model):
            while True:
                held.append(bytearray(b'x') * (1 << 20))
                utility('p')
                time.sleep(0.002)
    """
    limits = Limits(cpu_seconds=3.0, load_cpu_seconds=0.5, wall_seconds=3.0, memory_bytes=32 << 20)
    with Watch(isolating_sandbox) as watch:
        outcome = improve(isolating_sandbox, source, {"utility": lambda program: 1.0}, limits=limits)
    assert outcome.verdict is Verdict.OUT_OF_MEMORY
    assert "held" in outcome.note or watch.megabytes < 64 + ITS_OWN


def test_the_time_of_many_threads_is_counted_together(isolating_sandbox: Jail) -> None:
    source = """
        import hashlib, threading
        def f(s, utility, language_model):
            def burn():
                while True: hashlib.sha256(bytes(1 << 22)).digest()
            threads = [threading.Thread(target=burn) for _ in range(8)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
    """
    began = time.monotonic()
    outcome = improve(isolating_sandbox, source, limits=Limits(cpu_seconds=0.6, wall_seconds=20.0))
    assert outcome.verdict is Verdict.TIMED_OUT
    assert "0.6 s of CPU time" in outcome.note
    assert time.monotonic() - began < SECONDS


def test_a_descriptor_bomb_opens_few(isolating_sandbox: Jail) -> None:
    source = """
        import os
        held = []
        def f():
            try:
                while True: held.append(open(os.__file__))
            except OSError: return len(held)
    """
    before = len(os.listdir("/proc/self/fd"))
    assert raid(isolating_sandbox, source).value < 32
    # Meanwhile others have descriptors, too: a guest that is forked, one that is let go.
    assert comes_true(lambda: len(os.listdir("/proc/self/fd")) <= before + 2)


# output


def test_a_flood_on_the_standard_outputs_goes_nowhere(isolating_sandbox: Jail) -> None:
    source = """
        import os, sys
        def f():
            text = 'x' * (1 << 20)
            for _ in range(50):
                print(text)
                print(text, file=sys.stderr)
            return os.write(1, b'x' * 1000)
    """
    outcomes: list[Outcome] = []
    grown = peak_megabytes(lambda: outcomes.append(raid(isolating_sandbox, source)))
    assert (outcomes[0].verdict, outcomes[0].value) == (Verdict.OK, 1000)
    assert grown < 32


OUTPUT = {
    "a-text": ("'a' * (40 << 20)", Verdict.TOO_LARGE),
    "an-array": ("numpy.zeros(2 << 20)", Verdict.TOO_LARGE),
    "a-list": ("list(range(2_000_000))", Verdict.TOO_LARGE),
    "a-number": ("1 << 100_000_000", Verdict.BAD_ANSWER),
    "nesting": ("functools.reduce(lambda x, _: [x], range(100_000), 1)", Verdict.BAD_ANSWER),
    "itself": ("(lambda x: x.append(x) or x)([])", Verdict.BAD_ANSWER),
    "an-endless-generator": ("(i for i in itertools.count())", None),
}


@pytest.mark.parametrize("what", OUTPUT)
def test_a_huge_answer_costs_its_own_call(isolating_sandbox: Jail, what: str) -> None:
    expression, verdict = OUTPUT[what]
    source = f"import functools, itertools, numpy\ndef f(): return {expression}"
    outcomes: list[Outcome] = []
    limits = Limits(cpu_seconds=0.6, wall_seconds=3.0, memory_bytes=160 << 20)
    grown = peak_megabytes(lambda: outcomes.append(raid(isolating_sandbox, source, limits=limits)))
    assert outcomes[0].verdict is not Verdict.OK
    assert verdict is None or outcomes[0].verdict is verdict
    assert grown < 64


ERRORS = {
    "a-huge-message": "raise ValueError('x' * (30 << 20))",
    "a-huge-name": "raise type('X' * (10 << 20), (Exception,), {})()",
    "a-message-that-raises": "raise type('E', (Exception,), {'__str__': lambda s: 1 / 0})()",
    "a-message-of-control-characters": "raise ValueError('\\x1b[2J\\n\\r\\0' * 1000)",
    "a-message-that-is-no-text": "raise type('E', (Exception,), {'__str__': lambda s: 1})()",
    "half-a-character": "raise ValueError('\\ud800' * 1000)",
}


@pytest.mark.parametrize("what", ERRORS)
def test_a_monstrous_exception_is_one_short_line(isolating_sandbox: Jail, what: str) -> None:
    outcome = raid(isolating_sandbox, f"def f():\n    {ERRORS[what]}")
    assert outcome.verdict is Verdict.CRASHED
    assert len(outcome.note) <= 500
    assert outcome.note.isprintable()


def test_a_flood_of_answers_is_not_kept(isolating_sandbox: Jail) -> None:
    source = FORGE + "def f(x):\n    while True: put(wire.Returned('x' * 100_000))"
    grown = peak_megabytes(lambda: solve(isolating_sandbox, source, *[[i] for i in range(20)]))
    assert grown < 32
