"""Satisfy a Boolean formula in conjunctive normal form with three literals to a clause (3SAT).

algorithm(formula) gets a list of clauses; each clause is a list of three integers. The integer v stands for variable
v, and -v for its negation; variables are numbered from 1 to n. A formula has 5 to 50 variables, four clauses for each
variable, and at least one assignment that satisfies it. Return a list of n + 1 booleans, of which the one at index v
is the value of variable v (the one at index 0 is ignored), where n is the largest variable in the formula. The grade
is 1 if every clause is satisfied, else 0.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from selftaught.tasks.spec import Instance

NAME = "three-sat"
CPU_SECONDS = 0.1

FEWEST, MOST, CLAUSES_PER_VARIABLE = 5, 50, 4
FORMULAS = 30

SEED = '''\
import random


def algorithm(formula):
    """A random walk: flip a variable of an unsatisfied clause or, now and then, any variable."""
    n = max(abs(literal) for clause in formula for literal in clause)
    values = [False] * (n + 1)

    def satisfied(clause):
        return any(values[abs(literal)] == (literal > 0) for literal in clause)

    for step in range(1000):
        unsatisfied = [clause for clause in formula if not satisfied(clause)]
        if len(unsatisfied) == 0:
            return values
        if random.random() < 0.4:
            variable = random.randint(1, n)
        else:
            variable = abs(random.choice(random.choice(unsatisfied)))
        values[variable] = not values[variable]
    return values
'''


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[list[list[int]]], None]]:
    """Clauses of three variables with random signs, kept if a hidden assignment satisfies them (paper App. K)."""
    for _ in range(FORMULAS):
        n = rng.randint(FEWEST, MOST)
        hidden = [rng.random() < 0.5 for _ in range(n + 1)]
        formula: list[list[int]] = []
        while len(formula) < CLAUSES_PER_VARIABLE * n:
            clause = [v if rng.random() < 0.5 else -v for v in rng.sample(range(1, n + 1), 3)]
            if any(hidden[abs(literal)] == (literal > 0) for literal in clause):
                formula.append(clause)
        rng.shuffle(formula)
        yield (formula,), None


def grade(instance: Instance, answer: Any) -> float:
    """Checked against our own copy of the formula: what the program did to its own does not matter."""
    (formula,) = instance.args
    n = max(abs(literal) for clause in formula for literal in clause)
    if not isinstance(answer, list) or len(answer) != n + 1:
        raise ValueError(f"wanted a list of {n + 1} booleans")
    if not all(isinstance(value, (bool, int)) and value in (0, 1) for value in answer[1:]):
        raise ValueError("wanted True or False for each variable")
    return float(all(any(answer[abs(v)] == (v > 0) for v in clause) for clause in formula))
