"""Ctrl-C. The first stops the run cleanly: work in progress has a few seconds to finish. The second ends it."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

from selftaught.core.errors import RunStopped
from selftaught.middleware.gate import Gate, run_until_stopped

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_stoppable(work: Callable[[], None], gate: Gate, abandon: Callable[[], None]) -> None:
    """`run_until_stopped`, which SIGINT, SIGTERM and SIGHUP stop, unless the parent process ignores the signal."""

    def at_once(number: int, frame: FrameType | None) -> None:
        os._exit(130)

    def on_signal(number: int, frame: FrameType | None) -> None:
        if gate.reason is not None:
            at_once(number, frame)
        print("\nselftaught: stopping; press Ctrl-C again to stop at once", file=sys.stderr)
        gate.stop(RunStopped("interrupted", interrupted=True))

    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, on_signal) for number in heeded}
    try:
        run_until_stopped(work, gate, abandon)
    finally:
        stopped = isinstance(gate.reason, RunStopped) and gate.reason.interrupted
        for number, handler in before.items():  # the end takes a moment, too, in which a second one may come
            signal.signal(number, at_once if stopped else handler)
