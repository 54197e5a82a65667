"""What a suite's numbers depend on is fixed, and what they say is what was reached."""

import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from selftaught.config import Parameters
from selftaught.core.errors import UsageError
from selftaught.experiments import suite_version
from selftaught.experiments.design import Outcome, Result
from selftaught.experiments.suite import SUITE
from selftaught.experiments.suite_version import REFERENCE, SCALE, SIZES
from selftaught.runs.records import Measured, Sampled
from selftaught.tasks.loading import load_task
from selftaught.tasks.measured import MEASURED
from selftaught.tasks.spec import Wording

REFERENCES = Path(__file__).parents[1] / "tasks" / "references"
SEED, GOOD = SCALE["formulas"]


def test_a_version_fixes_its_tasks_and_reference_programs() -> None:
    """If this fails: what was changed begins a new VERSION, with a new DIGEST (`python benchmarks/suite.py`)."""
    assert suite_version.digest() == suite_version.DIGEST


def test_the_packed_reference_programs_are_those_of_the_tests() -> None:
    there = {file.stem.replace("_", "-"): file.read_text() for file in REFERENCES.glob("*.py")}
    assert suite_version.references() == there


def test_the_suite_has_every_task_with_headroom() -> None:
    assert set(SCALE) == {name for name, told in MEASURED.items() if not told.solved}
    assert set(SIZES["quick"].tasks) < set(SIZES["standard"].tasks) < set(SIZES["full"].tasks) == set(SCALE)


def test_the_arms_are_the_baselines_what_is_named_and_the_references() -> None:
    assert suite_version.arms(["+mine.py", "greedy"]) == ["best-of-n", "greedy", "refine", "mine.py", REFERENCE]
    assert suite_version.arms([])[3:] == ["islands", "novelty", "pareto", "best-first", REFERENCE]


def sample(task: str, score: float | None, verdict: str = "ok", raw: float | None = None) -> Sampled:
    return Sampled(task=task, program="p", verdict=verdict, note="", val=0.0, val_verdict="ok", test=score,
                   test_verdict="ok", test_raw=raw)  # fmt: skip


def given(*, tasks: list[str], trials: int, models: str = "m", **more: object) -> Parameters:
    settings = {**suite_version.fixed("quick"), "tasks": tasks, "trials": trials, **more}
    improvers = ["best-of-n", "mine", REFERENCE]
    return Parameters(experiment="suite", models=models.split(","), improvers=improvers, seed="1:salt", size="quick",
                      suite=suite_version.label(salt_given=False), **settings)  # type: ignore[arg-type]  # fmt: skip


def outcome(before: list[Sampled], after: list[Sampled]) -> Outcome:
    records = [Measured(at=f"/chain#{k}", time=time.time(), improver="i", samples=one, seconds=0.0)
               for k, one in enumerate((before, after))]  # fmt: skip
    return Outcome(records, str, "")


def told(parameters: Parameters, reached: Mapping[str, list[tuple[list[Sampled], list[Sampled]]]]) -> Result:
    """The result of these samples, arm by arm and trial by trial."""
    done = {f"{place}-{n}": outcome(*pair) for place, pairs in reached.items() for n, pair in enumerate(pairs)}
    assert {cell.name for cell in SUITE.cells(parameters)} >= set(done)
    return SUITE.result(parameters, done)


def one_task(*scores: float, verdict: str = "ok") -> list[tuple[list[Sampled], list[Sampled]]]:
    """Of `formulas`, where the initial solution has SEED in each trial."""
    return [([sample("formulas", SEED)], [sample("formulas", score, verdict)]) for score in scores]


def rows(result: Result, table: str) -> dict[object, tuple[object, ...]]:
    return {row[0]: row for one in result.tables if one.name == table for row in one.rows}


