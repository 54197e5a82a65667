"""The record of a run as its wrappers use it: addresses, what is on record under them, and what is new.

Each piece of work is put on record before its answer is handed on, and before anything that may depend on it leaves the
process, such as a question to a model or a line on the screen, all of it is on the platter (law 4). Started again, a
run asks the same questions at the same addresses and gets the recorded answers.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import msgspec

from selftaught.core.address import Addresses, here, working_at
from selftaught.core.ahead import Guess, guess_here, guessing
from selftaught.core.contracts import Program, Score, Utility, Verdict
from selftaught.core.layout import layout_digest
from selftaught.core.money import Amount
from selftaught.core.suspicion import suspicious_text, suspicious_verdict
from selftaught.core.varying import may_vary
from selftaught.core.within import Within
from selftaught.middleware.on_record import OnRecord
from selftaught.runs.records import (
    OFTEN,
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


class Held:
    """What a guess that asks a model would put on record, kept back until somebody asks for the guess.

    What was paid for is not kept back; and of a guess that nobody asked for the rest never comes on record, but for
    what is suspicious. From any thread.
    """

    def __init__(self, write: Callable[..., None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._kept: list[tuple[Record, tuple[str, ...], bool]] = []
        self._wanted: bool | None = None

    def keeps(self, record: Record, texts: tuple[str, ...], *, once: bool) -> bool:
        """Whether it is not recorded now."""
        if isinstance(record, Tried) or (isinstance(record, Answered) and not record.shared):
            return False
        with self._lock:
            if self._wanted is None:
                self._kept.append((record, texts, once))
            return self._wanted is None or not (self._wanted or isinstance(record, Noticed))

    def release(self) -> None:
        """It was requested: everything is recorded, in its order."""
        self._end(wanted=True)

    def close(self) -> None:
        """Nobody will."""
        self._end(wanted=False)

    def _end(self, *, wanted: bool) -> None:
        with self._lock:
            if self._wanted is not None:
                return
            self._wanted, kept = wanted, self._kept
            self._kept = []
            for record, texts, once in kept:
                if wanted or isinstance(record, Noticed):
                    self._write(msgspec.structs.replace(record, time=time.time()), *texts, once=once)


@dataclass(eq=False)
class _Known:
    """A score that is known, or being made.

    `guess`: where it was begun before anybody asked, or within a guess. `claimed`: somebody asked for it, `by`: at this
    address, first. Of what was begun before: the name of the `utility`, the `program`, and `place`, the work in which
    it was begun; `held`: what is not on record yet, of one that asks a model; `within`: the same of the guess that it
    is a part of.
    """

    score: Future[Score] = field(default_factory=Future)
    guess: Guess | None = None
    claimed: bool = True
    by: str = ""
    utility: str = ""
    program: Program | None = None
    place: str = ""
    held: Held | None = None
    within: Held | None = None

    def claim(self, by: str) -> None:
        """Somebody asks for it, at this address."""
        if not self.claimed:
            self.claimed, self.by = True, by

    def ask(self) -> bool:
        """The work in this context asks for it; whether other work did before."""
        before = self.claimed
        if (asker := guess_here()) is None:
            self.claim(here())
        else:
            asker.when_wanted(partial(self.claim, here()))
        return before


_OFTEN = (Answered, Scored, Applied, Noticed)
"""What an improver does, again and again: nobody waits for the disk in between."""
Kind = TypeVar("Kind", Answered, Scored, Applied, Measured, Approved, Probed)
Known = TypeVar("Known", Measured, Stepped)

asking: ContextVar["tuple[Recorder, str] | None"] = ContextVar("selftaughtasking", default=None)
"""The recorder and the role for which a model is being asked in this context."""
_held: ContextVar[Held | None] = ContextVar("selftaught_held", default=None)
"""Of the guess in this context."""


def note_failed_attempt(error: str, seconds: float, wait_seconds: float, cost: Amount, kind: str) -> None:
    """Put on record that an attempt to get the response that is being asked for failed, and what it may have cost.

    `wait_seconds`: until the next; 0 if there is none. `kind`: of failure, in one word.
    """
    current = asking.get()
    if current is not None:
        recorder, role = current
        recorder.tried(role, error, seconds, wait_seconds, cost, kind)


class Recorder:
    """Hands out addresses, and what an earlier start of this run left under them. From any thread.

    `watch` is shown every record as it is written, for a progress display; on resume also the found ones of which a run
    has a few (not `OFTEN`). `feedback`: what another run of the same got at an address; it is used again, because times
    differ.
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
        self._record = OnRecord(store)
        self._scores: dict[tuple[str, str], _Known] = {}
        """That are being made, or not on record yet."""
        self._layouts: dict[tuple[str, str], Program] = {}
        """Of programs that differ in layout alone the first, until its score is on record."""
        self._guessed: list[_Known] = []
        self._run = ""
        self._purchases = threading.Condition()
        self._buying = 0

    def _known(self, utility: str, which: str) -> _Known | None:
        """A score that is being made, or is on record. `which`: the program's id, or an address."""
        with self._lock:
            known = self._scores.get((utility, which))
        if known is not None or (found := self._record.score(utility, which)) is None:
            return known
        record, claimed = found
        known = _Known(claimed=claimed, guess=None if claimed else Guess())
        known.score.set_result(score_of(record, self.store))
        if claimed:
            return known
        with self._lock:  # those that ask for it at once are to find the same
            return self._scores.setdefault((utility, which), known)

    def address(self, kind: str, *content: str) -> str:
        """Where this piece of work stands on record, asked for once more."""
        return self._addresses.next(kind, *content)

    def found(self, at: str, kind: type[Kind]) -> Kind | None:
        """The record at this address, if the work was finished by an earlier start."""
        record = self._record.find(at)
        if not isinstance(record, kind):
            return None
        if not isinstance(record, OFTEN):
            self._watch(record)
        return record

    def on_record(self, at: str, kind: type[Known]) -> Known | None:
        """The record at this address, from any start; it is not shown again."""
        record = self._record.find(at)
        return record if isinstance(record, kind) else None

    @property
    def run(self) -> str:
        """Which run it is; "" for a record that no run made."""
        if not self._run:  # asked for with each question, and to look into the record is to wait for its writer
            first = self._record.find("/session#0")
            self._run = run_id(self.store.path.parent.name, first) if isinstance(first, Session) else ""
        return self._run

    @property
    def t(self) -> int:
        """Towards which I_t work is done: the first that is not known yet."""
        return self._record.steps

    def write(self, record: Record, *texts: str, once: bool = False) -> None:
        """Record it; an existing record stays unchanged. Everything that a person sees is on disk.

        The work of a guess that asks a model is recorded when its score is requested (`Held`). `once`: it is a score
        that is run once for all that ask.
        """
        held = _held.get()
        if held is None or not held.keeps(record, texts, once=once):
            self._write(record, *texts, once=once)

    def _write(self, record: Record, *texts: str, once: bool = False) -> None:
        new = self._record.take(record)
        if once and isinstance(record, Scored):
            record = self._as_asked_for(record)
        if new:
            if isinstance(record, _OFTEN):
                self.store.put(record, texts, soon=isinstance(record, Scored))  # most often a question comes next
            else:
                self.store.append(record, texts)
        if isinstance(record, Scored):
            self._let_go(record)
        if new or not isinstance(record, OFTEN):
            self._watch(record)

    def _as_asked_for(self, record: Scored) -> Scored:
        """Reused or not by who was the first to ask for it, whoever was the first to make it: guesses ask in vain."""
        if record.fault:
            return record
        with self._lock:
            known = self._scores.get((record.utility, record.program))
            if known is not None:
                known.claim(record.at)
                reused = known.by != record.at
            else:
                reused = record.reused or self._record.claimed(record.utility, record.program)
        return msgspec.structs.replace(record, reused=reused, ahead=record.ahead and not reused)

    def _let_go(self, record: Scored) -> None:
        """The record has it now: a long run does not keep all scores and programs in memory."""
        if record.fault:
            return
        self._record.note(record)
        with self._lock:
            for key in ((record.utility, record.program), (record.utility, record.at)):
                known = self._scores.get(key)
                if known is not None and known.score.done():
                    del self._scores[key]
            first = self._layouts.get((record.utility, record.layout))
            if first is not None and first.id == record.program:
                del self._layouts[record.utility, record.layout]

    def barrier(self) -> None:
        """All that is on record is on the platter when this returns: what comes next may leave the process."""
        self.store.barrier()

    def notice(self, at: str, program: Program, verdict: Verdict, note: str) -> None:
        """Record suspicious facts about a program or its end; before the work's own record, or never."""
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
        number = next(n for n in itertools.count() if not self._record.has(f"{at}/tried#{n}"))
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
        known = self._known(utility, program.id)
        if known is None or not known.claimed or not known.score.done() or known.score.exception() is not None:
            return None
        return known.score.result()

    def score_once(self, utility: Utility, program: Program, at: str = "") -> tuple[Score, bool, bool]:
        """A score that is run once; whether an earlier request answered, and whether it was begun before any.

        Once for equal programs, of a deterministic utility; or once at this address. Those that ask while it runs wait
        for it. Who is the first to ask for what was guessed has it as if it had been run now; a guess that failed does
        not count.
        """
        key = utility.name, at or program.id
        while True:
            known = self._known(*key)
            with self._lock:
                if known is None and key not in self._scores and not self._record.knows(*key):
                    piece = Guess.piece()
                    self._scores[key] = ours = _Known(guess=piece, claimed=piece is None, by="" if piece else here())
                    break
            if known is None:  # another has begun it meanwhile, or even finished it
                continue
            reused = known.ask()
            if known.guess is None:
                return known.score.result(), True, False
            known.guess.ask()
            with suppress(Exception):
                return known.score.result(), reused, True
        if piece is not None:
            piece.when_wanted(partial(ours.claim, here()))
        with guessing(piece):
            self._settle(key, ours, lambda: utility(program))
        return ours.score.result(), False, False

    def first_of_its_layout(self, utility: str, program: Program, layout: str) -> Program:
        """The program that was scored, or was to be, before all others that have the same digest; maybe this one."""
        with self._lock:
            first, scored = self._layouts.get((utility, layout)), self._record.layout(utility, layout)
            if first is None and not scored:
                first = self._layouts[utility, layout] = program
        return first or Program(self.store.text(scored))

    def score_of_twin(self, utility: str, program: Program, twin: Program) -> tuple[Score, bool] | None:
        """The score of a program that the utility cannot tell from this one, if all went well with it.

        And whether an earlier request was for it: what was guessed is given as if this one had been run now. Waits for
        it where it is being made. None where it is not known, or this one has a score of its own; and of
        failures, whose feedback has lines of the text.
        """
        known = self._known(utility, twin.id)
        with self._lock:
            own = (utility, program.id) in self._scores or self._record.knows(utility, program.id)
        if known is None or own:
            return None
        if known.guess is not None:
            known.guess.ask()
        try:
            score = known.score.result()
        except Exception:  # who asks for that one makes it good, or hears of it
            return None
        if score.verdict is not Verdict.OK or score.fault:
            return None
        with self._lock:
            self._scores.setdefault((utility, program.id), known)
        return score, known.ask()

    def score_ahead(
        self, utility: Utility, read: Callable[[], Program | None], at: Callable[[Program], str] | None = None
    ) -> None:
        """Make a utility's score of what `read` gives, before anybody asks for it. Raises what the utility does.

        Of a deterministic utility; or, where it asks a model, that which is asked for first `at` an address. It is on
        record at the end of the work at whose address it is done, if nobody has asked by then.
        """
        program = read()
        if program is None or (at is None and may_vary(program)):
            return
        address = at(program) if at else ""
        key = utility.name, address or program.id
        ours = _Known(guess=(guess := Guess()), claimed=False, utility=utility.name, program=program, place=here())
        held, ours.within = Held(self._write) if at else None, _held.get()
        ours.held = held
        begun = bool(address) and self._record.has(address)
        with self._lock:
            if begun or self._record.knows(*key) or self._scores.setdefault(key, ours) is not ours:
                return
            self._guessed.append(ours)
        if held is not None:
            guess.when_wanted(held.release)
        with guessing(guess), Within(_held, held or ours.within):
            self._settle(key, ours, lambda: utility(program))

    def _settle(self, key: tuple[str, str], ours: _Known, score: Callable[[], Score]) -> None:
        try:
            ours.score.set_result(score())
        except BaseException as error:
            self._addresses.forget(key[1])  # what was done there is asked for again, and found
            with self._lock:
                del self._scores[key]  # our failure, not the program's score
            ours.score.set_exception(error)
            raise

    def note_guesses(self, place: str = "") -> None:
        """Put on record which scores were made at this address, or anywhere, that nobody has asked for.

        Those that ask a model are not made any further.
        """
        with self._lock:
            here_guessed = [known for known in self._guessed if place in ("", known.place)]
            over = [known for known in here_guessed if known.claimed or known.score.done() or known.held is not None]
            self._guessed = [known for known in self._guessed if known not in over]
        for known in over:
            if known.claimed or known.guess is None or known.program is None:
                continue
            if known.held is not None:
                known.guess.drop()
                known.held.close()
            if known.score.done() and known.score.exception() is None:
                with working_at(known.place):
                    at = self.address("guessed", known.utility, known.program.id)
                score = known.score.result()
                layout = layout_digest(known.program)
                shared = (known.utility, layout) in self._layouts or self._record.layout(known.utility, layout)
                shares = layout if shared else ""
                told = scored_record(at, known.utility, known.program, score, guessed=True, layout=shares)
                with Within(_held, known.within):  # whoever ends it: a part of what nobody asked for is not on record
                    self.write(told, *texts_of(known.program, score))

    def end_guesses(self) -> None:
        """At the end: guesses are over, and what was being bought for them is on record when this returns."""
        self.note_guesses()
        with self._purchases:
            self._purchases.wait_for(lambda: not self._buying)

    @contextmanager
    def buying(self) -> Iterator[None]:
        """Within the block something is bought of a model, and put on record."""
        with self._purchases:
            self._buying += 1
        try:
            yield
        finally:
            with self._purchases:
                self._buying -= 1
                self._purchases.notify_all()

    def score_anew(self, utility: Utility, program: Program) -> Score:
        """Run it, even if its score is known. `score_on_record` knows the first one."""
        score, key = utility(program), (utility.name, program.id)
        with self._lock:
            if not self._record.knows(*key):
                known = self._scores.setdefault(key, _Known())
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
    """The score as a record, with `more` fields."""
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
