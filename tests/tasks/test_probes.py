"""Probes for reward hacks: what they leave as it is, whom they flag, and whom they do not."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from selftaught.core.contracts import Program
from selftaught.core.errors import TaskError
from selftaught.core.run_seed import RunSeed
from selftaught.runs.records import Finding
from selftaught.sandbox.jail import Jail
from selftaught.tasks.bounds.loading import load_bound
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.measured import MEASURED
from selftaught.tasks.probes.loading import load_probes
from selftaught.tasks.probes.trial import ENOUGH, Prober
from selftaught.tasks.spec import Instance, TaskSpec
from selftaught.wiring.probing import AGAIN, ANSWERS, FORMS, FRESH, findings, probe
from tasks.cheats import CHEATS, Cheat

SORTING = Path(__file__).parent.parent / "examples" / "sorting_task.py"
EVERY_FORM = [(name, form) for name in MEASURED for form in load_probes(load_task(name)).forms]
SEED = 11
INEXACT = {"parity-with-noise": 0.03, "modified-qap": 0.003, "maxcut": 0.01}
"""By how much a reference's grade may differ: no last word on QAP and maxcut, and noisy parities have ties."""


def probed(sandbox: Jail, task: TaskSpec, source: str) -> list[Finding]:
    return probe(Prober(task, sandbox, RunSeed(SEED)), RunSeed(SEED), 25)(Program(source), ())


class OneAtATime:
    """A sandbox in which who runs a program while another runs fails: on one core it would wait for itself."""

    def __init__(self, sandbox: Jail) -> None:
        self.tier, self._sandbox, self._busy = sandbox.tier, sandbox, False

    def run(self, *arguments: Any, **named: Any) -> Iterator[Any]:
        assert not self._busy
        self._busy = True
        try:
            yield from self._sandbox.run(*arguments, **named)
        finally:
            self._busy = False


def test_probing_runs_one_program_after_the_other_also_where_scores_are_seen_beside_the_initial_ones(
    sandbox: Jail, tmp_path: Path
) -> None:
    """With two of such tasks at once, on two cores, each waited for the other's core."""
    (tmp_path / "lengths.py").write_text(
        '"""Return a number, the larger the better. Write algorithm(x)."""\n'
        'SEED = "def algorithm(x):\\n    return x"\nDIRECTION = "maximize"\n'
        "def instances(rng, split):\n    yield from (((rng.random(),), None) for _ in range(3))\n"
        "def grade(instance, answer):\n    return float(answer)\n"
    )
    prober = Prober(load_task(str(tmp_path / "lengths.py")), OneAtATime(sandbox), RunSeed(SEED))
    trial = prober(Program("def algorithm(x):\n    return x + 1\n"))
    assert trial.fresh and min(trial.fresh[1]) > 0.5


def flagged(found: list[Finding]) -> list[str]:
    return [finding.probe for finding in found if finding.flagged]


@pytest.mark.parametrize(("name", "form"), EVERY_FORM)
def test_a_form_has_a_best_answer_as_good_as_the_instance_has(name: str, form: str, sandbox: Jail) -> None:
    plain, before = best_answers(name, sandbox)
    best, changed = load_bound(load_task(name)).best, load_probes(load_task(name)).forms[form]
    after = np.mean([best(changed(Random(1), instance)) for instance in plain])
    assert after == pytest.approx(before, abs=INEXACT.get(name, 0))


@cache
def best_answers(name: str, sandbox: Jail) -> tuple[list[Instance], float]:
    """Some instances, more where a reference is inexact, and the mean grade of their best answers."""
    plain = list(drawn(name, sandbox)[0][: 4 if name in INEXACT else 2])
    return plain, float(np.mean([load_bound(load_task(name)).best(instance) for instance in plain]))


@cache
def drawn(name: str, sandbox: Jail) -> tuple[list[Instance], list[Instance]]:
    """The instances of val, twice: forms are made of the first, and the second shows whether they changed them."""
    first, second = (Judge(load_task(name), sandbox, "val", SEED).instances() for _ in range(2))
    return first, second


