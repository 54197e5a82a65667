"""Improvers side by side at equal budget (paper §5.1, and what its critics asked for)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from selftaught.config import Parameters
from selftaught.experiments.arms import (
    BY_TASK,
    PRICE,
    Arm,
    Pair,
    arm,
    between_models,
    by_task,
    differences,
    in_one_mean,
)
from selftaught.experiments.design import (  # fmt: skip
    SUMMARY,
    Cell,
    Experiment,
    Outcome,
    Result,
    Table,
    few,
    mean_test,
    point,
    reported,
)
from selftaught.experiments.racing import Standing, standing
from selftaught.experiments.spending import NOTE, by_budget
from selftaught.report.figures import Figure, Point

FLOOR = "mutate"
"""The seed improver with random edits in the model's place: what a model has to beat."""


@dataclass(frozen=True, slots=True)
class _Compared:
    """One improver with one model; `place`: in the names of its cells."""

    place: int
    name: str
    improver: str
    model: str


def _compared(given: Parameters) -> list[_Compared]:
    """Every improver with every model, and the floor."""
    found = [(name, name, model) for model in given.models for name in given.improvers]
    return [_Compared(place, *one) for place, one in enumerate([*found, (FLOOR, given.improver, FLOOR)])]


def cells(given: Parameters) -> list[Cell]:
    """Each improver on each task, `trials` times; one trial has the same instances for all of them: they pair."""
    return [
        Cell(_cell(one.place, number), given.settings(
            "baselines", str(number), kind="chain", tasks=given.tasks, model=one.model, improver=one.improver, depth=1,
            repeats=1), one.improver)
        for one in _compared(given)
        for number in range(given.trials)
    ]  # fmt: skip


def _cell(place: int, number: int) -> str:
    return f"{place}-{number}"


def _runs(given: Parameters, done: Mapping[str, Outcome], place: int) -> list[Outcome]:
    names = [_cell(place, number) for number in range(given.trials)]
    return [done[name] for name in names if name in done]


def _arm(given: Parameters, done: Mapping[str, Outcome], place: int) -> Arm:
    return arm(
        given, done, lambda number: _cell(place, number), lambda run: mean_test(run.chain(1)),
        samples=lambda run: run.chain(1),
    )  # fmt: skip


def pairs(given: Parameters, done: Mapping[str, Outcome]) -> list[Pair]:
    """With each model: every improver and the floor, against one. Then each improver with every two models."""
    arms = {(one.name, one.model): _arm(given, done, one.place) for one in _compared(given)}
    against = given.against or given.improvers[0]
    found: list[Pair] = []
    for model in given.models:
        others = [(name, model) for name in given.improvers if name != against]
        found += [
            Pair(f"{against} → {name}", model, arms[against, model], arms[name, with_model])
            for name, with_model in [*others, (FLOOR, FLOOR)]
        ]
    for name in given.improvers:
        found += between_models(name, {model: arms[name, model] for model in given.models})
    return found


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """Means and what they cost; then paired differences."""
    rows: list[tuple[object, ...]] = []
    tasks: list[tuple[object, ...]] = []
    points: dict[str, list[Point]] = {}
    names = [*given.improvers, FLOOR]
    seed = given.run_seed.number
    for one in _compared(given):
        found = _arm(given, done, one.place)
        runs = _runs(given, done, one.place)
        told = found.summary(seed)
        rows.append((one.name, one.model, *told, found.failed, _crashed(runs), *found.price))
        tasks += by_task(seed, (one.name, one.model), [run.chain(1) for run in runs])
        line = one.model if len(given.models) > 1 else ""
        points.setdefault(line, []).extend(point(names.index(one.name), told))
    notes = [
        f"Every application may spend {given.model_calls} model calls of {given.responses} responses and "
        f"{given.utility_calls} utility calls; what each did spend stands beside it.",
        "An application that fails counts 0, and is counted; so does a solution that fails on test.",
        *in_one_mean(given, given.tasks, [sample for run in done.values() for sample in run.chain(1)]),
        *_stopped(given, done),
        *reported(done),
    ]
    title = "Meta-utility on test, at equal budget of every application; price: of one trial"
    tables = [Table("baselines", title, _HEADERS, rows)]
    if len(given.tasks) > 1:
        tables.append(Table("tasks", "By task", ("improver", "model", *BY_TASK), tasks))
    tables += _without_errors(given, done)
    tables += differences(given, pairs(given, done))
    against = given.against or given.improvers[0]
    spent, curves = by_budget(given, _trials(given, done), against)
    tables += spent
    title = "Improvers at equal budget, 95 % intervals"
    figure = Figure("baselines", title, "improver", "meta-utility on test", points, tuple(names))
    notes += [NOTE] if spent else []
    return Result(tables, [figure, *curves], [*notes, *few(given.trials)])


