"""Satisfy a Boolean formula in conjunctive normal form with three literals to a clause (3SAT).

algorithm(formula) gets a list of clauses; each clause is a list of three integers about three different variables. The
integer v, from 1 up, stands for variable v, and -v for its negation. A formula has 5 to 50 variables, four clauses for
each variable, and at least one assignment that satisfies it. algorithm returns a list of n + 1 booleans, where n is the
largest variable in the formula: the one at index v is the value of variable v, the one at index 0 is ignored. The grade
is 1 if every clause is satisfied, else 0.01.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from selftaught.tasks.released.draws import seeds
from selftaught.tasks.spec import RAISED, Instance, Scoring
from selftaught.tasks.three_sat import CLAUSES_PER_VARIABLE, COUNT, FEWEST, MOST, PAPER_SEED

NAME = "three-sat"
SHOW = True
CPU_SECONDS = 0.1
UNSOLVED = 0.01
SCORING = Scoring(floor=UNSOLVED, spoiled=dict.fromkeys(RAISED, UNSOLVED))

SEED = PAPER_SEED


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[list[list[int]]], None]]:
    """The released ones, whatever `rng` is: planted, with as many clauses as wanted unless the draws run out."""
    for seed in seeds(split, COUNT):
        chance = Random(seed)
        n = chance.randint(FEWEST, MOST)
        wanted = CLAUSES_PER_VARIABLE * n
        planted = [False, *(chance.random() < 0.5 for _ in range(n))]
        formula: list[list[int]] = []
        for _ in range(wanted**2):
            variables = chance.sample(range(1, n + 1), 3)
            clause = [variable if chance.random() < 0.5 else -variable for variable in variables]
            if any(planted[abs(literal)] == (literal > 0) for literal in clause):
                formula.append(clause)
            if len(formula) == wanted:
                break
        chance.shuffle(formula)
        yield (formula,), None


def grade(instance: Instance, answer: Any) -> float:
    """What is above 0 is true, in a list of any length. One too short, or None, raises, and spoils the whole score."""
    (formula,) = instance.args
    solved = all(any((answer[abs(v)] > 0) == (v > 0) for v in clause) for clause in formula)
    return 1.0 if solved else UNSOLVED
