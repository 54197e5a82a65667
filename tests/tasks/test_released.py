"""`--fidelity released`: the values that were measured on a copy of the released code, val and test.

Exact (to the digits that were kept) wherever chance and the clock have no part in it. Where they have, the test says
how far off it may be, and by what.
"""

from random import Random
from typing import Any

import numpy as np
import pytest

from selftaught.core.contracts import Program, Score, Verdict
from selftaught.core.errors import UsageError
from selftaught.sandbox.jail import Jail
from selftaught.tasks.bounds import modified_qap
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import PAPER, load_task
from selftaught.tasks.modified_qap import SIZE
from selftaught.tasks.parity_with_noise import BIT_CHANCE, NOISE, TEST
from selftaught.tasks.released import parity, parity_with_noise
from selftaught.tasks.released.draws import seeds
from selftaught.tasks.spec import Instance
from tasks.test_parity_with_noise import DECODER
from tasks.test_three_sat import walk
from tasks.test_transfer_tasks import reachable

SPLITS = ("val", "test")


def made(task: str, split: str) -> list[Instance]:
    return [Instance(*pair) for pair in load_task(task, "released").instances(Random(0), split)]


def graded(task: str, split: str, answer: Any) -> float:
    """The mean grade of `answer(*arguments)`, computed here: for reference solutions, which are ours."""
    spec = load_task(task, "released")
    return float(np.mean([spec.grade(instance, answer(*instance.args)) for instance in made(task, split)]))


def scored(sandbox: Jail, task: str, source: str, split: str = "val") -> Score:
    return Judge(load_task(task, "released"), sandbox, split, 1)(Program(source))


def seed_scores(sandbox: Jail, task: str) -> list[float]:
    return [scored(sandbox, task, load_task(task, "released").seed.source, split).value for split in SPLITS]


@pytest.mark.parametrize("name", PAPER)
def test_the_instances_are_the_same_whatever_the_run_s_seed(name: str) -> None:
    spec = load_task(name, "released")
    assert repr(list(spec.instances(Random(1), "val"))) == repr(list(spec.instances(Random(2), "val")))


# parity, with and without noise


@pytest.mark.parametrize(
    ("task", "noise", "measured"),
    [(parity_with_noise, NOISE, (0.5275, 0.5070)), (parity, 0.0, (0.4675, 0.4875))],
    ids=["noise", "no noise"],
)
def test_the_seed_s_coin_scores_as_measured_where_it_is_tossed_from_the_same_chance(
    task: Any, noise: float, measured: tuple[float, float]
) -> None:
    """The released code lets a program go on with the chance that its instance was drawn from."""
    for split, wanted in zip(SPLITS, measured, strict=True):
        grades = []
        for seed in seeds(split, len(list(task.instances(Random(0), split)))):
            chance = np.random.RandomState(seed)
            instance = Instance(*parity_with_noise.drawn(chance, noise))
            grades.append(task.grade(instance, chance.binomial(1, BIT_CHANCE, TEST).tolist()))
        assert np.mean(grades) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("name", ["parity", "parity-with-noise"])
def test_the_seed_s_coin_is_fair_in_the_sandbox(sandbox: Jail, name: str) -> None:
    """400 tosses or more, of a fixed seed: within four standard errors, 0.1, of one half."""
    assert seed_scores(sandbox, name) == pytest.approx([0.5, 0.5], abs=0.1)


@pytest.mark.parametrize("name", ["parity", "parity-with-noise"])
def test_an_exhaustive_decoder_is_always_right(sandbox: Jail, name: str) -> None:
    assert [scored(sandbox, name, DECODER, split).value for split in SPLITS] == [1.0, 1.0]


def test_one_late_or_raising_call_spoils_learning_parity_with_noise(sandbox: Jail) -> None:
    once = "calls = []\ndef algorithm(*_):\n    calls.append(1)\n    return [0] * 20 if len(calls) == 1 else None[0]"
    assert scored(sandbox, "parity-with-noise", once).value == 1e-6
    first = made("parity", "val")[0].hidden.count(0) / TEST
    assert scored(sandbox, "parity", once).value == pytest.approx(first / 20)
    assert scored(sandbox, "parity-with-noise", "no python").value == 0.0


# string grid distance


def test_the_grid_s_seed_scores_as_measured(sandbox: Jail) -> None:
    assert seed_scores(sandbox, "string-grid-distance") == pytest.approx([0.4829, 0.4389], abs=5e-5)


def test_dynamic_programming_solves_every_grid() -> None:
    assert [graded("string-grid-distance", split, reachable) for split in SPLITS] == [1.0, 1.0]


# quadratic assignment


MOST_TIME = 0.5 / SIZE**2
"""What the released code adds at most for elapsed seconds, which we do not."""


def test_the_assignment_s_seed_scores_as_measured(sandbox: Jail) -> None:
    """Simulated annealing on ten instances: from run to run it differs by 0.001, the seconds add up to 0.0022."""
    assert seed_scores(sandbox, "modified-qap") == pytest.approx([0.1960, 0.2036], abs=MOST_TIME + 0.002)


def test_identity_and_random_assignments_score_as_measured() -> None:
    identity = [graded("modified-qap", split, lambda *_: list(range(SIZE))) for split in SPLITS]
    assert identity == pytest.approx([0.2297, 0.2332], abs=5e-5)


