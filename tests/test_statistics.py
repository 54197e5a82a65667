"""Intervals, tests and repeats, against published values and against what they promise."""

from collections.abc import Callable
from math import inf, nan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftaught.core.measurement import Estimate
from selftaught.statistics import (
    Interval,
    NotEnough,
    difference_interval,
    fewest,
    fisher_exact,
    holm,
    mean_interval,
    mean_with_error,
    paired_differences,
    permutation_test,
    repeats_needed,
    two_proportions,
    unpaired_test,
    wilson,
)

VALUES = st.lists(st.floats(-100, 100), min_size=2, max_size=12)
SCORES = st.lists(st.floats(0, 1), min_size=6, max_size=12)
SHIFTS = st.lists(st.integers(-20, 20).map(float), min_size=6, max_size=12)

# Efron and Tibshirani, An Introduction to the Bootstrap (1993), table 2.1: survival of the treated mice, in days.
MICE = [94, 197, 16, 38, 99, 141, 23]

# Darwin's maize, crossed against self-fertilised, in eighths of an inch: Fisher, The Design of Experiments (1935), §21.
MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


def in_percent(interval: Interval) -> tuple[float, float, float]:
    return (round(100 * interval.value, 2), round(100 * interval.low, 2), round(100 * interval.high, 2))


@pytest.mark.parametrize(
    ("count", "published"),
    [
        (42, (0.42, 0.31, 0.57)),  # GPT-4
        (46, (0.46, 0.35, 0.61)),  # GPT-4, warned
        (12, (0.12, 0.07, 0.21)),  # GPT-3.5
        (17, (0.17, 0.11, 0.27)),  # GPT-3.5, warned
    ],
)
def test_wilson_gives_the_intervals_of_the_papers_table_2(count: int, published: tuple[float, float, float]) -> None:
    assert in_percent(wilson(count, 10_000)) == published


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_newcombes_examples(successes: int, trials: int, low: float, high: float) -> None:
    # Newcombe, Two-sided confidence intervals for the single proportion, Statistics in Medicine 17 (1998), table I
    found = wilson(successes, trials)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_stays_within_0_and_1_and_mirrors(counts: tuple[int, int]) -> None:
    successes, trials = counts
    found, mirrored = wilson(successes, trials), wilson(trials - successes, trials)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high
    assert (found.low, found.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low))


@pytest.mark.parametrize(("trials", "share"), [(20, 0.1), (20, 0.5), (100, 0.02), (1000, 0.005)])
def test_wilson_covers_about_as_often_as_it_says(trials: int, share: float) -> None:
    counts = np.random.default_rng(0).binomial(trials, share, 4000)
    covered = np.mean([wilson(int(c), trials).low <= share <= wilson(int(c), trials).high for c in counts])
    assert 0.92 <= covered <= 0.99


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 5), (6, 5)])
def test_a_proportion_that_is_none_is_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, trials)
    with pytest.raises(ValueError, match="successes"):
        two_proportions((1, 2), (successes, trials))


def test_a_mean_has_its_standard_error() -> None:
    found = mean_with_error(MICE)
    assert (round(found.mean, 2), found.standard_error and round(found.standard_error, 2), found.n) == (86.86, 25.24, 7)


def test_one_value_has_neither_error_nor_interval_and_says_so() -> None:
    assert mean_with_error([0.5]) == Estimate(0.5, None, 1)
    assert mean_interval([0.5], seed=0) == difference_interval([0.5], seed=0) == NotEnough(1, 6)
    assert str(NotEnough(1, 6)) == "n = 1: too few for an interval, which needs 6"


@pytest.mark.parametrize("values", [[], [nan], [1.0, inf], [1.0, 2.0, nan]])
def test_nothing_and_what_is_not_finite_are_refused(values: list[float]) -> None:
    calls: list[Callable[[], object]] = [
        lambda: mean_with_error(values),
        lambda: mean_interval(values, seed=0),
        lambda: difference_interval(values, seed=0),
        lambda: permutation_test(values, seed=0),
        lambda: repeats_needed(1.0, values),
        lambda: paired_differences(values, values),
        lambda: holm(values),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="wanted"):
            call()


def test_pairs_have_two_sides() -> None:
    assert paired_differences([1, 2], [4, 3]) == [3, 1]
    with pytest.raises(ValueError, match="2 values before and 1 after"):
        paired_differences([1, 2], [1])


