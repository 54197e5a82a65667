"""What improvers import: `from helpers import extract_code`. The host uses it too. Standard library only."""

import ast


def extract_code(text: str) -> str | None:
    """The code in a model's response: its largest fenced block; None if there is none.

    A fence is a line of three or more backticks or tildes. A fence with a language after it opens a block, also
    within a block (a prompt inside a program); a bare one closes the innermost block, and opens one where none is
    open. A block that the response breaks off counts. Where nested fences leave a doubt, the longest block that is
    Python is taken. A response without any fence that is itself a Python program is that program.
    """
    if not isinstance(text, str):
        return None
    lines = text.replace("\r\n", "\n").split("\n")
    fences = [(number, *fence) for number, line in enumerate(lines) if (fence := _fence(line))]
    if not fences:
        return text.strip() + "\n" if _is_program(text) else None
    spans = sorted(_spans(fences, len(lines)), key=lambda span: span[0] - span[1])[:_MOST_TRIED]
    blocks = sorted((_dedented(lines[start + 1 : end]) for start, end in spans), key=len, reverse=True)
    blocks = [block for block in blocks if block.strip()]
    return next((block for block in blocks if _parses(block)), blocks[0] if blocks else None)


_MOST_TRIED = 8
"""Blocks that are tried for being Python, the longest first: a bound on the work that a hostile response costs."""
_MOST_PARSED_CHARACTERS = 200_000


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


def _spans(fences: list[tuple[int, str, int, str]], n_lines: int) -> list[tuple[int, int]]:
    """(opening line, closing line) of every block: by nesting, and as if the outermost fences belonged together."""
    spans: list[tuple[int, int]] = []
    open_fences: list[tuple[int, str, int]] = []
    for number, mark, length, language in fences:
        matching = open_fences and open_fences[-1][1] == mark and length >= open_fences[-1][2]
        if matching and not language:
            spans.append((open_fences.pop()[0], number))
        elif not open_fences or language:
            open_fences.append((number, mark, length))
    spans += [(number, n_lines) for number, _, _ in open_fences]
    first = fences[0][0]
    if len(fences) > 1 and not fences[-1][3]:
        spans.append((first, fences[-1][0]))  # bare fences inside a program look like its end
    return spans


def _dedented(block: list[str]) -> str:
    """The block's text; a fence in a list item indents all of it."""
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
