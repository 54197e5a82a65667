"""Planted 3SAT: faithful formulas, and a grade against our own copy of them."""

from random import Random
from typing import Any

import pytest

from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.jail import Jail
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.spec import Instance
from selftaught.tasks.three_sat import CLAUSES_PER_VARIABLE, COUNT, FEWEST, MOST, grade, instances

Formula = list[list[int]]
SMALL = Instance(([[1, -2, 3], [-1, 2, 3]],))
"""A formula of three variables, satisfied where variable 3 is true."""


def made(split: str, seed: int = 1) -> list[Instance]:
    return [Instance(args, hidden) for args, hidden in instances(Random(seed), split)]


def formulas(split: str, seed: int = 1) -> list[Formula]:
    return [instance.args[0] for instance in made(split, seed)]


def walk(formula: Formula, rng: Random) -> list[bool]:
    """WalkSAT: flip the variable of an unsatisfied clause that breaks the fewest others, or any of it."""
    n = max(abs(literal) for clause in formula for literal in clause)
    values = [False] * (n + 1)

    def unsatisfied() -> Formula:
        return [clause for clause in formula if not any(values[abs(v)] == (v > 0) for v in clause)]

    def left_by(variable: int) -> int:
        values[variable] = not values[variable]
        left = len(unsatisfied())
        values[variable] = not values[variable]
        return left

    while wrong := unsatisfied():
        variables = [abs(literal) for literal in rng.choice(wrong)]
        chosen = rng.choice(variables) if rng.random() < 0.4 else min(variables, key=left_by)
        values[chosen] = not values[chosen]
    return values


@pytest.mark.parametrize("split", ["val", "test"])
def test_formulas_are_as_described(split: str) -> None:
    sample = [formula for seed in range(5) for formula in formulas(split, seed)]
    assert len(sample) == 5 * COUNT
    for formula in sample:
        n, rest = divmod(len(formula), CLAUSES_PER_VARIABLE)
        assert rest == 0 and FEWEST <= n <= MOST
        assert all(len({abs(v) for v in clause}) == 3 and all(1 <= abs(v) <= n for v in clause) for clause in formula)


def test_sizes_and_signs_vary_over_their_range() -> None:
    sample = [formula for seed in range(20) for formula in formulas("val", seed)]
    sizes = {len(formula) // CLAUSES_PER_VARIABLE for formula in sample}
    signs = [v > 0 for formula in sample for clause in formula for v in clause]
    assert (min(sizes), max(sizes), round(sum(signs) / len(signs), 1)) == (FEWEST, MOST, 0.5)


def test_equal_seeds_give_equal_formulas_and_others_share_none() -> None:
    val, again, other = formulas("val", 1), formulas("val", 1), formulas("test", 2)
    assert (val == again, [formula for formula in val if formula in other]) == (True, [])


def test_nothing_of_the_planted_assignment_is_kept() -> None:
    assert {(len(instance.args), instance.hidden) for instance in made("val")} == {(1, None)}


def test_every_formula_can_be_satisfied() -> None:
    rng = Random(0)
    sample = [instance for split in ("val", "test") for instance in made(split)]
    assert [grade(instance, walk(instance.args[0], rng)) for instance in sample] == [1.0] * (2 * COUNT)


def test_one_unsatisfied_clause_is_enough_to_fail() -> None:
    assert [grade(SMALL, [False, False, False, True]), grade(SMALL, [False, True, False, False])] == [1.0, 0.0]


@pytest.mark.parametrize("ignored", [None, "x", 7, [1]])
def test_what_is_at_index_0_does_not_matter(ignored: Any) -> None:
    assert grade(SMALL, [ignored, True, True, True]) == 1.0


@pytest.mark.parametrize(
    "answer",
    [
        [], [True] * 3, [True] * 5, [True] * 1000, [1, 1, 1, 1], [None, "1", "1", "1"], [True, True, True, None],
        [[True]] * 4, [True, 1.0, 1.0, 1.0], None, True, "TTTT", b"\1\1\1\1", {0: True, 1: True, 2: True, 3: True},
    ],
    ids=repr,
)  # fmt: skip
def test_anything_else_is_a_bad_answer(answer: Any) -> None:
    with pytest.raises(ValueError, match="wanted"):
        grade(SMALL, answer)


def test_the_text_tells_the_sizes_that_are_used() -> None:
    about = " ".join(load_task("three-sat").about.split())
    assert (f"{FEWEST} to {MOST} variables" in about, "4 clauses for each variable" in about) == (True, True)
    assert CLAUSES_PER_VARIABLE == 4


def judged(sandbox: Jail, source: str) -> tuple[float, Verdict]:
    score = Judge(load_task("three-sat"), sandbox, "val", 7)(Program(source))
    return score.value, score.verdict


def test_the_seed_solves_some_and_not_all(sandbox: Jail) -> None:
    value, _ = judged(sandbox, load_task("three-sat").seed.source)
    assert 0.1 < value < 0.95


@pytest.mark.parametrize(
    "edit", ["formula.clear()", "formula[:] = [[1, 2, 3]]", "[c.__setitem__(0, -1) for c in formula]"]
)
def test_editing_the_clauses_changes_nothing(sandbox: Jail, edit: str) -> None:
    source = f"def algorithm(formula):\n    n = max(abs(v) for c in formula for v in c)\n    {edit}\n"
    value, verdict = judged(sandbox, source + "    return [False] * (n + 1)\n")
    honest = judged(sandbox, source.replace(edit, "pass") + "    return [False] * (n + 1)\n")
    assert (value, verdict) == honest and value < 0.2


def test_a_list_that_answers_yes_to_everything_is_a_bad_answer(sandbox: Jail) -> None:
    source = "class Yes(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\n"
    source += "def algorithm(formula):\n    return [Yes(1)] * (1 + max(abs(v) for c in formula for v in c))\n"
    value, verdict = judged(sandbox, source)
    assert (value, verdict is Verdict.OK) == (0.0, False)
