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
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from selftaught.core.address import Addresses, here, working_at
from selftaught.core.ahead import Guess, guessing
from selftaught.core.contracts import Program, Score, Utility, Verdict
from selftaught.core.money import Amount
from selftaught.core.suspicion import suspicious_text, suspicious_verdict
from selftaught.core.varying import may_vary
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
from selftaught.runs.store import Store, text_id


@dataclass(eq=False)
class _Known:
    """A score that is known, or being made. `guess`: where it was begun before anybody asked, and `place` is where.

    `claimed`: somebody asked for it. `noted`: it is on record that nobody had.
    """

    score: Future[Score] = field(default_factory=Future)
    guess: Guess | None = None
    place: str = ""
    claimed: bool = True
    noted: bool = False


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
        self._scores: dict[tuple[str, str], _Known] = {}
        self._guessed: dict[tuple[str, Program], _Known] = {}
        self._steps = 0
        for record in store:
            self._known[record.at] = record
            self._steps += isinstance(record, Stepped)
            if isinstance(record, Scored) and not record.fault:  # else scored again: the task may have been corrected
                self._remember(record)

    def _remember(self, record: Scored) -> None:
        known = self._scores.get((record.utility, record.program))
        if known is None:
            known = _Known(claimed=not record.guessed, noted=record.guessed, guess=Guess() if record.guessed else None)
            known.score.set_result(score_of(record, self.store))
            self._scores[record.utility, record.program] = known
        known.claimed |= not record.guessed

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
        if known is None or not known.claimed or not known.score.done() or known.score.exception() is not None:
            return None
        return known.score.result()

    def score_once(self, utility: Utility, program: Program) -> tuple[Score, bool]:
        """A deterministic utility's score, run once for equal programs; and whether an earlier request answered.

        Those that ask while it runs wait for it. Who is the first to ask for what was guessed has it as if it had been
        run now; a guess that failed is none.
        """
        key = utility.name, program.id
        while True:
            with self._lock:
                known = self._scores.get(key)
                if known is None:
                    self._scores[key] = ours = _Known()
                    break
                reused, known.claimed = known.claimed, True
            if known.guess is None:
                return known.score.result(), True
            known.guess.want()
            with suppress(Exception):
                return known.score.result(), reused
        self._settle(key, ours, lambda: utility(program))
        return ours.score.result(), False

    def score_ahead(self, utility: Utility, read: Callable[[], Program | None]) -> None:
        """Make a deterministic utility's score of what `read` gives, before anybody asks for it. Raises what it does.

        It is on record at the end of the work at whose address it is done, if nobody has asked by then.
        """
        program = read()
        if program is None or may_vary(program):
            return
        key = utility.name, program.id
        ours = _Known(guess=(guess := Guess()), place=here(), claimed=False)
        with self._lock:
            if self._scores.setdefault(key, ours) is not ours:
                return
            self._guessed[utility.name, program] = ours
        with guessing(guess):
            self._settle(key, ours, lambda: utility(program))

    def _settle(self, key: tuple[str, str], ours: _Known, score: Callable[[], Score]) -> None:
        try:
            ours.score.set_result(score())
        except BaseException as error:
            with self._lock:
                del self._scores[key]  # our failure, not the program's score
            ours.score.set_exception(error)
            raise

    def note_guesses(self, place: str = "") -> None:
        """Put on record which scores were made at this address, or anywhere, that nobody has asked for."""
        with self._lock:
            here_guessed = [pair for pair in self._guessed.items() if place in ("", pair[1].place)]
            done = [pair for pair in here_guessed if pair[1].claimed or pair[1].score.done()]
            for key, _ in done:
                del self._guessed[key]
        for (utility, program), known in done:
            if not known.claimed and known.score.exception() is None:
                with working_at(known.place):
                    at = self.address("guessed", utility, program.id)
                score = known.score.result()
                self.write(scored_record(at, utility, program, score, guessed=True), *texts_of(program, score))

    def score_anew(self, utility: Utility, program: Program) -> Score:
        """Run, whatever is known. The first one is what `score_on_record` knows."""
        score = utility(program)
        with self._lock:
            known = self._scores.setdefault((utility.name, program.id), _Known())
            if not known.score.done():
                known.score.set_result(score)
        return score


def score_of(record: Scored, store: Store) -> Score:
    """The score as it was given."""
    feedback = store.text(record.feedback) if record.feedback else ""
    told = record.value, Verdict(record.verdict), record.note, record.error, tuple(record.grades)
    return Score(
        *told, feedback=feedback, fault=record.fault, raw=record.raw, raw_error=record.raw_error, numbers=record.numbers
    )


def scored_record(at: str, utility: str, program: Program, score: Score, **more: Any) -> Scored:
    """The score as it goes on record, with `more` of what the record holds."""
    return Scored(
        at=at,
        time=time.time(),
        utility=utility,
        program=program.id,
        value=score.value,
        verdict=score.verdict,
        note=score.note,
        error=score.error,
        fault=score.fault,
        raw=score.raw,
        raw_error=score.raw_error,
        numbers=dict(score.numbers),
        grades=list(score.grades),
        feedback=text_id(score.feedback) if score.feedback else "",
        **{"reused": False, "seconds": 0.0, **more},
    )


def texts_of(program: Program, score: Score) -> list[str]:
    """What its record names."""
    return [program.source, *([score.feedback] if score.feedback else [])]
