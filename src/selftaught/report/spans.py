"""What took how long in a run's time at work: calls of the model, scores of programs."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took `seconds`, and ended `end` seconds into the run's time at work. `kind` is of KINDS."""

    kind: str
    end: float
    seconds: float


KINDS = {"model": "waiting for the model", "guest": "scoring programs", "failed": "attempts that failed"}


def busy(spans: Iterable[Span], kind: str) -> float:
    """Seconds in which at least one of this kind was under way."""
    total = reached = 0.0
    for begin, end in sorted((max(0.0, span.end - span.seconds), span.end) for span in spans if span.kind == kind):
        total += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return total
