"""What a text is as Python: whether it parses, what it defines, which names it lacks. Standard library only.

The text may be hostile. Python's parser takes time with the square of some texts, and its recursion ends a process
whose threads have small stacks: so a text's length and shape are looked at before it is parsed, and all that is parsed
of one response comes out of one allowance.
"""

import ast
import builtins
import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

MOST_CHARACTERS = 200_000
"""Of one program. Beyond it a text counts as none."""
_ALL_CHARACTERS = 600_000
"""Of all that is parsed for one response: a few seconds at worst."""
_MOST_NESTING_WORDS = 1500
"""`not not not …`, and conditional expressions and lambdas within each other: 2000 overflow a stack of 512 KiB."""
_NESTING = ("not", "else", "lambda", "await")
_NESTING_WORD = re.compile(rf"\b(?:{'|'.join(_NESTING)})\b")
_MOST_FIELD_WORK = 400_000_000
"""Opening braces × characters: for an f-string of many fields Python 3.11 needs so many steps, some 3 ns each."""
UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__"}
_Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Outline:
    """A program at a glance.

    Attributes:
        functions: functions and classes at the top level, in order. `defs`: of them the functions.
        names: whatever is bound at the top level.
        acts: whether it is more than expressions: data parses as an expression.
    """

    functions: tuple[str, ...]
    defs: frozenset[str]
    names: frozenset[str]
    acts: bool
    tree: ast.Module = field(repr=False, compare=False)

    @cached_property
    def roots(self) -> frozenset[str]:
        """What is bound at the top level and mentioned by no other statement there: functions, or else names."""
        mentioned = self._looked_through[0]
        functions = frozenset(self.functions)
        return functions - mentioned or self.names - mentioned or functions or self.names

    @property
    def lacks(self) -> frozenset[str]:
        """Names that are used and bound nowhere in the text, and that are not built in."""
        return self._looked_through[1]

    @cached_property
    def _looked_through(self) -> tuple[frozenset[str], frozenset[str]]:
        """What its statements mention of each other, and what it lacks. More work than parsing, and seldom needed."""
        used, bound, mentioned = set[str](), set[str](), set[str]()
        for node in self.tree.body:
            uses, binds = _used_and_bound(node)
            used |= uses
            bound |= binds
            mentioned |= uses - ({node.name} if isinstance(node, _Definition) else set())
        lacks = frozenset[str]() if _imports_all(self.tree) else frozenset(used - bound - _BUILTINS)
        return frozenset(mentioned), lacks


@dataclass
class Effort:
    """The allowance for parsing what one response holds."""

    left: int = field(default=_ALL_CHARACTERS)
    error: SyntaxError | None = field(default=None, init=False)
    """Why the last text was not a program, if the parser gave a reason."""

    def outline(self, text: str) -> Outline | None:
        """Of a text that parses; None of one that does not, or is too much."""
        tree = self.tree(text)
        try:
            return None if tree is None else _outline(tree)
        except RecursionError:
            return None

    def tree(self, text: str) -> ast.Module | None:
        """The syntax tree; None of a text that does not parse, is too much, or holds no statement."""
        self.error = None
        if len(text) > self.left or not _bearable(text):
            return None
        self.left -= len(text)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of "\d" in a program
                tree = ast.parse(text)
        except UNPARSABLE as error:
            self.error = error if isinstance(error, SyntaxError) else None
            return None
        return tree if tree.body else None


def _bearable(text: str) -> bool:
    return (
        len(text) <= MOST_CHARACTERS
        and text.count("{") * len(text) <= _MOST_FIELD_WORK
        and (
            sum(map(text.count, _NESTING)) <= _MOST_NESTING_WORDS  # as parts of words, too: quicker, and never fewer
            or sum(1 for _ in _NESTING_WORD.finditer(text)) <= _MOST_NESTING_WORDS
        )
    )


def _outline(tree: ast.Module) -> Outline:
    functions = tuple(dict.fromkeys(node.name for node in tree.body if isinstance(node, _Definition)))
    names = frozenset(name for node in tree.body for name in bound_at_top(node))
    acts = any(not isinstance(node, ast.Expr) for node in tree.body)
    defs = frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return Outline(functions, defs, names, acts, tree)


def bound_at_top(statement: ast.stmt) -> Iterator[str]:
    """Names that a statement binds where it stands: not those within a function of its."""
    left: list[ast.AST] = [statement]
    while left:
        node = left.pop()
        yield from _binds(node)
        if not isinstance(node, (*_Definition, ast.Lambda)):
            left.extend(ast.iter_child_nodes(node))


_LEAVES = (ast.Constant, ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.boolop)


def _used_and_bound(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Names that are read in it, and those that are bound, at any depth. One pass: this is most of reading a text."""
    used, bound = set[str](), set[str]()
    left: list[ast.AST] = [statement]
    while left:
        node = left.pop()
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
            continue
        bound.update(_binds(node))
        for name in node._fields:
            value = getattr(node, name, None)
            values = value if isinstance(value, list) else (value,)
            left += [one for one in values if isinstance(one, ast.AST) and not isinstance(one, _LEAVES)]
    return used, bound


def _binds(node: ast.AST) -> Iterable[str]:
    if isinstance(node, ast.Name):
        return () if isinstance(node.ctx, ast.Load) else (node.id,)
    if isinstance(node, _Definition):
        return (node.name,)
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [(name.asname or name.name).partition(".")[0] for name in node.names]
    if isinstance(node, ast.arg):
        return (node.arg,)
    bound = getattr(node, "name", None) or getattr(node, "rest", None)  # of except and case
    return (bound,) if isinstance(bound, str) else ()


def _imports_all(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in tree.body)
