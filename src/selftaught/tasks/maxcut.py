"""Split the nodes of a weighted graph in two so that the weight between the parts is as large as possible.

algorithm(weights) gets a numpy array of shape (n, n) of whole numbers, symmetric, with zeros on the diagonal: the
weight of the edge between each two nodes, 0 where there is none. n is 50 to 200; an edge is there with probability
0.4, and its weight is 1 to 10. It returns a list of n numbers, each 0 or 1: the part of each node. The cut is the sum
of the weights of all edges between the parts. The grade is the cut divided by that of a reference solution, the best of
a long search, and at most 1.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.tasks.spec import Instance

NAME = "maxcut"
CPU_SECONDS = 0.1

FEWEST, MOST, EDGE, HEAVIEST = 50, 200, 0.4, 10
COUNT = {"val": 30, "test": 50}
SEARCH_STEPS = 1000

SEED = '''\
def algorithm(weights):
    """Node by node: into the part to which it has less weight so far."""
    n = len(weights)
    parts = [0] * n
    for node in range(n):
        inside = [0, 0]
        for other in range(node):
            inside[parts[other]] += weights[node][other]
        parts[node] = 0 if inside[0] < inside[1] else 1
    return parts
'''

Weights = npt.NDArray[np.int64]


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Weights], int]]:
    """Graphs of the released sizes. Hidden: the cut of the reference, within 0.5 % of the best known on average."""
    for _ in range(COUNT[split]):
        chance = np.random.default_rng(rng.getrandbits(128))
        n = int(chance.integers(FEWEST, MOST + 1))
        upper = np.triu(chance.integers(1, HEAVIEST + 1, (n, n)) * (chance.random((n, n)) < EDGE), 1)
        weights = upper + upper.T
        yield (weights,), cut(weights, tabu_search(weights, chance, SEARCH_STEPS))


def tabu_search(weights: Weights, chance: np.random.Generator, steps: int) -> Weights:
    """The best parts that were met while the node that gains most was flipped, `steps` times, from a random start.

    A node stays where it is for a while after its flip, so that the search leaves the top of each hill.
    """
    n = len(weights)
    sides = chance.choice(np.array([-1, 1]), n)
    gains = sides * (weights @ sides)  # what a flip adds: the node's weight to its own side, less that to the other
    rests_until = np.zeros(n, dtype=np.int64)
    rests = n // 20 + chance.integers(1, 11, steps)
    best, reached, most = sides.copy(), 0, 0
    for step in range(steps):
        free = (rests_until <= step) | (reached + gains > most)
        node = int(np.where(free, gains, -(10**9)).argmax())
        reached += int(gains[node])
        sides[node] = -sides[node]
        gains += 2 * sides * sides[node] * weights[node]
        gains[node] = -gains[node]
        rests_until[node] = step + rests[step]
        if reached > most:
            best, most = sides.copy(), reached
    return (best + 1) // 2


def cut(weights: Weights, parts: Weights) -> int:
    """The weight between the parts."""
    return int(weights[np.ix_(parts == 0, parts == 1)].sum())


def grade(instance: Instance, answer: Any) -> float:
    """Exactly two parts, or one: any other label would cut an edge without being a part."""
    check(instance, answer)
    (weights,) = instance.args
    share: float = cut(weights, np.array(answer, dtype=np.int64)) / instance.hidden
    return min(1.0, share)


def check(instance: Instance, answer: Any) -> None:
    """Whether it is an answer at all. Raises ValueError."""
    (weights,) = instance.args
    if not isinstance(answer, list) or len(answer) != len(weights):
        raise ValueError(f"wanted a list of {len(weights)} parts")
    if not all(isinstance(part, (bool, int)) and part in (0, 1) for part in answer):
        raise ValueError("wanted 0 or 1 for each node")
