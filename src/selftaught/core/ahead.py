"""What may be done before anybody asks for it. Told through the context, as `here()` is.

A guess is a score of a program that a response holds, begun when the response comes. It may become wanted while it
waits for a core, or runs: then it is as urgent as any other.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from selftaught.core.contracts import Program


@dataclass(eq=False)
class Guess:
    """`when_wanted`: told when somebody asks for what is guessed."""

    wanted: bool = False
    when_wanted: list[Callable[[], None]] = field(default_factory=list)

    def want(self) -> None:
        """Somebody waits for it."""
        self.wanted = True
        for tell in list(self.when_wanted):
            tell()


_guess: ContextVar[Guess | None] = ContextVar("selftaught_guess", default=None)


def guess_here() -> Guess | None:
    """What the work in this context is a guess of; None of work that somebody waits for."""
    return _guess.get()


@contextmanager
def guessing(guess: Guess) -> Iterator[None]:
    """Within the block, what is done is this guess."""
    token = _guess.set(guess)
    try:
        yield
    finally:
        _guess.reset(token)


_hear: ContextVar[Callable[[str], None] | None] = ContextVar("selftaught_hear", default=None)


@contextmanager
def hearing(hear: Callable[[str], None]) -> Iterator[None]:
    """Within the block, `hear` is told each response as it comes, before those that were asked for with it."""
    token = _hear.set(hear)
    try:
        yield
    finally:
        _hear.reset(token)


def response_came(text: str) -> None:
    """Tell who hears in this context."""
    hear = _hear.get()
    if hear is not None:
        hear(text)


@runtime_checkable
class ScoresAhead(Protocol):
    """A utility that scores programs before they are asked for, where nothing better is to be done."""

    def ahead(self, read: Callable[[], Program | None]) -> None:
        """Score what `read` gives, sometime or never; nobody is told. Returns at once."""
        ...
