"""Records → what is known of the run. A pure fold: equal records, equal view.

One fold for all readers: the progress line and every view of a running run add what is new, at a cost
that does not grow with what they have; `view` folds a whole record.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import hypot
from statistics import fmean
from typing import Protocol

from selftaught.core.address import depth
from selftaught.core.measurement import Estimate, Graded, estimate, instance_error, paired
from selftaught.core.standing import is_solved
from selftaught.report.guesses import Guessed, Guesses
from selftaught.report.ledger import Entry, Ledger
from selftaught.report.spans import Span
from selftaught.runs.records import (
    AGAIN,
    META_UTILITY,
    Answered,
    Applied,
    Chosen,
    Corrected,
    Ended,
    Measured,
    Noticed,
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
        spans: what took how long, in the order of the record.
        raced: of the candidates that racing stopped, how many of how many applications were made.
        common_draws: whether the improvers that were measured had their draws of the model in common.
        chosen_value: the score on val, as improvers see it, of the result of `improve`; None before that.
        guesses: scores that started before they were requested.
        bought: (seconds at work, dollars, tokens) of each response and failed attempt, as far as they are known.
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
    spans: tuple[Span, ...] = ()
    bought: tuple[tuple[float, float, int], ...] = ()
    chosen_value: float | None = None
    common_draws: bool = False
    raced: tuple[tuple[int, int], ...] = ()

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


class Fold:
    """The state so far. A record that was added already, by its address, does not count again.

    Not for several threads at once.
    """

    def __init__(self) -> None:
        self._read = 0
        self._seen: set[str] = set()
        self._clock = _Clock()
        self._status, self._note = "new", ""
        self._sessions: list[Session] = []
        self._total, self._pending = _Tally(), _Tally()
        self._steps: list[tuple[Stepped, Spent]] = []
        self._measured: dict[str, _Measurement] = {}
        self._failures: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], list[str]] = {}
        self._noticed: list[Noticed] = []
        self._probed: list[Probed] = []
        self._ledger, self._guesses = Ledger(), Guesses()
        self.no_program: Counter[str] = Counter()
        """Responses that held no program, by the reason."""
        self._salvaged = 0
        self._common_draws = False
        self._raced: list[tuple[int, int]] = []
        self._faults: dict[str, None] = {}
        self._corrected: list[str] = []
        self._spans: list[Span] = []
        self._bought: list[tuple[float, float, int]] = []
        self._at_root: list[Scored] = []
        self._applied_at_root: list[Applied] = []
        self._chosen: Chosen | None = None
        self.best_candidate: float | None = None
        self.best_error: float | None = None
        """Of the best candidate."""
        self.bests: list[float] = []
        """The best candidate's score each time that it rose."""
        self.candidates = self.failed_candidates = 0
        """Programs that an improver had scored since the last step, and those of them that failed."""
        self.dollars = 0.0
        """As far as they are known."""
        self._first: dict[tuple[str, bool], float] = {}
        """By the task, and whether it is the seed's: scores on val in the task's own number."""

    def read(self, store: "Readable") -> None:
        """Add the new records of the store; always the same store."""
        for number, record in store.since(self._read):
            self.add(record)
            self._read = number

    def add(self, record: Record) -> bool:
        """Whether it is new."""
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

    def view(self) -> RunView:
        """All that is known."""
        steps = tuple(self._step(*known) for known in self._steps)
        return RunView(
            status=self._status,
            note=self._note,
            sessions=tuple(self._sessions),
            steps=steps,
            measured={improver: known.samples for improver, known in self._measured.items()},
            best=_best(steps),
            total=self.total,
            pending=self._pending.spent(),
            failures=tuple(
                Failure(*key, count, tuple(self._examples[key])) for key, count in self._failures.most_common()
            ),
            noticed=tuple(self._noticed),
            probed=tuple(self._probed),
            ledger=tuple(self._ledger.entries()),
            guesses=self._guesses.so_far(),
            improvement=None if steps or self._measured else self._improvement(),
            best_candidate=self.best_candidate,
            no_program=dict(self.no_program.most_common()),
            salvaged=self._salvaged,
            solved=tuple(self._solved()),
            seed_scores={task: value for (task, by_seed), value in self._first.items() if by_seed},
            faults=tuple(self._faults),
            corrected=tuple(self._corrected),
            spans=tuple(self._spans),
            bought=tuple(self._bought),
            chosen_value=self._chosen.value if self._chosen else None,
            common_draws=self._common_draws,
            raced=tuple(self._raced),
        )

    def _solved(self) -> Iterator[Solved]:
        """By the best score on record, else by 1, the most that a grade is."""
        for task in sorted({task for task, _ in self._first}):
            direction = self._directions().get(task)
            best = best_known(self._sessions, f"{task}/val", None if direction else 1.0)
            for by_seed in (True, False) if best is not None else ():
                value = self._first.get((task, by_seed))
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
                self.no_program.update(filter(None, [record.no_program.partition(": ")[0]]))
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
                self._measured[record.improver] = _Measurement.of(record)
            case Stepped():
                self._steps.append((record, self._pending.spent()))
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
                self._spans.append(Span("model", now, record.seconds))
                tokens = (record.input_tokens or 0) + (record.output_tokens or 0)
                self._bought.append((now, record.cost or 0.0, tokens))
                self.dollars += record.cost or 0.0
            case Tried():
                self._spans.append(Span("failed", now, record.seconds))
                self._bought.append((now, record.cost, 0))
                self.dollars += record.cost
            case Scored(reused=False, guessed=False):
                self._spans.append(Span("guest", now, record.seconds))
            case _:
                pass

    def _note_score(self, record: Scored) -> None:
        self._note_failure(f"score of {record.utility}", record)
        if record.fault:
            self._faults[record.fault] = None
        below = depth(record.at)
        task, _, split = record.utility.rpartition("/")
        own = record.raw if task in self._directions() else record.value if record.raw is None else None
        if split == "val" and own is not None and (record.response or (task, False) not in self._first):
            self._first.setdefault((task, not record.response), own)
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
        if record.verdict == "ok":
            return
        key = work, record.verdict
        self._failures[key] += 1
        examples = self._examples.setdefault(key, [])
        if record.note and record.note not in examples and len(examples) < _MOST_EXAMPLES:
            examples.append(record.note)

    def _step(self, record: Stepped, spent: Spent) -> Step:
        measured = self._measured.get(record.improver)
        proposed = self._measured.get(record.proposed or "")
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
    seen = fold.view()
    return replace(seen, status="running") if in_work and seen.status == KILLED else seen


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


