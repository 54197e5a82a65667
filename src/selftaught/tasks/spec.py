"""What a task is: two pure functions, two texts, and limits."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from selftaught.core.contracts import Program
from selftaught.sandbox.contract import Limits

SPLITS = ("val", "test")
"""`val` is what improvers are scored on; `test` is sealed: no improver ever sees a score of it."""


class Instance(NamedTuple):
    """One question: what the program gets as its arguments, and what only `grade` may see."""

    args: tuple[Any, ...]
    hidden: Any = None


@dataclass(frozen=True)
class TaskSpec:
    """A task of the kind "a function over instances".

    Attributes:
        name: how it is called, on record too.
        about: the task's own text: its docstring.
        seed: the solution to start from.
        entry: the function that a solution defines.
        instances: (rng, split) → the instances; equal rng and split, equal instances.
        grade: (instance, answer) → 0 to 1. The answer is plain data from a guest, of any type and shape. An answer
            that is not one raises ValueError (or TypeError, LookupError, AttributeError, ArithmeticError).
        limits: of one guest.
        source: the text of the task's file, kept in the run.
    """

    name: str
    about: str
    seed: Program
    entry: str
    instances: Callable[[random.Random, str], Iterable[tuple[tuple[Any, ...], Any]]]
    grade: Callable[[Instance, Any], float]
    limits: Limits
    source: str

    @property
    def description(self) -> str:
        """What a model is shown: the task's own text, and the limits that are really enforced."""
        limits = self.limits
        unit = (
            "Each call runs in a process of its own."
            if limits.fresh_guest_per_call
            else "All calls of one scoring run in one process, unless a call exceeds a limit."
        )
        return f"""{self.about.strip()}

How a program is scored: it defines {self.entry}(...), which is called once for each instance; the score is the mean
over all instances, from 0 (worst) to 1 (best). A call may use {limits.cpu_seconds:g} s of CPU time, and loading the
program {limits.load_cpu_seconds:g} s; a call over it scores 0. So does a call that raises, or answers with anything
but what is asked for. {unit} Memory: {limits.memory_bytes >> 20} MiB.
Available: Python's standard library and numpy. Not available: files, network, other processes, threads.
"""
