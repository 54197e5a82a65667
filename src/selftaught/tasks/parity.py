"""Learn a parity from examples.

There is a hidden set of bit positions. The parity of a bit vector is 1 if an odd number of its bits at those positions
are 1, else 0. Each position is in the set with probability 0.3, so the set may be empty. Each instance has a set of its
own.

algorithm(train_samples, train_parity, test_samples) gets three numpy arrays of zeros and ones: train_samples of shape
(100, 10), one bit vector a row; train_parity of shape (100,), their parities; and test_samples of shape (20, 10). It
returns the 20 parities of the rows of test_samples, each 0 or 1, as a list or an array. The grade is the share of them
that is right.
"""

from collections.abc import Iterator
from random import Random

from selftaught.tasks.parity_with_noise import SEED, Bits, drawn, grade

__all__ = ["SEED", "grade", "instances"]

NAME = "parity"
CPU_SECONDS = 2.0

COUNT = {"val": 20, "test": 20}


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Bits, Bits, Bits], list[int]]]:
    """Learning parity with noise, without the noise; as many instances as released, in both splits."""
    return drawn(rng, COUNT[split], noise=0.0)
