"""Improvers side by side at equal budget (paper §5.1, and what its critics asked for)."""

from collections.abc import Iterable, Mapping
from statistics import fmean

from selftaught.config import Parameters
from selftaught.experiments.arms import BY_TASK, PRICE, by_task, differences, scale_told
from selftaught.experiments.design import (  # fmt: skip
    SUMMARY,
    Experiment,
    Outcome,
    Result,
    Table,
    few,
    mean_test,
    reported,
)
from selftaught.experiments.side_by_side import FLOOR, Entrant, SideBySide, allowance_told
from selftaught.experiments.spending import NOTE, by_budget
from selftaught.report.figures import Figure


def _arms(given: Parameters) -> SideBySide:
    """The improvers, and the floor that a model has to beat: the seed improver with random edits in its place."""
    floor = Entrant(given.improver, FLOOR, str(len(given.models) * len(given.improvers)), called=FLOOR)
    against = given.against or given.improvers[0]
    return SideBySide(given, given.improvers, floor, against, lambda run: mean_test(run.chain(1)), competes=True)


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """Means and what they cost; then paired differences."""
    rows: list[tuple[object, ...]] = []
    tasks: list[tuple[object, ...]] = []
    arms, told = _arms(given), {}
    for one in arms.entrants:
        found, runs = arms.arm(done, one), arms.outcomes(done, one).values()
        told[one] = found.summary(given)
        rows.append((one.name, one.model, *told[one], found.failed, _crashed(runs), *found.price))
        tasks += by_task(given, (one.name, one.model), [run.chain(1) for run in runs])
    notes = [
        f"{allowance_told(given)}; what each did spend stands beside it.",
        "failed: applications that failed, each counts 0. crashed: solutions that failed on test, on one instance or "
        "more; what they did on the others counts.",
        *scale_told([sample for run in done.values() for sample in run.chain(1)], given.tasks),
        *arms.stopped(done),
        *reported(done),
    ]
    title = "Meta-utility on test, at equal budget of every application; price: of one trial"
    tables = [Table("baselines", title, _HEADERS, rows)]
    if len(given.tasks) > 1:
        tables.append(Table("tasks", "By task", ("improver", "model", *BY_TASK), tasks))
    tables += _without_errors(arms, done)
    tables += differences(given, arms.pairs(done))
    trials = {(one.name, one.model): [*arms.outcomes(done, one).items()] for one in arms.searching}
    spent, curves = by_budget(given, trials, arms.against)  # without the floor, which costs nothing
    tables += spent
    title, names = "Improvers at equal budget, 95 % intervals", (*given.improvers, FLOOR)
    figure = Figure("baselines", title, "improver", "meta-utility on test", arms.drawn(told, names), names)
    notes += [NOTE] if spent else []
    return Result(tables, [figure, *curves], [*notes, *few(given.trials)])


_HEADERS = ("improver", "model", *SUMMARY, "failed", "crashed", *PRICE)


def _crashed(runs: Iterable[Outcome]) -> int:
    """Solutions that came of a good application, and failed when they were scored on test."""
    samples = [sample for run in runs for sample in run.chain(1)]
    return sum(sample.verdict == "ok" and sample.test_verdict not in (None, "ok") for sample in samples)


def _without_errors(arms: SideBySide, done: Mapping[str, Outcome]) -> list[Table]:
    """§5.1's second number of chain of thought: the mean of the solutions that ran, where some of any arm did not."""
    rows: list[tuple[object, ...]] = []
    lost = 0
    for one in arms.entrants:
        samples = [sample for run in arms.outcomes(done, one).values() for sample in run.chain(1)]
        ran = [s.test for s in samples if s.verdict == "ok" and s.test_verdict == "ok" and s.test is not None]
        rows.append((one.name, one.model, fmean(ran) if ran else None, len(ran), len(samples)))
        lost += len(samples) - len(ran)
    headers = ("improver", "model", "mean", "ran", "solutions")
    return (
        [Table("without-errors", "The same, of the solutions that ran without an error", headers, rows)] if lost else []
    )


BASELINES = Experiment(
    "baselines",
    "§5.1: improvers side by side at equal budget",
    lambda given: _arms(given).cells("baselines"),
    result,
    lambda given, done: _arms(given).pairs(done),
    partial=True,
    race=lambda given, done, failed: _arms(given).raced(done, failed),
    in_vain=lambda given: _arms(given).in_vain(),
)
