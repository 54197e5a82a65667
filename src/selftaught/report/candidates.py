"""Every candidate of a run: a program that an improver had scored, with all that is on record of it."""

import re
import sys
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from math import inf

from selftaught.runs.records import Answered, Applied, Chosen, Record, Scored, Stepped

_BLOCK = re.compile(r"^[ \t]*(```|~~~)")
_MARKUP = re.compile(r"^[#>*\s]+|[*_`]{2,}")
_MOST_READ, _MOST_IDEA = 20_000, 400
_MOST_DOTS = 1000


@dataclass(frozen=True)
class Candidate:
    """One program in one application of an improver; scored there once or more often.

    Attributes:
        application: the address of the application that asked for the score.
        improver: id of the improver that was applied; "" while the application runs.
        t: towards which I_t it was scored.
        program, parent, response, prompt, feedback: ids of texts; "" if there is none, or it is unknown. `parent`
            is the program that the prompt showed, `prompt` is a pair of texts (runs/records.py: prompt_parts).
        round: the number of the model call that gave it, from 1; 0 if no response contains it.
        value, error, raw, raw_error, verdict, note: its score. `raw` is the task's own number, if it differs.
        grades: by instance; empty if they are not known.
        times: how often the application had it scored.
        made: whether it is what the application came to; `salvaged`: since the improver failed.
    """

    application: str
    improver: str
    utility: str
    t: int
    program: str
    round: int
    parent: str
    response: str
    prompt: str
    value: float
    error: float | None
    raw: float | None
    raw_error: float | None
    verdict: str
    note: str
    grades: tuple[float, ...]
    feedback: str
    times: int
    made: bool
    salvaged: bool

    @property
    def own(self) -> tuple[float, float | None]:
        """Its score and the error of that in the task's own number: what people are shown."""
        return (self.value, self.error) if self.raw is None else (self.raw, self.raw_error)

    @property
    def fate(self) -> str:
        """What became of it, in a word; an empty text where nothing did."""
        return "salvaged" if self.salvaged else "taken" if self.made else ""


@dataclass
class Course:
    """The scores of all candidates in their order, as far as a drawing shows them.

    Attributes:
        count, low, high: of all of them.
        dots: (number from 0, score) of every `each`-th.
        best: (number, score) of those that were better than all before.
    """

    count: int = 0
    low: float = inf
    high: float = -inf
    dots: list[tuple[int, float]] = field(default_factory=list)
    each: int = 1
    best: list[tuple[int, float]] = field(default_factory=list)

    def add(self, score: float) -> None:
        """One more."""
        if self.count % self.each == 0:
            self.dots.append((self.count, score))
        if score > self.high:
            self.best.append((self.count, score))
        self.count, self.low, self.high = self.count + 1, min(self.low, score), max(self.high, score)
        if len(self.dots) > 2 * _MOST_DOTS:
            self.dots, self.each = self.dots[::2], 2 * self.each


class Candidates:
    """The candidates so far. `most`: of more only the best are kept, of equal ones the earlier; None: all.

    Not for several threads at once.
    """

    def __init__(self, most: int | None = None) -> None:
        self.course = Course()
        self._most = most
        self._kept: dict[bytes, _Kept] = {}
        self._ranked: list[tuple[float, int, bytes]] = []
        self._gone: set[bytes] = set()
        """Of those that are not kept."""
        self._applied: dict[str, Applied] = {}
        self._chosen: set[str] = set()
        self._prompts: dict[bytes, str] = {}
        """By application and response."""
        self._buyers: dict[bytes, str] = {}
        """By the response: the application that bought it."""
        self._t = 0

    @classmethod
    def of(cls, records: Iterable[Record], most: int | None = None) -> "Candidates":
        """Those of a whole record."""
        found = cls(most)
        for record in records:
            found.add(record)
        return found

    def add(self, record: Record) -> None:
        """One more record, in the order written."""
        match record:
            case Stepped():
                self._t = record.t + 1
            case Applied():
                self._applied[record.at] = record
            case Chosen():
                self._chosen.add(record.program)
            case Answered():
                place = sys.intern(_above(record.at))
                self._prompts[_key(place, record.response)] = record.prompt
                self._buyers[_key(record.response)] = place
            case Scored(guessed=False):
                self._scored(record)
            case _:
                pass

    def all(self) -> list[Candidate]:
        """All that are kept, in the order of their recorded scores."""
        return [self._candidate(kept) for kept in self._kept.values()]

    def best(self) -> list[Candidate]:
        """All that are kept, the best first; of equal ones the earlier."""
        return [self._candidate(self._kept[key]) for _, _, key in self._ranked]

    def _scored(self, record: Scored) -> None:
        place = self._application(record)
        if not place:
            return
        key = _key(place, record.program)
        if key in self._kept:
            self._kept[key].times += 1
        elif key not in self._gone:
            prompt = self._prompts.get(_key(place, record.response), "")
            self._kept[key] = _Kept(place, self._t, prompt, record)
            insort(self._ranked, (-record.value, self.course.count, key))
            self.course.add(record.value)
            if self._most is not None and len(self._ranked) > self._most:
                *_, least = self._ranked.pop()
                del self._kept[least]
                self._gone.add(least)

    def _application(self, record: Scored) -> str:
        """The address of the request. A response that `improve` scored at the end: of the application that bought it.

        Scores of a measurement itself do not count: no improver sees them.
        """
        above = _above(record.at)
        if above.rpartition("/")[2].startswith("apply:"):
            return sys.intern(above)
        return self._buyers.get(_key(record.response), "") if record.response and not above else ""

    def _candidate(self, kept: "_Kept") -> Candidate:
        score, applied = kept.score, self._applied.get(kept.place)
        made = applied is not None and (applied.program == score.program or score.program in self._chosen)
        return Candidate(
            application=kept.place,
            improver=applied.improver if applied else "",
            utility=score.utility,
            t=kept.t,
            program=score.program,
            round=score.round,
            parent=score.parent,
            response=score.response,
            prompt=kept.prompt,
            value=score.value,
            error=score.error,
            raw=score.raw,
            raw_error=score.raw_error,
            verdict=score.verdict,
            note=score.note,
            grades=tuple(score.grades),
            feedback=score.feedback,
            times=kept.times,
            made=made,
            salvaged=made and applied is not None and applied.salvaged,
        )


@dataclass
class _Kept:
    """A candidate while the record grows: its application, towards which I_t, its prompt, and its first score."""

    place: str
    t: int
    prompt: str
    score: Scored
    times: int = 1


def _key(*parts: str) -> bytes:
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()[:16]


def candidates(records: Iterable[Record]) -> list[Candidate]:
    """All of a whole record, in the order of their recorded scores."""
    return Candidates.of(records).all()


def idea_of(response: str) -> str:
    """The text of a response before its program, or else after it, as one line: the idea in the model's own words."""
    said: list[str] = []
    inside = False
    for line in response[:_MOST_READ].splitlines():
        if _BLOCK.match(line):
            if said:
                break
            inside = not inside
        elif line.strip() and not inside:
            said.append(_MARKUP.sub("", line).strip())
    return " ".join(said)[:_MOST_IDEA]


def _above(at: str) -> str:
    return at.rpartition("/")[0]
