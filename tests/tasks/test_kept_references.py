"""References on disk: found again by content alone, and never a reason to fail."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from selftaught.tasks.bounds.kept import Kept
from selftaught.tasks.bounds.loading import Bound, load_bound
from selftaught.tasks.loading import load_task
from selftaught.tasks.spec import Instance

INSTANCE = Instance((np.arange(4.0).reshape(2, 2), [1, "two", None]), 3)


@pytest.fixture
def counted() -> tuple[Bound, list[int]]:
    """A bound that counts how often it is asked."""
    asked: list[int] = []

    def best(instance: Instance) -> float:
        asked.append(1)
        return 0.1 * len(asked)

    return Bound(load_task("tsp"), "heuristic", "counted.", best, answer=len), asked


def test_an_equal_instance_is_not_searched_again(counted: tuple[Bound, list[int]], tmp_path: Path) -> None:
    bound, asked = counted
    again = Instance((np.arange(4.0).reshape(2, 2), [1, "two", None]), 3)
    assert [Kept(tmp_path / "new").best(bound, i) for i in (INSTANCE, again, INSTANCE)] == [0.1, 0.1, 0.1]
    assert len(asked) == 1


@pytest.mark.parametrize(
    "other",
    [
        Instance((np.arange(4.0).reshape(1, 4), [1, "two", None]), 3),
        Instance((np.arange(4).reshape(2, 2), [1, "two", None]), 3),
        Instance((np.arange(4.0).reshape(2, 2), [1, "two", None]), 4),
        Instance((np.arange(4.0).reshape(2, 2), [True, "two", None]), 3),
        Instance((np.arange(4.0).reshape(2, 2), [1, ["two", None]]), 3),
    ],
)
def test_any_difference_is_another_instance(other: Instance, counted: tuple[Bound, list[int]], tmp_path: Path) -> None:
    bound, _ = counted
    assert Kept(tmp_path).best(bound, INSTANCE) == 0.1
    assert Kept(tmp_path).best(bound, other) == 0.2


def test_another_text_of_the_task_is_another_reference(counted: tuple[Bound, list[int]], tmp_path: Path) -> None:
    bound, asked = counted
    Kept(tmp_path).best(bound, INSTANCE)
    Kept(tmp_path).best(replace(bound, task=replace(bound.task, source="changed")), INSTANCE)
    assert len(asked) == 2


@pytest.mark.parametrize("text", ["", "nan", '"0.5"', "[1]", "{", "\xff"])
def test_a_damaged_file_is_as_good_as_none(text: str, counted: tuple[Bound, list[int]], tmp_path: Path) -> None:
    bound, _ = counted
    Kept(tmp_path).best(bound, INSTANCE)
    (file,) = tmp_path.iterdir()
    file.write_text(text, encoding="latin-1")
    assert Kept(tmp_path).best(bound, INSTANCE) == 0.2
    assert [found.name for found in tmp_path.iterdir()] == [file.name]


def test_where_nothing_can_be_kept_it_is_computed(counted: tuple[Bound, list[int]], tmp_path: Path) -> None:
    bound, _ = counted
    (tmp_path / "file").write_text("")
    assert Kept(tmp_path / "file" / "below").best(bound, INSTANCE) == 0.1


def test_a_constant_is_not_kept(tmp_path: Path) -> None:
    assert Kept(tmp_path).best(load_bound(load_task("tsp")), INSTANCE) == load_task("tsp").bound
    assert list(tmp_path.iterdir()) == []
