"""Records → what is known of the run. A pure fold: equal records, equal view.

One fold for all readers: the progress line and every view of a running run add what is new, at a cost
that does not grow with what they have; `view` folds a whole record.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import hypot
from statistics import fmean
from typing import Protocol

import msgspec

from selftaught.core.address import depth
from selftaught.core.measurement import Estimate, Graded, estimate, instance_error, paired
from selftaught.core.standing import is_solved
from selftaught.report.guesses import Guessed, Guesses
from selftaught.report.ledger import Entry, Ledger
from selftaught.report.over_time import OverTime
from selftaught.runs.records import (
    AGAIN,
    META_UTILITY,
    OFTEN,
    Answered,
    Applied,
    Chosen,
    Corrected,
    Ended,
    Measured,
    Noticed,
    Number,
    Probed,
    Record,
    Sampled,
    Scored,
    Session,
    Stepped,
    Tried,
)

_MOST_EXAMPLES = 3
KILLED = "killed"
"""How a start ended that did not say how, and is over."""


@dataclass(frozen=True)
class Spent:
    """The spending over a part of the record.

    Attributes:
        responses: that improvers got, `shared` of them bought for another improver before.
        input_tokens, output_tokens: bought, as far as they are known; `uncounted` responses lack one of them.
        unpriced: responses without a known cost; both words as in the ledger.
        model_calls: of finished applications only, so it can be lower than `responses` while a run works.
        scores_reused: answered by an equal program's score; nothing was run.
        scores_guessed: run before anybody asked, and nobody did.
        seconds: wall time from record to record, without the time between two sessions.
    """

    responses: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    uncounted: int = 0
    unpriced: int = 0
    model_calls: int = 0
    applications: int = 0
    scores_run: int = 0
    scores_reused: int = 0
    scores_guessed: int = 0
    seconds: float = 0.0
    shared: int = 0

    @property
    def bought(self) -> int:
        """Responses that were asked for."""
        return self.responses - self.shared


@dataclass(frozen=True)
class Step:
    """I_t: its origin, its measurement, and the spending since the previous step.

    `proposed_val` is the proposal's measurement on val, if any: a rejected proposal is not `improver`. `p` and
    `approved`: of the test and the person that decided, where there were any.
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
    p: float | None = None
    approved: bool | None = None


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
    the improver. `source`: where the program is from, as in `Chosen`; "" in records of before. `gains`: after minus
    before, with its error over the instances, which both met; where the grades are known. `own`: before and after in
    the task's own number, where that is another. `times`: where scores vary, so often both were scored anew, and all
    these are means of that; the errors hold it. `errors`: of `after`.
    """

    verdict: str
    note: str
    before: dict[str, float]
    after: dict[str, float]
    solution: str
    made: str | None
    source: str = ""
    gains: dict[str, Estimate] = field(default_factory=dict)
    own: dict[str, tuple[float | None, float | None]] = field(default_factory=dict)
    times: int = 1
    errors: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Solved:
    """A task that cannot compare improvers: `value` on val, from the `seed` or else the first response."""

    task: str
    value: float
    by_seed: bool


@dataclass(frozen=True)
class RunView:
    """A run so far.

    Attributes:
        status: the end of the last session: finished, interrupted, stopped or failed; `killed` if it is not recorded,
            and `running` if it has not ended; `new` before the first.
        measured: the samples of each measured improver, by its id.
        best: the t whose improver measured highest on val, the earliest of equals; None before the first measurement.
        total: of the whole record: the steps' spending and `pending`.
        probed: what became of each reported solution where only a reward hack would lose.
        pending: spent since the last step, on one that is not finished.
        best_candidate: the highest score that an improver got since then; None before the first.
        no_program: how many responses held no program, by the reason.
        salvaged: applications that ended badly, and handed over the best that they had scored.
        seed_scores: of each task's seed on val in the task's own number, as far as it was scored before any response.
        solved: the tasks whose seed or first response already had the best possible score.
        faults: what tasks' own code did wrong while programs were scored, each once. Untrusted text in part.
        corrected: the tasks whose text was replaced during the run, in order.
        over_time: what took how long and what was spent when, as a drawing shows it.
        raced: of the candidates that racing stopped, how many of how many applications were made.
        common_draws: whether the improvers that were measured had their draws of the model in common.
        chosen_value: the score on val, as improvers see it, of the result of `improve`; None before that.
        guesses: scores that started before they were requested.
        chain: of an improver that was applied k times in a row, as in experiments: the samples for each k from 0.
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
    guesses: Guessed = Guessed()
    best_candidate: float | None = None
    no_program: dict[str, int] = field(default_factory=dict)
    salvaged: int = 0
    solved: tuple["Solved", ...] = ()
    seed_scores: dict[str, float] = field(default_factory=dict)
    faults: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    over_time: OverTime = field(default_factory=OverTime)
    chosen_value: float | None = None
    common_draws: bool = False
    raced: tuple[tuple[int, int], ...] = ()
    chain: tuple[tuple[Sampled, ...], ...] = ()

    @property
    def seed_step(self) -> Step | None:
        """I_0, once it is measured."""
        return self.steps[0] if self.steps else None

    @property
    def nothing_usable(self) -> bool:
        """Whether the model responded, and not one response holds a program: then it was no search."""
        return 0 < self.total.responses == sum(self.no_program.values())

    def gain(self, split: str) -> Estimate | None:
        """Of the best over the seed improver, on val or test, pair by pair; None where not both are measured on it."""
        if self.seed_step is None or self.best_step is None:
            return None
        seed, best = (self.measured.get(step.improver, ()) for step in (self.seed_step, self.best_step))
        return compared(seed, best, split, common_draws=self.common_draws)

    @property
    def best_step(self) -> Step | None:
        """The best improver so far, once one is measured."""
        return next((step for step in self.steps if step.t == self.best), None)


