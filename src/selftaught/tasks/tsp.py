"""Find a short round trip (Euclidean travelling salesman).

algorithm(points) gets a numpy array of shape (n, 2), n from {fewest} to {most}: points drawn uniformly from the unit
square. It returns a list of the n whole numbers 0 to n - 1, each once: the order in which they are visited; from the
last one the trip goes back to the first. The gap is how far its length is above a lower bound (Held and Karp's, about
1 % below the shortest trip), as a share of it. The grade is {half:g} / ({half:g} + gap).
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.tasks.grading import closeness, permutation
from selftaught.tasks.levels import described, ladder
from selftaught.tasks.spec import Instance

LEVELS = {"hard": {"fewest": 100, "most": 500, "half": 0.03}}
LEVEL = globals().get("LEVEL", "hard")
FEWEST, MOST, HALF = 100, 500, LEVELS[LEVEL]["half"]
__doc__ = described(__doc__, LEVELS[LEVEL])

NAME = "tsp"
SHOW = True
CPU_SECONDS = 0.15
BOUND = 0.687  # the shortest trips, or next to them: LKH (Helsgaun), three runs for each instance of three seeds
COUNT, ROUNDS = 9, 60

SEED = '''\
def algorithm(points):
    """Always on to the nearest point not visited yet."""
    left = set(range(1, len(points)))
    trip = [0]
    while left:
        x, y = points[trip[-1]]
        near = min(left, key=lambda i: (points[i][0] - x) ** 2 + (points[i][1] - y) ** 2)
        left.remove(near)
        trip.append(near)
    return trip
'''

Array = npt.NDArray[np.float64]


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Array], float]]:
    """Points of the unit square. Hidden: the lower bound."""
    for n in ladder(FEWEST, MOST, COUNT):
        points = np.random.default_rng(rng.getrandbits(128)).random((n, 2))
        yield (points,), held_karp(points, ROUNDS)


def held_karp(points: Array, rounds: int) -> float:
    """A lower bound of every trip: the longest 1-tree under prices of the nodes (Held and Karp 1970).

    A price is paid by each edge of its node and given back twice, so no trip's length changes; prices rise where a tree
    has many edges, and fall where it has one. The longer the ascent, the nearer to about 0.7 % below the shortest trip.
    """
    distances = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    prices, before = np.zeros(len(points)), np.zeros(len(points))
    longest, step = 0.0, 0.0
    for turn in range(rounds):
        length, degrees = _one_tree(distances + prices[:, None] + prices)
        length -= 2 * float(prices.sum())
        longest = max(longest, length)
        surplus = degrees - 2.0
        if not surplus.any():  # the tree is a trip
            break
        step = 0.94 * step if turn else 0.1 * length / len(points)
        prices += step * (0.7 * surplus + 0.3 * before)
        before = surplus
    return longest


def _one_tree(weights: Array) -> tuple[float, Array]:
    """The lightest tree over nodes 1 and up, with the two lightest edges of node 0: its weight, and the degrees."""
    n = len(weights)
    degrees = np.zeros(n)
    nearest, neighbour = weights[1].copy(), np.ones(n, dtype=np.int64)
    outside = np.ones(n, dtype=bool)
    outside[:2], nearest[:2] = False, np.inf
    length = 0.0
    for _ in range(n - 2):
        node = int(nearest.argmin())
        length += float(nearest[node])
        degrees[node] += 1
        degrees[neighbour[node]] += 1
        outside[node], nearest[node] = False, np.inf
        closer = (weights[node] < nearest) & outside
        nearest[closer], neighbour[closer] = weights[node][closer], node
    first, second = 1 + np.argpartition(weights[0, 1:], 1)[:2]
    degrees[[0, first, second]] += [2, 1, 1]
    return length + float(weights[0, first] + weights[0, second]), degrees


def grade(instance: Instance, answer: Any) -> float:
    """From the order alone. At most 1: no trip is shorter than the bound."""
    (points,) = instance.args
    trip = permutation(answer, len(points))
    return min(1.0, closeness(length_of(points, trip) / instance.hidden - 1, HALF))


def length_of(points: Array, trip: list[int]) -> float:
    """How long the round trip is."""
    visited = points[trip]
    return float(np.hypot(*(visited - np.roll(visited, 1, axis=0)).T).sum())
