"""What the calls of models wait for, and since when: for a display."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Wait:
    """`count` waits for `what` (a plural), the longest of them for so many seconds.

    `doing`: waiting for them, or another activity. `person`: a person answers.
    """

    what: str
    count: int
    seconds: float
    person: bool = False
    doing: str = "waiting for"


class Waiting:
    """Counts the current waits. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._going_on: dict[tuple[str, bool, str], dict[int, float]] = {}
        self._next = 0

    @contextmanager
    def of(self, what: str, *, person: bool = False, doing: str = "waiting for") -> Iterator[None]:
        """One wait, or other work that takes its time, while the block lasts."""
        key = what, person, doing
        with self._lock:
            self._next += 1
            number = self._next
            self._going_on.setdefault(key, {})[number] = time.monotonic()
        try:
            yield
        finally:
            with self._lock:
                del self._going_on[key][number]

    def longest(self) -> Wait | None:
        """The longest wait; None if there is none."""
        return max(self.all(), key=lambda wait: wait.seconds, default=None)

    def all(self) -> list[Wait]:
        """All that is waited for."""
        now = time.monotonic()
        with self._lock:
            return [
                Wait(what, len(since), now - min(since.values()), person, doing)
                for (what, person, doing), since in self._going_on.items()
                if since
            ]
