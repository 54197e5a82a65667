"""Instances of one split, drawn once for all who need them at the same time, and forgotten when nobody does.

The arms of an experiment have the same instances in the same trial: 100 MB of them in maxcut@hard, and some 20 s of CPU
time in tsp.
"""

import threading
from collections.abc import Callable, Hashable, Iterable
from weakref import WeakValueDictionary

from selftaught.tasks.spec import Instance


class Drawn(list[Instance]):
    """A list that can be looked up for as long as somebody has it. Nobody changes it."""


class _Draws:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drawing: dict[Hashable, threading.Lock] = {}
        self._known: WeakValueDictionary[Hashable, Drawn] = WeakValueDictionary()

    def __call__(self, what: Hashable, draw: Callable[[], Iterable[Instance]]) -> Drawn:
        with self._lock:
            alone = self._drawing.setdefault(what, threading.Lock())
        with alone:
            found = self._known.get(what)
            if found is None:
                found = self._known[what] = Drawn(draw())
        with self._lock:
            self._drawing.pop(what, None)
        return found


drawn_once = _Draws()
"""(what, draw): the current instances of `what`, or else `draw()`, never twice at the same time for one `what`."""
