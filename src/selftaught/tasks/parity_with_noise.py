"""Learn a parity from noisy examples (learning parity with noise).

There is a hidden set of bit positions. The parity of a bit vector is 1 if an odd number of its bits at those positions
are 1, else 0. Each position is in the set with probability 0.3, so the set may be empty. Each instance has a set of its
own.

algorithm(train_samples, train_parity, test_samples) gets three numpy arrays of zeros and ones: train_samples of shape
(100, 10), one bit vector a row; train_parity of shape (100,), their parities, each of which was flipped with
probability 0.05; and test_samples of shape (20, 10). It returns the 20 parities of the rows of test_samples, each 0
or 1, as a list or an array. The grade is the share of them that is right; nothing is flipped there.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.tasks.spec import Instance

NAME = "parity-with-noise"
CPU_SECONDS = 2.0

BITS, TRAIN, TEST = 10, 100, 20
MASK_CHANCE, BIT_CHANCE, NOISE = 0.3, 0.5, 0.05
COUNT = {"val": 20, "test": 50}

SEED = '''\
import numpy as np


def algorithm(train_samples, train_parity, test_samples):
    """Guess each parity at random."""
    return np.random.binomial(1, 0.5, size=len(test_samples))
'''

Bits = npt.NDArray[np.int64]


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Bits, Bits, Bits], list[int]]]:
    """Sizes and probabilities of paper §5.1 and App. K."""
    return drawn(rng, COUNT[split], NOISE)


def drawn(rng: Random, count: int, noise: float) -> Iterator[tuple[tuple[Bits, Bits, Bits], list[int]]]:
    """`count` instances, each with a mask of its own. Hidden: the test samples' parities, without noise."""
    for _ in range(count):
        chance = np.random.default_rng(rng.getrandbits(128))  # its own: one instance tells nothing of the next

        def bits(probability: float, *shape: int, chance: np.random.Generator = chance) -> Bits:
            return (chance.random(shape) < probability).astype(np.int64)

        mask = bits(MASK_CHANCE, BITS)
        samples = bits(BIT_CHANCE, TRAIN + TEST, BITS)
        parity = samples @ mask % 2
        noisy = parity[:TRAIN] ^ bits(noise, TRAIN)
        yield (samples[:TRAIN], noisy, samples[TRAIN:]), parity[TRAIN:].tolist()


def grade(instance: Instance, answer: Any) -> float:
    """The share of right bits. Nested lists are read row by row, as the released code's reshape(-1) does."""
    expected: list[int] = instance.hidden
    bits = _flat(answer)
    if len(bits) != len(expected):
        raise ValueError(f"wanted {len(expected)} parities, got {len(bits)}")
    if not all(bit in (0, 1) for bit in bits):
        raise ValueError("wanted 0 or 1 for each parity")
    right = [bit for bit, wanted in zip(bits, expected, strict=True) if bit == wanted]
    return len(right) / len(expected)


def _flat(answer: Any) -> list[Any]:
    if not isinstance(answer, list):
        raise TypeError(f"wanted a list of parities, got a {type(answer).__name__}")
    flat: list[Any] = answer
    while flat and all(isinstance(row, list) for row in flat):
        flat = [item for row in flat for item in row]
    return flat
