"""What programs have in common that differ in comments and layout alone: a first look, by rules on text.

Nothing hostile is parsed here. Programs whose digests agree may still differ; that is for the parser to say
(`sandbox/reading.py`). Those whose digests disagree are taken for different ones, at the cost of a score.
"""

import re
from functools import lru_cache
from hashlib import sha256

from selftaught.core.contracts import Program

_READERS = frozenset(
    """
    inspect traceback linecache tokenize token sys os io gc ast ctypes logging warnings faulthandler pdb bdb trace
    cProfile profile dis symtable importlib runpy pkgutil pathlib codecs fileinput subprocess marshal pickle shelve
    open lineno globals vars breakpoint doctest unittest pydoc pyclbr asyncio tracemalloc
    """.split()
)
_READS_ITSELF = re.compile(
    r"\b(?:co|f|tb|gi|cr|ag)_[a-z]"
    r"|__(?!(?:init|name|main|len|getitem|setitem|iter|next|call|lt|le|eq|ne|gt|ge|hash|bool|contains|add|sub|mul|repr"
    r"|str|slots|post_init|enter|exit|future)__)\w+"
)
"""Ways to a program's own text, or to the numbers of its lines. Rather too many than too few."""
_WORD = re.compile(r"\w+")
_LAYOUT = re.compile(r"#[^\n]*|[\s()\\,;'\"]+")
_SIGNS = str.maketrans("", "", " \t\n\r\f\v\x1c\x1d\x1e\x1f()\\,;'\"")
"""The same without comments, for ASCII."""


@lru_cache(maxsize=16)  # a guess asks for it, and soon after who asks for the score
def layout_digest(program: Program) -> str:
    """Equal for programs that differ in comments and layout alone, mostly; "" of one that may look at its own text."""
    text = program.source
    if not _READERS.isdisjoint(_WORD.findall(text)) or ("_" in text and _READS_ITSELF.search(text)):
        return ""
    rest = text.translate(_SIGNS) if text.isascii() and "#" not in text else _LAYOUT.sub("", text)
    return sha256(rest.encode("utf-8", "surrogatepass")).hexdigest()[:16]
