"""A `map` that runs its calls side by side. What bounds them are the leaves: guests and model calls."""

from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from threading import Thread

from selftaught.core.contracts import In, Out


def thread_map(function: Callable[[In], Out], items: Sequence[In], /) -> Iterable[Out]:
    """Implements `Map`: one thread for each item, so that a map within a map cannot starve itself of workers.

    Each thread works in a copy of the caller's context, and so at the caller's address. All threads have ended when
    this returns or raises.
    """
    if len(items) <= 1:
        return [function(item) for item in items]
    results: dict[int, Out] = {}
    errors: dict[int, BaseException] = {}

    def work(index: int) -> None:
        try:
            results[index] = function(items[index])
        except BaseException as error:
            errors[index] = error

    threads = [Thread(target=copy_context().run, args=(work, i), daemon=True) for i in range(len(items))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [results[index] for index in range(len(items))]
