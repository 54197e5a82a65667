"""An experiment from its parameters to its tables: each cell an ordinary run, and all of it resumable at any point."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from selftaught.config import Parameters, RunConfig, from_mapping, read_toml, to_toml, with_seed_as_text
from selftaught.core.errors import ModelUnavailable, RecordError, SelfTaughtError, UsageError
from selftaught.core.money import NOTHING, Caps
from selftaught.experiments.arms import out_of_reach
from selftaught.experiments.baselines import BASELINES
from selftaught.experiments.curve import CURVE
from selftaught.experiments.design import Cell, Experiment, Failed, Outcome, Result, in_common, unbounded
from selftaught.experiments.imp_at_k import IMP_AT_K
from selftaught.experiments.kept_rehearsals import keep as keep_rehearsals
from selftaught.experiments.kept_rehearsals import kept
from selftaught.experiments.labels import model_labels
from selftaught.experiments.proposed_strategies import STRATEGIES, Proposal, by_rules
from selftaught.experiments.proposed_strategies import result as proposed_result
from selftaught.experiments.rehearsal import rehearse
from selftaught.experiments.results import write_result
from selftaught.experiments.sandbox_bypass import BYPASS
from selftaught.experiments.shared_inputs import SharedInputs, keep
from selftaught.experiments.suite import SUITE
from selftaught.experiments.traces import Trace
from selftaught.experiments.transfer import TRANSFER
from selftaught.middleware.common_draws import Bought, CommonDraws, Sharing
from selftaught.middleware.gate import Branch, Gate
from selftaught.middleware.recorded import draws_on_record
from selftaught.middleware.run_budget import RunBudget
from selftaught.runs.folder import PARAMETERS, RunFolder, find_run
from selftaught.runs.records import Ended, Record, Session, run_id
from selftaught.runs.store import Store, text_id
from selftaught.sandbox.contract import OpenSandbox
from selftaught.tasks.loading import is_built_in
from selftaught.wiring.checking import check_task
from selftaught.wiring.inputs import Inputs, load_frozen, load_improver
from selftaught.wiring.kept_settings import OF_BEFORE, frozen_config
from selftaught.wiring.models import Models
from selftaught.wiring.run import Run, sharing_among
from selftaught.wiring.version import check_version, other_versions

if TYPE_CHECKING:  # imported only when a run is traced
    from selftaught.middleware.tracing.run import Tracing

EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment for experiment in (CURVE, TRANSFER, BASELINES, BYPASS, STRATEGIES, IMP_AT_K, SUITE)
}
AT_ONCE = 4
"""Cells: each waits for its model most of the time, and is a folder, a store and threads."""

Choose = Callable[[Inputs, Gate], tuple[Models, RunConfig]]
"""The models that a configuration names, and the configuration with their names as resolved; the gate stops them."""


class Audience(Protocol):
    """The observer of an experiment. Called from many threads."""

    def say(self, text: str) -> None:
        """One line."""

    def going_on(self, done: int, every: int) -> None:
        """So many of its runs are finished."""

    def finished(self, run: str) -> None:
        """One more is."""

    def watching(self, run: str, on_record: Iterable[Record]) -> Callable[[Record], None]:
        """The watcher of the records of a run, which has these records already."""


@dataclass(frozen=True)
class Lab:
    """What the cells of one start of an experiment share. `other_version`: whether other code may have begun them."""

    folder: Path
    shared_inputs: SharedInputs
    sandbox: OpenSandbox
    choose: Choose
    gate: Gate
    caps: Caps
    audience: Audience
    other_version: bool = False
    tracing: "Tracing | None" = None


def open_experiment(folder: Path, given: Parameters, shared_inputs: SharedInputs) -> None:
    """Make the folder, or find it. Raises UsageError if other parameters are there: with the difference."""
    file = folder / PARAMETERS
    if file.is_file():
        there = read_parameters(folder)
        changed = [
            f"{name} was {getattr(there, name)!r}, and is {getattr(given, name)!r}"
            for name in Parameters.__struct_fields__
            if getattr(there, name) != getattr(given, name)
        ]
        if changed:
            raise UsageError(
                f"{folder} contains an experiment with other parameters: {'; '.join(changed)}. "
                "Continue with its own parameters, or use another `out`"
            )
        return
    check_free(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the experiment's folder {folder}: {error.strerror}") from error
    keep(shared_inputs, folder)
    RunFolder(folder).write(PARAMETERS, to_toml(msgspec.to_builtins(given)))
    if read_parameters(folder) != given:
        raise RecordError(f"{file} does not contain the parameters that were written to it; is the disk full?")


def check_free(folder: Path) -> None:
    """Raises UsageError if something else is there than an experiment."""
    begun = (folder / PARAMETERS).is_file()
    if not begun and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not an experiment; use another `out`")


def read_parameters(folder: Path) -> Parameters:
    """Those that the experiment in `folder` was begun with. Raises UsageError."""
    file = folder / PARAMETERS
    if not file.is_file():
        raise UsageError(f"{folder} is not an experiment: there is no {file}")
    RunFolder(folder).check_plain()
    try:
        kept = {**OF_BEFORE, **_todays_names(read_toml(file))}
        return msgspec.convert(with_seed_as_text(kept), Parameters)
    except msgspec.ValidationError as error:
        raise UsageError(f"{file} was damaged: {error}") from error


def _todays_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Of an experiment that 0.1.0 began."""
    older = {"copies": "repeats", "runs": "trials"}
    return {older.get(name, name): value for name, value in settings.items()}


