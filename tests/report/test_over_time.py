"""What is kept for the drawings: small however long the run is, and equal to what the whole record says."""

import random

import msgspec
import pytest

from selftaught.report.over_time import _MOST_POINTS, Lane, OverTime


def intervals(count: int, longest: float, seed: int = 1) -> list[tuple[float, float]]:
    """In the order of their ends, as a record has them."""
    rng, now, found = random.Random(seed), 0.0, []
    for _ in range(count):
        now += rng.choice([0.0, rng.random() * 3])
        found.append((max(0.0, now - rng.random() * longest), now))
    return found


def union(found: list[tuple[float, float]]) -> float:
    total = reached = 0.0
    for begin, end in sorted(found):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total


@pytest.mark.parametrize("longest", [0.0, 0.5, 4.0, 600.0])
@pytest.mark.parametrize("count", [1, 2, 50, 5000])
def test_the_time_at_work_is_that_of_all_pieces_of_work(count: int, longest: float) -> None:
    lane, found = Lane(), intervals(count, longest)
    for begin, end in found:
        lane.add(begin, end)
    seconds = found[-1][1] or 1.0
    assert lane.busy == pytest.approx(union(found))
    loads = lane.loads(seconds, 240)
    assert sum(loads) * seconds / len(loads) == pytest.approx(sum(end - begin for begin, end in found))
    assert len(msgspec.json.encode(lane)) < 150_000


def test_how_many_were_under_way_is_seen_in_its_place() -> None:
    lane = Lane()
    for begin, end in [(0.0, 1.0), (0.5, 1.0), (0.5, 1.0), (3.0, 4.0)]:
        lane.add(begin, end)
    assert lane.loads(4.0, 8) == pytest.approx([1, 3, 0, 0, 0, 0, 1, 1])
    for number in range(4, 4000):
        lane.add(number, number + 0.5)
    assert lane.loads(4000.0, 4) == pytest.approx([0.5, 0.5, 0.5, 0.5], abs=0.002)


@pytest.mark.parametrize("calls", [0, 1, 2, 1999, 2000, 2001, 4000, 4001, 10_000, 10_001])
def test_what_was_spent_ends_at_the_sum_and_rises_evenly_to_it(calls: int) -> None:
    told = OverTime()
    for number in range(calls):
        told.spent(number + 1.0, 0.5, 3)
    assert len(told.sums) <= _MOST_POINTS + 1
    assert told.sums[-1:] == ([(calls, calls / 2, 3 * calls, calls)] if calls else [])
    assert all(point == (point[3], point[3] / 2, 3 * point[3], point[3]) for point in told.sums)
    steps = [after[3] - before[3] for before, after in zip(told.sums, told.sums[1:], strict=False)]
    assert not calls or all(step == told.each for step in steps[:-1])
