"""The channel: whatever a guest writes on it is a verdict on that guest, on that call, and no more."""

import time
from threading import Thread

import numpy as np
import pytest

from attacks.arena import FORGE, QUICK, SECONDS, raid, solve
from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.contract import Limits, Outcome, Value
from selftaught.sandbox.jail import Jail

pytestmark = pytest.mark.attack


def scored(outcomes: list[Outcome]) -> list[Value]:
    """The values of the calls that count."""
    return [outcome.value for outcome in outcomes if outcome.verdict is Verdict.OK]


# answers that nobody asked for


GUESSES = {
    "without-a-nonce": "wire.Returned('forged')",
    "with-the-nonce-at-hand": "wire.Returned('forged', asked())",
    "with-the-next-number": "wire.Returned('forged', asked() + 1)",
    "with-a-wrong-type-of-nonce": "wire.Returned('forged', True)",
    "with-a-crash": "wire.Raised('MemoryError', 'forged', asked())",
    "with-a-load": "wire.Loaded(asked())",
}


@pytest.mark.parametrize("guess", GUESSES)
def test_answering_for_the_next_call_in_advance_does_not_score(isolating_sandbox: Jail, guess: str) -> None:
    source = FORGE + f"def f(x):\n    put(wire.Returned(x, asked()))\n    put({GUESSES[guess]})\n    time.sleep(0.02)"
    outcomes = solve(isolating_sandbox, source, [1], [2], [3])
    assert [(o.verdict, o.value) for o in outcomes] == [
        (Verdict.OK, 1),
        (Verdict.PROTOCOL_ERROR, None),
        (Verdict.OK, 3),  # a new guest
    ]


def test_answering_twice_does_not_pass_for_the_answer_to_the_next_call(isolating_sandbox: Jail) -> None:
    source = FORGE + "def f(x):\n    put(wire.Returned(['forged', x], asked()))\n    return ['real', x]"
    outcomes = solve(isolating_sandbox, source, [0], [1], [2])
    assert scored(outcomes) == [["forged", 0], ["forged", 2]]  # its own answers, each to its own question


def test_saying_loaded_twice_does_not_shift_the_answers(isolating_sandbox: Jail) -> None:
    source = FORGE + "put(wire.Loaded(asked()))\ndef f(x): return x"
    for number, outcome in enumerate(solve(isolating_sandbox, source, [0], [1], [2])):
        assert outcome.verdict is not Verdict.OK or outcome.value == number


def test_an_alarm_between_two_calls_does_not_answer_the_second(isolating_sandbox: Jail) -> None:
    source = FORGE + (
        "import signal\n"
        "def f(x):\n"
        "    mine = asked()\n"
        "    signal.signal(signal.SIGALRM, lambda *a: put(wire.Returned('forged', mine)))\n"
        "    signal.setitimer(signal.ITIMER_REAL, 0.01)\n"
        "    return x\n"
    )
    calls = isolating_sandbox.run(Program(source), "f", [[1], [2]], QUICK, seed=1)
    first = next(calls)
    time.sleep(0.05)  # the host grades the first answer meanwhile
    assert [(o.verdict, o.value) for o in (first, *calls)] == [(Verdict.OK, 1), (Verdict.PROTOCOL_ERROR, None)]


def test_a_destructor_after_the_answer_does_not_answer_the_next_call(isolating_sandbox: Jail) -> None:
    source = FORGE + (
        "class Late(list):\n"
        "    def __del__(self): put(wire.Returned('forged', self.mine))\n"
        "def f(x):\n"
        "    late = Late([x])\n"
        "    late.mine = asked()\n"
        "    return late\n"
    )
    assert "forged" not in scored(solve(isolating_sandbox, source, [1], [2], [3], [4]))


@pytest.mark.parametrize("message", ["wire.Returned('forged', asked())", "wire.Returned('forged')"])
def test_answering_the_loading_is_no_answer_to_any_call(isolating_sandbox: Jail, message: str) -> None:
    outcomes = solve(isolating_sandbox, FORGE + f"put({message})\ndef f(x): return x", [1], [2])
    assert [(o.verdict, o.value) for o in outcomes] == [(Verdict.PROTOCOL_ERROR, None)] * 2


def test_a_forged_load_does_not_make_a_program_of_what_is_none(isolating_sandbox: Jail) -> None:
    source = FORGE + "put(wire.Loaded(asked()))\ntime.sleep(60)"
    outcomes = solve(isolating_sandbox, source, [1], [2], limits=Limits(wall_seconds=0.2))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.TIMED_OUT] * 2