def conduct(given: Parameters, lab: Lab) -> Result:
    """Run every cell that is not finished; then the result, also in files. Raises SelfTaughtError; it can continue."""
    experiment = EXPERIMENTS[given.experiment]
    if not finished_cells(lab.folder):
        for task in lab.shared_inputs.tasks.values():
            check_task(
                task,
                lab.sandbox,
                given.run_seed,
                allow_failing_seed=given.allow_failing_seed or is_built_in(task.source),
            )
    for line in experiment.in_vain(given):
        lab.audience.say(line)
    cells, done = experiment.cells(given), finished_cells(lab.folder)
    for name, outcome in done.items():
        lab.audience.watching(name, outcome.records)
    failed: dict[str, Failed] = {}
    while ready := _ready(experiment, given, cells, done, failed):
        lab.audience.going_on(len(done), len(cells))
        failed |= _run_all(ready, lab)
        down = {one.model: one.reason for one in failed.values()}
        if failed and (not experiment.partial or down.keys() >= set(given.models)):
            raise ModelUnavailable(next(iter(down.values())))
        before, done = done, finished_cells(lab.folder)
        if not done.keys() > before.keys() and not failed:
            raise RecordError(f"the runs of {lab.folder} ended and none is recorded as finished; is its disk full?")
    never = experiment.race(given, done, failed)[1] if experiment.race and given.race else ()
    for cell in cells:
        if cell.name not in done and cell.name not in failed and cell.name not in never:
            known = failed.get(cell.after) or next(
                one for one in failed.values() if one.model == cell.settings["model"]
            )
            failed[cell.name] = replace(known, cell=cell.name)
    found = experiment.result(given, done)
    head = f"Model: {', '.join(given.models)}."
    told = [*found.notes, *unbounded(given), *out_of_reach(experiment.pairs(given, done)), *in_common(done.values())]
    notes = [head, *_missing(cells, list(failed.values())), *_versions(done), *told]
    result = replace(found, notes=notes, failed=list(failed.values()))
    write_result(result, given, lab.folder)
    return result


def _ready(
    experiment: Experiment,
    given: Parameters,
    cells: Sequence[Cell],
    done: Mapping[str, Outcome],
    failed: Mapping[str, Failed],
) -> list[Cell]:
    """Those that can be run now; where arms race, one trial of each that is still in."""
    left = [one for one in cells if one.name not in {*done, *failed} and (not one.after or one.after in done)]
    if experiment.race is None or given.race is None:
        return left
    now, _ = experiment.race(given, done, failed)
    return [one for one in left if one.name in now]


