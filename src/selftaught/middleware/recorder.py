"""The record of a run as its wrappers use it: addresses, what is on record under them, and what is new.

Each piece of work is put on record before its answer is handed on, and before anything that may depend on it leaves the
process, such as a question to a model or a line on the screen, all of it is on the platter (law 4). Started again, a
run asks the same questions at the same addresses and gets the recorded answers.
"""

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextvars import ContextVar
from typing import TypeVar

from selftaught.core.address import Addresses, here
from selftaught.core.contracts import Program, Score, Utility, Verdict
from selftaught.core.money import Amount
from selftaught.core.suspicion import suspicious_text, suspicious_verdict
from selftaught.runs.records import (
    Answered,
    Applied,
    Approved,
    Measured,
    Noticed,
    Probed,
    Record,
    Scored,
    Session,
    Stepped,
    Tried,
    run_id,
)
from selftaught.runs.store import Store

_OFTEN = (Answered, Scored, Applied, Noticed)
"""What an improver does, again and again: nobody waits for the disk in between."""
Kind = TypeVar("Kind", Answered, Scored, Applied, Measured, Approved, Probed)
Known = TypeVar("Known", Measured, Stepped)

asking: ContextVar["tuple[Recorder, str] | None"] = ContextVar("selftaughtasking", default=None)
"""The recorder and the role for which a model is being asked in this context."""


def note_failed_attempt(error: str, seconds: float, wait_seconds: float, cost: Amount, kind: str) -> None:
    """Put on record that an attempt to get the response that is being asked for failed, and what it may have cost.

    `wait_seconds`: until the next; 0 where there is none. `kind`: of failure, in one word.
    """
    current = asking.get()
    if current is not None:
        recorder, role = current
        recorder.tried(role, error, seconds, wait_seconds, cost, kind)


class Recorder:
    """Hands out addresses, and what an earlier start of this run left under them. From any thread.

    `watch` is shown every record as it is written or, on resume, found: for a progress display. `feedback`: what
    another run of the same was told at an address; it is told again, since times differ.
    """

    def __init__(
        self,
        store: Store,
        watch: Callable[[Record], None] = lambda record: None,
        feedback: Mapping[str, str] | None = None,
    ) -> None:
        self.store = store
        self.feedback = feedback or {}
        self._watch = watch
        self._lock = threading.Lock()
        self._addresses = Addresses(self._lock)
        self._known: dict[str, Record] = {}
        self._scores: dict[tuple[str, str], Future[Score]] = {}
        self._steps = 0
        for record in store:
            self._known[record.at] = record
            self._steps += isinstance(record, Stepped)
            if isinstance(record, Scored) and not record.fault:  # else scored again: the task may have been corrected
                self._scores.setdefault((record.utility, record.program), _done(score_of(record, store)))

    def address(self, kind: str, *content: str) -> str:
        """Where this piece of work stands on record, asked for once more."""
        return self._addresses.next(kind, *content)

    def found(self, at: str, kind: type[Kind]) -> Kind | None:
        """The record at this address, if the work was finished by an earlier start."""
        record = self._known.get(at)
        if not isinstance(record, kind):
            return None
        self._watch(record)
        return record

    def on_record(self, at: str, kind: type[Known]) -> Known | None:
        """The record at this address, by whatever start; nobody is shown it again."""
        record = self._known.get(at)
        return record if isinstance(record, kind) else None

    @property
    def run(self) -> str:
        """Which run it is; "" for a record that no run made."""
        first = self._known.get("/session#0")
        return run_id(self.store.path.parent.name, first) if isinstance(first, Session) else ""

    @property
    def t(self) -> int:
        """Towards which I_t work is done: the first that is not known yet."""
        return self._steps

    def write(self, record: Record, *texts: str) -> None:
        """Put on record; a record that is there already is left as it is. What a person is shown is on the platter."""
        with self._lock:
            known = self._known.setdefault(record.at, record) is not record
            self._steps += isinstance(record, Stepped) and not known
        if not known:
            if isinstance(record, _OFTEN):
                self.store.put(record, texts, soon=isinstance(record, Scored))  # most often a question comes next
            else:
                self.store.append(record, texts)
        self._watch(record)

    def barrier(self) -> None:
        """All that is on record is on the platter when this returns: what comes next may leave the process."""
        self.store.barrier()

    def notice(self, at: str, program: Program, verdict: Verdict, note: str) -> None:
        """Put on record what is suspicious about a program or its end; before the work's own record, or not at all."""
        for what, line in suspicious_text(program):
            place = f"/noticed:{program.id[:16]}/{what.replace(' ', '-')}"  # once for each program
            self.write(Noticed(at=place, time=time.time(), program=program.id, what=what, note=line), program.source)
        if suspicious_verdict(verdict):
            hit = Noticed(at=f"{at}/noticed", time=time.time(), program=program.id, what=verdict, note=note)
            self.write(hit, program.source)

    def requested(self, at: str, improver: Program, times: int) -> None:
        """Put on record that an improver asked, at run time, to have programs scored outside of the sandbox."""
        what = "requests no sandbox"
        note = f"{times} times, in vain"
        self.write(Noticed(at=f"{at}/requested", time=time.time(), program=improver.id, what=what, note=note))

    def tried(self, role: str, error: str, seconds: float, wait_seconds: float, cost: Amount, kind: str) -> None:
        """Put on record that an attempt to get the response at `here()` failed, and what it may have cost."""
        at = here()
        with self._lock:
            number = next(n for n in itertools.count() if f"{at}/tried#{n}" not in self._known)
        self.write(
            Tried(
                at=f"{at}/tried#{number}",
                time=time.time(),
                ask=at,
                role=role,
                t=self.t,
                error=error,
                seconds=seconds,
                calls=cost.calls,
                tokens=cost.tokens,
                cost=cost.dollars,
                wait_seconds=wait_seconds,
                failure=kind,
            )
        )

    def score_on_record(self, utility: str, program: Program) -> Score | None:
        """What the utility of this name gave the program, if it has."""
        with self._lock:
            known = self._scores.get((utility, program.id))
        return known.result() if known is not None and known.done() and known.exception() is None else None

    def score_once(self, utility: Utility, program: Program) -> tuple[Score, bool]:
        """A deterministic utility's score, run once for equal programs; and whether an earlier run answered.

        Those that ask while it runs wait for it.
        """
        key = utility.name, program.id
        with self._lock:
            known = self._scores.get(key)
            if known is None:
                self._scores[key] = ours = Future[Score]()
        if known is not None:
            return known.result(), True
        try:
            ours.set_result(utility(program))
        except BaseException as error:
            with self._lock:
                del self._scores[key]  # our failure, not the program's score
            ours.set_exception(error)
            raise
        return ours.result(), False


def score_of(record: Scored, store: Store) -> Score:
    """The score as it was given."""
    feedback = store.text(record.feedback) if record.feedback else ""
    told = record.value, Verdict(record.verdict), record.note, record.error, tuple(record.grades)
    return Score(
        *told, feedback=feedback, fault=record.fault, raw=record.raw, raw_error=record.raw_error, numbers=record.numbers
    )


def _done(score: Score) -> Future[Score]:
    future = Future[Score]()
    future.set_result(score)
    return future
