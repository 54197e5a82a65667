"""From the third call on, the next one is sent as soon as the last is answered: it changes nothing that is decided.

Each attack happens in the fourth call of six. The third and the fourth were sent ahead.
"""

import time

import numpy as np
import pytest

from attacks.arena import FORGE, solve
from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.contract import Limits, Outcome, Value
from selftaught.sandbox.jail import Jail

pytestmark = pytest.mark.attack

CALLS = 6
HIT = 4
LIMITS = Limits(cpu_seconds=0.3, wall_seconds=0.5)
PLAIN = (
    FORGE
    + "import numpy\nseen = []\ndef f(x):\n    seen.append(x)\n    if x == 4: attack(x)\n    return [x, len(seen)]\n"
)


def after(jail: Jail, attack: str, limits: Limits = LIMITS) -> list[tuple[Verdict, Value]]:
    outcomes: list[Outcome] = solve(jail, PLAIN + attack, *[[x] for x in range(1, CALLS + 1)], limits=limits)
    return [(outcome.verdict, outcome.value) for outcome in outcomes]


def expected(hit: int, verdict: Verdict) -> list[tuple[Verdict, Value]]:
    """Call `hit` fails, the ones before it are answered by one guest, the ones behind it by another."""
    before = [(Verdict.OK, [x, x]) for x in range(1, hit)]
    behind = [(Verdict.OK, [x, x - hit]) for x in range(hit + 1, CALLS + 1)]
    return [*before, (verdict, None), *behind]


def test_without_an_attack_one_guest_answers_all(isolating_sandbox: Jail) -> None:
    assert after(isolating_sandbox, "def attack(x): pass") == [(Verdict.OK, [x, x]) for x in range(1, CALLS + 1)]


def test_nothing_of_the_next_call_is_there_before_the_last_is_answered(isolating_sandbox: Jail) -> None:
    source = "import select, time\ndef f(x):\n    poll = select.poll()\n    poll.register(3, select.POLLIN)\n"
    source += "    time.sleep(0.02)\n    return [x[0], len(poll.poll(0))]"
    calls = [[np.full(2000, number)] for number in range(CALLS)]
    assert [o.value for o in solve(isolating_sandbox, source, *calls)] == [[number, 0] for number in range(CALLS)]


HERE = {
    "a-forged-nonce": ("put(wire.Returned('forged', asked() ^ 1))", Verdict.PROTOCOL_ERROR),
    "no-nonce": ("put(wire.Returned('forged'))", Verdict.PROTOCOL_ERROR),
    "a-request": ("put(wire.Ask(asked(), 'utility', []))", Verdict.PROTOCOL_ERROR),
    "a-request-that-ends-as-an-answer": (
        "put_body(msgspec.msgpack.encode(['ask', 1, 'utility', [asked()]]))",
        Verdict.PROTOCOL_ERROR,
    ),
    "nonsense-that-ends-as-an-answer": (
        "put_body(b'nonsense' + msgspec.msgpack.encode(asked()))",
        Verdict.PROTOCOL_ERROR,
    ),
    "too-much-that-ends-as-an-answer": (
        "put(wire.Returned(numpy.zeros(200_000, 'u1'), asked()))",
        Verdict.TOO_LARGE,
    ),
    "odd-keys-that-end-as-an-answer": ("put(wire.Returned({1.5: 2}, asked()))", Verdict.BAD_ANSWER),
    "a-huge-frame": ("put_bytes(struct.pack('<I', (4 << 20) + 1))", Verdict.TOO_LARGE),
    "half-a-frame": ("put_bytes(wire.frame(wire.Returned(x, asked()))[:-1]); time.sleep(60)", Verdict.TIMED_OUT),
    "half-a-header": ("put_bytes(b'\\x01'); time.sleep(60)", Verdict.TIMED_OUT),
    "a-hang": ("time.sleep(60)", Verdict.TIMED_OUT),
    "an-endless-loop": ("while True: pass", Verdict.TIMED_OUT),
    "an-end": ("os._exit(0)", Verdict.CRASHED),
}


@pytest.mark.parametrize("attack", HERE)
def test_it_costs_its_own_call(isolating_sandbox: Jail, attack: str) -> None:
    does, verdict = HERE[attack]
    assert after(isolating_sandbox, f"def attack(x):\n    {does}") == expected(HIT, verdict)


