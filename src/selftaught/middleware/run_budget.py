"""One run_budget for a whole run, improvers inside improvers included: hard caps (design law 6).

The most that an attempt can cost is reserved before it is made; what it did cost is settled after it. Who finds no
room waits for the reservations in flight to be settled, which are nearly always smaller than they were reserved, and is
refused only when no reservation remains.

A guess (core/ahead.py) that finds no room waits until it is wanted, or dropped. What guesses have that nobody has asked
for is a quarter, at most, of what the caps leave to all else: the less is left, the less is guessed.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from selftaught.core.ahead import Guess, not_wanted
from selftaught.core.contracts import Completion, LanguageModel, Prompt
from selftaught.core.errors import RunStopped
from selftaught.core.money import NOTHING, Amount, Caps, Tariff
from selftaught.middleware.by_response import by_response
from selftaught.middleware.gate import Gate

_GLANCE_SECONDS, _GLANCE_OF_GUESSES_SECONDS = 0.2, 2.0
"""How often those that wait for room look whether the run was stopped. Of guesses there may be a thousand."""
_SHARE_OF_GUESSES = 4
"""This part of the rest."""


class RunBudget:
    """What is spent and what is reserved, of a run with these caps. `spent`: by earlier starts. From any thread."""

    def __init__(self, caps: Caps, spent: Amount = NOTHING, gate: Gate | None = None) -> None:
        self.caps = caps
        self._spent, self._reserved, self._in_flight = spent, NOTHING, 0
        self._guesses: dict[Guess, Amount] = {}
        """What each has spent and reserved, until somebody asks for it."""
        self._lock = threading.RLock()
        self._change = threading.Condition(self._lock)
        self._waiting: deque[threading.Condition] = deque()
        """Guesses: one of them looks when there may be room, and if there is, the next."""
        self._gate = gate or Gate()

    @property
    def spent(self) -> Amount:
        """Settled so far, earlier starts included."""
        with self._change:
            return self._spent

    def add(self, spent: Amount) -> None:
        """Count what was spent elsewhere, by a run that shares the run_budget."""
        with self._change:
            self._spent += spent

    @contextmanager
    def reserving(self, most: Amount) -> Iterator["Reservation"]:
        """Room for one response. Raises RunStopped if there is none, or the run stops meanwhile.

        A reservation that is not settled within the block is given back: the attempt never reached the model.
        """
        reservation = Reservation(self, most)
        token = _current.set(reservation)
        try:
            yield reservation
        finally:
            _current.reset(token)
            reservation.give_back()

    def take(self, most: Amount) -> Guess | None:
        """Wait for room. Gives the guess that it is for, if it is for one.

        Raises RunStopped if there is none, or the run stops; InVain in a guess that was dropped.
        """
        with self._change:
            while True:
                self._gate.check()
                guess = not_wanted()
                passed = self.caps.passed_by(self._with(most, guess))
                if not passed:
                    break
                if guess is not None:
                    self._follow(guess.whole)
                elif not self._in_flight:
                    raise RunStopped(
                        f"{passed} leaves no room for another response ({_shown(self._spent)} spent): to continue, the "
                        "run needs a higher cap"
                    )
                self._wait(guess)
            self._reserved += most
            self._in_flight += 1
            if guess is None or not self._follow(guess.whole):
                return None
            self._guesses[guess.whole] += most
            self._call_a_guess()
            return guess.whole

    def _wait(self, guess: Guess | None) -> None:
        """Until something has changed; of a guess: until there may be room, or it is wanted, or dropped."""
        if guess is None:
            self._change.wait(_GLANCE_SECONDS)
            return
        mine = threading.Condition(self._lock)

        def call() -> None:
            with mine:
                mine.notify()

        self._waiting.append(mine)
        guess.when_wanted(call)
        try:
            with guess.ended_by(call):
                if not (guess.wanted or guess.in_vain):
                    mine.wait(_GLANCE_OF_GUESSES_SECONDS)
        finally:
            guess.forget(call)
            if mine in self._waiting:
                self._waiting.remove(mine)

    def _call_a_guess(self) -> None:
        if self._waiting:
            self._waiting.popleft().notify()

    def _with(self, most: Amount, guess: Guess | None) -> Amount:
        """The amount that must be within the caps so that this fits too."""
        all_told = self._spent + self._reserved
        if guess is None:
            return all_told + most
        guessed = sum(self._guesses.values(), NOTHING)
        return all_told - guessed + (guessed + most) * _SHARE_OF_GUESSES

    def _follow(self, guess: Guess) -> bool:
        """Whether nobody has asked for it yet: once somebody does, what it has is no longer that of a guess."""

        def asked_for() -> None:
            with self._change:
                self._guesses.pop(guess, None)
                self._change.notify_all()
                self._call_a_guess()

        if guess not in self._guesses:
            self._guesses[guess] = NOTHING
            guess.when_wanted(asked_for)  # at once where somebody has asked meanwhile
        return guess in self._guesses

    def settle(self, most: Amount, spent: Amount, guess: Guess | None = None) -> None:
        with self._change:
            self._reserved -= most
            self._in_flight -= 1
            self._spent += spent
            if guess in self._guesses:
                self._guesses[guess] += spent - most
            self._change.notify_all()
            self._call_a_guess()


class Reservation:
    """Room for one response, of one thread: taken at once, and taken again for each further attempt."""

    def __init__(self, run_budget: RunBudget, most: Amount) -> None:
        self._run_budget, self.most, self._held = run_budget, most, False
        self._guess: Guess | None = None
        self.take()

    def settle(self, spent: Amount) -> None:
        """The attempt has cost this much."""
        self._run_budget.settle(self.most, spent, self._guess)
        self._held = False

    def give_back(self) -> None:
        if self._held:
            self.settle(NOTHING)

    def take(self) -> None:
        """Room for the next attempt. Raises RunStopped if there is none."""
        self._guess = self._run_budget.take(self.most)
        self._held = True


_current: ContextVar[Reservation | None] = ContextVar("selftaught_reservation", default=None)


def attempt_failed(note: Callable[[Amount], None], *, billed: bool) -> None:
    """Settle the attempt under way in this context as failed, and reserve the next.

    What it may have cost is one call, and all if `billed`. `note` is called before the next is reserved: what was spent
    is on record also where the run has no room for another (RunStopped).
    """
    reservation = _current.get()
    if reservation is None:
        note(Amount(calls=1))
        return
    cost = reservation.most if billed else Amount(calls=1)
    reservation.settle(cost)
    note(cost)
    reservation.take()


@dataclass(frozen=True)
class PaidModel:
    """Implements `LanguageModel`: each response is reserved in the run budget, settled, and gets its cost."""

    model: LanguageModel
    tariff: Tariff
    run_budget: RunBudget

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        """All of `prompts` are one call of the model's."""
        each = [self.tariff.most(_bytes(prompt)) for prompt in prompts]
        with self.run_budget.reserving(_one_call(each)) as reservation:
            completions = self.model(prompts)
            paid = [self.tariff.of(*pair) for pair in zip(completions, each, strict=True)]
            reservation.settle(_one_call([amount for amount, _, _ in paid]))
        priced = [
            replace(completion, cost=dollars, price_source=source)
            for completion, (_, dollars, source) in zip(completions, paid, strict=True)
        ]
        return by_response(priced, self.tariff)


def _bytes(prompt: Prompt) -> int:
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in (prompt.system, prompt.user))


def _one_call(amounts: Sequence[Amount]) -> Amount:
    if len(amounts) == 1 and amounts[0].calls == 1:
        return amounts[0]
    return replace(sum(amounts, NOTHING), calls=1)


def _shown(amount: Amount) -> str:
    dollars = f", ${amount.dollars:.4f}" if amount.dollars else ""
    return f"{amount.calls} calls, {amount.tokens} tokens{dollars}"
