"""Learn a parity from noisy examples (learning parity with noise).

There is a hidden set of bit positions. The parity of a bit vector is 1 if an odd number of its bits at those positions
are set, else 0. algorithm(train_samples, train_parity, test_samples) gets three numpy arrays of zeros and ones:
train_samples of shape (100, 10), one bit vector a row; train_parity of shape (100,), the parity of each, of which each
is flipped with probability 0.05; and test_samples of shape (20, 10). It returns the 20 parities of the rows of
test_samples, each 0 or 1. The grade is the share of them that is right, without noise.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

from selftaught.tasks.spec import Instance

NAME = "parity-with-noise"
CPU_SECONDS = 2.0

BITS, TRAIN, TEST = 10, 100, 20
MASK_BIAS, NOISE = 0.3, 0.05
SIZES = {"val": 20, "test": 50}

SEED = '''\
import numpy as np


def algorithm(train_samples, train_parity, test_samples):
    """Guess each parity at random."""
    return np.random.binomial(1, 0.5, size=len(test_samples))
'''


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[np.ndarray, ...], list[int]]]:
    """Hidden is the noiseless parity of each test sample (paper §5.1, App. K)."""
    for _ in range(SIZES[split]):
        chance = np.random.default_rng(rng.getrandbits(64))
        mask = chance.binomial(1, MASK_BIAS, size=BITS)
        samples = chance.binomial(1, 0.5, size=(TRAIN + TEST, BITS))
        parity = samples @ mask % 2
        flipped = chance.binomial(1, NOISE, size=TRAIN)
        yield (samples[:TRAIN], parity[:TRAIN] ^ flipped, samples[TRAIN:]), parity[TRAIN:].tolist()


def grade(instance: Instance, answer: Any) -> float:
    """Share of right bits. A column, as a list of lists of one, counts as the flat list (released code: reshape)."""
    expected = instance.hidden
    flat = [item[0] if isinstance(item, list) and len(item) == 1 else item for item in answer]
    if len(flat) != len(expected) or not all(isinstance(bit, (bool, int, float)) and bit in (0, 1) for bit in flat):
        raise ValueError(f"wanted {len(expected)} bits, each 0 or 1")
    right = sum(1 for bit, wanted in zip(flat, expected, strict=True) if bit == wanted)
    return right / len(expected)
