"""Caps are hard, whoever asks, from however many threads; and they are used up, not left half unspent."""

import contextlib
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from selftaught.core.ahead import Guess, InVain, guessing
from selftaught.core.contracts import Completion, Prompt
from selftaught.core.errors import RunStopped
from selftaught.core.money import NOTHING, Amount, Caps, Flat, Tariff
from selftaught.middleware import run_budget as module
from selftaught.middleware.gate import Gate
from selftaught.middleware.run_budget import PaidModel, RunBudget, attempt_failed

PRICE = Flat(1e6 / 1000, 1e6 / 1000, "--price")  # a dollar for a thousand tokens
PROMPT = Prompt("s", "u" * 99, 0.7)
TARIFF = Tariff(PRICE, most_output_tokens=836)  # a response may cost a dollar


class Server:
    """Gives responses of random sizes, and counts what it gave."""

    def __init__(self, seed: int = 1) -> None:
        self._chance, self._lock = random.Random(seed), threading.Lock()
        self.calls = self.tokens = 0

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        with self._lock:
            made = self._chance.randint(1, 300)
        time.sleep(0.001)
        with self._lock:
            self.calls += 1
            self.tokens += 100 + made
        return [Completion("x", 100, made)]


def many(model: PaidModel, threads: int, times: int) -> list[BaseException]:
    """What was raised by so many calls from so many threads."""
    raised: list[BaseException] = []

    def call(_: int) -> None:
        try:
            model([PROMPT])
        except RunStopped as stopped:
            raised.append(stopped)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(call, range(times)))
    return raised


def test_each_response_of_a_call_has_its_part_and_the_call_is_paid_once() -> None:
    """Models put all on the first: who shares one draw alone would pay for all of them."""
    run_budget = RunBudget(Caps())
    model = PaidModel(lambda prompts: [Completion("x", 100, 100), Completion("x", 0, 0)], TARIFF, run_budget)
    found = model([PROMPT, PROMPT])
    assert [one.output_tokens for one in found] == [50, 50]
    assert [one.cost for one in found] == pytest.approx([0.15, 0.05])
    assert run_budget.spent.calls == 1 and run_budget.spent.tokens == 200
    assert run_budget.spent.dollars == pytest.approx(0.2)


@pytest.mark.parametrize("threads", [1, 8, 32])
def test_a_cost_cap_is_never_passed_and_nearly_used_up(threads: int) -> None:
    server, run_budget = Server(), RunBudget(Caps(dollars=20.0))
    raised = many(PaidModel(server, TARIFF, run_budget), threads, 300)
    assert raised and "`max_cost=20`" in str(raised[0])
    assert run_budget.spent.dollars == pytest.approx(server.tokens / 1000)
    assert 19.0 - 0.5 < run_budget.spent.dollars <= 20.0  # a reservation is a dollar: no more than that is left


def test_calls_are_counted_exactly_from_many_threads() -> None:
    server = Server()
    raised = many(PaidModel(server, TARIFF, RunBudget(Caps(calls=100))), 16, 150)
    assert (server.calls, len(raised)) == (100, 50)


def test_who_finds_no_room_waits_for_what_is_in_flight_instead_of_being_refused() -> None:
    """Refused at once, a cap of a dollar would end at the first response, however little that cost."""
    server, run_budget = Server(), RunBudget(Caps(dollars=1.5))
    many(PaidModel(server, TARIFF, run_budget), 8, 8)
    assert server.calls >= 2


def test_a_resumed_run_has_left_what_it_had_left() -> None:
    server = Server()
    raised = many(PaidModel(server, TARIFF, RunBudget(Caps(calls=10), spent=Amount(calls=7))), 1, 5)
    assert (server.calls, len(raised)) == (3, 2)


def test_a_call_that_fails_gives_its_reservation_back() -> None:
    run_budget = RunBudget(Caps(dollars=1.0))

    def fails(prompts: Sequence[Prompt]) -> list[Completion]:
        raise RunStopped("no")

    for _ in range(3):
        with pytest.raises(RunStopped, match="no"):
            PaidModel(fails, TARIFF, run_budget)([PROMPT])
    assert run_budget.spent == Amount()


