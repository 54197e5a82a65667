"""What a guest's request costs the host: CPU time of the thread that serves it, and of the reader that it asked.

A guest is charged for it, as for its own computing. What the run itself wants of the request, a model's answer or a
score, is free: it has its own budget. Once the guest is over nobody waits for the rest.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from selftaught.bounded import READER


class Abandoned(Exception):  # noqa: N818 - not an error: nobody waits for it any more
    """The guest is over. Internal to the sandbox."""


@dataclass
class _Thread(threading.local):
    """What is known of a thread that serves a request. `over`: whether its guest is."""

    over: Callable[[], bool] | None = None
    free_seconds: float = 0.0


_thread = _Thread()


def begin(over: Callable[[], bool]) -> None:
    """The current thread serves a request from here on: what it did before costs nobody anything."""
    _thread.over, _thread.free_seconds = over, _spent()


def cost_seconds() -> float:
    """CPU time of the current thread and for it, since it began."""
    return _spent() - _thread.free_seconds


def check() -> None:
    """Raises Abandoned where the guest that asked is over."""
    if _thread.over is not None and _thread.over():
        raise Abandoned


@contextmanager
def free() -> Iterator[None]:
    """What the current thread does in it costs the guest nothing, and is not abandoned: it is recorded and paid for."""
    (before, over), began = (_thread.free_seconds, _thread.over), _spent()
    _thread.over = None
    try:
        yield
    finally:
        _thread.free_seconds, _thread.over = before + _spent() - began, over


def _spent() -> float:
    return time.thread_time() + READER.cpu_seconds_of_this_thread
