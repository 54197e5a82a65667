"""What guests find imported: all of them much of the standard library, and those that need them numpy and asyncio.

A zygote without numpy holds half as much, and so its guests cost less: they run plain programs, which ask for no more.
A text can hide what it imports. Such a program gets it all the same, and with the same result (`Late`); it takes its
own time.
"""

import re
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

PLAIN = tuple(
    """
    abc array ast bisect collections collections.abc contextlib copy dataclasses datetime decimal
    difflib enum fractions functools heapq inspect itertools json math numbers operator os queue random re statistics
    string struct sys textwrap threading time traceback types typing warnings
    """.split()
)
"""What programs often import, and what takes little memory."""
_MORE = ("numpy", "asyncio")
_AT_HAND = {"__future__", "helpers", *(name.partition(".")[0] for name in PLAIN)}
_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)|import[ \t]+([^\n#;]+))", re.MULTILINE)


def is_plain(source: str) -> bool:
    """Whether a program's text says that it imports nothing but `PLAIN` and `helpers`."""
    if any(name in source for name in _MORE):
        return False
    for imported in _IMPORT.finditer(source):
        for name in (imported[1] or imported[2]).split(","):
            if re.split(r"[.\s]", name.strip(), maxsplit=1)[0] not in _AT_HAND:
                return False
    return True


class Late:
    """On `sys.meta_path`, does what is to be done with a module once it is imported. `after`: by the module's name."""

    def __init__(self, after: dict[str, Callable[[ModuleType], object]]) -> None:
        self._after = after

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        act = self._after.pop(name, None)
        spec = PathFinder.find_spec(name, path, target) if act else None
        if act is None or spec is None or spec.loader is None:
            return None
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            act(module)

        loader.exec_module = exec_module
        return spec
