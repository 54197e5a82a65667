"""Table 1: an improver that was improved on one task, used on others that it never saw."""

from collections.abc import Mapping

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
    mean_val,
    reported,
    summary,
)
from selftaught.report.figures import Figure, Point

SELECTION = (
    "The improver of each training task is the one of I_0 … I_T with the highest meta-utility on val; test has no say."
)


def cells(given: Parameters) -> list[Cell]:
    """A training run for each task; then, for each task evaluated on, the seed's and each improved improver's."""
    model, on = given.models[0], given.on or given.tasks
    training = [
        Cell(f"train-{task}", given.settings(
            "train", task, kind="run", tasks=[task], model=model, improver=given.improver), f"train on {task}")
        for task in given.tasks
    ]  # fmt: skip
    again = [
        Cell(f"again-{task}", given.settings(
            "again", task, kind="chain", tasks=[task], model=model, improver=given.improver, depth=1),
            f"its improver, once more on {task}", after=f"train-{task}")
        for task in given.tasks
    ]  # fmt: skip
    sources = [("seed improver", ""), *((f"improved on {task}", f"train-{task}") for task in given.tasks)]
    evaluated = [
        Cell(_cell(place, task, number), given.settings(
            "evaluate", task, str(number), kind="chain", tasks=[task], model=model, improver=given.improver, depth=1,
            repeats=1), f"{name}, on {task}", after)
        for place, (name, after) in enumerate(sources)
        for task in on
        for number in range(given.trials)
    ]  # fmt: skip
    return [*training, *again, *evaluated]


def _cell(place: int, task: str, number: int) -> str:
    """Of the seed improver (place 0), or of the one improved on the task at that place."""
    return f"{place}-on-{task}-{number}"


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """The matrix; and the winner's curse: what each improver was selected by, and its score on fresh instances."""
    on = given.on or given.tasks
    rows: list[tuple[object, ...]] = []
    lines: dict[str, list[Point]] = {}
    improved = [(f"improved on {task}", source, 1) for source, task in enumerate(given.tasks, start=1)]
    for name, source, k in [("initial solution", 0, 0), ("seed improver", 0, 1), *improved]:
        for place, task in enumerate(on):
            samples = [done[_cell(source, task, number)].chain(k) for number in range(given.trials)]
            values = [mean_test(sample) for sample in samples]
            failed = sum(part.verdict != "ok" for sample in samples for part in sample)
            told = summary(values, given.run_seed.number)
            rows.append((name, task, *told.cells, failed))
            lines.setdefault(name, []).append(Point(place, told.mean, told.low, told.high))
    chosen = [
        (task, *_winner(done[f"train-{task}"]), mean_test(done[f"again-{task}"].chain(1))) for task in given.tasks
    ]
    notes = [
        SELECTION,
        *(f"The improver improved on {task} is the seed improver itself." for task, t, *_ in chosen if t == 0),
        "Each task is trained on once: the intervals are of using its one improver, not of training another.",
        "An application that fails counts 0, and is counted.",
        *reported(done),
    ]
    headers = ("improver", "on", *SUMMARY, "failed")
    return Result(
        [
            Table("transfer", "Meta-utility on test: trained on × evaluated on", headers, rows),
            Table("winners", "What each improver was selected by, the same applications on test, and all anew",
                  ("trained on", "t", "val, selected by", "test", "fresh applications and instances"), chosen),
        ],
        [Figure("transfer", "Transfer, 95 % intervals", "task", "meta-utility on test", lines, tuple(on))],
        [*notes, *few(given.trials)],
    )  # fmt: skip


def _winner(run: Outcome) -> tuple[int, float, float]:
    """t, û on val and û on test of the improver that was selected: the earliest with the highest on val."""
    measured = {step.t: run.measured(step.improver) for step in run.steps}
    t = max(measured, key=lambda t: (mean_val(measured[t]), -t))
    return t, mean_val(measured[t]), mean_test(measured[t])


TRANSFER = Experiment("transfer", "Table 1: trained on one task, evaluated on others", cells, result)
