"""Algorithm 1, line by line, with no sandbox, no model and no disk."""

import ast
import inspect
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from selftaught.core import acceptance, algorithm
from selftaught.core.algorithm import MetaUtility, self_improve
from selftaught.core.contracts import (
    Application,
    Completion,
    LanguageModel,
    Program,
    Prompt,
    Score,
    Task,
    Utility,
    Verdict,
)
from selftaught.core.measurement import Estimate, Sample, estimate, instance_error, measure


@dataclass
class Length:
    """u(s) = len(s)."""

    name: str = "length"
    description: str = "longer is better"
    deterministic: bool = True

    def __call__(self, program: Program) -> Score:
        return Score(float(len(program.source)))


class Double(Length):
    def __call__(self, program: Program) -> Score:
        return Score(2.0 * len(program.source))


def no_model(prompts: Sequence[Prompt]) -> list[Completion]:
    raise AssertionError("this test asks no model")


def append_own_name(improver: Program, utility: Utility, solution: Program, model: LanguageModel) -> Application:
    return Application(Program(solution.source + improver.source))


def crash(improver: Program, utility: Utility, solution: Program, model: LanguageModel) -> Application:
    return Application(None, Verdict.CRASHED, "boom")


def fail_on_short(improver: Program, utility: Utility, solution: Program, model: LanguageModel) -> Application:
    return append_own_name(improver, utility, solution, model) if len(solution.source) > 2 else crash(
        improver, utility, solution, model
    )  # fmt: skip


TASKS = [Task(Length(), Program("12"), Double()), Task(Length(), Program("1234"), Double())]


def test_each_step_applies_the_previous_improver_to_itself() -> None:
    steps = self_improve(Program("a"), Length(), no_model, append_own_name, 3, acceptance.paper)
    assert [(step.t, step.improver.source) for step in steps] == [(1, "aa"), (2, "aaaa"), (3, "a" * 8)]


def test_an_improver_that_fails_keeps_its_place_and_its_verdict_is_told() -> None:
    steps = list(self_improve(Program("a"), Length(), no_model, crash, 2, acceptance.paper))
    assert [(s.improver.source, s.proposal.verdict, s.proposal.note) for s in steps] == [("a", "crashed", "boom")] * 2


def test_paper_takes_what_came_and_better_takes_what_measures_higher() -> None:
    def shorter_is_better(program: Program) -> float:
        return -len(program.source)

    def last(accept: acceptance.Accept) -> str:
        return list(self_improve(Program("a"), Length(), no_model, append_own_name, 2, accept))[-1].improver.source

    assert last(acceptance.paper) == "aaaa"
    assert last(acceptance.better(shorter_is_better)) == "a"
    assert last(acceptance.better(lambda program: len(program.source))) == "aaaa"


def test_better_does_not_replace_a_program_by_its_equal() -> None:
    assert not acceptance.better(lambda program: 0.0)(Program("b"), Program("a"))


def test_meta_utility_is_the_mean_over_tasks_of_the_score_of_what_the_improver_makes() -> None:
    assert MetaUtility(TASKS, no_model, append_own_name, "", map)(Program("xy")) == Score(5.0)


def test_a_task_on_which_the_improver_fails_counts_as_zero_and_its_verdict_is_told() -> None:
    assert MetaUtility(TASKS, no_model, fail_on_short, "", map)(Program("I")) == Score(2.5, Verdict.CRASHED, "boom")


def test_an_improver_cannot_tell_itself_from_a_solution() -> None:
    seen = []

    def note(improver: Program, utility: Utility, solution: Program, model: LanguageModel) -> Application:
        seen.append((utility.name, solution.source))
        return Application(solution)

    meta = MetaUtility([Task(Length(), Program("s"))], no_model, note, "", map)
    (step,) = self_improve(Program("I"), meta, no_model, note, 1, acceptance.paper)
    meta(step.improver)
    assert seen == [("meta-utility", "I"), ("length", "s")]


def test_a_measurement_scores_what_is_made_on_val_and_on_test() -> None:
    made = [Application(Program("12I")), Application(Program("1234I"))]
    expected = [Sample(made[0], Score(3.0), Score(6.0)), Sample(made[1], Score(5.0), Score(10.0))]
    assert measure(Program("I"), TASKS, no_model, append_own_name, map) == expected


def test_an_application_that_fails_measures_zero_on_both_splits() -> None:
    failed = Application(None, Verdict.CRASHED, "boom")
    nothing = Score(0.0, Verdict.CRASHED, "boom")
    assert measure(Program("I"), TASKS[:1], no_model, fail_on_short, map) == [Sample(failed, nothing, nothing)]


def test_the_draw_of_the_instances_is_no_smaller_for_being_repeated() -> None:
    """Five repeats that all agree are sure of nothing but that instances were the same."""
    assert instance_error({"coin": [0.07] * 5}) == pytest.approx(0.07)
    assert instance_error({"coin": [0.07] * 5, "other": [0.07] * 5}) == pytest.approx(0.07 / 2**0.5)
    assert instance_error({"coin": [None, None]}) == 0.0
    told = estimate([0.5] * 5, instance_error({"coin": [0.07] * 5}))
    assert told.standard_error == pytest.approx(0.07)
    assert estimate([0.5], 0.07).standard_error is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.5], Estimate(0.5, None, 1)), ([0.0, 1.0], Estimate(0.5, 0.5, 2)), ([1.0, 1.0, 1.0], Estimate(1.0, 0.0, 3))],
)
def test_an_estimate_is_mean_and_standard_error(values: list[float], expected: Estimate) -> None:
    assert estimate(values) == expected


def test_algorithm_1_stays_under_60_lines() -> None:
    source = inspect.getsource(algorithm)
    ast.parse(source)
    assert len(source.splitlines()) < 60
