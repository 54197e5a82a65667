"""What programs have in common that differ in comments and layout alone: a first look, by rules on text.

Nothing hostile is parsed here. Programs whose digests agree may still differ; that is for the parser to say
(`sandbox/reading.py`). Those whose digests disagree are taken for different ones, at the cost of a score.
"""

import re
from hashlib import sha256

from selftaught.core.contracts import Program

_READS_ITSELF = re.compile(
    r"\b(?:inspect|traceback|linecache|tokenize|token|sys|os|io|gc|ast|ctypes|logging|warnings|faulthandler|pdb|bdb|trace"
    r"|cProfile|profile|dis|symtable|importlib|runpy|pkgutil|pathlib|codecs|fileinput|subprocess|marshal|pickle|shelve"
    r"|open|lineno|globals|vars|breakpoint)\b|\b(?:co|f|tb|gi|cr|ag)_[a-z]"
    r"|__(?!(?:init|name|main|len|getitem|setitem|iter|next|call|lt|le|eq|ne|gt|ge|hash|bool|contains|add|sub|mul|repr"
    r"|str|slots|post_init|enter|exit|future)__)\w+"
)
"""Ways to a program's own text, or to the numbers of its lines. Rather too many than too few."""
_LAYOUT = re.compile(r"#[^\n]*|[\s()\\,;'\"]+")


def layout_digest(program: Program) -> str:
    """Equal for programs that differ in comments and layout alone, mostly; "" of one that may look at its own text."""
    if _READS_ITSELF.search(program.source):
        return ""
    rest = _LAYOUT.sub("", program.source)
    return sha256(rest.encode("utf-8", "surrogatepass")).hexdigest()[:16]