def graded(samples: Sequence[Sampled], split: str) -> list[Graded]:
    """The samples as they are compared, without test if some of them lack it."""
    if split == "val":
        return [(sample.task, sample.val, sample.val_grades) for sample in samples]
    tested = [(sample.task, sample.test, sample.test_grades) for sample in samples if sample.test is not None]
    return [*tested] if len(tested) == len(samples) else []


def compared(
    before: Sequence[Sampled], after: Sequence[Sampled], split: str, *, common_draws: bool = False
) -> Estimate | None:
    """The difference of two measured improvers, pair by pair; of records without grades, with the errors of both.

    `common_draws`: they had their draws of the model in common, repeat by repeat.
    """
    old, new = graded(before, split), graded(after, split)
    if not old or [task for task, *_ in old] != [task for task, *_ in new]:
        return None
    if any(error and not grades for sample in (*before, *after) for error, grades in _errors(sample, split)):
        estimates = [(_on_val if split == "val" else _on_test)(samples) for samples in (before, after)]
        first, second = (one.standard_error if one else None for one in estimates)
        error = None if first is None or second is None else hypot(first, second)
        return Estimate(paired(old, new).mean, error, len(old))
    return paired(old, new, common_draws=common_draws)


def _errors(sample: Sampled, split: str) -> list[tuple[float | None, list[float]]]:
    return [(sample.val_error, sample.val_grades) if split == "val" else (sample.test_error, sample.test_grades)]


class Readable(Protocol):
    """A `Store`, as far as a fold goes."""

    def since(self, seq: int, /) -> Iterable[tuple[int, Record]]:
        """The records after number `seq`, each with its number."""


class _Tally(msgspec.Struct):
    """`Spent`, while it grows."""

    responses: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    uncounted: int = 0
    unpriced: int = 0
    model_calls: int = 0
    applications: int = 0
    scores_run: int = 0
    scores_reused: int = 0
    scores_guessed: int = 0
    seconds: Number = 0.0
    shared: int = 0

    def add(self, record: Record, seconds: float) -> None:
        self.seconds += seconds
        match record:
            case Answered(shared=True):
                self.responses += 1
                self.shared += 1
            case Answered(input_tokens=given, output_tokens=made, cost=cost):
                self.responses += 1
                self.input_tokens += given or 0
                self.output_tokens += made or 0
                self.uncounted += given is None or made is None
                self.unpriced += cost is None
            case Applied(model_calls=calls):
                self.applications += 1
                self.model_calls += calls
            case Scored(guessed=True):
                self.scores_guessed += 1
            case Scored(reused=True):
                self.scores_reused += 1
            case Scored():
                self.scores_run += 1
            case _:
                pass

    def spent(self) -> Spent:
        return Spent(**msgspec.structs.asdict(self))


class _Clock(msgspec.Struct):
    """Seconds worked from record to record. Between two sessions nothing ran; a clock set back takes none away."""

    _before: Number = 0.0

    def until(self, record: Record) -> float:
        """Since the record before. A step's share begins where the one before it ended: the shares add up."""
        ran = record.time and self._before and not isinstance(record, Session)
        seconds = max(0.0, record.time - self._before) if ran else 0.0
        self._before = record.time or self._before
        return seconds