def test_where_no_improver_is_better_than_the_start_none_is_named_nor_its_model() -> None:
    parameters = given(tasks=["formulas"], trials=1, models="a,b")
    reached = {place: one_task(SEED) for place in ("0", "1", "2", "3", "reference")}
    (row,) = rows(told(parameters, reached), "tasks").values()
    assert row[-2:] == (None, None)
    (row,) = rows(told(parameters, {**reached, "3": one_task(GOOD)}), "tasks").values()
    assert row[-2:] == ("mine", "b")


def test_0_is_the_initial_solution_here_and_1_as_far_above_as_the_reference_was() -> None:
    half = SEED + (GOOD - SEED) / 2
    found = told(given(tasks=["formulas"], trials=2), {
        "0": one_task(SEED, half), "1": one_task(GOOD, 1.0), "reference": one_task(half, half)})  # fmt: skip
    means = {name: row[2] for name, row in rows(found, "suite").items()}
    assert means == {"best-of-n": pytest.approx(0.25), "mine": pytest.approx((1 + (1 - SEED) / (GOOD - SEED)) / 2),
                     REFERENCE: pytest.approx(0.5)}  # fmt: skip
    ((compared, row),) = rows(found, "differences").items()  # without the reference
    assert compared == "best-of-n → mine" and row[2] == pytest.approx(means["mine"] - 0.25)  # type: ignore[operator]


def test_who_fails_or_ends_below_the_initial_solution_counts_0() -> None:
    found = told(given(tasks=["formulas"], trials=1), {
        "0": one_task(0.9, verdict="crashed"), "1": one_task(SEED / 2), "reference": one_task(GOOD)})  # fmt: skip
    assert [row[2] for row in rows(found, "suite").values()] == [0.0, 0.0, pytest.approx(1.0)]
    assert [row[7] for row in rows(found, "suite").values()] == [1, 0, 0]


def test_a_task_with_a_number_of_its_own_is_judged_by_that() -> None:
    seed, good = SCALE["circle-packing"]
    before = [sample("circle-packing", 0.5, raw=seed)]
    reached = [(before, [sample("circle-packing", 0.7, raw=good)])]
    found = told(given(tasks=["circle-packing"], trials=1), {
        "0": reached, "1": [(before, [sample("circle-packing", 0.0)])], "reference": reached})  # fmt: skip
    assert [row[2] for row in rows(found, "suite").values()] == [pytest.approx(1.0), 0.0, pytest.approx(1.0)]
    task = rows(found, "tasks")["circle-packing"]
    assert task == ("circle-packing", seed, seed, good, good, good, "best-of-n", "m")


def test_each_task_weighs_the_same_in_the_mean() -> None:
    (low, high), tasks = SCALE["parity@hard"], ["formulas", "parity@hard"]
    before = [sample("formulas", SEED), sample("parity@hard", low)]
    gains_one = [(before, [sample("formulas", SEED), sample("parity@hard", high)])]
    gains_other = [(before, [sample("formulas", GOOD), sample("parity@hard", low)])]
    found = told(given(tasks=tasks, trials=1), {"0": gains_one, "1": gains_other, "reference": gains_one})
    assert [row[2] for row in rows(found, "suite").values()] == [pytest.approx(0.5)] * 3


def test_several_models_are_arms_of_their_own_and_compared() -> None:
    found = told(given(tasks=["formulas"], trials=2, models="a,b"), {
        "0": one_task(SEED, SEED), "2": one_task(GOOD, GOOD), "1": one_task(SEED, GOOD),
        "3": one_task(GOOD, GOOD), "reference": one_task(GOOD, GOOD)})  # fmt: skip
    means = [row[:3] for table in found.tables[:1] for row in table.rows]
    assert means == [("best-of-n", "a", 0.0), ("mine", "a", pytest.approx(0.5)), ("best-of-n", "b", pytest.approx(1)),
                     ("mine", "b", pytest.approx(1)), (REFERENCE, "", pytest.approx(1))]  # fmt: skip
    compared = [row[:3] for table in found.tables if table.name == "differences" for row in table.rows]
    assert compared == [
        ("best-of-n → mine", "a", pytest.approx(0.5)), ("best-of-n → mine", "b", pytest.approx(0)),
        ("best-of-n", "a → b", pytest.approx(1)), ("mine", "a → b", pytest.approx(0.5)),
    ]  # fmt: skip


