"""When and how often a failed call is made again. The one policy; the SDK's own retries are off."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from selftaught.core.errors import ModelUnavailable

Answer = TypeVar("Answer")
_SLICE_SECONDS = 0.2


class Failed(Exception):  # noqa: N818 - internal: one attempt, not the call
    """One attempt failed. `again`: whether another may succeed; `wait_seconds`: what the server asked for."""

    def __init__(self, message: str, *, again: bool, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.again, self.wait_seconds = again, wait_seconds


@dataclass(frozen=True)
class Patience:
    """Tries up to `attempts` times, waiting longer each time: 1, 2, 4 … seconds, at most `longest_seconds`, ±25 %.

    What the server asks for (retry-after) is waited instead, up to `longest_seconds`. `stop` is asked several times a
    second while waiting: what it raises ends the wait. `failed` is told of each failed attempt, in the thread and
    context of the call: what went wrong, on one line and without the key, and the attempt's wall seconds.
    """

    attempts: int = 6
    first_seconds: float = 1.0
    longest_seconds: float = 60.0
    stop: Callable[[], None] = lambda: None
    failed: Callable[[str, float], None] = lambda message, seconds: None

    def call(self, attempt: Callable[[], Answer]) -> Answer:
        """The first answer that comes. Raises ModelUnavailable with the last failure's message."""
        for number in range(self.attempts):
            began = time.monotonic()
            try:
                return attempt()
            except Failed as failed:
                self.failed(str(failed), time.monotonic() - began)
                last = number == self.attempts - 1
                if last or not failed.again:
                    tries = f" ({number + 1} attempts)" if number else ""
                    raise ModelUnavailable(f"{failed}{tries}") from failed
                self._wait(self._seconds(number, failed))
        raise AssertionError("unreachable")

    def _seconds(self, number: int, failed: Failed) -> float:
        if failed.wait_seconds is not None:
            return min(failed.wait_seconds, self.longest_seconds)
        jitter = random.uniform(0.75, 1.25)  # so that calls that failed together do not come back together
        return min(self.first_seconds * float(2**number), self.longest_seconds) * jitter

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.stop()
            time.sleep(min(left, _SLICE_SECONDS))
