"""imp@k: an improver, frozen, applied k times in a row to tasks that it never saw: what is gained after each time."""

from collections.abc import Mapping
from statistics import fmean

from selftaught.config import Parameters
from selftaught.experiments.arms import NO_SUMMARY, PRICE, Arm, Pair, arm, between_models, differences, scale_told
from selftaught.experiments.design import (  # fmt: skip
    SUMMARY,
    Cell,
    Experiment,
    Outcome,
    Result,
    Table,
    few,
    mean_test,
    of_differences,
    point,
    reported,
)
from selftaught.report.figures import Figure, Point


def cells(given: Parameters) -> list[Cell]:
    """One chain of k applications for each model, task and repeat; one repeat has the same instances for all models."""
    return [
        Cell(_cell(place, task, number), given.settings(
            "imp-at-k", task, str(number), kind="chain", tasks=[task], model=model, improver=given.improver,
            repeats=1), f"{given.improver} on {task}")
        for place, model in enumerate(given.models)
        for task in given.on or given.tasks
        for number in range(given.trials)
    ]  # fmt: skip


def _cell(place: int, task: str, number: int) -> str:
    return f"{place}-{task}-{number}"


def _arm(given: Parameters, done: Mapping[str, Outcome], place: int, task: str, k: int) -> Arm:
    return arm(
        given, done, lambda number: _cell(place, task, number),
        lambda run: mean_test(run.chain(k), failed_counts_nothing=True),
        bought=lambda run: run.bought_after(k), samples=lambda run: run.chain(k),
    )  # fmt: skip


def pairs(given: Parameters, done: Mapping[str, Outcome]) -> list[Pair]:
    """After k applications and before, on each task with each model; then every two models after k."""
    found: list[Pair] = []
    for task in given.on or given.tasks:
        after = {model: _arm(given, done, place, task, given.depth) for place, model in enumerate(given.models)}
        found += [
            Pair(f"{task}, k = 0 → {given.depth}", model, _arm(given, done, place, task, 0), after[model])
            for place, model in enumerate(given.models)
        ]
        found += between_models(f"{task}, k = {given.depth}", after)
    return found


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """The gain on test over the initial solution, for each model, task and number of applications."""
    rows: list[tuple[object, ...]] = []
    lines: dict[str, list[Point]] = {}
    for place, model in enumerate(given.models):
        for task in given.on or given.tasks:
            before = _arm(given, done, place, task, 0)
            for k in range(given.depth + 1):
                after = _arm(given, done, place, task, k)
                gains = Pair(task, model, before, after).differences
                told = of_differences(gains, given.run_seed.number).cells if gains else NO_SUMMARY
                test = fmean(after.scores.values()) if gains else None
                rows.append((model, task, k, test, *told, after.failed, *after.price))
                name = task if len(given.models) == 1 else f"{task}, {model}"
                lines.setdefault(name, []).extend(point(k, told))
    notes = ["An application that fails leaves the solution that there was, and is counted.",
             *scale_told([sample for run in done.values() for sample in run.chain(0)]), *reported(done)]  # fmt: skip
    headers = ("model", "task", "k", "test", "gain", *SUMMARY[1:], "failed", *PRICE)
    title = "Gain on test after k applications of a frozen improver; price: of all k"
    return Result(
        [Table("imp-at-k", title, headers, rows), *differences(given, pairs(given, done))],
        [Figure("imp-at-k", "imp@k, with 95 % intervals", "k", "gain on test", lines)],
        [*notes, *few(given.trials)],
    )


IMP_AT_K = Experiment("imp-at-k", "Gain after k applications of a frozen improver", cells, result, pairs, partial=True)
