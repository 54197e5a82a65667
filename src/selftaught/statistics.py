"""What may be claimed from few numbers: intervals, tests, and how many repeats a claim needs.

Every function is pure; those that draw take a seed, and give the same numbers for it under the same numpy. The order of
the values never matters. An empty input, a NaN and an infinity are a ValueError: they mean that something before went
wrong, and no average may hide it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, comb, isfinite, log2, sqrt
from statistics import NormalDist, stdev

import numpy as np
import numpy.typing as npt

from selftaught.core.measurement import Estimate, Graded, by_instance, estimate, paired

Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.95  # of every interval in the paper
RESAMPLES = 9_999  # with the observed one 10,000: p-values and quantiles are then round numbers
MANY = 99_999  # if a p-value will be multiplied by the number of candidates
_ROUNDING = 1e-12  # of a sum, as a share of its parts
_MOST_EXACT = 20  # pairs; 2^19 sums are 4 MB
_CELLS = 1 << 20  # of a matrix of resamples held at once: 8 MB
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its confidence interval: low ≤ value ≤ high, in the unit of the values."""

    value: float
    low: float
    high: float
    n: int
    confidence: float = CONFIDENCE


@dataclass(frozen=True, slots=True)
class NotEnough:
    """Replaces an interval if there are too few values. As text, it says so."""

    n: int
    wanted: int

    def __str__(self) -> str:
        return f"n = {self.n}: too few for an interval, which needs {self.wanted}"


@dataclass(frozen=True, slots=True)
class PairedTest:
    """A two-sided test that the differences are symmetric about 0.

    `smallest_p` is what the same number of pairs would give at best: a p above it may be for want of pairs only.
    `exact` is False where the p-value is itself a draw.
    """

    mean_difference: float
    p: float
    smallest_p: float
    n: int
    exact: bool


@dataclass(frozen=True, slots=True)
class TwoProportions:
    """A two-sided z test that two proportions are equal. `difference` is the second minus the first."""

    difference: float
    z: float
    p: float


def mean_with_error(values: Sequence[float]) -> Estimate:
    """The mean and its standard error, which is None for a single value. Raises ValueError if empty or not finite."""
    return estimate(_finite(values).tolist())