class _Failures(msgspec.Struct):
    """So many, with a few of their notes."""

    count: int = 0
    examples: list[str] = []

    def add(self, note: str) -> None:
        self.count += 1
        if note and note not in self.examples and len(self.examples) < _MOST_EXAMPLES:
            self.examples.append(note)


class Fold(msgspec.Struct):
    """The state so far. Its size does not grow with the run, so it can be kept (snapshot.py).

    A record of which a run has a few may come again, and does not count again. One of which it has any number
    (`OFTEN`) comes once. Not for several threads at once.

    Attributes:
        best_candidate, best_error: of the highest score that an improver got since the last step.
        bests: the best candidate's score each time that it rose.
        candidates, failed_candidates: programs that an improver had scored since the last step, and those that failed.
        dollars: as far as they are known.
    """

    last: int = 0
    """The number of the last record that was read of a store."""
    _seen: set[str] = set()
    _clock: _Clock = msgspec.field(default_factory=_Clock)
    _status: str = "new"
    _note: str = ""
    _sessions: list[Session] = []
    _total: _Tally = msgspec.field(default_factory=_Tally)
    _pending: _Tally = msgspec.field(default_factory=_Tally)
    _steps: list[tuple[Stepped, _Tally]] = []
    _measured: dict[str, Measured] = {}
    _failures: dict[str, dict[str, _Failures]] = {}
    """By the kind of work, then by the verdict."""
    _noticed: list[Noticed] = []
    _probed: list[Probed] = []
    _ledger: Ledger = msgspec.field(default_factory=Ledger)
    _guesses: Guesses = msgspec.field(default_factory=Guesses)
    _no_program: dict[str, int] = {}
    _salvaged: int = 0
    _common_draws: bool = False
    _raced: list[tuple[int, int]] = []
    _chain: list[tuple[Sampled, ...]] = []
    _faults: dict[str, None] = {}
    _corrected: list[str] = []
    _over_time: OverTime = msgspec.field(default_factory=OverTime)
    _at_root: list[Scored] = []
    _applied_at_root: list[Applied] = []
    _chosen: Chosen | None = None
    best_candidate: Number | None = None
    best_error: Number | None = None
    bests: list[Number] = []
    candidates: int = 0
    failed_candidates: int = 0
    dollars: Number = 0.0
    _of_seeds: dict[str, Number] = {}
    """By the task: the first score of its seed on val, in the task's own number; then that of a response."""
    _of_responses: dict[str, Number] = {}

    def read(self, store: "Readable") -> None:
        """Add the new records of the store; always the same store."""
        for number, record in store.since(self.last):
            self.add(record)
            self.last = number

    def add(self, record: Record) -> bool:
        """Whether it is new."""
        if not isinstance(record, OFTEN):
            if record.at in self._seen:
                return False
            self._seen.add(record.at)
        seconds = self._clock.until(record)
        for tally in (self._total, self._pending):
            tally.add(record, seconds)
        self._ledger.add(record)
        self._guesses.add(record)
        self._note_of(record)
        self._note_time(record)
        return True

    @property
    def total(self) -> Spent:
        """The total spending."""
        return self._total.spent()

    @property
    def t(self) -> int | None:
        """Of the last step that is known."""
        return self._steps[-1][0].t if self._steps else None

    @property
    def no_program(self) -> Counter[str]:
        """Responses that held no program, by the reason."""
        return Counter(self._no_program)

    def view(self, *, in_work: bool = False) -> RunView:
        """All that is known. `in_work`: whether a process works on the run right now."""
        measured = {improver: _Measurement.of(known) for improver, known in self._measured.items()}
        steps = tuple(_step(record, spent.spent(), measured) for record, spent in self._steps)
        return RunView(
            status="running" if in_work and self._status == KILLED else self._status,
            note=self._note,
            sessions=tuple(self._sessions),
            steps=steps,
            measured={improver: known.samples for improver, known in measured.items()},
            chain=tuple(self._chain),
            best=_best(steps),
            total=self.total,
            pending=self._pending.spent(),
            failures=tuple(self._failed()),
            noticed=tuple(self._noticed),
            probed=tuple(self._probed),
            ledger=tuple(self._ledger.entries()),
            guesses=self._guesses.so_far(),
            improvement=None if steps or self._measured else self._improvement(),
            best_candidate=self.best_candidate,
            no_program=dict(self.no_program.most_common()),
            salvaged=self._salvaged,
            solved=tuple(self._solved()),
            seed_scores=dict(self._of_seeds),
            faults=tuple(self._faults),
            corrected=tuple(self._corrected),
            over_time=self._over_time.frozen(),
            chosen_value=self._chosen.value if self._chosen else None,
            common_draws=self._common_draws,
            raced=tuple(self._raced),
        )

    def _solved(self) -> Iterator[Solved]:
        """By the best score on record, else by 1, the most that a grade is."""
        for task in sorted(self._of_seeds.keys() | self._of_responses):
            direction = self._directions().get(task)
            best = best_known(self._sessions, f"{task}/val", None if direction else 1.0)
            for by_seed, first in ((True, self._of_seeds), (False, self._of_responses)) if best is not None else ():
                value = first.get(task)
                if value is not None and is_solved(value, best or 0.0, minimized=direction == "minimize"):
                    yield Solved(task, value, by_seed)
                    break

    def _note_of(self, record: Record) -> None:
        match record:
            case Session():
                self._sessions.append(record)
                # One that was killed cannot say so, and looks like one that runs.
                self._status, self._note = KILLED, ""
            case Ended():
                self._status, self._note = record.how, record.note
            case Answered():
                if reason := record.no_program.partition(": ")[0]:
                    self._no_program[reason] = self._no_program.get(reason, 0) + 1
                self._common_draws |= record.draw.startswith("/measure/")
            case Scored(guessed=False):
                self._note_score(record)
                if record.utility == META_UTILITY and "of" in record.numbers:
                    self._raced.append((int(record.numbers["applications"]), int(record.numbers["of"])))
            case Applied():
                self._note_failure(f"improver on {record.utility}", record)
                self._salvaged += record.salvaged
                if depth(record.at) == 1:
                    self._applied_at_root.append(record)
            case Chosen():
                self._chosen = record
            case Measured():
                self._measured[record.improver] = record
                if record.at.startswith(_CHAIN):
                    self._chain.append(tuple(record.samples))
            case Stepped():
                self._steps.append((record, self._pending))
                self._pending, self.best_candidate, self.best_error = _Tally(), None, None
                self.bests, self.candidates, self.failed_candidates = [], 0, 0
            case Probed():
                self._probed.append(record)
            case Noticed():
                self._noticed.append(record)
            case Corrected():
                self._corrected.append(record.task)
            case _:
                pass

    def _note_time(self, record: Record) -> None:
        now = self._total.seconds
        match record:
            case Answered(shared=False):
                tokens = (record.input_tokens or 0) + (record.output_tokens or 0)
                self._over_time.worked("model", now, record.seconds)
                self._over_time.spent(now, record.cost or 0.0, tokens)
                self.dollars += record.cost or 0.0
            case Tried():
                self._over_time.worked("failed", now, record.seconds)
                self._over_time.spent(now, record.cost, 0)
                self.dollars += record.cost
            case Scored(reused=False, guessed=False):
                self._over_time.worked("guest", now, record.seconds)
            case _:
                pass

    def _note_score(self, record: Scored) -> None:
        self._note_failure(f"score of {record.utility}", record)
        if record.fault:
            self._faults[record.fault] = None
        below = depth(record.at)
        task, _, split = record.utility.rpartition("/")
        own = record.raw if task in self._directions() else record.value if record.raw is None else None
        if split == "val" and own is not None and (record.response or task not in self._of_responses):
            (self._of_responses if record.response else self._of_seeds).setdefault(task, own)
        if below == 1:
            self._at_root.append(record)
        if below == 2:
            self.candidates += 1
            self.failed_candidates += record.verdict != "ok"
            if self.best_candidate is None or record.value > self.best_candidate:
                self.best_candidate, self.best_error = record.value, record.error
                self.bests.append(record.value)

    def _directions(self) -> Mapping[str, str]:
        return self._sessions[-1].directions if self._sessions else {}

    def _note_failure(self, work: str, record: Scored | Applied) -> None:
        if record.verdict != "ok":
            self._failures.setdefault(work, {}).setdefault(record.verdict, _Failures()).add(record.note)

    def _failed(self) -> list[Failure]:
        """The most frequent first."""
        found = [
            Failure(work, verdict, failed.count, tuple(failed.examples))
            for work, by_verdict in self._failures.items()
            for verdict, failed in by_verdict.items()
        ]
        return sorted(found, key=lambda failure: -failure.count)

    def _improvement(self) -> Improvement | None:
        """`selftaught improve` works at the root: its applications there, scores beside them, and no steps."""
        applied = self._applied_at_root
        if not applied or applied[0].utility == META_UTILITY:  # the latter: a run without a step on record yet
            return None
        solution, last, chosen = applied[0].solution, applied[-1], self._chosen
        made, source = (chosen.program, chosen.source) if chosen else (last.program, "")
        before, after = self._scores_of(solution), self._scores_of(made)
        pairs = {name: (before[name], after[name]) for name in before if name in after}
        gains = {name: gain for name, both in pairs.items() if (gain := _gain(*both)) is not None}
        own = {name: (_own(both[0]), _own(both[1])) for name, both in pairs.items()}
        own = {name: both for name, both in own.items() if both != (None, None)}
        told = _values(before), _values(after), solution, made, source, gains, own
        times = max((len(scores) for scores in after.values()), default=1)
        errors = {name: _error(scores) for name, scores in after.items()}
        return Improvement(last.verdict, last.note, *told, times, errors)

    def _scores_of(self, program: str | None) -> dict[str, list[Scored]]:
        """The root's own scores, by utility: the repeated ones if there are several, else the last one."""
        last, anew = dict[str, list[Scored]](), dict[str, list[Scored]]()
        for score in self._at_root:
            if score.program != program:
                continue
            if score.at.startswith(f"/{AGAIN}:"):
                anew.setdefault(score.utility, []).append(score)
            else:
                last[score.utility] = [score]
        return last | {name: scores for name, scores in anew.items() if len(scores) > 1}


