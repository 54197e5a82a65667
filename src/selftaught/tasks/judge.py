"""Turns a task into a utility. Instances are made out here and go in one at a time; answers are graded out here.

What a program could cheat with is not there: the hidden part of an instance never goes in, arguments are copies,
answers are plain data (so no shape broadcasts), and `grade` checks the answer against the request.
"""

import itertools
import random
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from math import fsum, isfinite, sqrt
from statistics import fmean
from typing import Any

from selftaught.core.address import draw_seed
from selftaught.core.contracts import MOST_FEEDBACK, LanguageModel, Program, Score, Verdict
from selftaught.core.errors import NoSandbox, SelfTaughtError, TaskError, UsageError
from selftaught.core.run_seed import RunSeed
from selftaught.core.text import printable
from selftaught.sandbox.contract import HasStage, HasWorkshop, Lasting, Outcome, Sandbox, Scene
from selftaught.tasks.asking import Questions
from selftaught.tasks.copying import copied
from selftaught.tasks.drawn import drawn_once
from selftaught.tasks.evaluation import Evaluation, grades_of, words_of
from selftaught.tasks.feedback import CallLog, Explain, reason_of
from selftaught.tasks.loading import is_built_in
from selftaught.tasks.playing import Call, CallFailed
from selftaught.tasks.scale import Scale
from selftaught.tasks.spec import HOPELESS_AFTER, SPLITS, Instance, Scoring, TaskSpec, Wording, line_in

_BAD_ANSWERS = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError,
    RecursionError,  # how deep an answer is nested is the guest's doing alone
)  # fmt: skip
_MOST_INSTANCES = 10_000
_MOST_NOTE = 300
_LARGEST = 1e300
_ROUNDING = 1e-9
"""So far beyond its range a grade is still the range's end: a sum or a cosine is rounded."""
_MOST_REASON = 120
_MOST_TEXT = 2000

Play = Callable[[Instance, Call], Any]


