"""The nouns of the paper, and the verbs that the rest of the house supplies."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeVar

from selftaught.core.text import identity

In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Program:
    """Source text of one Python program: a solution s, or an improver I. Equal text is equal program."""

    source: str

    @property
    def id(self) -> str:
        """The identity of its source, as of any text."""
        return identity(self.source)


class Verdict(StrEnum):
    """How untrusted code ended. One list for a call, a score and an application of an improver.

    Only `OK` means that it did all that was asked. None of the others is an error of ours.
    """

    OK = "ok"
    CRASHED = "crashed"  # raised, or died by a signal of its own making
    TIMED_OUT = "timed out"  # CPU time, or the wall-clock backstop
    OUT_OF_MEMORY = "out of memory"
    TOO_LARGE = "output too large"
    TOO_MANY = "too many processes"  # or threads
    FORBIDDEN = "forbidden"  # killed for a system call that no honest program makes
    PROTOCOL_ERROR = "protocol error"  # it sent an invalid or an unexpected message
    BAD_ANSWER = "bad answer"  # an answer of the wrong type, shape or range
    NO_PROGRAM = "no program"  # source that does not load, or lacks its function; an improver that returns no program

    @classmethod
    def _missing_(cls, value: object) -> "Verdict | None":
        """Of records before 0.2, in which a protocol error has another name."""
        return cls.PROTOCOL_ERROR if value == "gibberish" else None


@dataclass(frozen=True, slots=True)
class Score:
    """A utility's answer.

    Attributes:
        value: finite, higher is better; all that an improver gets to see.
        verdict: the first verdict other than OK among the parts of the score, else OK.
        note: at most one line for people. Written in part by guests: untrusted text.
        error: standard error of `value` as a mean over instances that were drawn; None if it is not such a mean.
        grades: of each instance, in order; empty if there are no grades, or not all were graded.
        feedback: text for an improver that explains the score; at most MOST_FEEDBACK characters. Untrusted.
        cpu_seconds: CPU time of the program's calls, those that were stopped too.
        raw: the task's own number, of any size and direction, if `value` is computed from it; None if it is `value`, or
            an instance failed. raw_error: its standard error. raw_grades: by instance.
        numbers: other measurements of the task, as means over the instances.
        fault: an error of the task's own code, for its author: a `grade` that raised. Some good answers may count as
            bad then. Untrusted text in part.
    """

    value: float
    verdict: Verdict = Verdict.OK
    note: str = ""
    error: float | None = field(default=None, compare=False)
    grades: tuple[float, ...] = field(default=(), compare=False)
    feedback: str = field(default="", compare=False)
    cpu_seconds: float = field(default=0.0, compare=False)
    fault: str = field(default="", compare=False)
    raw: float | None = field(default=None, compare=False)
    raw_error: float | None = field(default=None, compare=False)
    raw_grades: tuple[float, ...] = field(default=(), compare=False)
    numbers: Mapping[str, float] = field(default_factory=dict, compare=False)


MOST_FEEDBACK = 4_000
MOST_PROGRAM_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question to a language model, asking for one response."""

    system: str
    user: str
    temperature: float


@dataclass(frozen=True, slots=True)
class Completion:
    """One response, with what is known of its cost. Counts and cost are None if the provider gives none.

    Attributes:
        input_tokens: all of the prompt, `cached_tokens` of them read from the provider's cache.
        output_tokens: all that was generated, `reasoning_tokens` of them not shown in `text`.
        cost: US dollars; `price_source`: the provider, a price list with its version, or the user.
        seconds: from the call that was answered to its answer; None if the model does not report it.
        dropped: parameters that the model does not accept: "temperature=0.7" was left out, "temperature=1.5 as 1" was
            clamped; "prompt: …" was cut by the server.
        reasoning: the model's reasoning, if it is shown; never part of `text`.
        no_program: the server's reason for an empty answer, if it gives one; `finish_reason` is the short form.
        response_id: the server's own id of the answer that it came in, as its logs and traces have it.
    """

    text: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    finish_reason: str = "stop"
    model: str = ""
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: float | None = None
    dropped: str = ""
    price_source: str = ""
    seconds: float | None = field(default=None, compare=False)
    response_id: str = field(default="", compare=False)
    reasoning: str = field(default="", compare=False)
    no_program: str = field(default="", compare=False)


class Utility(Protocol):
    """u: scores a program (paper §3). Called from several threads at once.

    `name` identifies the utility in the record. `description` is the text that an improver may read (u_str).
    `deterministic`: equal programs get equal scores, so that the record may answer for the utility.

    Raises `SandboxError`, `TaskError` or `RunStopped` when *we* fail or stop; never because of the program.
    """

    @property
    def name(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def deterministic(self) -> bool: ...
    def __call__(self, program: Program, /) -> Score: ...


@dataclass(frozen=True)
class UtilityWrapper:
    """A wrapper around a utility: the subclass defines its calls, everything else comes from the utility."""

    utility: Utility

    @property
    def name(self) -> str:
        return self.utility.name

    @property
    def description(self) -> str:
        return self.utility.description

    @property
    def deterministic(self) -> bool:
        return self.utility.deterministic


class LanguageModel(Protocol):
    """L: one completion for each prompt, in the same order. Called from several threads at once.

    Equal prompts are independent draws. Raises `ModelUnavailable`; a refusal or an empty answer is a
    completion like any other.
    """

    def __call__(self, prompts: Sequence[Prompt], /) -> list[Completion]: ...


ModelFunction = Callable[[Prompt], str | Completion | Awaitable[str | Completion]]
"""A model that is a function of the user's, sync or async: one prompt in, one response out."""


@dataclass(frozen=True, slots=True)
class Application:
    """The result of I(u, s, L): the program that the improver returned, or None and the verdict why not.

    Attributes:
        unsandboxed: how often it asked to score a program outside the sandbox; such requests are never granted.
        salvaged: `program` is not what it returned, but the best that it scored; `verdict` is the failure.
        best: the highest score that it got; None if it got no score.
    """

    program: Program | None
    verdict: Verdict = Verdict.OK
    note: str = ""
    model_calls: int = 0
    responses: int = 0
    utility_calls: int = 0
    unsandboxed: int = 0
    salvaged: bool = False
    best: float | None = field(default=None, compare=False)


class Apply(Protocol):
    """I(u, s, L): run an improver on a solution. Called from several threads at once.

    What the improver does wrong is the application's verdict. Raises `SandboxError`, `ModelUnavailable` or
    `RunStopped` when *we* fail or stop: the guest is ended at once and is never shown it.
    """

    def __call__(
        self, improver: Program, utility: Utility, solution: Program, model: LanguageModel, /
    ) -> Application: ...


@dataclass(frozen=True, slots=True)
class Task:
    """One (u, s) drawn from D: a utility, the solution to start from, and the sealed test of the result.

    `utility` is what improvers see. `test` scores what they made on instances that none of them ever saw.
    """

    utility: Utility
    seed: Program
    test: Utility | None = None


class Map(Protocol):
    """`map`, perhaps in parallel: results in the order of the items; the first exception is raised."""

    def __call__(self, function: Callable[[In], Out], items: Sequence[In], /) -> Iterable[Out]: ...
