"""Improvers side by side at equal budget (paper §5.1, and what its critics asked for)."""

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
    of_differences,
    reported,
    summary,
)
from selftaught.report.figures import Figure, Point
from selftaught.statistics import holm, paired_differences, permutation_test, repeats_needed

FLOOR = "mutate"
"""The seed improver with random edits in the model's place: what a model has to beat."""


def cells(given: Parameters) -> list[Cell]:
    """Each improver on each task, `runs` times; one repeat has the same instances for all improvers: they pair."""
    model = given.models[0]
    compared = {name: (name, model) for name in given.improvers} | {FLOOR: (given.improver, FLOOR)}
    return [
        Cell(_cell(place, number), given.settings(
            "baselines", str(number), kind="chain", tasks=given.tasks, model=lent, improver=improver, depth=1,
            repeats=1), improver)
        for place, (improver, lent) in enumerate(compared.values())
        for number in range(given.trials)
    ]  # fmt: skip


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """Means and what they cost; then each improver's paired differences from `against`."""
    names = [*given.improvers, FLOOR]
    scores = {
        name: [mean_test(done[_cell(place, number)].chain(1)) for number in range(given.trials)]
        for place, name in enumerate(names)
    }
    rows: list[tuple[object, ...]] = []
    points: list[Point] = []
    for place, name in enumerate(names):
        told = summary(scores[name], given.run_seed.number)
        outcomes = [done[_cell(place, number)] for number in range(given.trials)]
        bought = [outcome.bought for outcome in outcomes]
        failed = sum(part.verdict != "ok" for outcome in outcomes for part in outcome.chain(1))
        tokens = [b.tokens for b in bought if b.tokens is not None]
        dollars = [b.dollars for b in bought if b.dollars is not None]
        rows.append((
            name, *told.cells, failed,
            sum(b.responses for b in bought) / given.trials,
            sum(tokens) / given.trials if len(tokens) == given.trials else None,
            sum(dollars) / given.trials if len(dollars) == given.trials else None,
        ))  # fmt: skip
        points.append(Point(place, told.mean, told.low, told.high))
    reference = given.against or names[0]
    notes = [
        f"Every application may spend {given.model_calls} model calls of {given.responses} responses and "
        f"{given.utility_calls} utility calls; what each did spend stands beside it.",
        "An application that fails counts 0, and is counted.",
        *reported(done),
    ]
    tables = [Table("baselines", "Meta-utility on test, at equal budget of every application", _HEADERS, rows)]
    notes += few(given.trials)
    if given.trials > 1:
        tables.append(paired(given, scores, reference))
    title = "Improvers at equal budget, 95 % intervals"
    figure = Figure("baselines", title, "improver", "meta-utility on test", {"": points}, tuple(names))
    return Result(tables, [figure], notes)


_HEADERS = ("improver", *SUMMARY, "failed", "responses", "tokens", "dollars")


def paired(given: Parameters, scores: Mapping[str, list[float]], reference: str) -> Table:
    """Differences by repeat: the same instances. p is of a permutation test, and after Holm for all of them."""
    others = [name for name in scores if name != reference]
    differences = {name: paired_differences(scores[reference], scores[name]) for name in others}
    tests = {name: permutation_test(differences[name], seed=given.run_seed.number) for name in others}
    corrected = dict(zip(others, holm([tests[name].p for name in others]), strict=True))
    rows: list[tuple[object, ...]] = []
    for name in others:
        mean, _, low, high, _ = of_differences(differences[name], given.run_seed.number).cells
        needed = repeats_needed(given.effect, differences[name])
        rows.append((name, mean, low, high, tests[name].p, corrected[name], tests[name].smallest_p, needed))
    headers = ("improver", "difference", "low", "high", "p", "p (Holm)", "least p possible", "repeats needed")
    title = f"Paired differences from {reference}; repeats needed to see one of {given.effect:g} (power 80 %)"
    return Table("differences", title, headers, rows, spare=("least p possible", "p"))


def _cell(place: int, number: int) -> str:
    return f"{place}-{number}"


BASELINES = Experiment("baselines", "§5.1: improvers side by side at equal budget", cells, result)