def wilson(successes: int, trials: int, *, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval of a proportion (Wilson 1927), as in Table 2 of the paper.

    One trial has an interval, and so has a proportion of 0 or 1. Raises ValueError unless 0 ≤ successes ≤ trials > 0.
    """
    _check_proportion(successes, trials)
    z = _NORMAL.inv_cdf(_upper_level(confidence))
    share = successes / trials
    scale = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    half = z / scale * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    # At the ends the bound is exactly 0 or 1, which rounding would miss by 1e-17, to either side.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return Interval(share, low, high, trials, confidence)


def paired_differences(before: Sequence[float], after: Sequence[float]) -> list[float]:
    """Each after minus its before: what the paired interval, test and repeats are computed from.

    Raises ValueError if the lengths differ, or a value is not finite.
    """
    if len(before) != len(after):
        raise ValueError(f"wanted pairs, got {len(before)} values before and {len(after)} after")
    differences: list[float] = (_finite(after) - _finite(before)).tolist()
    return differences


def mean_interval(
    values: Sequence[float],
    *,
    seed: int,
    low: float = 0.0,
    high: float = 1.0,
    confidence: float = CONFIDENCE,
    resamples: int = RESAMPLES,
) -> Interval | NotEnough:
    """Gaffke's interval of the mean of values that can only lie in [low, high]; NotEnough below `fewest` values.

    Runs are few, and their scores bounded, with a mass at the top: most at .6, some at 1. If results of one kind have a
    share q, n runs show none of them with probability (1 − q)^n. No interval of only the observed values accounts for
    it: a bootstrap covers .53 if one run in ten solves its task and n is 6. So each bound adds one value at the end
    of the range: the quantile of the mean of the n + 1 under random weights that add up to 1 (uniform on the simplex).
    Of 0s and 1s that is Clopper and Pearson's interval, exactly. After Gaffke (2005); no distribution is known for
    which it covers less than it says, and Learned-Miller and Thomas (A New Confidence Interval for the Mean of a
    Bounded Random Variable, 2019) prove it for some. `benchmarks/coverage.py` prints how often it covers.

    Raises ValueError if empty, not finite or outside the range, for a confidence outside (0, 1), or no resamples.
    """
    upper = _upper_level(confidence)
    _check_resamples(resamples)
    data = np.sort(_finite(values))
    if data[0] < low or data[-1] > high:
        raise ValueError(f"wanted values from {low} to {high}, got {data[0]} to {data[-1]}")
    n = len(data)
    if n < fewest(confidence):
        return NotEnough(n, fewest(confidence))
    rng = np.random.default_rng(seed)
    lows, highs = [], []
    for rows in _parts(resamples, n + 1):
        weights = rng.dirichlet(np.ones(n + 1), rows)
        lows.append(weights[:, 0] * low + weights[:, 1:] @ data)
        highs.append(weights[:, :-1] @ data + weights[:, -1] * high)
    mean = float(data.mean())
    least, most = np.quantile(np.concatenate(lows), 1 - upper), np.quantile(np.concatenate(highs), upper)
    # Rounding may miss the mean of equal values, or an end of the range, by the last bit.
    return Interval(mean, max(low, min(float(least), mean)), min(high, max(float(most), mean)), n, confidence)


def difference_interval(
    differences: Sequence[float], *, seed: int, confidence: float = CONFIDENCE, resamples: int = RESAMPLES
) -> Interval | NotEnough:
    """The mean differences that `permutation_test` does not reject; NotEnough if it cannot reject any.

    The means of all subsets cut the line into parts that are equally likely to hold the centre of differences that are
    symmetric about it (Hartigan, Using Subsample Values as Typical Values, JASA 64, 1969): exact at every n, and never
    in contradiction to the p-value beside it. Beyond 20 pairs both use the same `resamples` random subsets, if they get
    the same seed. If differences are not symmetric, most 0 and some large, it covers less while they are few
    (`benchmarks/coverage.py`). An interval that covers all these cases is about .6 wide at n = 10, and would
    distinguish nothing.

    Raises ValueError if empty, not finite, for a confidence outside (0, 1), or for no resamples.
    """
    outside = 1 - _upper_level(confidence)
    _check_resamples(resamples)
    data = np.sort(_finite(differences))
    n = len(data)
    if n < fewest(confidence):
        return NotEnough(n, fewest(confidence))
    if n <= _MOST_EXACT:
        lows = highs = np.sort(_all_subsets(data))
        beyond = int(outside * (len(lows) + 1))
    else:
        lows, highs = _some_subsets(data, seed, resamples)
        beyond = max(1, int(2 * outside * (resamples + 1)))  # each is of two: a subset and the rest
    mean = float(data.mean())
    return Interval(mean, min(float(lows[beyond - 1]), mean), max(float(highs[-beyond]), mean), n, confidence)


def fewest(confidence: float = CONFIDENCE) -> int:
    """How many values an interval takes: as many as an exact test needs to be able to reach its level; 6 at .95."""
    return ceil(log2(2 / (1 - confidence)))


def _all_subsets(data: Floats) -> Floats:
    """The means of the 2^n − 1 subsets of n values that are not empty."""
    sums, sizes = np.zeros(1), np.zeros(1)
    for value in data:
        sums, sizes = np.concatenate([sums, sums + value]), np.concatenate([sizes, sizes + 1])
    means: Floats = _unrounded(sums[1:], data) / sizes[1:]
    return means


def _some_subsets(data: Floats, seed: int, number: int) -> tuple[Floats, Floats]:
    """Of random subsets and the rest of each: the smaller means and the larger ones, both ascending.

    A centre is as extreme as the observed one for the signs of a subset where it lies between the two.
    """
    smaller, larger = [], []
    for chosen in _random_subsets(len(data), seed, number):
        sizes = chosen.sum(axis=1)
        sums = chosen @ data
        with np.errstate(divide="ignore", invalid="ignore"):
            one = _unrounded(sums, data) / sizes
            rest = _unrounded(data.sum() - sums, data) / (len(data) - sizes)
        whole = (sizes == 0) | (sizes == len(data))  # no rest: every centre is as extreme
        smaller.append(np.where(whole, -np.inf, np.minimum(one, rest)))
        larger.append(np.where(whole, np.inf, np.maximum(one, rest)))
    return np.sort(np.concatenate(smaller)), np.sort(np.concatenate(larger))


def _random_subsets(n: int, seed: int, number: int) -> Iterator[npt.NDArray[np.bool_]]:
    """Rows of n, each value chosen with a chance of one half; `number` rows in all."""
    rng = np.random.default_rng(seed)
    for rows in _parts(number, n):
        yield rng.random((rows, n)) < 0.5


def _unrounded(sums: Floats, data: Floats) -> Floats:
    """Sums that are 0 on paper miss it by rounding."""
    return np.where(np.abs(sums) <= _ROUNDING * np.abs(data).sum(), 0.0, sums)


def permutation_test(differences: Sequence[float], *, seed: int, resamples: int = RESAMPLES) -> PairedTest:
    """Fisher's paired permutation test (The Design of Experiments, 1935, §21): flip the signs of the differences.

    Exact up to 20 pairs. Beyond, `resamples` random flips, the observed one counted among them, so that p is never 0
    and the test keeps its level (Phipson and Smyth 2010). Raises ValueError if empty or not finite.
    """
    data = np.sort(_finite(differences))  # sorted: the order must not show in the last bit either
    sizes = np.abs(data)
    n = len(data)
    observed = abs(float(data.sum()))
    # Sums that are equal on paper differ by rounding; a tie counts as being as extreme.
    threshold = observed - _ROUNDING * float(sizes.sum())
    smallest = smallest_paired_p(n, resamples)
    if n <= _MOST_EXACT:
        sums = sizes[:1]  # by symmetry half of the flips is enough
        for size in sizes[1:]:
            sums = np.concatenate([sums + size, sums - size])
        p, exact = float(np.mean(np.abs(sums) >= threshold)), True
    else:
        extreme = sum(
            int(np.sum(np.abs(data.sum() - 2 * (chosen @ data)) >= threshold))
            for chosen in _random_subsets(n, seed, resamples)
        )
        p, exact = (extreme + 1) / (resamples + 1), False
    return PairedTest(float(data.mean()), p, smallest, n, exact)


def smallest_paired_p(pairs: int, resamples: int = RESAMPLES) -> float:
    """The least p that `permutation_test` can give of so many pairs."""
    exact = 2.0 ** (1 - pairs)
    return exact if pairs <= _MOST_EXACT else max(exact, 1 / (resamples + 1))


@dataclass(frozen=True, slots=True)
class Superiority:
    """Whether one improver is better than another: one-sided; `smallest_p` is the least that so many repeats can give.

    `p` is the larger of two, by the sign of the differences: over the repeats, whose draws are independent, and over
    the instances, which all repeats share. One of them alone would miss the chance in the other.
    """

    difference: Estimate
    p: float
    smallest_p: float


def superiority(
    before: Sequence[Graded], after: Sequence[Graded], *, seed: int, common_draws: bool = False
) -> Superiority:
    """Of `after` over `before`, measured on the same tasks and instances. Raises ValueError as `paired` does.

    `common_draws`: as there.
    """
    difference = paired(before, after, common_draws=common_draws)
    repeats = permutation_test([new[1] - old[1] for old, new in zip(before, after, strict=True)], seed=seed)
    p = _one_sided(repeats)
    instances = _instance_differences(before, after)
    if len(instances) > 1:
        p = max(p, _one_sided(permutation_test(instances, seed=seed)))
    return Superiority(difference, p, repeats.smallest_p / 2)


def smallest_p(repeats: int) -> float:
    """The least p that so many repeats can give `superiority`."""
    return 2.0**-repeats


def _one_sided(test: PairedTest) -> float:
    """By symmetry half of the flips that are as extreme are so in the same direction."""
    return test.p / 2 if test.mean_difference > 0 else 1.0


def _instance_differences(before: Sequence[Graded], after: Sequence[Graded]) -> list[float]:
    """By instance of each task, the mean over the repeats: weighted so that their mean is that of the samples."""
    found: list[float] = []
    pairs = list(zip(before, after, strict=True))
    for task in dict.fromkeys(task for task, *_ in before):
        rows = [pair for pair in pairs if pair[0][0] == task]
        old, new = (list(map(sum, zip(*table, strict=True))) for table in by_instance(rows))
        found += [(b - a) / len(old) for a, b in zip(old, new, strict=True)]
    return found


def unpaired_test(first: Sequence[float], second: Sequence[float], *, seed: int, resamples: int = MANY) -> float:
    """The two-sided p-value of Fisher's permutation test that two samples are of one distribution, by their means.

    `resamples` random divisions of all values, the observed one counted among them, so that p is never 0 (Phipson and
    Smyth 2010). Raises ValueError if one is empty or not finite.
    """
    one, other = np.sort(_finite(first)), np.sort(_finite(second))
    together = np.concatenate([one, other])
    n, rest = len(one), len(other)
    # A tie counts as being as extreme, but for rounding.
    threshold = abs(float(one.mean() - other.mean())) - 1e-12 * float(np.abs(together).sum())
    rng = np.random.default_rng(seed)
    extreme = 0
    for rows in _parts(resamples, n + rest):
        drawn = rng.permuted(np.broadcast_to(together, (rows, n + rest)), axis=1)[:, :n].sum(axis=1)
        extreme += int(np.sum(np.abs(drawn / n - (together.sum() - drawn) / rest) >= threshold))
    return (extreme + 1) / (resamples + 1)


def two_proportions(first: tuple[int, int], second: tuple[int, int]) -> TwoProportions:
    """The pooled two-proportion z test (paper, Table 2), of (successes, trials) each, two-sided.

    A normal approximation: it needs about 5 successes and 5 failures in each. If nothing, or everything, succeeds in
    both, z is 0 and p is 1. Raises ValueError unless 0 ≤ successes ≤ trials > 0.
    """
    _check_proportion(*first)
    _check_proportion(*second)
    pooled = (first[0] + second[0]) / (first[1] + second[1])
    difference = second[0] / second[1] - first[0] / first[1]
    error = sqrt(pooled * (1 - pooled) * (1 / first[1] + 1 / second[1]))
    z = difference / error if error else 0.0
    return TwoProportions(difference, z, 2 * _NORMAL.cdf(-abs(z)))


def fisher_exact(first: tuple[int, int], second: tuple[int, int]) -> float:
    """The two-sided p that two proportions are equal (Fisher 1935), of (successes, trials) each; exact for any number.

    Of all tables with these sums, the chance of those that are no likelier than this one. Raises ValueError unless
    0 ≤ successes ≤ trials > 0.
    """
    _check_proportion(*first)
    _check_proportion(*second)
    successes, mine, others = first[0] + second[0], first[1], second[1]
    least, most = max(0, successes - others), min(mine, successes)
    ways = [comb(mine, k) * comb(others, successes - k) for k in range(least, most + 1)]
    seen = ways[first[0] - least]
    return sum(one for one in ways if one <= seen) / sum(ways)


def repeats_needed(effect: float, differences: Sequence[float], *, power: float = 0.8, alpha: float = 0.05) -> int:
    """How many pairs show a mean difference of `effect` with the given power, two-sided at level `alpha`.

    The spread is that of the differences observed in a pilot: an estimate as rough as the pilot is small. The normal
    approximation with Guenther's correction for the t test (Guenther 1981), which is right to the pair for effects of
    0.2 to 1.5 sd; and never fewer than `permutation_test` needs to reach `alpha`.

    Raises ValueError for fewer than two differences, an effect of 0, or a level or power outside (0, 1).
    """
    spread = stdev(_finite(differences, at_least=2).tolist())
    if not (isfinite(effect) and effect):
        raise ValueError(f"wanted an effect other than 0, got {effect}")
    if not (0 < power < 1 and 0 < alpha < 1):
        raise ValueError(f"wanted power and alpha in (0, 1), got {power} and {alpha}")
    z_alpha = _NORMAL.inv_cdf(1 - alpha / 2)
    z_power = _NORMAL.inv_cdf(power)
    pairs: float = ((z_alpha + z_power) * spread / effect) ** 2 + z_alpha**2 / 2
    return max(ceil(pairs), ceil(log2(2 / alpha)))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values adjusted for being several (Holm 1979), in the order given; compare each with alpha.

    For a table that compares many tasks or arms: it holds the chance of any false claim in it at alpha. Raises
    ValueError if empty, or a value is outside [0, 1].
    """
    p = _finite(p_values)
    if p.min() < 0 or p.max() > 1:
        raise ValueError("wanted p-values in [0, 1]")
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    values: list[float] = adjusted.tolist()
    return values


def _parts(resamples: int, n: int) -> Iterator[int]:
    """Numbers of resamples of n values that add up to `resamples` and fit in memory one after another."""
    most = max(1, _CELLS // n)
    while resamples > 0:
        yield min(most, resamples)
        resamples -= most


def _finite(values: Sequence[float], *, at_least: int = 1) -> Floats:
    data = np.asarray(values, dtype=np.float64)
    if data.ndim != 1 or len(data) < at_least:
        raise ValueError(f"wanted a list of at least {at_least} value{'s' * (at_least > 1)}, got shape {data.shape}")
    if not np.isfinite(data).all():
        raise ValueError(f"wanted finite values, got {data[~np.isfinite(data)][0]} at {np.argmin(np.isfinite(data))}")
    return data


def _upper_level(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"wanted a confidence in (0, 1), got {confidence}")
    return (1 + confidence) / 2


def _check_resamples(resamples: int) -> None:
    if resamples < 1:
        raise ValueError(f"wanted at least 1 resample, got {resamples}")


def _check_proportion(successes: int, trials: int) -> None:
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"wanted 0 ≤ successes ≤ trials and a trial, got {successes} of {trials}")