def _step(record: Stepped, spent: Spent, known: Mapping[str, "_Measurement"]) -> Step:
    measured, proposed = known.get(record.improver), known.get(record.proposed or "")
    return Step(
        t=record.t,
        improver=record.improver,
        proposed=record.proposed,
        accepted=record.accepted,
        verdict=record.verdict,
        note=record.note,
        val=measured.val if measured else None,
        test=measured.test if measured else None,
        proposed_val=proposed.val if proposed else None,
        spent=spent,
        p=record.p,
        approved=record.approved,
    )


def best_known(sessions: Sequence[Session], utility: str, otherwise: float | None = None) -> float | None:
    """The best score known of what a utility scores, in the task's own number."""
    known = sessions[-1].best_known if sessions else {}
    return known.get(utility, known.get(utility.rpartition("/")[0], otherwise))


def _values(scores: Mapping[str, Sequence[Scored]]) -> dict[str, float]:
    return {name: fmean(score.value for score in each) for name, each in scores.items()}


def _own(scores: Sequence[Scored]) -> float | None:
    """In the task's own number; None if there is no own number, or one of them failed."""
    numbers = [score.raw for score in scores if score.raw is not None]
    return fmean(numbers) if len(numbers) == len(scores) else None


def _error(scores: Sequence[Scored]) -> float | None:
    """The error of the mean: over the instances, and over the scores if there are several."""
    if len(scores) == 1:
        return scores[0].error
    return estimate(
        [score.value for score in scores], instance_error({"": [score.error for score in scores]})
    ).standard_error


