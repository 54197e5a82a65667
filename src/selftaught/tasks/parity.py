"""Learn a {sparse}parity from examples{few}.

There is a hidden set of {positions}bit positions. The parity of a bit vector is 1 if an odd number of its bits at those
positions are 1, else 0. {drawn}Each instance has a set of its own.

algorithm(train_samples, train_parity, test_samples) gets three numpy arrays of zeros and ones: train_samples of shape
({train}, {bits}), one bit vector a row; train_parity of shape ({train},), their parities; and test_samples of shape
({test}, {bits}). It returns the {test} parities of the rows of test_samples, each 0 or 1, as a list or an array. The
grade is the share of them that is right.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np

from selftaught.tasks.levels import described, ladder
from selftaught.tasks.parity_with_noise import BITS, MASK_CHANCE, SEED, TEST, TRAIN, Bits, examples, grade

__all__ = ["SEED", "grade", "instances"]


@dataclass(frozen=True)
class Level:
    """Sizes of one level.

    Attributes:
        weights: how many positions the lightest and the heaviest set have, going up evenly; None where each position
            is in the set with probability 0.3.
    """

    bits: int
    train: int
    test: int
    count: int
    cpu_seconds: float
    weights: tuple[int, int] | None = None

    @property
    def about(self) -> dict[str, object]:
        """What the text tells."""
        if self.weights is None:
            drawn = "Each position is in the set with probability 0.3, so the set may be empty. "
            told = {"sparse": "", "few": "", "positions": "", "drawn": drawn}
        else:
            positions = f"{self.weights[0]} to {self.weights[1]} "
            told = {"sparse": "sparse ", "few": ", fewer than there are bits", "positions": positions, "drawn": ""}
        return {**vars(self), **told}


LEVELS = {
    "paper": Level(BITS, TRAIN, TEST, 20, 2.0),
    # Found by nothing but a search: 128 examples leave 2^128 sets, of which one is light (C(256, 22) is about 2^105).
    "hard": Level(256, 128, 100, 16, 0.12, (1, 22)),
}
LEVEL = globals().get("LEVEL", "paper")
P = LEVELS[LEVEL]
__doc__ = described(__doc__, P.about)

NAME = "parity"
SHOW = True
CPU_SECONDS = P.cpu_seconds
BOUND = 1.0  # exact: one set agrees with all examples (paper: nearly always one), and it is not beyond reach


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Bits, Bits, Bits], list[int]]]:
    """Learning parity with noise, without the noise; as many instances as released, in both splits."""
    for weight in ladder(*(P.weights or (0, 0)), P.count):
        chance = np.random.default_rng(rng.getrandbits(128))
        yield examples(chance, _mask(chance, weight), P.train, P.test, noise=0.0)


def _mask(chance: np.random.Generator, weight: int) -> Bits:
    if P.weights is None:
        return (chance.random(P.bits) < MASK_CHANCE).astype(np.int64)
    mask = np.zeros(P.bits, dtype=np.int64)
    mask[chance.choice(P.bits, weight, replace=False)] = 1
    return mask
