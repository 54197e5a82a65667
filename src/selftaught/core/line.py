"""The order of those that wait for a core or a model: the most urgent first, then the oldest."""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from selftaught.core.ahead import Guess, guess_here

IMPROVER, SCORE, GUESS = range(3)
"""What an improver does next is most of what others wait for; then what somebody waits for; then what nobody asked for.
"""


@dataclass(eq=False)
class Waiter:
    """One waiting thread. `number`: the order of arrival."""

    guess: Guess | None
    urgency: int
    number: int
    gone: bool = False

    @property
    def in_vain(self) -> bool:
        """As far as is known."""
        return self.guess is not None and not self.guess.wanted

    @property
    def place(self) -> tuple[int, int, int]:
        """Of guesses the one that began first."""
        if self.in_vain and self.guess is not None:
            return GUESS, self.guess.number, self.number
        return self.urgency, 0, self.number


class Line:
    """The waiting threads. The owner locks it; `changed` reports that a guess in it became wanted."""

    def __init__(self, changed: Callable[[Waiter], None]) -> None:
        self._changed = changed
        self._waiting: list[tuple[tuple[int, int, int], int, Waiter]] = []
        self._numbers, self._pushes = itertools.count(), itertools.count()

    def number(self) -> int:
        """A place for a new arrival, which may leave and return."""
        return next(self._numbers)

    def waiter(self, urgency: int, number: int | None = None) -> Waiter:
        """For the work in this context: a guess is less urgent than `urgency`, until it is wanted."""
        return Waiter(guess_here(), urgency, self.number() if number is None else number)

    def push(self, waiter: Waiter) -> None:
        """It waits; of one that waits already: its place is another now. Locked."""
        heapq.heappush(self._waiting, (waiter.place, next(self._pushes), waiter))

    def follow(self, waiter: Waiter) -> Callable[[], None]:
        """Report when it becomes wanted, until the returned function is called. Not locked: it may report at once."""
        guess = waiter.guess
        if guess is None:
            return _nothing

        def changed() -> None:
            self._changed(waiter)

        guess.when_wanted(changed)
        return lambda: guess.forget(changed)

    def first(self) -> Waiter | None:
        """The next in order. Locked."""
        while self._waiting and self._waiting[0][-1].gone:
            heapq.heappop(self._waiting)
        return self._waiting[0][-1] if self._waiting else None

    def __len__(self) -> int:
        """How many wait. Locked."""
        return len({waiter for _, _, waiter in self._waiting if not waiter.gone})

    def leave(self, waiter: Waiter) -> None:
        """It waits no more. Locked."""
        waiter.gone = True


def _nothing() -> None:
    """There is nothing to undo."""
