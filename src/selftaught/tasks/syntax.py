"""Python's reader, one text at a time.

CPython 3.11 counts how deep it is in a tree in one place for all threads: two that read at once, with a garbage
collection in between, end in a SystemError. Hostile text is read in a process of its own (`bounded.py`).
"""

import ast
import threading
import warnings

UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What a text that Python cannot read raises: no Python, a null character, nested too deep."""
_ALONE = threading.Lock()


def tree_of(source: str) -> ast.Module:
    """The syntax tree of a text, without a warning for a stray backslash. Raises one of UNREADABLE."""
    with _ALONE, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)
