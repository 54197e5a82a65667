"""How an improver is measured for the report: what it makes of every task, scored on val and on test.

A draw of its own, apart from the meta-utility calls by which improvers were selected, so that the winner's luck
in selection is not reported as its quality. The released code does the same (facts of `run_improver.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, sqrt
from statistics import fmean, stdev

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


def measure(improver: Program, tasks: Sequence[Task], model: LanguageModel, apply: Apply, map: Map) -> list[Sample]:
    """Apply `improver` to every task once; an application that fails scores 0 on both splits."""

    def sample(task: Task) -> Sample:
        made = apply(improver, task.utility, task.seed, model)
        if made.program is None:
            nothing = Score(0.0, made.verdict, made.note)
            return Sample(made, nothing, nothing if task.test else None)
        return Sample(made, task.utility(made.program), task.test(made.program) if task.test else None)

    return list(map(sample, tasks))
