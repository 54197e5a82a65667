"""How far a score is on the way to the best known."""

import pytest

from selftaught.core.standing import is_solved, way_to_best


@pytest.mark.parametrize(
    ("value", "seed", "best", "way"),
    [(0.5, 0.0, 1.0, 0.5), (0.1, 0.1, 0.7, 0.0), (0.7, 0.1, 0.7, 1.0), (0.0, 0.1, 0.2, -1.0), (1.2, 0.2, 1.2, 1.0),
     (0.5, 0.0, None, None), (0.5, 1.0, 1.0, None), (0.5, 1.0, 0.9, None)],
)  # fmt: skip
def test_the_way_is_a_share_where_there_is_one(
    value: float, seed: float, best: float | None, way: float | None
) -> None:
    assert way_to_best(value, seed, best) == (None if way is None else pytest.approx(way))


def test_rounding_does_not_keep_a_task_from_being_solved() -> None:
    assert is_solved(0.1 + 0.2, 0.3) and is_solved(1 - 1e-12, 1.0) and not is_solved(0.999, 1.0)
