"""How an improver is measured for the report: its result for every task, scored on val and on test.

A draw of its own, apart from the meta-utility calls by which improvers were selected, so that the winner's luck
in selection is not reported as its quality. The released code does the same (facts of `run_improver.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from statistics import fmean, stdev, variance

from selftaught.core.contracts import Application, Apply, LanguageModel, Map, Program, Score, Task


@dataclass(frozen=True, slots=True)
class Sample:
    """One application of the measured improver to one task of D, and how its result scored."""

    application: Application
    val: Score
    test: Score | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean and its standard error; `standard_error` is None for a single value, which has none."""

    mean: float
    standard_error: float | None
    n: int


def estimate(values: Sequence[float], of_instances: float = 0.0) -> Estimate:
    """Mean ± standard error of at least one value.

    That of the values (sample standard deviation / √n), and that of the instances which all of them share, in one.
    """
    n = len(values)
    return Estimate(fmean(values), hypot(stdev(values) / sqrt(n), of_instances) if n > 1 else None, n)


def instance_error(errors: Mapping[str, Sequence[float | None]]) -> float:
    """Standard error, from the draw of the instances, of a mean over samples: their own errors, by task.

    Samples of one task share its instances: to repeat makes that error no smaller. Tasks draw theirs independently.
    """
    count = sum(map(len, errors.values()))
    shares = (len(each) / count * sqrt(fmean((error or 0.0) ** 2 for error in each)) for each in errors.values())
    return hypot(*shares)


Graded = tuple[str, float, Sequence[float]]
"""One sample: its task, its score, and the grades by instance that it is the mean of; empty if they are unknown."""


def paired(before: Sequence[Graded], after: Sequence[Graded], *, common_draws: bool = False) -> Estimate:
    """The mean difference, after minus before, of two improvers that were measured on the same tasks and instances.

    Its error is that of the draw of the repeats and of the instances, task by task: crossed random effects (Cornfield
    and Tukey, Annals of Mathematical Statistics 27:4, 1956). The instances are the same for both, and count as pairs.
    So do the repeats where both got the same draws of the model (`common_draws`); else their errors add up. A task
    that was done once has no error of its repeats, and so the whole has none.

    Raises ValueError unless the tasks agree, in order.
    """
    if [task for task, *_ in before] != [task for task, *_ in after] or not before:
        raise ValueError("wanted samples of the same tasks in the same order")
    pairs = list(zip(before, after, strict=True))
    errors = list[float]()
    for task in dict.fromkeys(task for task, *_ in before):
        rows = [pair for pair in pairs if pair[0][0] == task]
        if len(rows) == 1:
            return Estimate(fmean(new - old for (_, old, _), (_, new, _) in pairs), None, len(pairs))
        errors.append(len(rows) / len(pairs) * _crossed_error(rows, common_draws))
    return Estimate(fmean(new - old for (_, old, _), (_, new, _) in pairs), hypot(*errors), len(pairs))


def by_instance(rows: Sequence[tuple[Graded, Graded]]) -> tuple[list[Sequence[float]], list[Sequence[float]]]:
    """The grades before and after, a row for each repeat of one task; two empty lists if some are unknown.

    An application that failed has no grades, and counts 0 on each instance.
    """
    count = max(len(grades) for row in rows for _, _, grades in row)
    nothing = [0.0] * count
    tables: tuple[list[Sequence[float]], list[Sequence[float]]] = ([], [])
    for row in rows:
        for table, (_, value, grades) in zip(tables, row, strict=True):
            if len(grades) == count or value == 0.0:
                table.append(grades if len(grades) == count else nothing)
    return tables if count > 1 and all(len(table) == len(rows) for table in tables) else ([], [])


def _crossed_error(rows: Sequence[tuple[Graded, Graded]], common_draws: bool) -> float:
    """Standard error of the mean difference; of the repeats alone where grades by instance are not known."""
    old, new = ([pair[side][1] for pair in rows] for side in (0, 1))
    drawn = [[b - a for a, b in zip(old, new, strict=True)]] if common_draws else [old, new]
    of_repeats = sum(variance(values) / len(values) for values in drawn)
    before, after = by_instance(rows)
    if not before:
        return sqrt(of_repeats)
    differences = [[b - a for a, b in zip(*pair, strict=True)] for pair in zip(before, after, strict=True)]
    columns = [fmean(column) for column in zip(*differences, strict=True)]
    of_instances = variance(columns) / len(columns)
    both = sum(_left_over(table) for table in ([differences] if common_draws else [before, after]))
    return sqrt(max(of_repeats, of_instances, of_repeats + of_instances - both))


def _left_over(table: Sequence[Sequence[float]]) -> float:
    """The part of the mean's squared error that both the rows' and the columns' estimate contain."""
    columns, means = [fmean(column) for column in zip(*table, strict=True)], [fmean(row) for row in table]
    mean = fmean(means)
    squares = sum(
        (value - row_mean - column + mean) ** 2
        for row, row_mean in zip(table, means, strict=True)
        for value, column in zip(row, columns, strict=True)
    )
    rows, width = len(table), len(columns)
    return squares / ((rows - 1) * (width - 1) * rows * width)


def measure(improver: Program, tasks: Sequence[Task], model: LanguageModel, apply: Apply, map: Map) -> list[Sample]:
    """Apply `improver` to every task once; an application that fails scores 0 on both splits."""

    def sample(task: Task) -> Sample:
        made = apply(improver, task.utility, task.seed, model)
        if made.program is None:
            nothing = Score(0.0, made.verdict, made.note)
            return Sample(made, nothing, nothing if task.test else None)
        return Sample(made, task.utility(made.program), task.test(made.program) if task.test else None)

    return list(map(sample, tasks))
