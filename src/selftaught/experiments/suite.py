"""Improvers side by side on tasks with headroom, in numbers to be quoted: suite_version.py says what they depend on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from selftaught.config import Parameters
from selftaught.experiments.arms import NO_SUMMARY, PRICE, Arm, Pair, between_models, differences
from selftaught.experiments.design import (  # fmt: skip
    SUMMARY,
    Cell,
    Experiment,
    Outcome,
    Result,
    Table,
    few,
    of_differences,
    point,
    reported,
)
from selftaught.experiments.suite_version import BASELINES, NAME, REFERENCE, SCALE, VERSION, changed
from selftaught.report.figures import Figure, Point
from selftaught.runs.records import Sampled

_INITIAL = "initial solution"


@dataclass(frozen=True, slots=True)
class _Compared:
    """One improver with one model; `model` is "" of the reference programs. `cell`: how its cells' names begin."""

    improver: str
    model: str
    cell: str

    @property
    def searches(self) -> bool:
        return self.improver != REFERENCE


def _compared(given: Parameters) -> Iterator[_Compared]:
    for number, model in enumerate(given.models):
        for place, improver in enumerate(given.improvers):
            if improver != REFERENCE:
                yield _Compared(improver, model, f"{place}-{number}" if len(given.models) > 1 else f"{place}")
    yield _Compared(REFERENCE, "", "reference")


def cells(given: Parameters) -> list[Cell]:
    """Each improver on all tasks, once for each trial; all of a trial have the same instances: they pair."""
    return [
        Cell(f"{one.cell}-{trial}", given.settings(
            "suite", str(trial), kind="chain", tasks=given.tasks, model=one.model or "mutate", improver=one.improver,
            depth=1, repeats=1, **({} if one.searches else _ASKS_NOBODY)), one.improver)
        for one in _compared(given)
        for trial in range(given.trials)
    ]  # fmt: skip


_ASKS_NOBODY = {"model_calls": 1, "responses": 1, "utility_calls": 1}


@dataclass(frozen=True, slots=True)
class _Reached:
    """What one application came to, in the task's own number: the initial solution's, and that of what was returned."""

    task: str
    trial: int
    initial: float
    score: float
    verdict: str

    @property
    def normalised(self) -> float:
        """0: no better than the initial solution here; 1: as far above it as the reference program was, then."""
        seed, reference = SCALE[self.task]
        return max(0.0, self.score - self.initial) / (reference - seed)


def _reached(given: Parameters, outcomes: Mapping[int, Outcome]) -> list[_Reached]:
    found = []
    for trial, outcome in outcomes.items():
        for task, before, after in zip(given.tasks, outcome.chain(0), outcome.chain(1), strict=True):
            initial, failed = _own(before, before), after.verdict != "ok"
            found.append(_Reached(task, trial, initial, 0.0 if failed else _own(after, before), after.verdict))
    return found


def _own(sample: Sampled, initial: Sampled) -> float:
    """The task's own number on test, where it has one; of a program that fails it is 0."""
    if initial.test_raw is not None:
        return sample.test_raw or 0.0
    return sample.test or 0.0


def _outcomes(given: Parameters, done: Mapping[str, Outcome], one: _Compared) -> dict[int, Outcome]:
    """By trial; of a model that failed for good there are fewer, or none."""
    names = {trial: f"{one.cell}-{trial}" for trial in range(given.trials)}
    return {trial: done[name] for trial, name in names.items() if name in done}


def _arm(given: Parameters, outcomes: Mapping[int, Outcome]) -> Arm:
    """Its score in a trial is the mean over the tasks."""
    found = _reached(given, outcomes)
    return Arm(
        {trial: fmean(one.normalised for one in found if one.trial == trial) for trial in outcomes},
        {trial: outcome.bought for trial, outcome in outcomes.items()},
        sum(one.verdict != "ok" for one in found),
    )


