"""Improvers side by side on tasks with headroom, in numbers to be quoted: suite_version.py says what they depend on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from selftaught.config import Parameters
from selftaught.experiments.arms import Arm, Pair, differences
from selftaught.experiments.design import (  # fmt: skip
    SUMMARY,
    Cell,
    Experiment,
    Outcome,
    Result,
    Table,
    few,
    of_differences,
    reported,
)
from selftaught.experiments.suite_version import BASELINES, NAME, REFERENCE, SCALE, VERSION, changed
from selftaught.report.figures import Figure, Point
from selftaught.runs.records import Sampled


@dataclass(frozen=True, slots=True)
class _Arm:
    """One improver with one model. `place`: for the names of its cells."""

    place: str
    name: str
    improver: str
    model: str


def _arms(given: Parameters) -> Iterator[_Arm]:
    several = len(given.models) > 1
    for place, improver in enumerate(given.improvers):
        if improver == REFERENCE:
            yield _Arm("reference", REFERENCE, REFERENCE, "mutate")
            continue
        for number, model in enumerate(given.models):
            name = f"{improver}, {model}" if several else improver
            yield _Arm(f"{place}-{number}" if several else str(place), name, improver, model)


def cells(given: Parameters) -> list[Cell]:
    """Each improver on all tasks, once for each trial; all of a trial have the same instances: they pair."""
    return [
        Cell(f"{arm.place}-{trial}", given.settings(
            "suite", str(trial), kind="chain", tasks=given.tasks, model=arm.model, improver=arm.improver, depth=1,
            repeats=1, **(_NO_MODEL if arm.improver == REFERENCE else {})), arm.improver)
        for arm in _arms(given)
        for trial in range(given.trials)
    ]  # fmt: skip


_NO_MODEL = {"model_calls": 1, "responses": 1, "utility_calls": 1}


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


def _reached(given: Parameters, outcomes: Sequence[Outcome]) -> list[_Reached]:
    found = []
    for trial, outcome in enumerate(outcomes):
        for task, before, after in zip(given.tasks, outcome.chain(0), outcome.chain(1), strict=True):
            initial, failed = _own(before, before), after.verdict != "ok"
            found.append(_Reached(task, trial, initial, 0.0 if failed else _own(after, before), after.verdict))
    return found


def _own(sample: Sampled, initial: Sampled) -> float:
    """The task's own number on test, where it has one; of a program that fails it is 0."""
    if initial.test_raw is not None:
        return sample.test_raw or 0.0
    return sample.test or 0.0


def _outcomes(given: Parameters, done: Mapping[str, Outcome]) -> dict[str, list[Outcome]]:
    return {arm.name: [done[f"{arm.place}-{trial}"] for trial in range(given.trials)] for arm in _arms(given)}


def _means(given: Parameters, found: Sequence[_Reached]) -> list[float]:
    """Of each trial, over the tasks."""
    return [fmean(one.normalised for one in found if one.trial == trial) for trial in range(given.trials)]


def pairs(given: Parameters, done: Mapping[str, Outcome]) -> list[Pair]:
    """Every improver that searches, against one."""
    arms = {
        name: Arm(
            dict(enumerate(_means(given, _reached(given, outcomes)))),
            {trial: outcome.bought for trial, outcome in enumerate(outcomes)},
        )
        for name, outcomes in _outcomes(given, done).items()
        if name != REFERENCE
    }
    against = _compared_with(given, list(arms))
    return [Pair(f"{against} → {name}", "", arms[against], arm) for name, arm in arms.items() if name != against]


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """Each improver's mean over the tasks, what it cost, how it differs from `against`; and what each task came to."""
    of = _outcomes(given, done)
    reached = {name: _reached(given, outcomes) for name, outcomes in of.items()}
    means = {name: _means(given, found) for name, found in reached.items()}
    told = {name: of_differences(values, given.run_seed.number) for name, values in means.items()}
    rows = [
        (name, *told[name].cells, sum(one.verdict != "ok" for one in reached[name]), *_bought(of[name]))
        for name in told
    ]
    title = f"{given.suite}, {given.size}{_but(given)}: normalised score on test"
    headers = ("improver", *SUMMARY, "failed", "responses", "tokens", "dollars")
    spare = ("n", "tokens", "responses")
    tables = [Table("suite", f"{title}, at equal budget", headers, rows, spare=spare), _tasks(given, reached)]
    tables += differences(given, pairs(given, done))
    tables.append(_scores(reached))
    points = [Point(place, one.mean, one.low, one.high) for place, one in enumerate(told.values())]
    figure = Figure("suite", title, "improver", "0: initial solution, 1: reference programs", {"": points}, tuple(told))
    return Result(tables, [figure], [*_notes(given), *reported(done), *few(given.trials)])


def _compared_with(given: Parameters, names: Sequence[str]) -> str:
    """The arm of the improver `against`: with several models, that of the first."""
    return next(name for name in names if name.partition(",")[0] == (given.against or BASELINES[0]))


def _but(given: Parameters) -> str:
    return f" (changed: {', '.join(changed(given))})" if changed(given) else ""


def _bought(outcomes: Sequence[Outcome]) -> tuple[float | None, ...]:
    """Responses, tokens and dollars, as means over the trials; None where one of them does not know."""
    bought = [outcome.bought for outcome in outcomes]
    columns = ([one.responses for one in bought], [one.tokens for one in bought], [one.dollars for one in bought])
    return tuple(fmean(n for n in column if n is not None) if None not in column else None for column in columns)


def _tasks(given: Parameters, reached: Mapping[str, Sequence[_Reached]]) -> Table:
    """Of each task, in its own number: initial solution and reference program, here and then; and the best arm."""
    rows: list[tuple[object, ...]] = []
    for task in given.tasks:
        here = {name: fmean(one.score for one in found if one.task == task) for name, found in reached.items()}
        initial = fmean(one.initial for one in reached[REFERENCE] if one.task == task)
        searched = {name: score for name, score in here.items() if name != REFERENCE}
        best = max(searched, key=lambda name: searched[name])
        above = best if searched[best] > initial else None
        rows.append((task, initial, SCALE[task][0], here[REFERENCE], SCALE[task][1], searched[best], above))
    version = f"v{VERSION}"
    headers = ("task", "initial", version, "reference", f"{version} ref", "best", "of")
    title = f"Each task's own score on test; {version}: when {NAME} {VERSION} was made, on another machine"
    return Table("tasks", title, headers, rows, spare=(version,))


def _scores(reached: Mapping[str, Sequence[_Reached]]) -> Table:
    rows = [
        (name, one.task, one.trial, one.initial, one.score, one.normalised, one.verdict)
        for name, found in reached.items()
        for one in found
    ]
    headers = ("improver", "task", "trial", "initial", "score", "normalised", "verdict")
    return Table("scores", "Every application", headers, rows, on_screen=False)


def _notes(given: Parameters) -> list[str]:
    told = [
        f"Every application may spend {given.model_calls} model calls of {given.responses} responses and "
        f"{given.utility_calls} utility calls; responses, tokens and dollars are of all tasks, a trial.",
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


SUITE = Experiment("suite", "improvers on the tasks with headroom, to be quoted", cells, result, pairs)