@pytest.mark.parametrize(("confidence", "least"), [(0.9, 5), (0.95, 6), (0.99, 8)])
def test_an_interval_takes_as_many_values_as_an_exact_test(confidence: float, least: int) -> None:
    assert fewest(confidence) == least
    for interval in (mean_interval, difference_interval):
        assert isinstance(interval([0.5] * (least - 1), seed=0, confidence=confidence), NotEnough)
        assert isinstance(interval([0.5] * least, seed=0, confidence=confidence), Interval)
    smallest = [permutation_test([0.5] * n, seed=0).smallest_p for n in (least - 1, least)]
    assert smallest[1] <= 1 - confidence + 1e-12 < smallest[0]


@pytest.mark.parametrize(
    ("successes", "low", "high"),
    [(0, 0.0, 0.3085), (1, 0.0025, 0.4450), (3, 0.0667, 0.6525), (9, 0.5550, 0.9975), (10, 0.6915, 1.0)],
)
def test_of_shares_the_interval_of_a_mean_is_clopper_and_pearsons(successes: int, low: float, high: float) -> None:
    """Figures for 10 trials from the table of Clopper and Pearson (Biometrika 26, 1934), to what the draws allow."""
    found = mean_interval([1.0] * successes + [0.0] * (10 - successes), seed=3, resamples=100_000)
    assert isinstance(found, Interval)
    assert found.low == pytest.approx(low, abs=0.004)
    assert found.high == pytest.approx(high, abs=0.004)


@given(SCORES, st.integers(0, 1000))
def test_the_interval_of_a_mean_holds_it_and_reaches_past_the_values_within_the_range(
    values: list[float], seed: int
) -> None:
    found = mean_interval(values, seed=seed, resamples=99)
    assert isinstance(found, Interval)
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0
    assert mean_interval(values[::-1], seed=seed, resamples=99) == found


def test_a_value_outside_the_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"from 0\.0 to 1\.0, got 0\.1 to 1\.1"):
        mean_interval([0.1, 1.1], seed=0)
    found = mean_interval([-0.5] * 6, seed=0, low=-1.0)
    assert isinstance(found, Interval) and -1.0 < found.low < -0.5 < found.high < 1.0


@given(SHIFTS, st.integers(0, 1000))
def test_the_interval_of_differences_is_never_at_odds_with_the_test(values: list[float], seed: int) -> None:
    found = difference_interval(values, seed=seed)
    assert isinstance(found, Interval)
    assert min(values) - 1e-9 <= found.low <= found.value <= found.high <= max(values) + 1e-9
    assert difference_interval(values[::-1], seed=seed) == found
    inside = found.low < -1e-9 and found.high > 1e-9
    outside = found.low > 1e-9 or found.high < -1e-9
    p = permutation_test(values, seed=seed).p
    assert not (inside and p <= 0.05) and not (outside and p > 0.05)


@pytest.mark.parametrize("n", [*range(6, 13), 21, 25, 40])
def test_at_its_very_edge_too_and_where_both_are_drawn(n: int) -> None:
    """Means near the edge of what the test rejects; with one digit, whose subsets add up to 0 but for rounding."""
    rng = np.random.default_rng(n)
    for number in range(60):
        values = rng.normal(0.0, 1.0, n)
        values += 2.2 * values.std(ddof=1) / n**0.5 * rng.uniform(0.8, 1.2) - values.mean()
        values = values.round(1) if number % 2 else values
        found = difference_interval(values.tolist(), seed=3)
        assert isinstance(found, Interval)
        assert (permutation_test(values.tolist(), seed=3).p <= 0.05) == (not found.low <= 0.0 <= found.high)


def test_six_differences_have_the_interval_from_the_least_to_the_largest() -> None:
    found = difference_interval([3.0, 1.0, 6.0, 2.0, 5.0, 4.0], seed=0)
    assert found == Interval(3.5, 1.0, 6.0, 6)


def test_many_differences_have_about_the_interval_of_the_normal_distribution() -> None:
    values = np.random.default_rng(5).normal(3.0, 2.0, 400)
    found = difference_interval(values.tolist(), seed=1)
    assert isinstance(found, Interval)
    half = 1.96 * float(values.std(ddof=1)) / 20
    assert found.low == pytest.approx(found.value - half, abs=0.02)
    assert found.high == pytest.approx(found.value + half, abs=0.02)