def pairs(given: Parameters, done: Mapping[str, Outcome]) -> list[Pair]:
    """With each model: every improver against one. Then each improver with every two models."""
    arms = {
        (one.improver, one.model): _arm(given, _outcomes(given, done, one)) for one in _compared(given) if one.searches
    }
    against, found = given.against or BASELINES[0], list[Pair]()
    improvers = list(dict.fromkeys(improver for improver, _ in arms))
    for (improver, model), arm in arms.items():
        if improver != against:
            found.append(Pair(f"{against} → {improver}", model, arms[against, model], arm))
    for improver in improvers:
        found += between_models(improver, {model: arms[improver, model] for model in given.models})
    return found


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """Each improver's mean over the tasks, what it cost, how it differs from `against`; and what each task came to."""
    rows: list[tuple[object, ...]] = []
    names = [_INITIAL, *given.improvers]
    points: dict[str, list[Point]] = {"": [Point(0, 0.0)]}
    reached = {}
    for one in _compared(given):
        outcomes = _outcomes(given, done, one)
        arm, reached[one] = _arm(given, outcomes), _reached(given, outcomes)
        told = of_differences(list(arm.scores.values()), given.run_seed.number).cells if arm.scores else NO_SUMMARY
        rows.append((one.improver, one.model, *told, arm.failed, *arm.price))
        line = one.model if len(given.models) > 1 else ""
        points.setdefault(line, []).extend(point(names.index(one.improver), told))
    title = f"{given.suite}, {given.size}{_but(given)}: normalised score on test"
    headers = ("improver", "model", *SUMMARY, "failed", *PRICE)
    tables = [
        Table("suite", f"{title}, at equal budget; price: of one trial", headers, rows),
        _tasks(given, reached),
        *differences(given, pairs(given, done)),
        _scores(reached),
    ]
    axis = "0: initial solution, 1: reference programs of the version"
    figure = Figure("suite", title, "improver", axis, points, tuple(names))
    return Result(tables, [figure], [*_notes(given), *reported(done), *few(given.trials)])


def _but(given: Parameters) -> str:
    return f" (changed: {', '.join(changed(given))})" if changed(given) else ""


def _tasks(given: Parameters, reached: Mapping[_Compared, Sequence[_Reached]]) -> Table:
    """Of each task, in its own number: initial solution and reference program, here and then; and the best arm."""
    rows: list[tuple[object, ...]] = []
    for task in given.tasks:
        of_it = {arm: [one for one in found if one.task == task] for arm, found in reached.items()}
        here = {arm: fmean(one.score for one in found) for arm, found in of_it.items() if found}
        (reference,) = (arm for arm in here if not arm.searches)
        initial = fmean(one.initial for one in of_it[reference])
        best = max((arm for arm in here if arm.searches), key=lambda arm: here[arm], default=reference)
        rows.append((task, initial, SCALE[task][0], here[reference], SCALE[task][1], here[best],
                     best.improver if here[best] > initial else None, best.model))  # fmt: skip
    version = f"v{VERSION}"
    headers = ("task", "initial", version, "reference", f"{version} ref", "best", "of", "model")
    title = f"Each task's own score on test; {version}: when {NAME} {VERSION} was made, on another machine"
    return Table("tasks", title, headers, rows, spare=(version,))


def _scores(reached: Mapping[_Compared, Sequence[_Reached]]) -> Table:
    rows = [
        (arm.improver, arm.model, one.task, one.trial, one.initial, one.score, one.normalised, one.verdict)
        for arm, found in reached.items()
        for one in found
    ]
    headers = ("improver", "model", "task", "trial", "initial", "score", "normalised", "verdict")
    return Table("scores", "Every application", headers, rows, on_screen=False)


def _notes(given: Parameters) -> list[str]:
    told = [
        f"Every application may spend {given.model_calls} model calls of {given.responses} responses and "
        f"{given.utility_calls} utility calls, on each task.",
        "Normalised: 0 is the initial solution on the same instances, and who fails or does worse; 1 is as far above "
        f"it as the reference program was when {NAME} {VERSION} was made. The mean is over tasks, n counts trials.",
        "A clock has a part in most scores: compare results of other machines by the reference programs' row.",
    ]
    if changed(given):
        told.append(
            f"Not the size {given.size} as {NAME} {VERSION} fixes it: not to be compared with results that are."
        )
    if "salt given" in given.suite:
        told.append("The salt was given: these instances were there before, and an improver may have seen them.")
    return told


SUITE = Experiment("suite", "improvers on the tasks with headroom, to be quoted", cells, result, pairs, partial=True)
