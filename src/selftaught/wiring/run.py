"""One run, from its first record to its last: start, resume, and the work of one start.

Everything that runs goes through here: the commands, the Python API, experiments, replays, benchmarks.
"""

import platform
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

import msgspec

from selftaught.config import RunConfig, from_mapping
from selftaught.core.errors import NoSandbox, RecordError, RunStopped, SelfTaughtError, TaskError, UsageError
from selftaught.core.version import VERSION
from selftaught.middleware.ahead import Ahead
from selftaught.middleware.common_draws import CommonDraws, Sharing
from selftaught.middleware.gate import Gate, run_until_stopped
from selftaught.middleware.recorded import draws_on_record
from selftaught.middleware.recorder import Recorder
from selftaught.middleware.run_budget import RunBudget
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Ended, Record, Session
from selftaught.runs.store import Store
from selftaught.sandbox.contract import OpenSandbox, Sandbox
from selftaught.tasks.bounds.kept import Kept
from selftaught.tasks.contract import MAXIMIZE, MINIMIZE
from selftaught.tasks.judge import Judge
from selftaught.tasks.spec import SPLITS, TaskSpec
from selftaught.wiring.accepting import Approve, by_file
from selftaught.wiring.checking import check_tasks
from selftaught.wiring.correcting import correct, find_corrected
from selftaught.wiring.executors.choice import open_executor
from selftaught.wiring.going_on import RAISED, going_on
from selftaught.wiring.inputs import Inputs, check_as_begun, freeze, load_frozen, task_input
from selftaught.wiring.kinds import KINDS
from selftaught.wiring.models import Models
from selftaught.wiring.parts import assemble
from selftaught.wiring.version import check_version, code

if TYPE_CHECKING:  # imported only when a run is to be traced
    from selftaught.middleware.tracing.run import Tracing

_MOST_GUESSES = 64
"""Improvers whose scores are guessed at once; each may have applications at once as D has tasks."""
Watch = Callable[[Record], None]
Choose = Callable[[Inputs, Gate], Models]
"""Finds the models that a run's settings name."""
STRENGTH = ("unsafe", "landlock", "container", "bubblewrap")
"""Tiers from the weakest to the strongest."""


