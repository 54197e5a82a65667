"""A `map` that runs its calls side by side. What bounds them are the leaves: guests and model calls."""

from collections.abc import Callable, Iterable, Sequence
from contextvars import copy_context
from threading import Lock, Thread

from selftaught.core.contracts import In, Out

MOST_THREADS = 1024
"""Of one map: more than any machine has cores, and as many as calls of a model that a run may have in flight."""


def thread_map(function: Callable[[In], Out], items: Sequence[In], /) -> Iterable[Out]:
    """Implements `Map`: one thread for each item, so that a map within a map cannot starve itself of workers.

    Of more than MOST_THREADS items each thread takes the next when it is done with one. The threads are this map's
    own: nested maps do not wait for each other's.

    Each call works in a copy of the caller's context, and so at the caller's address. All threads have ended when this
    returns or raises.
    """
    if len(items) <= 1:
        return [function(item) for item in items]
    results: dict[int, Out] = {}
    errors: dict[int, BaseException] = {}
    context, taking, left = copy_context(), Lock(), iter(range(len(items)))

    def work() -> None:
        while True:
            with taking:
                index = next(left, None)
            if index is None:
                return
            try:
                results[index] = context.copy().run(function, items[index])
            except BaseException as error:
                errors[index] = error

    threads = [Thread(target=work, daemon=True) for _ in range(min(len(items), MOST_THREADS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [results[index] for index in range(len(items))]