def test_random_assignments_score_as_measured() -> None:
    """One was drawn for each of ten instances, of a standard deviation of 0.0118: within two standard errors."""
    rng = Random(0)
    many = [graded("modified-qap", s, lambda *_: rng.sample(range(SIZE), SIZE)) for s in SPLITS for _ in range(20)]
    assert np.mean(many) == pytest.approx(0.2355, abs=2 * 0.0118 / np.sqrt(10))


def test_a_search_that_swaps_comes_as_high_as_measured_less_the_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modified_qap, "STARTS", 2)
    for split, measured in zip(SPLITS, (0.2703, 0.2755), strict=True):
        assert measured - MOST_TIME < graded("modified-qap", split, modified_qap.answer) <= measured


def test_a_bad_answer_is_0_and_a_program_no_less_than_the_floor(sandbox: Jail) -> None:
    assert scored(sandbox, "modified-qap", "def algorithm(*_): return [0] * 15").value == 0.01


# 3SAT


def test_walksat_solves_every_formula() -> None:
    rng = Random(0)
    assert [graded("three-sat", split, lambda formula: walk(formula, rng)) for split in SPLITS] == [1.0, 1.0]


def test_the_formulas_are_planted_with_four_clauses_to_a_variable() -> None:
    sizes = [
        (len(formula), max(abs(v) for clause in formula for v in clause))
        for ((formula,), _) in made("three-sat", "val")
    ]
    assert all(clauses == 4 * n for clauses, n in sizes)


def test_the_walk_of_the_seed_solves_most_and_gives_none_for_the_rest() -> None:
    """Its score depends on the machine: a walk that ends in time without a solution spoils the whole score, a late one
    counts 0. What does not: how many it solves, were there no limit."""
    defined: dict[str, Any] = {}
    exec(load_task("three-sat", "released").seed.source, defined)
    defined["random"].seed(1)
    answers = [defined["algorithm"](*instance.args) for instance in made("three-sat", "val")]
    assert 0.7 < sum(answer is not None for answer in answers) / len(answers) < 1.0


UNSOLVED = """
def algorithm(formula):
    n = max(abs(v) for clause in formula for v in clause)
    {}
    return [False] * (n + 1)
"""


def test_an_unsolved_formula_counts_a_hundredth_a_late_one_nothing_and_none_at_all_spoils_the_score(
    sandbox: Jail,
) -> None:
    alone = len(made("three-sat", "val")[0].args[0]) // 4  # the variables of the first formula
    few = [len(instance.args[0]) // 4 for instance in made("three-sat", "val")].count(alone)
    unsolved, late, none = (
        scored(sandbox, "three-sat", UNSOLVED.format(line))
        for line in ("pass", f"while n == {alone}: pass", "if n > 40: return None")
    )
    assert unsolved.value == pytest.approx((1 + 29 * 0.01) / 30)  # one formula is satisfied where all is false
    assert late.value == pytest.approx(unsolved.value - few * 0.01 / 30) and late.verdict is Verdict.TIMED_OUT
    assert (none.value, none.verdict) == (0.01, Verdict.BAD_ANSWER)


# maxcut


def flipping(weights: Any) -> list[int]:
    """From alternating parts, flip the node that gains most until none gains."""
    sides = np.where(np.arange(len(weights)) % 2, 1.0, -1.0)
    while (gains := sides * (weights @ sides)).max() > 0:
        sides[gains.argmax()] *= -1
    return [int(side > 0) for side in sides]


def test_the_cut_s_seed_is_too_late_as_measured(sandbox: Jail) -> None:
    assert seed_scores(sandbox, "maxcut") == [0.01, 0.01]


def test_alternating_parts_and_a_search_that_flips_score_as_measured() -> None:
    alternating = [graded("maxcut", split, lambda weights: [n % 2 for n in range(len(weights))]) for split in SPLITS]
    assert alternating == pytest.approx([961, 1009], abs=0.5)
    assert [graded("maxcut", split, flipping) for split in SPLITS] == pytest.approx([1116, 1170], abs=0.5)


def test_one_list_of_the_wrong_length_spoils_the_whole_score(sandbox: Jail) -> None:
    assert scored(sandbox, "maxcut", "def algorithm(weights): return [0] * 50").value == 0.0


# what is told, and what has no released way


@pytest.mark.parametrize("name", PAPER)
def test_the_text_tells_how_the_score_is_made(name: str) -> None:
    spec = load_task(name, "released")
    told = [f"{spec.scoring.floor:g}"] if spec.scoring.floor is not None else []
    told += [f"the whole score is {score:g}" for score in spec.scoring.spoiled.values()]
    told += ["and larger is better" if not spec.scoring.bounded else "from 0 (worst) to 1 (best)"]
    assert [text for text in told if text not in spec.description] == []


def test_a_task_of_ones_own_has_no_released_way() -> None:
    with pytest.raises(UsageError, match="mine.py is not of the paper's released code"):
        load_task("mine.py", "released")


def test_an_unknown_fidelity_gets_all_of_them() -> None:
    with pytest.raises(UsageError, match="no fidelity is called 'true'; there are honest, paper, released"):
        load_task("parity", "true")
