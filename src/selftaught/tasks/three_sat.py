"""Satisfy a Boolean formula in conjunctive normal form with three literals to a clause (3SAT).

algorithm(formula) gets a list of clauses; each clause is a list of three integers about three different variables. The
integer v, from 1 up, stands for variable v, and -v for its negation. A formula has {fewest} to {most} variables,
{ratio:g} clauses for each variable, and at least one assignment that satisfies it. algorithm returns a list of n + 1
booleans, where n is the largest variable in the formula: the one at index v is the value of variable v, the one at
index 0 is ignored. {graded}
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.tasks.levels import described, ladder
from selftaught.tasks.spec import ONE_FAILURE, Instance

FEWEST, MOST, CLAUSES_PER_VARIABLE, COUNT = 5, 50, 4, 30  # the paper's


@dataclass(frozen=True)
class Level:
    """Sizes and rules of one level.

    Attributes:
        ratio: clauses for each variable.
        bias: a clause with t literals true under the planted assignment is kept with probability bias ** (t - 1). At 1
            the majority of a variable's signs points to its planted value; at 0.57 next to nothing does (Jia, Moore,
            Strain 2007: 0.618 balances the signs; a little less hides best against local search).
        spread: whether sizes are drawn, as in the paper, or go up evenly.
        partial: whether clauses count that are left unsatisfied, or only a formula that is satisfied.
    """

    fewest: int
    most: int
    ratio: float
    bias: float
    count: int
    spread: bool
    partial: bool
    graded: str


LEVELS = {
    "paper": Level(
        FEWEST, MOST, CLAUSES_PER_VARIABLE, 1.0, COUNT, False, False,
        "The grade is 1 if every clause is satisfied, else 0.",
    ),
    "hard": Level(
        20, 500, 4.3, 0.57, 18, True, True,
        "The grade is 1 / (1 + the number of clauses that are not satisfied).",
    ),
}  # fmt: skip
LEVEL = globals().get("LEVEL", "paper")
P = LEVELS[LEVEL]
__doc__ = described(__doc__, vars(P))

NAME = "three-sat"
SHOW = True
CPU_SECONDS = 0.1
PAPER_SCORING = ONE_FAILURE if LEVEL == "paper" else None
BOUND = 1.0  # exact: every formula is planted

PAPER_SEED = '''\
import random


def algorithm(formula):
    """A random walk: flip a variable of an unsatisfied clause, one of the three or the one that satisfies the least."""
    n = max(abs(literal) for clause in formula for literal in clause)
    values = [False] * (n + 1)

    def holds(literal):
        return values[abs(literal)] == (literal > 0)

    def satisfies(literal):
        return sum(holds(literal) for clause in formula if literal in clause)

    for step in range(1000):
        unsatisfied = [clause for clause in formula if not any(holds(literal) for literal in clause)]
        if not unsatisfied:
            return values
        clause = random.choice(unsatisfied)
        literal = random.choice(clause) if random.random() < 0.4 else min(clause, key=satisfies)
        values[abs(literal)] = not values[abs(literal)]
    return None
'''
SHORT_WALK = '''\
import random


def algorithm(formula):
    """A random walk: flip a variable of an unsatisfied clause or, now and then, any variable."""
    n = max(abs(literal) for clause in formula for literal in clause)
    values = [False] * (n + 1)

    def wrong(literal):
        return values[abs(literal)] != (literal > 0)

    for step in range(60):
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
SEED = {"paper": PAPER_SEED, "hard": SHORT_WALK}[LEVEL]


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[list[list[int]]], None]]:
    """Planted formulas: clauses with random signs, kept if an assignment drawn beforehand satisfies them (App. K)."""
    for size in ladder(P.fewest, P.most, P.count):
        chance = np.random.default_rng(rng.getrandbits(128))  # its own: one instance tells nothing of the next
        n = size if P.spread else rng.randint(P.fewest, P.most)
        wanted = ceil(P.ratio * n)
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
    kept = (first != second) & (second != third) & (first != third)
    true = (planted[variables] == signs).sum(axis=1)
    kept &= true > 0
    if P.bias < 1:
        kept &= chance.random(draws) < P.bias ** (true - 1.0)
    clauses: list[list[int]] = np.where(signs, variables, -variables)[kept].tolist()
    return clauses


def grade(instance: Instance, answer: Any) -> float:
    """Checked against our own copy of the formula: what the program did to its own does not matter."""
    check(instance, answer)
    (formula,) = instance.args
    left = sum(not any(answer[abs(v)] == (v > 0) for v in clause) for clause in formula)
    return 1 / (1 + left) if P.partial else float(left == 0)


def check(instance: Instance, answer: Any) -> None:
    """Whether it is an answer at all. Raises ValueError."""
    (formula,) = instance.args
    n = max(abs(literal) for clause in formula for literal in clause)
    if not isinstance(answer, list) or len(answer) != n + 1:
        came = f"a list of {len(answer)}" if isinstance(answer, list) else f"a {type(answer).__name__}"
        raise ValueError(f"wanted a list of {n + 1} booleans, got {came}")
    if not all(isinstance(value, bool) for value in answer[1:]):
        raise ValueError("wanted True or False for each variable")