def test_of_a_model_that_failed_for_good_there_is_nothing_and_the_rest_stands() -> None:
    found = told(given(tasks=["formulas"], trials=2, models="a,b"), {
        "0": one_task(GOOD, GOOD), "1": one_task(GOOD, GOOD), "3": one_task(SEED),
        "reference": one_task(GOOD, GOOD)})  # fmt: skip
    assert [(row[0], row[1], row[2], row[6]) for row in found.tables[0].rows] == [
        ("best-of-n", "a", pytest.approx(1), 2), ("mine", "a", pytest.approx(1), 2), ("best-of-n", "b", None, 0),
        ("mine", "b", 0.0, 1), (REFERENCE, "", pytest.approx(1), 2),
    ]  # fmt: skip


def test_what_is_not_as_the_version_fixes_it_stands_in_the_title() -> None:
    quick = given(tasks=list(SIZES["quick"].tasks), trials=2)
    assert suite_version.changed(quick) == []
    one = one_task(GOOD)
    other = told(given(tasks=["formulas"], trials=1, responses=9), {"0": one, "1": one, "reference": one})
    assert other.tables[0].title == (
        "modern 1, quick (changed: tasks, trials, responses): normalised score on test, at equal budget; price: "
        "of one trial"
    )
    assert any("not to be compared with" in note for note in other.notes)


def test_an_arm_that_always_loses_leaves_the_race_and_the_references_are_no_rivals() -> None:
    """Each trial has all that are in; the reference programs are far above everybody, and are measured in all."""
    trials, half = 20, SEED + (GOOD - SEED) / 2
    raced = given(tasks=["formulas"], trials=trials, race=0.05)
    reached = {"0": one_task(*[half] * trials), "1": one_task(*[SEED] * trials), "reference": one_task(*[1.0] * trials)}
    done = {f"{place}-{n}": outcome(*pair) for place, pairs in reached.items() for n, pair in enumerate(pairs)}
    assert SUITE.race
    references = {f"reference-{n}" for n in range(trials)}
    assert SUITE.race(raced, {}, ()) == ({"0-0", "1-0", *references}, set())
    _, never = SUITE.race(raced, done, ())
    left = trials - len(never)
    assert never == {f"1-{n}" for n in range(left, trials)} and 6 <= left < trials
    found = SUITE.result(raced, {name: one for name, one in done.items() if name not in never})
    assert f"{len(never)} of 40 runs were saved" in " ".join(found.notes) and f"mine (m) after {left}" in found.notes[4]
    assert "race" in found.tables[0].title.partition("changed: ")[2]  # the version fixes that all have all trials
    assert SUITE.in_vain(raced) == []
    assert "none can be stopped before it has 10" in SUITE.in_vain(given(tasks=["tsp"], trials=9, race=0.05))[0]


def test_a_result_of_another_version_is_not_gone_on_with() -> None:
    begun = given(tasks=["formulas"], trials=1)
    suite_version.check_version(begun)
    with pytest.raises(UsageError, match="started as modern 0, and this release has modern 1"):
        suite_version.check_version(Parameters(experiment="suite", tasks=["-"], models=["m"], suite="modern 0"))


@pytest.mark.parametrize("wording", [Wording(source=True), Wording(source=False)], ids=["source", "words"])
def test_each_task_gets_its_own_reference_program(wording: Wording) -> None:
    """Two of them have the same initial solution."""
    names: dict[str, Any] = {}
    exec(suite_version.reference_improver().source, names)
    for name in SCALE:
        task = load_task(name)
        described = SimpleNamespace(str=task.described(wording=wording))
        assert names["improve_algorithm"](task.seed.source, described, None) == suite_version.reference_of(name), name
