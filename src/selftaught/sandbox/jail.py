"""The sandbox of any tier: a few warm workers, and a fresh guest from one of them for each program."""

import itertools
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TypeVar

from selftaught.core.ahead import guess_here, not_wanted
from selftaught.core.contracts import Program, Verdict
from selftaught.core.errors import SandboxError, UsageError
from selftaught.core.line import IMPROVER
from selftaught.guest import wire
from selftaught.guest.warm import is_plain
from selftaught.sandbox import cgroups, workshop
from selftaught.sandbox.broker import Broker, Turns
from selftaught.sandbox.contract import Done, Improving, Job, Limits, Outcome, Provided, Value
from selftaught.sandbox.conversation import Ended, Guest, Question, outcome_of
from selftaught.sandbox.packing import pack_call
from selftaught.sandbox.provided import NOTHING, View, find_packages, put_files, remove_files
from selftaught.sandbox.tiers.tier import Tier
from selftaught.sandbox.worker import Handle, Profile, Worker, WorkerEnded

Seen = TypeVar("Seen")
_CALLS_OF_AN_ITERATOR = 1 << 20
"""So many are allowed for by the last net under the clocks, where their number is not known."""
_SWIFT_SECONDS = 0.005
"""A guest whose last answer was graded in less computes unseen meanwhile: a tenth of the time between two looks."""
_PLAIN_GUESTS = 64
"""So many plain guests pay for a zygote of their own: it takes a tenth of a second to start, and saves a millisecond or
two for each. Until then the other one forks them."""
_ADDRESS_SPACE = 2
"""Address space for each byte of memory: what is really held is looked at from outside, this is the hard end."""


@dataclass(frozen=True)
class _Found:
    """What guests find: what is provided for them to read; and whether they are plain, and find no numpy imported."""

    provided: Provided = Provided()
    plain: bool = False


@dataclass
class _Pool:
    """The workers whose guests find the same."""

    view: View
    workers: list[Worker]


