"""What a store holds: finished work, each piece under the address it was asked at (core/address.py).

Programs, prompts and responses are kept once, by the SHA-256 of their text; a record holds that id. Records are
append-only. Times are seconds since the epoch; durations are wall seconds.
"""

from hashlib import sha256
from typing import Annotated, Any, TypeAlias

import msgspec

Time: TypeAlias = Annotated[float, msgspec.Meta(ge=0, lt=253_402_300_800)]
"""Seconds since 1970, before the year 10,000: what can be shown as a date."""
Number: TypeAlias = Annotated[float, msgspec.Meta(ge=-1e304, le=1e304)]
"""Many of them can be added."""


class _Record(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """Base of all records: `at` is the address, unique in a run; `time` is when the work was finished."""

    at: str
    time: Time = 0.0


class Session(_Record, frozen=True, tag="session"):
    """The run was started or resumed; at `/session#k`. `version` and `code`: of the package (wiring/version.py).

    `frozen`: text ids of the files that the next resume must find. `seed`: what repeats the run's instances anywhere,
    with its salt. `depth`, `model_calls` and `utility_calls`: as they were set at this start; a later one may set more.
    0: unknown. `best_known`: by the task's name, or by the utility's if it depends on the instances, the best known
    score, in the task's own number. `directions`: of tasks with any own number, minimize or maximize.
    """

    version: str
    tier: str
    frozen: dict[str, str] = {}
    layers: list[str] = []
    model: str = ""
    python: str = ""
    seed: str = ""
    depth: int = 0
    model_calls: int = 0
    utility_calls: int = 0
    code: str = ""
    best_known: dict[str, float] = {}
    directions: dict[str, str] = {}


def run_id(name: str, first: Session) -> str:
    """Identifies a run, also among runs with the same folder name; equal in all its resumes."""
    return f"{name}-{sha256(repr(first.time).encode()).hexdigest()[:8]}"


PROGRAM = "program"
"""The role in which a program that is scored asks a model."""


META_UTILITY = "meta-utility"
"""The name of the utility that scores improvers."""


class Answered(_Record, frozen=True, tag="answered"):
    """The model gave one response. `prompt` is the text id of prompt_text(system, user).

    `role`: improver where an improver was being improved, solution where a solution was, program where a program asked
    that was being scored; `t`: towards which I_t.
    `cost` is in US dollars; it and the rest are as in `Completion`. `follows`: it came in one call with the response
    before it, which bears the cost of their prompt. `reasoning`: text id of the model's reasoning, which is not
    part of its answer; "" if it showed none. `no_program`: in a few words, why the response has no program, if that is
    known. `draw`: the address under which all that are compared get the same response, and at
    which the model was asked; "" if nothing is shared. `shared`: it was bought before, at `bought_at` in this run
    or in another (RUN:ADDRESS) and for `bought_for` US dollars; here its `cost` is 0, and it counts for no cap.
    `guessed`: bought for a score that was not requested yet; it was requested later, if the score is recorded.
    `call`: the number, from 1 in each application, of the improver's call that it answers; 0: unknown.
    """

    prompt: str
    temperature: Number
    response: str
    model: str
    input_tokens: int | None
    output_tokens: int | None
    finish_reason: str
    seconds: Number
    role: str = ""
    t: int = 0
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    cost: Number | None = None
    price_source: str = ""
    dropped: str = ""
    follows: bool = False
    reasoning: str = ""
    no_program: str = ""
    draw: str = ""
    shared: bool = False
    bought_at: str = ""
    bought_for: Number | None = None
    guessed: bool = False
    call: int = 0


class Tried(_Record, frozen=True, tag="tried"):
    """An attempt to get the response at `ask` failed, and may have been made again. `cost`: the most it can have.

    `ask` is the draw's address, where the response has one.

    `wait_seconds`: until the next attempt. `failure`: its kind in one word, as an HTTP status; "" if unknown.
    """

    ask: str
    role: str
    t: int
    error: str
    seconds: Number
    calls: int = 1
    tokens: int = 0
    cost: Number = 0.0
    wait_seconds: Number = 0.0
    failure: str = ""


class Scored(_Record, frozen=True, tag="scored"):
    """A utility scored a program. `reused`: an equal program's score answered, nothing was run.

    `fault`: what the task's own code did wrong meanwhile, as in `Score`.
    `grades`: by instance, in order. `feedback`: text id of the text for an improver; "" if there is none.
    `round`, `parent`, `response` and `beside`, of a program that an improver scored: as in core/origin.py. `value` is
    what an improver sees; `raw` and `raw_error` are the task's own number, if it differs, and `numbers` its other
    numbers. `guessed`: scored without a request, and charged to nobody. `ahead`: requested after its scoring started.
    `layout`: equal for programs that differ in comments and layout only (and for few others), if these share a
    score; "" for a program that shares none.
    """

    utility: str
    program: str
    value: Number
    verdict: str
    note: str
    reused: bool
    seconds: Number
    error: Number | None = None
    grades: list[Number] = []
    feedback: str = ""
    round: int = 0
    parent: str = ""
    response: str = ""
    fault: str = ""
    raw: Number | None = None
    raw_error: Number | None = None
    numbers: dict[str, Number] = {}
    guessed: bool = False
    beside: int = 0
    ahead: bool = False
    layout: str = ""


class Applied(_Record, frozen=True, tag="applied"):
    """An improver was applied to a solution; `program` is the text id of its result, None if it made no program.

    `salvaged`: it is not what the improver returned, but the best that it scored; `verdict` is the failure.
    `best`: the highest score that it was given, if any. `guessed`: as in `Scored`.
    """

    improver: str
    utility: str
    solution: str
    program: str | None
    verdict: str
    note: str
    model_calls: int
    responses: int
    utility_calls: int
    seconds: Number
    unsandboxed: int = 0
    salvaged: bool = False
    best: Number | None = None
    guessed: bool = False


class Sampled(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One task's part of a measurement: its name, and the scores of what the improver made of it.

    `val_grades`, `test_grades`: by instance, in order, so that two improvers can be compared pair by pair.
    `val_raw`, `test_raw`: as in `Scored`.
    """

    task: str
    program: str | None
    verdict: str
    note: str
    val: Number
    val_verdict: str
    test: Number | None
    test_verdict: str | None
    val_error: Number | None = None
    test_error: Number | None = None
    val_grades: list[Number] = []
    test_grades: list[Number] = []
    salvaged: bool = False
    val_raw: Number | None = None
    test_raw: Number | None = None


class Measured(_Record, frozen=True, tag="measured"):
    """An improver was measured on every task of D, on val and on test."""

    improver: str
    samples: list[Sampled]
    seconds: Number


class Stepped(_Record, frozen=True, tag="stepped"):
    """I_t is known; at `/step#t`. t = 0 is the seed improver. `proposed` is what I_{t-1} returned, if anything.

    `accepted`: I_t differs from I_{t-1}. `p`: of the test that decided it; `approved`: what a person answered, where
    one was asked.
    """

    t: int
    improver: str
    proposed: str | None
    accepted: bool
    verdict: str
    note: str
    p: Number | None = None
    approved: bool | None = None


class Approved(_Record, frozen=True, tag="approved"):
    """A person was asked whether the proposal for I_t is taken, and answered; at `/approved#t`. `by`: in what way."""

    t: int
    program: str
    approved: bool
    by: str
    note: str = ""


AGAIN = "again"
"""The kind, in its address, of a score that `improve` has done once more, to see how much scores vary."""


class Chosen(_Record, frozen=True, tag="chosen"):
    """`improve` hands over this program; at `/chosen#k`, after its k-th application.

    `source`: "returned" by the improver; "scored" by it, and better than what it returned, if it returned a program;
    "response": of one that it bought and never scored; "kept": what there was, since nothing was better.
    """

    program: str
    value: float
    source: str


class Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One probe of a solution: its mean grade before and after. `p`: adjusted; None if nothing depends on chance."""

    probe: str
    before: Number
    after: Number
    p: Number | None = None
    flagged: bool = False
    note: str = ""


class Probed(_Record, frozen=True, tag="probed"):
    """A reported solution was probed for reward hacks (tasks/probes)."""

    task: str
    program: str
    findings: list[Finding]
    seconds: Number

    @property
    def flagged(self) -> bool:
        """Whether any of its probes flags it as a reward hack."""
        return any(finding.flagged for finding in self.findings)


class Noticed(_Record, frozen=True, tag="noticed"):
    """A guest did something denied or suspicious: `what` is a short fixed word, `note` is untrusted text."""

    program: str
    what: str
    note: str


class Corrected(_Record, frozen=True, tag="corrected"):
    """A run continued with another text of a task; at `/corrected#k`. `before` and `after` are text ids.

    Scores on record are by the text that held when they were made.
    """

    task: str
    before: str
    after: str


class Ended(_Record, frozen=True, tag="ended"):
    """A session came to an end of its own: `how` is finished, interrupted, stopped or failed."""

    how: str
    note: str


Record: TypeAlias = (
    Session
    | Answered
    | Tried
    | Scored
    | Applied
    | Measured
    | Stepped
    | Approved
    | Chosen
    | Probed
    | Noticed
    | Corrected
    | Ended
)

OFTEN = (Answered, Tried, Scored, Applied, Noticed)
"""Kinds of which a run has any number; of the others it has a few for each step."""

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Record] = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    r"""One JSON object, which `decode` reads. Raises ValueError for a number that JSON cannot hold.

    Half characters (lone surrogates), which a server may send in any of its words, are written as `\ud800`.
    """
    try:
        body = _encoder.encode(record)
    except UnicodeEncodeError:
        body = _encoder.encode(_in_whole_characters(msgspec.to_builtins(record)))
    try:
        decode(body)  # every record must be readable
    except msgspec.MsgspecError as error:
        raise ValueError(f"a record cannot contain {record}: {error}") from error
    return body


def whole_characters(text: str) -> str:
    """The text with its half characters spelt out."""
    return text.encode("utf-8", "backslashreplace").decode()


def _in_whole_characters(value: Any) -> Any:
    match value:
        case str():
            return whole_characters(value)
        case list():
            return [_in_whole_characters(item) for item in value]
        case dict():
            return {whole_characters(name): _in_whole_characters(item) for name, item in value.items()}
    return value


def decode(body: bytes) -> Record:
    """Raises msgspec.ValidationError or msgspec.DecodeError on anything but a record of this version."""
    return _decoder.decode(body)


def prompt_text(system: str, user: str) -> str:
    """How a prompt is kept as one text: a JSON list of its two parts."""
    return msgspec.json.encode([system, user]).decode()


def prompt_parts(text: str) -> tuple[str, str]:
    """The two parts of a prompt_text."""
    return msgspec.json.decode(text, type=tuple[str, str])


def split_of(utility: str) -> str:
    """Of a utility's name on record, TASK/SPLIT: val or test; "" of one without instances."""
    return utility.rpartition("/")[2] if "/" in utility else ""
