"""A changed syntax tree as a change of the text it was read from: of a program with markers, all outside of them stays.

Only the smallest statement that differs is rewritten; comments and layout stay everywhere else.
"""

import ast
import copy
from collections.abc import Iterator, Sequence
from textwrap import indent

MARKER, _END = "EVOLVE-BLOCK-START", "EVOLVE-BLOCK-END"
"""What begins and ends a part that may change, in a comment of its own line."""
_BODIES = ("body", "orelse", "finalbody")
_Change = tuple[int, int, str]
"""First line and the line after the last, from 0, and the text that replaces them."""


def within_markers(source: str, before: ast.Module, after: ast.Module) -> str:
    """`source`, which parses as `before`, changed to parse as `after`; unchanged if that needs more."""
    lines = source.split("\n")
    free = _free(lines)
    changes = list(_changes(before.body, after.body))
    if any(not free.issuperset(range(first, behind)) for first, behind, _ in changes):
        return source
    for first, behind, text in sorted(changes, reverse=True):
        lines[first:behind] = text.split("\n")
    changed = "\n".join(lines)
    return changed if ast.dump(ast.parse(changed)) == ast.dump(after) else source


def _free(lines: Sequence[str]) -> set[int]:
    """The lines between markers."""
    found, inside = set[int](), False
    for number, line in enumerate(lines):
        if _END in line:
            inside = False
        elif inside:
            found.add(number)
        inside = inside or MARKER in line
    return found


def _changes(before: Sequence[ast.stmt], after: Sequence[ast.stmt]) -> Iterator[_Change]:
    if len(before) != len(after):
        yield _rewritten(before, after)
        return
    for old, new in zip(before, after, strict=True):
        if ast.dump(old) == ast.dump(new):
            continue
        if type(old) is type(new) and _head(old) == _head(new):
            for name in _BODIES:
                yield from _changes(getattr(old, name, []), getattr(new, name, []))
        else:
            yield _rewritten([old], [new])


def _head(statement: ast.stmt) -> str:
    """All of it but the statements in it; of one that shares a line with them, itself alone."""
    bare = ast.dump(_without_bodies(statement))
    body = getattr(statement, "body", [])
    return bare if body and body[0].lineno > statement.lineno else f"{bare} {id(statement)}"


def _without_bodies(statement: ast.stmt) -> ast.stmt:
    bare = copy.copy(statement)
    for name in _BODIES:
        if hasattr(bare, name):
            setattr(bare, name, [])
    return bare


def _rewritten(before: Sequence[ast.stmt], after: Sequence[ast.stmt]) -> _Change:
    if not before:
        raise ValueError("statements where there were none have no place")
    first = min([before[0].lineno, *(one.lineno for one in getattr(before[0], "decorator_list", []))])
    text = "\n".join(map(ast.unparse, after)) or "pass"
    return first - 1, before[-1].end_lineno or first, indent(text, " " * before[0].col_offset)
