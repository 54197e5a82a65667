"""Turns a task into a utility. Instances are made out here and go in one at a time; answers are graded out here.

What a program could cheat with is not there: the hidden part of an instance never goes in, arguments are copies,
answers are plain data (so no shape broadcasts), and `grade` checks what came against what was asked for.
"""

import itertools
import random
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from copy import deepcopy
from dataclasses import replace
from math import sqrt
from statistics import fmean, stdev
from typing import Any

import numpy as np

from selftaught.core.address import draw_seed
from selftaught.core.contracts import Program, Score, Verdict
from selftaught.core.errors import TaskError
from selftaught.sandbox.contract import Outcome, Sandbox
from selftaught.tasks.feedback import CallLog, Explain, reason_of
from selftaught.tasks.spec import SPLITS, Instance, Scoring, TaskSpec, line_in

_BAD_ANSWERS = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError,
    RecursionError,  # how deep an answer is nested is the guest's doing alone
)  # fmt: skip
_NUMBERS = (bool, int, float, np.bool_, np.integer, np.floating)
_MOST_INSTANCES = 10_000
_MOST_NOTE = 300
_LARGEST = 1e300
_MOST_REASON = 120
_MOST_TEXT = 2000


class Judge:
    """Implements `Utility`: the mean grade over the instances of one split.

    Equal task, split and run seed: equal instances, and equal chance for the program.
    """

    deterministic = True

    def __init__(self, spec: TaskSpec, sandbox: Sandbox, split: str, run_seed: int) -> None:
        if split not in SPLITS:
            raise ValueError(f"a split is one of {SPLITS}, not {split!r}")
        self._spec, self._sandbox, self._split, self._run_seed = spec, sandbox, split, str(run_seed)
        self._lock = threading.Lock()
        self._made: list[Instance] | None = None

    @property
    def name(self) -> str:
        return f"{self._spec.name}/{self._split}"

    @property
    def description(self) -> str:
        return self._spec.described(len(self.instances()))

    def __call__(self, program: Program) -> Score:
        instances = self.instances()
        seed = draw_seed(self._run_seed, self._spec.name, self._split, "guest")
        graded: list[Score] = []
        log = CallLog(self._spec.limits.cpu_seconds)
        cpu_seconds = 0.0
        with closing(self.graded(program, instances, seed)) as answers:
            for instance, (outcome, score) in zip(instances, answers, strict=False):
                graded.append(score)
                cpu_seconds += outcome.cpu_seconds
                log.add(outcome, score, self._explainer(instance))
                if score.verdict in self._spec.scoring.spoiled:
                    break
        score = _scored(graded, len(instances), self._spec.scoring)
        told = log.text(score, len(instances)) if self._split == "val" else ""  # of the sealed test, nothing
        return replace(score, feedback=told, cpu_seconds=cpu_seconds)

    def graded(
        self, program: Program, instances: Sequence[Instance], seed: int
    ) -> Generator[tuple[Outcome, Score], None, None]:
        """Each call's outcome and grade, as they come: an answer may be large, and is needed no longer than that."""
        calls = [instance.args for instance in instances]
        outcomes = self._sandbox.run(program, self._spec.entry, calls, self._spec.limits, seed=seed)
        try:
            for instance, outcome in zip(instances, outcomes, strict=True):
                yield outcome, self._grade(instance, outcome)
        finally:
            if isinstance(outcomes, Generator):
                outcomes.close()  # ends the guest now, where grading failed half-way

    def instances(self) -> list[Instance]:
        """What programs are scored on. Holds what only `grade` may see. Raises TaskError."""
        with self._lock:
            if self._made is None:
                self._made = self._make_instances()
            return self._made

    def _make_instances(self) -> list[Instance]:
        rng = random.Random(draw_seed(self._run_seed, self._spec.name, self._split))
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
        return Instance(*pair)

    def _explainer(self, instance: Instance) -> Explain | None:
        """The task's own words on an answer to this instance. Raises TaskError as grading does."""
        explain = self._spec.explain
        if explain is None:
            return None

        def words(answer: Any) -> str:
            try:
                said = explain(deepcopy(instance), answer)
            except _BAD_ANSWERS as error:
                return f"explain() raised {_kind_and_line(self._spec, error)}"
            except (Exception, SystemExit) as error:
                raise TaskError(f"{_place(self._spec, error)}: explain() failed: {_told(error)}") from error
            if not isinstance(said, str):
                raise TaskError(f"{self._spec.file}: explain() gave {_plain(repr(said))[:80]}; wanted a text")
            return said

        return words

    def _grade(self, instance: Instance, outcome: Outcome) -> Score:
        if outcome.verdict is not Verdict.OK:
            return Score(0.0, outcome.verdict, outcome.note, feedback=reason_of(outcome))
        try:
            # A copy: what `grade` does to its instance must not reach the next program's.
            grade = self._spec.grade(deepcopy(instance), outcome.value)
        except _BAD_ANSWERS as error:
            # The words may hold what is hidden: an improver is told the kind and the place alone.
            told = f"grade() of a {type(outcome.value).__name__} raised {_kind_and_line(self._spec, error)}"
            return Score(0.0, Verdict.BAD_ANSWER, _told(error), feedback=told)
        except (Exception, SystemExit) as error:
            wanted = "wanted a grade, or ValueError for an answer that is none"
            raise TaskError(f"{_place(self._spec, error)}: grade() failed: {_told(error)}; {wanted}") from error
        if isinstance(grade, _NUMBERS) and grade != grade:  # a program's nan came through: no reason to stop a run
            return Score(0.0, Verdict.BAD_ANSWER, "grade() gave nan", feedback="the grade of the answer is nan")
        low, high = (0, 1) if self._spec.scoring.bounded else (-_LARGEST, _LARGEST)
        if not isinstance(grade, _NUMBERS) or not low <= grade <= high:
            came = _plain(repr(grade))[:80]
            raise TaskError(f"{self._spec.file}: grade() gave {came}; wanted a number from {low:g} to {high:g}")
        return Score(float(grade))


