import gc
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from selftaught.tasks import syntax
from selftaught.tasks.loading import load_task

SOURCE = "\n".join(f"def f{n}(a, b):\n    return [a + b * {n}, a if b else -a]" for n in range(30))


@pytest.fixture
def switching() -> Iterator[None]:
    """Threads take turns as often as they can, and within Python's reader too: where a collection calls Python."""

    def called(phase: str, info: dict[str, int]) -> None:
        sum(range(50))

    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.callbacks.append(called)
    gc.set_threshold(1)
    sys.setswitchinterval(1e-6)
    yield
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)
    gc.callbacks.remove(called)


def test_many_threads_read_at_once(switching: None) -> None:
    """Python 3.11's own reader ends in a SystemError here, for one in twenty."""
    with ThreadPoolExecutor(4) as threads:
        trees = list(threads.map(syntax.tree_of, [SOURCE] * 80))
    assert {len(tree.body) for tree in trees} == {30}


def test_many_threads_load_tasks_at_once(switching: None) -> None:
    with ThreadPoolExecutor(4) as threads:
        specs = list(threads.map(load_task, ["parity", "maxcut", "tsp", "modified-qap"] * 2))
    assert len({spec.description for spec in specs}) == 4


def test_only_one_place_of_the_process_that_serves_reads_python() -> None:
    """The others are read in a guest, or in the process that reads hostile text."""
    package = Path(syntax.__file__).parent
    assert [file.name for file in package.rglob("*.py") if "ast.parse(" in file.read_text()] == ["syntax.py"]
