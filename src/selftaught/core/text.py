"""Untrusted text, made fit for one line."""


def printable(text: str) -> str:
    """`text` with a space for every character that cannot be printed: line ends, controls, what reorders a line."""
    return "".join(character if character.isprintable() else " " for character in text).strip()
