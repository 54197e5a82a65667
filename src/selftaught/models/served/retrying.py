"""When and how often a failed call is made again. The one policy; the SDKs' own retries are off."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from selftaught.core.ahead import not_wanted
from selftaught.core.contracts import Completion
from selftaught.core.errors import ModelUnavailable
from selftaught.models.served.traffic import Traffic

_SLICE_SECONDS = 0.2


class Failed(Exception):  # noqa: N818 - internal: one attempt, not the call
    """One attempt failed. `again`: whether another may succeed; `wait_seconds`: what the server asked for.

    Attributes:
        busy: nothing is wrong but the number of calls.
        billed: the server may have worked, and may want to be paid.
        unexplained: it will not succeed and nobody knows why: it may be for the prompt.
        certain_at_first: where nothing was answered yet, another attempt will not succeed either.
        for_all: no call of any prompt will succeed: the key, the account.
        kind: the failure in one word of a few, to count failures: a status as "429", "timeout", "unreachable".
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
        certain_at_first: bool = False,
        for_all: bool = False,
        kind: str = "failed",
    ) -> None:
        super().__init__(message)
        self.again, self.wait_seconds, self.busy, self.billed = again, wait_seconds, busy, billed
        self.unexplained, self.certain_at_first, self.for_all = unexplained, certain_at_first, for_all
        self.kind = kind


@dataclass(frozen=True)
class FailedAttempt:
    """The description of a failed attempt, in the thread and context of its call.

    Attributes:
        error: what went wrong, on one line and without the key.
        seconds: of the attempt.
        billed: it may cost something.
        wait_seconds: until the next; 0 if there is none.
        kind: of the failure, in one word.
    """

    error: str
    seconds: float
    billed: bool = False
    wait_seconds: float = 0.0
    kind: str = "failed"


@dataclass(frozen=True)
class RetryPolicy:
    """Tries again for `seconds` after the first failure, waiting longer each time: 1, 2, 4 … seconds, up to `longest`.

    The wait is at least what the server asks for (retry-after); if it asks for more than the remaining time, the call
    ends. Attempts that may be billed are made at most `billed_attempts` times, all others `attempts` times, if that
    is set. `stop` is called several times a second during a wait: an exception ends the wait.
    `failed` gets each failed attempt, before the wait.
    """

    seconds: float = 900.0
    first_seconds: float = 1.0
    longest_seconds: float = 60.0
    stop: Callable[[], None] = lambda: None
    failed: Callable[[FailedAttempt], None] = lambda attempt: None
    billed_attempts: int = 6
    attempts: int | None = None

    def call(self, attempt: Callable[[], list[Completion]], traffic: Traffic, tokens: int = 0) -> list[Completion]:
        """The first answer that comes. Raises ModelUnavailable with the last failure's message."""
        made = billed = 0
        since, number = 0.0, traffic.number()
        while True:
            answer, failed, took = self._attempt(attempt, traffic, tokens, number)
            if failed is None:
                return answer
            since = since or time.monotonic()
            made, billed = made + 1, billed + failed.billed
            wait = self._wait_seconds(made, failed)
            over = self._over(failed, made, billed, time.monotonic() - since + wait)
            next_in = 0.0 if over is not None else wait
            self.failed(FailedAttempt(str(failed), took, failed.billed, next_in, failed.kind))
            if over is not None:
                raise ModelUnavailable(f"{failed}{over}") from failed
            self._wait(wait)

    def _over(self, failed: Failed, made: int, billed: int, until: float) -> str | None:
        """Why no other attempt is made; None if one is made. `until`: seconds since the first."""
        tries = f" ({made} attempts)" if made > 1 else ""
        if not failed.again or made == self.attempts or billed >= self.billed_attempts:
            return tries
        if (failed.wait_seconds or 0.0) > self.seconds:
            return f"; it asks for a pause of {failed.wait_seconds:.0f} s; to wait that long: `patience_seconds`"
        return f"{tries}, for {self.seconds:g} s; to wait longer: `patience_seconds`" if until > self.seconds else None

    def _attempt(
        self, attempt: Callable[[], list[Completion]], traffic: Traffic, tokens: int, number: int
    ) -> tuple[list[Completion], Failed | None, float]:
        with traffic.place(tokens, number) as place:
            began = time.monotonic()
            try:
                answer = attempt()
            except Failed as failed:
                place.busy = failed.busy
                if failed.busy and failed.wait_seconds:
                    place.pause_seconds = min(failed.wait_seconds, self.seconds)
                if failed.for_all:
                    place.over = str(failed)
                return [], failed, time.monotonic() - began
            place.answered = True
            counted = [(one.input_tokens or 0) + one.output_tokens for one in answer if one.output_tokens is not None]
            place.tokens = sum(counted) if counted else None
            took = time.monotonic() - began
            # Those of one call came together: the first bears its time.
            return [replace(one, seconds=took if n == 0 else 0.0) for n, one in enumerate(answer)], None, took

    def _wait_seconds(self, made: int, failed: Failed) -> float:
        jitter = random.uniform(0.75, 1.25)  # so that calls that failed together do not come back together
        ours = min(self.first_seconds * 2.0 ** min(made - 1, 30), self.longest_seconds) * jitter
        return max(ours, failed.wait_seconds or 0.0)

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.stop()
            not_wanted()
            time.sleep(min(left, _SLICE_SECONDS))
