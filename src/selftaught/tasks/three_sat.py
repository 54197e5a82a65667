"""Satisfy a Boolean formula in conjunctive normal form with three literals to a clause (3SAT).

algorithm(formula) gets a list of clauses; each clause is a list of three integers about three different variables. The
integer v, from 1 up, stands for variable v, and -v for its negation. A formula has 5 to 50 variables, four clauses for
each variable, and at least one assignment that satisfies it. algorithm returns a list of n + 1 booleans, where n is the
largest variable in the formula: the one at index v is the value of variable v, the one at index 0 is ignored. The grade
is 1 if every clause is satisfied, else 0.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.tasks.spec import Instance

NAME = "three-sat"
CPU_SECONDS = 0.1

FEWEST, MOST = 5, 50
CLAUSES_PER_VARIABLE = 4
COUNT = 30

SEED = '''\
import random


def algorithm(formula):
    """A random walk: flip a variable of an unsatisfied clause or, now and then, any variable."""
    n = max(abs(literal) for clause in formula for literal in clause)
    values = [False] * (n + 1)

    def wrong(literal):
        return values[abs(literal)] != (literal > 0)

    for step in range(1000):
        unsatisfied = [clause for clause in formula if wrong(clause[0]) and wrong(clause[1]) and wrong(clause[2])]
        if not unsatisfied:
            break
        if random.random() < 0.4:
            variable = random.randint(1, n)
        else:
            variable = abs(random.choice(random.choice(unsatisfied)))
        values[variable] = not values[variable]
    return values
'''


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[list[list[int]]], None]]:
    """Planted formulas: clauses with random signs, kept if an assignment drawn beforehand satisfies them (App. K)."""
    for _ in range(COUNT):
        chance = np.random.default_rng(rng.getrandbits(128))  # its own: one instance tells nothing of the next
        n = rng.randint(FEWEST, MOST)
        wanted = CLAUSES_PER_VARIABLE * n
        planted = chance.random(n + 1) < 0.5
        formula: list[list[int]] = []
        while len(formula) < wanted:
            formula += _clauses(chance, planted, wanted)
        yield (formula[:wanted],), None  # drawn independently of one another: no order to shuffle away


def _clauses(chance: np.random.Generator, planted: npt.NDArray[np.bool_], draws: int) -> list[list[int]]:
    """Of so many draws of three variables and three signs, those that are clauses and that `planted` satisfies."""
    variables = 1 + (chance.random((draws, 3)) * (len(planted) - 1)).astype(np.int64)
    signs = chance.random((draws, 3)) < 0.5
    first, second, third = variables.T
    distinct = (first != second) & (second != third) & (first != third)
    satisfied = (planted[variables] == signs).any(axis=1)
    clauses: list[list[int]] = np.where(signs, variables, -variables)[distinct & satisfied].tolist()
    return clauses


def grade(instance: Instance, answer: Any) -> float:
    """Checked against our own copy of the formula: what the program did to its own does not matter."""
    check(instance, answer)
    (formula,) = instance.args
    return float(all(any(answer[abs(v)] == (v > 0) for v in clause) for clause in formula))


def check(instance: Instance, answer: Any) -> None:
    """Whether it is an answer at all. Raises ValueError."""
    (formula,) = instance.args
    n = max(abs(literal) for clause in formula for literal in clause)
    if not isinstance(answer, list) or len(answer) != n + 1:
        came = f"a list of {len(answer)}" if isinstance(answer, list) else f"a {type(answer).__name__}"
        raise ValueError(f"wanted a list of {n + 1} booleans, got {came}")
    if not all(isinstance(value, bool) for value in answer[1:]):
        raise ValueError("wanted True or False for each variable")