def _missing(cells: Sequence[Cell], failed: Sequence[Failed]) -> list[str]:
    """A note on each model that failed for good."""
    told = []
    for model in dict.fromkeys(one.model for one in failed):
        of_it = [one for one in failed if one.model == model]
        told.append(
            f"{model} failed: {len(of_it)} of {len(cells)} runs have no result and count nowhere ({of_it[0].reason})."
        )
    return told


def _versions(done: Mapping[str, Outcome]) -> list[str]:
    """A note if another version made some of the runs."""
    others = list(dict.fromkeys(name for outcome in done.values() for name in other_versions(outcome.records)))
    return [f"Some runs were made by {', '.join(others)}, which has other code."] if others else []


def finished_cells(folder: Path) -> dict[str, Outcome]:
    """What each finished run below the experiment's folder left, by the run's name."""
    found = {}
    for path in sorted((folder / "runs").glob("*/run.sqlite")):
        outcome = read_outcome(RunFolder(path.parent))
        if any(isinstance(record, Ended) and record.how == "finished" for record in outcome.records):
            found[path.parent.name] = outcome
    return found


def read_outcome(folder: RunFolder) -> Outcome:
    """A run's records and texts, whole in memory."""
    with Store.open(folder.store, writable=False) as store:
        return Outcome(
            list(store), {text_id(text): text for text in store.texts()}.__getitem__, str(folder.path.resolve())
        )


def of_runs(names: Sequence[str], runs: Path) -> dict[str, Outcome]:
    """The runs that the strategies experiment reads, by their folders; of an experiment, all that are finished.

    Raises UsageError for a name that is neither, or is listed twice.
    """
    found: dict[str, Outcome] = {}
    for name in names:
        if (Path(name) / PARAMETERS).is_file():
            new = {str((Path(name) / "runs" / run).resolve()): of for run, of in finished_cells(Path(name)).items()}
        else:
            folder = find_run(name, runs)
            new = {str(folder.path.resolve()): read_outcome(folder)}
        for path in new:
            if path in found:
                raise UsageError(f"the run {path} is listed twice; name each once")
        found |= new
    return found


def strategies(given: Parameters, outcomes: Mapping[str, Outcome], lab: Lab, label_with: Models | None) -> Result:
    """By the rules; or by a model's labels, each of which is recorded in the experiment's folder.

    Each proposal is rehearsed too, whether or not it ran: so all are seen under the same conditions. The rehearsals are
    kept in the experiment's folder, and made once.
    """
    labels = by_rules if label_with is None else model_labels(label_with, lab.folder / "labels", lab.caps, lab.gate)
    rehearsed: dict[str, list[Trace]] = {}

    def anew(proposal: Proposal) -> list[Trace]:
        lab.gate.check()
        lab.audience.say(f"  rehearsing proposal {len(rehearsed) + 1} ({proposal.id[:12]})")
        traces = rehearse(proposal.source, lab.sandbox)
        keep_rehearsals(lab.folder, proposal.id, traces)
        return traces

    def describe(proposal: Proposal) -> frozenset[str] | None:
        if proposal.id not in rehearsed:
            rehearsed[proposal.id] = kept(lab.folder, proposal.id) or anew(proposal)
        return labels(proposal.source, [*proposal.traces, *rehearsed[proposal.id]])

    result = proposed_result(given, outcomes, describe)
    write_result(result, given, lab.folder)
    return result


