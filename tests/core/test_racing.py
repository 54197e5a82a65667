"""Racing: what can no longer win is found early, what can is hardly ever lost, whenever one looks."""

import random
from collections.abc import Callable

import pytest

from selftaught.core.racing import evidence_below, evidence_worse, in_rounds


def stopped(draw: Callable[[random.Random], float], target: float, *, level: float = 0.05, most: int = 60) -> list[int]:
    """After how many draws each of many candidates is stopped; one that never is is not listed."""
    found = []
    for seed in range(1000):
        rng, values = random.Random(seed), list[float]()
        for number in range(1, most + 1):
            values.append(draw(rng))
            if evidence_below(values, target) >= 1 / level:
                found.append(number)
                break
    return found


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: float(rng.random() < 0.8),
        lambda rng: 0.8 + rng.uniform(-0.2, 0.2),
        lambda rng: rng.betavariate(0.8, 0.2),
        lambda rng: rng.choice([0.6, 1.0]),
    ],
    ids=["all or nothing", "narrow", "at both ends", "two values"],
)
def test_a_candidate_as_good_as_its_parent_is_stopped_at_most_at_the_level(
    draw: Callable[[random.Random], float],
) -> None:
    assert len(stopped(draw, 0.8)) < 1000 * 0.05


def test_one_that_fails_everywhere_is_stopped_soon_and_the_sooner_the_better_its_parent_is() -> None:
    soon = {target: stopped(lambda rng: 0.0, target)[0] for target in (0.5, 0.8, 0.95)}
    assert soon == {0.5: 7, 0.8: 3, 0.95: 2}


def test_nothing_is_shown_before_anything_is_drawn_nor_of_a_parent_that_scored_nothing() -> None:
    assert evidence_below([], 0.8) == pytest.approx(1.0)
    assert evidence_below([0.0] * 50, 0.0) <= 1.0


def test_a_perfect_parent_cannot_be_reached_after_one_loss() -> None:
    assert evidence_below([0.99], 1.0) > 20


def test_rounds_take_each_task_in_turn_and_end_when_all_is_lost() -> None:
    """D is a a b b: one repeat of each task, then the next; results in the order of D."""
    order: list[str] = []

    def work(item: str) -> str:
        order.append(item)
        return item.upper()

    def lost(done: object) -> bool:
        return False

    assert list(in_rounds(map, 2, lost)(work, ["a0", "a1", "b0", "b1"])) == ["A0", "A1", "B0", "B1"]
    assert order == ["a0", "b0", "a1", "b1"]
    assert list(in_rounds(map, 2, lambda done: len(done) == 1)(work, ["a0", "a1", "b0", "b1"])) == ["A0", "B0"]


@pytest.mark.parametrize("spread", [0.5, 0.05, 0.005])
def test_an_arm_as_good_as_another_is_shown_to_be_worse_at_most_at_the_level(spread: float) -> None:
    shown = 0
    for seed in range(1000):
        rng = random.Random(seed)
        differences = [rng.choice([-1, 1]) * rng.uniform(0, spread) for _ in range(60)]
        shown += any(evidence_worse(differences[:number]) >= 20 for number in range(1, 61))
    assert shown < 1000 * 0.05


def test_one_that_always_loses_is_found_whatever_the_unit_and_one_that_wins_never() -> None:
    assert [evidence_worse([-unit] * 12) > 20 for unit in (0.5, 0.05, 0.005)] == [True] * 3
    assert evidence_worse([0.05] * 60) <= 1.0
