"""A task by its name or its path, checked.

A task's file is code of the user's own: it is executed in this process, with all rights. Only the programs that it
scores are untrusted.
"""

import ast
import math
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

from selftaught.core.contracts import Program
from selftaught.core.errors import UsageError
from selftaught.sandbox.contract import Limits
from selftaught.tasks.spec import TaskSpec

BUILT_IN = {"parity-with-noise": "parity_with_noise.py", "three-sat": "three_sat.py"}
WANTED = "a task is a Python file with a docstring, SEED, instances(rng, split) and grade(instance, answer)"


def task_names() -> list[str]:
    """The built-in tasks."""
    return sorted(BUILT_IN)


def load_task(name_or_path: str) -> TaskSpec:
    """A built-in task, or the one that a Python file defines. Raises UsageError, with what to do."""
    if name_or_path in BUILT_IN:
        source = (files("selftaught.tasks") / BUILT_IN[name_or_path]).read_text(encoding="utf-8")
        return _from_source(source, name_or_path, name_or_path)
    path = Path(name_or_path)
    if path.suffix != ".py" and not path.is_file():
        close = get_close_matches(name_or_path, BUILT_IN, 1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        known = ", ".join(task_names())
        raise UsageError(f"no task is called {name_or_path!r}{hint}; there are {known}, or the path of a .py file")
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot read the task {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"the task {path} is not UTF-8 text") from error
    return _from_source(source, path.stem, name_or_path)


def _from_source(source: str, name: str, where: str) -> TaskSpec:
    space = _execute(source, where)
    for wanted, kind in (("SEED", str), ("instances", None), ("grade", None)):
        found = space.get(wanted)
        if found is None or (kind is None and not callable(found)) or (kind is not None and not isinstance(found, kind)):
            what = f"has no {wanted}" if found is None else f"has a {wanted} that is a {type(found).__name__}"
            raise UsageError(f"the task {where} {what}; {WANTED}")
    if not isinstance(space.get("__doc__"), str) or not space["__doc__"].strip():
        raise UsageError(f"the task {where} has no docstring, and that is what a model is shown; {WANTED}")
    entry = space.get("ENTRY", "algorithm")
    if not isinstance(entry, str) or not entry.isidentifier():
        raise UsageError(f"the task {where}: ENTRY is {entry!r}; wanted the name of a function")
    _check_seed(space["SEED"], entry, where)
    shown = space.get("NAME", name)
    if not isinstance(shown, str) or not shown.strip():
        raise UsageError(f"the task {where}: NAME is {shown!r}; wanted a short text")
    return TaskSpec(
        name=shown,
        about=space["__doc__"],
        seed=Program(space["SEED"]),
        entry=entry,
        instances=space["instances"],
        grade=space["grade"],
        limits=_limits(space, where),
        source=source,
    )


def _execute(source: str, where: str) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "selftaught_task", "__file__": where}
    try:
        exec(compile(source, where, "exec"), space)
    except SyntaxError as error:
        raise UsageError(f"the task {where} is not Python: {error.msg} (line {error.lineno})") from error
    except Exception as error:
        raise UsageError(f"the task {where} fails when it is loaded: {type(error).__name__}: {error}") from error
    return space


def _check_seed(seed: str, entry: str, where: str) -> None:
    try:
        tree = ast.parse(seed)
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"the task {where}: its SEED is not Python: {error}") from error
    if entry not in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}:
        raise UsageError(f"the task {where}: its SEED defines no function {entry}")


def _limits(space: Mapping[str, Any], where: str) -> Limits:
    default = Limits()

    def positive(name: str, otherwise: float) -> float:
        value = space.get(name, otherwise)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not (0 < value < math.inf):
            raise UsageError(f"the task {where}: {name} is {value!r}; wanted a number above 0")
        return value

    cpu = positive("CPU_SECONDS", default.cpu_seconds)
    fresh = space.get("FRESH_GUEST_PER_CALL", False)
    if not isinstance(fresh, bool):
        raise UsageError(f"the task {where}: FRESH_GUEST_PER_CALL is {fresh!r}; wanted True or False")
    return Limits(
        cpu_seconds=cpu,
        wall_seconds=10 * cpu + 5,
        memory_bytes=int(positive("MEMORY_BYTES", default.memory_bytes)),
        fresh_guest_per_call=fresh,
    )
