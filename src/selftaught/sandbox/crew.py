"""Threads for the requests of one guest, each of which waits for something else."""

import queue
import threading
from collections.abc import Callable

_MOST_IDLE = 4


class Crew:
    """Does all that it is given at once, each in a thread. One that is done waits for more: to start one costs more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = 0

    def do(self, work: Callable[[], None]) -> None:
        """Begin it now. Not after `end`."""
        with self._lock:
            if self._idle:
                self._idle -= 1
                self._next.put(work)
                return
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            self._threads.append(threading.Thread(target=self._live, args=([work],), daemon=True))
            self._threads[-1].start()

    def end(self) -> None:
        """Returns when all work is done, and all threads have ended."""
        for _ in self._threads:
            self._next.put(None)
        for thread in self._threads:
            thread.join()

    def _live(self, begun: list[Callable[[], None]]) -> None:
        work: Callable[[], None] | None = begun.pop()
        while work is not None:
            work()
            work = None  # may hold all that a guest sent
            with self._lock:
                if self._idle == _MOST_IDLE:
                    return
                self._idle += 1
            work = self._next.get()
