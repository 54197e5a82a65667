"""Place facilities so that the sum of flows times distances, less a penalty, is as large as possible.

There are 15 facilities and 15 places. algorithm(flow, distance, preference) gets three numpy arrays of shape (15, 15)
with numbers from 0 to 1, and returns a list of the 15 whole numbers 0 to 14, each once: the place of each facility.
With place[i] for facility i, the value is the sum over all i and j of flow[i, j] * distance[place[i], place[j]], minus
half the sum over all i of preference[i, place[i]]. Larger is better. The grade is the value divided by 15 * 15, and 0
if that is negative.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.tasks.spec import Instance

NAME = "modified-qap"
CPU_SECONDS = 0.5

SIZE, COUNT = 15, 10
PENALTY = 0.5

SEED = '''\
import random


def algorithm(flow, distance, preference):
    """Swap two facilities at random, again and again; keep what is better, and now and then what is worse."""
    n = len(flow)
    places = list(range(n))

    def value(places):
        total = 0.0
        for i in range(n):
            for j in range(n):
                total += flow[i, j] * distance[places[i], places[j]]
            total -= 0.5 * preference[i, places[i]]
        return total

    current = value(places)
    for step in range(200):
        i, j = random.sample(range(n), 2)
        places[i], places[j] = places[j], places[i]
        changed = value(places)
        if changed > current or random.random() < 0.2:
            current = changed
        else:
            places[i], places[j] = places[j], places[i]
    return places
'''

Matrix = npt.NDArray[np.float64]


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Matrix, Matrix, Matrix], None]]:
    """Three matrices of uniform numbers (paper App. K). Nothing is hidden: the value is computed from them."""
    for _ in range(COUNT):
        chance = np.random.default_rng(rng.getrandbits(128))
        flow, distance, preference = chance.random((3, SIZE, SIZE))
        yield (flow, distance, preference), None


def grade(instance: Instance, answer: Any) -> float:
    """Larger is better, as the released utility has it; without its reward for elapsed time (docs/deviations.md)."""
    check(instance, answer)
    return float(np.clip(value(answer, *instance.args) / SIZE**2, 0.0, 1.0))


def check(instance: Instance, answer: Any) -> None:
    """Whether it is an answer at all. Raises ValueError."""
    if not isinstance(answer, list) or any(isinstance(place, bool) or not isinstance(place, int) for place in answer):
        raise ValueError(f"wanted a list of {SIZE} whole numbers")
    if sorted(answer) != list(range(SIZE)):  # no place twice, none left out, not one too many
        raise ValueError(f"wanted each of 0 to {SIZE - 1} once")


def value(places: list[int], flow: Matrix, distance: Matrix, preference: Matrix) -> float:
    """The objective: flows times distances, less half the preferences."""
    moved = distance[np.ix_(places, places)]
    return float(np.sum(flow * moved) - PENALTY * np.sum(preference[np.arange(len(places)), places]))