class _Tally:
    """`Spent`, while it grows."""

    def __init__(self) -> None:
        self._count: Counter[str] = Counter()
        self.seconds = 0.0

    def add(self, record: Record, seconds: float) -> None:
        count = self._count
        self.seconds += seconds
        match record:
            case Answered(shared=True):
                count["responses"] += 1
                count["shared"] += 1
            case Answered(input_tokens=given, output_tokens=made, cost=cost):
                count["responses"] += 1
                count["input_tokens"] += given or 0
                count["output_tokens"] += made or 0
                count["uncounted"] += given is None or made is None
                count["unpriced"] += cost is None
            case Applied(model_calls=calls):
                count["applications"] += 1
                count["model_calls"] += calls
            case Scored(guessed=True):
                count["scores_guessed"] += 1
            case Scored(reused=reused):
                count["scores_reused" if reused else "scores_run"] += 1
            case _:
                pass

    def spent(self) -> Spent:
        return Spent(**self._count, seconds=self.seconds)


class _Clock:
    """Seconds worked from record to record. Between two sessions nothing ran; a clock set back takes none away."""

    def __init__(self) -> None:
        self._before = 0.0

    def until(self, record: Record) -> float:
        """Since the record before. A step's share begins where the one before it ended: the shares add up."""
        ran = record.time and self._before and not isinstance(record, Session)
        seconds = max(0.0, record.time - self._before) if ran else 0.0
        self._before = record.time or self._before
        return seconds
