"""A sandbox over the nodes of a cluster: who gets which program, and who gets it next when a node is lost."""

import itertools
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from importlib import metadata

import msgspec

from selftaught.core import errors
from selftaught.core.contracts import Program, Score
from selftaught.core.errors import NoSandbox, SandboxError
from selftaught.core.line import SCORE, Line, Waiter
from selftaught.sandbox.contract import Done, Improving, Job, Limits, Outcome, Provided, Scene, Value
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.packing import Packed, name_of, pack_call, pack_limits, unpack_outcome
from selftaught.wiring.executors.packets import (
    Batch,
    Begin,
    Facts,
    Failed,
    Files,
    Forgotten,
    FromNode,
    Hello,
    More,
    Packet,
    Play,
    Played,
    Ready,
    from_node,
    pack,
)
from selftaught.wiring.executors.ray import Lost, Place, Ray, Remote

_LOG = logging.getLogger("selftaught.cluster")
_MOST_LOSSES = 3
"""Nodes that one program may lose in a row, and processes that one node may: it may be their doing."""
_LOOK_SECONDS = 1.0
_BUSY_SECONDS = 30.0
"""So long a run waits for a free CPU before it begins."""
_START_SECONDS = 90.0
_HEAD_SECONDS = 30.0
"""How long the head of the cluster may say nothing. After 60 s Ray ends this whole process, with no word of ours."""
_SILENT_SECONDS = 30.0
"""How long our process on a node may answer nothing at all, not even that it is there."""
_NOBODY_SECONDS = 60.0
"""How long a program waits for a node if none remains."""
_MOST_REMEMBERED = 64 << 20
"""Bytes of a conversation that are kept, to repeat it on another node."""
_FEWEST_KEPT = 4 << 10
"""Bytes of the calls of a score: fewer are sent each time."""
_KINDS = {kind.__name__: kind for kind in (errors.TaskError, errors.UsageError, NoSandbox, SandboxError)}


@dataclass
class _Member:
    """A node at work. `capacity`: programs that compute there at once, and one that is ready to."""

    place: Place
    remote: Remote
    pid: int
    capacity: int
    under_way: int = 0
    lost: bool = False
    useful: bool = False
    silent_seconds: float = 0.0
    knows: set[str] = field(default_factory=set)
    teaching: threading.Lock = field(default_factory=threading.Lock)


