"""What installed packages bring: tasks, models, improvers, sandboxes and executors, each by an entry point.

A package names them in its pyproject.toml, in the group `selftaught.KIND`; `examples/plugin/` is one with one of each.
Built-in names come first: a plugin cannot replace one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from selftaught.core.errors import UsageError

KINDS = {
    "tasks": "a module, or the path of a Python file, as `selftaught run path/to/task.py` takes it",
    "models": "a function that takes the model's name and returns a LanguageModel",
    "improvers": "a module, or the path of a Python file, that defines improve_algorithm",
    "sandboxes": "a function without arguments that returns a selftaught.sandbox.tiers.tier.Tier",
    "executors": "a function that takes a sandbox's name and returns a sandbox with tier, layers, run and close",
}
"""The object of an entry point, for each kind."""
_FILES = ("tasks", "improvers")


@dataclass(frozen=True)
class Plugin:
    """One entry point. `trouble`: why it cannot be used; "" if it can."""

    kind: str
    name: str
    value: str
    package: str
    trouble: str = ""


def names(kind: str) -> list[str]:
    """The names that installed packages bring, sorted. Nothing is loaded."""
    return sorted({point.name for point in _points(kind)})


def find(kind: str, name: str) -> Any:
    """The object of the entry point: for tasks and improvers the `Path` of their file, else a function.

    Raises UsageError, naming the package, if it cannot be loaded or is something else.
    """
    point = next((one for one in _points(kind) if one.name == name), None)
    if point is None:
        brought = ", ".join(names(kind)) or "none"
        raise UsageError(f"no installed package has {kind} called {name!r}; they have: {brought}")
    return _loaded(kind, point)


def listed(built_in: Mapping[str, Collection[str]]) -> list[Plugin]:
    """Every plugin, loaded to see whether it can be used. `built_in`: by kind, the names that are taken."""
    return [_tried(kind, point, built_in.get(kind, ())) for kind in KINDS for point in _points(kind)]


def _tried(kind: str, point: EntryPoint, taken: Collection[str]) -> Plugin:
    package = point.dist.name if point.dist is not None else "?"
    trouble = "this name is built in, which comes first" if point.name in taken else ""
    try:
        _loaded(kind, point)
    except UsageError as error:
        trouble = str(error)
    return Plugin(kind, point.name, point.value, package, trouble)


def _points(kind: str) -> list[EntryPoint]:
    return sorted(entry_points(group=f"selftaught.{kind}"), key=lambda point: point.name)


def _loaded(kind: str, point: EntryPoint) -> Any:
    try:
        found = _file_of(point) if kind in _FILES and not point.attr else point.load()
    except Exception as error:  # anything that a stranger's module raises during its import
        raise UsageError(f"the plugin {point.name} ({point.value}) cannot be loaded: {error!r}") from error
    if kind in _FILES:
        if isinstance(found, (str, Path)) and Path(found).is_file():
            return Path(found)
    elif callable(found):
        return found
    raise UsageError(
        f"the plugin {point.name} ({point.value}) is {type(found).__name__}; of selftaught.{kind} wanted {KINDS[kind]}"
    )


def _file_of(point: EntryPoint) -> Path:
    """Of a module: it is read like any task or improver, and not imported. Raises ModuleNotFoundError."""
    spec = find_spec(point.module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"No module named {point.module!r}")
    return Path(spec.origin)
