"""What each command does."""

import dataclasses
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from selftaught.cli import printing
from selftaught.cli.approving import asker
from selftaught.cli.cluster import hear_of_nodes
from selftaught.cli.in_place import original_of, put
from selftaught.cli.options import in_flags
from selftaught.cli.progress import Progress
from selftaught.cli.stopping import run_stoppable
from selftaught.cli.terminal import (
    FAILURE,
    environment,
    open_jail,
    say,
    warn_if_unsafe,
)
from selftaught.config import make_config
from selftaught.core.contracts import Program
from selftaught.core.errors import RunStopped, SelfTaughtError, TaskError, UsageError
from selftaught.core.run_seed import RunSeed
from selftaught.middleware.gate import Gate
from selftaught.middleware.unusable import REFUSED, TOO_LONG
from selftaught.report.snapshot import fold_of
from selftaught.report.view import RunView
from selftaught.runs.folder import RunFolder, find_run, new_folder
from selftaught.runs.records import Record, Session
from selftaught.runs.salt import data_folder, salted
from selftaught.runs.store import Store
from selftaught.sandbox.choice import check_sandbox_name
from selftaught.tasks.bounds.kept import REFERENCES, Kept
from selftaught.tasks.frozen import is_ours
from selftaught.tasks.loading import is_built_in, load_task
from selftaught.wiring.accepting import out_of_reach, race_in_vain
from selftaught.wiring.choosing import choose_models
from selftaught.wiring.executors.choice import check_executor_name
from selftaught.wiring.forecast import Forecast, forecast
from selftaught.wiring.inputs import (
    IMPROVERS,
    Inputs,
    changed_since,
    check_program,
    frozen_modules,
    frozen_tasks,
    load_inputs,
    read_text,
)
from selftaught.wiring.kept_settings import frozen_config
from selftaught.wiring.models import Models
from selftaught.wiring.recorded_answers import open_recorded
from selftaught.wiring.replay import Comparison
from selftaught.wiring.replay import replay as repeat
from selftaught.wiring.run import Run
from selftaught.wiring.scoring import asked_model, check_split, judge_of
from selftaught.wiring.version import other_versions

if TYPE_CHECKING:
    from selftaught.middleware.tracing.run import Tracing


def start(
    settings: Mapping[str, Any],
    file: Path | None,
    out: Path | None,
    runs: Path,
    *,
    in_place: bool = False,
    dry_run: bool = False,
    tracing: "Tracing | None" = None,
    as_json: bool,
) -> None:
    """`run` and `improve`: check everything, create the folder, start; or only show the cost.

    `in_place`: overwrite the original file if the result is better.
    """
    config = make_config(settings, file)
    config = msgspec.structs.replace(config, seed=salted(config.seed, runs, environment()))
    check_executor_name(config.executor)  # a dry run opens neither
    check_sandbox_name(config.sandbox)
    original = original_of(config) if in_place else None
    inputs = load_inputs(config, runs, improvers=data_folder(environment()) / IMPROVERS)
    for note in (note for task in inputs.tasks for note in task.notes):
        say(note)
    hear_of_nodes()
    chosen = choose_models(inputs, None, runs, environment())
    printing.chosen_models(chosen.said)
    if dry_run:
        printing.forecast(_forecast(inputs, chosen.models, tracing), as_json=as_json)
        return
    inputs = dataclasses.replace(inputs, config=chosen.config)
    for caution in filter(None, (out_of_reach(config, len(inputs.tasks)), race_in_vain(config))):
        say(in_flags(caution))

    def place() -> RunFolder:
        return new_folder(runs, inputs.tasks[0].name, out)

    kept = Kept(data_folder(environment()) / REFERENCES)
    with Run.begin(inputs, place, chosen.models, gate=chosen.gate, tracing=tracing, references=kept) as begun:
        found = _go(begun, as_json=as_json)
    if original is not None:
        put(original, found, begun.folder)


def resume(
    name: str,
    runs: Path,
    changed: Mapping[str, Any],
    sandbox: str | None,
    task: str | None = None,
    *,
    tracing: "Tracing | None" = None,
    as_json: bool,
) -> None:
    """Continue where the record ends. `changed`: settings that decide when the run ends, and not its results.

    `task`: a corrected file of one of its tasks.
    """

    def choose(inputs: Inputs, gate: Gate) -> Models:
        chosen = choose_models(inputs, gate, runs, environment())
        printing.chosen_models(chosen.said)
        return chosen.models

    folder = find_run(name, runs)
    hear_of_nodes()
    with Run.resume(folder, choose, changed=changed, tier=sandbox, task=task, tracing=tracing) as begun:
        say(f"resuming {folder.path}")
        for text in changed_since(folder):
            say(f"{text}: the run keeps its own text; this version of selftaught has another")
        _go(begun, as_json=as_json)


def _forecast(inputs: Inputs, models: Models, tracing: "Tracing | None") -> Forecast:
    """Its cost. A run that sends spans guesses nothing: then this says so, where guesses were asked for."""
    told = forecast(inputs, models)
    if tracing is None or not told.guesses.calls:
        return told
    say(printing.NOTHING_IS_GUESSED)
    return forecast(inputs, models, traced=True)


