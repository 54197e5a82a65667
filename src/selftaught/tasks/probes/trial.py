"""Runs a program on the probes of its task, in the sandbox like any other, and reports its grades."""

import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

import numpy as np

from selftaught.core.address import draw_seed
from selftaught.core.contracts import Program, Verdict
from selftaught.core.run_seed import RunSeed
from selftaught.sandbox.contract import Sandbox
from selftaught.tasks.judge import Judge
from selftaught.tasks.probes.loading import load_probes
from selftaught.tasks.spec import Instance, TaskSpec

ENOUGH = 30
"""Instances, at least: below, no test would find a hack that costs a third of the score."""
Grades: TypeAlias = tuple[list[float], list[float]]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a program was graded, before and after.

    Attributes:
        again: the grades on record, on the run's instances of val, and those of now; None where none are on record.
        fresh: on the run's instances of val, and on ones from seeds that nothing in the run had; None where the task
            has the same instances for every seed.
        forms: on instances, and on all forms of each, one upon the other; None where the task has none.
        graded: how many answers got a grade above 0.
        invalid: how often such an answer was none, by the reason.
    """

    again: Grades | None
    fresh: Grades | None
    forms: Grades | None
    graded: int
    invalid: dict[str, int]


class Prober:
    """Tries programs on one task's probes. Equal task and run seed: equal probes. From any thread."""

    def __init__(self, spec: TaskSpec, sandbox: Sandbox, run_seed: RunSeed) -> None:
        self._spec, self._sandbox, self._run_seed = spec, sandbox, run_seed
        self._probes = load_probes(spec)
        self._val = Judge(spec, sandbox, "val", run_seed, paid=True)
        self._lock = threading.Lock()
        self._made: tuple[Sequence[Instance], bool] | None = None
        self._parts: list[Sequence[Instance]] = []  # as they were drawn: others may need the same

    def __call__(self, program: Program, recorded: Sequence[float] = ()) -> Trial:
        """`recorded`: its grades on record, by instance of the run's val. Raises TaskError, SandboxError."""
        plain, fixed = self._plain()
        own = [] if fixed and not recorded else self._grades(program, self._val.instances(), "val")
        invalid: Counter[str] = Counter()
        answered = self._grades(program, plain, "plain", invalid)
        forms = self._probes.forms
        return Trial(
            (list(recorded), own) if len(recorded) == len(own) > 0 else None,
            None if fixed else (own, answered),
            (answered, self._grades(program, self._changed(*forms), "forms")) if forms else None,
            sum(grade > 0 for grade in answered),
            dict(invalid),
        )

    def by_form(self, program: Program) -> dict[str, Grades]:
        """Grades on instances and on one form of each, by the form's name. Raises TaskError, SandboxError."""
        plain, _ = self._plain()
        answered = self._grades(program, plain, "plain")
        return {name: (answered, self._grades(program, self._changed(name), name)) for name in self._probes.forms}

    def _grades(
        self, program: Program, instances: Sequence[Instance], what: str, invalid: Counter[str] | None = None
    ) -> list[float]:
        scores = []
        seed = draw_seed(str(self._run_seed.number), self._spec.name, "probe", what, "guest")
        with closing(self._val.graded(program, instances, seed)) as answers:
            for instance, (outcome, score) in zip(instances, answers, strict=True):
                scores.append(score)
                if invalid is not None and outcome.verdict is Verdict.OK and score.value > 0:
                    try:
                        self._probes.check(instance, outcome.value)
                    except ValueError as error:
                        invalid[str(error)] += 1
        # Only now: what a grade looks like may take the initial solution's, and who computes must not wait to compute.
        return [self._val.seen(score) for score in scores]

    def _plain(self) -> tuple[Sequence[Instance], bool]:
        """Instances that nothing in the run has; or the run's own, and True, where there are no others."""
        with self._lock:
            if self._made is None:
                self._made = self._drawn()
            return self._made

    def _drawn(self) -> tuple[Sequence[Instance], bool]:
        own = self._val.instances()
        plain: list[Instance] = []
        while len(plain) < max(ENOUGH, len(own)):
            seed = draw_seed(str(self._run_seed.instances), self._spec.name, "probe", str(len(plain)))
            self._parts.append(Judge(self._spec, self._sandbox, "val", seed).instances())
            plain += self._parts[-1]
            if same([instance.args for instance in plain], [instance.args for instance in own]):
                return own, True
        return plain, False

    def _changed(self, *forms: str) -> list[Instance]:
        """Each plain instance in these forms, one upon the other."""
        rng = Random(draw_seed(str(self._run_seed.instances), self._spec.name, "probe", *forms))
        plain, _ = self._plain()
        changed = list(plain)
        for name in forms:
            for place, instance in enumerate(changed):  # one by one: all of them together may be 100 MB
                changed[place] = self._probes.forms[name](rng, instance)
        return changed


def same(first: Any, second: Any) -> bool:
    """Equal plain data, arrays by what they hold."""
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        return bool(np.array_equal(first, second))
    if isinstance(first, (list, tuple)) and isinstance(second, (list, tuple)):
        return len(first) == len(second) and all(same(*pair) for pair in zip(first, second, strict=True))
    return bool(first == second)
