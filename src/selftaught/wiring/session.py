"""One start of a run, from the first record to the last. Started again on the same folder, it goes on."""

import platform
import time
from collections.abc import Callable
from dataclasses import dataclass

from selftaught import __version__
from selftaught.core.algorithm import self_improve
from selftaught.core.contracts import Program
from selftaught.core.errors import NoSandbox, RunStopped, SelfTaughtError
from selftaught.executors.gate import Gate
from selftaught.runs.folder import RunFolder
from selftaught.runs.recorder import Recorder, val_mean
from selftaught.runs.records import Ended, Record, Session, Stepped
from selftaught.runs.store import Store
from selftaught.sandbox.jail import Jail
from selftaught.wiring.inputs import Inputs
from selftaught.wiring.lent import Models
from selftaught.wiring.parts import Parts, assemble

Watch = Callable[[Record], None]
STRENGTH = ("unsafe", "landlock", "container", "bubblewrap")
"""Tiers from the weakest to the strongest."""


@dataclass(frozen=True)
class Start:
    """What one start of a run needs beside its inputs."""

    folder: RunFolder
    sandbox: Jail
    models: Models
    gate: Gate
    watch: Watch = lambda record: None


def work(inputs: Inputs, start: Start, store: Store) -> None:
    """Do the run, or what is left of it. Raises SelfTaughtError; what is finished is on record then, too."""
    recorder = Recorder(store, start.watch)
    number = sum(isinstance(record, Session) for record in store)
    recorder.write(_session(start, number))
    parts = assemble(inputs, start.sandbox, start.models, recorder, start.gate)
    how, note = "failed", ""
    try:
        {"run": _run, "improve": _improve}[inputs.config.kind](inputs, parts, recorder, start.folder)
        how = "finished"
    except RunStopped as stopped:
        how, note = "interrupted" if stopped.interrupted else "stopped", str(stopped)
        raise
    except SelfTaughtError as error:
        note = str(error)
        if start.gate.reason not in (None, error):
            raise start.gate.reason from error  # the first cause, not what it brought about elsewhere
        raise
    finally:
        recorder.write(Ended(at=f"/ended#{number}", time=time.time(), how=how, note=note))


def check_resumable(store: Store, folder: RunFolder, tier: str, *, weaker_allowed: bool) -> None:
    """Raises RecordError if an input was changed, NoSandbox if the run would go on behind a weaker wall."""
    first = next((record for record in store if isinstance(record, Session)), None)
    if first is None:
        return
    folder.check_frozen(first.frozen)
    if not weaker_allowed and STRENGTH.index(tier) < STRENGTH.index(first.tier):
        raise NoSandbox(
            f"the run began in the sandbox {first.tier}, and here is only {tier}, which is weaker. "
            f"To go on all the same: --sandbox {tier}"
        )


def _session(start: Start, number: int) -> Session:
    return Session(
        at=f"/session#{number}",
        time=time.time(),
        version=__version__,
        tier=start.sandbox.tier,
        frozen=start.folder.frozen(),
        layers=list(start.sandbox.layers),
        model=start.models.name,
        python=platform.python_version(),
    )


def _run(inputs: Inputs, parts: Parts, recorder: Recorder, folder: RunFolder) -> None:
    best, best_value = inputs.improver, val_mean(parts.measure(inputs.improver))
    _note_step(recorder, folder, Stepped(
        at="/step#0", time=time.time(), t=0, improver=best.id, proposed=None, accepted=True, verdict="ok", note=""
    ), best)  # fmt: skip
    folder.write("best_improver.py", best.source)
    steps = self_improve(
        inputs.improver, parts.meta_utility, parts.model, parts.apply, inputs.config.depth, parts.accept
    )
    parent = inputs.improver
    for step in steps:
        value = val_mean(parts.measure(step.improver))
        proposed = step.proposal.program
        record = Stepped(
            at=f"/step#{step.t}",
            time=time.time(),
            t=step.t,
            improver=step.improver.id,
            proposed=proposed.id if proposed else None,
            accepted=step.improver != parent,
            verdict=step.proposal.verdict,
            note=step.proposal.note,
        )
        _note_step(recorder, folder, record, step.improver, *([proposed] if proposed else []))
        parent = step.improver
        if value > best_value:
            best, best_value = step.improver, value
            folder.write("best_improver.py", best.source)


def _note_step(recorder: Recorder, folder: RunFolder, record: Stepped, improver: Program, *more: Program) -> None:
    folder.write(f"improvers/I_{record.t}.py", improver.source)
    recorder.write(record, improver.source, *(program.source for program in more))


def _improve(inputs: Inputs, parts: Parts, recorder: Recorder, folder: RunFolder) -> None:
    task = parts.tasks[0]
    solution = inputs.program or task.seed
    made = parts.apply(inputs.improver, task.utility, solution, parts.task_model)
    for program in [solution, *([made.program] if made.program else [])]:
        task.utility(program)
        if task.test:
            task.test(program)
    if made.program:
        folder.write("improved.py", made.program.source)