ANSWERED = "put(wire.Returned([4, 4], asked())); "
NEXT = {
    "the-answer-to-a-load": ("put(wire.Loaded(asked()))", Verdict.PROTOCOL_ERROR),
    "a-second-answer": ("put(wire.Returned('forged', asked()))", Verdict.PROTOCOL_ERROR),
    "many-answers": ("[put(wire.Returned('forged', asked())) for _ in range(1000)]", Verdict.PROTOCOL_ERROR),
    "a-second-answer-at-once": (
        "put_bytes(2 * wire.frame(wire.Returned('forged', asked())))",
        Verdict.PROTOCOL_ERROR,
    ),
    "the-next-number": ("put(wire.Returned('forged', asked() + 1))", Verdict.PROTOCOL_ERROR),
    "half-an-answer": ("put_bytes(wire.frame(wire.Returned(5, asked()))[:9]); time.sleep(60)", Verdict.TIMED_OUT),
    "a-hang": ("time.sleep(60)", Verdict.TIMED_OUT),
    "an-endless-loop": ("any(iter(int, 1))", Verdict.TIMED_OUT),
    "an-end": ("os._exit(0)", Verdict.CRASHED),
    "a-huge-frame": ("put_bytes(struct.pack('<I', (4 << 20) + 1))", Verdict.TOO_LARGE),
}


@pytest.mark.parametrize("attack", NEXT)
def test_what_follows_an_answer_costs_the_next_call(isolating_sandbox: Jail, attack: str) -> None:
    does, verdict = NEXT[attack]
    assert after(isolating_sandbox, f"def attack(x):\n    {ANSWERED}{does}") == expected(HIT + 1, verdict)


def test_answers_in_another_order_are_not_taken(isolating_sandbox: Jail) -> None:
    """The next call is read in the last one, and answered before it."""
    source = PLAIN + (
        "def attack(x):\n"
        "    put(wire.Returned([4, 4], asked()))\n"
        "    (size,) = struct.unpack('<I', os.read(3, 4))\n"
        "    fifth = wire.to_guest.decode(os.read(3, size))\n"
        "    put(wire.Returned('late', asked()))\n"
        "    put(wire.Returned('early', fifth.nonce))\n"
        "    time.sleep(60)\n"
    )
    outcomes = solve(isolating_sandbox, source, *[[x] for x in range(1, CALLS + 1)], limits=LIMITS)
    assert [(o.verdict, o.value) for o in outcomes] == expected(HIT + 1, Verdict.PROTOCOL_ERROR)


def test_time_that_is_used_after_an_answer_is_the_next_calls(isolating_sandbox: Jail) -> None:
    """As much as it may have, not twice that: what it computed before it read its call counts."""
    source = FORGE + (
        "def burn(seconds):\n"
        "    until = time.process_time() + seconds\n"
        "    while time.process_time() < until: pass\n"
        "def f(x):\n"
        "    if x == 5: burn(0.2)\n"
        "    if x == 4:\n"
        "        put(wire.Returned(x, asked()))\n"
        "        burn(0.2)\n"
        "        (size,) = struct.unpack('<I', os.read(3, 4))\n"
        "        fifth = wire.to_guest.decode(os.read(3, size))\n"
        "        put(wire.Returned(f(*fifth.arguments), fifth.nonce))\n"
        "        time.sleep(60)\n"
        "    return x\n"
    )
    outcomes = solve(isolating_sandbox, source, *[[x] for x in range(1, CALLS + 1)], limits=LIMITS)
    assert [o.verdict for o in outcomes] == [Verdict.OK] * 4 + [Verdict.TIMED_OUT, Verdict.OK]
    assert outcomes[3].cpu_seconds < 0.2 < outcomes[4].cpu_seconds


def test_what_is_answered_while_the_host_grades_is_looked_at_when_it_is_done(isolating_sandbox: Jail) -> None:
    """A guest that uses too much meanwhile has no answer, though it lies there."""
    source = (
        "import time\ndef f(x):\n    until = time.process_time() + x\n    while time.process_time() < until: pass\n"
    )
    seconds = [0.0, 0.0, 0.0, 0.4, 0.0]
    calls = isolating_sandbox.run(Program(source), "f", [[x] for x in seconds], LIMITS, seed=1)
    found = []
    for number, outcome in enumerate(calls):
        found.append(outcome.verdict)
        if number == 2:
            time.sleep(0.6)
    assert found == [Verdict.OK] * 3 + [Verdict.TIMED_OUT, Verdict.OK]