class Judge:
    """Implements `Utility`: the mean grade over the instances of one split.

    Equal task, split and run seed: equal instances, and equal chance for the program. A run seed without a salt, or a
    mere number, makes instances that can be computed: for tests, and the records of 0.1.0.

    If `grade` raises, the answer is a bad answer. If it returns no valid grade (another type, out of range), the
    result is a TaskError; with `paid` it is a bad answer too, with the score's `fault`, so that nothing that was paid
    for is lost. `model`: for a task whose programs ask one.
    """

    def __init__(
        self,
        spec: TaskSpec,
        sandbox: Sandbox,
        split: str,
        run_seed: RunSeed | int,
        wording: Wording | None = None,
        *,
        paid: bool = False,
        model: LanguageModel | None = None,
    ) -> None:
        if split not in SPLITS:
            raise ValueError(f"a split is one of {SPLITS}, not {split!r}")
        self._spec, self._sandbox, self._split = spec, sandbox, split
        self._seed = RunSeed(run_seed) if isinstance(run_seed, int) else run_seed
        self._paid, self._wording, self._model = paid, wording, model
        self._lock = threading.Lock()
        self._made: list[Instance] | None = None
        self._half: float | None = spec.scale.baseline if spec.scale else None
        self._built_in = is_built_in(spec.source)

    @property
    def name(self) -> str:
        return f"{self._spec.name}/{self._split}"

    @property
    def deterministic(self) -> bool:
        return self._spec.deterministic

    @property
    def description(self) -> str:
        return self._spec.described(len(self.instances()), self._wording)

    def __call__(self, program: Program) -> Score:
        return self._score(program, until_ok=False)

    def failure(self, program: Program) -> Score | None:
        """The score of a program all of whose answers fail; None as soon as one is ok. Raises TaskError."""
        score = self._score(program, until_ok=True)
        return None if score.verdict is Verdict.OK else score

    def _score(self, program: Program, *, until_ok: bool) -> Score:
        if self._spec.evaluation is not None:
            return self._evaluated(program, self._spec.evaluation)
        if not until_ok and (played := self._played_elsewhere(program)) is not None:
            return played
        instances = self.instances()
        graded: list[Score] = []
        baseline = 0.0 if until_ok or self._spec.scale is None else self._baseline()
        log = CallLog(self._spec.limits.cpu_seconds)
        cpu_seconds = 0.0
        with closing(self._until_hopeless(program, instances)) as answers:
            for instance, outcome, score in answers:
                if until_ok and score.verdict is Verdict.OK:
                    return score
                graded.append(score)
                cpu_seconds += outcome.cpu_seconds
                log.add(outcome, score, self._explainer(instance))
                if score.verdict in self._spec.scoring.spoiled:
                    break
        score = _scored(graded, len(instances), self._spec.scoring)
        if self._spec.scale is not None:
            score = _scaled(score, graded, len(instances), self._spec.scale, baseline)
        told = log.text(score, len(instances)) if self._split == "val" else ""  # of the sealed test, nothing
        return replace(score, feedback=told, cpu_seconds=cpu_seconds)

    def _played_elsewhere(self, program: Program) -> Score | None:
        """Whether `play` runs on the guest's node: if the task calls the program and does not compare times."""
        spec = self._spec
        if spec.play is None or spec.asks is not None or not spec.deterministic or spec.scoring is spec.paper_scoring:
            return None
        if not isinstance(self._sandbox, HasStage):
            return None
        return self._sandbox.play(self.scene(program))

    def scene(self, program: Program) -> Scene:
        """One scoring, in the form that is sent to the program's node."""
        spec = self._spec
        return Scene(
            task=spec.name,
            file=spec.file,
            source=spec.source,
            modules=dict(spec.modules),
            provided=spec.limits.provided,
            split=self._split,
            number=self._seed.number,
            salt=self._seed.salt,
            paid=self._paid,
            program=program.source,
        )

    def _evaluated(self, program: Program, evaluation: Evaluation) -> Score:
        """Of a task that judges programs as wholes. Raises TaskError where its check fails on the original."""
        baseline = 0.0 if self._spec.scale is None else self._baseline()
        outcome, graded, words = self._work(program, evaluation)
        score = _scored(graded, evaluation.repeats, self._spec.scoring)
        if self._spec.scale is not None:
            score = _scaled(score, graded, evaluation.repeats, self._spec.scale, baseline)
        log = CallLog(evaluation.wall_seconds)
        for one in graded:
            log.add(outcome, one, None)
        told = f"{log.text(score, evaluation.repeats)}\n{words}".strip()[:MOST_FEEDBACK]
        return replace(score, feedback=told, cpu_seconds=outcome.cpu_seconds)

    def _work(self, program: Program, evaluation: Evaluation) -> tuple[Outcome, list[Score], str]:
        """How the evaluation ended, its grades, and its words for improvers."""
        if not isinstance(self._sandbox, HasWorkshop):
            raise NoSandbox(f"the sandbox {self._sandbox.tier} has no workshop, which this task needs")
        try:
            job = evaluation.job(program.source, self._spec.seed.source)
        except ValueError as error:
            return Outcome(Verdict.BAD_ANSWER), [_bad(str(error), str(error))], ""
        done = self._sandbox.work(job)
        try:
            grades = grades_of(done, evaluation)
        except TaskError as error:
            if not self._paid:
                raise
            grades = _bad(str(error), "the check fails on the original, too", f"{self._spec.file}: {error}")
        graded = [grades] if isinstance(grades, Score) else [self._graded(one) for one in grades]
        return Outcome(graded[0].verdict, cpu_seconds=max(0.0, done.cpu_seconds)), graded, words_of(done)

    def _baseline(self) -> float:
        """The score that is seen as 1/2: by default the mean of the seed's grades; 0 if it has no grades."""
        with self._lock:
            known = self._half
        if known is None and self._spec.evaluation is not None:
            _, graded, _ = self._work(self._spec.seed, self._spec.evaluation)
            grades = [score.raw for score in graded if score.raw is not None]
            known = self._half = fmean(grades) if grades else 0.0
        if known is None:
            with closing(self.graded(self._spec.seed, self.instances(), self._guest_seed())) as answers:
                grades = [score.raw for _, score in answers if score.raw is not None]
            known = fmean(grades) if grades else 0.0
            with self._lock:
                known = self._half = known if self._half is None else self._half
        return known

    def seen(self, grade: Score) -> float:
        """The grade of one instance as an improver sees it, so that grades can be compared; 0 if it failed."""
        if self._spec.scale is None:
            return grade.value
        return 0.0 if grade.raw is None else self._spec.scale.seen(grade.raw, self._baseline())

    def _guest_seed(self) -> int:
        return draw_seed(str(self._seed.number), self._spec.name, self._split, "guest")

    def _until_hopeless(
        self, program: Program, instances: Sequence[Instance]
    ) -> Generator[tuple[Instance, Outcome, Score], None, None]:
        """Each call, until it is plain that a program hangs: its first calls time out, and so does the smallest one.

        Time-outs alone do not show it: the paper's own seed of maxcut has two of three graphs time out, and so the
        first three of them in every third drawing. The released scores are kept as they are.
        """
        tried = HOPELESS_AFTER if self._spec.scoring == Scoring() else len(instances)
        hangs = True
        for at, (outcome, score) in enumerate(self._closed(program, instances), 1):
            yield instances[at - 1], outcome, score
            hangs = hangs and score.verdict is Verdict.TIMED_OUT
            if at == tried and hangs:
                break
        else:
            return
        rest = instances[tried:]
        if not rest:
            return
        smallest = min(rest, key=lambda instance: _size(instance.args))
        for outcome, score in self._closed(program, [smallest]):
            if score.verdict is Verdict.TIMED_OUT:
                yield smallest, outcome, score
                return
        for instance, (outcome, score) in zip(rest, self._closed(program, rest), strict=False):
            yield instance, outcome, score

    def _closed(self, program: Program, instances: Sequence[Instance]) -> Generator[tuple[Outcome, Score], None, None]:
        """Like `graded`, with a guest that ends with this generator."""
        with closing(self.graded(program, instances, self._guest_seed())) as answers:
            yield from answers

    def graded(
        self, program: Program, instances: Sequence[Instance], seed: int
    ) -> Generator[tuple[Outcome, Score], None, None]:
        """Each call's outcome and grade, as they come: an answer may be large, and is needed no longer than that."""
        if self._spec.play is not None:
            for instance in instances:
                yield self._played(program, instance, self._spec.play, seed)
            return
        outcomes = self._answers(program, [instance.args for instance in instances], seed)
        try:
            for instance, outcome in zip(instances, outcomes, strict=True):
                yield outcome, self._grade(instance, outcome)
        finally:
            if isinstance(outcomes, Generator):
                outcomes.close()  # ends the guest now, where grading failed half-way

    def _answers(self, program: Program, calls: Sequence[Sequence[Any]], seed: int) -> Iterator[Outcome]:
        spec, questions = self._spec, self._questions(program)
        if questions is None:
            return self._sandbox.run(program, spec.entry, calls, spec.limits, seed=seed)
        renewed = questions.before_each(calls)
        return self._sandbox.run(program, spec.entry, renewed, spec.limits, seed=seed, improving=questions.improving())

    def _questions(self, program: Program) -> Questions | None:
        """The program's access to a model, if the task allows it. Raises UsageError if there is no model."""
        if self._spec.asks is None:
            return None
        if self._model is None:
            raise UsageError(
                f"programs of the task {self._spec.name} ask a language model, but no model is given: run, "
                "improve and score have `model`"
            )
        return Questions(self._model, self._spec.asks, program)

    def _played(self, program: Program, instance: Instance, play: Play, seed: int) -> tuple[Outcome, Score]:
        """One instance of a task that calls the program itself."""
        spec = self._spec
        asking = (self._questions(program), self._questions(spec.seed))
        with closing(Call(self._sandbox, program, spec.entry, spec.limits, seed, spec.seed, asking)) as call:
            outcome = Outcome(Verdict.OK)
            try:
                score = self._graded(play(copied(instance), call))
            except CallFailed as error:
                outcome = error.outcome
                score = Score(0.0, outcome.verdict, outcome.note, feedback=reason_of(outcome))
            except (Exception, SystemExit) as error:
                if isinstance(error, SelfTaughtError) and not (isinstance(error, TaskError) and self._paid):
                    raise
                score = self._raised("play()", error)
            return replace(outcome, cpu_seconds=call.total_cpu_seconds), score

    def instances(self) -> list[Instance]:
        """What programs are scored on. Holds what only `grade` may see. Raises TaskError."""
        with self._lock:
            if self._made is None:
                texts = (self._spec.source, *sorted(self._spec.modules.items()))
                what = (self._spec.name, texts, self._split, self._seed.instances)
                # Of tasks that are not the package's own the text need not be all that they depend on.
                self._made = drawn_once(what, self._make_instances) if self._built_in else self._make_instances()
            return self._made

    def _make_instances(self) -> list[Instance]:
        if self._spec.evaluation is not None:
            return [Instance(())] * self._spec.evaluation.repeats
        rng = random.Random(draw_seed(str(self._seed.instances), self._spec.name, self._split))
        what = f"instances(rng, {self._split!r})"
        try:
            pairs = list(itertools.islice(self._spec.instances(rng, self._split), _MOST_INSTANCES + 1))
        except (Exception, SystemExit) as error:
            raise TaskError(f"{_place(self._spec, error)}: {what} failed: {_told(error)}") from error
        if not 1 <= len(pairs) <= _MOST_INSTANCES:
            count = f"more than {_MOST_INSTANCES}" if pairs else "no"
            raise TaskError(f"{self._spec.file}: {what} gave {count} instances; wanted 1 to {_MOST_INSTANCES}")
        return [self._instance(pair, what) for pair in pairs]

    def _instance(self, pair: Any, what: str) -> Instance:
        if not isinstance(pair, tuple) or len(pair) != 2 or not isinstance(pair[0], tuple):
            came = _plain(repr(pair))[:80]
            raise TaskError(f"{self._spec.file}: {what} gave {came}; wanted (tuple of arguments, hidden) for each")
        return Instance(Lasting(pair[0]), pair[1])

    def _explainer(self, instance: Instance) -> Explain | None:
        """The task's own words on an answer to this instance. Raises TaskError as grading does."""
        explain = self._spec.explain
        if explain is None:
            return None

        def words(answer: Any) -> str:
            try:
                said = explain(copied(instance), answer)
            except (Exception, SystemExit) as error:
                return f"explain() raised {_kind_and_line(self._spec, error)}"
            if not isinstance(said, str):
                return f"explain() gave a {type(said).__name__}; wanted a text"
            return said

        return words

    def _grade(self, instance: Instance, outcome: Outcome) -> Score:
        if outcome.verdict is not Verdict.OK:
            return Score(0.0, outcome.verdict, outcome.note, feedback=reason_of(outcome))
        try:
            # A copy: what `grade` does to its instance must not reach the next program's. Our own change nothing.
            own = instance if self._built_in else copied(instance)
            more = (outcome.cpu_seconds,) if self._spec.takes_time else ()
            grade = self._spec.grade(own, outcome.value, *more)
        except (Exception, SystemExit) as error:
            return self._raised(f"grade() of a {type(outcome.value).__name__}", error)
        return self._graded(grade)

    def _raised(self, what: str, error: BaseException) -> Score:
        """A bad answer: the task's own function raised over it."""
        kind = _kind_and_line(self._spec, error)
        # A ValueError is how a task refuses an answer; others a strange answer may cause, too.
        note = (
            _told(error) if isinstance(error, ValueError) else f"{what.split()[0]} raised {kind}: {_plain(str(error))}"
        )
        fault = "" if isinstance(error, _BAD_ANSWERS) else f"{self._spec.file}: {note}"
        # The text may contain hidden data: an improver sees only the type and the line.
        return _bad(note, f"{what} raised {kind}", fault)

    def _graded(self, grade: Any) -> Score:
        """The score of one instance, from what `grade` or `play` gave."""
        if type(grade) is float and 0.0 <= grade <= 1.0 and self._spec.scale is None:  # as nearly every one is
            return Score(grade)
        more = {name: told for name, told in grade.items() if name != "score"} if isinstance(grade, dict) else {}
        value = _number(grade.get("score") if isinstance(grade, dict) else grade)
        if value is not None and not isfinite(value):  # a program's nan came through
            return _bad(f"grade() gave {value}", f"the grade of the answer is {value}")
        bounded = self._spec.scoring.bounded and self._spec.scale is None
        low, high = (0.0, 1.0) if bounded else (-_LARGEST, _LARGEST)
        numbers = {
            str(name): told for name, one in more.items() if (told := _number(one)) is not None and isfinite(told)
        }
        if value is None or not low - _ROUNDING <= value <= high + _ROUNDING or len(numbers) < len(more):
            also = ", as score, and other numbers" if isinstance(grade, dict) else ""
            note = f"grade() gave {_plain(repr(grade))[:80]}; wanted a number from {low:g} to {high:g}{also}"
            if not self._paid:
                raise TaskError(f"{self._spec.file}: {note}")
            return _bad(note, "grade() gave no grade for the answer", f"{self._spec.file}: {note}")
        value = min(max(value, low), high)
        scale = self._spec.scale
        return (
            Score(value, numbers=numbers) if scale is None else Score(scale.oriented(value), raw=value, numbers=numbers)
        )


