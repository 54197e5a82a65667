"""Learn a parity from noisy examples (learning parity with noise).

There is a hidden set of bit positions. The parity of a bit vector is 1 if an odd number of its bits at those positions
are 1, else 0. Each position is in the set with probability {mask:g}, so the set may be empty. Each instance has a set
of its own.

algorithm(train_samples, train_parity, test_samples) gets three numpy arrays of zeros and ones: train_samples of shape
({train}, {bits}), one bit vector a row{range}; train_parity of shape ({train},), their parities, each of which was
flipped with probability {noise:g}; and test_samples of shape ({test}, {bits}). It returns the {test} parities of the
rows of test_samples, each 0 or 1, as a list or an array. The grade is the share of them that is right; nothing is
flipped there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.tasks.levels import described, ladder
from selftaught.tasks.spec import ONE_FAILURE, Instance

BITS, TRAIN, TEST = 10, 100, 20  # the paper's, §5.1 and App. K
MASK_CHANCE, BIT_CHANCE, NOISE = 0.3, 0.5, 0.05


@dataclass(frozen=True)
class Level:
    """Sizes and probabilities of one level: bits go up evenly from `fewest` to `most` over the instances."""

    fewest: int
    most: int
    train: int
    test: int
    noise: float
    val_count: int
    test_count: int
    cpu_seconds: float
    mask: float = MASK_CHANCE

    @property
    def about(self) -> dict[str, Any]:
        """What the text tells."""
        one = self.fewest == self.most
        bits = {"bits": self.fewest, "range": ""} if one else {
            "bits": "b", "range": f", b from {self.fewest} to {self.most}"
        }  # fmt: skip
        return {**vars(self), **bits}


LEVELS = {
    "paper": Level(BITS, BITS, TRAIN, TEST, NOISE, 20, 50, 2.0),
    "hard": Level(16, 104, 500, 100, 0.1, 12, 12, 0.15),
}
LEVEL = globals().get("LEVEL", "paper")
P = LEVELS[LEVEL]
__doc__ = described(__doc__, P.about)

NAME = "parity-with-noise"
SHOW = True
CPU_SECONDS = P.cpu_seconds
PAPER_SCORING = ONE_FAILURE if LEVEL == "paper" else None
BOUND = 1.0  # exact: the planted set is by far the most probable one

SEED = '''\
import numpy as np


def algorithm(train_samples, train_parity, test_samples):
    """Guess each parity at random."""
    return np.random.binomial(1, 0.5, size=len(test_samples))
'''

Bits = npt.NDArray[np.int64]


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Bits, Bits, Bits], list[int]]]:
    """Hidden: the test samples' parities, without noise."""
    for bits in ladder(P.fewest, P.most, {"val": P.val_count, "test": P.test_count}[split]):
        chance = np.random.default_rng(rng.getrandbits(128))  # its own: one instance tells nothing of the next
        mask = _drawn(chance, P.mask, bits)
        yield examples(chance, mask, P.train, P.test, P.noise)


def examples(
    chance: np.random.Generator, mask: Bits, train: int, test: int, noise: float
) -> tuple[tuple[Bits, Bits, Bits], list[int]]:
    """One instance: samples, their parities under `mask`, of which those to learn from are flipped now and then."""
    samples = _drawn(chance, BIT_CHANCE, train + test, len(mask))
    parity = samples @ mask % 2
    noisy = parity[:train] ^ _drawn(chance, noise, train)
    return (samples[:train], noisy, samples[train:]), parity[train:].tolist()


def _drawn(chance: np.random.Generator, probability: float, *shape: int) -> Bits:
    return (chance.random(shape) < probability).astype(np.int64)


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
