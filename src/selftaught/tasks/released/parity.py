"""Learn a parity from examples.

There is a hidden set of bit positions. The parity of a bit vector is 1 if an odd number of its bits at those positions
are 1, else 0. Each position is in the set with probability 0.3, so the set may be empty. Each instance has a set of its
own.

algorithm(train_samples, train_parity, test_samples) gets three numpy arrays of zeros and ones: train_samples of shape
(100, 10), one bit vector a row; train_parity of shape (100,), their parities; and test_samples of shape (20, 10). It
returns the 20 parities of the rows of test_samples, each 0 or 1, as a list or an array of shape (20,). The grade is the
number of them that is right, over 20.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

from selftaught.tasks.parity_with_noise import SEED, TEST, Bits
from selftaught.tasks.released.draws import seeds
from selftaught.tasks.released.parity_with_noise import drawn
from selftaught.tasks.spec import Instance, Scoring

__all__ = ["SEED"]

NAME = "parity"
SHOW = True
CPU_SECONDS = 2.0  # the released code has no limit here, and waits for ever
COUNT = 20
SCORING = Scoring(bounded=False)


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Bits, Bits, Bits], list[int]]]:
    """The released ones, whatever `rng` is; as many in both splits."""
    for seed in seeds(split, COUNT):
        yield drawn(np.random.RandomState(seed), noise=0.0)


def grade(instance: Instance, answer: Any) -> float:
    """Without a look at the shape: a column of 20 is compared with each of 20 (paper §6.3), and may score up to 20."""
    return float(np.sum(np.asarray(answer) == np.asarray(instance.hidden)) / TEST)