def test_an_attempt_that_may_have_been_billed_counts_at_its_most_and_the_next_needs_room() -> None:
    run_budget = RunBudget(Caps(dollars=2.5))
    noted: list[Amount] = []

    def twice(prompts: Sequence[Prompt]) -> list[Completion]:
        attempt_failed(noted.append, billed=True)
        attempt_failed(noted.append, billed=False)
        return [Completion("x", 100, 100)]

    PaidModel(twice, TARIFF, run_budget)([PROMPT])
    assert noted[0].dollars == pytest.approx(1.0, abs=0.01) and noted[1:] == [Amount(calls=1)]
    assert run_budget.spent.calls == 3
    assert run_budget.spent.dollars == pytest.approx(1.2, abs=0.01)
    with pytest.raises(RunStopped, match="`max_cost=2.5`"):
        PaidModel(twice, TARIFF, run_budget)([PROMPT])
    assert len(noted) == 3  # what was spent on the attempt is told, though there is no room for another


def test_a_run_that_is_stopped_does_not_wait_for_room() -> None:
    gate = Gate()
    run_budget = RunBudget(Caps(calls=1), gate=gate)
    held = run_budget.reserving(Amount(calls=1))
    held.__enter__()
    waiting = threading.Timer(0.2, lambda: gate.stop(RunStopped("stopped", interrupted=True)))
    waiting.start()
    with pytest.raises(RunStopped, match="stopped"), run_budget.reserving(Amount(calls=1)):
        pass
    held.__exit__(None, None, None)


def test_guesses_get_a_quarter_of_what_is_left_and_wait_until_they_are_wanted() -> None:
    run_budget, guess = RunBudget(Caps(calls=9)), Guess()
    one = Amount(calls=1)
    run_budget.settle(one, one, run_budget.take(one))  # asked for: 8 are left
    with guessing(guess):
        for _ in range(2):
            run_budget.settle(one, one, run_budget.take(one))
    bought = threading.Event()

    def third() -> None:
        with guessing(guess):
            run_budget.take(one)
        bought.set()

    thread = threading.Thread(target=third, daemon=True)
    thread.start()
    for _ in range(5):  # who is asked has all the rest
        run_budget.settle(one, one, run_budget.take(one))
    assert not bought.is_set()
    guess.want()
    assert bought.wait(20)
    with pytest.raises(RunStopped):
        run_budget.settle(one, one)
        run_budget.take(one)
        run_budget.take(one)


def test_a_guess_that_waits_for_room_ends_when_it_is_dropped() -> None:
    run_budget, guess = RunBudget(Caps(calls=3)), Guess()
    with ThreadPoolExecutor(1) as pool:

        def take() -> None:
            with guessing(guess):
                run_budget.take(Amount(calls=1))

        waiting = pool.submit(take)
        guess.drop()
        with pytest.raises(InVain):
            waiting.result(20)


def test_a_guess_that_becomes_wanted_as_it_asks_is_no_guess_any_more() -> None:
    run_budget, guess = RunBudget(Caps(calls=10)), Guess()

    class Late(Guess):
        """Of the same guess: its part has not heard yet that somebody asked."""

        @property
        def wanted(self) -> bool:
            return False

    guess.want()
    with guessing(Late(guess)):
        assert run_budget.take(Amount(calls=2)) is None
    with guessing(other := Guess()):
        assert run_budget.take(Amount(calls=2)) is other  # all of the quarter of what is left


class Looks(Gate):
    """Counts how often somebody looks whether there is room."""

    looks = 0

    def check(self) -> None:
        self.looks += 1


def test_of_many_guesses_that_wait_for_room_one_looks_when_there_may_be_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GLANCE_OF_GUESSES_SECONDS", 1000.0)  # none of them looks by itself
    gate, guess, many = Looks(), Guess(), 50
    run_budget = RunBudget(Caps(calls=7), gate=gate)

    def ask() -> None:
        with guessing(guess), contextlib.suppress(InVain):
            run_budget.take(Amount(calls=3))

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(many)]
    for thread in threads:
        thread.start()
    while len(run_budget._waiting) < many:
        time.sleep(0.01)
    before = gate.looks
    for _ in range(20):
        run_budget.settle(NOTHING, NOTHING)
        time.sleep(0.01)
    assert gate.looks - before < 20 * many / 2  # each of them would look 20 times
    guess.drop()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads) and not run_budget._waiting
