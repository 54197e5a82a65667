"""Untrusted text, made fit for one line, and for what stores only whole characters."""


def printable(text: str) -> str:
    """`text` with a space for every character that cannot be printed: line ends, controls, what reorders a line."""
    return "".join(character if character.isprintable() else " " for character in text).strip()


def sendable(text: str) -> str:
    """Half characters (lone surrogates), which JSON can spell and nothing else can store, become question marks."""
    return text.encode("utf-8", "replace").decode()