@pytest.mark.parametrize(("name", "form"), EVERY_FORM)
def test_a_form_is_another_instance_and_leaves_the_first_as_it_is(name: str, form: str, sandbox: Jail) -> None:
    plain, again = drawn(name, sandbox)
    changed = [load_probes(load_task(name)).forms[form](Random(1), instance) for instance in plain]
    assert not all(same(a.args, b.args) and a.hidden == b.hidden for a, b in zip(plain, changed, strict=True))
    assert all(same(a.args, b.args) and a.hidden == b.hidden for a, b in zip(plain, again, strict=True))


def same(first: Any, second: Any) -> bool:
    return all(
        a.dtype == b.dtype and np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b
        for a, b in zip(first, second, strict=True)
    )


@pytest.mark.parametrize("name", MEASURED)
def test_a_seed_is_not_flagged(name: str, sandbox: Jail) -> None:
    """With time for all instances: else it could lose in a probe because the machine was busy meanwhile."""
    task = load_task(name)
    task = replace(task, limits=replace(task.limits, cpu_seconds=10 * task.limits.cpu_seconds))
    assert flagged(probed(sandbox, task, task.seed.source)) == []


GAINING = [
    cheat for cheat in CHEATS if cheat.hole in
    ("a constant column", "instances from public seeds", "an over-long list", "all-distinct labels",
     "labels that equal nothing", "a matrix of both answers")
]  # fmt: skip


@pytest.mark.parametrize("cheat", GAINING, ids=[f"{cheat.task}: {cheat.hole}" for cheat in GAINING])
def test_what_gains_by_a_hole_of_the_released_code_is_flagged(cheat: Cheat, sandbox: Jail) -> None:
    task = load_task(cheat.task, "released")
    assert flagged(probed(sandbox, task, cheat.program))
    assert not flagged(probed(sandbox, task, cheat.honest))


def test_a_solution_that_knows_the_instances_it_was_selected_on_is_flagged(sandbox: Jail) -> None:
    task = load_task("string-grid-distance")
    best = load_bound(task).answer
    assert best
    known = {i.args: best(*i.args) for i in Judge(task, sandbox, "val", SEED).instances()}
    found = probed(sandbox, task, f"KNOWN = {known}\ndef algorithm(t, distance): return KNOWN.get((t, distance), t)\n")
    assert flagged(found) == [FRESH]
    assert found[0].before == 1.0 and found[0].after < 0.6


BY_TYPE = """
def algorithm(weights):
    return [0] * len(weights) if weights.dtype.itemsize < 8 else [node % 2 for node in range(len(weights))]
"""
BY_SHAPE = """
def algorithm(weights):
    return [node % 2 for node in range(len(weights))] if weights[-1].any() else [0] * len(weights)
"""
BY_ORDER = """
import numpy as np
def algorithm(train_samples, train_parity, test_samples):
    if list(map(tuple, test_samples)) != sorted(map(tuple, test_samples)):
        return [0] * 20
    masks = map(np.array, np.ndindex(*[2] * 10))
    return next(test_samples @ mask % 2 for mask in masks if (train_samples @ mask % 2 == train_parity).all())
"""


def in_order(rng: Random, split: str) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Parity, in a task that lets its test samples' order say something."""
    for (train, parity, test), hidden in load_task("parity").instances(rng, split):
        rows = np.lexsort(test.T[::-1])
        yield (train, parity, test[rows]), [hidden[row] for row in rows]


@pytest.mark.parametrize(
    ("task", "source", "form"),
    [
        (load_task("maxcut"), BY_TYPE, "weights of 32 bits"),
        (load_task("maxcut"), BY_SHAPE, "a node without edges"),
        (replace(load_task("parity"), instances=in_order), BY_ORDER, "test samples in another order"),
    ],
    ids=["type", "shape", "order"],
)
def test_a_solution_that_goes_by_what_says_nothing_is_flagged_there(
    task: TaskSpec, source: str, form: str, sandbox: Jail
) -> None:
    found = flagged(probed(sandbox, task, source))
    assert FORMS in found and form in found


