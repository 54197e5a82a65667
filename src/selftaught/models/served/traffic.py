"""How many calls go out at once, and how many a minute. One for each model; every attempt passes through it.

The number in flight is adaptive: a server that says it is too many (429) halves it, and each answer adds a little until
it is as high as the user allows. While a server asks to be left alone, no call of any thread goes out to it.

Who goes first: what an improver of improvers asks, since all else waits for that; then what somebody waits for, in the
order of asking; guesses last, and never into the last free places.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from selftaught.core.ahead import not_wanted
from selftaught.core.errors import ModelUnavailable
from selftaught.core.line import IMPROVER, SCORE, Line, Waiter
from selftaught.core.work import IMPROVER as OF_IMPROVERS
from selftaught.core.work import work

_SLICE_SECONDS, _SLICE_OF_GUESSES_SECONDS = 0.2, 2.0
"""How often those that wait look whether the run was stopped. Of guesses there may be a thousand."""
_KEPT_FREE = 8
"""This share of the places, and of two or more at least one, is kept free of guesses, for requested work.
"""


@dataclass
class _Entry:
    at: float
    amount: int


class _Minute:
    """At most `limit` in any `seconds`; no limit if it is None. A call above the limit goes when no other does."""

    def __init__(self, limit: int | None, seconds: float) -> None:
        self._limit, self._seconds = limit, seconds
        self._entries: deque[_Entry] = deque()
        self._total = 0

    def wait_seconds(self, now: float, amount: int) -> float:
        while self._entries and self._entries[0].at <= now - self._seconds:
            self._total -= self._entries.popleft().amount
        if self._limit is None or not self._entries:
            return 0.0
        excess = self._total + amount - self._limit
        free_at = now
        for entry in self._entries:  # the oldest leave first
            if excess <= 0:
                break
            excess, free_at = excess - entry.amount, entry.at + self._seconds
        return free_at - now

    def add(self, now: float, amount: int) -> _Entry:
        entry = _Entry(now, amount)
        if self._limit is not None:
            self._entries.append(entry)
            self._total += amount
        return entry

    def correct(self, entry: _Entry, amount: int) -> None:
        if self._entries and self._entries[0].at <= entry.at:  # else it is a minute old, and does not count
            self._total += amount - entry.amount
            entry.amount = amount


class Place:
    """One attempt's place. Its holder reports the result of the attempt."""

    def __init__(self, began: float) -> None:
        self.began = began
        self.answered = self.busy = False
        self.tokens: int | None = None
        """As the server counted them; the estimate if it did not."""
        self.pause_seconds = 0.0
        """How long the server asks that nobody calls it."""
        self.over = ""
        """Why no call of anybody will be answered any more."""


class Traffic:
    """At most `most` attempts in flight, fewer while the server reports too many. From any thread."""

    def __init__(
        self,
        most: int,
        *,
        requests_per_minute: int | None = None,
        tokens_per_minute: int | None = None,
        stop: Callable[[], None] = lambda: None,
        minute_seconds: float = 60.0,
    ) -> None:
        self._most, self._stop = most, stop
        self._lock = threading.Lock()
        self._line = Line(self._wanted)
        self._called: dict[Waiter, threading.Event] = {}
        self._allowed = float(most)
        self._in_flight = 0
        self._cut_at = self._paused_until = 0.0
        self._over = ""
        self._requests = _Minute(requests_per_minute, minute_seconds)
        self._tokens = _Minute(tokens_per_minute, minute_seconds)

    @property
    def allowed(self) -> int:
        """How many may be in flight now."""
        return int(self._allowed)

    def number(self) -> int:
        """A place for a new call: a retry after a failure keeps its place by this."""
        return self._line.number()

    @contextmanager
    def place(self, tokens: int, number: int | None = None) -> Iterator[Place]:
        """Waits for a place for an attempt of about `tokens`. What `stop` raises ends the wait.

        Raises ModelUnavailable where an earlier attempt has shown that none will be answered; InVain in a guess that
        was dropped.
        """
        entry = self._taken_at_once(tokens) or self._taken_in_turn(tokens, number)
        place = Place(time.monotonic())
        try:
            yield place
        finally:
            with self._lock:
                self._in_flight -= 1
                if place.tokens is not None:
                    self._tokens.correct(entry, place.tokens)
                self._over = self._over or place.over
                self._learn(place)
                self._call_first()

    def _taken_at_once(self, tokens: int) -> _Entry | None:
        """Where nobody waits and there is room; else None."""
        self._stop()
        in_vain = not_wanted() is not None
        with self._lock:
            if self._over or self._line.first() is not None or self._wait_seconds(tokens, in_vain=in_vain) > 0:
                return None
            return self._take(tokens)

    def _taken_in_turn(self, tokens: int, number: int | None) -> _Entry:
        waiter = self._line.waiter(IMPROVER if work().role == OF_IMPROVERS else SCORE, number)
        with self._lock:
            self._called[waiter] = threading.Event()
            self._line.push(waiter)
        over = self._line.follow(waiter)
        guess, call = waiter.guess, self._called[waiter].set
        try:
            with guess.ended_by(call) if guess else nullcontext():
                return self._waited(waiter, tokens)
        finally:
            over()
            with self._lock:
                self._line.leave(waiter)
                del self._called[waiter]
                self._call_first()  # there may be room for the next one, too

    def _take(self, tokens: int) -> _Entry:
        now = time.monotonic()
        self._in_flight += 1
        self._requests.add(now, 1)
        return self._tokens.add(now, tokens)

    def _waited(self, waiter: Waiter, tokens: int) -> _Entry:
        """Until it is this one's turn, and there is room; then the place is taken."""
        while True:
            self._stop()  # those that queued here while the run was stopped buy nothing more
            not_wanted()
            with self._lock:
                if self._over:
                    raise ModelUnavailable(self._over)
                first = self._line.first() is waiter
                seconds = self._wait_seconds(tokens, in_vain=waiter.in_vain) if first else _SLICE_SECONDS
                if seconds <= 0:
                    return self._take(tokens)
                called = self._called[waiter]
                called.clear()
            if waiter.guess is None or not waiter.guess.in_vain:  # called when it is the first, or dropped
                most = _SLICE_SECONDS if first or not waiter.in_vain else _SLICE_OF_GUESSES_SECONDS
                called.wait(min(seconds, most) if first else most)

    def _wanted(self, waiter: Waiter) -> None:
        with self._lock:
            if not waiter.gone:
                self._line.push(waiter)  # once more, further in front
                self._call_first()

    def _call_first(self) -> None:
        first = self._line.first()
        if first is not None:
            self._called[first].set()

    def _wait_seconds(self, tokens: int, *, in_vain: bool) -> float:
        allowed = int(self._allowed)
        kept_free = max(1, allowed // _KEPT_FREE) if in_vain and allowed > 1 else 0
        if self._in_flight >= allowed - kept_free:
            return _SLICE_SECONDS  # or until one leaves
        now = time.monotonic()
        waits = self._requests.wait_seconds(now, 1), self._tokens.wait_seconds(now, tokens), self._paused_until - now
        return max(waits)

    def _learn(self, place: Place) -> None:
        """Additive increase, multiplicative decrease; calls from before the last cut do not count."""
        now = time.monotonic()
        self._paused_until = max(self._paused_until, now + place.pause_seconds if place.pause_seconds else 0.0)
        if place.busy and place.began >= self._cut_at:
            self._allowed = max(1.0, min(self._allowed, self._in_flight + 1.0) / 2)
            self._cut_at = now
        elif place.answered:
            self._allowed = min(float(self._most), self._allowed + 1 / self._allowed)
