"""The judge: what it sends in, what it grades, how grades become one score, and whose fault what is."""

import pickle
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from selftaught.core.contracts import Program, Score, Verdict
from selftaught.core.errors import TaskError
from selftaught.sandbox.contract import Improving, Lasting, Limits, Outcome, Value
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.packing import pack_call
from selftaught.tasks.copying import copied
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import PAPER, load_task, task_names
from selftaught.tasks.spec import Instance, Scoring, TaskSpec

PROGRAM = Program("def f(x): return x\n")
SORTING = Path(__file__).parent.parent / "examples" / "sorting_task.py"


class Scripted:
    """A sandbox that answers from a list; it keeps what it was asked."""

    tier = "scripted"

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = outcomes
        self.asked: list[tuple[Any, ...]] = []
        self.ended = 0

    def run(
        self,
        program: Program,
        entry: str,
        calls: Iterable[Sequence[Value]],
        limits: Limits,
        *,
        seed: int,
        improving: Improving | None = None,
    ) -> Iterator[Outcome]:
        self.asked.append((program, entry, calls, limits, seed))
        try:
            yield from self.outcomes
        finally:
            self.ended += 1


def ok(value: Value) -> Outcome:
    return Outcome(Verdict.OK, value)


def four(rng: Random, split: str) -> Iterable[tuple[tuple[Any, ...], Any]]:
    return [((rng.random(),), hidden) for hidden in range(4)]


def right(instance: Instance, answer: Any) -> float:
    if not isinstance(answer, int):
        raise ValueError("wanted an int")
    return float(answer == instance.hidden)


def task(**changed: Any) -> TaskSpec:
    made = TaskSpec("four", "Find it.", PROGRAM, "f", four, right, Limits(cpu_seconds=0.5), "", "four.py")
    return replace(made, **changed)


def scored(*outcomes: Outcome, **changed: Any) -> Score:
    return Judge(task(**changed), Scripted(*outcomes), "val", 1)(PROGRAM)


def test_the_score_is_the_mean_of_the_grades() -> None:
    assert scored(ok(0), ok(1), ok(9), ok(3)) == Score(0.75)


def test_what_did_not_answer_counts_0_and_the_first_verdict_is_the_score_s() -> None:
    slow, crash = Outcome(Verdict.TIMED_OUT, None, "used its 0.5 s"), Outcome(Verdict.CRASHED)
    note = "2 of 4 timed out: used its 0.5 s; 1 of 4 crashed"
    assert scored(slow, crash, slow, ok(3)) == Score(0.25, Verdict.TIMED_OUT, note)


def test_a_value_beside_a_verdict_is_never_graded() -> None:
    late = Outcome(Verdict.TIMED_OUT, 0)
    assert scored(late, ok(1), ok(2), ok(3)).value == 0.75


def test_only_arguments_entry_and_limits_go_in_never_what_is_hidden() -> None:
    sandbox = Scripted(*[ok(0)] * 4)
    judge = Judge(task(), sandbox, "val", 1)
    judge(PROGRAM)
    judge(PROGRAM)
    (program, entry, calls, limits, _), again = sandbox.asked
    assert (program, entry, limits) == (PROGRAM, "f", Limits(cpu_seconds=0.5))
    assert [len(call) for call in calls] == [1] * 4 and all(0 <= x < 1 for (x,) in calls)
    assert sandbox.asked[0] == again  # equal programs, equal chances


@pytest.mark.parametrize(
    "error",
    [ValueError, TypeError, KeyError, IndexError, AttributeError, ZeroDivisionError, OverflowError, RecursionError],
)
def test_an_answer_that_grade_cannot_read_is_a_bad_answer(error: type[Exception]) -> None:
    def grade(instance: Instance, answer: Any) -> float:
        if answer == "?":
            raise error("no good")
        return 1.0

    score = scored(ok(1), ok("?"), ok(1), ok("?"), grade=grade)
    how = "" if error is ValueError else "grade() raised "
    told = f"2 of 4 bad answer: {how}{error.__name__}: {error('no good')}"
    assert score == Score(0.5, Verdict.BAD_ANSWER, told)