@dataclass(frozen=True)
class Run:
    """One run, new or resumed. A context manager: leaving it closes everything that was opened for it.

    Attributes:
        run_budget: the caps, where several runs share them; else the run has its own.
        draws: the draws that the run shares with other runs; else the run has its own.
        tracing: observes the run, and changes nothing in it.
        feedback: of a run that is repeated, as in `Recorder`.
        best_known: of its tasks, as in `Session`.
        approve: asks a person, where the settings want one asked; else a file in the run's folder does.
    """

    folder: RunFolder
    inputs: Inputs
    store: Store
    sandbox: OpenSandbox
    models: Models
    gate: Gate
    run_budget: RunBudget | None = None
    draws: CommonDraws | None = None
    tracing: "Tracing | None" = None
    feedback: Mapping[str, str] = field(default_factory=dict)
    approve: Approve | None = None
    best_known: Mapping[str, float] = field(default_factory=dict)
    opened: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def begin(
        cls,
        inputs: Inputs,
        place: Callable[[], RunFolder],
        models: Models,
        sandbox: OpenSandbox | None = None,
        gate: Gate | None = None,
        *,
        checked: bool = False,
        references: Kept | None = None,
        **more: Any,
    ) -> "Run":
        """A new run: its tasks tried, its inputs frozen into the folder, its record made. Nothing is spent yet.

        `place`: makes the folder, once nothing else can be wrong. `sandbox`: one that is open, and stays open after the
        run; else the one that the settings name is opened. `checked`: the tasks were tried already. `references`: where
        the best scores known of instances are kept, if anywhere. `more`: run_budget, tracing, feedback.

        Raises UsageError for a task that cannot work, NoSandbox, RecordError; the folder is removed then.
        """
        gate = gate or Gate(inputs.config.max_time_seconds)
        models.prepare()
        with ExitStack() as opening:
            inside = sandbox or opening.enter_context(open_executor(inputs.config.executor, inputs.config.sandbox))
            inputs = replace(inputs, config=msgspec.structs.replace(inputs.config, sandbox=inside.tier))
            if not checked:
                check_tasks(inputs, inside)
            if "best_known" not in more:
                more["best_known"] = best_known_of(inputs, inside, references or Kept())
            folder = place()
            try:
                freeze(inputs, folder)
                store = opening.enter_context(Store.create(folder.store))
            except BaseException:  # nothing has started: remove everything that would block the next try
                shutil.rmtree(folder.path, ignore_errors=True)
                raise
            return cls(folder, inputs, store, inside, models, gate, opened=opening.pop_all(), **more)

    @classmethod
    def resume(
        cls,
        folder: RunFolder,
        choose: Choose,
        sandbox: OpenSandbox | None = None,
        gate: Gate | None = None,
        *,
        changed: Mapping[str, Any] | None = None,
        tier: str | None = None,
        task: str | None = None,
        made: Mapping[str, TaskSpec] | None = None,
        **more: Any,
    ) -> "Run":
        """Resume the run in `folder`.

        `sandbox`: as in `begin`. `tier`: the one to open, which may be weaker than the one that the run began in.
        `changed`: settings that decide when it ends and how it asks, and not its results. `task`: a corrected file
        of one of its tasks. `made`: as in `load_inputs`.

        Raises UsageError, RecordError, NoSandbox, ModelUnavailable.
        """
        with ExitStack() as opening:
            store = opening.enter_context(Store.open(folder.store))
            changed = changed or {}
            inputs = going_on(load_frozen(folder, made), store.of(Session), changed)
            kept = {name: value for name, value in changed.items() if name not in RAISED}
            settings = {**msgspec.to_builtins(inputs.config), "max_time_seconds": None, **kept}
            inputs = replace(inputs, config=from_mapping(settings, str(folder.config), kept))
            gate = gate or Gate(inputs.config.max_time_seconds)
            inside = sandbox or opening.enter_context(
                open_executor(inputs.config.executor, tier or inputs.config.sandbox)
            )
            corrected = find_corrected(task, inputs, inside) if task else None
            name = task_input(corrected.name) if corrected else ""
            check_resumable(store, folder, inside.tier, weaker_allowed=tier is not None, corrected=name)
            if not inputs.config.other_version:
                check_version(store.of(Session))
            if corrected:
                inputs = correct(corrected, inputs, folder, store)
            models = choose(inputs, gate)
            models.prepare()
            known = store.of(Session)
            more["best_known"] = known[-1].best_known if known else {}
            return cls(folder, inputs, store, inside, models, gate, opened=opening.pop_all(), **more)

    def __enter__(self) -> "Run":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close everything that was opened for the run: its record, and its own sandbox."""
        if self.gate.reason is not None:
            self._note_how_it_ended(self.gate.reason)
        self.opened.close()

    def _note_how_it_ended(self, reason: SelfTaughtError) -> None:
        """For a start that was stopped, and still waits for something: it will not come to say so itself."""
        with suppress(RecordError):
            sessions, ended = len(self.store.of(Session)), len(self.store.of(Ended))
            if ended < sessions:
                self.store.append(_ended(f"/session#{sessions - 1}", reason))

    def work(self, watch: Watch = lambda record: None) -> None:
        """Do the run, or the rest of it. Raises SelfTaughtError; finished work is recorded then too.

        `watch` is shown every record, in the thread that made it.
        """
        session = self._session(len(self.store.of(Session)))
        if self.tracing is None:
            self._work(session, watch)
            return
        from selftaught.wiring.traced import traced

        with self.tracing.run(traced(self.folder.path.name, self.inputs, self.store, session)) as span:

            def watched(record: Record) -> None:
                watch(record)
                span.watch(record)

            self._work(session, watched)

    def work_until_stopped(self, watch: Watch = lambda record: None) -> None:
        """`work`, which also ends when the gate is shut or its time is over while something is waited for."""
        run_until_stopped(lambda: self.work(watch), self.gate, self.sandbox.close)

    def _work(self, session: Session, watch: Watch) -> None:
        recorder = Recorder(self.store, watch, self.feedback)
        recorder.write(session)
        approve = self.approve or by_file(self.folder, self.gate)
        sharing = self._sharing(recorder)
        # Spans of guesses would show work that nothing requested.
        guessed = self.inputs.config.speculate if self.tracing is None else "off"
        guesses = Ahead() if guessed != "off" else None
        # They wait for a model: as many at once as an application may request.
        of_improvers = Ahead(min(self.inputs.config.utility_calls, _MOST_GUESSES)) if guessed == "all" else None
        more = (self.run_budget, self.tracing, approve, sharing, guesses, of_improvers)
        parts = assemble(self.inputs, self.sandbox, self.models, recorder, self.gate, *more)
        ended = _ended(session.at)
        try:
            KINDS[self.inputs.config.kind](self.inputs, parts, recorder, self.folder)
            ended = msgspec.structs.replace(ended, how="finished", time=time.time())
        except SelfTaughtError as error:
            cause = self.gate.reason or error  # the first, not its effects elsewhere
            ended = _ended(session.at, cause)
            if cause is not error:
                raise cause from error
            raise
        finally:
            for one in filter(None, (guesses, of_improvers)):
                one.stop()
            recorder.end_guesses()
            recorder.write(ended)

    def _sharing(self, recorder: Recorder) -> Sharing | None:
        """None where every improver has draws of its own."""
        config = self.inputs.config
        if config.common_draws == "off":
            return None
        if self.draws is not None:
            return Sharing(self.draws, sharing_among(config))
        own = Sharing()
        own.draws.learn(draws_on_record(self.store, recorder.run, own))
        return own

    def _session(self, number: int) -> Session:
        return Session(
            at=f"/session#{number}",
            time=time.time(),
            version=VERSION,
            tier=self.sandbox.tier,
            frozen=self.folder.frozen(),
            layers=list(self.sandbox.layers),
            model=self.models.name,
            python=platform.python_version(),
            depth=self.inputs.config.depth,
            model_calls=self.inputs.config.model_calls,
            utility_calls=self.inputs.config.utility_calls,
            code=code(),
            best_known=dict(self.best_known),
            directions={
                task.name: MINIMIZE if task.minimized else MAXIMIZE for task in self.inputs.tasks if task.scale
            },
        )


def sharing_among(config: RunConfig) -> str:
    """What runs have to have in common to share draws: the seed, and so the instances, and the model."""
    return f"{config.seed} {config.task_model or config.model}"


def best_known_of(inputs: Inputs, sandbox: Sandbox, references: Kept) -> dict[str, float]:
    """As in `Session`. Raises UsageError where a task's own `best` fails."""
    found: dict[str, float] = {}
    for task in inputs.tasks:
        if task.bound is not None:
            found[task.name] = task.bound
        for split in SPLITS if task.best else ():
            judge = Judge(task, sandbox, split, inputs.seed)
            try:
                best = references.best_known(task, judge.instances())
            except TaskError as error:
                raise UsageError(str(error)) from error
            found |= {judge.name: best} if best is not None else {}
    return found


def _ended(session: str, cause: SelfTaughtError | None = None) -> Ended:
    """How the start that is recorded at `session` ended, and why."""
    how = "failed"
    if isinstance(cause, RunStopped):
        how = "interrupted" if cause.interrupted else "stopped"
    return Ended(at=session.replace("session", "ended"), time=time.time(), how=how, note=str(cause or ""))


def _strength(tier: str) -> int:
    """A plugin's tier is known to be as strong as itself, and no more."""
    return STRENGTH.index(tier) if tier in STRENGTH else -1


def check_resumable(store: Store, folder: RunFolder, tier: str, *, weaker_allowed: bool, corrected: str = "") -> None:
    """Raises RecordError if an input changed, NoSandbox if the run would continue in a weaker sandbox."""
    first = check_as_begun(store, folder, corrected)
    if first is None:
        return
    if not weaker_allowed and tier != first.tier and _strength(tier) <= _strength(first.tier):
        raise NoSandbox(
            f"the run started in the sandbox {first.tier}, and here is only {tier}, which is weaker. "
            f"To continue anyway: `sandbox={tier}`"
        )
