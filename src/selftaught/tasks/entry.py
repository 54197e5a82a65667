"""Is a text a program that defines its entry? One answer for seeds, users' programs and improvers.

For texts of the user's own, which are trusted; a guest's text is never parsed here.
"""

import ast
import warnings
from collections.abc import Iterator

from selftaught.core.errors import UsageError

_MOST_NAMES = 10
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def check_program(source: str, entry: str, where: str) -> ast.Module:
    """Its tree: it parses, and binds `entry` at its top level in whatever way. Raises UsageError."""
    try:
        tree = _parsed(source)
        names = list(dict.fromkeys(_bound(tree)))
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f" (line {error.lineno})" if isinstance(error, SyntaxError) and error.lineno else ""
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        raise UsageError(f"{where} is not Python: {what}{line}; wanted a program that defines {entry}()") from error
    if entry not in names and "*" not in names:
        defined = ", ".join(names[:_MOST_NAMES]) or "nothing"
        raise UsageError(f"{where} has no function {entry}; it defines {defined}. Wanted: def {entry}(...)")
    return tree


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a stray backslash is Python, however the user's warnings are set
        return ast.parse(source)


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that are bound outside of functions and classes: defined, assigned, imported ("*" for all)."""
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