def _scored(graded: Sequence[Score], calls: int, scoring: Scoring) -> Score:
    """The mean of the grades, with its error, unless `scoring` says otherwise.

    Fewer than `calls` are graded where one spoiled all.
    """
    failed = [score for score in graded if score.verdict is not Verdict.OK]
    verdict = failed[0].verdict if failed else Verdict.OK
    note = "; ".join(_counted(failed, calls))[:_MOST_NOTE]
    value = fmean(score.value for score in graded)
    if scoring.floor is not None:
        value = max(value, scoring.floor)
    spread = [score.value for score in graded]
    plain = len(spread) > 1 and scoring.floor is None and not scoring.spoiled  # else it is not the mean of its grades
    error = stdev(spread) / sqrt(len(spread)) if plain else None
    grades = tuple(spread) if len(spread) == calls else ()
    return Score(scoring.spoiled.get(graded[-1].verdict, value), verdict, note, error, grades)


def _counted(failed: Sequence[Score], total: int) -> Iterator[str]:
    """Each verdict in the order of appearance, how often it came, and what was said the first time."""
    for verdict in dict.fromkeys(score.verdict for score in failed):
        notes = [score.note for score in failed if score.verdict is verdict]
        reason = _plain(notes[0])[:_MOST_REASON]
        yield f"{len(notes)} of {total} {verdict}" + (f": {reason}" if reason else "")


def _plain(text: str) -> str:
    """One line, without characters that steer a terminal or hide in a page."""
    return "".join(c if c.isprintable() else " " for c in text[:_MOST_TEXT]).strip()


def _told(error: BaseException) -> str:
    return _plain(f"{type(error).__name__}: {error}")


def _kind_and_line(spec: TaskSpec, error: BaseException) -> str:
    return f"{type(error).__name__}{line_in(spec.file, error)}"


def _place(spec: TaskSpec, error: BaseException) -> str:
    return f"{spec.file}{line_in(spec.file, error)}"