def _go(run: Run, *, as_json: bool) -> RunView:
    """The state after a good end. Raises SystemExit if a script must not use the result."""
    config, folder = run.inputs.config, run.folder
    found = carry_out(run)
    printing.result(config, found, run.store, folder, as_json=as_json)
    if found.nothing_usable and found.no_program.keys() - {REFUSED, TOO_LONG}:  # those are the improver's affair
        raise SystemExit(FAILURE)  # it was no search: the lines above say why
    if config.kind == "improve" and not (folder.path / "improved.py").is_file():
        raise SystemExit(FAILURE)  # a script must not continue with this program
    return found


def carry_out(run: Run, more: Callable[[Record], str] = lambda record: "") -> RunView:
    """Do it, with its progress on stderr; return the state. `more`: an additional line for a record."""
    warn_if_unsafe(run.sandbox.tier)
    config, folder = run.inputs.config, run.folder
    depth = config.depth if config.kind == "run" else None
    told = _forecast(run.inputs, run.models, run.tracing)
    if told.guesses.calls:
        say(printing.guesses_at_most(told))
    with Progress(
        depth=depth,
        known=fold_of(run.store),
        waiting=run.models.waiting,
        caps=config.caps,
        more=more,
        expected=sum(share.expected.calls for share in told.shares),
        seconds=config.max_time_seconds,
    ) as progress:
        asked = dataclasses.replace(run, approve=asker(folder, run.gate, progress))
        try:
            run_stoppable(lambda: asked.work(progress.watch), run.gate, run.sandbox.close)
        except SelfTaughtError as error:
            if not folder.store.is_file():
                raise
            hint = f"all finished work is recorded; continue with: selftaught resume {folder.path}"
            if isinstance(error, RunStopped):
                raise RunStopped(f"{error}; {hint}", interrupted=error.interrupted) from error
            if isinstance(error, TaskError):
                hint = "the run keeps its own copy of the task: correct the file, and start a new run"
            raise type(error)(f"{error} ({hint})") from error
    return fold_of(run.store, keep=True).view(in_work=folder.in_work())


def score(
    task: str,
    program: Path,
    split: str,
    seed: str | None,
    runs: Path,
    model: str | None = None,
    *,
    fidelity: str,
    sandbox: str,
    as_json: bool,
) -> None:
    """One program, one task, one split. Exit code 0 for any score: a bad program is a result."""
    spec = load_task(task, fidelity)
    check_split(spec, split)
    source = Program(read_text(program, "a program"))
    check_program(source, spec.entry, str(program))
    drawn = RunSeed.parse(salted(seed, runs, environment()))
    with open_jail(sandbox) as jail:
        asked = None
        if model is not None:
            chosen = asked_model(task, model, runs, environment())
            printing.chosen_models(chosen.said)
            asked = chosen.models.asked.model
        judge = judge_of(spec, split, drawn, jail, asked)
        judged, seed_score = judge(source), judge(spec.seed)
        best = Kept(data_folder(environment()) / REFERENCES).best_known(spec, judge.instances())
    head = {"task": spec.name, "split": split, "fidelity": fidelity, "seed": str(drawn), "sandbox": jail.tier}
    whole = spec.evaluation is not None
    printing.score(head, judged, seed_score, best, minimized=spec.minimized, whole=whole, as_json=as_json)


def replay(name: str, runs: Path, sandbox: str | None, *, trust_tasks: bool = False, as_json: bool) -> bool:
    """Run it again without a model; whether all results are as recorded."""
    with tempfile.TemporaryDirectory(prefix="selftaught-") as scratch:
        folder = open_recorded(name, runs, Path(scratch) / "run")
        if Path(name).is_file() and not trust_tasks:
            _check_tasks_are_ours(name, folder)
        with Store.open(folder.store, writable=False) as store:
            others = ", ".join(other_versions(store.of(Session)))
        if others:
            say(f"recorded by selftaught {others}, which has other code: results may differ")
        config = frozen_config(folder)
        depth = config.depth if config.kind == "run" else None
        gate = Gate()
        with open_jail(sandbox or "auto") as jail, Progress(depth=depth) as progress:
            found: list[Comparison] = []
            run_stoppable(lambda: found.append(repeat(folder, jail, progress.watch, gate)), gate, jail.close)
    printing.comparison(found[0], name, as_json=as_json)
    return not found[0].differences


def _check_tasks_are_ours(recording: str, folder: RunFolder) -> None:
    """A recording may be anybody's, and a task's file runs with the user's rights. Raises UsageError."""
    foreign = [task for task, source in frozen_tasks(folder).items() if not is_built_in(source)]
    foreign += [module for module, text in (frozen_modules(folder) or {}).items() if not is_ours(module, text)]
    if foreign:
        raise UsageError(
            f"the recording {recording} contains its own task, {', '.join(foreign)}: a Python file that would run "
            "here with all your rights. If you trust its author: --trust-tasks"
        )
