"""What became of a model call before it was answered: failed attempts, and waits, as events of its span.

A span of a call has the time of its last attempt alone, since that is what a platform's charts call the model's
latency. What was before it (a wait for a place, an attempt that failed, the wait for the next) lies before the span.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from selftaught.middleware.tracing import names
from selftaught.middleware.tracing.spans import Event, Value
from selftaught.runs.records import Tried

_NANO = 1_000_000_000
_LEAST_WAIT_SECONDS = 0.01


@dataclass(frozen=True)
class Attempt:
    """One that failed, and its kind of failure. Times in nanoseconds since the epoch."""

    began: int
    ended: int
    error: str
    kind: str


@dataclass(frozen=True)
class Call:
    """One call of the model, since it was asked for."""

    asked: int = field(default_factory=time.time_ns)
    failed: list[Attempt] = field(default_factory=list)

    def answered(self, seconds: float | None) -> tuple[int, int]:
        """When the attempt that has just been answered began and ended. `seconds`: how long it took, where known."""
        now = time.time_ns()
        return (self.asked if seconds is None else now - round(seconds * _NANO)), now

    def events(self, began: int, *, content: bool) -> list[Event]:
        """Up to the attempt that began then. `content`: whether a server's words, which may quote a prompt, go in."""
        return list(_events(self.asked, self.failed, began, content))

    def waited_seconds(self, began: int) -> float:
        """Of all the time until then, what no attempt took."""
        return max(0, began - self.asked - sum(attempt.ended - attempt.began for attempt in self.failed)) / _NANO


_current: ContextVar[Call | None] = ContextVar("selftaught_traced_call", default=None)


@contextmanager
def calling() -> Iterator[Call]:
    """A call of the model: what is made in the block, and in copies of its context."""
    call = Call()
    token = _current.set(call)
    try:
        yield call
    finally:
        _current.reset(token)


def note(tried: Tried) -> None:
    """An attempt of the call under way in this context has just failed."""
    call = _current.get()
    if call is not None:
        now = time.time_ns()
        call.failed.append(Attempt(now - round(tried.seconds * _NANO), now, tried.error, tried.failure))


def _events(asked: int, failed: Sequence[Attempt], began: int, content: bool) -> Iterator[Event]:
    idle_since = asked
    for number, attempt in enumerate(failed, start=1):
        yield from _wait(idle_since, attempt.began)
        attributes: dict[str, Value | None] = {
            names.ATTEMPT: number,
            names.ERROR_TYPE: attempt.kind,
            names.SECONDS: (attempt.ended - attempt.began) / _NANO,
            names.MESSAGE: attempt.error if content else None,
        }
        yield Event(names.ATTEMPT_FAILED, attempt.ended, attributes)
        idle_since = attempt.ended
    yield from _wait(idle_since, began)


def _wait(since: int, until: int) -> Iterator[Event]:
    seconds = (until - since) / _NANO
    if seconds >= _LEAST_WAIT_SECONDS:
        yield Event(names.WAIT, since, {names.SECONDS: seconds})
