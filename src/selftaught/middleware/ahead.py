"""Threads for what nobody asked for yet: as many as cores, and what they do is dropped rather than waited for."""

import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context

_MOST_WAITING = 1000
"""Guesses; of more the oldest are forgotten."""


class Ahead:
    """Does what it is given, first come first served, in threads that start when they are first needed."""

    def __init__(self, threads: int | None = None) -> None:
        self._most = threads or len(os.sched_getaffinity(0))
        self._change = threading.Condition()
        self._waiting: deque[Callable[[], None]] = deque(maxlen=_MOST_WAITING)
        self._started = self._idle = 0
        self._over = False

    def put(self, work: Callable[[], None]) -> None:
        """Do `work` in a copy of the caller's context, sometime. What it raises is dropped. Returns at once."""
        context = copy_context()
        with self._change:
            if self._over:
                return
            self._waiting.append(lambda: context.run(work))
            if len(self._waiting) > self._idle and self._started < self._most:  # idle, but maybe called already
                self._started += 1
                threading.Thread(target=self._live, name="ahead", daemon=True).start()
            self._change.notify()

    def stop(self) -> None:
        """Start nothing more. Running work continues, and nothing waits for it."""
        with self._change:
            self._over = True
            self._waiting.clear()
            self._change.notify_all()

    def _live(self) -> None:
        while True:
            with self._change:
                self._idle += 1
                self._change.wait_for(lambda: self._waiting or self._over)
                self._idle -= 1
                if self._over:
                    return
                work = self._waiting.popleft()
            with suppress(Exception):  # a failure of ours comes again with the request, and is reported there
                work()