class Cluster:
    """Implements `OpenSandbox`, `HasStage` and `HasWorkshop`. A context manager: leaving it ends every guest.

    `engine` and `jail`, the sandbox of this machine, are closed with it. In the jail run improvers, programs that ask a
    model, and workshops.
    Raises NoSandbox where no node can be used.
    """

    def __init__(self, engine: Ray, jail: Jail) -> None:
        self._engine, self._jail = engine, jail
        self._change = threading.Condition()
        self._line = Line(self._more_urgent)
        self._members: dict[str, _Member] = {}
        self._losses: Counter[str] = Counter()
        self._refused: dict[str, str] = {}
        self._said: set[str] = set()
        self._numbers = itertools.count()
        self._begun = self._closed = False
        self._failed = ""
        self._heard = 0
        self._hello = Hello(jail.tier, 1, Facts.here())
        self._join_all()
        self._begun = True
        for work in (self._watch, self._listen):
            threading.Thread(target=work, name="cluster", daemon=True).start()

    @property
    def tier(self) -> str:
        return self._jail.tier

    @property
    def layers(self) -> tuple[str, ...]:
        """Of a guest on this machine; a node with another tier is not used."""
        return self._jail.layers

    @property
    def nodes(self) -> list[str]:
        """The names of those at work."""
        with self._change:
            return [member.place.name for member in self._members.values()]

    def pids(self) -> dict[str, int]:
        """The numbers of our processes on the nodes, by the nodes' ids: for looking at them from outside."""
        with self._change:
            return {id: member.pid for id, member in self._members.items()}

    def under_way(self) -> dict[str, int]:
        """How many programs each node has at the moment, by the nodes' ids: likewise."""
        with self._change:
            return {id: member.under_way for id, member in self._members.items()}

    def waiting(self) -> int:
        """How many programs wait for a node: likewise."""
        with self._change:
            return len(self._line)

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End what runs, here and on every node; its callers get a SandboxError."""
        with self._change:
            was_open, self._closed = not self._closed, True
            members = list(self._members.values())
            self._change.notify_all()
        if was_open:
            for member in members:
                member.remote.kill()
            self._jail.close()
            self._engine.close()

    def work(self, job: Job) -> Done:
        """In a workshop of this machine."""
        return self._jail.work(job)

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
        if improving is not None:  # it asks who is here
            return self._jail.run(program, entry, calls, limits, seed=seed, improving=improving)
        work = _Work(program, entry, limits, seed)
        return self._score(work, calls) if isinstance(calls, Sequence) else self._converse(work, calls)

    def _score(self, work: "_Work", calls: Sequence[Sequence[Value]]) -> Iterator[Outcome]:
        bodies = [pack_call(arguments) for arguments in calls]
        kept = name_of(calls, bodies) if sum(map(len, bodies)) >= _FEWEST_KEPT else ""
        losses, done = 0, 0
        while True:
            member = self._take()
            number = next(self._numbers)
            ended = False
            try:
                fresh = work.limits.fresh_guest_per_call
                if fresh and done:
                    begin = work.begin(number, bodies[done:], 0, waits=False)
                else:
                    begin = work.begin(number, bodies, 0 if fresh else done, waits=False, kept=kept)
                batch = self._first(member, work, begin)
                while True:
                    for answered in batch.outcomes:
                        done += 1
                        yield unpack_outcome(answered)
                    if batch.over:
                        ended = True
                        return
                    batch = self._asked(member, "more", More(number, None))
            except _Again as again:
                ended, losses = True, losses + 1
                self._think_again(losses, again)
            finally:
                self._give(member, number, ended)

    def _converse(self, work: "_Work", calls: Iterable[Sequence[Value]]) -> Iterator[Outcome]:
        """One guest answers, call by call."""
        talk = _Talk(keeps=not work.limits.fresh_guest_per_call)
        try:
            for arguments in calls:
                body = pack_call(arguments)
                answered = self._exchange(work, talk, body)
                talk.add(body)
                yield unpack_outcome(answered)
        finally:
            if talk.member is not None:
                with suppress(Lost):
                    talk.member.remote.tell("drop", talk.number)

    def _exchange(self, work: "_Work", talk: "_Talk", body: bytes) -> Packed:
        """A place on the node is held only while the guest computes: the driver may take its time between two calls."""
        for losses in itertools.count(1):
            member = self._take(talk.member)
            try:
                if talk.member is not None:
                    batch = self._asked(member, "more", More(talk.number, body))
                else:
                    talk.number = next(self._numbers)
                    begin = work.begin(talk.number, [*talk.said, body], len(talk.said), waits=True)
                    batch = self._first(member, work, begin)
                talk.member = member
                (answered,) = batch.outcomes
                return answered
            except _Again as again:
                talk.member = None
                self._think_again(losses, again)
            finally:
                self._release(member)
        raise AssertionError  # the count has no end

    def play(self, scene: Scene) -> Score | None:
        files = _files(scene.provided)
        told = {name: value for name, value in vars(scene).items() if name != "provided"}
        for losses in itertools.count(1):
            member = self._take()
            try:
                self._teach(member, files)
                answer = self._answer(member, "play", Play(told, files.key))
                if not isinstance(answer, Played):
                    raise _Again(f"{member.place.name} spoke out of turn")
                return answer.score
            except _Again as again:
                self._think_again(losses, again)
            finally:
                self._release(member)
        raise AssertionError  # the count has no end

    def _think_again(self, losses: int, again: "_Again") -> None:
        if self._closed or self._failed:
            raise SandboxError(self._failed or "the sandbox is closed") from again
        if losses >= _MOST_LOSSES:
            raise SandboxError(
                f"a program was tried on {losses} nodes, and each time the node failed; the last: {again}. It may be "
                "the program's doing (is memory short there?)"
            ) from again

    def _first(self, member: _Member, work: "_Work", begin: Begin) -> Batch:
        """What a node was sent before it is not sent again, unless it has kept it no more."""
        self._teach(member, work.provided)
        if begin.kept and begin.kept in member.knows:
            answer = self._answer(member, "begin", msgspec.structs.replace(begin, calls=[]))
            if not isinstance(answer, Forgotten):
                return _batch(member, answer)
        batch = self._asked(member, "begin", begin)
        if begin.kept:
            member.knows.add(begin.kept)
        return batch

    def _teach(self, member: _Member, files: Files) -> None:
        """What guests may read goes to a node once."""
        with member.teaching:
            if files.key and files.key not in member.knows:
                self._asked(member, "files", files)
                member.knows.add(files.key)

    def _asked(self, member: _Member, what: str, packet: Packet) -> Batch:
        return _batch(member, self._answer(member, what, packet))

    def _answer(self, member: _Member, what: str, packet: Packet) -> Batch | Played | Forgotten:
        """Raises _Again if another node should be asked; what the node failed at, if no other would do better."""
        body = pack(packet)
        try:
            answer = from_node(member.remote.ask(what, body))
        except Lost as error:
            self._lose(member, str(error))
            raise _Again(f"{member.place.name}: {error}") from error
        except msgspec.MsgspecError as error:
            raise _Again(f"{member.place.name} answered what is no answer: {error}") from error
        if isinstance(answer, (Batch, Played, Forgotten)):
            member.useful = True
            return answer
        kind, text = (answer.kind, answer.text) if isinstance(answer, Failed) else ("SandboxError", "spoke out of turn")
        if kind == "SandboxError":
            raise _Again(f"{member.place.name}: {text}")
        raise _KINDS.get(kind, SandboxError)(f"on the node {member.place.name}: {text}")

    def _take(self, bound: _Member | None = None) -> _Member:
        """A node with room for one more, the least busy one; or room on that one. Raises SandboxError.

        The most urgent work takes first: guesses wait for what was asked for.
        """
        waiter = self._line.waiter(SCORE)
        over = self._line.follow(waiter)
        try:
            with self._change:
                if bound is None:
                    self._line.push(waiter)
                return self._taken(waiter, bound)
        finally:
            over()
            with self._change:
                self._line.leave(waiter)
                self._change.notify_all()  # it is another's turn now

    def _taken(self, waiter: Waiter, bound: _Member | None) -> _Member:
        """Locked, but for the wait."""
        since: float | None = None
        while True:
            if self._closed or self._failed:
                raise SandboxError(self._failed or "the sandbox is closed")
            if bound is not None and bound.lost:
                bound.under_way += 1
                return bound  # asking it tells that it is lost
            members = [bound] if bound is not None else list(self._members.values())
            free = [member for member in members if member.under_way < member.capacity]
            if free and (bound is not None or self._line.first() is waiter):
                found = min(free, key=lambda member: member.under_way / member.capacity)
                found.under_way += 1
                return found
            since = time.monotonic() if since is None or members else since
            if not members and time.monotonic() - since > _NOBODY_SECONDS:
                raise SandboxError(f"the cluster has no node any more ({self._in_words()})")
            self._change.wait(_LOOK_SECONDS)

    def _more_urgent(self, waiter: Waiter) -> None:
        with self._change:
            if not waiter.gone:
                self._line.push(waiter)  # once more, further in front
                self._change.notify_all()

    def _release(self, member: _Member) -> None:
        with self._change:
            member.under_way -= 1
            self._change.notify_all()

    def _give(self, member: _Member, number: int, ended: bool) -> None:
        """A run that is finished, or wants no more results."""
        if not ended:
            with suppress(Lost):
                member.remote.tell("drop", number)
        self._release(member)

    def _lose(self, member: _Member, why: str) -> None:
        with self._change:
            was_there = not member.lost
            member.lost = True
            if was_there:
                del self._members[member.place.id]
                self._losses[member.place.id] = 1 if member.useful else self._losses[member.place.id] + 1
                again_and_again = self._losses[member.place.id] >= _MOST_LOSSES
            self._change.notify_all()
        member.remote.kill()
        if was_there and not self._closed and not self._failed:
            _LOG.warning("the node %s is lost (%s); its work goes to others", member.place.name, why)
            if again_and_again:
                self._refuse(member.place, f"our process ended there {_MOST_LOSSES} times; the last time: {why}")

    def _watch(self) -> None:
        """Late nodes are taken in, and lost ones let go."""
        joining = dict[str, threading.Thread]()
        while not self._closed:
            self._look_around(joining)
            with self._change:
                self._change.wait_for(lambda: self._closed, _LOOK_SECONDS)

    def _listen(self) -> None:
        """The head of the cluster is asked once a second; if it says nothing for too long, its work is given up.

        A stall of this process is none of the head's.
        """
        silent_seconds, heard = 0.0, self._heard
        while not self._closed and silent_seconds < _HEAD_SECONDS:
            with self._change:
                self._change.wait_for(lambda: self._closed, _LOOK_SECONDS)
            silent_seconds += _LOOK_SECONDS
            if self._heard != heard:
                silent_seconds, heard = 0.0, self._heard
        if self._closed:
            return
        with self._change:
            self._failed = (
                f"the head of the Ray cluster has said nothing for {_HEAD_SECONDS:.0f} s, and no node is of use "
                "without it: start the cluster again, or use `executor=local`; the record is kept, and can be resumed"
            )
            members = list(self._members.values())
            self._change.notify_all()
        for member in members:
            member.remote.leave()

    def _look_around(self, joining: dict[str, threading.Thread]) -> None:
        try:
            places = self._engine.places()
        except Lost:  # a thread that waits for a node gets the error there
            return
        self._heard += 1
        with self._change:
            alive = {place.id for place in places}
            gone = [member for id, member in self._members.items() if id not in alive]
            others = [member for id, member in self._members.items() if id in alive]
        for member in gone:
            self._lose(member, "the cluster says so")
        for member in others:
            self._hear(member)
        for place in self._open(places):
            at_it = joining.get(place.id)
            if not self._closed and not (at_it and at_it.is_alive()):
                joining[place.id] = threading.Thread(target=self._join, args=(place,), name="joining", daemon=True)
                joining[place.id].start()

    def _hear(self, member: _Member) -> None:
        """One that was stopped, or hangs, keeps its node in the cluster. A stall of this process is none of its."""
        try:
            member.silent_seconds = 0.0 if member.remote.heard() else member.silent_seconds + _LOOK_SECONDS
        except Lost as error:
            self._lose(member, str(error))
            return
        if member.silent_seconds >= _SILENT_SECONDS:
            self._lose(member, f"our process there has answered nothing for {_SILENT_SECONDS:.0f} s")

    def _join_all(self) -> None:
        """Of the nodes that are there now: all that have a free CPU, at the same time."""
        until = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                places = self._engine.places()
            except Lost as error:
                raise NoSandbox(f"the Ray cluster was lost before the run began: {error}") from error
            threads = [threading.Thread(target=self._join, args=(place,), daemon=True) for place in self._open(places)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            busy = [place for place in places if place.id not in self._refused]
            if self._members or not busy or time.monotonic() > until:
                break
            self._say_once("all CPUs of the cluster are reserved by others: waiting for one")
            time.sleep(_LOOK_SECONDS)
        if not self._members:
            self._closed = True
            raise NoSandbox(f"no node of the cluster can be used ({self._in_words()})")
        cpus = sum(member.capacity - 1 for member in self._members.values())
        _LOG.info(
            "guests run on %s of a cluster, up to %d at once: %s",
            "1 node" if len(self._members) == 1 else f"{len(self._members)} nodes",
            cpus,
            ", ".join(sorted(self.nodes)),
        )

    def _open(self, places: list[Place]) -> list[Place]:
        """Those that may be taken in. A node without a free CPU is, as soon as it has one."""
        with self._change:
            known = {*self._members, *self._refused}
        return [place for place in places if place.free and place.id not in known]

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            _LOG.warning(text)

    def _in_words(self) -> str:
        return "; ".join(dict.fromkeys(self._refused.values())) or "all their CPUs are reserved by others"

    def _join(self, place: Place) -> None:
        """Start our process on the node, and take it in if it is like us. A node that is not is named."""
        try:
            remote = self._engine.start(place)
        except Lost as error:
            self._refuse(place, f"our process does not start there: {error}")
            return
        workers = remote.cpus
        hello = msgspec.structs.replace(self._hello, workers=workers)
        try:
            answer = from_node(remote.ask("hello", pack(hello), _START_SECONDS))
        except (Lost, msgspec.MsgspecError) as error:
            remote.kill()
            self._refuse(place, str(error))
            return
        if not isinstance(answer, Ready):
            remote.kill()
            self._refuse(place, _why(answer))
            return
        with self._change:
            if self._closed:
                remote.kill()
                return
            self._members[place.id] = _Member(place, remote, answer.pid, workers + 1)
            self._change.notify_all()
        if self._begun:
            _LOG.info("the node %s has joined", place.name)

    def _refuse(self, place: Place, why: str) -> None:
        if self._closed:
            return
        self._refused[place.id] = f"{place.name}: {why}"
        _LOG.warning("the node %s is not used: %s", place.name, why)


class _Again(Exception):  # noqa: N818 - not an error: another node is asked
    """The node did not answer for the program."""


def _batch(member: _Member, answer: FromNode) -> Batch:
    if not isinstance(answer, Batch):
        raise _Again(f"{member.place.name} spoke out of turn")
    return answer


class _Work:
    """One program with what it is run with, as it is sent."""

    def __init__(self, program: Program, entry: str, limits: Limits, seed: int) -> None:
        self.program, self.entry, self.limits, self.seed = program, entry, limits, seed
        self.provided = _files(limits.provided)

    def begin(self, number: int, calls: list[bytes], skipped: int, *, waits: bool, kept: str = "") -> Begin:
        return Begin(
            number,
            self.program.source,
            self.entry,
            self.seed,
            pack_limits(self.limits),
            self.provided.key,
            calls,
            skipped,
            waits,
            kept,
        )


class _Talk:
    """A conversation with one guest, and what it was asked so far: its successor is asked the same.

    As long as that is not too much: then the successor begins anew, as it would here when a worker dies.
    """

    def __init__(self, *, keeps: bool) -> None:
        self.member: _Member | None = None
        self.number = 0
        self.said: list[bytes] = []
        self._left = _MOST_REMEMBERED if keeps else 0

    def add(self, body: bytes) -> None:
        self._left -= len(body)
        if self._left >= 0:
            self.said.append(body)
        else:
            self.said.clear()


@lru_cache(16)
def _files(provided: Provided) -> Files:
    if provided == Provided():
        return Files("", [], [], [])
    versions = [found for name in provided.packages if (found := _installed(name))]
    told = sha256(msgspec.msgpack.encode([provided.packages, provided.files])).hexdigest()
    return Files(told, list(provided.packages), versions, list(provided.files))


def _installed(name: str) -> tuple[str, str] | None:
    """The distribution of a package's name, and its version."""
    for candidate in (name, *metadata.packages_distributions().get(name.partition(".")[0], [])):
        with suppress(metadata.PackageNotFoundError):
            return candidate, metadata.version(candidate)
    return None


def _why(answer: FromNode) -> str:
    for name in ("why", "text"):
        if hasattr(answer, name):
            return str(getattr(answer, name))
    return "it spoke out of turn"
