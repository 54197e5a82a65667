"""Is a text a program that defines its entry? One answer for seeds, users' programs and improvers."""

import ast
from collections.abc import Iterator, Sequence

from selftaught.core.errors import UsageError
from selftaught.tasks.syntax import UNREADABLE, tree_of

_MOST_NAMES = 10
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def check_entry(names: Sequence[str] | str, entry: str, where: str) -> None:
    """Raises UsageError if `defined_names` found no program, or no `entry`."""
    if isinstance(names, str):
        raise UsageError(f"{where} is not Python: {names}; wanted a program that defines {entry}()")
    if entry not in names and "*" not in names:
        defined = ", ".join(names[:_MOST_NAMES]) or "nothing"
        raise UsageError(f"{where} has no function {entry}; it defines {defined}. Wanted: def {entry}(...)")


def defined_names(source: str) -> list[str] | str:
    """The names that a program binds at its top level in any way, in order; or why it is not a program.

    Parses in this process: for the user's own texts. What a model may have written goes through `bounded.READER`.
    """
    try:
        return list(dict.fromkeys(_bound(tree_of(source))))
    except UNREADABLE as error:
        line = f" (line {error.lineno})" if isinstance(error, SyntaxError) and error.lineno else ""
        return (error.msg if isinstance(error, SyntaxError) else str(error)) + line


def _bound(node: ast.AST) -> Iterator[str]:
    """Outside of functions and classes: defined, assigned, imported ("*" for all that a module has)."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            yield from (alias.asname or alias.name.split(".")[0] for alias in aliases)
    if not isinstance(node, _SCOPES):
        for child in ast.iter_child_nodes(node):
            yield from _bound(child)
