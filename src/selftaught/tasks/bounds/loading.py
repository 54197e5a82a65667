"""The reference bound of a task, by the task's name."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from selftaught.core.errors import UsageError
from selftaught.tasks.loading import BUILT_IN, task_names
from selftaught.tasks.spec import Instance, TaskSpec


@dataclass(frozen=True)
class Bound:
    """The best known of a task's instances.

    Attributes:
        kind: "exact" or "heuristic", a lower bound on the optimum (`__init__.py`).
        about: how it is found, in one line.
        answer: from an instance's arguments.
    """

    task: TaskSpec
    kind: str
    about: str
    answer: Callable[..., Any]

    def best(self, instance: Instance) -> float:
        """The grade of the best answer known, on the scale of the task's score."""
        return float(self.task.grade(instance, self.answer(*instance.args)))


def load_bound(task: TaskSpec) -> Bound:
    """The bound of a built-in task, of either fidelity. Raises UsageError if there is none, or its package lacks."""
    if task.name not in BUILT_IN:
        raise UsageError(f"there is no reference bound for the task {task.name}; there are {', '.join(task_names())}")
    try:
        module = import_module(f"selftaught.tasks.bounds.{task.name.replace('-', '_')}")
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the reference bound of {task.name} needs the package {error.name}; "
            "to install it: pip install 'selftaught[bounds]'"
        ) from error
    return Bound(task, module.KIND, (module.__doc__ or "").splitlines()[0], module.answer)
