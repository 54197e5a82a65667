"""How an improver is measured for the report: what it makes of every task, scored on val and on test.

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
"""One sample: its task, its score, and the grades by instance that it is the mean of; none where they are not known."""


def paired(before: Sequence[Graded], after: Sequence[Graded]) -> Estimate:
    """The mean difference, after minus before, of two improvers that were measured on the same tasks and instances.

    Its error is that of the draw of the repeats and of the instances, both of which the two have in common, task by
    task: crossed random effects (Cornfield and Tukey, Annals of Mathematical Statistics 27:4, 1956). A task that was
    done once has no error of its repeats, and so the whole has none. Raises ValueError unless tasks agree, in order.
    """
    if [task for task, *_ in before] != [task for task, *_ in after] or not before:
        raise ValueError("wanted samples of the same tasks in the same order")
    differences = [new - old for (_, old, _), (_, new, _) in zip(before, after, strict=True)]
    n, errors = len(differences), list[float]()
    for task in dict.fromkeys(task for task, *_ in before):
        rows = [pair for pair in zip(before, after, strict=True) if pair[0][0] == task]
        if len(rows) == 1:
            return Estimate(fmean(differences), None, n)
        errors.append(len(rows) / n * _crossed_error(by_instance(rows), [new[1] - old[1] for old, new in rows]))
    return Estimate(fmean(differences), hypot(*errors), n)


def by_instance(rows: Sequence[tuple[Graded, Graded]]) -> list[list[float]]:
    """For each repeat of one task, the difference on each instance; [] where the grades are not known.

    An application that failed has no grades, and counts 0 on each instance.
    """
    count = max(len(grades) for row in rows for _, _, grades in row)
    nothing = [0.0] * count

    def grades(sample: Graded) -> Sequence[float] | None:
        _, value, known = sample
        return known if len(known) == count else nothing if not known and value == 0.0 else None

    pairs = [(grades(old), grades(new)) for old, new in rows]
    if count < 2 or any(old is None or new is None for old, new in pairs):
        return []
    return [[b - a for a, b in zip(old or nothing, new or nothing, strict=True)] for old, new in pairs]


def _crossed_error(rows: Sequence[Sequence[float]], repeats: Sequence[float]) -> float:
    """Standard error of the mean of a table of repeats × instances; of the repeats alone where there is no table."""
    of_repeats = variance(repeats) / len(repeats)
    if not rows:
        return sqrt(of_repeats)
    columns = [fmean(column) for column in zip(*rows, strict=True)]
    of_instances = variance(columns) / len(columns)
    mean, means = fmean(columns), [fmean(row) for row in rows]
    left = sum(
        (d - r - c + mean) ** 2 for row, r in zip(rows, means, strict=True) for d, c in zip(row, columns, strict=True)
    )
    both = left / ((len(rows) - 1) * (len(columns) - 1) * len(rows) * len(columns))  # is in each of the two
    return sqrt(max(of_repeats, of_instances, of_repeats + of_instances - both))


def measure(improver: Program, tasks: Sequence[Task], model: LanguageModel, apply: Apply, map: Map) -> list[Sample]:
    """Apply `improver` to every task once; an application that fails scores 0 on both splits."""

    def sample(task: Task) -> Sample:
        made = apply(improver, task.utility, task.seed, model)
        if made.program is None:
            nothing = Score(0.0, made.verdict, made.note)
            return Sample(made, nothing, nothing if task.test else None)
        return Sample(made, task.utility(made.program), task.test(made.program) if task.test else None)

    return list(map(sample, tasks))
