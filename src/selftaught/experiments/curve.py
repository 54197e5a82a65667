"""Figure 4: how the meta-utility on test goes with t, over independent runs of each model."""

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
    reported,
    summary,
)
from selftaught.report.figures import Figure, Point
from selftaught.statistics import wilson

GAIN = 0.03
"""Of the meta-utility, in its own unit: "at least 3 %" (paper §5.1) of a score that is itself a percentage."""
_ROUNDING = 1e-9  # 0.58 - 0.55 is a little less than 0.03


def cells(given: Parameters) -> list[Cell]:
    """One run for each model and repeat."""
    return [
        Cell(f"{place}-{number}", given.settings(
            "curve", model, str(number), kind="run", tasks=given.tasks, model=model, improver=given.improver),
            f"{given.improver}, {given.depth} times improved")
        for place, model in enumerate(given.models)
        for number in range(given.trials)
    ]  # fmt: skip


def values(outcome: Outcome) -> list[float]:
    """The meta-utility on test of I_0 … I_T."""
    return [mean_test(outcome.measured(step.improver)) for step in outcome.steps]


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """Mean, standard error and interval for each model and t; the share of runs that gained."""
    rows: list[tuple[object, ...]] = []
    gains: list[tuple[object, ...]] = []
    lines: dict[str, list[Point]] = {}
    for place, model in enumerate(given.models):
        runs = [values(done[f"{place}-{number}"]) for number in range(given.trials)]
        for t in range(given.depth + 1):
            at_t = [run[t] for run in runs]
            told = summary(at_t, given.run_seed.number)
            rows.append((model, t, *told.cells))
            lines.setdefault(model, []).append(Point(t, told.mean, told.low, told.high))
        gained = sum(run[-1] - run[0] >= GAIN - _ROUNDING for run in runs)
        share = wilson(gained, len(runs))
        gains.append((model, gained, len(runs), share.value, share.low, share.high))
    return Result(
        [
            Table("curve", "Meta-utility on test by t", ("model", "t", *SUMMARY), rows),
            Table("gains", f"Runs that gained at least {GAIN:.0%} from t = 0 to t = {given.depth}",
                  ("model", "gained", "runs", "share", "low", "high"), gains),
        ],
        [Figure("curve", "Meta-utility on test, with 95 % intervals", "t", "meta-utility", lines)],
        [*reported(done), *few(given.trials)],
    )  # fmt: skip


CURVE = Experiment("curve", "Fig. 4: meta-utility on test against t", cells, result)