def _trials(given: Parameters, done: Mapping[str, Outcome]) -> dict[tuple[str, str], list[tuple[int, Outcome]]]:
    """Of each improver with each model, those that are finished; not of the floor, which costs nothing."""
    return {
        (one.name, one.model): [
            (number, done[_cell(one.place, number)])
            for number in range(given.trials)
            if _cell(one.place, number) in done
        ]
        for one in _compared(given)
        if one.name != FLOOR
    }


_HEADERS = ("improver", "model", *SUMMARY, "failed", "crashed", *PRICE)


def _crashed(runs: Sequence[Outcome]) -> int:
    """Solutions that came of a good application, and failed when they were scored on test."""
    samples = [sample for run in runs for sample in run.chain(1)]
    return sum(sample.verdict == "ok" and sample.test_verdict not in (None, "ok") for sample in samples)


def _without_errors(given: Parameters, done: Mapping[str, Outcome]) -> list[Table]:
    """§5.1's second number of chain of thought: the mean of the solutions that ran, where some of any arm did not."""
    rows: list[tuple[object, ...]] = []
    lost = 0
    for one in _compared(given):
        samples = [sample for run in _runs(given, done, one.place) for sample in run.chain(1)]
        ran = [s.test for s in samples if s.verdict == "ok" and s.test_verdict == "ok" and s.test is not None]
        rows.append((one.name, one.model, fmean(ran) if ran else None, len(ran), len(samples)))
        lost += len(samples) - len(ran)
    headers = ("improver", "model", "mean", "ran", "of")
    return (
        [Table("without-errors", "The same, of the solutions that ran without an error", headers, rows)] if lost else []
    )


def _race(given: Parameters, done: Mapping[str, Outcome], failed: Collection[str]) -> Standing:
    """By the scores on test; an arm of which a run failed is in no race."""
    compared = [one for one in _compared(given) if not any(_cell(one.place, n) in failed for n in range(given.trials))]
    against = given.against or given.improvers[0]
    scores = {one.place: _arm(given, done, one.place).scores for one in compared}
    return standing(scores, given.trials, given.race or 1.0, [one.place for one in compared if one.name == against])


def raced(
    given: Parameters, done: Mapping[str, Outcome], failed: Collection[str]
) -> tuple[Collection[str], Collection[str]]:
    """The cells that are to be run next, and those that never will be."""
    race = _race(given, done, failed)
    never = {_cell(arm, number) for arm, after in race.left.items() for number in range(after, given.trials)}
    return {_cell(arm, race.next_trial) for arm in race.still_in if race.next_trial < given.trials}, never


def _stopped(given: Parameters, done: Mapping[str, Outcome]) -> list[str]:
    """What must be said of arms that have fewer trials than the rest."""
    if given.race is None:
        return []
    names = {one.place: f"{one.name} ({one.model})" for one in _compared(given)}
    failed: set[str] = set()
    while (race := _race(given, done, failed)).next_trial < given.trials:  # of these there is no run, and will be none
        now = {_cell(arm, race.next_trial) for arm in race.still_in}
        failed |= {cell for cell in now if cell not in done}
    left = race.left
    saved = sum(given.trials - after for after in left.values())
    each = ", ".join(f"{names[arm]} after {after}" for arm, after in left.items())
    return [
        f"Racing at level {given.race:g}: {saved} of {len(names) * given.trials} runs were saved. "
        + (f"Shown to be worse than the best, and stopped: {each} trials; their intervals, and p of their differences, "
           "do not allow for that they were looked at early. " if left else "No arm was stopped. ")
        + "The best arm is stopped with a probability of at most the level, if differences are symmetric."
    ]  # fmt: skip


BASELINES = Experiment(
    "baselines", "§5.1: improvers side by side at equal budget", cells, result, pairs, partial=True, race=raced
)
