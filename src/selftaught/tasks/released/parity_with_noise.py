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

from selftaught.core.contracts import Verdict
from selftaught.tasks.parity_with_noise import BIT_CHANCE, BITS, MASK_CHANCE, NOISE, SEED, TEST, TRAIN, Bits
from selftaught.tasks.released.draws import seeds
from selftaught.tasks.spec import RAISED, Instance, Scoring

__all__ = ["SEED"]

NAME = "parity-with-noise"
SHOW = True
CPU_SECONDS = 2.0
COUNT = {"val": 20, "test": 50}
SCORING = Scoring(spoiled=dict.fromkeys([Verdict.TIMED_OUT, *RAISED], 1e-6))


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Bits, Bits, Bits], list[int]]]:
    """The released ones, whatever `rng` is."""
    for seed in seeds(split, COUNT[split]):
        yield drawn(np.random.RandomState(seed), NOISE)


def drawn(chance: np.random.RandomState, noise: float) -> tuple[tuple[Bits, Bits, Bits], list[int]]:
    """The instance that the released code draws from `chance`; a coin tossed from it next is the seed's guess there."""
    mask = chance.binomial(1, MASK_CHANCE, BITS)
    samples = chance.binomial(1, BIT_CHANCE, (TRAIN + TEST, BITS))
    parity = samples @ mask % 2
    shown = parity[:TRAIN]
    if noise:
        shown = shown ^ chance.binomial(1, noise, TRAIN)
    return (samples[:TRAIN], shown, samples[TRAIN:]), parity[TRAIN:].tolist()


def grade(instance: Instance, answer: Any) -> float:
    """Any shape is read as one row. One value counts for all 20, as it broadcasts; other lengths raise ValueError."""
    return float(np.mean(np.asarray(answer).reshape(-1) == np.asarray(instance.hidden)))
