"""The probes of a task, by its name."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import Any

from selftaught.core.errors import TaskError
from selftaught.tasks.frozen import Importer
from selftaught.tasks.loading import probes_of, split_level
from selftaught.tasks.probes.forms import Form
from selftaught.tasks.spec import Instance, TaskSpec, line_in


def _anything(instance: Instance, answer: Any) -> None:
    """No answer is known to be none."""


@dataclass(frozen=True)
class Probes:
    """Forms by their names, and what tells an answer from none (raises ValueError)."""

    forms: Mapping[str, Form] = field(default_factory=dict)
    check: Callable[[Instance, Any], None] = _anything


def load_probes(task: TaskSpec) -> Probes:
    """Of a built-in task, of either fidelity; of any other those in its file, also if it only shares the name."""
    name, level = split_level(task.name)
    if probes_of(name) not in task.modules:
        forms = {name: _own_form(task, name, function) for name, function in task.probes.items()}
        return Probes(forms, _own_check(task.check_answer) if task.check_answer else _anything)
    module = Importer(task.modules).module(probes_of(name))
    forms = module.FORMS if level in ("", "paper") else getattr(module, "HARD_FORMS", module.FORMS)
    return Probes(forms, module.check)


def _own_form(task: TaskSpec, name: str, function: Callable[[Random, Instance], Any]) -> Form:
    """A form in the task's file. Raises TaskError where it fails."""

    def form(rng: Random, instance: Instance) -> Instance:
        what = f"probe_{name}(rng, instance)"
        try:
            made = function(rng, deepcopy(instance))
        except (Exception, SystemExit) as error:
            said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
            raise TaskError(f"{task.file}{line_in(task.file, error)}: {what} failed: {said}") from error
        if not isinstance(made, tuple) or len(made) != 2 or not isinstance(made[0], tuple):
            raise TaskError(f"{task.file}: {what} gave {made!r:.80}; wanted (tuple of arguments, hidden)")
        return Instance(*made)

    return form


def _own_check(function: Callable[[Instance, Any], Any]) -> Callable[[Instance, Any], None]:
    def check(instance: Instance, answer: Any) -> None:
        try:
            function(deepcopy(instance), answer)
        except ValueError:
            raise
        except Exception as error:  # a strange answer may cause any, as in `grade`
            raise ValueError(f"{type(error).__name__}: {error}") from error

    return check
