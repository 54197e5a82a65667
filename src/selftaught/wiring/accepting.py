"""Whether a proposed improver is accepted: by the policy of the settings, and by a person if one is asked."""

import difflib
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

import msgspec

from selftaught.config import RunConfig
from selftaught.core import acceptance
from selftaught.core.acceptance import Accept
from selftaught.core.contracts import Program
from selftaught.core.errors import ModelUnavailable
from selftaught.core.measurement import Graded
from selftaught.middleware.gate import Gate
from selftaught.middleware.recorder import Recorder
from selftaught.report.snapshot import fold_of
from selftaught.report.untrusted import many_lines
from selftaught.runs.folder import RunFolder
from selftaught.runs.records import Approved, Measured, Record
from selftaught.statistics import Superiority, smallest_p, superiority

_POLL_SECONDS = 0.5
_MOST_DIFF_LINES = 400
_MOST_NOTE = 500


@dataclass(frozen=True)
class Question:
    """The facts for a person who decides on I_t. Texts are cleaned, because a model wrote them.

    `difference` with its `standard_error` and one-sided `p`: of the two on val, pair by pair. `responses`, `tokens` and
    `dollars`: spent since the step before, `dollars` as far as prices are known.
    """

    t: int
    proposed: str
    parent: str
    proposed_val: float
    parent_val: float
    difference: float
    standard_error: float | None
    p: float
    responses: int
    tokens: int
    dollars: float
    diff: list[str]


@dataclass(frozen=True)
class Reply:
    """`by`: terminal, file, or another source of the answer."""

    approved: bool
    by: str
    note: str = ""


Approve = Callable[[Question], Reply]


@dataclass
class Accepting:
    """Implements `Accept`. Keeps what decided on the last proposal: `p` of a test, a person's answer."""

    config: RunConfig
    measured: Callable[[Program], Measured]
    recorder: Recorder
    seed: int
    approve: Approve | None = None
    p: float | None = field(default=None, init=False)
    approved: bool | None = field(default=None, init=False)

    def __call__(self, proposed: Program, parent: Program) -> bool:
        policy = self._policies()[self.config.accept]
        return (acceptance.approved(policy, self._ask) if self.config.approve else policy)(proposed, parent)

    def decided_by(self) -> tuple[float | None, bool | None]:
        """`p` and `approved` of the last proposal; they are reset for the next."""
        last = self.p, self.approved
        self.p = self.approved = None
        return last

    def _policies(self) -> dict[str, Accept]:
        return {
            "paper": acceptance.paper,
            "released": acceptance.released(self._val),
            "better": acceptance.better(self._val),
            "significant": acceptance.significant(self._p_value, self.config.accept_level),
        }

    def _val(self, program: Program) -> float:
        return fmean(sample.val for sample in self.measured(program).samples)

    def _p_value(self, proposed: Program, parent: Program) -> float:
        self.p = self._compared(proposed, parent).p
        return self.p

    def _compared(self, proposed: Program, parent: Program) -> Superiority:
        before, after = _graded(self.measured(parent)), _graded(self.measured(proposed))
        return superiority(before, after, seed=self.seed, common_draws=self.config.common_draws == "on")

    def _ask(self, proposed: Program, parent: Program) -> bool:
        t = self.recorder.t
        at = f"/approved#{t}"
        found = self.recorder.found(at, Approved)
        if found is None:
            if self.approve is None:
                raise ValueError("there is nobody who could approve")
            reply = self.approve(self._question(t, proposed, parent))
            note = many_lines(reply.note)[:_MOST_NOTE]
            found = Approved(
                at=at, time=time.time(), t=t, program=proposed.id, approved=reply.approved, by=reply.by, note=note
            )
            self.recorder.write(found, proposed.source)
        self.approved = found.approved
        return found.approved

    def _question(self, t: int, proposed: Program, parent: Program) -> Question:
        compared, spent = self._compared(proposed, parent), fold_of(self.recorder.store).view()
        before, after = (many_lines(program.source).splitlines() for program in (parent, proposed))
        diff = list(difflib.unified_diff(before, after, "I_" + str(t - 1), "proposed", lineterm=""))
        return Question(
            t=t,
            proposed=proposed.id,
            parent=parent.id,
            proposed_val=self._val(proposed),
            parent_val=self._val(parent),
            difference=compared.difference.mean,
            standard_error=compared.difference.standard_error,
            p=compared.p,
            responses=spent.pending.responses,
            tokens=spent.pending.input_tokens + spent.pending.output_tokens,
            dollars=sum(entry.cost for entry in spent.ledger if entry.t == t),
            diff=diff[:_MOST_DIFF_LINES],
        )


def out_of_reach(config: RunConfig, tasks: int) -> str:
    """Why no proposal can ever be accepted; "" if one can."""
    least = smallest_p(tasks * config.repeats)
    if config.kind != "run" or config.accept != "significant" or least <= config.accept_level:
        return ""
    return (
        f"no proposal can be accepted: {tasks * config.repeats} repeats in all give p = {least:.3g} at best, and "
        f"`accept_level` is {config.accept_level:g}; raise `repeats`, or `accept_level`"
    )


def race_in_vain(config: RunConfig) -> str:
    """Why no repeat can be saved by racing; "" if one can, or nothing is raced."""
    if config.race is None or config.repeats > 1:
        return ""
    return "`race` saves nothing: a candidate has one repeat, and none remains to be left out; raise `repeats`"


def by_file(folder: RunFolder, gate: Gate, say: Callable[[str], None] = lambda text: None) -> Approve:
    """Asks by a file in the run's folder, and waits for an answer file: for scripts, and for people elsewhere."""

    def ask(question: Question) -> Reply:
        name = f"approval/t{question.t}.json"
        answer = folder.path / f"approval/t{question.t}.answer.json"
        folder.write(name, json.dumps(asdict(question), indent=2) + "\n")
        say(f'waiting for approval of {folder.path / name}: write {{"approved": true}} or false to {answer}')
        while True:
            gate.check()
            reply = _reply(answer)
            if reply is not None:
                return reply
            time.sleep(_POLL_SECONDS)

    return ask


class _Answer(msgspec.Struct, forbid_unknown_fields=True):
    approved: bool
    note: str = ""


def as_recorded(records: Iterable[Record]) -> Approve:
    """Answers as a person did when the run was recorded. Raises ModelUnavailable where nobody had yet."""
    told = {record.t: record for record in records if isinstance(record, Approved)}

    def ask(question: Question) -> Reply:
        if question.t not in told:
            raise ModelUnavailable(f"the record has no approval of the proposal for t = {question.t}")
        found = told[question.t]
        return Reply(found.approved, found.by, found.note)

    return ask


def _reply(file: Any) -> Reply | None:
    """None if there is none yet, or it is incomplete."""
    try:
        told = msgspec.json.decode(file.read_bytes()[:10_000], type=_Answer)
    except (OSError, msgspec.MsgspecError):
        return None
    return Reply(told.approved, "file", told.note)


def _graded(measured: Measured) -> list[Graded]:
    return [(sample.task, sample.val, sample.val_grades) for sample in measured.samples]