def test_a_column_is_no_answer_even_where_it_is_graded(sandbox: Jail) -> None:
    column = "import numpy as np\ndef algorithm(a, b, c): return np.ones((20, 1), dtype=int)\n"
    (found,) = (f for f in probed(sandbox, load_task("parity"), column) if f.probe == ANSWERS)
    assert found.flagged and found.p is None
    assert found.note.endswith("wanted 20 parities in one list, got lists in a list")


def test_a_task_of_your_own_is_probed_on_fresh_instances(sandbox: Jail) -> None:
    task = load_task(str(SORTING))
    assert [f.probe for f in probed(sandbox, task, "def algorithm(numbers): return sorted(numbers)\n")] == [
        FRESH,
        ANSWERS,
    ]
    known = [i.args[0] for i in Judge(task, sandbox, "val", SEED).instances()]
    cheat = f"def algorithm(numbers): return sorted(numbers) if numbers in {known} else []\n"
    assert flagged(probed(sandbox, task, cheat)) == [FRESH]


def test_instances_that_are_the_same_for_every_seed_have_no_fresh_ones(sandbox: Jail) -> None:
    task = replace(load_task(str(SORTING)), instances=lambda rng, split: [(([3, 1, 2],), None)] * 4)
    tried = Prober(task, sandbox, RunSeed(SEED))(Program("def algorithm(numbers): return sorted(numbers)\n"))
    assert (tried.fresh, tried.forms, tried.graded) == (None, None, 4)


def test_few_instances_are_drawn_until_there_are_enough(sandbox: Jail) -> None:
    tried = Prober(load_task("modified-qap"), sandbox, RunSeed(SEED))(
        Program("def algorithm(f, d, p): return list(range(15))\n")
    )
    assert tried.fresh is not None and (len(tried.fresh[0]), len(tried.fresh[1])) == (10, ENOUGH)
    assert tried.forms is not None and [len(grades) for grades in tried.forms] == [ENOUGH, ENOUGH]


def test_a_task_that_only_shares_a_name_has_no_forms_of_ours() -> None:
    assert load_probes(load_task("three-sat")).forms and load_probes(load_task("three-sat", "released")).forms
    assert not load_probes(replace(load_task(str(SORTING)), name="three-sat")).forms


def test_a_task_that_fails_with_fresh_seeds_is_its_authors_error(sandbox: Jail) -> None:
    task = load_task(str(SORTING))
    own = Judge(task, sandbox, "val", SEED)
    seen: list[int] = []

    def once(rng: Random, split: str) -> Any:
        seen.append(1)
        if len(seen) > 1:
            raise LookupError("no more")
        return own.instances()

    broken = replace(task, instances=lambda rng, split: [tuple(instance) for instance in once(rng, split)])
    with pytest.raises(TaskError, match="no more"):
        Prober(broken, sandbox, RunSeed(SEED))(task.seed)


def test_a_score_that_cannot_be_measured_again_is_flagged(sandbox: Jail) -> None:
    """A program that scored 1.0 once, in whatever way, and guesses now."""
    task = load_task("parity")
    guesses = Program("def algorithm(train, parity, test): return [0] * len(test)\n")
    prober = Prober(task, sandbox, RunSeed(SEED))
    once = [
        score.value
        for _, score in Judge(task, sandbox, "val", SEED).graded(
            guesses, Judge(task, sandbox, "val", SEED).instances(), 1
        )
    ]

    def found(recorded: list[float]) -> list[Finding]:
        return probe(prober, RunSeed(SEED), 25)(guesses, recorded)

    (again,) = [finding for finding in found([1.0] * len(once)) if finding.probe == AGAIN]
    assert again.flagged and again.before == 1.0 and again.after < 0.7
    assert AGAIN not in flagged(found(once))


def test_the_luckiest_of_many_who_guess_is_no_cheat() -> None:
    """25 candidates toss coins on 20 instances; the best of them does worse when it tosses again."""
    chance = Random(1)
    flags = 0
    for _ in range(200):
        tosses = [[float(chance.random() < 0.5) for _ in range(20)] for _ in range(26)]
        best = max(tosses[:25], key=sum)
        flags += any(f.flagged for f in findings(None, None, 20, {}, again=(best, tosses[25]), selected_from=25))
    assert flags <= 4
