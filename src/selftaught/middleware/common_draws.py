"""Draws of a model that improvers which are compared have in common: each is bought once, and waited for by the others.

Who asks first for a draw buys it. Who asks meanwhile waits; where the purchase fails, or is stopped, the first of those
becomes the buyer, so that nobody waits for what will not come: one buys all that is one's own before one waits.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from selftaught.core.ahead import Guess, not_wanted
from selftaught.core.contracts import Completion

_GLANCE_SECONDS = 1.0
"""How often a waiting thread wakes up, in case it missed the signal."""


@dataclass(frozen=True, slots=True)
class Bought:
    """A draw, and where it was bought: an address of the run called `run`. `answer` gives the response."""

    answer: Callable[[], Completion]
    run: str
    at: str


@dataclass
class CommonDraws:
    """What is bought, and what is being bought, by key. From any thread, and of several runs."""

    _change: threading.Condition = field(default_factory=threading.Condition, init=False)
    _bought: dict[str, Bought] = field(default_factory=dict, init=False)
    _claims: dict[str, object] = field(default_factory=dict, init=False)

    def learn(self, draws: Iterable[tuple[str, Bought]]) -> None:
        """Add what is on record. Of several of one key the first stays."""
        with self._change:
            for key, bought in draws:
                self._bought.setdefault(key, bought)

    def take(self, keys: Sequence[str], buyer: object) -> tuple[dict[str, Bought], list[str]]:
        """Of these keys what is bought, and those that are now the buyer's to buy. The rest is being bought by others.

        The buyer has to `publish` each of its own, or to `give_up`.
        """
        with self._change:
            bought = {key: self._bought[key] for key in keys if key in self._bought}
            own = [key for key in keys if key not in bought and key not in self._claims]
            self._claims |= dict.fromkeys(own, buyer)
            return bought, own

    def publish(self, key: str, bought: Bought) -> None:
        """It is on record, and everybody may have it."""
        with self._change:
            self._bought[key] = bought
            self._claims.pop(key, None)
            self._change.notify_all()

    def give_up(self, buyer: object) -> None:
        """What this buyer has claimed and not published is free again."""
        with self._change:
            self._claims = {key: other for key, other in self._claims.items() if other is not buyer}
            self._change.notify_all()

    def wait(self, keys: Sequence[str]) -> None:
        """Until the first of the draws is bought, or free. A guess that buys one of them becomes wanted.

        Raises InVain in a guess that was dropped.
        """
        while True:
            with self._change:
                if keys[0] not in self._claims or keys[0] in self._bought:
                    return
                buyers = {self._claims[key] for key in keys if key in self._claims}
            for buyer in buyers:  # each time: another may have taken over
                if isinstance(buyer, Guess) and not buyer.wanted:
                    buyer.ask()
            not_wanted()
            with self._change:
                if keys[0] in self._claims and self._claims[keys[0]] in buyers and keys[0] not in self._bought:
                    self._change.wait(_GLANCE_SECONDS)


@dataclass(frozen=True)
class Sharing:
    """One run's part in common draws. `among`: runs with equal words share, as far as their places do."""

    draws: CommonDraws = field(default_factory=CommonDraws)
    among: str = ""

    def key(self, draw: str) -> str:
        """Of a draw of this run."""
        return f"{self.among} {draw}"
