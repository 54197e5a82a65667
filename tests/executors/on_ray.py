"""What a cluster does when its nodes come and go. Run by test_on_ray.py."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from executors.one_machine import NODE, two_nodes
from selftaught.core.contracts import Program
from selftaught.sandbox.contract import Limits
from selftaught.wiring.executors.choice import open_executor
from selftaught.wiring.executors.cluster import Cluster

COUNTS = Program("import time\nseen = []\ndef f(x):\n    time.sleep(0.02)\n    seen.append(x)\n    return len(seen)")
"""It remembers: a program that began anew in mid-run would count from one again."""
LIMITS = Limits(cpu_seconds=1.0, wall_seconds=30.0)


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with open_executor(f"ray:{two_nodes().address}", "auto") as opened:
        assert isinstance(opened, Cluster)
        yield opened


def at_work(cluster: Cluster, threads: int, calls: int) -> tuple[list[threading.Thread], list[list[object]]]:
    """Programs that run meanwhile, half of them asked call by call."""
    found: list[list[object]] = []

    def score(number: int) -> None:
        asked = [[number]] * calls
        outcomes = cluster.run(COUNTS, "f", asked if number % 2 else iter(asked), LIMITS, seed=number)
        found.append([outcome.value for outcome in outcomes])

    started = [threading.Thread(target=score, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    return started, found


def test_a_node_that_is_lost_costs_no_outcome_and_doubles_none(cluster: Cluster) -> None:
    extra = two_nodes().add_node(**NODE)
    wait_for(lambda: len(cluster.nodes) == 3)  # it came late, and is used
    threads, found = at_work(cluster, 12, 20)
    wait_for(lambda: len(found) >= 2)
    two_nodes().remove_node(extra, allow_graceful=False)
    for thread in threads:
        thread.join(100)
    assert found == [list(range(1, 21))] * 12
    assert len(cluster.nodes) == 2


def test_our_process_on_a_node_that_is_killed_is_started_anew(cluster: Cluster) -> None:
    threads, found = at_work(cluster, 8, 20)
    wait_for(lambda: len(found) >= 1)
    before = cluster.pids()
    id, pid = next(iter(before.items()))
    os.kill(pid, signal.SIGKILL)
    for thread in threads:
        thread.join(100)
    assert found == [list(range(1, 21))] * 8
    wait_for(lambda: cluster.pids().get(id) not in (None, pid))


def wait_for(happens: object, seconds: float = 60.0) -> None:
    """Raises AssertionError if it does not."""
    assert callable(happens)
    event = threading.Event()
    for _ in range(int(seconds / 0.1)):
        if happens():
            return
        event.wait(0.1)
    raise AssertionError("it did not happen")
