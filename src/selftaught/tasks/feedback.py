"""What an improver may read of how a solution was scored: never an expected answer, never a word of `grade`'s.

Times are given in eighths of their limit, because two runs never take equally long (docs/improvers.md).
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from selftaught.core.contracts import MOST_FEEDBACK, Score, Verdict
from selftaught.core.feedback import TIME_STEPS, used_time
from selftaught.core.text import printable
from selftaught.sandbox.contract import Outcome

_MOST_FAILURES, _MOST_NUMBERED, _MOST_REASON = 5, 8, 120
_MOST_GRADES_SHOWN = 120
_LOWEST_SHOWN, _BANDS = 10, 5
_MOST_EXPLAINED, _MOST_EXPLANATION = 3, 400

Explain = Callable[[Any], str]
"""The task's own words on an answer, which it is given."""


@dataclass(frozen=True, slots=True)
class _Call:
    grade: float
    verdict: Verdict
    reason: str
    eighths: int


@dataclass
class CallLog:
    """One line for each call of a program, as it is graded. `cpu_seconds` is the limit of each."""

    cpu_seconds: float
    calls: list[_Call] = field(default_factory=list)
    _explained: list[tuple[float, int, str]] = field(default_factory=list)

    def add(self, outcome: Outcome, score: Score, explain: Explain | None) -> None:
        """`score.feedback` explains the grade, as far as improvers may know it."""
        used = min(TIME_STEPS, max(1, ceil(TIME_STEPS * outcome.cpu_seconds / self.cpu_seconds)))
        eighths = TIME_STEPS if outcome.verdict is Verdict.TIMED_OUT else used
        grade = score.value if score.raw is None else score.raw
        self.calls.append(_Call(grade, score.verdict, score.feedback, eighths))
        if explain is not None and outcome.verdict is Verdict.OK:
            self._explain(score.value, outcome.value, explain)

    def _explain(self, grade: float, answer: Any, explain: Explain) -> None:
        """The lowest grades are explained, the first of equals; answers are not kept, so it is done as they come."""
        if len(self._explained) == _MOST_EXPLAINED and grade >= self._explained[-1][0]:
            return
        words = printable(explain(answer))[:_MOST_EXPLANATION]
        if words:
            self._explained.append((grade, len(self.calls), words))
            self._explained = sorted(self._explained)[:_MOST_EXPLAINED]

    def text(self, score: Score, instances: int) -> str:
        """All of it, for the score that it came to; `instances` are more than were called where one spoiled all."""
        lines = [_value(score, instances), ", ".join(_counts(self.calls, instances))]
        lines += _failures(self.calls)
        if any(call.verdict is not Verdict.NO_PROGRAM for call in self.calls):
            lines += [_grades(self.calls), used_time([call.eighths for call in self.calls], self.cpu_seconds)]
        if self._explained:
            lines += ["The task says of the lowest grades:"]
            lines += [f"- instance {number} (grade {grade:.4g}): {words}" for grade, number, words in self._explained]
        return "\n".join(lines)[:MOST_FEEDBACK]


def reason_of(outcome: Outcome) -> str:
    """Why a call failed, in the program's own words, cut short. The line number is at the end of a note."""
    line = _line_of(outcome.note)
    return printable(outcome.note.removesuffix(line))[:_MOST_REASON].strip() + line


def _line_of(note: str) -> str:
    found = re.search(r" \(line \d+\)$", note)
    return found[0] if found else ""


def _value(score: Score, instances: int) -> str:
    error = "" if score.error is None else f" ± {score.error:.4f} (standard error over {instances} instances)"
    own = "" if score.raw is None else f"; the task's own number: {score.raw:.6g}"
    numbers = "".join(f"; {printable(name)}: {number:.6g}" for name, number in score.numbers.items())
    return f"score {score.value:.4f}{error}{own}{numbers}"


def _counts(calls: Sequence[_Call], instances: int) -> Iterator[str]:
    counts = Counter(call.verdict for call in calls)
    for verdict, count in counts.most_common():
        yield f"{count} of {instances} {verdict}"
    if len(calls) < instances:
        yield f"{instances - len(calls)} not run any more"


def _failures(calls: Sequence[_Call]) -> Iterator[str]:
    """Each kind of failure (verdict, exception, line) with the reason of the first, in the order of appearance."""
    kinds: dict[tuple[Verdict, str, str], list[int]] = {}
    for number, call in enumerate(calls, start=1):
        if call.verdict is not Verdict.OK:
            kind = (call.verdict, call.reason.split(":")[0], _line_of(call.reason))
            kinds.setdefault(kind, []).append(number)
    for (verdict, *_), numbers in list(kinds.items())[:_MOST_FAILURES]:
        reason = calls[numbers[0] - 1].reason
        yield f"- {verdict} on {_numbered(numbers, len(calls))}" + (f": {reason}" if reason else "")
    if len(kinds) > _MOST_FAILURES:
        yield f"- and {len(kinds) - _MOST_FAILURES} more kinds of failure"


def _numbered(numbers: Sequence[int], of: int) -> str:
    if len(numbers) == of:
        return "every instance"
    shown = ", ".join(map(str, numbers[:_MOST_NUMBERED])) + (", …" if len(numbers) > _MOST_NUMBERED else "")
    return f"{len(numbers)} instance{'s' if len(numbers) > 1 else ''} ({shown})"


def _grades(calls: Sequence[_Call]) -> str:
    if len(calls) <= _MOST_GRADES_SHOWN:
        return "grades by instance, in order: " + " ".join(map(_shown, calls))
    grades = [call.grade for call in calls]
    low, high = min(grades), max(grades)
    width = (high - low) / _BANDS or 1.0
    bands = Counter(min(_BANDS - 1, int((grade - low) / width)) for grade in grades)
    shares = ", ".join(
        f"{bands[band]} from {low + band * width:.3g} to {low + (band + 1) * width:.3g}" for band in sorted(bands)
    )
    lowest = sorted(range(len(calls)), key=lambda place: grades[place])[:_LOWEST_SHOWN]
    named = ", ".join(f"{place + 1}: {_shown(calls[place])}" for place in lowest)
    return f"grades: {shares}\nthe lowest, by number of instance: {named}"


def _shown(call: _Call) -> str:
    return f"{call.grade:.3g}" if call.verdict is Verdict.OK else call.verdict.replace(" ", "-")
