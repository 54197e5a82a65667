"""Records → what is known of the run. A pure fold: equal records, equal view."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from selftaught.core.measurement import Estimate, estimate, instance_error
from selftaught.report.ledger import Entry, ledger
from selftaught.runs.records import (
    Answered,
    Applied,
    Chosen,
    Ended,
    Measured,
    Noticed,
    Probed,
    Record,
    Sampled,
    Scored,
    Session,
    Stepped,
)

_MOST_EXAMPLES = 3


@dataclass(frozen=True)
class Spent:
    """What was spent over a stretch of the record.

    Attributes:
        input_tokens, output_tokens: as far as they were told; `unpriced` responses had a count missing.
        model_calls: of finished applications only, so it can lag behind `responses` while a run goes on.
        scores_reused: answered by an equal program's score; nothing was run.
        seconds: wall time from record to record, without the time between two sessions.
    """

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
    """I_t: how it came, how it measured, and what was spent up to it, since the step before.

    `proposed_val` is how the proposal measured on val, where it was measured: a rejected one is not `improver`.
    """

    t: int
    improver: str
    proposed: str | None
    accepted: bool
    verdict: str
    note: str
    val: Estimate | None
    test: Estimate | None
    proposed_val: Estimate | None
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
    """What `selftaught improve` made: scores of the solution before and after, by utility.

    A utility that has not scored one of the two yet is missing there. `verdict` and `note`: of the last application of
    the improver. `source`: where the program is from, as in `Chosen`; "" in records of before.
    """

    verdict: str
    note: str
    before: dict[str, float]
    after: dict[str, float]
    solution: str
    made: str | None
    source: str = ""


@dataclass(frozen=True)
class RunView:
    """A run so far.

    Attributes:
        status: how the last session ended: finished, interrupted, stopped or failed; `running or killed` where it has
            not said; `new` where none began.
        measured: the samples of each measured improver, by its id.
        best: the t whose improver measured highest on val, the earliest of equals; None while none is measured.
        total: of the whole record: the steps' spending and `pending`.
        probed: what became of each reported solution where only a reward hack would lose.
        pending: spent since the last step, on one that is not finished.
    """

    status: str
    note: str
    sessions: tuple[Session, ...]
    steps: tuple[Step, ...]
    measured: dict[str, tuple[Sampled, ...]]
    best: int | None
    total: Spent
    pending: Spent
    failures: tuple[Failure, ...]
    noticed: tuple[Noticed, ...]
    probed: tuple[Probed, ...]
    ledger: tuple[Entry, ...]
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
    steps, pending = _steps(told, measured)
    status, note = _status(told)
    return RunView(
        status=status,
        note=note,
        sessions=tuple(record for record in told if isinstance(record, Session)),
        steps=tuple(steps),
        measured=measured,
        best=_best(steps),
        total=_spent(told, _worked(told)),
        pending=pending,
        failures=_failures(told),
        noticed=tuple(record for record in told if isinstance(record, Noticed)),
        probed=tuple(record for record in told if isinstance(record, Probed)),
        ledger=tuple(ledger(told)),
        improvement=None if steps or measured else _improvement(told),
    )


def _steps(told: Sequence[Record], measured: Mapping[str, Sequence[Sampled]]) -> tuple[list[Step], Spent]:
    """The steps, each with the spending of the records since the one before it; and that of the records left over."""
    steps, since, clock = [], 0, _worked(told)
    for end, record in enumerate(told, start=1):
        if isinstance(record, Stepped):
            steps.append(_step(record, measured, _spent(told[since:end], clock[since : end + 1])))
            since = end
    return steps, _spent(told[since:], clock[since:])


def _step(record: Stepped, measured: Mapping[str, Sequence[Sampled]], spent: Spent) -> Step:
    samples = measured.get(record.improver, ())
    return Step(
        t=record.t,
        improver=record.improver,
        proposed=record.proposed,
        accepted=record.accepted,
        verdict=record.verdict,
        note=record.note,
        val=_on_val(samples),
        test=_on_test([sample for sample in samples if sample.test is not None]),
        proposed_val=_on_val(measured.get(record.proposed or "", ())),
        spent=spent,
    )


def _on_val(samples: Sequence[Sampled]) -> Estimate | None:
    return _estimate([(sample.task, sample.val, sample.val_error) for sample in samples])


def _on_test(samples: Sequence[Sampled]) -> Estimate | None:
    return _estimate([(sample.task, sample.test or 0.0, sample.test_error) for sample in samples])


def _estimate(told: Sequence[tuple[str, float, float | None]]) -> Estimate | None:
    """Of (task, value, its error from the draw of the instances)."""
    errors: dict[str, list[float | None]] = {}
    for task, _, error in told:
        errors.setdefault(task, []).append(error)
    return estimate([value for _, value, _ in told], instance_error(errors)) if told else None


def _best(steps: Sequence[Step]) -> int | None:
    measured = [(step.val.mean, -step.t) for step in steps if step.val]
    return -max(measured)[1] if measured else None


def _spent(part: Sequence[Record], clock: Sequence[float]) -> Spent:
    """`clock`: worked seconds before the first record of `part`, and after each."""
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
        seconds=clock[-1] - clock[0],
    )


def _worked(told: Sequence[Record]) -> list[float]:
    """Seconds worked before the first record, and after each. Between two sessions nothing ran; a step's share begins
    where the one before it ended, so that the shares add up.
    """
    clock, before = [0.0], 0.0
    for record in told:
        ran = record.time and before and not isinstance(record, Session)
        clock.append(clock[-1] + (max(0.0, record.time - before) if ran else 0.0))
        before = record.time or before
    return clock


def _status(told: Sequence[Record]) -> tuple[str, str]:
    """Of the last session. One that was killed cannot say so, and looks like one that runs."""
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
        if record.note and record.note not in notes[key] and len(notes[key]) < _MOST_EXAMPLES:
            notes[key].append(record.note)
    return tuple(Failure(*key, count, tuple(notes[key])) for key, count in counts.most_common())


def _improvement(told: Sequence[Record]) -> Improvement | None:
    """`selftaught improve` works at the root: applications there, scores beside them, and no steps."""
    applications = [r for r in told if isinstance(r, Applied) and r.at.count("/") == 1]
    if not applications or applications[0].utility == "meta-utility":  # a run whose first step is not on record
        return None
    first, last = applications[0], applications[-1]
    chosen = next((record for record in reversed(told) if isinstance(record, Chosen)), None)
    made, source = (chosen.program, chosen.source) if chosen else (last.program, "")
    scores = [record for record in told if isinstance(record, Scored) and record.at.count("/") == 1]
    before = {score.utility: score.value for score in scores if score.program == first.solution}
    after = {score.utility: score.value for score in scores if score.program == made}
    return Improvement(last.verdict, last.note, before, after, first.solution, made, source)
