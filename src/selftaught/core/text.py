"""Untrusted text, made fit for one line, and for what stores only whole characters; and what identifies a text."""

from functools import lru_cache
from hashlib import sha256

_MOST_REMEMBERED_CHARACTERS = 1 << 16


def identity(text: str) -> str:
    """SHA-256 of the text as UTF-8, in hex. Lone surrogates, which a guest may send, are kept apart."""
    return _remembered(text) if len(text) <= _MOST_REMEMBERED_CHARACTERS else _computed(text)


def _computed(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


_remembered = lru_cache(maxsize=32)(_computed)  # a candidate's three texts are identified some twenty times, soon


def printable(text: str) -> str:
    """`text` with a space for every character that cannot be printed: line ends, controls, what reorders a line."""
    return "".join(character if character.isprintable() else " " for character in text).strip()


def sendable(text: str) -> str:
    """Half characters (lone surrogates), which JSON can spell and nothing else can store, become question marks."""
    return text.encode("utf-8", "replace").decode()
