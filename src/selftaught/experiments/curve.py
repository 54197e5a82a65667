"""Figure 4: how the meta-utility on test goes with t, over independent runs of each model."""

from collections.abc import Mapping, Sequence

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
    scale_told,
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
from selftaught.report.figures import Figure, Point
from selftaught.runs.records import Sampled
from selftaught.statistics import wilson

GAIN = 0.03
"""Of the meta-utility, in its own unit: "at least 3 %" (paper §5.1) of a score that is itself a percentage."""
_ROUNDING = 1e-9  # 0.58 - 0.55 is a little less than 0.03


def cells(given: Parameters) -> list[Cell]:
    """One run for each model and repeat; one repeat has the same instances for all models: they pair."""
    return [
        Cell(f"{place}-{number}", given.settings(
            "curve", str(number), kind="run", tasks=given.tasks, model=model, improver=given.improver),
            f"{given.improver}, {given.depth} times improved")
        for place, model in enumerate(given.models)
        for number in range(given.trials)
    ]  # fmt: skip


def values(outcome: Outcome) -> list[float]:
    """The meta-utility on test of I_0 … I_T."""
    return [mean_test(samples) for samples in _samples(outcome)]


def _samples(outcome: Outcome) -> list[list[Sampled]]:
    return [outcome.measured(step.improver) for step in outcome.steps]


def _arm(given: Parameters, done: Mapping[str, Outcome], place: int, t: int) -> Arm:
    """I_t with a model: its score, and what was bought from the beginning until it was measured."""
    return arm(
        given, done, lambda number: f"{place}-{number}", lambda run: values(run)[t],
        bought=lambda run: run.bought_until(t), samples=lambda run: _samples(run)[t],
    )  # fmt: skip


def pairs(given: Parameters, done: Mapping[str, Outcome]) -> list[Pair]:
    """The last improver and the first, with each model; then the last ones of every two models."""
    last = {model: _arm(given, done, place, given.depth) for place, model in enumerate(given.models)}
    gained = [
        Pair(f"t = 0 → {given.depth}", model, _arm(given, done, place, 0), last[model])
        for place, model in enumerate(given.models)
    ]
    return [*gained, *between_models(f"t = {given.depth}", last)]


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """Mean, standard error, interval and price for each model and t; the share of runs that gained; differences."""
    rows: list[tuple[object, ...]] = []
    gains: list[tuple[object, ...]] = []
    tasks: list[tuple[object, ...]] = []
    lines: dict[str, list[Point]] = {}
    for place, model in enumerate(given.models):
        for t in range(given.depth + 1):
            found = _arm(given, done, place, t)
            told = found.summary(given)
            rows.append((model, t, *told, found.failed, *found.price))
            lines.setdefault(model, []).extend(point(t, told))
        runs = [done[f"{place}-{number}"] for number in range(given.trials) if f"{place}-{number}" in done]
        gains.append((model, *_gained([values(run) for run in runs])))
        tasks += by_task(given, (model,), [_samples(run)[-1] for run in runs])
    every: Sequence[Sampled] = [sample for run in done.values() for sample in _samples(run)[0]]
    by_tasks = Table("tasks", f"By task, t = {given.depth}", ("model", *BY_TASK), tasks)
    return Result(
        [
            Table("curve", "Meta-utility on test by t; price: of one run until then",
                  ("model", "t", *SUMMARY, "failed", *PRICE), rows),
            Table("gains", f"Runs that gained at least {GAIN:.0%} from t = 0 to t = {given.depth}",
                  ("model", "gained", "runs", "share", "low", "high"), gains),
            *([by_tasks] if len(given.tasks) > 1 else []),
            *differences(given, pairs(given, done)),
        ],
        [Figure("curve", "Meta-utility on test, with 95 % intervals", "t", "meta-utility", lines)],
        [*scale_told(every, given.tasks), *reported(done), *few(given.trials)],
    )  # fmt: skip


def _gained(runs: Sequence[Sequence[float]]) -> tuple[object, ...]:
    if not runs:
        return 0, 0, None, None, None
    gained = sum(run[-1] - run[0] >= GAIN - _ROUNDING for run in runs)
    share = wilson(gained, len(runs))
    return gained, len(runs), share.value, share.low, share.high


CURVE = Experiment("curve", "Fig. 4: meta-utility on test against t", cells, result, pairs, partial=True)
