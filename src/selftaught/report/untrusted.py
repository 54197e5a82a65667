"""Text that a guest or a model wrote, made safe to look at: no control characters, nothing that reorders lines."""

import unicodedata

_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def one_line(text: str, most: int = 200) -> str:
    """At most one line of at most `most` characters; what cannot be seen becomes a space."""
    seen = "".join(" " if unicodedata.category(c) in _UNSEEN else c for c in text[: 2 * most])
    short = " ".join(seen.split())
    return short if len(short) <= most else short[: most - 1] + "…"


def many_lines(text: str, most: int = 100_000) -> str:
    """The text with its line ends and tabs; whatever else cannot be seen becomes the replacement character."""
    kept = "".join(c if c in "\n\t" or unicodedata.category(c) not in _UNSEEN else "\ufffd" for c in text[:most])
    return kept if len(text) <= most else kept + "\n…"
