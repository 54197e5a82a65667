"""Find the formula behind some points (symbolic regression), and say what it gives elsewhere.

algorithm(x, y, x_new) gets three numpy arrays: x of shape ({train}, d), d from 1 to 3, y of shape ({train},) and x_new
of shape ({test}, d). Each row of x and x_new is uniform in [-2, 2]; y is one formula of the columns of x, without
noise. The formula consists of {least} to {most} of the operations a + b, a - b, a * b, a / (1 + b * b), sin(a), cos(a),
exp(-a * a), sqrt(1 + a * a), and of numbers from -3 to 3 with one digit behind the point. It returns what the formula
gives for each row of x_new, as a list or an array. The error is the root of the mean square of the differences, divided
by the standard deviation of the right values. The grade is {half:g} / ({half:g} + error).
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.tasks.grading import closeness, finite_numbers
from selftaught.tasks.levels import described, ladder
from selftaught.tasks.spec import Instance

TRAIN, TEST, LEAST, MOST, HALF = 60, 100, 2, 8, 0.02
LEVELS = {"hard": {"train": TRAIN, "test": TEST, "least": LEAST, "most": MOST, "half": HALF}}
LEVEL = globals().get("LEVEL", "hard")
__doc__ = described(__doc__, LEVELS[LEVEL])

NAME = "formulas"
SHOW = True
CPU_SECONDS = 0.12
BOUND = 1.0  # exact: the formula itself
COUNT, WIDTH, MOST_VARIABLES = 14, 2, 3

SEED = '''\
import numpy as np


def algorithm(x, y, x_new):
    """A plane through the points."""
    weights, *_ = np.linalg.lstsq(np.c_[np.ones(len(x)), x], y, rcond=None)
    return np.c_[np.ones(len(x_new)), x_new] @ weights
'''

Array = npt.NDArray[np.float64]
OF_TWO: list[Callable[[Array, Array], Array]] = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (1 + b * b),
]
OF_ONE: list[Callable[[Array], Array]] = [np.sin, np.cos, lambda a: np.exp(-a * a), lambda a: np.sqrt(1 + a * a)]


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Array, Array, Array], list[float]]]:
    """From short formulas to long ones. Hidden: what they give for the new rows."""
    for operations in ladder(LEAST, MOST, COUNT):
        x, y = _points(rng, operations)
        yield (x[:TRAIN], y[:TRAIN], x[TRAIN:]), y[TRAIN:].tolist()


def _points(rng: Random, operations: int) -> tuple[Array, Array]:
    """Of a formula that is neither next to a plane or a constant, nor beyond measure."""
    chance = np.random.default_rng(rng.getrandbits(128))
    while True:
        x = chance.uniform(-WIDTH, WIDTH, (TRAIN + TEST, rng.randint(1, MOST_VARIABLES)))
        y = formula(rng, operations, x)
        plane = np.c_[np.ones(len(x)), x]
        beside = y - plane @ np.linalg.lstsq(plane, y, rcond=None)[0]
        if beside.std() > 0.2 * y.std() > 1e-3 and np.abs(y).max() < 1e4:
            return x, y


def formula(rng: Random, operations: int, x: Array) -> Array:
    """The values of a random formula with so many operations, at all rows of x."""
    if operations == 0:
        return x[:, rng.randrange(x.shape[1])] if rng.random() < 0.75 else np.full(len(x), rng.randint(-30, 30) / 10)
    if rng.random() < 0.35:
        return rng.choice(OF_ONE)(formula(rng, operations - 1, x))
    left = rng.randint(0, operations - 1)
    both = formula(rng, left, x), formula(rng, operations - 1 - left, x)
    return rng.choice(OF_TWO)(*both)


def grade(instance: Instance, answer: Any) -> float:
    """From the values alone: a program that fits well without the formula is graded by how well."""
    right = np.array(instance.hidden)
    off = np.clip(finite_numbers(answer, len(right)) - right, -1e6, 1e6)
    return closeness(float(np.sqrt(np.mean(off**2)) / right.std()), HALF)
