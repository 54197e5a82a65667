"""Text that a guest or a model wrote, made safe to look at: no control characters, nothing that reorders lines.

This is not escaping: HTML is escaped by the page's template.
"""

import json
import unicodedata

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode categories that draw nothing, or move what others draw: controls, bidi overrides, lone surrogates."""

_FORMULA = ("=", "+", "-", "@", "\t")


def one_line(text: str, most: int = 200) -> str:
    """At most one line of at most `most` characters; what cannot be seen becomes a space."""
    seen = "".join(" " if _is_unseen(c) else c for c in text[: 2 * most])
    short = " ".join(seen.split())
    return short if len(short) <= most else short[: most - 1] + "…"


def many_lines(text: str, most: int = 100_000) -> str:
    """The first `most` characters with their line ends and tabs, the rest `visible`."""
    return visible(text[:most]) + ("" if len(text) <= most else f"\n… {len(text) - most} characters more")


def visible(text: str) -> str:
    """What cannot be seen is named, as ‹U+202E›; line ends and tabs stay. Texts that differ still differ."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(f"‹U+{ord(c):04X}›" if c not in "\n\t" and _is_unseen(c) else c for c in text)


def in_json(text: str) -> str:
    """JSON with what cannot be seen escaped: the same value, and nothing that steers a terminal."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(json.dumps(c)[1:-1] if c != "\n" and _is_unseen(c) else c for c in text)


def in_table(cell: str) -> str:
    """A text cell of a CSV file: visible, and none that a spreadsheet takes for a formula."""
    seen = visible(cell)
    return f"'{seen}" if seen[:1] in _FORMULA else seen


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN
