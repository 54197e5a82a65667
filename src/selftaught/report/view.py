"""Records → what is known of the run. A pure fold: equal records, equal view."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from selftaught.core.measurement import Estimate, estimate
from selftaught.runs.records import (
    Answered,
    Applied,
    Ended,
    Measured,
    Noticed,
    Record,
    Sampled,
    Scored,
    Session,
    Stepped,
)

_MOST_EXAMPLES = 3


@dataclass(frozen=True)
class Spent:
    """What was spent between two steps. `unpriced`: responses whose tokens the provider did not tell."""

    responses: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unpriced: int = 0
    model_calls: int = 0
    applications: int = 0
    scores_run: int = 0
    scores_reused: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Step:
    """I_t: how it came, how it measured, and what was spent up to it, since the step before."""

    t: int
    improver: str
    proposed: str | None
    accepted: bool
    verdict: str
    note: str
    val: Estimate | None
    test: Estimate | None
    spent: Spent


@dataclass(frozen=True)
class Failure:
    """How often one kind of work ended in one verdict, with a few of the notes. Notes are untrusted text."""

    work: str
    verdict: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Improvement:
    """The one application of `selftaught improve`: scores of the solution before and after, by utility."""

    verdict: str
    note: str
    before: dict[str, float]
    after: dict[str, float]
    solution: str
    made: str | None


@dataclass(frozen=True)
class RunView:
    """A run so far. `best`: the t whose improver measured highest on val, the earliest of equals."""

    status: str
    note: str
    sessions: tuple[Session, ...]
    steps: tuple[Step, ...]
    measured: dict[str, tuple[Sampled, ...]]
    best: int | None
    total: Spent
    failures: tuple[Failure, ...]
    noticed: tuple[Noticed, ...]
    improvement: Improvement | None

    @property
    def seed_step(self) -> Step | None:
        """I_0, once it is measured."""
        return self.steps[0] if self.steps else None

    @property
    def best_step(self) -> Step | None:
        """The best improver so far, once one is measured."""
        return next((step for step in self.steps if step.t == self.best), None)


def view(records: Iterable[Record]) -> RunView:
    """Fold the records, in the order written."""
    told = list(records)
    measured = {record.improver: tuple(record.samples) for record in told if isinstance(record, Measured)}
    steps = _steps(told, measured)
    ranked = sorted((s for s in steps if s.val), key=lambda s: (-s.val.mean if s.val else 0.0, s.t))
    status, note = _status(told)
    return RunView(
        status=status,
        note=note,
        sessions=tuple(record for record in told if isinstance(record, Session)),
        steps=tuple(steps),
        measured=measured,
        best=ranked[0].t if ranked else None,
        total=_spent(told),
        failures=_failures(told),
        noticed=tuple(record for record in told if isinstance(record, Noticed)),
        improvement=_improvement(told),
    )


def _steps(told: Sequence[Record], measured: dict[str, tuple[Sampled, ...]]) -> list[Step]:
    steps, since = [], 0
    for index, record in enumerate(told):
        if isinstance(record, Stepped):
            samples = measured.get(record.improver, ())
            tests = [sample.test for sample in samples if sample.test is not None]
            steps.append(
                Step(
                    t=record.t,
                    improver=record.improver,
                    proposed=record.proposed,
                    accepted=record.accepted,
                    verdict=record.verdict,
                    note=record.note,
                    val=estimate([sample.val for sample in samples]) if samples else None,
                    test=estimate(tests) if tests else None,
                    spent=_spent(told[since : index + 1]),
                )
            )
            since = index + 1
    return steps


def _spent(part: Sequence[Record]) -> Spent:
    answers = [record for record in part if isinstance(record, Answered)]
    scores = [record for record in part if isinstance(record, Scored)]
    applied = [record for record in part if isinstance(record, Applied)]
    return Spent(
        responses=len(answers),
        input_tokens=sum(answer.input_tokens or 0 for answer in answers),
        output_tokens=sum(answer.output_tokens or 0 for answer in answers),
        unpriced=sum(answer.input_tokens is None or answer.output_tokens is None for answer in answers),
        model_calls=sum(application.model_calls for application in applied),
        applications=len(applied),
        scores_run=sum(not score.reused for score in scores),
        scores_reused=sum(score.reused for score in scores),
        seconds=_worked_seconds(part),
    )


def _worked_seconds(part: Sequence[Record]) -> float:
    """Wall seconds from record to record; the time between two sessions, when nothing ran, is left out."""
    seconds, before = 0.0, 0.0
    for record in part:
        if record.time and before and not isinstance(record, Session):
            seconds += max(0.0, record.time - before)
        before = record.time or before
    return seconds


def _status(told: Sequence[Record]) -> tuple[str, str]:
    """Of the last session: `running` where it has said nothing of its end (or was killed)."""
    status, note = "new", ""
    for record in told:
        if isinstance(record, Session):
            status, note = "running or killed", ""
        elif isinstance(record, Ended):
            status, note = record.how, record.note
    return status, note


def _failures(told: Sequence[Record]) -> tuple[Failure, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    notes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for record in told:
        if not isinstance(record, (Scored, Applied)) or record.verdict == "ok":
            continue
        kind = f"score of {record.utility}" if isinstance(record, Scored) else f"improver on {record.utility}"
        key = kind, record.verdict
        counts[key] += 1
        if record.note not in notes[key] and len(notes[key]) < _MOST_EXAMPLES:
            notes[key].append(record.note)
    return tuple(Failure(*key, count, tuple(notes[key])) for key, count in counts.most_common())


def _improvement(told: Sequence[Record]) -> Improvement | None:
    """`selftaught improve` works at the root: one application there, scores beside it, and no steps."""
    applied = next((r for r in told if isinstance(r, Applied) and r.at.count("/") == 1), None)
    if applied is None or applied.utility == "meta-utility":
        return None
    scores = [record for record in told if isinstance(record, Scored) and record.at.count("/") == 1]
    before = {score.utility: score.value for score in scores if score.program == applied.solution}
    after = {score.utility: score.value for score in scores if score.program == applied.program}
    return Improvement(applied.verdict, applied.note, before, after, applied.solution, applied.program)
