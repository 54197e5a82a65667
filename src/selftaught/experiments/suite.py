"""Improvers side by side on tasks with headroom, in numbers to be quoted: suite_version.py says what they depend on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from selftaught.config import Parameters
from selftaught.experiments.arms import NO_SUMMARY, PRICE, differences
from selftaught.experiments.design import (  # fmt: skip
    SUMMARY,
    Experiment,
    Outcome,
    Result,
    Table,
    few,
    of_differences,
    reported,
)
from selftaught.experiments.side_by_side import Entrant, SideBySide, allowance_told
from selftaught.experiments.suite_version import BASELINES, NAME, REFERENCE, SCALE, VERSION, changed
from selftaught.report.figures import Figure, Point
from selftaught.runs.records import Sampled

_INITIAL = "initial solution"
_REFERENCES = Entrant(REFERENCE, "", "reference")
_ASKS_NOBODY = {"model_calls": 1, "responses": 1, "utility_calls": 1}


def _arms(given: Parameters) -> SideBySide:
    """The improvers; and the reference programs, which are measured in every trial, and no rival of theirs."""
    searching = [name for name in given.improvers if name != REFERENCE]
    return SideBySide(
        given,
        searching,
        _REFERENCES,
        given.against or BASELINES[0],
        lambda run: _normalised(given, run),
        competes=False,
    )


def _normalised(given: Parameters, outcome: Outcome) -> float:
    """Of a trial: the mean over the tasks."""
    return fmean(one.normalised for one in _reached(given, {0: outcome}))


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


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """Each improver's mean over the tasks, what it cost, how it differs from `against`; and what each task came to."""
    rows: list[tuple[object, ...]] = []
    arms, told, reached = _arms(given), {}, {}
    for one in arms.entrants:
        arm, reached[one] = arms.arm(done, one), _reached(given, arms.outcomes(done, one))
        scores = list(arm.scores.values())
        told[one] = of_differences(scores, given.run_seed.number).cells if scores else NO_SUMMARY
        rows.append((one.name, one.model, *told[one], arm.failed, *arm.price))
    title = f"{given.suite}, {given.size}{_but(given)}: normalised score on test"
    headers = ("improver", "model", *SUMMARY, "failed", *PRICE)
    tables = [
        Table("suite", f"{title}, at equal budget; price: of one trial", headers, rows),
        _tasks(given, reached),
        *differences(given, arms.pairs(done)),
        _scores(reached),
    ]
    axis, names = "0: initial solution, 1: reference programs of the version", (_INITIAL, *given.improvers)
    points = {"": [Point(0, 0.0)], **arms.drawn(told, names)}
    figure = Figure("suite", title, "improver", axis, points, names)
    return Result(tables, [figure], [*_notes(given), *arms.stopped(done), *reported(done), *few(given.trials)])


def _but(given: Parameters) -> str:
    return f" (changed: {', '.join(changed(given))})" if changed(given) else ""


def _tasks(given: Parameters, reached: Mapping[Entrant, Sequence[_Reached]]) -> Table:
    """Of each task, in its own number: initial solution and reference program, here and then; and the best arm."""
    rows: list[tuple[object, ...]] = []
    for task in given.tasks:
        of_it = {arm: [one for one in found if one.task == task] for arm, found in reached.items()}
        here = {arm: fmean(one.score for one in found) for arm, found in of_it.items() if found}
        initial = fmean(one.initial for one in of_it[_REFERENCES])
        searching = [arm for arm in here if arm != _REFERENCES]
        best = max(searching, key=lambda arm: here[arm], default=_REFERENCES)
        named = (best.improver, best.model) if here[best] > initial else (None, None)
        rows.append((task, initial, SCALE[task][0], here[_REFERENCES], SCALE[task][1], here[best], *named))
    version = f"v{VERSION}"
    headers = (
        "task",
        "initial",
        f"{version} initial",
        "reference",
        f"{version} reference",
        "best",
        "best improver",
        "model",
    )
    title = f"Each task's own score on test; {version}: when {NAME} {VERSION} was made, on another machine"
    return Table("tasks", title, headers, rows, spare=(f"{version} initial", f"{version} reference"))


def _scores(reached: Mapping[Entrant, Sequence[_Reached]]) -> Table:
    rows = [
        (arm.improver, arm.model, one.task, one.trial, one.initial, one.score, one.normalised, one.verdict)
        for arm, found in reached.items()
        for one in found
    ]
    headers = ("improver", "model", "task", "trial", "initial", "score", "normalised", "verdict")
    return Table("scores", "Every application", headers, rows, on_screen=False)


def _notes(given: Parameters) -> list[str]:
    told = [
        f"{allowance_told(given)}, on each task.",
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


SUITE = Experiment(
    "suite",
    "improvers on the tasks with headroom, to be quoted",
    lambda given: _arms(given).cells("suite", **_ASKS_NOBODY),
    result,
    lambda given, done: _arms(given).pairs(done),
    partial=True,
    race=lambda given, done, failed: _arms(given).raced(done, failed),
    in_vain=lambda given: _arms(given).in_vain(),
)
