"""One switch that stops a run. Every leaf asks it first; work that is finished by then is recorded."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from selftaught.core.ahead import not_wanted
from selftaught.core.contracts import Completion, LanguageModel, Program, Prompt, Score, UtilityWrapper
from selftaught.core.errors import ModelUnavailable, RunStopped, SelfTaughtError

Result = TypeVar("Result")
_GRACE_SECONDS = 5.0
_GLANCE_SECONDS = 0.1


class Gate:
    """Open until `stop`, or until `seconds` from now have passed. From any thread."""

    def __init__(self, seconds: float | None = None) -> None:
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._seconds = seconds
        self._lock = threading.Lock()
        self._reason: SelfTaughtError | None = None

    @property
    def reason(self) -> SelfTaughtError | None:
        """Why it is shut; None while it is open."""
        return self._reason

    def stop(self, reason: SelfTaughtError) -> None:
        """Shut it. The first reason stays."""
        with self._lock:
            self._reason = self._reason or reason

    def time_is_over(self) -> bool:
        """Whether its time has passed; then it is shut."""
        if self._deadline is None or time.monotonic() < self._deadline:
            return False
        self.stop(RunStopped(f"the time limit of {self._seconds:g} s is reached"))
        return True

    def check(self) -> None:
        """Raise the reason if the gate is shut."""
        self.time_is_over()
        if self.reason is not None:
            raise self.reason

    def guard(self, work: Callable[[], Result]) -> Result:
        """Do `work` if the gate is open. Our own failure in it shuts the gate for all: nothing more is spent.

        Not in a guess, where it comes again if somebody asks. Raises InVain in a guess that was dropped.
        """
        self.check()
        not_wanted()
        try:
            return work()
        except SelfTaughtError as error:
            if not_wanted():
                raise
            self.stop(error)
            raise self.reason or error from error


class Branch(Gate):
    """Of one run among several: shut where `whole` is, which it shuts, but not because its own model failed."""

    def __init__(self, whole: Gate) -> None:
        super().__init__()
        self._whole = whole

    @property
    def reason(self) -> SelfTaughtError | None:
        """The whole's, if it has one."""
        return self._whole.reason or self._reason

    def stop(self, reason: SelfTaughtError) -> None:
        """Shut it, and what it is a part of."""
        super().stop(reason)
        if not isinstance(reason, ModelUnavailable):
            self._whole.stop(reason)

    def time_is_over(self) -> bool:
        """Whether the whole's time has passed."""
        return self._whole.time_is_over()


def run_until_stopped(work: Callable[[], None], gate: Gate, abandon: Callable[[], None]) -> None:
    """Do `work` in a thread of its own, and raise what it raises, or the reason for which the gate was shut.

    When the time of the gate is over, or it was shut by an interrupt (a KeyboardInterrupt in this thread is one), what
    is under way gets a few seconds to end: responses that come in that time are recorded, since they are paid for. Then
    `abandon` must end what it waits for.
    """
    failure: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=guarded, name="run", daemon=True)
    thread.start()
    while thread.is_alive():
        try:
            thread.join(_GLANCE_SECONDS)
        except KeyboardInterrupt:
            gate.stop(RunStopped("interrupted", interrupted=True))
        if gate.time_is_over() or (isinstance(gate.reason, RunStopped) and gate.reason.interrupted):
            thread.join(_GRACE_SECONDS)
            abandon()
            thread.join(_GRACE_SECONDS)
            break
    if gate.reason is not None:
        raise gate.reason
    if failure:
        raise failure[0]


@dataclass(frozen=True)
class GatedModel:
    """Implements `LanguageModel`."""

    model: LanguageModel
    gate: Gate

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        return self.gate.guard(lambda: self.model(prompts))


@dataclass(frozen=True)
class GatedUtility(UtilityWrapper):
    """Implements `Utility`."""

    gate: Gate

    def __call__(self, program: Program) -> Score:
        return self.gate.guard(lambda: self.utility(program))
