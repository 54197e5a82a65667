"""What a task shows of itself: its own code, as far as it makes the instances and grades the answers (paper, §4).

Read from the text of the task's file, which is the user's own; nothing of it is changed but what has no use there.
"""

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from selftaught.tasks.frozen import Importer
from selftaught.tasks.syntax import tree_of

FUNCTIONS = ("instances", "grade", "play")
_LEFT_OUT = ("selftaught.tasks.spec",)
_OURS = "selftaught.tasks."


def shown_source(source: str, defined: Mapping[str, Any], importer: Importer, hide: Collection[str] = ()) -> str:
    """Both functions with all that they use of the file, in its order; a level by its name.

    `defined`: what the file defined when `importer` executed it. `hide`: functions whose head alone is shown, and
    what they say of themselves: one that finds a good answer, say.
    """
    shown = list(_Shown(set(hide), importer).parts(source, defined, set(FUNCTIONS)))
    imports = dict.fromkeys(text for text, is_import in shown if is_import)
    rest = [text for text, is_import in shown if not is_import]
    return "\n".join(imports) + "\n\n" * bool(imports) + "\n\n\n".join(rest)


@dataclass
class _Shown:
    """`seen`: names that are shown already, of any file."""

    hide: set[str]
    importer: Importer
    seen: set[str] = field(default_factory=set)

    def parts(self, source: str, defined: Mapping[str, Any], wanted: set[str]) -> Iterator[tuple[str, bool]]:
        """(text, whether it is an import) of each statement at the top that is wanted, or that one of those uses."""
        statements = tree_of(source).body
        used = self._used(statements, wanted)
        for statement in statements:
            names = _bound(statement) & used - self.seen
            self.seen |= names
            if not names:
                continue
            if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith(_OURS):
                yield from self._imported(statement.module or "", names)
            elif isinstance(statement, (ast.Import, ast.ImportFrom)):
                yield _import_of(statement, names), True
            elif names == {"LEVEL"}:
                yield f"LEVEL = {defined.get('LEVEL')!r}", False
            elif names & self.hide and isinstance(statement, ast.FunctionDef):
                yield _head(source, statement), False
            else:
                yield _text(source, statement), False

    def _used(self, statements: Sequence[ast.stmt], wanted: set[str]) -> set[str]:
        """A name may be used above its definition: until nothing is added."""
        used, left = set(wanted), {statement: _bound(statement) for statement in statements}
        while taken := [one for one, names in left.items() if names & used and not names & self.hide]:
            for statement in taken:
                used |= set(_names(statement))
                del left[statement]
        return used

    def _imported(self, module: str, names: set[str]) -> Iterator[tuple[str, bool]]:
        """Code that a task takes from another of our modules is placed where it is used."""
        if module not in _LEFT_OUT:
            self.seen -= names
            yield from self.parts(self.importer.texts[module], vars(self.importer.module(module)), names)


def _head(source: str, function: ast.FunctionDef) -> str:
    told = ast.get_docstring(function, clean=False)
    body = [ast.Expr(ast.Constant(told))] if told else []
    kept = ast.FunctionDef(function.name, function.args, [*body, ast.Expr(ast.Constant(...))], [], function.returns)
    return ast.unparse(ast.fix_missing_locations(kept)) + "  # not shown"


def _import_of(statement: ast.Import | ast.ImportFrom, names: set[str]) -> str:
    kept = [alias for alias in statement.names if (alias.asname or alias.name.split(".")[0]) in names]
    if isinstance(statement, ast.Import):
        return ast.unparse(ast.Import(kept))
    return ast.unparse(ast.ImportFrom(statement.module, kept, statement.level))


def _text(source: str, statement: ast.stmt) -> str:
    """As in the file, with its comments and decorators."""
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return "\n".join(source.splitlines()[first - 1 : statement.end_lineno])


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.split(".")[0] for alias in statement.names}
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _names(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