def failing(instance: Instance, answer: Any) -> float:
    raise OSError("disk on fire")


def test_a_grade_that_fails_makes_a_bad_answer_and_its_place_is_told_to_the_task_s_author() -> None:
    score = scored(*[ok(1)] * 4, grade=failing, file=__file__)
    assert (score.value, score.verdict) == (0.0, Verdict.BAD_ANSWER)
    assert re.fullmatch(r".*test_judge.py: grade\(\) raised OSError, line \d+: disk on fire", score.fault)


def test_an_answer_that_grade_refuses_is_no_fault_of_the_task() -> None:
    assert (scored(ok("?"), ok(1), ok(2), ok(3)).verdict, scored(ok("?"), *[ok(1)] * 3).fault) == ("bad answer", "")


NO_GRADES = [1.01, -0.5, 2, "1", None, [1], np.array([1, 1]), np.array([1.0]), 1j, b"1"]


@pytest.mark.parametrize("grade", NO_GRADES)
def test_what_is_no_grade_is_the_task_s_fault(grade: Any) -> None:
    with pytest.raises(TaskError, match=r"four.py: grade\(\) gave .+; wanted a number from 0 to 1"):
        scored(*[ok(1)] * 4, grade=lambda instance, answer: grade)


@pytest.mark.parametrize("grade", NO_GRADES)
def test_what_is_no_grade_ends_no_run_that_was_paid_for(grade: Any) -> None:
    def odd(instance: Instance, answer: Any) -> Any:
        return grade if answer == "odd" else 1.0

    score = Judge(task(grade=odd), Scripted(ok("odd"), ok(1), ok(1), ok(1)), "val", 1, paid=True)(PROGRAM)
    assert (score.value, score.verdict) == (0.75, Verdict.BAD_ANSWER)
    assert "four.py: grade() gave" in score.fault


@pytest.mark.parametrize("grade", ["nan", "inf", "-inf"])
def test_nan_and_infinity_cost_their_instances_and_do_not_stop_a_run(grade: str) -> None:
    score = scored(*[ok(1)] * 4, grade=lambda instance, answer: float(grade))
    assert score == Score(0.0, Verdict.BAD_ANSWER, f"4 of 4 bad answer: grade() gave {grade}")


@pytest.mark.parametrize(("grade", "value"), [(1 + 4e-16, 1.0), (0.1 + 0.2 + 0.7 + 2e-16, 1.0), (-1e-17, 0.0)])
def test_a_grade_that_rounding_put_past_the_end_is_the_end(grade: float, value: float) -> None:
    assert scored(*[ok(1)] * 4, grade=lambda instance, answer: grade) == Score(value)


@pytest.mark.parametrize("grade", [np.array(0.5), np.float16(0.5), Fraction(1, 2), Decimal("0.5")])
def test_whatever_float_takes_is_a_grade(grade: Any) -> None:
    assert scored(*[ok(1)] * 4, grade=lambda instance, answer: grade) == Score(0.5)


@pytest.mark.parametrize("grade", [True, 1, 1.0, np.True_, np.float32(1), np.int64(1)])
def test_any_kind_of_number_is_a_grade(grade: Any) -> None:
    score = scored(*[ok(1)] * 4, grade=lambda instance, answer: grade)
    assert (score, type(score.value)) == (Score(1.0), float)


def test_a_guest_is_ended_at_once_when_grading_fails() -> None:
    sandbox = Scripted(*[ok(1)] * 4)
    with pytest.raises(TaskError):
        Judge(task(grade=lambda instance, answer: None), sandbox, "val", 1)(PROGRAM)
    assert sandbox.ended == 1


def test_a_grade_that_changes_its_instance_changes_it_for_nobody_else() -> None:
    def grade(instance: Instance, answer: Any) -> float:
        instance.args[0].append(1)
        return 1.0 if len(instance.args[0]) == 1 else 0.0

    sandbox = Scripted(ok(1))
    judge = Judge(task(instances=lambda rng, split: [(([],), None)], grade=grade), sandbox, "val", 1)
    assert [judge(PROGRAM).value, judge(PROGRAM).value] == [1.0, 1.0]
    assert sandbox.asked[1][2] == [([],)]