class Jail:
    """Implements `Sandbox`. A context manager: leaving it ends every worker and guest.

    `workers`: guests that compute at once, and the most zygotes; as many as cores unless said otherwise. Another
    zygote is started when more guests compute than there are zygotes: it takes a fifth of a second of CPU time.
    """

    def __init__(self, tier: Tier, workers: int | None = None) -> None:
        count = workers or len(os.sched_getaffinity(0))
        self.tier_in_force = tier
        self._turns = Turns(count)
        self._lock = threading.Lock()
        self._closed = False
        self._pools = {_Found(): _Pool(NOTHING, [Worker(tier)])}  # the others start when they are first needed
        self._plain_guests = 0
        self._count = count
        self._next = itertools.count()

    @property
    def tier(self) -> str:
        return self.tier_in_force.name

    @property
    def layers(self) -> tuple[str, ...]:
        """The isolation layers of a guest, outermost first."""
        bounded = all(cgroups.in_force(pid) for pid in self.worker_pids())
        return (*((cgroups.LAYER,) if bounded else ()), *self.tier_in_force.layers)

    def worker_pids(self) -> list[int]:
        """The zygotes' process numbers, as seen from here: for looking at them from outside."""
        with self._lock:
            return [worker.pid for pool in self._pools.values() for worker in pool.workers]

    def __enter__(self) -> "Jail":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all workers and guests; programs that still run raise SandboxError in their callers."""
        with self._lock:
            self._closed = True
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            for worker in pool.workers:
                worker.close()
            remove_files(pool.view.folder)

    def call(self, program: Program, entry: str, arguments: Sequence[Value], limits: Limits) -> Outcome:
        """One call, in a guest of its own."""
        (outcome,) = self.run(program, entry, [arguments], limits, seed=0)
        return outcome

    def work(self, job: Job) -> Done:
        """Evaluate a whole program. Raises NoSandbox where this tier has no workshop."""
        self._turns.take()
        try:
            return workshop.work(self.tier, job)
        finally:
            self._turns.give()

    def look_at_a_guest(self, look: Callable[[Handle], Seen]) -> Seen:
        """What `look` sees of a guest that has loaded a program, and so has locked itself in."""
        limits = Limits(load_cpu_seconds=10.0)
        guest, _ = self._loaded(
            wire.Load("def f(): ...", "f", 0, None), limits, _profile(limits, 1, "solution"), _Found()
        )
        try:
            return look(guest.handle)
        finally:
            guest.end()

    def run(
        self,
        program: Program,
        entry: str,
        calls: Iterable[Sequence[Value]],
        limits: Limits,
        *,
        seed: int,
        improving: Improving | None = None,
    ) -> Iterator[Outcome]:
        load = wire.Load(program.source, entry, seed, dict(improving.facts) if improving else None)
        count = len(calls) if isinstance(calls, Sequence) else _CALLS_OF_AN_ITERATOR
        profile = _profile(limits, count, "improver" if improving else "solution")
        if improving:
            questions = _questions(calls)
            found = _found(load, limits, questions)
            for question in questions:
                yield self._improve(load, question, limits, profile, found, improving)
        else:
            yield from self._solve(load, calls, limits, profile)

    def _solve(
        self, load: wire.Load, calls: Iterable[Sequence[Value]], limits: Limits, profile: Profile
    ) -> Iterator[Outcome]:
        """Calls that are not known yet are waited for, and others compute meanwhile.

        Of those that are known the next goes in as soon as the last is answered, so that the guest computes while that
        is decoded and graded. Not where that takes so long that the guest would be out of sight. No earlier either:
        a guest that had two calls at once could fit its answer to one to what it reads in the other, and would have
        the time of both for either.
        """
        waits = not isinstance(calls, Sequence)
        guest: Guest | None = None
        holds_turn = swift = False
        try:
            if not waits:  # they are written down only when it is their turn: many may wait, with large arguments
                self._turns.take()
                holds_turn = True
            questions = _questions(calls)
            found = _found(load, limits, questions)
            for call, following in (pairs := _with_next(questions)):
                if not holds_turn:
                    self._turns.take()
                    holds_turn = True
                trouble: Outcome | None = None
                if guest is None:
                    guest, trouble = self._loaded(load, limits, profile, found)
                following = following if swift and not limits.fresh_guest_per_call else None
                outcome = trouble or self._call(guest, call, following, limits)
                if outcome is None:  # its worker died, by no fault of the program's: once more, from another worker
                    guest.end()
                    guest, failed = self._loaded(load, limits, profile, found)
                    outcome = failed or self._call(guest, call, following, limits)
                    if outcome is None:
                        raise SandboxError("a sandbox worker died twice while one program ran; is memory short?")
                if limits.fresh_guest_per_call:
                    guest.end()
                if not guest.alive:
                    guest = None
                if waits:
                    self._turns.give()
                    holds_turn = False
                began = time.monotonic()
                yield outcome
                swift = time.monotonic() - began < _SWIFT_SECONDS
                if trouble is not None:  # it would fail to load each time
                    yield from (trouble for _ in pairs)
        finally:
            if guest is not None:
                guest.end()
            if holds_turn:
                self._turns.give()

    def _call(self, guest: Guest, call: Question, following: Question | None, limits: Limits) -> Outcome | None:
        """How one call ended; None if the worker died under it. A guest that is over is ended."""
        try:
            return outcome_of(*guest.exchange(call, limits.cpu_seconds, following=following))
        except Ended as ended:
            spent = max(0.0, guest.last_cpu() - guest.began_cpu_seconds)
            guest.end()
            return Outcome(ended.verdict, None, ended.note, spent)
        except WorkerEnded:
            if self._closed:
                raise
            return None

    def _improve(
        self, load: wire.Load, call: Question, limits: Limits, profile: Profile, found: _Found, improving: Improving
    ) -> Outcome:
        self._turns.take(IMPROVER)
        broker: Broker | None = None
        guest: Guest | None = None
        try:
            not_wanted()  # what was dropped while it waited is not begun
            guest, trouble = self._loaded(load, limits, profile, found)
            if trouble is not None:
                return trouble
            guess = guess_here()
            with guess.ended_by(guest.kill) if guess else nullcontext():
                broker = Broker(guest, improving, self._turns)
                return outcome_of(*broker.converse(call, limits.cpu_seconds))
        except Ended as ended:
            not_wanted()  # it may have been ended because nothing will request it: that is no verdict
            return Outcome(ended.verdict, None, ended.note)
        finally:
            if guest is not None:
                guest.end()
            if broker is None:
                self._turns.give()

    def _loaded(self, load: wire.Load, limits: Limits, profile: Profile, found: _Found) -> tuple[Guest, Outcome | None]:
        """A guest that has loaded its program; or one that has not, and the outcome that says why."""
        try:
            return self._loaded_once(load, limits, profile, found)
        except WorkerEnded:
            if self._closed:
                raise
            return self._loaded_once(load, limits, profile, found)  # from another worker: nothing was answered yet

    def _loaded_once(
        self, load: wire.Load, limits: Limits, profile: Profile, found: _Found
    ) -> tuple[Guest, Outcome | None]:
        worker = self._worker(found)
        guest = Guest(worker, worker.take(profile, gives_way=guess_here() is not None), limits)
        try:
            answer, cpu_seconds = guest.exchange(Question.of(load), limits.load_cpu_seconds)
        except Ended as ended:
            return guest, Outcome(ended.verdict, None, f"while loading: {ended.note}")
        if isinstance(answer, wire.Loaded):
            return guest, None
        if isinstance(answer, wire.Returned):
            return guest, Outcome(
                Verdict.PROTOCOL_ERROR, None, "while loading: answered what it was not asked", cpu_seconds
            )
        if isinstance(answer, wire.Raised) and not answer.kind:
            return guest, Outcome(Verdict.NO_PROGRAM, None, f"it defines no function {load.entry}", cpu_seconds)
        outcome = outcome_of(answer, cpu_seconds)
        verdict = Verdict.NO_PROGRAM if outcome.verdict is Verdict.CRASHED else outcome.verdict
        return guest, Outcome(verdict, None, f"while loading: {outcome.note}", cpu_seconds)

    def _worker(self, found: _Found) -> Worker:
        """Raises UsageError where the packages are not installed, or do not import."""
        with self._lock:
            if self._closed:
                raise SandboxError("the sandbox is closed")
            self._plain_guests += found.plain
            if self._plain_guests <= _PLAIN_GUESTS:
                found = replace(found, plain=False)
            pool, provided = self._pools.get(found), found.provided
            if pool is None:
                view = replace(find_packages(provided.packages), folder=put_files(provided))
                if view.folder:
                    view = replace(view, readable=(*view.readable, view.folder))
                pool = self._pools[found] = _Pool(view, [])
            pool.workers = [worker for worker in pool.workers if worker.alive]
            if len(pool.workers) < max(1, min(self._count, self._turns.held)):
                pool.workers.append(self._started(pool.view, found))
                return pool.workers[-1]
            return pool.workers[next(self._next) % len(pool.workers)]

    def _started(self, view: View, found: _Found) -> Worker:
        try:
            return Worker(self.tier_in_force, view, plain=found.plain)
        except SandboxError as error:
            if not found.provided.packages:
                raise
            packages = ", ".join(found.provided.packages)
            raise UsageError(f"PACKAGES {packages} cannot be imported in the sandbox: {error}") from error


def _questions(calls: Iterable[Sequence[Value]]) -> Iterable[Question]:
    """What is wrong with arguments that are there is found before any of them is answered."""
    questions = map(Question.written, map(pack_call, calls))
    return list(questions) if isinstance(calls, Sequence) else questions


def _with_next(questions: Iterable[Question]) -> Iterator[tuple[Question, Question | None]]:
    """Each, and the one after it where that is known."""
    if isinstance(questions, list):
        return zip(questions, [*questions[1:], None], strict=True)
    return ((question, None) for question in questions)


def _found(load: wire.Load, limits: Limits, questions: Iterable[Question]) -> _Found:
    """What guests for these must find."""
    plain = (
        limits.provided == Provided()
        and isinstance(questions, list)
        and is_plain(load.source)
        and not any(wire.holds_array(question.frame) for question in questions)
    )
    return _Found(limits.provided, plain)


def _profile(limits: Limits, calls: int, filter: str) -> Profile:
    """The last net under the clocks, RLIMIT_CPU, in powers of two: few profiles, so that guests wait ready for each."""
    total = limits.load_cpu_seconds + limits.cpu_seconds * max(1, calls) + 1
    return Profile(filter, _ADDRESS_SPACE * limits.memory_bytes, 1 << math.ceil(math.log2(total)))
