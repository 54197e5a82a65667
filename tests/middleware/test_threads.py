"""A map in threads: order, errors, context, and no deadlock at any nesting."""

import threading
import time

import pytest

from selftaught.core.address import here, working_at
from selftaught.core.errors import ModelUnavailable, RunStopped
from selftaught.middleware.gate import Gate
from selftaught.middleware.threads import MOST_THREADS, thread_map


def test_results_come_in_the_order_of_the_items() -> None:
    def slow_first(item: int) -> int:
        time.sleep(0.02 * (3 - item))
        return item * item

    assert list(thread_map(slow_first, [0, 1, 2, 3])) == [0, 1, 4, 9]


def test_all_calls_are_under_way_at_once() -> None:
    together = threading.Barrier(50, timeout=10)
    list(thread_map(lambda _: together.wait(), range(50)))


def test_ten_thousand_calls_that_wait_are_not_ten_thousand_threads() -> None:
    before = threading.active_count()
    most = 0

    def watched(item: int) -> int:
        nonlocal most
        most = max(most, threading.active_count() - before)
        return item

    assert list(thread_map(watched, range(10_000))) == list(range(10_000))
    assert most <= MOST_THREADS


def test_what_one_call_leaves_in_its_context_the_next_does_not_see() -> None:
    seen: set[str] = set()

    def work(item: int) -> None:
        seen.add(here())
        working_at(f"/{item}").__enter__()

    list(thread_map(work, range(2 * MOST_THREADS)))
    assert seen == {""}


def test_the_first_error_in_order_is_raised_when_all_have_ended() -> None:
    ended = []

    def work(item: int) -> None:
        time.sleep(0.01 * item)
        ended.append(item)
        if item in (1, 2):
            raise ValueError(item)

    with pytest.raises(ValueError, match="1"):
        list(thread_map(work, [0, 1, 2, 3]))
    assert sorted(ended) == [0, 1, 2, 3]


def test_each_call_works_at_its_callers_address() -> None:
    with working_at("/a"):
        assert list(thread_map(lambda _: here(), [1, 2])) == ["/a", "/a"]


def test_maps_within_maps_do_not_starve() -> None:
    def nest(depth: int) -> int:
        return 1 if depth == 0 else sum(thread_map(nest, [depth - 1] * 4))

    assert nest(4) == 256


def test_a_gate_stays_shut_with_its_first_reason() -> None:
    gate = Gate()
    with pytest.raises(ModelUnavailable, match="down"):
        gate.guard(lambda: (_ for _ in ()).throw(ModelUnavailable("down")))
    gate.stop(RunStopped("later", interrupted=True))
    with pytest.raises(ModelUnavailable, match="down"):
        gate.check()


def test_a_gate_shuts_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    gate = Gate(30)
    now += 29
    assert gate.guard(lambda: 1) == 1
    now += 1
    with pytest.raises(RunStopped, match="time limit of 30 s"):
        gate.guard(lambda: 1)
