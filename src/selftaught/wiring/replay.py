"""A recorded run again, with sandbox and grading but without a model; and the differences, if any."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from selftaught.core.errors import ModelUnavailable
from selftaught.middleware.gate import Branch, Gate
from selftaught.models.replay import Replay
from selftaught.report.guesses import Guesses
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import (
    AGAIN,
    Answered,
    Applied,
    Approved,
    Chosen,
    Ended,
    Measured,
    Probed,
    Record,
    Scored,
    Stepped,
)
from selftaught.runs.store import Store
from selftaught.sandbox.contract import OpenSandbox
from selftaught.wiring.accepting import as_recorded
from selftaught.wiring.going_on import going_on
from selftaught.wiring.inputs import check_as_begun, load_frozen
from selftaught.wiring.models import Models
from selftaught.wiring.recorded_answers import answers
from selftaught.wiring.run import Run

Compared = Scored | Applied | Measured | Stepped | Approved | Chosen | Probed
_UNCOMPARED = {"time", "seconds", "note", "reused", "samples", "grades", "feedback", "beside", "ahead", "layout"}
"""Uncompared fields of a record: its time, its note, which of two equal programs ran first, what ran beside it, and
whether it started before the request.
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A piece of work with another result, or only in one of the two: then `recorded` or `now` is ""."""

    at: str
    what: str
    recorded: str
    now: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a replay found. `not_reached`: pieces of an unfinished run that lie beyond where its record breaks off.

    `guessed`: of the `responses`, those that were bought for guesses that nothing asked for.
    """

    finished: bool
    responses: int
    served: int
    scores: int
    applications: int
    steps: int
    not_reached: int
    differences: tuple[Difference, ...]
    guessed: int = 0


def replay(folder: RunFolder, sandbox: OpenSandbox, watch: Callable[[Record], None], gate: Gate) -> Comparison:
    """Run `folder` again, into one that is thrown away. Raises SelfTaughtError where we fail; a difference is data."""
    # Improvers are not guessed: what nobody asked for is not all on record, and the model would not have it.
    free: dict[str, Any] = {
        "speculate": "cpu",
        "max_calls": None,
        "max_tokens": None,
        "max_cost": None,
        "max_time_seconds": None,
    }
    with Store.open(folder.store, writable=False) as store:
        check_as_begun(store, folder)
        before = list(store)
        model = Replay(answers(store), f"the record of {folder.path}", same_run=True)
        feedback = {r.at: store.text(r.feedback) for r in before if isinstance(r, Scored) and r.feedback}
    inputs = going_on(load_frozen(folder), before, {})
    inputs = replace(inputs, config=msgspec.structs.replace(inputs.config, **free))
    finished = any(isinstance(record, Ended) and record.how == "finished" for record in before)
    models = Models.only(model, inputs.config.model)
    with tempfile.TemporaryDirectory(prefix="selftaught-") as scratch:
        place = RunFolder(Path(scratch) / "run")
        told: dict[str, Any] = {"feedback": feedback, "approve": as_recorded(before), "best_known": {}}
        # Where the record of an unfinished run ends, the run ends, and its caller goes on.
        with Run.begin(inputs, lambda: place, models, sandbox, Branch(gate), checked=True, **told) as again:
            broke_off = ""
            try:
                again.work(watch)
            except ModelUnavailable as error:
                broke_off = str(error)
            after = list(again.store)
    # If a run continued with a larger budget, the winner of the smaller one was scored again, and was superseded.
    asked = {record.at for record in after}
    superseded = [r for r in before if inputs.earlier and r.at.startswith(f"/{AGAIN}:") and r.at not in asked]
    kept = [record for record in before if record not in superseded]
    return _compared(kept, after, model, finished=finished, broke_off=broke_off)


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
    guesses = Guesses()
    for record in told:
        guesses.add(record)
    if finished or not broke_off:
        differences += [Difference(at, "not repeated", _essence(before[at]), "") for at in missing]
    if finished:  # one that was stopped was in the middle of work that is not on record
        differences += [Difference(at, "not recorded", "", _essence(after[at])) for at in after if at not in before]
    if finished and broke_off:
        differences.insert(0, Difference("", "a prompt without a response", "", broke_off))
    return Comparison(
        finished=finished,
        responses=len({record.draw or record.at for record in told if isinstance(record, Answered)}),
        served=model.served,
        scores=sum(isinstance(record, Scored) for record, _ in shared),
        applications=sum(isinstance(record, Applied) for record, _ in shared),
        steps=sum(isinstance(record, Stepped) for record, _ in shared),
        not_reached=0 if finished else len(missing),
        differences=tuple(differences),
        guessed=guesses.so_far().responses,
    )


def _work(records: Sequence[Record]) -> dict[str, Compared]:
    """But for what nobody asked for: how far guesses come is chance."""
    return {
        record.at: record
        for record in records
        if isinstance(record, Compared) and not (isinstance(record, Scored) and record.guessed)
    }


def _essence(record: Compared) -> str:
    """What must come out the same, in words."""
    if isinstance(record, Measured):
        return "; ".join(f"{s.task}: {s.program} {s.verdict} {s.val!r} {s.test!r}" for s in record.samples)
    fields = msgspec.to_builtins(record)
    return " ".join(f"{name}={value!r}" for name, value in fields.items() if name not in {*_UNCOMPARED, "at", "kind"})
