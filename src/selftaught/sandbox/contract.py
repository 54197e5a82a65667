"""What a sandbox promises. Every backend passes the same conformance suite (tests/sandbox/conformance.py)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import msgspec

from selftaught.core.contracts import Program, Score, Verdict

Value: TypeAlias = Any
"""Plain data: None, bool, int (of 1024 bytes), float, str, bytes, list, dict; towards the guest also numpy arrays and
tuples. What comes back from a guest is always plain: arrays arrive as nested lists, tuples as lists."""


class Lasting(tuple[Value, ...]):
    """Arguments that are given again and again, and that nobody changes: they are encoded once (packing.py).

    A copy is a tuple like any other.
    """

    body: bytes = b""
    """How they are encoded, once that is known; empty where it is not kept."""
    digest: bytes = b""
    """Of how they are encoded, once somebody asked for it."""

    def __reduce__(self) -> tuple[type, tuple[list[Value]]]:
        return tuple, (list(self),)


Service = Callable[..., Value]
"""Answers one kind of request of a guest. Raises `BudgetExceeded` or `BadRequest` to tell the guest; anything else
ends the guest and is raised in the host. What serving costs counts as the guest's CPU time (serving.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """What a guest may read beyond the interpreter, numpy and the standard library.

    Attributes:
        packages: installed packages, by the names by which they are imported or installed. They are imported before
            the guest is forked.
        files: (name, content) of files below the folder in which the guest starts. Names are relative, without "..".
    """

    packages: tuple[str, ...] = ()
    files: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one guest may use.

    Attributes:
        cpu_seconds: CPU time of one call, all threads together, read from outside. Beyond: `TIMED_OUT`.
        load_cpu_seconds: the same for executing the program's top level. Beyond: `TIMED_OUT`.
        wall_seconds: backstop per call for a guest that neither computes nor answers, not counting the time
            that it waits for a service. Beyond: `TIMED_OUT`.
        memory_bytes: memory really held beyond the interpreter's own, looked at from outside. Beyond:
            `OUT_OF_MEMORY`. Twice as much address space; beyond that a MemoryError in the guest, and `OUT_OF_MEMORY`
            if it does not recover.
        answer_bytes: size of one message from the guest. Beyond: `TOO_LARGE`.
        fresh_guest_per_call: a new process for each call, instead of one for all calls.
        provided: what it may read.
    """

    cpu_seconds: float = 1.0
    load_cpu_seconds: float = 2.0
    wall_seconds: float = 30.0
    memory_bytes: int = 512 << 20
    answer_bytes: int = 4 << 20
    fresh_guest_per_call: bool = False
    provided: Provided = Provided()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one call ended. `value` is meaningful only when `verdict` is OK.

    Attributes:
        note: one line for people, at most 500 characters, untrusted text.
        cpu_seconds: CPU time of the call, as read from outside.
    """

    verdict: Verdict
    value: Value = None
    note: str = ""
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Improving:
    """Makes a guest an improver: it gets `utility` and `language_model` after its arguments, and may use threads.

    With the fact `solution` it is a solution that may ask a model: it gets `language_model` alone.

    Attributes:
        facts: what the guest may read of its utility, model and budgets; see `guest.interface`.
        services: who answers its requests, by name. Several requests may be under way at once.
        swift_requests: beyond, each is answered after a longer wait than the one before it, which is the guest's own
            idle time: requests that cost no budget cost the host's time.
    """

    facts: Mapping[str, Value]
    services: Mapping[str, Service]
    swift_requests: int = 1000


class Sandbox(Protocol):
    """Runs untrusted programs. Called from several threads at once."""

    @property
    def tier(self) -> str:
        """Name of the isolation that is really in force."""
        ...

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
        """Load `program`, call its function `entry(*arguments)` for each of `calls`; yield each Outcome in turn.
        Of an iterator, the next is taken when the outcome of the one before was.

        Arguments go in one call at a time. A guest that a limit or its own doing ended costs that call; the next
        call gets a fresh guest. A program that does not load yields one Outcome per call, `NO_PROGRAM` or the
        limit that it hit. `seed` seeds the guest's `random` and `numpy.random`.

        Raises:
            SandboxError: the sandbox broke; nothing is known about the program.
            Exception: any exception of a service, other than `BudgetExceeded` and `BadRequest`.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class Job:
    """One piece of work for a workshop.

    Attributes:
        told: what `guest/workshop.py` reads, beside what is below.
        files: what is read-only beside the program.
        environment: the virtual environment that is readable; empty: that of this process.
        wall_seconds: of one command or evaluation; `rounds` of them.
        memory_bytes: of all processes together where control groups can be set, else of each, four times.
    """

    told: dict[str, Any]
    files: tuple[tuple[str, bytes], ...] = ()
    environment: str = ""
    wall_seconds: float = 60.0
    rounds: int = 1
    memory_bytes: int = 512 << 20


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; untrusted. `error`: empty where all went well."""

    error: str
    cpu_seconds: float
    timed_out: bool
    stdout: str
    stderr: str
    score: float | None = None
    metrics: dict[str, float] = {}
    artifacts: dict[str, str] = {}
    pairs: list[list[float]] = []
    original: bool = False


@runtime_checkable
class HasWorkshop(Protocol):
    """A sandbox in which whole programs are evaluated, too (workshop.py)."""

    def work(self, job: Job) -> Done:
        """Do it. Raises NoSandbox where this sandbox has no workshop; SandboxError."""
        ...


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One scoring of a program by a task that calls it itself: all that it takes to do that elsewhere.

    Attributes:
        task, file, source, modules: the task's name, what errors call its text, that text, and the package's own texts
            that it is made of.
        provided: what it lets guests read; its files are the task's own, too.
        split, number, salt: what its instances are drawn from.
        paid: as of the judge.
    """

    task: str
    file: str
    source: str
    modules: dict[str, str]
    provided: Provided
    split: str
    number: int
    salt: str
    paid: bool
    program: str


@runtime_checkable
class HasStage(Protocol):
    """A sandbox whose guests are far away: a task that calls a program many times is better there, beside it."""

    def play(self, scene: Scene) -> Score | None:
        """The score; None where the task cannot go there: then it calls from here. Raises SandboxError, TaskError."""
        ...


class OpenSandbox(Sandbox, Protocol):
    """A sandbox as a run has it: it can be closed, and says what it isolates with."""

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of isolation, outermost first."""
        ...

    def close(self) -> None:
        """End everything that still runs in it: its callers get a SandboxError."""
        ...
