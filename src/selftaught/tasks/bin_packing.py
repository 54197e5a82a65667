"""Find a rule for online bin packing.

Items arrive one by one, and each must be put into a bin at once, never to be moved. algorithm(capacity, sample) gets
the capacity of a bin, a whole number, and a list of {shown} sizes, whole numbers from 1 to the capacity, drawn like
those of the items to come. It returns the rule: a table of (capacity + 1) x (capacity + 1) numbers, as nested lists or
an array. An item of size s goes into the bin with the largest table[s][room] among the bins with room >= s, where room
is what is left in it before; there always is an empty bin, with room = capacity; of equals, it is the bin with the
least room. The items to come are not shown. The excess is the number of bins used divided by the least that could hold
the sum of the sizes, less 1. The grade is {half:g} / ({half:g} + excess).
"""

from collections.abc import Callable, Iterator, Sequence
from math import ceil
from random import Random
from typing import Any

import numpy as np

from selftaught.tasks.grading import closeness, table
from selftaught.tasks.levels import described
from selftaught.tasks.spec import Instance

SHOWN, ITEMS, EACH, HALF = 1000, 5000, 5, 0.01
LEVELS = {"hard": {"shown": SHOWN, "half": HALF}}
LEVEL = globals().get("LEVEL", "hard")
__doc__ = described(__doc__, LEVELS[LEVEL])

NAME = "bin-packing"
SHOW = True
CPU_SECONDS = 0.2
BOUND = 1.0  # no bin is used in vain: not within reach of a rule that cannot see what comes

SEED = '''\
def algorithm(capacity, sample):
    """Best fit: the bin with the least room."""
    return [[-room for room in range(capacity + 1)] for size in range(capacity + 1)]
'''

Draw = Callable[[np.random.Generator, int], list[int]]


def weibull(chance: np.random.Generator, count: int) -> list[int]:
    """Sizes of FunSearch's Weibull sets (Romera-Paredes and others 2024): shape 3, scale 45, at most 100."""
    sizes: list[int] = np.clip(np.rint(45 * chance.weibull(3, count)), 1, 100).astype(int).tolist()
    return sizes


def uniform(chance: np.random.Generator, count: int) -> list[int]:
    """Sizes of the OR library's sets (Falkenauer 1996): 20 to 100."""
    sizes: list[int] = chance.integers(20, 101, count).tolist()
    return sizes


KINDS: tuple[tuple[int, Draw], ...] = ((100, weibull), (150, uniform))


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[int, list[int]], list[int]]]:
    """Hidden: the items to come. What is shown has a generator of its own, from which nothing of them follows."""
    for capacity, draw in KINDS:
        for _ in range(EACH):
            shown, hidden = (np.random.default_rng(rng.getrandbits(128)) for _ in range(2))
            yield (capacity, draw(shown, SHOWN)), draw(hidden, ITEMS)


def grade(instance: Instance, answer: Any) -> float:
    """The rule is followed out here, an item at a time: it cannot look ahead."""
    (capacity, _), items = instance
    used = bins_used(capacity, table(answer, capacity + 1), items)
    return closeness(used / ceil(sum(items) / capacity) - 1, HALF)


def bins_used(capacity: int, rule: Sequence[Sequence[float]], items: Sequence[int]) -> int:
    """How many bins the items need where each goes where the rule says."""
    preferred = {size: _rooms(rule[size], size, capacity) for size in set(items)}
    with_room = [0] * (capacity + 1)
    used = 0
    for size in items:
        room = next(room for room in preferred[size] if with_room[room] or room == capacity)
        used += room == capacity
        with_room[room] -= room != capacity
        with_room[room - size] += 1
    return used


def _rooms(row: Sequence[float], size: int, capacity: int) -> list[int]:
    """The rooms that an item of that size fits into, the best first."""
    return sorted(range(size, capacity + 1), key=lambda room: (-row[room], room))
