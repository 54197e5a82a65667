"""Split the nodes of a weighted graph in two so that the weight between the parts is as large as possible.

algorithm(weights) gets a numpy array of shape (n, n) of whole numbers, symmetric, with zeros on the diagonal: the
weight of the edge between each two nodes, 0 where there is none. {graphs} It returns a list of n
numbers, each 0 or 1: the part of each node. The cut is the sum of the weights of all edges between the parts. {graded}
"""

from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.tasks.grading import closeness
from selftaught.tasks.levels import described
from selftaught.tasks.spec import ONE_FAILURE, Instance

FEWEST, MOST, EDGE, HEAVIEST = 50, 200, 0.4, 10
COUNT = {"val": 30, "test": 50}
SEARCH_STEPS = 1000
SIDES, LATTICES, HALF = (6, 8, 10), 9, 0.02
LEVELS = {
    "paper": {
        "graphs": f"""\
n is {FEWEST} to {MOST}; an edge is there with probability {EDGE:g}, and its weight is 1 to {HEAVIEST}.""",
        "graded": """\
The grade is the cut divided by that of a reference solution, the best of a long search, and at most 1.""",
    },
    "hard": {
        "graphs": f"""\
The graph is a cubic lattice with periodic borders of
{SIDES[0]}, {SIDES[1]} or {SIDES[2]} nodes a side, its nodes in random order, and each weight is 1 or -1.""",
        "graded": f"""\
The gap is how far
the cut is below the largest there is, as a share of the number of edges. The grade is {HALF:g} / ({HALF:g} + gap).""",
    },
}
LEVEL = globals().get("LEVEL", "paper")
__doc__ = described(__doc__, LEVELS[LEVEL])

NAME = "maxcut"
SHOW = True
HIDE = ("tabu_search", "lattice")
CPU_SECONDS = {"paper": 0.1, "hard": 0.2}[LEVEL]
PAPER_SCORING = ONE_FAILURE if LEVEL == "paper" else None
BOUND = 1.0  # hard: exact, the largest cut is planted; paper: the reference's own

PAPER_SEED = '''\
def algorithm(weights):
    """The node and the part that cut the most so far, until all nodes are placed; in the order of n * n * n."""
    n = len(weights)
    parts = [None] * n
    for _ in range(n):
        most, chosen = -1, None
        for node in range(n):
            if parts[node] is not None:
                continue
            for part in (0, 1):
                gain = sum(weights[node, other] for other in range(n) if parts[other] == 1 - part)
                if gain > most:
                    most, chosen = gain, (node, part)
        node, part = chosen
        parts[node] = part
    return parts
'''
ONE_PASS = '''\
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
SEED = {"paper": PAPER_SEED, "hard": ONE_PASS}[LEVEL]

Weights = npt.NDArray[np.int64]


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Weights], int]]:
    """Hidden: the cut of the reference; of a lattice, the largest."""
    if LEVEL == "paper":
        for _ in range(COUNT[split]):
            yield random_graph(np.random.default_rng(rng.getrandbits(128)))
    else:
        for i in range(LATTICES):
            yield lattice(np.random.default_rng(rng.getrandbits(128)), SIDES[i % len(SIDES)])


def random_graph(chance: np.random.Generator) -> tuple[tuple[Weights], int]:
    """A graph of the released sizes. Its reference is within 0.5 % of the best known on average."""
    n = int(chance.integers(FEWEST, MOST + 1))
    upper = np.triu(chance.integers(1, HEAVIEST + 1, (n, n)) * (chance.random((n, n)) < EDGE), 1)
    weights = upper + upper.T
    return (weights,), cut(weights, tabu_search(weights, chance, SEARCH_STEPS))


# Tile planting (Hamze and others 2018). Couplings are weights with the sign turned: a largest cut has the most
# couplings satisfied, less those that are not. Every edge of the lattice is in one cube of a checkerboard; in each cube
# the couplings are such that "all spins equal" satisfies as many as any state can; so it does in the whole lattice.
_CORNERS = np.array(list(product((0, 1), repeat=3)))
_EDGES = np.array([(a, b) for a in range(8) for b in range(a, 8) if abs(_CORNERS[a] - _CORNERS[b]).sum() == 1])


def _tiles() -> Weights:
    """Couplings of a cube's 12 edges that "all equal" satisfies best: of these the most frustrated, a row each."""
    states = 1 - 2 * np.array(list(product((0, 1), repeat=8)))
    couplings = 1 - 2 * np.array(list(product((0, 1), repeat=12)))
    most = (couplings @ (states[:, _EDGES[:, 0]] * states[:, _EDGES[:, 1]]).T).max(axis=1)
    equal = couplings.sum(axis=1)
    planted = couplings[most == equal]
    tiles: Weights = planted[planted.sum(axis=1) == planted.sum(axis=1).min()]
    return tiles


def lattice(chance: np.random.Generator, side: int) -> tuple[tuple[Weights], int]:
    """A cubic lattice whose largest cut is planted: each cube is turned at random, and the nodes are shuffled."""
    n, tiles = side**3, _tiles()
    number = chance.permutation(n).reshape(side, side, side)
    spins = chance.choice(np.array([-1, 1]), n)
    weights = np.zeros((n, n), dtype=np.int64)
    for cube in product(range(side), repeat=3):
        if len({place % 2 for place in cube}) > 1:
            continue
        turned = (_CORNERS ^ chance.integers(0, 2, 3))[:, chance.permutation(3)]
        nodes = number[tuple(((cube + turned) % side).T)]
        a, b = nodes[_EDGES].T
        weights[a, b] = weights[b, a] = -tiles[chance.integers(len(tiles))] * spins[a] * spins[b]
    return (weights,), cut(weights, (spins + 1) // 2)


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
    reached = cut(weights, np.array(answer, dtype=np.int64))
    if LEVEL == "paper":
        return float(min(1.0, reached / instance.hidden))
    edges = np.count_nonzero(weights) // 2
    return closeness((instance.hidden - reached) / edges, HALF)


def check(instance: Instance, answer: Any) -> None:
    """Whether it is an answer at all. Raises ValueError."""
    (weights,) = instance.args
    if not isinstance(answer, list) or len(answer) != len(weights):
        raise ValueError(f"wanted a list of {len(weights)} parts")
    if not all(isinstance(part, (bool, int)) and part in (0, 1) for part in answer):
        raise ValueError("wanted 0 or 1 for each node")
