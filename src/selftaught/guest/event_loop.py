"""asyncio within the walls: an event loop that waits for its own timers and threads, and for nothing else.

The usual loop wakes itself through a pair of sockets, and a guest may not make any. A guest has no sockets, pipes or
processes to wait for either: so a lock that another thread releases does as well. Nothing more is allowed for it.
"""

import asyncio
import selectors
import threading
from collections.abc import Mapping
from typing import Any


class _Bell(selectors.BaseSelector):
    """Waits until it is rung, or for a time."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        """End the wait that is under way, or the next."""
        self._rung.set()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout > 0:
            self._rung.wait(timeout)
        self._rung.clear()
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        raise PermissionError("there are no sockets, pipes or processes here")

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        raise KeyError(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}


class Loop(asyncio.SelectorEventLoop):
    """Runs coroutines, timers, and functions in threads."""

    def __init__(self, selector: selectors.BaseSelector | None = None) -> None:
        self._bell = _Bell()
        super().__init__(self._bell)

    def _make_self_pipe(self) -> None:
        pass

    def _close_self_pipe(self) -> None:
        pass

    def _write_to_self(self) -> None:
        self._bell.ring()


class _Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        return Loop()


def install() -> None:
    """Every loop that a guest makes is a `Loop`."""
    asyncio.SelectorEventLoop = Loop
    asyncio.set_event_loop_policy(_Policy())
