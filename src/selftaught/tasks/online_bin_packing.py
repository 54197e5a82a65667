"""Put items that come one by one into bins, as few as possible (online bin packing).

algorithm(size, rooms) is called once for each of {items} items, in the order in which they come. It gets the item's
size, a whole number from 1 to {capacity}, and a list of whole numbers: the room that is left in each bin into which it
fits. It returns the index of the bin in that list; or the length of the list for a new bin, which has room for
{capacity}. Sizes are drawn from one distribution, which is not told; what the program keeps in its own variables is
there at the next item of the same instance. The excess is the number of bins used divided by the least that could hold
the sum of the sizes, less 1. The grade is {half:g} / ({half:g} + excess).
"""

from collections.abc import Callable, Iterator
from math import ceil
from random import Random
from typing import Any

import numpy as np

from selftaught.tasks.bin_packing import weibull
from selftaught.tasks.grading import closeness
from selftaught.tasks.levels import described
from selftaught.tasks.spec import Instance

ITEMS, COUNT, CAPACITY, HALF = 500, 6, 100, 0.02
LEVELS = {"hard": {"items": ITEMS, "capacity": CAPACITY, "half": HALF}}
LEVEL = globals().get("LEVEL", "hard")
__doc__ = described(__doc__, LEVELS[LEVEL])

NAME = "online-bin-packing"
SHOW = True
CPU_SECONDS = 0.01
BOUND = 1.0  # no bin is used in vain: not within reach of a rule that cannot see what comes

SEED = '''\
def algorithm(size, rooms):
    """First fit: the first bin that has room."""
    return 0
'''


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[()], list[int]]]:
    """Hidden: the items, of FunSearch's Weibull sizes."""
    for _ in range(COUNT):
        yield (), weibull(np.random.default_rng(rng.getrandbits(128)), ITEMS)


def play(instance: Instance, call: Callable[..., Any]) -> float:
    """The bins are out here: the program names one at a time, and sees no item before its turn."""
    items: list[int] = instance.hidden
    rooms: list[int] = []
    for size in items:
        fitting = [bin for bin, room in enumerate(rooms) if room >= size]
        chosen = call(size, [rooms[bin] for bin in fitting])
        if isinstance(chosen, bool) or not isinstance(chosen, int) or not 0 <= chosen <= len(fitting):
            raise ValueError(f"wanted a whole number from 0 to {len(fitting)}")
        if chosen == len(fitting):
            rooms.append(CAPACITY - size)
        else:
            rooms[fitting[chosen]] -= size
    return closeness(len(rooms) / ceil(sum(items) / CAPACITY) - 1, HALF)
