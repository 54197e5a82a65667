"""What runs on a node: a sandbox, and who hands its guests their calls. Trusted, as the driver is; bytes in, bytes out.

Called from several threads at once, but of one run only one call at a time. A packet comes in as many pieces as the
engine carries best. What goes wrong here is answered in a packet: the engine would pickle an exception.
"""

import itertools
import os
import platform
import select
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path

import msgspec

from selftaught.core.contracts import Program
from selftaught.core.errors import SandboxError, SelfTaughtError, UsageError
from selftaught.core.run_seed import RunSeed
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import Lasting, Outcome, Provided, Scene
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.packing import Packed, pack_outcome, unpack_call, unpack_limits
from selftaught.sandbox.provided import put_files
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import from_source, split_level
from selftaught.tasks.spec import TaskSpec
from selftaught.wiring.executors.packets import (
    Batch,
    Begin,
    Facts,
    Failed,
    Files,
    Forgotten,
    Hello,
    More,
    Packet,
    Play,
    Played,
    Ready,
    Refused,
    pack,
)

_BATCH_SECONDS = 0.2
"""An answer is sent when it is so old: the driver may know by then that it wants no more."""
_BATCH_BYTES = 4 << 20
_MOST_KEPT_BYTES = 64 << 20


@dataclass
class _Run:
    """One program at work: its outcomes as they are asked for, and the calls that it still has to get."""

    outcomes: Iterator[Outcome]
    calls: deque[Lasting] | None
    skipped: int


class Kept:
    """The calls of scores, by their names, as long as there is room: the same program texts come and go, but an
    instance is asked again and again. Those that were used last stay. `most_bytes`: of them all, as they came.
    """

    def __init__(self, most_bytes: int = _MOST_KEPT_BYTES) -> None:
        self._left = most_bytes
        self._lock = threading.Lock()
        self._calls: dict[str, list[Lasting]] = {}

    def get(self, name: str) -> list[Lasting] | None:
        """None where they are not there."""
        with self._lock:
            found = self._calls.pop(name, None)
            if found is not None:
                self._calls[name] = found  # the last used is the last to go
            return found

    def put(self, name: str, calls: list[Lasting]) -> None:
        """Those that were not used for longest make room."""
        with self._lock:
            if name in self._calls:
                return
            self._calls[name] = calls
            self._left -= _size(calls)
            while self._left < 0:
                self._left += _size(self._calls.pop(next(iter(self._calls))))


def _size(calls: list[Lasting]) -> int:
    return sum(len(call.body) for call in calls)