def _gain(before: Sequence[Scored], after: Sequence[Scored]) -> Estimate | None:
    """Instance by instance; and where both were scored several times, with the error of that. None: not known."""
    if len(before) == len(after) > 1:
        return paired(*([("", score.value, score.grades) for score in scores] for scores in (before, after)))
    old, new = before[-1].grades, after[-1].grades
    return estimate([b - a for a, b in zip(old, new, strict=True)]) if len(old) == len(new) > 1 else None


def view(records: Iterable[Record], *, in_work: bool = False) -> RunView:
    """Fold the records, in the order written. `in_work`: whether a process works on the run right now."""
    fold = Fold()
    for record in records:
        fold.add(record)
    return fold.view(in_work=in_work)


_CHAIN = "/chain#"
"""How the address of the measurement after k applications begins."""


@dataclass(frozen=True)
class _Measurement:
    samples: tuple[Sampled, ...]
    val: Estimate | None
    test: Estimate | None

    @classmethod
    def of(cls, record: Measured) -> "_Measurement":
        return cls(tuple(record.samples), _on_val(record.samples), _on_test(record.samples))


def _on_val(samples: Sequence[Sampled]) -> Estimate | None:
    return _estimate([(sample.task, sample.val, sample.val_error) for sample in samples])


def _on_test(samples: Sequence[Sampled]) -> Estimate | None:
    return _estimate([(sample.task, sample.test, sample.test_error) for sample in samples if sample.test is not None])


def _estimate(told: Sequence[tuple[str, float, float | None]]) -> Estimate | None:
    """Of (task, value, its error from the draw of the instances)."""
    errors: dict[str, list[float | None]] = {}
    for task, _, error in told:
        errors.setdefault(task, []).append(error)
    return estimate([value for _, value, _ in told], instance_error(errors)) if told else None


def _best(steps: Sequence[Step]) -> int | None:
    measured = [(step.val.mean, -step.t) for step in steps if step.val]
    return -max(measured)[1] if measured else None