def _run_all(cells: Sequence[Cell], lab: Lab) -> dict[str, Failed]:
    """Run them, some at once. What came of none, since its model failed for good; a model is tried no more after that.

    Raises SelfTaughtError for all else; the others end too then, and what they have is on record.
    """
    if not lab.other_version:
        _check_versions(lab.folder)
    run_budget, draws = RunBudget(lab.caps, NOTHING, lab.gate), CommonDraws()
    prepared = [_prepare(cell, lab) for cell in cells]
    for folder, models in _all_begun(lab, prepared):
        with Store.open(folder.store, writable=False) as store:
            run_budget.add(models.spent(store))
            draws.learn(_shared_draws(folder, store, draws))
    changed = {"other_version": True} if lab.other_version else {}
    down: dict[str, ModelUnavailable] = {}
    of_all: dict[str, Any] = {"run_budget": run_budget, "draws": draws, "tracing": lab.tracing}

    def go(ready: _Prepared) -> Failed | None:
        if ready.model not in down:
            try:
                with Run.resume(
                    ready.folder, lambda inputs, gate: ready.models, lab.sandbox, ready.gate, changed=changed, **of_all
                ) as run:
                    run.work(lab.audience.watching(ready.folder.path.name, run.store))
                lab.audience.finished(ready.folder.path.name)
                return None
            except ModelUnavailable as error:
                down.setdefault(ready.model, error)
                for other in prepared:
                    if other.model == ready.model:
                        other.gate.stop(error)
            except SelfTaughtError as error:
                lab.gate.stop(error)
                raise
        lab.gate.check()
        reason = str(down[ready.model])
        lab.audience.say(f"  {ready.folder.path.name} failed: {reason}")
        return Failed(ready.folder.path.name, ready.model, reason)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        waiting = [pool.submit(go, ready) for ready in prepared]
    errors = [error for future in waiting if (error := future.exception())]
    if errors:
        raise lab.gate.reason or errors[0]
    return {one.cell: one for future in waiting if (one := future.result())}


def _check_versions(folder: Path) -> None:
    """All cells by the same code, those that are finished too; before another is begun."""
    for path in sorted((folder / "runs").glob("*/run.sqlite")):
        with Store.open(path, writable=False) as store:
            check_version(store.of(Session))


def _shared_draws(folder: RunFolder, store: Store, draws: CommonDraws) -> Iterator[tuple[str, Bought]]:
    """What an earlier start of a cell had of the draws that cells share."""
    found = store.of(Session)
    run = run_id(folder.path.name, found[0]) if found else ""
    return draws_on_record(store, run, Sharing(draws, sharing_among(frozen_config(folder))))


class _Prepared(NamedTuple):
    """A run that is begun, its models, what stops it alone, and the name of the model that it is of."""

    folder: RunFolder
    models: Models
    gate: Branch
    model: str


def _prepare(cell: Cell, lab: Lab) -> _Prepared:
    """The cell's run folder, begun if it is not there yet."""
    folder, gate, model = RunFolder(lab.folder / "runs" / cell.name), Branch(lab.gate), str(cell.settings["model"])
    if folder.store.is_file():
        return _Prepared(folder, lab.choose(load_frozen(folder), gate)[0], gate, model)
    inputs = inputs_of(cell, lab.shared_inputs)
    if cell.after:
        named = str((lab.folder / "runs" / cell.after / "best_improver.py").resolve())
        config = msgspec.structs.replace(inputs.config, improver=named)
        inputs = replace(inputs, config=config, improver=load_improver(named, lab.folder / "runs"))
    models, config = lab.choose(inputs, gate)
    Run.begin(replace(inputs, config=config), lambda: folder, models, lab.sandbox, lab.gate, checked=True).close()
    return _Prepared(folder, models, gate, model)


def inputs_of(cell: Cell, shared_inputs: SharedInputs) -> Inputs:
    """What the cell's run depends on; of one that comes after another, with the improver that this began from."""
    given = {name: value for name, value in cell.settings.items() if value is not None}
    config = from_mapping(given, f"the cell {cell.name}")
    tasks = tuple(shared_inputs.tasks[name] for name in config.tasks)
    improver = shared_inputs.improvers.get(config.improver) or load_improver(config.improver, Path("runs"))
    return Inputs(config, tasks, improver, script=shared_inputs.script)


def _all_begun(lab: Lab, prepared: Sequence[_Prepared]) -> list[tuple[RunFolder, Models]]:
    """Every run of the experiment, of earlier stages too: what they spent counts."""
    ready = {one.folder.path.name: one.models for one in prepared}
    others = [RunFolder(path.parent) for path in sorted((lab.folder / "runs").glob("*/run.sqlite"))]
    anyone = next(iter(ready.values()))
    return [(folder, ready.get(folder.path.name, anyone)) for folder in others]
