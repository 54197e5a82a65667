"""What improvers import: `from helpers import extract_code`. The host uses it too. Standard library only."""

import ast
from collections.abc import Iterator
from itertools import accumulate
from typing import Any


def extract_code(text: Any) -> Any:
    """The code in a model's response, or None; of several responses the list of what each holds.

    Published improvers hand over the whole list that the model gave, and go through the list that comes back.
    """
    if isinstance(text, (list, tuple, Iterator)):
        return [extract_code(one) for one in text]
    return _code_in(text) if isinstance(text, str) else None


def _code_in(text: str) -> str | None:
    """The largest fenced block; None if there is none.

    A fence is a line of three or more backticks or tildes, perhaps with a language. Blocks that are Python come
    before others, whatever their size. A block that the response breaks off counts. A response without any fence
    that is itself a Python program is that program.
    """
    lines, fences = _read(text)
    if not fences:
        return text.strip() + "\n" if _is_program(text) else None
    blocks = _python_blocks(lines, fences) or _other_blocks(lines, fences)
    return max(blocks, key=len, default=None)


def python_blocks(text: str) -> list[str]:
    """Every fenced block of `text` that is Python, in order, none within another."""
    return _python_blocks(*_read(text))


_MOST_FENCES = 200
_MOST_PARSED_CHARACTERS = 200_000
"""Of one block. Beyond it a block counts as no Python."""
_ALL_PARSED_CHARACTERS = 1_000_000
"""Of all tries together: a bound, with those on fences and blocks, on the work that a hostile text costs."""
_MOST_OTHERS = 8

_Fence = tuple[int, str, int, str]
"""Line, character, how many of it, language."""


def _read(text: str) -> tuple[list[str], list[_Fence]]:
    lines = text.replace("\r\n", "\n").split("\n")
    fences = [(number, *fence) for number, line in enumerate(lines) if (fence := _fence(line))]
    return lines, fences[:_MOST_FENCES]


def _fence(line: str) -> tuple[str, int, str] | None:
    """(character, how many of it, language) of a fence, else None."""
    bare = line.strip()
    mark = bare[:1]
    if mark not in ("`", "~") or not bare.startswith(mark * 3):
        return None
    rest = bare.lstrip(mark)
    if mark in rest:
        return None  # inline code that happens to start a line
    return mark, len(bare) - len(rest), rest.strip()


def _python_blocks(lines: list[str], fences: list[_Fence]) -> list[str]:
    """A block ends at the first fence before which it is Python.

    A program may hold fences of its own (an improver holds a prompt). But those stand in a string, and a program that
    is cut off within a string does not parse: so the first end at which it does is the true one.
    """
    offsets = [0, *accumulate(len(line) + 1 for line in lines)]
    left = _ALL_PARSED_CHARACTERS
    found: list[str] = []
    past = closing = -1
    for place, (start, _, _, language) in enumerate(fences):
        if start < past or (start in (past, closing) and not language):
            continue
        ends = _ends(fences[place:])
        closing = ends[0] if ends else -1  # should this be no Python; else the prose after it would be tried as code
        for end in [*ends, len(lines)]:
            size = offsets[end] - offsets[start + 1]
            if size > min(left, _MOST_PARSED_CHARACTERS):
                break  # the later ends are further still
            left -= size
            block = _block(lines, start, end)
            if block.strip() and _parses(block):
                found.append(block)
                past = end
                break
    return found


def _ends(fences: list[_Fence]) -> list[int]:
    """The lines of the fences that may close the first of these: as long at least, the same character, bare."""
    _, mark, length, _ = fences[0]
    return [line for line, other, size, language in fences[1:] if other == mark and size >= length and not language]


def _other_blocks(lines: list[str], fences: list[_Fence]) -> list[str]:
    """The longest blocks, by nesting, that hold anything: where none is Python."""
    spans: list[tuple[int, int]] = []
    open_fences: list[tuple[int, str, int]] = []
    for number, mark, length, language in fences:
        matching = open_fences and open_fences[-1][1] == mark and length >= open_fences[-1][2]
        if matching and not language:
            spans.append((open_fences.pop()[0], number))
        elif not open_fences or language:
            open_fences.append((number, mark, length))
    spans += [(number, len(lines)) for number, _, _ in open_fences]
    longest = sorted(spans, key=lambda span: span[0] - span[1])[:_MOST_OTHERS]
    return [block for span in longest if (block := _block(lines, *span)).strip()]


def _block(lines: list[str], start: int, end: int) -> str:
    """The text between two fences; a fence in a list item indents all of it."""
    block = lines[start + 1 : end]
    margins = [len(line) - len(line.lstrip(" ")) for line in block if line.strip()]
    margin = min(margins, default=0)
    return "".join(line[margin:] + "\n" for line in block).strip("\n") + "\n"


def _is_program(text: str) -> bool:
    """Whether the whole text is Python and defines a function: prose rarely does."""
    if "def " not in text or not _parses(text):
        return False
    return any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) for node in ast.parse(text).body)


def _parses(text: str) -> bool:
    if len(text) > _MOST_PARSED_CHARACTERS:
        return False
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
