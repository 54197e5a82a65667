"""Reference bounds: as good as trying everything where that can be done, and never below a simple program."""

import sys
from itertools import permutations, product
from random import Random
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from selftaught.core.contracts import Verdict
from selftaught.core.errors import UsageError
from selftaught.sandbox.jail import Jail
from selftaught.tasks.bounds import maxcut, modified_qap, parity_with_noise, string_grid_distance, three_sat
from selftaught.tasks.bounds.loading import Bound, load_bound
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import FIDELITIES, PAPER, load_task
from selftaught.tasks.maxcut import cut, tabu_search
from selftaught.tasks.modified_qap import value
from selftaught.tasks.parity_with_noise import examples
from selftaught.tasks.spec import Instance
from selftaught.tasks.string_grid_distance import distance

FEW = 3
"""Instances of the tasks whose bounds search long."""


def instances(bound: Bound, count: int | None = None) -> list[Instance]:
    return [Instance(*pair) for pair in bound.task.instances(Random(5), "val")][:count]


@pytest.mark.parametrize("fidelity", FIDELITIES)
@pytest.mark.parametrize("name", PAPER)
def test_a_bound_is_never_below_the_seed(sandbox: Jail, name: str, fidelity: str) -> None:
    bound = load_bound(load_task(name, fidelity))
    judge = Judge(bound.task, sandbox, "val", 5)
    few = FEW if bound.kind == "heuristic" else None
    outcomes = sandbox.run(
        bound.task.seed, bound.task.entry, [i.args for i in judge.instances()[:few]], bound.task.limits, seed=1
    )
    for instance, outcome in zip(judge.instances()[:few], outcomes, strict=True):
        if outcome.verdict is Verdict.OK and outcome.value is not None and not name.startswith("parity"):
            assert bound.best(instance) >= bound.task.grade(instance, outcome.value) - 1e-12
    if name.startswith("parity"):  # on one instance a coin may be luckier
        assert fmean(map(bound.best, judge.instances())) > judge(bound.task.seed).value + 0.3


@pytest.mark.parametrize(
    ("name", "kind"),
    [("maxcut", "heuristic"), ("modified-qap", "heuristic"), ("parity", "exact"), ("parity-with-noise", "exact"),
     ("string-grid-distance", "exact"), ("three-sat", "exact")],
)  # fmt: skip
def test_a_bound_says_of_which_kind_it_is_and_how_it_is_found(name: str, kind: str) -> None:
    bound = load_bound(load_task(name))
    assert (bound.kind, bound.about.endswith(".")) == (kind, True)


@pytest.mark.parametrize("name", ["parity", "parity-with-noise", "string-grid-distance", "three-sat"])
@pytest.mark.parametrize("fidelity", FIDELITIES)
def test_these_tasks_can_be_solved_outright(name: str, fidelity: str) -> None:
    bound = load_bound(load_task(name, fidelity))
    assert {bound.best(instance) for instance in instances(bound)} == {1.0}


# exactness, by trying everything where there is little


def test_a_grid_s_string_is_as_near_as_any_for_every_distance() -> None:
    for t in map("".join, product("AB", repeat=6)):
        reached = [distance("".join(s), t) for s in product("AB", repeat=6)]
        for wanted in range(20):
            off = abs(distance(string_grid_distance.answer(t, wanted), t) - wanted)
            assert off == min(abs(d - wanted) for d in reached)


def test_a_solver_s_verdict_is_that_of_all_assignments() -> None:
    rng, seen = Random(0), set()
    for _ in range(60):
        formula = [[v * rng.choice([1, -1]) for v in rng.sample(range(1, 6), 3)] for _ in range(25)]
        solvable = any(
            all(any(values[abs(v) - 1] == (v > 0) for v in clause) for clause in formula)
            for values in product([False, True], repeat=5)
        )
        solved = load_task("three-sat").grade(Instance((formula,)), three_sat.answer(formula))
        assert solved == float(solvable)
        seen.add(solvable)
    assert seen == {True, False}


def test_an_assignment_is_the_best_of_all() -> None:
    chance = np.random.default_rng(1)
    for _ in range(5):
        flow, distances, preference = chance.random((3, 6, 6))
        best = max(value(list(places), flow, distances, preference) for places in permutations(range(6)))
        found = value(modified_qap.answer(flow, distances, preference), flow, distances, preference)
        assert found == pytest.approx(best)


def test_no_other_starts_find_a_better_assignment() -> None:
    (instance, *_) = instances(load_bound(load_task("modified-qap")))
    found = value(modified_qap.answer(*instance.args), *instance.args)
    others = [modified_qap._search(np.random.default_rng(seed), *instance.args) for seed in range(1, 7)]
    assert found >= max(value(places, *instance.args) for places in others) - 1e-9


def test_a_cut_is_the_heaviest_of_all() -> None:
    chance = np.random.default_rng(2)
    for _ in range(5):
        upper = np.triu(chance.integers(0, 11, (10, 10)), 1)
        weights = upper + upper.T
        heaviest = max(cut(weights, np.array([0, *parts])) for parts in product([0, 1], repeat=9))
        assert cut(weights, np.array(maxcut.answer(weights))) == heaviest


def test_the_reference_of_maxcut_is_within_a_hundredth_of_a_search_ten_times_as_long() -> None:
    for (weights,), reference in instances(load_bound(load_task("maxcut")), FEW):
        assert 0.99 * cut(weights, np.array(maxcut.answer(weights))) <= reference


def test_a_longer_search_is_no_worse() -> None:
    ((weights,), _) = instances(load_bound(load_task("maxcut")), 1)[0]
    cuts = [cut(weights, tabu_search(weights, np.random.default_rng(1), steps)) for steps in (1, 10, 100, 1000)]
    assert cuts == sorted(cuts)


def test_a_decoder_weighs_what_is_probable_where_the_examples_leave_it_open() -> None:
    """With five examples many sets are left: the decoder is right more often than one that takes the first of them."""
    right: dict[str, list[bool]] = {"decoder": [], "first": []}
    masks = (np.arange(1024)[:, None] >> np.arange(10)) & 1
    chance = np.random.default_rng(3)
    drawn = [examples(chance, (chance.random(10) < 0.3).astype(np.int64), 100, 20, 0.05) for _ in range(300)]
    for (train, labels, test), hidden in drawn:
        few: tuple[Any, Any] = (train[:5], labels[:5])
        first = masks[(few[0] @ masks.T % 2 == few[1][:, None]).sum(axis=0).argmax()]
        right["decoder"] += [a == b for a, b in zip(parity_with_noise.answer(*few, test), hidden, strict=True)]
        right["first"] += [a == b for a, b in zip((test @ first % 2).tolist(), hidden, strict=True)]
    assert fmean(right["decoder"]) > fmean(right["first"]) + 0.02


# what is missing


def test_a_task_of_ones_own_has_no_bound() -> None:
    task = load_task("tests/examples/sorting_task.py")
    with pytest.raises(UsageError, match="no reference bound for the task sorting_task; .* as BOUND = "):
        load_bound(task)


def test_a_missing_package_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysat.solvers", None)
    monkeypatch.delitem(sys.modules, "selftaught.tasks.bounds.three_sat", raising=False)
    with pytest.raises(UsageError, match=r"needs the package pysat.*: pip install 'selftaught\[bounds\]'"):
        load_bound(load_task("three-sat"))


def test_listing_the_bounds_needs_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pysat", None)
    assert load_bound(load_task("parity")).kind == "exact"
