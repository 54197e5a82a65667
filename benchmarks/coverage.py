"""How often the intervals of 95 % hold the truth, and how wide they are, where results look like those of STOP runs.

    python benchmarks/coverage.py [--draws N]

Prints one row for each distribution and number of runs: of the interval that experiments print, and of the plain
percentile bootstrap beside it. Then the level of the exact test of differences, where there is no difference.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from selftaught.statistics import Interval, difference_interval, mean_interval, permutation_test

SIZES = (6, 8, 10, 20, 40)


@dataclass(frozen=True)
class Population:
    """What runs are drawn from. `centred`: paired differences, and not scores from 0 to 1."""

    name: str
    mean: float
    draw: Callable[[np.random.Generator, int], np.ndarray]
    centred: bool = False


def solving(share: float, rest: float, top: float, spread: float = 0.02) -> Callable[..., np.ndarray]:
    """Most results about `rest`, a share of them at `top`."""
    return lambda rng, n: np.where(rng.random(n) < share, top, rng.normal(rest, spread, n))


POPULATIONS = [
    Population("mean: normal, .6 ± .1", 0.6, lambda rng, n: np.clip(rng.normal(0.6, 0.1, n), 0, 1)),
    Population("mean: most .6, 50 % at 1", 0.8, solving(0.5, 0.6, 1.0)),
    Population("mean: most .6, 25 % at 1", 0.7, solving(0.25, 0.6, 1.0)),
    Population("mean: most .6, 10 % at 1", 0.64, solving(0.1, 0.6, 1.0)),
    Population("mean: skewed, beta(2, 8)", 0.2, lambda rng, n: rng.beta(2, 8, n)),
    Population("mean: 0 or 1, half", 0.5, lambda rng, n: (rng.random(n) < 0.5).astype(float)),
    Population("gain: normal, .03 ± .02", 0.03, lambda rng, n: rng.normal(0.03, 0.02, n), centred=True),
    Population("gain: most 0, 50 % at .4", 0.2, solving(0.5, 0.0, 0.4), centred=True),
    Population("gain: most 0, 25 % at .4", 0.1, solving(0.25, 0.0, 0.4), centred=True),
    Population("gain: most 0, 10 % at .4", 0.04, solving(0.1, 0.0, 0.4), centred=True),
]


def told(values: Sequence[float], seed: int, centred: bool) -> tuple[float, float]:
    """The bounds that experiments print."""
    found = (difference_interval if centred else mean_interval)(values, seed=seed, resamples=999)
    assert isinstance(found, Interval)
    return found.low, found.high


def percentiles(values: Sequence[float], seed: int, _: bool) -> tuple[float, float]:
    """The bounds of the plain percentile bootstrap."""
    data = np.asarray(values)
    means = data[np.random.default_rng(seed).integers(0, len(data), (999, len(data)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def covered(of: Population, n: int, draws: int, way: Callable[..., tuple[float, float]]) -> tuple[float, float]:
    """The share of intervals that hold the mean, and their mean width."""
    rng = np.random.default_rng(n)
    bounds = [way(of.draw(rng, n).tolist(), seed, of.centred) for seed in range(draws)]
    inside = [low - 1e-12 <= of.mean <= high + 1e-12 for low, high in bounds]
    return float(np.mean(inside)), float(np.mean([high - low for low, high in bounds]))


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1000)
    draws = parser.parse_args().draws
    print(f"Share that holds the mean / width, of {draws} samples of n runs; the percentile bootstrap in brackets.\n")
    print(f"| results | {' | '.join(f'n = {n}' for n in SIZES)} |\n|---|{'---|' * len(SIZES)}")
    for one in POPULATIONS:
        cells = []
        for n in SIZES:
            ours, plain = (covered(one, n, draws, way) for way in (told, percentiles))
            cells.append(f"{ours[0]:.2f} / {ours[1]:.2f} ({plain[0]:.2f} / {plain[1]:.2f})")
        print(f"| {one.name} | {' | '.join(cells)} |")
    print(f"\nShare of {draws} samples without a difference for which the exact test says p ≤ .05:\n")
    for n in (6, 10, 20):
        rng = np.random.default_rng(n)
        pairs = [solving(0.25, 0.6, 1.0)(rng, n) - solving(0.25, 0.6, 1.0)(rng, n) for _ in range(draws)]
        refused = np.mean([permutation_test(pair.tolist(), seed=1).p <= 0.05 for pair in pairs])
        print(f"n = {n}: {refused:.3f}")


if __name__ == "__main__":
    main()
