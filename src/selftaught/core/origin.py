"""Whence an improver has a program that it asks a score of: told to the record through the context, as `here()` is."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Within one application of an improver.

    Attributes:
        round: the number of the model call, from 1, that gave the program; 0: none did, word for word.
        parent: id of the program that was shown in that call's prompt, the latest of several; "" where none was.
        response: SHA-256 of the text of the response that holds the program; "" where none does.
    """

    round: int = 0
    parent: str = ""
    response: str = ""


UNKNOWN = Origin()
_origin: ContextVar[Origin] = ContextVar("selftaught_origin", default=UNKNOWN)


def origin() -> Origin:
    """Of the program that is being scored in this context."""
    return _origin.get()


@contextmanager
def coming_from(known: Origin) -> Iterator[None]:
    """Within the block, `origin()` is `known`."""
    token = _origin.set(known)
    try:
        yield
    finally:
        _origin.reset(token)