def test_a_forged_crash_harms_its_forger_only(isolating_sandbox: Jail) -> None:
    source = FORGE + "def f(x):\n    put(wire.Raised('MemoryError', 'forged', asked()))\n    time.sleep(60)"
    outcome, _ = solve(isolating_sandbox, source, [1], [2], limits=Limits(wall_seconds=0.2))
    assert (outcome.verdict, outcome.value) == (Verdict.OUT_OF_MEMORY, None)


def test_the_nonce_of_one_call_tells_nothing_of_the_next(isolating_sandbox: Jail) -> None:
    source = FORGE + "def f(x): return asked()"
    nonces = scored(solve(isolating_sandbox, source, *[[i] for i in range(50)]))
    differences = {b - a for a, b in zip(nonces, nonces[1:], strict=False)}
    assert len(differences) == 49
    assert max(nonces) > 1 << 60


# frames


FRAMES = {
    "a-header-of-4-gib": ("b'\\xff\\xff\\xff\\xff'", Verdict.TOO_LARGE),
    "a-header-just-too-large": ("struct.pack('<I', (4 << 20) + 1)", Verdict.TOO_LARGE),
    "half-a-header": ("b'\\x01\\x00'", Verdict.TIMED_OUT),
    "a-header-alone": ("struct.pack('<I', 100)", Verdict.TIMED_OUT),
    "a-message-that-never-ends": ("struct.pack('<I', 100) + b'\\x92'", Verdict.TIMED_OUT),
}


@pytest.mark.parametrize("what", FRAMES)
def test_a_broken_frame_costs_its_own_call(isolating_sandbox: Jail, what: str) -> None:
    data, verdict = FRAMES[what]
    source = FORGE + f"def f(x):\n    put_bytes({data})\n    time.sleep(60)"
    outcome = raid(isolating_sandbox, source, 1, limits=Limits(wall_seconds=0.3))
    assert (outcome.verdict, outcome.value) == (verdict, None)


def test_a_message_that_trickles_meets_the_wall_clock(isolating_sandbox: Jail) -> None:
    source = FORGE + (
        "def f(x):\n"
        "    for byte in wire.frame(wire.Returned('x' * 1000, asked())):\n"
        "        put_bytes(bytes([byte]))\n"
        "        time.sleep(0.02)\n"
    )
    began = time.monotonic()
    outcome = raid(isolating_sandbox, source, 1, limits=Limits(wall_seconds=0.3))
    assert (outcome.verdict, time.monotonic() - began < SECONDS) == (Verdict.TIMED_OUT, True)


def test_hanging_up_in_the_middle_of_a_message_is_a_crash(isolating_sandbox: Jail) -> None:
    source = FORGE + "def f(x):\n    put_bytes(wire.frame(wire.Returned('x' * 100))[:50])\n    os.close(3)\n    f(x)"
    assert raid(isolating_sandbox, source, 1).verdict is Verdict.CRASHED


def test_two_mouths_on_one_channel_break_the_protocol_or_give_one_answer(isolating_sandbox: Jail) -> None:
    source = FORGE + (
        "import fcntl\n"
        "def f(x):\n"
        "    other = fcntl.fcntl(3, fcntl.F_DUPFD, 10)\n"
        "    frame = wire.frame(wire.Returned('x' * 100))\n"
        "    os.write(3, frame[:50]); os.write(other, frame[:50])\n"
        "    os.close(3)\n"
    )
    outcome = raid(isolating_sandbox, source, 1, limits=Limits(wall_seconds=0.3))
    assert outcome.verdict in {Verdict.PROTOCOL_ERROR, Verdict.TIMED_OUT, Verdict.CRASHED}


def test_not_reading_its_arguments_costs_its_own_limit(isolating_sandbox: Jail) -> None:
    source = FORGE + "put(wire.Loaded(asked()))\nwhile True: time.sleep(1)"
    assert is_over_in_time(isolating_sandbox, source)


def test_a_flood_while_it_is_written_to_costs_its_own_limit(isolating_sandbox: Jail) -> None:
    source = FORGE + "put(wire.Loaded(asked()))\nwhile True: put(wire.Returned('x' * 10_000))"
    assert is_over_in_time(isolating_sandbox, source)


def is_over_in_time(jail: Jail, source: str) -> bool:
    """Whether a program that is sent a large argument is over within its limits."""
    limits = Limits(wall_seconds=0.3)
    asking = Thread(target=lambda: solve(jail, source, [np.zeros(1 << 20)], limits=limits), daemon=True)
    asking.start()
    asking.join(SECONDS)
    return not asking.is_alive()