def test_another_seed_is_another_draw() -> None:
    assert mean_interval([0.1, 0.5] * 3, seed=1, resamples=99) != mean_interval([0.1, 0.5] * 3, seed=2, resamples=99)


@pytest.mark.parametrize("n", [6, 10])
def test_both_cover_as_often_as_they_say(n: int) -> None:
    """A mean: where a quarter of the runs solve their task. A difference: where it is symmetric."""
    rng = np.random.default_rng(7)
    means = [mean_interval(solved(rng, n), seed=i, resamples=400) for i in range(400)]
    assert np.mean([isinstance(f, Interval) and f.low <= 0.7 <= f.high for f in means]) >= 0.95
    gains = [difference_interval(rng.normal(0.03, 0.02, n).tolist(), seed=i) for i in range(400)]
    assert np.mean([isinstance(f, Interval) and f.low <= 0.03 <= f.high for f in gains]) >= 0.93


def solved(rng: np.random.Generator, n: int) -> list[float]:
    """Most at about .6, a quarter at 1: the mean is .7."""
    found: list[float] = np.where(rng.random(n) < 0.25, 1.0, rng.normal(0.6, 0.02, n)).tolist()
    return found


def test_fishers_exact_test_on_the_lady_who_tastes_tea() -> None:
    """Design of Experiments, §5: 3 of 4 cups right, or more, in 17 of 70 ways; as many the other way."""
    assert fisher_exact((3, 4), (1, 4)) == fisher_exact((1, 4), (3, 4)) == pytest.approx(34 / 70)
    assert fisher_exact((4, 4), (0, 4)) == pytest.approx(2 / 70)
    assert fisher_exact((0, 3), (0, 9)) == fisher_exact((3, 3), (9, 9)) == 1.0
    assert fisher_exact((7, 12), (1, 17)) == pytest.approx(0.00325222, rel=1e-6)  # scipy.stats.fisher_exact
    with pytest.raises(ValueError, match="successes"):
        fisher_exact((1, 2), (3, 2))


def test_the_permutation_test_gives_fishers_count() -> None:
    found = permutation_test(MAIZE, seed=0)  # 863 of the 32,768 sums are at least 314, and as many at most -314
    assert found.exact
    assert found.mean_difference * 15 == pytest.approx(314)
    assert found.p == 2 * 863 / 32_768


def test_the_permutation_test_says_what_its_pairs_can_show_at_best() -> None:
    found = [permutation_test([1.0] * n, seed=0) for n in (1, 5, 6)]
    assert [(f.p, f.smallest_p) for f in found] == [(1.0, 1.0), (1 / 16, 1 / 16), (1 / 32, 1 / 32)]


def test_sums_that_tie_on_paper_tie() -> None:
    assert permutation_test([0.1, 0.2, -0.3], seed=0).p == 1.0
    assert permutation_test([0.0] * 30, seed=0).p == 1.0


def test_beyond_20_pairs_flips_are_drawn_and_agree_with_the_count() -> None:
    # A pair without a difference changes no p-value, but makes 15 pairs 25.
    found = permutation_test([*MAIZE, *[0.0] * 10], seed=5)
    assert not found.exact
    assert found.p == pytest.approx(2 * 863 / 32_768, abs=0.012)
    assert found == permutation_test([*[0.0] * 10, *MAIZE[::-1]], seed=5)
    assert permutation_test([1.0] * 40, seed=5).p == 1 / 10_000


@given(VALUES)
def test_the_permutation_test_sees_neither_sign_nor_scale(values: list[float]) -> None:
    values = [round(value, 3) for value in values]
    p = permutation_test(values, seed=0).p
    assert 2 / 2 ** len(values) <= p <= 1
    assert permutation_test([-4 * value for value in values], seed=0).p == p


def test_the_permutation_test_keeps_its_level() -> None:
    rng = np.random.default_rng(11)
    rejected = np.mean([permutation_test(rng.normal(size=10).tolist(), seed=0).p <= 0.05 for _ in range(2000)])
    assert 0.03 <= rejected <= 0.07


@pytest.mark.parametrize(
    ("first", "second", "p"),
    [
        ((42, 10_000), (46, 10_000), 0.67),  # the warning, GPT-4 (paper, Table 2)
        ((12, 10_000), (17, 10_000), 0.35),  # the warning, GPT-3.5
        ((12, 10_000), (42, 10_000), 0.00004),  # GPT-3.5 against GPT-4
    ],
)
def test_the_warning_of_the_paper_shows_no_effect_and_the_model_does(
    first: tuple[int, int], second: tuple[int, int], p: float
) -> None:
    found = two_proportions(first, second)
    assert found.p == pytest.approx(p, rel=0.12)
    assert found.z > 0 and found.difference > 0


