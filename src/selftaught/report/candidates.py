"""Every candidate of a run: a program that an improver had scored, with all that is on record of it."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from selftaught.runs.records import Answered, Applied, Chosen, Record, Scored, Stepped

_BLOCK = re.compile(r"^[ \t]*(```|~~~)")
_MARKUP = re.compile(r"^[#>*\s]+|[*_`]{2,}")
_MOST_READ, _MOST_IDEA = 20_000, 400


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


def candidates(records: Iterable[Record]) -> list[Candidate]:
    """In the order of their recorded scores. Scores of a measurement itself do not count: no improver sees them."""
    told = list(records)
    applied = {record.at: record for record in told if isinstance(record, Applied)}
    chosen = {record.program for record in told if isinstance(record, Chosen)}
    asked = {(_above(r.at), r.response): r for r in told if isinstance(r, Answered)}
    buyers = {response: place for place, response in asked}
    first: dict[tuple[str, str], tuple[int, Scored]] = {}
    times, t = Counter[tuple[str, str]](), 0
    for record in told:
        if isinstance(record, Stepped):
            t = record.t + 1
        elif isinstance(record, Scored) and not record.guessed and (place := _application(record, buyers)):
            first.setdefault((place, record.program), (t, record))
            times[place, record.program] += 1
    return [
        _candidate(place, score, towards, times[key], applied.get(place), asked, chosen)
        for key, (towards, score) in first.items()
        for place in [key[0]]
    ]


def _application(record: Scored, buyers: dict[str, str]) -> str:
    """The address of the request. A response that `improve` scored at the end: of the application that bought it."""
    above = _above(record.at)
    if above.rpartition("/")[2].startswith("apply:"):
        return above
    return buyers.get(record.response, "") if record.response and not above else ""


def _candidate(
    place: str,
    score: Scored,
    t: int,
    times: int,
    applied: Applied | None,
    asked: dict[tuple[str, str], Answered],
    chosen: set[str],
) -> Candidate:
    answered = asked.get((place, score.response))
    made = applied is not None and (applied.program == score.program or score.program in chosen)
    return Candidate(
        application=place,
        improver=applied.improver if applied else "",
        utility=score.utility,
        t=t,
        program=score.program,
        round=score.round,
        parent=score.parent,
        response=score.response,
        prompt=answered.prompt if answered else "",
        value=score.value,
        error=score.error,
        raw=score.raw,
        raw_error=score.raw_error,
        verdict=score.verdict,
        note=score.note,
        grades=tuple(score.grades),
        feedback=score.feedback,
        times=times,
        made=made,
        salvaged=made and applied is not None and applied.salvaged,
    )


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
