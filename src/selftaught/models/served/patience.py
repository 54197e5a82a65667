"""When and how often a failed call is made again. The one policy; the SDKs' own retries are off."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from selftaught.core.contracts import Completion
from selftaught.core.errors import ModelUnavailable
from selftaught.models.served.traffic import Traffic

_SLICE_SECONDS = 0.2


class Failed(Exception):  # noqa: N818 - internal: one attempt, not the call
    """One attempt failed. `again`: whether another may succeed; `wait_seconds`: what the server asked for.

    `busy`: nothing is wrong but the number of calls. `billed`: the server may have worked, and may want to be paid.
    `unexplained`: it will not succeed and nobody knows why: it may be for the prompt.
    """

    def __init__(
        self,
        message: str,
        *,
        again: bool,
        wait_seconds: float | None = None,
        busy: bool = False,
        billed: bool = False,
        unexplained: bool = False,
    ) -> None:
        super().__init__(message)
        self.again, self.wait_seconds, self.busy, self.billed = again, wait_seconds, busy, billed
        self.unexplained = unexplained


Told = Callable[[str, float, bool], None]
"""Told of a failed attempt: what went wrong, on one line and without the key; its wall seconds; `Failed.billed`."""


@dataclass(frozen=True)
class Patience:
    """Tries up to `attempts` times, waiting longer each time: 1, 2, 4 … seconds, at most `longest_seconds`, ±25 %.

    What the server asks for (retry-after) is waited instead; more than `longest_asked_seconds` ends the call. An
    attempt at a busy server (429) is none of the `attempts`; there may be `busy_attempts` of them, since the traffic
    needs a few to slow down. `stop` is asked several times a second while waiting: what it raises ends the wait.
    `failed` is told of each failed attempt, in the thread and context of the call.
    """

    attempts: int = 6
    first_seconds: float = 1.0
    longest_seconds: float = 60.0
    longest_asked_seconds: float = 600.0
    stop: Callable[[], None] = lambda: None
    failed: Told = lambda message, seconds, billed: None
    busy_attempts: int = 20

    def call(self, attempt: Callable[[], list[Completion]], traffic: Traffic, tokens: int = 0) -> list[Completion]:
        """The first answer that comes. Raises ModelUnavailable with the last failure's message."""
        broken = busy = 0
        while True:
            answer, failed, seconds = self._attempt(attempt, traffic, tokens)
            if failed is None:
                return answer
            self.failed(str(failed), seconds, failed.billed)
            broken, busy = broken + (not failed.busy), busy + failed.busy
            if not failed.again or broken >= self.attempts or busy >= self.busy_attempts:
                tries = f" ({broken + busy} attempts)" if broken + busy > 1 else ""
                raise ModelUnavailable(f"{failed}{tries}") from failed
            if (failed.wait_seconds or 0) > self.longest_asked_seconds:
                raise ModelUnavailable(
                    f"{failed}; it asks not to be called for {failed.wait_seconds:.0f} s"
                ) from failed
            self._wait(self._seconds(broken + busy - 1, failed))

    def _attempt(
        self, attempt: Callable[[], list[Completion]], traffic: Traffic, tokens: int
    ) -> tuple[list[Completion], Failed | None, float]:
        with traffic.place(tokens) as place:
            began = time.monotonic()
            try:
                answer = attempt()
            except Failed as failed:
                place.busy = failed.busy
                if failed.busy and failed.wait_seconds:
                    place.pause_seconds = min(failed.wait_seconds, self.longest_asked_seconds)
                return [], failed, time.monotonic() - began
            place.answered = True
            counted = [(one.input_tokens or 0) + one.output_tokens for one in answer if one.output_tokens is not None]
            place.tokens = sum(counted) if counted else None
            took = time.monotonic() - began
            # Those of one call came together: the first bears its time.
            return [replace(one, seconds=took if n == 0 else 0.0) for n, one in enumerate(answer)], None, took

    def _seconds(self, number: int, failed: Failed) -> float:
        if failed.wait_seconds is not None:
            return failed.wait_seconds
        jitter = random.uniform(0.75, 1.25)  # so that calls that failed together do not come back together
        return min(self.first_seconds * float(2**number), self.longest_seconds) * jitter

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.stop()
            time.sleep(min(left, _SLICE_SECONDS))
