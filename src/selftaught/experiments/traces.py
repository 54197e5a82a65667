"""What an improver did in one application: what it asked the model and showed it, what it had scored, what it returned.

A trace is read from a run's record, or made by a rehearsal (rehearsal.py). Nothing in it is parsed or executed: all its
texts are hostile, and are only compared.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from selftaught.runs.records import Answered, Applied, Record, prompt_parts
from selftaught.runs.records import Scored as ScoreRecord

_MOST_EVENTS, _MOST_CHARACTERS, _MOST_MESSAGE = 1_000, 8_000_000, 100_000
"""Limits of one trace and of one message: the rest is ignored. Finding programs in messages takes time with both."""
_MOST_TRACES = 5
"""Of one improver on record."""
_FENCED = re.compile(r"^```[^\n`]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_WHOLE, _TOO_LONG = 0.8, 1.5
"""Of a program's lines: an answer that has as many is no part of it; of another's: as many do not replace a part."""
_MOST_JOINED = 200
"""Programs, and answers, of one trace that are looked at for what is put together."""
_SHORTEST = 20
"""Characters of a program: a shorter one is in any text by chance."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One prompt and its response. `call`: equal where several were asked together; from 1.

    `luck`: of a rehearsal, how likely the response was to be better than what it was made of.
    """

    call: int
    system: str
    message: str
    temperature: float
    response: str
    luck: float | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """One score. `beside`: how many others were under way when it began, or were asked for together with it."""

    program: str
    value: float
    beside: int = 0
    feedback: str = ""


@dataclass(frozen=True)
class Trace:
    """One application, in the order in which its work ended.

    Attributes:
        initial: the program that was to be improved.
        returned: None where it returned no program.
        world: of a rehearsal, how its model answered; "" where a real one did.
        told: in a rehearsal: the model calls, responses in one call, and scores of the improver's allowance.
        description: what it could read of its utility, where that is known.
    """

    initial: str
    events: tuple[Asked | Scored, ...]
    returned: str | None
    world: str = ""
    told: tuple[int, int, int] | None = None
    description: str = ""

    @property
    def asked(self) -> list[Asked]:
        return [event for event in self.events if isinstance(event, Asked)]

    @property
    def scored(self) -> list[Scored]:
        return [event for event in self.events if isinstance(event, Scored)]

    @property
    def repeats(self) -> bool:
        """Whether a program came twice."""
        came = [bare(self.initial), *(block for event in self.asked for block in programs_of(event.response))]
        return len(set(came)) < len(came)

    @cached_property
    def questions(self) -> "list[Question]":
        """What was asked, without repeats within one call."""
        return list(_questions(self))

    @cached_property
    def joined(self) -> "list[Joined]":
        """The programs that were scored and are put together from an earlier one and answers about a part of it."""
        return list(_joined(self))


@dataclass(frozen=True)
class Question:
    """One prompt, and all responses to it in one call of the model.

    Attributes:
        place: of its first response among the events of the trace.
        shown: the programs known by then that its message shows whole, in its order.
        rest: the message without these, and without the utility's description.
        about: `shown`, or else the programs in whose place its answers were put, as those were known by then.
        made: the programs in its answers, and those that were put together from these.
        scores: what was known by then: the first score of each program.
    """

    call: int
    place: int
    system: str
    message: str
    temperatures: tuple[float, ...]
    shown: tuple[str, ...]
    rest: str
    about: tuple[str, ...]
    made: tuple[str, ...]
    scores: dict[str, float]


def _questions(trace: Trace) -> Iterator[Question]:
    initial = bare(trace.initial)
    known = {initial: None}
    scores: dict[str, float] = {}
    groups: dict[tuple[int, str, str], list[Asked]] = defaultdict(list)
    for answer in trace.asked:
        groups[answer.call, answer.system, answer.message].append(answer)
    put: dict[tuple[int, str], list[Joined]] = defaultdict(list)
    for part in trace.joined:
        put[part.answer.call, part.answer.message].append(part)
    for place, event in enumerate(trace.events):
        if isinstance(event, Scored):
            known.setdefault(bare(event.program))
            scores.setdefault(bare(event.program), event.value)
            continue
        group, joined = groups[event.call, event.system, event.message], put[event.call, event.message]
        if event is group[0]:
            shown, rest = _shown(bare(event.message), known)
            if trace.joined:  # other answers are parts
                shown = tuple(one for one in shown if one in scores or one == initial)
            bases = dict.fromkeys(one.base for one in joined if one.base in scores or one.base == initial)
            yield Question(
                event.call, place, event.system, event.message,
                temperatures=tuple(one.temperature for one in group),
                shown=shown,
                rest=rest.replace(bare(trace.description) or "\0", " "),
                about=shown or tuple(bases),
                made=tuple(block for one in group for block in programs_of(one.response))
                + tuple(one.program for one in joined),
                scores=dict(scores),
            )  # fmt: skip
        known.update(dict.fromkeys(programs_of(event.response)))


@dataclass(frozen=True)
class Joined:
    """A program that is `base` but for lines that answers have in place of lines which their questions showed.

    `answer`: the latest of these.
    """

    program: str
    base: str
    answer: Asked


def _joined(trace: Trace) -> Iterator[Joined]:
    scored = {bare(event.program) for event in trace.scored}
    failed = {bare(event.program) for event in trace.scored if event.value <= 0} - {bare(trace.initial)}
    known = {bare(trace.initial): lines_of(trace.initial)}
    answers: set[str] = set()
    pieces: dict[str, tuple[Asked, frozenset[str]]] = {}
    shown: set[str] = set()
    for event in trace.events:
        if isinstance(event, Asked):
            shown |= lines_of(event.message)
            blocks = programs_of(event.response)
            answers.update(blocks)
            pieces |= {block: (event, lines_of(block)) for block in blocks if block not in scored}
            continue
        program = bare(event.program)
        lines = lines_of(program)
        if program not in known and program not in answers and pieces and len(known) < _MOST_JOINED:
            latest = [
                (answer, of)
                for answer, of in list(pieces.values())[-_MOST_JOINED:]
                if len(lines & of) < _WHOLE * len(lines)
            ]
            given = frozenset[str]().union(*(of for _, of in latest))
            bases = [
                (len(of ^ lines), -number, base)
                for number, (base, of) in enumerate(known.items())
                if lines - of and lines & of and lines - of <= given and of - lines <= shown
                if base not in failed and program.count("\n") < _TOO_LONG * base.count("\n")
            ]
            if bases:
                base = min(bases)[2]
                made = lines - known[base]
                yield Joined(program, base, [answer for answer, of in latest if of & made][-1])
        known[program] = lines


def bare(text: str) -> str:
    """The text without its empty lines, and without the space at the end of each: so programs are compared."""
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip())


def lines_of(text: str) -> frozenset[str]:
    """Of the bare text."""
    return frozenset(bare(text).split("\n"))


def blocks_of(text: str, shortest: int = _SHORTEST) -> list[str]:
    """The fenced blocks of a text, without the space around each."""
    return [block for found in _FENCED.findall(text) if len(block := found.strip()) >= shortest]


def programs_of(text: str) -> list[str]:
    """Its fenced blocks, bare."""
    return [bare(block) for block in blocks_of(text)]


def _shown(message: str, known: Iterable[str]) -> tuple[tuple[str, ...], str]:
    """The known programs in a message, in their order there, each once; and the message without them."""
    places: list[tuple[int, str]] = []
    rest = message
    for program in sorted(known, key=len, reverse=True):  # one that is part of a longer one is not shown by that
        if len(program) >= _SHORTEST and program in rest:
            places.append((message.find(program), program))
            rest = rest.replace(program, " ")
    return tuple(program for _, program in sorted(places)), rest


def traces_on_record(records: Iterable[Record], text: Callable[[str], str]) -> dict[str, list[Trace]]:
    """What each improver, by its id, did in its first applications on record that ended, in their order."""
    by_place: dict[str, list[Answered | ScoreRecord]] = defaultdict(list)
    applied: dict[str, list[Applied]] = defaultdict(list)
    for record in records:
        if isinstance(record, Applied) and len(applied[record.improver]) < _MOST_TRACES:
            applied[record.improver].append(record)
        elif isinstance(record, (Answered, ScoreRecord)):
            by_place[record.at.rpartition("/")[0]].append(record)
    return {
        improver: [_trace(one, by_place[one.at], text) for one in applications]
        for improver, applications in applied.items()
    }


def _trace(applied: Applied, records: Sequence[Answered | ScoreRecord], text: Callable[[str], str]) -> Trace:
    events: list[Asked | Scored] = []
    characters, call = 0, 0
    before: Answered | ScoreRecord | None = None
    asked = [record for record in records if not (isinstance(record, ScoreRecord) and record.guessed)]
    for record in asked[:_MOST_EVENTS]:
        if isinstance(record, ScoreRecord):
            program = text(record.program)
            characters += len(program)
            events.append(
                Scored(program, record.value, record.beside, text(record.feedback) if record.feedback else "")
            )
        else:
            # Of records without a number: what was answered without a score in between was asked together.
            call = record.call or call + (not isinstance(before, Answered))
            system, message = (part[:_MOST_MESSAGE] for part in prompt_parts(text(record.prompt)))
            response = text(record.response)[:_MOST_MESSAGE]
            characters += len(message) + len(response)
            events.append(Asked(call, system, message, record.temperature, response))
        before = record
        if characters > _MOST_CHARACTERS:
            break
    returned = None if applied.program is None or applied.salvaged else text(applied.program)
    return Trace(text(applied.solution), tuple(events), returned)


def as_text(trace: Trace, most: int = 40) -> str:
    """The trace for a reader, a language model too: one line for each question and each run of scores."""
    names: dict[str, str] = {bare(trace.initial): "the initial program"}

    def name(program: str) -> str:
        return names.setdefault(bare(program), f"program {len(names)}")

    lines: list[str] = []
    questions = {question.place: question for question in trace.questions}
    for place, event in enumerate(trace.events):
        if isinstance(event, Scored):
            beside = f" ({event.beside} others at the same time)" if event.beside else ""
            lines.append(f"scored {name(event.program)}: {event.value:.4f}{beside}")
        elif place in questions:
            one = questions[place]
            shown = ", ".join(map(name, one.shown)) or "no whole program"
            hot = ", ".join(f"{heat:g}" for heat in dict.fromkeys(one.temperatures))
            said = " ".join(f"{one.system} {one.rest}".split())[:300]
            made = ", ".join(dict.fromkeys(map(name, one.made))) or "no program"
            lines.append(
                f"call {one.call}, {len(one.temperatures)} responses at temperature {hot}, showing {shown}: {said}"
            )
            lines.append(f"  the responses hold {made}")
    left = len(lines) - most
    ending = f"returned {name(trace.returned)}" if trace.returned is not None else "returned no program"
    return "\n".join([*lines[:most], *([f"and {left} lines more"] if left > 0 else []), ending])
