"""Ctrl-C. The first stops the run cleanly: what is under way may finish, for a few seconds. The second ends it."""

import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from selftaught.core.errors import RunStopped
from selftaught.middleware.gate import Gate

_GRACE_SECONDS = 5.0
_GLANCE_SECONDS = 0.1


def run_stoppable(work: Callable[[], None], gate: Gate, abandon: Callable[[], None]) -> None:
    """Do `work` in a thread of its own, and raise what it raises.

    On SIGINT or SIGTERM, or when its time is over, the gate is shut; if the work is not over a few seconds later,
    `abandon` must end what it waits for. Answers of the model that come in that time are recorded: they are paid for.
    """
    failure: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            failure.append(error)

    def on_signal(number: int, frame: FrameType | None) -> None:
        if gate.reason is not None:
            os._exit(130)
        print("\nselftaught: stopping; once more to stop at once", file=sys.stderr)
        gate.stop(RunStopped("interrupted", interrupted=True))

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        thread = threading.Thread(target=guarded, name="run", daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(_GLANCE_SECONDS)
            if gate.time_is_over() or (isinstance(gate.reason, RunStopped) and gate.reason.interrupted):
                thread.join(_GRACE_SECONDS)
                abandon()
                thread.join(_GRACE_SECONDS)
                break
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if gate.reason is not None:
        raise gate.reason
    if failure:
        raise failure[0]
