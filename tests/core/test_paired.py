"""The error of the difference of two improvers that met the same instances."""

import random
from math import sqrt
from statistics import fmean, pvariance

import pytest

from selftaught.core.measurement import Estimate, Graded, by_instance, paired
from selftaught.statistics import smallest_p, superiority


def sample(grades: list[float], task: str = "t") -> Graded:
    return task, fmean(grades), grades


def test_what_all_repeats_and_instances_agree_on_has_no_error() -> None:
    before = [sample([0.1, 0.9, 0.4]), sample([0.2, 0.8, 0.4])]
    after = [sample([0.3, 1.1, 0.6]), sample([0.4, 1.0, 0.6])]
    assert paired(before, after).mean == pytest.approx(0.2)
    assert paired(before, after, common_draws=True).standard_error == pytest.approx(0.0, abs=1e-12)


def test_instances_that_differ_alike_for_all_repeats_are_an_error_of_the_instances() -> None:
    before = [sample([0.0, 0.0, 0.0, 0.0])] * 2
    after = [sample([0.0, 0.1, 0.2, 0.3])] * 2
    assert paired(before, after).standard_error == pytest.approx(sqrt(0.05 / 3 / 4))


def test_repeats_that_differ_alike_on_all_instances_are_an_error_of_the_repeats() -> None:
    before = [sample([0.5, 0.7])] * 2
    after = [sample([0.6, 0.8]), sample([0.8, 1.0])]
    assert paired(before, after).standard_error == pytest.approx(sqrt(0.02 / 2))


def test_tasks_are_weighed_by_their_samples_and_their_errors_added() -> None:
    one = ([sample([0.5, 0.7])] * 2, [sample([0.6, 0.8]), sample([0.8, 1.0])])
    two = ([sample([0.5, 0.7], "u")] * 2, [sample([0.6, 0.8], "u"), sample([0.8, 1.0], "u")])
    both = paired(one[0] + two[0], one[1] + two[1])
    assert both.standard_error == pytest.approx(sqrt(0.01) / sqrt(2)) and both.n == 4


def test_one_repeat_has_no_error_of_its_repeats_and_so_none() -> None:
    assert paired([sample([0.0, 1.0])], [sample([1.0, 1.0])]) == Estimate(0.5, None, 1)


def test_a_failed_application_counts_0_on_each_instance() -> None:
    rows: list[tuple[Graded, Graded]] = [(sample([0.5, 1.0]), ("t", 0.0, [])), (sample([0.0, 1.0]), sample([1.0, 1.0]))]
    assert by_instance(rows) == ([[0.5, 1.0], [0.0, 1.0]], [[0.0, 0.0], [1.0, 1.0]])


def test_grades_that_are_not_known_leave_the_repeats() -> None:
    before: list[Graded] = [("t", 0.1, []), ("t", 0.2, [])]
    after: list[Graded] = [("t", 0.3, []), ("t", 0.6, [])]
    assert paired(before, after, common_draws=True).standard_error == pytest.approx(0.1)
    assert paired(before, after).standard_error == pytest.approx(sqrt(0.05**2 + 0.15**2))


def test_repeats_of_draws_of_their_own_are_no_pairs() -> None:
    """That the first of each was low, and the second high, is chance."""
    before, after = [sample([0.4, 0.4]), sample([0.6, 0.6])], [sample([0.5, 0.5]), sample([0.7, 0.7])]
    assert paired(before, after, common_draws=True).standard_error == pytest.approx(0.0, abs=1e-12)
    assert paired(before, after).standard_error == pytest.approx(sqrt(0.02))


def test_other_tasks_are_no_pairs() -> None:
    with pytest.raises(ValueError, match="same tasks"):
        paired([sample([1.0])], [sample([1.0], "u")])


def drawn(
    chance: random.Random, gain: float, repeats: int = 5, instances: int = 30
) -> tuple[list[Graded], list[Graded]]:
    hardness = [chance.gauss(0.6, 0.1) for _ in range(instances)]
    suits = [chance.gauss(gain, 0.03) for _ in range(instances)]

    def improver(bonus: list[float]) -> list[Graded]:
        luck = [chance.gauss(0, 0.03) for _ in range(repeats)]
        return [
            sample([h + b + one + chance.gauss(0, 0.1) for h, b in zip(hardness, bonus, strict=True)]) for one in luck
        ]

    return improver([0.0] * instances), improver(suits)


def test_the_error_is_that_of_drawing_again_and_the_test_keeps_its_level() -> None:
    chance = random.Random(1)
    told = [(paired(*pair), superiority(*pair, seed=1).p) for pair in (drawn(chance, 0.0) for _ in range(400))]
    true = sqrt(pvariance([estimate.mean for estimate, _ in told]))
    claimed = sqrt(fmean((estimate.standard_error or 0.0) ** 2 for estimate, _ in told))
    assert claimed == pytest.approx(true, rel=0.12)
    assert sum(p <= 0.05 for _, p in told) <= 400 * 0.05
    better = [superiority(*drawn(chance, 0.08), seed=1).p <= 0.05 for _ in range(60)]
    assert sum(better) >= 40


def test_the_least_p_is_that_of_the_repeats() -> None:
    before = [sample([0.1] * 30) for _ in range(5)]
    after = [sample([0.9] * 30) for _ in range(5)]
    assert superiority(before, after, seed=1).p == smallest_p(5) == superiority(before, after, seed=1).smallest_p
    assert superiority(after, before, seed=1).p == superiority(before, before, seed=1).p == 1.0


def test_few_instances_bind_however_many_repeats_agree() -> None:
    before = [sample([0.5, 0.5]) for _ in range(10)]
    after = [sample([0.7, 0.6]) for _ in range(10)]
    assert superiority(before, after, seed=1).p == 0.25
