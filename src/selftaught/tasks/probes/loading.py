"""The probes of a task, by its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from selftaught.tasks.frozen import Importer
from selftaught.tasks.loading import probes_of, split_level
from selftaught.tasks.probes.forms import Form
from selftaught.tasks.spec import Instance, TaskSpec


def _anything(instance: Instance, answer: Any) -> None:
    """No answer is known to be none."""


@dataclass(frozen=True)
class Probes:
    """Forms by their names, and what tells an answer from none (raises ValueError)."""

    forms: Mapping[str, Form] = field(default_factory=dict)
    check: Callable[[Instance, Any], None] = _anything


def load_probes(task: TaskSpec) -> Probes:
    """Of a built-in task, of either fidelity. Any other has none of its own, also one that only shares the name."""
    name, level = split_level(task.name)
    if probes_of(name) not in task.modules:
        return Probes()
    module = Importer(task.modules).module(probes_of(name))
    forms = module.FORMS if level in ("", "paper") else getattr(module, "HARD_FORMS", module.FORMS)
    return Probes(forms, module.check)