@pytest.mark.parametrize(
    ("name", "fidelity"),
    [*product([*task_names(), *(f"{name}@hard" for name in PAPER)], ["honest"]), *product(PAPER, ["released"])],
)
def test_the_grade_of_a_built_in_task_changes_no_instance_since_it_gets_no_copy(
    sandbox: Jail, name: str, fidelity: str
) -> None:
    task = load_task(name, fidelity)
    if task.play is not None:
        return  # it gets a copy
    judge = Judge(task, sandbox, "val", 1)
    instances = judge.instances()[:2]
    calls = [instance.args for instance in instances]
    right = [outcome.value for outcome in sandbox.run(task.seed, task.entry, calls, task.limits, seed=1)]
    before = [pickle.dumps(instance) for instance in instances]
    for instance, answer in product(instances, [*right, None, [], {}, "x", 0, [0, 1], [[0.5], [1, 2]], [[[1]]]]):
        with suppress(Exception):
            task.grade(instance, answer, *([0.1] if task.takes_time else []))
    assert [pickle.dumps(instance) for instance in instances] == before


def test_arguments_that_are_sent_again_are_encoded_once_and_copies_of_them_anew() -> None:
    instance = Judge(task(), Scripted(), "val", 1).instances()[0]
    body = pack_call(instance.args)
    assert pack_call(instance.args) is body
    for copy in (deepcopy(instance.args), pickle.loads(pickle.dumps(instance.args)), copied(instance).args):
        assert type(copy) is tuple
        assert copy == instance.args
    large = Lasting([bytes(1 << 20)])
    assert pack_call(large) is not pack_call(large)  # it would be held twice


def test_the_note_is_one_short_plain_line() -> None:
    noisy = Outcome(Verdict.CRASHED, None, "\x1b[31mred\n\u202eesrever\ud800" + "x" * 500)
    outcomes = [noisy, *(Outcome(verdict, None, "y" * 500) for verdict in Verdict if verdict is not Verdict.OK)]
    score = scored(*outcomes, instances=lambda rng, split: [((), None)] * len(outcomes))
    assert (len(score.note), score.note.isprintable(), score.note[:23]) == (300, True, "2 of 10 crashed: [31mre")


