"""Split the nodes of a weighted graph in two so that the weight between the parts is as large as possible.

algorithm(weights) gets a numpy array of shape (n, n) of whole numbers, symmetric, with zeros on the diagonal: the
weight of the edge between each two nodes, 0 where there is none. n is 50 to 200; an edge is there with probability
0.4, and its weight is 1 to 10. It returns a list of n numbers, each 0 or 1: the part of each node. The cut is the sum
of the weights of all edges between the parts. The grade is the cut divided by 10.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.core.contracts import Verdict
from selftaught.tasks.maxcut import EDGE, FEWEST, HEAVIEST, MOST, PAPER_SEED
from selftaught.tasks.released.draws import seeds
from selftaught.tasks.spec import RAISED, Instance, Scoring

NAME = "maxcut"
SHOW = True
CPU_SECONDS = 0.1
COUNT = 100
SCORING = Scoring(
    bounded=False,
    floor=0.01,
    # A list of the wrong length is 0 for the whole program there; no list at all is 0.01, which is 0 here.
    spoiled={**dict.fromkeys([Verdict.TIMED_OUT, *RAISED], 0.01), Verdict.BAD_ANSWER: 0.0},
)

SEED = PAPER_SEED

Weights = npt.NDArray[np.float64]


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Weights], None]]:
    """The released ones, whatever `rng` is."""
    for seed in seeds(split, COUNT):
        chance = Random(seed)
        n = chance.randint(FEWEST, MOST)
        weights = np.zeros((n, n))
        for i in range(n):
            for j in range(i + 1, n):
                if chance.random() < EDGE:
                    weights[i, j] = weights[j, i] = chance.randint(1, HEAVIEST)
        yield (weights,), None


def grade(instance: Instance, answer: Any) -> float:
    """Any labels, and any number of them: all-distinct ones cut every edge."""
    (weights,) = instance.args
    if not isinstance(answer, list) or len(answer) != len(weights):
        raise ValueError(f"wanted a list of {len(weights)} parts")
    first, second = np.nonzero(np.triu(weights))
    cut = [answer[i] != answer[j] for i, j in zip(first.tolist(), second.tolist(), strict=True)]
    return float(weights[first[cut], second[cut]].sum() / HEAVIEST)
