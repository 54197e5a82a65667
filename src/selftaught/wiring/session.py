"""One start of a run, from the first record to the last. Started again on the same folder, it goes on."""

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from selftaught import __version__
from selftaught.core.errors import NoSandbox, RunStopped, SelfTaughtError
from selftaught.middleware.gate import Gate
from selftaught.middleware.purse import Purse
from selftaught.middleware.recorder import Recorder
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Corrected, Ended, Record, Session
from selftaught.runs.store import Store
from selftaught.sandbox.jail import Jail
from selftaught.wiring.inputs import Inputs, task_input
from selftaught.wiring.kinds import KINDS
from selftaught.wiring.models import Models
from selftaught.wiring.parts import assemble

if TYPE_CHECKING:  # imported only when a run is to be traced
    from selftaught.tracing.run import Tracing

Watch = Callable[[Record], None]
STRENGTH = ("unsafe", "landlock", "container", "bubblewrap")
"""Tiers from the weakest to the strongest."""


@dataclass(frozen=True)
class Start:
    """What one start of a run needs beside its inputs. `purse`: one that it shares with other runs.

    `tracing`: observes the run, and changes nothing in it. `feedback`: of a run that is repeated, as in `Recorder`.
    """

    folder: RunFolder
    sandbox: Jail
    models: Models
    gate: Gate
    purse: Purse | None = None
    watch: Watch = lambda record: None
    tracing: "Tracing | None" = None
    feedback: Mapping[str, str] = field(default_factory=dict)


def work(inputs: Inputs, start: Start, store: Store) -> None:
    """Do the run, or what is left of it. Raises SelfTaughtError; what is finished is on record then, too."""
    session = _session(inputs, start, sum(isinstance(record, Session) for record in store))
    if start.tracing is None:
        _work(inputs, start, store, session)
        return
    from selftaught.wiring.traced import traced

    with start.tracing.run(traced(start.folder.path.name, inputs, store, session)) as span:

        def watch(record: Record) -> None:
            start.watch(record)
            span.watch(record)

        _work(inputs, replace(start, watch=watch), store, session)


def _work(inputs: Inputs, start: Start, store: Store, session: Session) -> None:
    recorder = Recorder(store, start.watch, start.feedback)
    recorder.write(session)
    parts = assemble(inputs, start.sandbox, start.models, recorder, start.gate, start.purse, start.tracing)
    how, note = "failed", ""
    try:
        KINDS[inputs.config.kind](inputs, parts, recorder, start.folder)
        how = "finished"
    except SelfTaughtError as error:
        cause = start.gate.reason or error  # the first, not what it brought about elsewhere
        note = str(cause)
        if isinstance(cause, RunStopped):
            how = "interrupted" if cause.interrupted else "stopped"
        if cause is not error:
            raise cause from error
        raise
    finally:
        recorder.write(Ended(at=session.at.replace("session", "ended"), time=time.time(), how=how, note=note))


def check_resumable(store: Store, folder: RunFolder, tier: str, *, weaker_allowed: bool, corrected: str = "") -> None:
    """Raises RecordError if an input was changed, NoSandbox if the run would go on behind a weaker wall."""
    first = check_as_begun(store, folder, corrected)
    if first is None:
        return
    if not weaker_allowed and STRENGTH.index(tier) < STRENGTH.index(first.tier):
        raise NoSandbox(
            f"the run began in the sandbox {first.tier}, and here is only {tier}, which is weaker. "
            f"To go on all the same: `sandbox={tier}`"
        )


def check_as_begun(store: Store, folder: RunFolder, corrected: str = "") -> Session | None:
    """The first session, if there is one. Raises RecordError if an input was changed since.

    `corrected`: the name of an input that is about to be replaced, and so may be anything.
    """
    first: Session | None = None
    wanted: dict[str, str] = {}
    for record in store:
        if isinstance(record, Session):
            first, wanted = first or record, {**record.frozen}
        elif isinstance(record, Corrected):
            wanted[task_input(record.task)] = record.after
    if first is not None:
        folder.check_frozen(wanted, but=corrected)
    return first


def _session(inputs: Inputs, start: Start, number: int) -> Session:
    return Session(
        at=f"/session#{number}",
        time=time.time(),
        version=__version__,
        tier=start.sandbox.tier,
        frozen=start.folder.frozen(),
        layers=list(start.sandbox.layers),
        model=start.models.name,
        python=platform.python_version(),
        depth=inputs.config.depth,
        model_calls=inputs.config.model_calls,
        utility_calls=inputs.config.utility_calls,
        best_known={task.name: task.bound for task in inputs.tasks if task.bound is not None},
    )
