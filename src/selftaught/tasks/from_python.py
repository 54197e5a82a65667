"""A task from Python functions, written out as the text of a task's file: a run is resumed from its folder."""

import inspect
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any

from selftaught.core.errors import UsageError
from selftaught.tasks.contract import as_name
from selftaught.tasks.loading import from_names, from_source
from selftaught.tasks.spec import TaskSpec


class Task:
    """A task made of functions, for `selftaught.improve` and its like.

    Args:
        description: what a model reads; the docstring of a task's file.
        seed: text of the program to start from.
        instances: a function of (rng, split) that yields (tuple of arguments, what only `grade` may see).
        name: the name that is shown and recorded.
        **names: grade, a function of (instance, answer) that returns 0 to 1; and what else a task's file may define,
            in small letters: cpu_seconds=0.1, explain=function …

    The functions are kept by their source, with the imports, functions and plain values that they use: a run of them
    is resumed from its folder like any other. If the source cannot be read, as of a function typed into `python`,
    `resumable` is False, and only the same call continues the run.

    >>> def instances(rng, split):
    ...     yield ([rng.random() for _ in range(5)],), None
    >>> def grade(instance, answer):
    ...     return float(answer == max(instance.args[0]))
    >>> seed = "def algorithm(numbers): return numbers[0]"
    >>> largest = Task(description="Return the largest.", seed=seed, instances=instances, grade=grade, name="largest")
    >>> largest.spec().name
    'largest'
    """

    def __init__(
        self,
        *,
        description: str,
        seed: str,
        instances: Callable[..., Any],
        name: str = "task",
        **names: Any,
    ) -> None:
        given = {"instances": instances, **names}
        self.name = as_name(name)
        self._functions = {key: value for key, value in given.items() if callable(value)}
        self._values = {"SEED": seed, **{key.upper(): value for key, value in given.items() if not callable(value)}}
        self._about = inspect.cleandoc(description)
        try:
            self.source, self.resumable = self._written(), True
        except UsageError as error:
            self.source, self.resumable = self._stub(str(error)), False

    def spec(self) -> TaskSpec:
        """The task: loaded from its text, so that a resumed run does the same. Raises UsageError."""
        where = f"Task({self.name!r})"
        if self.resumable:
            return from_source(self.source, self.name, where, {})
        return from_names({"__doc__": self._about, **self._values, **self._functions}, self.source, self.name, where)

    def _written(self) -> str:
        written = _Written()
        for function in self._functions.values():
            written.add(function)
        lines = [repr(self._about), "", "from __future__ import annotations", "", *written.imports, ""]
        lines += [f"{key} = {_plain(key, value)}" for key, value in self._values.items()]
        lines += written.values
        lines += [f"\n\n{text}" for text in written.functions.values()]
        lines += [f"\n{key} = {value.__name__}" for key, value in self._functions.items() if value.__name__ != key]
        return "\n".join(lines).rstrip() + "\n"

    def _stub(self, why: str) -> str:
        said = f"this task was made of Python functions, and is not in the folder ({why}): continue with the same call"
        return f"{self._about!r}\n\nSEED = {self._values['SEED']!r}\nraise RuntimeError({said!r})\n"


class _Written:
    """The text of functions, and of what they use by name."""

    def __init__(self) -> None:
        self.imports: list[str] = []
        self.values: list[str] = []
        self.functions: dict[str, str] = {}
        self._seen: set[str] = set()

    def add(self, function: Callable[..., Any]) -> None:
        name = getattr(function, "__name__", "")
        if name in self.functions:
            return
        if not isinstance(function, types.FunctionType) or name == "<lambda>":
            raise UsageError(f"a task is kept by its source: wanted a function made by def, got {function!r}")
        try:
            text = textwrap.dedent(inspect.getsource(function))
        except (OSError, TypeError) as error:
            raise UsageError(f"the source of {name} cannot be read ({error}); put the task into a file") from error
        self.functions[name] = text.rstrip()
        for used, value in _used(function):
            if used not in self._seen and used != name:
                self._seen.add(used)
                self._name(used, value)

    def _name(self, name: str, value: Any) -> None:
        if isinstance(value, types.ModuleType):
            self.imports.append(f"import {value.__name__} as {name}")
        elif isinstance(value, types.FunctionType) and value.__module__ in ("__main__", None):
            self.add(value)
        elif hasattr(value, "__module__") and hasattr(value, "__qualname__") and value.__module__ != "__main__":
            if isinstance(value, types.FunctionType) and not _installed(value.__module__):
                self.add(value)
            else:
                self.imports.append(f"from {value.__module__} import {value.__qualname__} as {name}")
        else:
            self.values.append(f"{name} = {_plain(name, value)}")


def _used(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """The names outside of itself that a function reads, nested functions included."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        yield name, cell.cell_contents
    codes = [function.__code__]
    while codes:
        code = codes.pop()
        codes += [const for const in code.co_consts if isinstance(const, types.CodeType)]
        for name in code.co_names:
            if name in function.__globals__:
                yield name, function.__globals__[name]


def _installed(module: str) -> bool:
    """Whether a copy of the task finds it: it lies where packages are installed."""
    from importlib.util import find_spec

    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return False
    origin = spec.origin if spec is not None else None
    return origin in ("built-in", "frozen") or "/lib/python" in str(origin)


def _plain(name: str, value: Any) -> str:
    text = repr(value)
    try:
        same = eval(text, {"__builtins__": {}}) == value
    except Exception:
        same = False
    if not same:
        raise UsageError(f"{name} is {text[:80]}: a task from Python is kept as text, and this is not a plain value")
    return text
