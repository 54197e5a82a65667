"""The package's own texts that a task is made of: kept in a run, and executed from there.

A built-in task takes helpers from other files of this folder, and has probes. Executed from the texts that a run keeps,
they stay as they were when the run started, independent of the installed package.
"""

import ast
import builtins
import sys
import types
import warnings
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from selftaught.tasks.syntax import UNREADABLE, tree_of

ROOM = "selftaught.tasks."
HOUSE = {
    "spec",
    "loading",
    "judge",
    "feedback",
    "entry",
    "frozen",
    "shown",
    "probes/loading",
    "probes/trial",
}
"""Modules that the package itself uses: their types are its own, and their code is of its version."""


def texts_behind(source: str) -> dict[str, str]:
    """The texts of the modules that a task's text takes something from, and so on, by the modules' names."""
    found: dict[str, str] = {}
    waiting = set(_taken(source))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = text_of(name)
            waiting |= _taken(found[name])
    return found


def text_of(module: str) -> str:
    """The text of a module of this folder, as installed."""
    text: str = _file(module).read_text(encoding="utf-8")
    return text


def has_text(module: str) -> bool:
    """Whether a module of this folder has this name, as installed."""
    return module.startswith(ROOM) and bool(_file(module).is_file())


def is_ours(module: str, text: str) -> bool:
    """Whether it is the text of a module that comes with this package."""
    return has_text(module) and text_of(module) == text


class Importer:
    """Executes what takes something from one of `texts`, modules by their names: from that text it comes."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self._key = sha256("".join(f"{name}\0{text}\0" for name, text in sorted(texts.items())).encode()).hexdigest()
        self._modules: dict[str, types.ModuleType] = {}

    def module(self, name: str) -> types.ModuleType:
        """The module of one of the texts."""
        if name not in self._modules:
            self._modules[name] = self.empty(f"{name.replace('.', '_')}_{self._key[:16]}", f"{name}.py")
            self.execute(self._modules[name], self.texts[name])
        return self._modules[name]

    def empty(self, name: str, where: str) -> types.ModuleType:
        """A module like any other, so that dataclasses and the like work in it; with nothing in it yet."""
        module = types.ModuleType(name)
        module.__file__ = where
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
        sys.modules[module.__name__] = module
        return module

    def execute(self, module: types.ModuleType, source: str) -> None:
        """Fill it with what `source` defines."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a stray backslash is Python, however the user's warnings are set
            # A docstring is the task's text, and its asserts are its author's, also under `python -OO`.
            code = compile(source, str(module.__file__), "exec", dont_inherit=True, optimize=0)
        exec(code, module.__dict__)

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: tuple[str, ...] | None = (),
        level: int = 0,
    ) -> Any:
        """As `__import__`."""
        if level == 0 and fromlist and name in self.texts:
            return self.module(name)
        return builtins.__import__(name, globals, locals, fromlist or (), level)


@lru_cache(128)
def _taken(source: str) -> frozenset[str]:
    """The modules of this folder that a text takes something from. A task is read several times as a run begins."""
    try:
        tree = tree_of(source)
    except UNREADABLE:  # reported when it is executed
        return frozenset()
    named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level}
    ours = {
        name
        for name in named
        if name and name.startswith(ROOM) and name.removeprefix(ROOM).replace(".", "/") not in HOUSE
    }
    return frozenset(filter(has_text, ours))


def _file(module: str) -> Any:
    *folders, last = module.removeprefix(ROOM).split(".")
    return files("selftaught.tasks").joinpath(*folders, f"{last}.py")
