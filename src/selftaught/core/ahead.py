"""What may be done before anybody asks for it. Passed on through the context, as `here()` is.

A guess is a score of a program that a response holds, begun when the response comes. It may become wanted while it
waits for a core, or runs: then it is as urgent as any other. Within a guess others are made, and pieces of it are
waited for by work outside of it: each is a `Guess` of its own, wanted as soon as anybody asks for it.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from selftaught.core.contracts import Program

_numbers = itertools.count()


class InVain(Exception):  # noqa: N818 - no error: nobody will ask for it any more
    """The guess that this work belongs to was dropped. Never raised in work that somebody waits for."""


@dataclass(eq=False)
class Guess:
    """`outer`: the guess that it is a piece of, if it is one of any. `wanted`: somebody waits for it."""

    outer: "Guess | None" = None
    wanted: bool = False
    number: int = field(default_factory=lambda: next(_numbers))
    """The guesses that began first are done first."""
    _dropped: bool = False
    _listening: list[Callable[[], None]] = field(default_factory=list)

    @classmethod
    def piece(cls) -> "Guess | None":
        """A piece of the guess in this context, wanted when that is, or when it is asked for itself; None: no guess."""
        outer = _guess.get()
        if outer is None:
            return None
        piece = cls(outer, number=outer.number)
        outer.when_wanted(piece.want)
        return piece

    @property
    def whole(self) -> "Guess":
        """What it is a piece of in the end."""
        return self.outer.whole if self.outer else self

    @property
    def in_vain(self) -> bool:
        """Whether nobody will ask for it any more."""
        return not self.wanted and (self._dropped or (self.outer is not None and self.outer.in_vain))

    def want(self) -> None:
        """Somebody waits for it."""
        self.wanted = True
        for hear in list(self._listening):
            hear()

    def ask(self) -> None:
        """The work in this context waits for it: it is wanted as soon as that work is."""
        asker = _guess.get()
        if asker is None:
            self.want()
        else:
            asker.when_wanted(self.want)

    def when_wanted(self, hear: Callable[[], None]) -> None:
        """Call `hear` once somebody waits for it, now if somebody does. It may be called twice."""
        self._listening.append(hear)
        if self.wanted:
            hear()

    def forget(self, hear: Callable[[], None]) -> None:
        """Do not call it any more."""
        if hear in self._listening:
            self._listening.remove(hear)

    def drop(self) -> None:
        """Nobody will ask for it. What of it goes on ends where it would ask for anything."""
        self._dropped = True


_guess: ContextVar[Guess | None] = ContextVar("selftaught_guess", default=None)


def guess_here() -> Guess | None:
    """What the work in this context is a guess of; None of work that somebody waits for."""
    return _guess.get()


def not_wanted() -> Guess | None:
    """The guess in this context that nobody has asked for. Raises InVain if it was dropped."""
    guess = _guess.get()
    if guess is None or guess.wanted:
        return None
    if guess.in_vain:
        raise InVain
    return guess


@contextmanager
def guessing(guess: Guess | None) -> Iterator[None]:
    """Within the block, what is done is this guess; None: what it was."""
    token = _guess.set(guess or _guess.get())
    try:
        yield
    finally:
        _guess.reset(token)


_hear: ContextVar[Callable[[str], None] | None] = ContextVar("selftaught_hear", default=None)


@contextmanager
def hearing(hear: Callable[[str], None] | None) -> Iterator[None]:
    """Within the block, `hear` gets each response as it comes, before those that were asked for with it."""
    token = _hear.set(hear)
    try:
        yield
    finally:
        _hear.reset(token)


def response_came(text: str) -> None:
    """Pass a response on to who hears in this context."""
    hear = _hear.get()
    if hear is not None:
        hear(text)


@runtime_checkable
class ScoresAhead(Protocol):
    """A utility that scores programs before they are asked for, where nothing better is to be done."""

    def ahead(self, read: Callable[[], Program | None]) -> None:
        """Score what `read` gives, sometime or never; nobody is told. Returns at once."""
        ...
