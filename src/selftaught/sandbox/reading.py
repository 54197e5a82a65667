"""What is read of the text of an untrusted program; in a process of its own (selftaught/bounded.py)."""

import ast
import re

from selftaught.bounded import READER, NotRead
from selftaught.core.contracts import Program
from selftaught.guest.blocks import margin_removed
from selftaught.guest.responses import program_in, released_program_in

_FENCE = re.compile(r"^[ \t>]*(?:```|~~~)", re.MULTILINE)
_UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def program_of(text: str, like: Program) -> str:
    """The program in a text that is a whole response; the unchanged text if it contains no program."""
    if not _FENCE.search(text):
        return text
    try:
        found: str = READER.call("selftaught.sandbox.reading:in_response", text, like.source)
    except NotRead:
        return text
    return found


def code_in(response: str, like: str) -> str | None:
    """The program in a model's response that can replace `like`; None if there is none."""
    try:
        found: str | None = READER.call("selftaught.guest.helpers:extract_code", response, like)
    except NotRead:
        return None
    return found


_ONE_BLOCK = re.compile(r"(?:[^`~<]*\n)?```(?:python|py)?[ \t]*\n([^`~]+)```[^`~<]*")


def plain_block(response: str) -> Program | None:
    """The one block of a response that has nothing else of note; None of any other response."""
    found = _ONE_BLOCK.fullmatch(response)
    return Program(margin_removed(found[1])) if found else None


def read_by_improvers(response: str, like: str, *, released: bool) -> Program | None:
    """The program that an improver most likely finds in a response, if it reads it by `extract_code`.

    What is one plain block is not looked at more closely: that is nearly always right, at once, and parses nothing.
    """
    if not released and (plain := plain_block(response)):
        return plain
    try:
        found = READER.call("selftaught.sandbox.reading:as_improvers_read", response, like, released)
    except NotRead:
        return None
    return Program(found) if found else None


def as_improvers_read(response: str, like: str, released: bool) -> str | None:
    """The same, here: for the process that reads."""
    if released and (found := released_program_in(response)):
        return found
    return program_in(response, like)


def in_response(text: str, like: str) -> str:
    """The same, here: for the process that reads."""
    try:
        ast.parse(text)
    except _UNPARSABLE:
        return program_in(text, like, strict=True) or text
    return text


def is_program(program: Program, *, like: Program) -> bool:
    """Whether it is Python, and defines one of the functions that `like` defines, if that defines any."""
    try:
        return bool(READER.call("selftaught.sandbox.reading:defines_alike", program.source, like.source))
    except NotRead:
        return False


def defines_alike(source: str, like: str) -> bool:
    """The same, here: for the process that reads."""
    try:
        names = _bound(source)
    except _UNPARSABLE:
        return False
    try:
        wanted = {node.name for node in ast.parse(like).body if isinstance(node, _FUNCTIONS)}
    except _UNPARSABLE:
        return True
    return not wanted or bool(wanted & names)


def _bound(source: str) -> set[str]:
    """Every name that a statement of it binds: a function may be assigned or imported, too."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {node.name for node in nodes if isinstance(node, (*_FUNCTIONS, ast.ClassDef))}
    names |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names | {node.asname or node.name for node in nodes if isinstance(node, ast.alias)}


def same_but_layout(one: Program, other: Program) -> bool:
    """Whether two programs differ in comments and layout alone. Docstrings count as text of the program."""
    try:
        return bool(READER.call("selftaught.sandbox.reading:equal_trees", one.source, other.source))
    except NotRead:
        return False


def equal_trees(one: str, other: str) -> bool:
    """The same, here: for the process that reads."""
    try:
        trees = [ast.parse(text) for text in (one, other)]
        return ast.dump(trees[0]) == ast.dump(trees[1])
    except _UNPARSABLE:
        return False


def docstring_of(source: str, entry: str) -> str:
    """Of a program's text, or of its function `entry`; an empty text where it has none, or is not Python."""
    try:
        return str(READER.call("selftaught.sandbox.reading:docstring", source, entry))
    except NotRead:
        return ""


def docstring(source: str, entry: str) -> str:
    """The same, here: for the process that reads."""
    try:
        tree = ast.parse(source)
    except _UNPARSABLE:
        return ""
    found: list[ast.Module | ast.FunctionDef] = [tree]
    found += [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == entry]
    return next((said for node in found if (said := ast.get_docstring(node))), "")
