"""The package's own texts that a task is made of: kept in a run, and executed from there.

A built-in task takes helpers from other files of this folder, and has probes. Executed from the texts that a run keeps,
they are in a year what they were when the run began, whatever the installed package holds by then.
"""

import ast
import builtins
import sys
import types
from collections.abc import Mapping
from hashlib import sha256
from importlib.resources import files
from typing import Any

ROOM = "selftaught.tasks."
HOUSE = {"spec", "loading", "judge", "feedback", "entry", "frozen", "probes/loading", "probes/trial", "probes/findings"}
"""Modules that the package itself uses: their types are its own, and their code is of its version."""


def texts_behind(source: str) -> dict[str, str]:
    """The texts of the modules that a task's text takes something from, and so on, by the modules' names."""
    found: dict[str, str] = {}
    waiting = _taken(source)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = text_of(name)
            waiting |= _taken(found[name])
    return found


def text_of(module: str) -> str:
    """Of a module of this folder, as it is installed."""
    text: str = _file(module).read_text(encoding="utf-8")
    return text


def has_text(module: str) -> bool:
    """Whether a module of this folder is called so, as it is installed."""
    return module.startswith(ROOM) and bool(_file(module).is_file())


def is_ours(module: str, text: str) -> bool:
    """Whether it is the text of a module that comes with this package."""
    return has_text(module) and text_of(module) == text


def execute(name: str, source: str, where: str, texts: Mapping[str, str]) -> types.ModuleType:
    """The module that `source` is, under `name`; what it takes from one of `texts` comes from that text.

    It is a module like any other, so that dataclasses and the like work in it.
    """
    return _execute(name, source, where, _Importer(texts))


def module_of(name: str, texts: Mapping[str, str]) -> types.ModuleType:
    """The module of one of the texts."""
    return _Importer(texts).module(name)


class _Importer:
    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._key = sha256("".join(f"{name}\0{text}\0" for name, text in sorted(texts.items())).encode()).hexdigest()
        self._modules: dict[str, types.ModuleType] = {}

    def module(self, name: str) -> types.ModuleType:
        if name not in self._modules:
            unique = f"{name.replace('.', '_')}_{self._key[:16]}"
            self._modules[name] = _execute(unique, self._texts[name], f"{name}.py", self)
        return self._modules[name]

    def __call__(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> Any:
        """As `__import__`."""
        if level == 0 and fromlist and name in self._texts:
            return self.module(name)
        return builtins.__import__(name, globals, locals, fromlist or (), level)


def _execute(name: str, source: str, where: str, importer: _Importer) -> types.ModuleType:
    module = types.ModuleType(name)
    module.__file__ = where
    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": importer}
    sys.modules[module.__name__] = module
    exec(compile(source, where, "exec"), module.__dict__)
    return module


def _taken(source: str) -> set[str]:
    """The modules of this folder that a text takes something from."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # said where it is executed
        return set()
    named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    ours = {
        name
        for name in named
        if name and name.startswith(ROOM) and name.removeprefix(ROOM).replace(".", "/") not in HOUSE
    }
    return set(filter(has_text, ours))


def _file(module: str) -> Any:
    *folders, last = module.removeprefix(ROOM).split(".")
    return files("selftaught.tasks").joinpath(*folders, f"{last}.py")
