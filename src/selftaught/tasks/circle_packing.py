"""Pack circles of any sizes into the unit square so that the sum of their radii is as large as possible.

algorithm(n) gets a whole number n, from {fewest} to {most}, and returns n circles: a list of n lists or an (n, 3)
array, each row the x and y of a center and a radius. No two may overlap, none may leave the square: all radii are
multiplied by the largest number, at most 1, that makes it so. The gap is how far the sum of the radii is below the
largest known for this n, as a share of it. The grade is {half:g} / ({half:g} + gap): 1 at the record, more beyond.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.tasks.grading import closeness, finite_numbers
from selftaught.tasks.levels import described
from selftaught.tasks.spec import Instance

HALF = 0.005
LEVELS = {"hard": {"fewest": 26, "most": 33, "half": HALF}}
LEVEL = globals().get("LEVEL", "hard")
__doc__ = described(__doc__, LEVELS[LEVEL])

NAME = "circle-packing"
SHOW = True
CPU_SECONDS = 0.4
LOAD_CPU_SECONDS = 0.4  # the instances are known: what is computed while loading is computed for all of them
DIRECTION, TARGET = "maximize", 1.1  # more than 1 is a new record, and what improvers see tells it too
BOUND = 1.0  # the records below; not proved to be the best

SIZES = {"val": (26, 28, 30, 32), "test": (27, 29, 31, 33)}
RECORDS = {
    # 26 and 33: numaro.tech, "circle packing in a unit square" (2026); AlphaEvolve (2025) has 2.63586 for 26.
    # 32: a search of ours, above AlphaEvolve's 2.937. The others: the same search, 45 s each; for 26 it ends 0.06 %
    # below the record, so these will be beaten.
    26: 2.6359830853, 27: 2.6851566, 28: 2.7377400, 29: 2.7903442, 30: 2.8426688, 31: 2.8899699, 32: 2.9395728,
    33: 2.9872850086,
}  # fmt: skip

SEED = '''\
def algorithm(n):
    """A grid of equal circles."""
    side = 1
    while side * side < n:
        side += 1
    radius = 0.5 / side
    return [[(2 * (i % side) + 1) * radius, (2 * (i // side) + 1) * radius, radius] for i in range(n)]
'''

Array = npt.NDArray[np.float64]


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[int], None]]:
    """There is no chance in them: a program may know them, and must still be as good as the best there are."""
    for n in SIZES[split]:
        yield (n,), None


def grade(instance: Instance, answer: Any) -> float:
    """Shrunk until it is a packing: no overlap is small enough to gain by."""
    (n,) = instance.args
    circles = finite_numbers(answer, n, 3)
    return closeness(1 - packed(circles[:, :2], circles[:, 2]) / RECORDS[n], HALF)


def packed(centers: Array, radii: Array) -> float:
    """The sum of the radii, made smaller by one factor until no circle overlaps another or leaves the square."""
    to_wall = np.minimum(centers, 1 - centers).min(axis=1)
    if (radii < 0).any() or (radii > 1).any() or (to_wall < 0).any():
        raise ValueError("wanted centers in the square, and radii from 0 to 1")
    first, second = np.triu_indices(len(radii), 1)
    apart = np.hypot(*(centers[first] - centers[second]).T)
    room = np.concatenate([to_wall, apart])
    needed = np.concatenate([radii, radii[first] + radii[second]])
    with np.errstate(over="ignore"):  # next to no radius: no limit
        factor = float((room[needed > 0] / needed[needed > 0]).min(initial=1.0))
    return factor * float(radii.sum())