def test_instances_are_made_once_however_many_threads_score() -> None:
    made: list[str] = []

    def instances(rng: Random, split: str) -> Iterable[tuple[tuple[Any, ...], Any]]:
        made.append(split)
        return four(rng, split)

    judge = Judge(task(instances=instances), Scripted(*[ok(0)] * 4), "test", 1)
    threads = [threading.Thread(target=judge, args=(PROGRAM,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == ["test"]


@cache
def sent(name: str, split: str, run_seed: int) -> tuple[tuple[str, ...], int]:
    """The arguments of each instance of a task, and the guest's own seed."""
    sandbox = Scripted()
    with pytest.raises(ValueError, match="shorter"):
        Judge(load_task(name), sandbox, split, run_seed)(PROGRAM)
    ((_, _, calls, _, seed),) = sandbox.asked
    texts = (repr([part.tolist() if isinstance(part, np.ndarray) else part for part in call]) for call in calls)
    return tuple(texts), seed


GRADED = [name for name in task_names() if load_task(name).play is None]


@pytest.mark.parametrize("name", sorted({*task_names()} - {*GRADED}))
def test_what_a_task_plays_is_of_its_split_and_run_seed_alone(name: str) -> None:
    def played(split: str, seed: int) -> str:
        return repr([one.hidden for one in Judge(load_task(name), Scripted(), split, seed).instances()])

    assert played("val", 1) == played("val", 1)
    assert len({played(split, seed) for split in ("val", "test") for seed in (1, 2)}) == 4


@pytest.mark.parametrize("name", GRADED)
def test_equal_split_and_run_seed_give_equal_instances_and_others_do_not(name: str) -> None:
    draws = [sent(name, split, seed) for split in ("val", "test") for seed in (1, 2)]
    assert sent.__wrapped__(name, "val", 1) == draws[0]
    different = 2 if name in ("autoconvolution", "circle-packing") else 4  # there a split has the same for every seed
    assert (len({calls for calls, _ in draws}), len({seed for _, seed in draws})) == (different, 4)


@pytest.mark.parametrize("name", GRADED)
def test_val_and_test_share_no_instance(name: str) -> None:
    val, test = (set(sent(name, split, 1)[0]) for split in ("val", "test"))
    assert val and test and not val & test


def test_a_floor_and_a_wider_scale_hold_where_a_task_has_them() -> None:
    def minus(instance: Instance, answer: Any) -> float:
        return -float(answer)

    answers = [ok(0), ok(1), ok(2), ok(5)]
    assert scored(*answers, grade=minus, scoring=Scoring(bounded=False)) == Score(-2.0)
    assert scored(*answers, grade=minus, scoring=Scoring(bounded=False, floor=0.01)) == Score(0.01)
    with pytest.raises(TaskError, match=r"gave -1.0; wanted a number from 0 to 1"):
        scored(*answers, grade=minus)
    with pytest.raises(TaskError, match=r"gave 1e\+301; wanted a number from -1e\+300 to 1e\+300"):
        scored(*answers, grade=lambda i, a: 1e301, scoring=Scoring(bounded=False))


class Sizes(Scripted):
    """Answers each call by its argument, as `outcomes` has it."""

    def run(self, program: Program, entry: str, calls: Iterable[Sequence[Value]], *rest: Any, **more: Any) -> Any:
        self.asked.append(tuple(call[0] for call in calls))
        return iter([self.outcomes[number(call)] for call in self.asked[-1]])


def number(size: Any) -> int:
    return len(size) - 1


def sized(*sizes: int) -> TaskSpec:
    def instances(rng: Random, split: str) -> Iterable[tuple[tuple[Any, ...], Any]]:
        return [(("x" * size,), size) for size in sizes]

    return task(instances=instances, grade=lambda instance, answer: float(answer))


def test_a_program_that_hangs_on_the_smallest_instance_too_is_not_run_on_the_others() -> None:
    slow = Outcome(Verdict.TIMED_OUT, None, "used its 0.5 s")
    sandbox = Sizes(*[slow] * 9)
    score = Judge(sized(7, 9, 8, 6, 2, 5), sandbox, "val", 1)(PROGRAM)
    assert score == Score(0.0, Verdict.TIMED_OUT, "4 of 6 timed out: used its 0.5 s; 2 not run")
    assert [number(size) for size in sandbox.asked[1]] == [1]


def test_a_program_that_is_late_on_the_first_instances_alone_keeps_what_it_earns_on_the_others() -> None:
    slow = Outcome(Verdict.TIMED_OUT, None, "used its 0.5 s")
    sandbox = Sizes(*[ok(1)] * 5, *[slow] * 4)
    assert Judge(sized(7, 9, 8, 6, 2, 5), sandbox, "val", 1)(PROGRAM).value == pytest.approx(2 / 6)
    assert Judge(sized(7, 9, 8), sandbox, "val", 1)(PROGRAM).note == "3 of 3 timed out: used its 0.5 s"


def test_large_sizes_that_time_out_cost_themselves_alone() -> None:
    slow = Outcome(Verdict.TIMED_OUT)
    assert scored(ok(0), slow, slow, slow).value == 0.25


def test_a_program_fails_if_none_of_its_answers_is_ok_and_the_first_that_is_settles_it() -> None:
    def failure(*outcomes: Outcome) -> Score | None:
        return Judge(task(), Scripted(*outcomes), "val", 1).failure(PROGRAM)

    crash = Outcome(Verdict.CRASHED, None, "no")
    assert failure(crash, ok(7)) is None  # the others need not be run: a wrong answer is an answer
    assert failure(*[crash] * 3, ok("?")) == Score(
        0.0, Verdict.CRASHED, "3 of 4 crashed: no; 1 of 4 bad answer: ValueError: wanted an int"
    )


def test_a_call_that_spoils_the_score_is_the_last_one() -> None:
    sandbox = Scripted(ok(0), Outcome(Verdict.CRASHED, None, "no"), ok(2), ok(3))
    scoring = Scoring(floor=0.5, spoiled={Verdict.CRASHED: 0.125})
    score = Judge(task(scoring=scoring), sandbox, "val", 1)(PROGRAM)
    note = "1 of 4 crashed: no; this decides the score; 2 not run"
    assert (score, sandbox.ended) == (Score(0.125, Verdict.CRASHED, note), 1)
    told = task(scoring=scoring).description
    assert "No program scores less than 0.5." in told and "the whole score is 0.125: crashed." in told


def raising(rng: Random, split: str) -> Iterable[tuple[tuple[Any, ...], Any]]:
    yield (1,), None
    raise RuntimeError("no more")


def endless(rng: Random, split: str) -> Iterable[tuple[tuple[Any, ...], Any]]:
    while True:
        yield (1,), None


@pytest.mark.parametrize(
    ("instances", "told"),
    [
        (raising, r"test_judge.py, line \d+: instances\(rng, 'val'\) failed: RuntimeError: no more"),
        (lambda rng, split: [], r"test_judge.py: instances\(rng, 'val'\) gave no instances; wanted 1 to 10000"),
        (lambda rng, split: None, r"instances\(rng, 'val'\) failed: TypeError"),
        (endless, "gave more than 10000 instances"),
        (lambda rng, split: [([1, 2], None)], r"gave \(\[1, 2\], None\); wanted \(tuple of arguments, hidden\)"),
        (lambda rng, split: [(1, 2, 3)], r"gave \(1, 2, 3\); wanted"),
        (lambda rng, split: [7], "gave 7; wanted"),
    ],
)
def test_instances_that_are_none_are_the_task_s_fault(instances: Any, told: str) -> None:
    with pytest.raises(TaskError, match=told):
        Judge(task(instances=instances, file=__file__), Scripted(), "val", 1)(PROGRAM)


def test_a_judge_is_a_utility_that_tells_the_truth_about_itself() -> None:
    judge = Judge(task(), Scripted(), "test", 1)
    told = ["Find it.", "f(...), which is called once for each of 4 instances", "0.5 s of CPU time", "One process"]
    assert (judge.name, judge.deterministic) == ("four/test", True)
    assert [text for text in told if text not in judge.description] == []


def test_a_split_is_val_or_test() -> None:
    with pytest.raises(ValueError, match="train"):
        Judge(task(), Scripted(), "train", 1)


def judged(sandbox: Jail, source: str) -> Score:
    return Judge(load_task(str(SORTING)), sandbox, "val", 1)(Program(source))


def test_a_right_program_scores_1(sandbox: Jail) -> None:
    assert judged(sandbox, "algorithm = sorted") == Score(1.0)


def test_a_program_that_does_not_load_scores_0_for_all(sandbox: Jail) -> None:
    score = judged(sandbox, "def algorithm(:")
    assert (score.value, score.verdict, score.note[:20]) == (0.0, Verdict.NO_PROGRAM, "20 of 20 no program:")


def test_a_call_over_its_time_costs_that_instance_only(sandbox: Jail) -> None:
    source = "def algorithm(x):\n    while len(x) % 2: pass\n    return sorted(x)\n"
    even = judged(sandbox, "def algorithm(x): return sorted(x) if len(x) % 2 == 0 else None").value
    score = judged(sandbox, source)
    assert (score.value, score.verdict) == (even, Verdict.TIMED_OUT) and 0 < even < 1


def test_sorting_the_argument_in_place_is_not_an_answer(sandbox: Jail) -> None:
    assert judged(sandbox, "def algorithm(x): x.sort()").value == 0.0


def test_a_program_that_plays_dice_gets_the_same_score_again(sandbox: Jail) -> None:
    judge = Judge(load_task("parity-with-noise"), sandbox, "val", 3)
    seed = load_task("parity-with-noise").seed
    assert judge(seed) == judge(seed)