class Node:
    """One process of ours on a node. `hello` comes first."""

    def __init__(self) -> None:
        self._jail: Jail | None = None
        self._lock = threading.Lock()
        self._runs: dict[int, _Run] = {}
        self._provided = {"": Provided()}
        self._kept = Kept()
        self._loading = threading.Lock()
        self._tasks: dict[str, TaskSpec] = {}

    def hello(self, *pieces: bytes) -> bytes:
        """Opens the sandbox. `Ready` or `Refused`."""
        return _told(self._hello, pieces)

    def files(self, *pieces: bytes) -> bytes:
        """Keeps what guests may read. An empty `Batch`, or `Failed`."""
        return _told(self._files, pieces)

    def begin(self, *pieces: bytes) -> bytes:
        """The first outcomes of a run: `Batch` or `Failed`."""
        return _told(self._begin, pieces)

    def more(self, *pieces: bytes) -> bytes:
        """The next ones."""
        return _told(self._more, pieces)

    def play(self, *pieces: bytes) -> bytes:
        """A whole score: `Played` or `Failed`."""
        return _told(self._play, pieces)

    def alive(self) -> None:
        """Answers, whatever else is at work here."""

    def drop(self, run: int) -> None:
        """Nobody wants more of this run: its guest is ended."""
        with self._lock:
            dropped = self._runs.pop(run, None)
        if dropped is not None and isinstance(dropped.outcomes, Generator):
            dropped.outcomes.close()

    def _hello(self, body: bytes) -> Packet:
        hello = msgspec.msgpack.decode(body, type=Hello)
        unlike = Facts.here().unlike(hello.facts)
        if unlike:
            return Refused("; ".join(unlike))
        try:
            self._jail = open_sandbox(hello.tier, hello.workers)
        except SelfTaughtError as error:
            return Refused(f"the sandbox {hello.tier} does not work there: {error}")
        threading.Thread(target=_end_with, args=(os.getppid(),), name="parent", daemon=True).start()
        return Ready(list(self._jail.layers), platform.node(), os.getpid())

    def _files(self, body: bytes) -> Packet:
        files = msgspec.msgpack.decode(body, type=Files)
        for name, wanted in files.versions:
            _check_package(name, wanted)
        self._provided[files.key] = Provided(packages=tuple(files.packages), files=tuple(files.files))
        return Batch([], over=True)

    def _play(self, body: bytes) -> Packet:
        play = msgspec.msgpack.decode(body, type=Play)
        if self._jail is None:
            raise SandboxError("the node was asked to score a program before it had a sandbox")
        scene = Scene(**play.scene, provided=self._provided[play.provided])
        try:
            spec = self._task(scene)
        except UsageError:  # a text that only its author's process can load
            return Played(None)
        judge = Judge(spec, self._jail, scene.split, RunSeed(scene.number, scene.salt), paid=scene.paid)
        return Played(judge(Program(scene.program)))

    def _task(self, scene: Scene) -> TaskSpec:
        """Loaded once. Its text is trusted, as it is on the driver; its files lie in a folder of their own."""
        key = sha256(msgspec.msgpack.encode([scene.task, scene.source, sorted(scene.modules.items())])).hexdigest()
        with self._loading:
            if key not in self._tasks:
                name, level = split_level(scene.task) if "LEVELS" in scene.source else (scene.task, "")
                folder = Path(put_files(scene.provided) or tempfile.gettempdir())
                self._tasks[key] = from_source(scene.source, name, scene.file, scene.modules, level, folder)
            return self._tasks[key]

    def _begin(self, body: bytes) -> Packet:
        begin = msgspec.msgpack.decode(body, type=Begin)
        if self._jail is None:
            raise SandboxError("the node was asked to run a program before it had a sandbox")
        limits = unpack_limits(begin.limits, self._provided[begin.provided])
        kept = self._kept.get(begin.kept) if begin.kept and not begin.calls else None
        if begin.kept and not begin.calls and kept is None:
            return Forgotten(begin.kept)
        calls = [unpack_call(call) for call in begin.calls] if kept is None else kept
        if begin.kept:
            self._kept.put(begin.kept, calls)
        waiting = deque(calls) if begin.waits else None
        given = calls if waiting is None else _popped(waiting)
        outcomes = self._jail.run(Program(begin.source), begin.entry, given, limits, seed=begin.seed)
        run = _Run(outcomes, waiting, begin.skipped)
        with self._lock:
            self._runs[begin.run] = run
        return self._batch(begin.run, run)

    def _more(self, body: bytes) -> Packet:
        more = msgspec.msgpack.decode(body, type=More)
        with self._lock:
            run = self._runs[more.run]
        if run.calls is not None and more.call is not None:
            run.calls.append(unpack_call(more.call))
        return self._batch(more.run, run)

    def _batch(self, number: int, run: _Run) -> Batch:
        """Outcomes until there are no more, or enough. A run that fails or is over is forgotten."""
        until, size, found = time.monotonic() + _BATCH_SECONDS, 0, list[Packed]()
        over = True
        try:
            while run.calls is None or run.calls:
                outcome = next(run.outcomes, None)
                if outcome is None:
                    return Batch(found, over=True)
                if run.skipped:
                    run.skipped -= 1
                    continue
                found.append(pack_outcome(outcome))
                size += len(found[-1].value)
                if run.calls is None and (time.monotonic() > until or size > _BATCH_BYTES):
                    break
            over = False
            return Batch(found, over=False)
        finally:
            if over:
                self.drop(number)


def _end_with(parent: int) -> None:
    """The engine's process that started us may end without us: as one does that was stopped, and given up meanwhile."""
    with suppress(ProcessLookupError):
        select.select([os.pidfd_open(parent)], [], [])
    os._exit(1)


def _popped(calls: deque[Lasting]) -> Iterator[Lasting]:
    """The sandbox takes the next one when the outcome of the one before was taken: it is there by then."""
    for _ in itertools.count():
        yield calls.popleft()


def _check_package(name: str, wanted: str) -> None:
    """Raises UsageError where a task's package is another one here."""
    try:
        own = metadata.version(name)
    except metadata.PackageNotFoundError:
        raise UsageError(f"the task's package {name} is not installed: pip install {name}=={wanted}") from None
    if own != wanted:
        raise UsageError(f"the task's package {name} is of version {own}, and the driver's of {wanted}")


def _told(work: Callable[[bytes], Packet], pieces: Sequence[bytes]) -> bytes:
    """What came of it, and of a failure its words."""
    try:
        return pack(work(b"".join(pieces)))
    except SelfTaughtError as error:
        return pack(Failed(type(error).__name__, str(error)))
    except Exception as error:  # ours: a report has nothing else
        return pack(Failed("SandboxError", f"{type(error).__name__}: {error}"))
