"""Find a function whose convolution with itself is as flat as possible (first autocorrelation inequality).

algorithm(n) gets a whole number n, from {fewest} to {most}, and returns a list or an array of n numbers, none below 0
and not all 0: the heights h of a step function with n steps of equal width. Its constant is
2 * n * max(convolve(h, h)) / sum(h) ** 2, which is at least 1.28 whatever h; smaller is better, and {record:g} is next
to the smallest known for any n. The gap is how far it is above {record:g}, as a share of that. The grade is
{half:g} / ({half:g} + gap): 1 at {record:g}, more below.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.tasks.grading import closeness, finite_numbers
from selftaught.tasks.levels import described
from selftaught.tasks.spec import Instance

HALF, RECORD = 0.01, 1.5032
LEVELS = {"hard": {"fewest": 40, "most": 400, "half": HALF, "record": RECORD}}
LEVEL = globals().get("LEVEL", "hard")
__doc__ = described(__doc__, LEVELS[LEVEL])

NAME = "autoconvolution"
SHOW = True
CPU_SECONDS = 0.4
LOAD_CPU_SECONDS = 0.4  # the instances are known: what is computed while loading is computed for all of them
DIRECTION, TARGET = "maximize", 1.1  # more than 1 is a new record, and what improvers see tells it too
BOUND = 1.0  # AlphaEvolve's value of 2025, of 600 steps; 1.50286 has been reached since, which is about 1.02

SIZES = {"val": (40, 80, 160, 320), "test": (50, 100, 200, 400)}

SEED = '''\
def algorithm(n):
    """The same height everywhere."""
    return [1.0] * n
'''

Array = npt.NDArray[np.float64]


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[int], None]]:
    """There is no chance in them: a program may know them, and must still be as good as the best there are."""
    for n in SIZES[split]:
        yield (n,), None


def grade(instance: Instance, answer: Any) -> float:
    """From the heights alone; how tall they are does not matter."""
    (n,) = instance.args
    heights = finite_numbers(answer, n)
    if (heights < 0).any() or not 1e-100 < heights.max() < 1e100:
        raise ValueError("wanted numbers that are none below 0 and not all 0")
    return closeness(constant(heights) / RECORD - 1, HALF)


def constant(heights: Array) -> float:
    """The largest value of the convolution of the function with itself, over an interval of length 1/2 and area 1."""
    shares = heights / heights.sum()
    return float(2 * len(shares) * np.convolve(shares, shares).max())
