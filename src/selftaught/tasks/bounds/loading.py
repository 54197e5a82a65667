"""The reference bound of a task, by the task's name."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module
from math import isfinite
from typing import Any

from selftaught.core.errors import TaskError, UsageError
from selftaught.tasks.bounds.known import KNOWN
from selftaught.tasks.loading import PAPER, is_built_in
from selftaught.tasks.spec import Instance, TaskSpec, line_in


@dataclass(frozen=True)
class Bound:
    """The best known of a task's instances.

    Attributes:
        kind: "exact" or "heuristic", a lower bound on the optimum (`__init__.py`); of harder tasks see `known.py`.
        about: how it is found, in one line.
        best: the grade of the best answer known to an instance, on the scale of the task's score; or, of a harder task,
            the best known score, for any instance.
        answer: that answer, from an instance's arguments; None if it is too hard to find here.
        searched: whether `best` may take long without an answer, and is worth keeping.
    """

    task: TaskSpec
    kind: str
    about: str
    best: Callable[[Instance], float]
    answer: Callable[..., Any] | None = None
    searched: bool = False


def load_bound(task: TaskSpec) -> Bound:
    """The bound of a built-in task, of either fidelity, or a task's own. Raises UsageError if there is none.

    Also if the package that it needs is not installed.
    """
    if task.name in PAPER and is_built_in(task.source):
        return _computed(task)
    if task.best is not None:
        return _own(task, task.best)
    if (known := task.bound) is None:
        raise UsageError(
            f"there is no reference bound for the task {task.name}; to give it one, write the best known score "
            "into its file, as BOUND = 0.9, or a function best(instance)"
        )
    kind, about = KNOWN.get(task.name, ("stated", "From the task's file."))
    return Bound(task, kind, about, lambda instance: known)


def _own(task: TaskSpec, find: Callable[[Instance], Any]) -> Bound:
    """The result of the task's file. Raises TaskError if it fails."""

    def best(instance: Instance) -> float:
        try:
            found = float(find(deepcopy(instance)))
        except (Exception, SystemExit) as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise TaskError(f"{task.file}{line_in(task.file, error)}: best(instance) failed: {said}") from error
        if not isfinite(found):
            raise TaskError(f"{task.file}: best(instance) gave {found}; wanted a finite number")
        return found

    return Bound(task, "stated", "From best(instance) in the task's file.", best, searched=True)


def _computed(task: TaskSpec) -> Bound:
    try:
        module = import_module(f"selftaught.tasks.bounds.{task.name.replace('-', '_')}")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the reference bound of {task.name} needs the package {error.name}; "
            "to install it: pip install 'selftaught[bounds]'"
        ) from error

    def best(instance: Instance) -> float:
        return float(task.grade(instance, module.answer(*instance.args)))

    return Bound(task, module.KIND, (module.__doc__ or "").splitlines()[0], best, module.answer)
