"""imp@k: an improver, frozen, applied k times in a row to tasks that it never saw: what is gained after each time."""

from collections.abc import Mapping
from statistics import fmean

from selftaught.config import Parameters
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
    reported,
)
from selftaught.report.figures import Figure, Point
from selftaught.statistics import paired_differences


def cells(given: Parameters) -> list[Cell]:
    """One chain of k applications for each task and repeat."""
    return [
        Cell(f"{task}-{number}", given.settings(
            "imp-at-k", task, str(number), kind="chain", tasks=[task], model=given.models[0], improver=given.improver,
            repeats=1), f"{given.improver} on {task}")
        for task in given.on or given.tasks
        for number in range(given.trials)
    ]  # fmt: skip


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """The gain on test over the initial solution, for each task and number of applications."""
    rows: list[tuple[object, ...]] = []
    lines: dict[str, list[Point]] = {}
    for task in given.on or given.tasks:
        runs = [done[f"{task}-{number}"] for number in range(given.trials)]
        before = [mean_test(run.chain(0), failed_counts_nothing=True) for run in runs]
        for k in range(given.depth + 1):
            after = [mean_test(run.chain(k), failed_counts_nothing=True) for run in runs]
            gains = paired_differences(before, after)
            told = of_differences(gains, given.run_seed.number)
            failed = sum(part.verdict != "ok" for run in runs for part in run.chain(k))
            rows.append((task, k, fmean(after), *told.cells, failed))
            lines.setdefault(task, []).append(Point(k, told.mean, told.low, told.high))
    notes = ["An application that fails leaves the solution that there was, and is counted.", *reported(done)]
    headers = ("task", "k", "test", "gain", *SUMMARY[1:], "failed")
    return Result(
        [Table("imp-at-k", "Gain on test after k applications of a frozen improver", headers, rows)],
        [Figure("imp-at-k", "imp@k, with 95 % intervals", "k", "gain on test", lines)],
        [*notes, *few(given.trials)],
    )


IMP_AT_K = Experiment("imp-at-k", "Gain after k applications of a frozen improver", cells, result)
