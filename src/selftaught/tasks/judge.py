"""Turns a task into a utility. Instances are made out here and go in one at a time; answers are graded out here.

What a program could cheat with is not there: the hidden part of an instance never goes in, arguments are copies,
answers are plain data (so no shape broadcasts), and `grade` checks what came against what was asked for.
"""

import math
import random
import threading
from collections import Counter
from statistics import fmean

from selftaught.core.address import draw_seed
from selftaught.core.contracts import Program, Score, Verdict
from selftaught.core.errors import TaskError
from selftaught.sandbox.contract import Outcome, Sandbox
from selftaught.tasks.spec import SPLITS, Instance, TaskSpec

_BAD_ANSWERS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
_MOST_NOTE = 300


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
        return self._spec.description

    def __call__(self, program: Program) -> Score:
        instances = self._instances()
        seed = draw_seed(self._run_seed, self._spec.name, self._split, "guest")
        calls = [instance.args for instance in instances]
        outcomes = self._sandbox.run(program, self._spec.entry, calls, self._spec.limits, seed=seed)
        graded = [self._grade(instance, outcome) for instance, outcome in zip(instances, outcomes, strict=True)]
        return _mean(graded)

    def _instances(self) -> list[Instance]:
        with self._lock:
            if self._made is None:
                rng = random.Random(draw_seed(self._run_seed, self._spec.name, self._split))
                try:
                    self._made = [Instance(tuple(args), hidden) for args, hidden in self._spec.instances(rng, self._split)]
                except Exception as error:
                    what = f"{type(error).__name__}: {error}"
                    raise TaskError(f"the task {self._spec.name} failed to make instances: {what}") from error
                if not self._made:
                    raise TaskError(f"the task {self._spec.name} has no instances for {self._split}; wanted at least one")
            return self._made

    def _grade(self, instance: Instance, outcome: Outcome) -> Score:
        if outcome.verdict is not Verdict.OK:
            return Score(0.0, outcome.verdict, outcome.note)
        try:
            grade = self._spec.grade(instance, outcome.value)
        except _BAD_ANSWERS as error:
            return Score(0.0, Verdict.BAD_ANSWER, f"{type(error).__name__}: {error}")
        except Exception as error:
            what = f"{type(error).__name__}: {error}"
            raise TaskError(f"grade() of the task {self._spec.name} failed: {what}") from error
        if not isinstance(grade, (int, float)) or not (math.isfinite(grade) and 0 <= grade <= 1):
            raise TaskError(f"grade() of the task {self._spec.name} gave {grade!r}; wanted a number from 0 to 1")
        return Score(float(grade))


def _mean(graded: list[Score]) -> Score:
    failed = [score for score in graded if score.verdict is not Verdict.OK]
    if not failed:
        return Score(fmean(score.value for score in graded))
    counts = Counter(score.verdict for score in failed)
    told = "; ".join(f"{count} of {len(graded)} {verdict}" for verdict, count in counts.items())
    first = failed[0].note
    note = f"{told}: {first}" if first else told
    plain = "".join(c if c.isprintable() else " " for c in note)[:_MOST_NOTE]
    return Score(fmean(score.value for score in graded), failed[0].verdict, plain)
