"""A recorded run again, sandbox and grading included, with no model at all; and the differences, if there are any."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from selftaught.core.contracts import Prompt
from selftaught.core.errors import ModelUnavailable, UsageError
from selftaught.middleware.gate import Gate
from selftaught.middleware.recorded import completion_of
from selftaught.models.replay import Recorded, Replay
from selftaught.runs.folder import RunFolder, find_run
from selftaught.runs.recording import read_recording, unpack
from selftaught.runs.records import (
    Answered,
    Applied,
    Chosen,
    Ended,
    Measured,
    Probed,
    Record,
    Scored,
    Stepped,
    prompt_parts,
)
from selftaught.runs.store import Store
from selftaught.sandbox.jail import Jail
from selftaught.wiring.going_on import going_on
from selftaught.wiring.inputs import Inputs, freeze, frozen_tasks, load_frozen
from selftaught.wiring.models import Models
from selftaught.wiring.session import Start, check_as_begun, work

Compared = Scored | Applied | Measured | Stepped | Chosen | Probed
_UNCOMPARED = {"time", "seconds", "note", "reused", "samples", "grades", "feedback"}
"""Of a record: when and how long, what is said of it, and which of two equal programs was run first."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A piece of work that came out otherwise, or at one time only: `recorded` or `now` is "" then."""

    at: str
    what: str
    recorded: str
    now: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a replay found. `not_reached`: pieces of an unfinished run that lie beyond where its record breaks off."""

    finished: bool
    responses: int
    served: int
    scores: int
    applications: int
    steps: int
    not_reached: int
    differences: tuple[Difference, ...]


def open_recorded(name: str, runs: Path, scratch: Path) -> RunFolder:
    """A run by its name or folder, or a recording's file, unpacked into `scratch`. Raises UsageError, RecordError."""
    path = Path(name)
    if path.is_file():
        return unpack(read_recording(path), scratch)
    return find_run(name, runs)


def answers(store: Store) -> list[Recorded]:
    """Every response on record, in the order in which they came."""

    def recorded(answered: Answered) -> Recorded:
        prompt = Prompt(*prompt_parts(store.text(answered.prompt)), answered.temperature)
        return Recorded(answered.at, prompt, completion_of(answered, store))

    return [recorded(record) for record in store if isinstance(record, Answered)]


def replay_model(name: str, inputs: Inputs, runs: Path) -> tuple[Replay, Path]:
    """The model `replay:NAME` for another run of the same tasks, and where it lies.

    Nothing of the recording is executed. Raises UsageError for a recording of other tasks.
    """
    with tempfile.TemporaryDirectory(prefix="selftaught-") as scratch:
        folder = open_recorded(name, runs, Path(scratch) / "run")
        where = (Path(name) if Path(name).is_file() else folder.path).resolve()
        recorded = frozen_tasks(folder)
        for task in inputs.tasks:
            if task.name not in recorded:
                raise UsageError(f"the recording {name} is of {', '.join(recorded)}, and not of {task.name}")
            if task.source != recorded[task.name]:
                raise UsageError(f"the task {task.name} is another than in the recording {name}; replay it as it was: "
                                 f"selftaught replay {name}")  # fmt: skip
        store = Store.open(folder.store, writable=False)
        try:
            check_as_begun(store, folder)
            # What was paid for it then is not paid again.
            free = [
                replace(one, completion=replace(one.completion, cost=None, price_source="")) for one in answers(store)
            ]
            return Replay(free, f"the recording {name}"), where
        finally:
            store.close()


def _free(recorded: Recorded) -> Recorded:
    """What was paid for it then is not paid again."""
    return replace(recorded, completion=replace(recorded.completion, cost=None, price_source=""))


def replay(folder: RunFolder, sandbox: Jail, watch: Callable[[Record], None], gate: Gate) -> Comparison:
    """Run `folder` again, into one that is thrown away. Raises SelfTaughtError where we fail; a difference is data."""
    begun = Store.open(folder.store, writable=False)
    try:
        check_as_begun(begun, folder)
    finally:
        begun.close()
    free = {"max_calls": None, "max_tokens": None, "max_cost": None, "max_time_seconds": None}
    store = Store.open(folder.store, writable=False)
    told = list(store)
    inputs = going_on(load_frozen(folder), told, {})
    inputs = replace(inputs, config=msgspec.structs.replace(inputs.config, **free))
    model = Replay(answers(store), f"the record of {folder.path}", same_run=True)
    feedback = {r.at: store.text(r.feedback) for r in told if isinstance(r, Scored) and r.feedback}
    store.close()
    finished = any(isinstance(record, Ended) and record.how == "finished" for record in told)
    with tempfile.TemporaryDirectory(prefix="selftaught-") as scratch:
        again = RunFolder(Path(scratch) / "run")
        freeze(inputs, again)
        now = Store.create(again.store)
        broke_off = ""
        try:
            models = Models.only(model, inputs.config.model)
            work(inputs, Start(again, sandbox, models, gate, watch=watch, feedback=feedback), now)
        except ModelUnavailable as error:
            broke_off = str(error)
        finally:
            fresh = list(now)
            now.close()
    return _compared(told, fresh, model, finished=finished, broke_off=broke_off)


def _compared(
    told: Sequence[Record], fresh: Sequence[Record], model: Replay, *, finished: bool, broke_off: str
) -> Comparison:
    before, after = _work(told), _work(fresh)
    shared = [(before[at], after[at]) for at in before if at in after]
    differences = [
        Difference(old.at, type(old).__name__.lower(), *both)
        for old, new in shared
        if (both := (_essence(old), _essence(new)))[0] != both[1]
    ]
    missing = [at for at in before if at not in after]
    if finished or not broke_off:
        differences += [Difference(at, "not repeated", _essence(before[at]), "") for at in missing]
    if finished:  # one that was stopped was in the middle of work that is not on record
        differences += [Difference(at, "not on record", "", _essence(after[at])) for at in after if at not in before]
    if finished and broke_off:
        differences.insert(0, Difference("", "a prompt without a response", "", broke_off))
    return Comparison(
        finished=finished,
        responses=sum(isinstance(record, Answered) for record in told),
        served=model.served,
        scores=sum(isinstance(record, Scored) for record, _ in shared),
        applications=sum(isinstance(record, Applied) for record, _ in shared),
        steps=sum(isinstance(record, Stepped) for record, _ in shared),
        not_reached=0 if finished else len(missing),
        differences=tuple(differences),
    )


def _work(records: Sequence[Record]) -> dict[str, Compared]:
    return {record.at: record for record in records if isinstance(record, Compared)}


def _essence(record: Compared) -> str:
    """What must come out the same, in words."""
    if isinstance(record, Measured):
        return "; ".join(f"{s.task}: {s.program} {s.verdict} {s.val!r} {s.test!r}" for s in record.samples)
    fields = msgspec.to_builtins(record)
    return " ".join(f"{name}={value!r}" for name, value in fields.items() if name not in {*_UNCOMPARED, "at", "kind"})
