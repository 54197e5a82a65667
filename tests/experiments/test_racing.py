"""Which arms still race, as a function of the trials that are finished."""

import pytest

from selftaught.experiments.racing import Standing, earliest, standing

TRIALS = 20


def arm(level: float, trials: int = TRIALS) -> dict[int, float]:
    """Scores that go up and down with the instances, the same for all arms."""
    return {number: level + 0.1 * (number % 3) for number in range(trials)}


def test_an_arm_that_always_loses_leaves_and_the_others_go_on() -> None:
    found = standing({0: arm(0.7), 1: arm(0.5), 2: arm(0.7)}, TRIALS, 0.05, keep=[])
    assert (found.still_in, found.next_trial, list(found.left)) == ((0, 2), TRIALS, [1])
    assert 6 <= found.left[1] < TRIALS


def test_what_is_compared_with_stays() -> None:
    assert standing({0: arm(0.7), 1: arm(0.5)}, TRIALS, 0.05, keep=[1]).left == {}


def test_the_next_trial_is_the_first_that_one_who_is_in_has_not_finished() -> None:
    assert standing({0: arm(0.7, 4), 1: arm(0.5, 3)}, TRIALS, 0.05, keep=[]) == Standing((0, 1), 3, {})


def test_who_left_holds_nobody_up() -> None:
    left = standing({0: arm(0.7), 1: arm(0.5)}, TRIALS, 0.05, keep=[]).left[1]
    again = standing({0: arm(0.7, left + 2), 1: arm(0.5, left)}, TRIALS, 0.05, keep=[])
    assert again == Standing((0,), left + 2, {1: left})


def test_with_more_arms_more_evidence_is_asked_for() -> None:
    two = standing({0: arm(0.7), 1: arm(0.5)}, TRIALS, 0.05, keep=[]).left[1]
    many = standing({0: arm(0.7), 1: arm(0.5), **{number: arm(0.7) for number in range(2, 12)}}, TRIALS, 0.05, keep=[])
    assert many.left[1] > two


@pytest.mark.parametrize("arms", [2, 7])
def test_nobody_leaves_before_it_is_said_to_be_possible(arms: int) -> None:
    """With differences that are all the same, which is the most that so few trials can show."""
    first = earliest(arms, 0.05)
    lost = {place: dict.fromkeys(range(first), 0.5 - 0.125 * (place > 0)) for place in range(arms)}
    assert set(standing(lost, first, 0.05, keep=[]).left.values()) == {first}
    assert standing(lost, first - 1, 0.05, keep=[]).left == {}
