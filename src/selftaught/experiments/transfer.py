"""Table 1: an improver that was improved on one task, used on others that it never saw; by each of several models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selftaught.config import Parameters
from selftaught.experiments.arms import PRICE, Arm, Pair, arm, between_models, differences, scale_told
from selftaught.experiments.design import (  # fmt: skip
    SUMMARY,
    Cell,
    Experiment,
    Outcome,
    Result,
    Table,
    few,
    mean_test,
    mean_val,
    point,
    reported,
)
from selftaught.report.figures import Figure, Point

SELECTION = (
    "The improver of each training task is the one of I_0 … I_T with the highest meta-utility on val; test has no say."
)
SEED = "seed"


@dataclass(frozen=True, slots=True)
class _Source:
    """Where an improver is from: the seed (`after` is ""), or the training run of that name."""

    place: int
    name: str
    after: str = ""


def _training(given: Parameters) -> list[tuple[int, str, str]]:
    """(the model's place, the task, the run's name) of each training run."""
    return [(place, task, f"train-{place}-{task}") for place in range(len(given.models)) for task in given.tasks]


def _sources(given: Parameters) -> list[_Source]:
    """Each called by what tells it from the others."""
    improved = []
    for number, (place, task, name) in enumerate(_training(given), start=1):
        on = f" on {task}" if len(given.tasks) > 1 else ""
        by = f" by {given.models[place]}" if len(given.models) > 1 else ""
        improved.append(_Source(number, f"improved{on}{by}", name))
    return [_Source(0, SEED), *improved]


def cells(given: Parameters) -> list[Cell]:
    """A training run for each task and model; then the seed's and each improved improver's use, with each model.

    One repeat has the same instances for all improvers and models: they pair.
    """
    training = [
        Cell(name, given.settings(
            "train", task, kind="run", tasks=[task], model=given.models[place], improver=given.improver),
            f"train on {task}")
        for place, task, name in _training(given)
    ]  # fmt: skip
    again = [
        Cell(name.replace("train", "again", 1), given.settings(
            "again", task, kind="chain", tasks=[task], model=given.models[place], improver=given.improver, depth=1),
            f"its improver, once more on {task}", after=name)
        for place, task, name in _training(given)
    ]  # fmt: skip
    used = [
        Cell(_cell(source, place, task, number), given.settings(
            "evaluate", task, str(number), kind="chain", tasks=[task], model=model, improver=given.improver, depth=1,
            repeats=1), f"{source.name}, on {task}", source.after)
        for source in _sources(given)
        for place, model in enumerate(given.models)
        for task in given.on or given.tasks
        for number in range(given.trials)
    ]  # fmt: skip
    return [*training, *again, *used]


def _cell(source: _Source, place: int, task: str, number: int) -> str:
    """Of an improver that is used with the model at `place`."""
    return f"{source.place}-with-{place}-on-{task}-{number}"


def _arm(given: Parameters, done: Mapping[str, Outcome], source: _Source, place: int, task: str, k: int = 1) -> Arm:
    return arm(
        given, done, lambda number: _cell(source, place, task, number), lambda run: mean_test(run.chain(k)),
        bought=lambda run: run.bought_after(k), samples=lambda run: run.chain(k),
    )  # fmt: skip


def pairs(given: Parameters, done: Mapping[str, Outcome]) -> list[Pair]:
    """Each improved improver against the seed, used with the same model; then each improver with every two models."""
    seed, *improved = _sources(given)
    found: list[Pair] = []
    for task in given.on or given.tasks:
        where = f", on {task}" if len(given.on or given.tasks) > 1 else ""
        for source in improved:
            found += [
                Pair(f"{SEED} → {source.name}{where}", model,
                     _arm(given, done, seed, place, task), _arm(given, done, source, place, task))
                for place, model in enumerate(given.models)
            ]  # fmt: skip
        for source in (seed, *improved):
            arms = {model: _arm(given, done, source, place, task) for place, model in enumerate(given.models)}
            found += between_models(f"{source.name}{where}", arms)
    return found


def result(given: Parameters, done: Mapping[str, Outcome]) -> Result:
    """The matrix; and the winner's curse: what each improver was selected by, and its score on fresh instances."""
    on = given.on or given.tasks
    rows: list[tuple[object, ...]] = []
    lines: dict[str, list[Point]] = {}
    first, *improved = _sources(given)
    for name, source, k in [("initial solution", first, 0), (SEED, first, 1), *((s.name, s, 1) for s in improved)]:
        for place, model in enumerate(given.models) if k else [(_that_answered(given, done), "")]:
            for column, task in enumerate(on):
                found = _arm(given, done, source, place, task, k)
                told = found.summary(given)
                rows.append((name, model, task, *told, found.failed, *found.price))
                line = f"{name}; with {model}" if k and len(given.models) > 1 else name
                lines.setdefault(line, []).extend(point(column, told))
    chosen = [_winner(given.models[place], task, name, done) for place, task, name in _training(given)]
    notes = [
        SELECTION,
        *(f"The improver that {by} improved on {task} is the seed's." for by, task, t, *_ in chosen if t == 0),
        "Each task is trained on once: the intervals are of using its one improver, not of training another.",
        "An application that fails counts 0, and is counted.",
        *reported(done),
    ]
    headers = ("improver", "used with", "on", *SUMMARY, "failed", *PRICE)
    fresh = "applications" if given.fidelity == "released" else "applications and instances"
    used = [sample for run in done.values() for sample in run.chain(0)]
    in_one_mean = max((_untrained(given, task) for task in given.tasks), key=len) if len(given.models) > 1 else ()
    title = "Meta-utility on test: trained on × evaluated on; price: of one trial"
    return Result(
        [
            Table("transfer", title, headers, rows),
            *_matrix(given, done),
            Table(
                "winners",
                f"What each improver was selected by, the same applications on test, {fresh} anew; price: of training",
                ("model", "trained on", "t", "val, selected by", "test", "anew", *PRICE),
                chosen,
            ),
            *differences(given, pairs(given, done)),
        ],
        [Figure("transfer", "Transfer, 95 % intervals", "task", "meta-utility on test", lines, tuple(on))],
        [*notes, *scale_told(used, in_one_mean), *few(given.trials)],
    )  # fmt: skip


