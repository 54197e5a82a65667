"""The tasks of the paper's transfer table: faithful sizes, and grades that no cheat fools."""

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest

from conftest import times
from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.jail import Jail
from selftaught.tasks import maxcut, modified_qap, parity, string_grid_distance
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.spec import Instance

NAMES = ["maxcut", "modified-qap", "parity", "string-grid-distance"]


def made(task: Any, split: str = "val", seed: int = 1) -> list[Instance]:
    return [Instance(args, hidden) for args, hidden in task.instances(Random(seed), split)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("split", ["val", "test"])
def test_the_seed_runs(name: str, split: str, sandbox: Jail) -> None:
    task = load_task(name)
    limits = replace(task.limits, cpu_seconds=10 * task.limits.cpu_seconds)
    score = Judge(replace(task, limits=limits), sandbox, split, 4321)(task.seed)
    assert 0.15 < score.value < 0.99
    assert score.verdict is Verdict.OK


@pytest.mark.parametrize("seed", range(times(2, 4)))
def test_maxcuts_seed_is_late_on_its_larger_graphs_alone(seed: int, sandbox: Jail) -> None:
    task = load_task("maxcut")  # n * n * n steps: the paper's own are too many for its larger graphs
    score = Judge(task, sandbox, "val", seed)(task.seed)
    assert score.verdict in (Verdict.OK, Verdict.TIMED_OUT) and "not run" not in score.note
    assert 0.05 < score.value < 0.99


@pytest.mark.parametrize("name", NAMES)
def test_val_and_test_differ(name: str) -> None:
    task = load_task(name)
    val, test = ([repr(args) for args, _ in task.instances(Random(seed), s)] for seed, s in ((1, "val"), (2, "test")))
    assert len(set(val) & set(test)) < len(val) / 5  # the shortest strings come up in both


# parity


def test_parity_without_noise_is_without_noise() -> None:
    for instance in made(parity):
        train, labels, _ = instance.args
        masks = (np.arange(1024)[:, None] >> np.arange(10)) & 1
        assert (train @ masks.T % 2 == labels[:, None]).all(axis=0).any()


def test_a_column_does_not_broadcast_to_more_than_all() -> None:
    """The released utility scores a constant column over 1000 %."""
    for instance in made(parity):
        assert 0 <= parity.grade(instance, [[0]] * 20) <= 1


# string grid distance


def reachable(t: str, wanted: int) -> str:
    """Any string at the distance: exact, by dynamic programming over places, last letters and distances."""
    base = sum(a != b for a, b in zip(t, t[1:], strict=False))
    states = {("", 0): ""}
    for letter in t:
        states = {
            (new, cost + (new != letter) + bool(last and new != last)): text + new
            for (last, cost), text in states.items()
            for new in "AB"
        }
    return next(text for (_, cost), text in states.items() if cost + base == wanted)


def test_the_distance_is_exact_or_graded_by_how_far() -> None:
    for instance in made(string_grid_distance):
        t, wanted = instance.args
        assert string_grid_distance.grade(instance, reachable(t, wanted)) == 1.0
    instance = Instance(("AAAA", 8), None)
    assert string_grid_distance.grade(instance, "AAAA") == pytest.approx(0.5 - 8 / 24)


@pytest.mark.parametrize("answer", ["", "A" * 31, "CCCC", b"AAAA", None, ["A"] * 4, "aaaa", "AAA\x00"])
def test_what_is_no_such_string_is_a_bad_answer(answer: Any) -> None:
    with pytest.raises(ValueError, match="wanted a text of 4 letters"):
        string_grid_distance.grade(Instance(("AAAA", 4), None), answer)


# quadratic assignment


def test_the_value_is_the_objective_over_n_squared() -> None:
    (instance, *_) = made(modified_qap)
    flow, distance, preference = instance.args
    places = list(Random(3).sample(range(15), 15))
    value = sum(flow[i, j] * distance[places[i], places[j]] for i in range(15) for j in range(15))
    value -= 0.5 * sum(preference[i, places[i]] for i in range(15))
    assert modified_qap.grade(instance, places) == pytest.approx(value / 225)


@pytest.mark.parametrize(
    "answer",
    [list(range(14)), [*range(15), 0], [0] * 15, [*range(14), 13], [float(i) for i in range(15)], [True, *range(1, 15)],
     list(range(1, 16)), None, "abc", [[i] for i in range(15)]],
)  # fmt: skip
def test_what_is_no_assignment_is_a_bad_answer(answer: Any) -> None:
    """The released utility takes an over-long list, and duplicates score double."""
    with pytest.raises((ValueError, TypeError)):
        modified_qap.grade(made(modified_qap)[0], answer)


def test_sleeping_gains_nothing(sandbox: Jail) -> None:
    """The released utility adds the seconds that a program took."""
    task = load_task("modified-qap")
    slow = Program("import time\ndef algorithm(f, d, p):\n    time.sleep(0.05)\n    return list(range(15))\n")
    fast = Program("def algorithm(f, d, p):\n    return list(range(15))\n")
    judge = Judge(task, sandbox, "val", 1)
    assert judge(slow) == judge(fast)


# maxcut


def test_graphs_have_the_released_sizes() -> None:
    for instance in made(maxcut):
        (weights,) = instance.args
        edges = weights[np.triu_indices(len(weights), 1)]
        assert 50 <= len(weights) <= 200 and (weights == weights.T).all() and not weights.diagonal().any()
        assert 0.3 < np.mean(edges > 0) < 0.5 and edges.max() <= 10


def test_the_reference_is_the_cut_of_a_search_and_no_flip_of_a_node_betters_it() -> None:
    (weights,) = made(maxcut)[0].args
    parts = maxcut.tabu_search(weights, np.random.default_rng(1), maxcut.SEARCH_STEPS)
    best = maxcut.cut(weights, parts)
    for node in range(len(parts)):
        parts[node] ^= 1
        assert maxcut.cut(weights, parts) <= best
        parts[node] ^= 1


def test_more_than_two_parts_are_a_bad_answer() -> None:
    """The released utility scores all-distinct labels nearly double."""
    instance = made(maxcut)[0]
    n = len(instance.args[0])
    for answer in (list(range(n)), [2] * n, [-1] * n, [0.5] * n, [0] * (n + 1), [0] * (n - 1), "01" * n, None):
        with pytest.raises(ValueError, match="wanted"):
            maxcut.grade(instance, answer)


def test_one_part_cuts_nothing_and_the_reference_all() -> None:
    instance = made(maxcut)[0]
    assert maxcut.grade(instance, [0] * len(instance.args[0])) == 0.0
    reference = maxcut.tabu_search(instance.args[0], np.random.default_rng(1), 100).tolist()
    assert 0.9 < maxcut.grade(instance, reference) <= 1.0