def _size(value: Any) -> int:
    """How many numbers and letters a value holds."""
    if isinstance(value, dict):
        return sum(_size(key) + _size(one) for key, one in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return sum(map(_size, value))
    return len(value) if isinstance(value, (str, bytes)) else int(getattr(value, "size", 1))


def _bad(note: str, told: str, fault: str = "") -> Score:
    """`told`: the text for an improver."""
    return Score(0.0, Verdict.BAD_ANSWER, note, feedback=told, fault=fault)


def _number(grade: Any) -> float | None:
    """What `float` makes of a number of any kind (numpy's, an array of no dimensions, a Fraction); None of others."""
    if isinstance(grade, (str, bytes, bytearray)) or getattr(grade, "ndim", 0) != 0:
        return None
    try:
        return float(grade)
    except (TypeError, ValueError, OverflowError):
        return None


def _scored(graded: Sequence[Score], calls: int, scoring: Scoring) -> Score:
    """The mean of the grades, with its error, unless `scoring` defines something else.

    Fewer than `calls` are graded where one spoiled all, or the first all timed out.
    """
    failed = [score for score in graded if score.verdict is not Verdict.OK]
    verdict = failed[0].verdict if failed else Verdict.OK
    unrun = calls - len(graded)
    spoiled = graded[-1].verdict in scoring.spoiled
    counted = [
        *_counted(failed, calls),
        *(["this decides the score"] if spoiled else []),
        *([f"{unrun} not run"] if unrun else []),
    ]
    note = "; ".join(counted)[:_MOST_NOTE]
    fault = next((score.fault for score in failed if score.fault), "")
    value = fmean(score.value for score in graded)
    if scoring.floor is not None:
        value = max(value, scoring.floor)
    spread = [score.value for score in graded]
    plain = len(spread) > 1 and scoring.floor is None and not spoiled  # else it is not the mean of its grades
    error = _deviation(spread) / sqrt(len(spread)) if plain else None
    grades = tuple(spread) if len(spread) == calls else ()
    told = (verdict, note, error, grades)
    return Score(scoring.spoiled.get(graded[-1].verdict, value), *told, fault=fault, numbers=_means(graded))


def _deviation(values: Sequence[float]) -> float:
    """Of a sample. As `statistics.stdev` computes it, in floats: that takes fractions, and thirty times as long."""
    mean = fmean(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _scaled(plain: Score, graded: Sequence[Score], calls: int, scale: Scale, baseline: float) -> Score:
    """Of a task with scores of any size. A program that fails on an instance is seen as no better than the baseline."""
    raws = [score.raw for score in graded if score.raw is not None]
    if not raws:
        return replace(plain, value=0.0, error=None, grades=())
    raw = fmean(raws)
    seen = scale.seen(raw, baseline)
    if len(raws) < calls:
        return replace(plain, value=len(raws) / calls * min(seen, 0.5), error=None, grades=())
    slope = scale.slope(raw, baseline)
    return replace(
        plain,
        value=seen,
        error=None if plain.error is None else slope * plain.error,
        grades=tuple(scale.seen(one, baseline) for one in raws),
        raw=raw,
        raw_error=plain.error,
        raw_grades=tuple(raws),
    )


def _means(graded: Sequence[Score]) -> dict[str, float]:
    """What else the task measured, over the instances that have it."""
    names = dict.fromkeys(name for score in graded for name in score.numbers)
    return {name: fmean(score.numbers[name] for score in graded if name in score.numbers) for name in names}


def _counted(failed: Sequence[Score], total: int) -> Iterator[str]:
    """Each verdict in the order of appearance, its count, and its first note."""
    for verdict in dict.fromkeys(score.verdict for score in failed):
        notes = [score.note for score in failed if score.verdict is verdict]
        reason = _plain(notes[0])[:_MOST_REASON]
        yield f"{len(notes)} of {total} {verdict}" + (f": {reason}" if reason else "")


def _plain(text: str) -> str:
    """One line, without characters that steer a terminal or hide in a page."""
    return printable(text[:_MOST_TEXT])


def _told(error: BaseException) -> str:
    return _plain(f"{type(error).__name__}: {error}")


def _kind_and_line(spec: TaskSpec, error: BaseException) -> str:
    """With the statement, if models may read the code: it contains nothing of an instance."""
    line = line_in(spec.file, error)
    statement = spec.source.splitlines()[int(line.split()[-1]) - 1].strip() if line and spec.shown else ""
    return f"{type(error).__name__}{line}" + (f": {statement[:_MOST_REASON]}" if statement else "")


def _place(spec: TaskSpec, error: BaseException) -> str:
    return f"{spec.file}{line_in(spec.file, error)}"
