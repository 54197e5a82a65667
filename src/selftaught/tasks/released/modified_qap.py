"""Place facilities so that the sum of flows times distances, less a penalty, is as large as possible.

There are 15 facilities and 15 places. algorithm(flow, distance, preference) gets three numpy arrays of shape (15, 15)
with numbers from 0 to 1, and returns a list of the 15 whole numbers 0 to 14, each once: the place of each facility.
With place[i] for facility i, the value is the sum over all i and j of flow[i, j] * distance[place[i], place[j]], minus
half the sum over all i of preference[i, place[i]]. Larger is better. The grade is the value divided by 15 * 15.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np

from selftaught.tasks.modified_qap import PAPER_SEED, SIZE, Matrix, value
from selftaught.tasks.released.draws import seeds
from selftaught.tasks.spec import Instance, Scoring

NAME = "modified-qap"
SHOW = True
CPU_SECONDS = 0.5
COUNT = 10
SCORING = Scoring(bounded=False, floor=0.01)

SEED = PAPER_SEED


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Matrix, Matrix, Matrix], None]]:
    """The released ones, whatever `rng` is."""
    for seed in seeds(split, COUNT):
        flow, distance, preference = np.random.RandomState(seed).random_sample((3, SIZE, SIZE))
        yield (flow, distance, preference), None


def grade(instance: Instance, answer: Any) -> float:
    """A list may be longer than 15, if each place is in it somewhere: the first 15 count, twice or more if they repeat.

    The released code also adds the seconds that a call took, which is as large as the machine is slow: at most
    0.5 / 225 = 0.0022. We do not.
    """
    if not isinstance(answer, list) or any(isinstance(place, bool) or not isinstance(place, int) for place in answer):
        raise ValueError(f"wanted a list of {SIZE} whole numbers")
    if set(answer) != set(range(SIZE)):
        raise ValueError(f"wanted each of 0 to {SIZE - 1}")
    return value(answer[:SIZE], *instance.args) / SIZE**2