def _that_answered(given: Parameters, done: Mapping[str, Outcome]) -> int:
    """The first model whose runs are there: the initial solution is the same in those of all, and asks none of them."""
    cells = {
        place: _cell(_sources(given)[0], place, task, 0)
        for place in range(len(given.models))
        for task in given.on or given.tasks
    }
    return next((place for place, cell in cells.items() if cell in done), 0)


def _matrix(given: Parameters, done: Mapping[str, Outcome]) -> list[Table]:
    """With several models: what an improver that one improved gains over the seed improver, used with another."""
    if len(given.models) < 2:
        return []
    seed = _sources(given)[0]
    rows: list[tuple[object, ...]] = []
    for source, (place, trained, _) in zip(_sources(given)[1:], _training(given), strict=True):
        gains = [
            _mean_gain([
                (_arm(given, done, seed, used, task), _arm(given, done, source, used, task))
                for task in _untrained(given, trained)
            ])
            for used in range(len(given.models))
        ]  # fmt: skip
        rows.append((given.models[place], trained, *gains))
    headers = ("improved by", "trained on", *(f"with {model}" for model in given.models))
    title = (
        "Gain over the seed improver: improved by the row's model, used with the column's; mean over the tasks "
        "evaluated on, without the one trained on if there are others"
    )
    return [Table("matrix", title, headers, rows)]


def _untrained(given: Parameters, trained: str) -> list[str]:
    """The tasks evaluated on without the one that an improver was trained on, if there are others."""
    on = given.on or given.tasks
    return [task for task in on if task != trained] or on


def _mean_gain(arms: Sequence[tuple[Arm, Arm]]) -> float | None:
    found = [Pair("", "", *two).differences for two in arms]
    if not all(found):
        return None
    each = [sum(differences) / len(differences) for differences in found]
    return sum(each) / len(each)


def _winner(model: str, task: str, name: str, done: Mapping[str, Outcome]) -> tuple[object, ...]:
    """t, û on val and on test of the improver that was selected: the earliest with the highest on val."""
    if name not in done:
        return (model, task, *[None] * (4 + len(PRICE)))
    run, again = done[name], done.get(name.replace("train", "again", 1))
    measured = {step.t: run.measured(step.improver) for step in run.steps}
    t = max(measured, key=lambda t: (mean_val(measured[t]), -t))
    anew = mean_test(again.chain(1)) if again else None
    return (model, task, t, mean_val(measured[t]), mean_test(measured[t]), anew, *Arm(bought={0: run.bought}).price)


TRANSFER = Experiment(
    "transfer", "Table 1: trained on one task, evaluated on others", cells, result, pairs, partial=True
)