def test_two_proportions_gives_agrestis_aspirin() -> None:
    # Agresti, An Introduction to Categorical Data Analysis, ch. 2: heart attacks under placebo and aspirin, X² = 25.0
    found = two_proportions((104, 11_037), (189, 11_034))
    assert (round(found.z**2, 1), round(found.difference, 4)) == (25.0, 0.0077)


def test_two_proportions_without_variation_are_equal() -> None:
    assert (two_proportions((0, 9), (0, 5)).p, two_proportions((9, 9), (5, 5)).p) == (1.0, 1.0)


@pytest.mark.parametrize(("effect", "pairs"), [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10), (-0.5, 34), (50.0, 6)])
def test_repeats_needed_are_those_of_the_paired_t_test(effect: float, pairs: int) -> None:
    # The usual sizes for d_z at power 0.8 and a two-sided 5 % (G*Power); 6 pairs are the least that can reach 5 %.
    assert repeats_needed(effect, [-sqrt(0.5), sqrt(0.5)]) == pairs


def test_repeats_needed_give_the_power_they_promise() -> None:
    rng = np.random.default_rng(2)
    pilot = [-1.0, 0.0, 1.0]  # an sd of 1
    n = repeats_needed(1.0, pilot)
    seen = np.mean([permutation_test(rng.normal(1.0, 1.0, n).tolist(), seed=0).p <= 0.05 for _ in range(1500)])
    assert 0.75 <= seen <= 0.86


@pytest.mark.parametrize(
    ("effect", "differences", "power"), [(0.0, [1, 2], 0.8), (nan, [1, 2], 0.8), (1.0, [1], 0.8), (1.0, [1, 2], 1.0)]
)
def test_repeats_cannot_be_told_for_no_effect_no_spread_or_certainty(
    effect: float, differences: list[float], power: float
) -> None:
    with pytest.raises(ValueError, match="wanted"):
        repeats_needed(effect, differences, power=power)


def test_holm_adjusts_in_place() -> None:
    # Holm, A Simple Sequentially Rejective Multiple Test Procedure (1979): 4p, 3p, 2p, p, never falling
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.7]) == [0.7]
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        holm([0.5, 1.5])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_holm_only_raises_and_lies_below_bonferroni(p_values: list[float]) -> None:
    adjusted = holm(p_values)
    for p, q in zip(p_values, adjusted, strict=True):
        assert p <= q <= 1
    assert min(adjusted) == min(1.0, min(p_values) * len(p_values))


def test_a_confidence_is_between_0_and_1() -> None:
    calls: list[Callable[[], object]] = [
        lambda: wilson(1, 2, confidence=1.0),
        lambda: mean_interval([0, 1], seed=0, confidence=0.0),
        lambda: mean_interval([0, 1], seed=0, resamples=0),
        lambda: difference_interval([1, 2], seed=0, confidence=1.0),
        lambda: difference_interval([1, 2], seed=0, resamples=0),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="wanted"):
            call()


def test_an_unpaired_test_counts_the_divisions_that_are_as_extreme() -> None:
    # of the 20 ways to divide 1 to 6 into threes, 2 are as extreme as this one; with ties, of 6 ways all are
    assert unpaired_test([1, 2, 3], [6, 5, 4], seed=0) == pytest.approx(0.1, abs=0.003)
    assert unpaired_test([1, 1], [1, 1], seed=0) == 1.0
    assert unpaired_test([0.0] * 20, [1.0] * 20, seed=0) == 1e-5


def test_an_unpaired_test_keeps_its_level_with_samples_of_two_sizes() -> None:
    rng = np.random.default_rng(3)
    p = [unpaired_test(rng.random(6).tolist(), rng.random(15).tolist(), seed=1, resamples=499) for _ in range(600)]
    assert 0.03 < np.mean(np.array(p) <= 0.05) < 0.07


@pytest.mark.parametrize("values", [[], [nan], [inf]])
def test_an_unpaired_test_of_nothing_is_an_error(values: list[float]) -> None:
    with pytest.raises(ValueError):
        unpaired_test(values, [1.0], seed=0)
    with pytest.raises(ValueError):
        unpaired_test([1.0], values, seed=0)
