"""Work that is done before it is requested. Passed on through the context, like `here()`.

A guess is the score of a program in a response, started when the response arrives. It may be requested while it
waits for a core, or while it runs: then it is as urgent as any other work. A guess can contain other guesses, and work
outside may wait for parts of it: each part is a separate `Guess`, which is wanted when it is requested.
"""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from selftaught.core.contracts import Program
from selftaught.core.within import Within

_numbers = itertools.count()


class InVain(Exception):  # noqa: N818 - not an error: nothing will request it any more
    """The guess of this work was dropped. Never raised in work that is wanted."""


@dataclass(eq=False)
class Guess:
    """`outer`: the guess that it is a part of, if any."""

    outer: "Guess | None" = None
    number: int = field(default_factory=lambda: next(_numbers))
    """Older guesses come first."""
    _wanted: bool = False
    _dropped: bool = False
    _listening: list[Callable[[], None]] = field(default_factory=list)
    _ending: list[Callable[[], None]] = field(default_factory=list)

    @classmethod
    def piece(cls) -> "Guess | None":
        """A part of the guess in this context, wanted when that guess or itself is requested. None: no guess."""
        outer = _guess.get()
        if outer is None:
            return None
        piece = cls(outer, number=outer.number)
        outer.when_wanted(piece.want)
        return piece

    @property
    def whole(self) -> "Guess":
        """The outermost guess that it is a part of."""
        return self.outer.whole if self.outer else self

    @property
    def wanted(self) -> bool:
        """Whether it was requested, or what it is a part of: its listeners may not have heard of that yet."""
        return self._wanted or (self.outer is not None and self.outer.wanted)

    @property
    def in_vain(self) -> bool:
        """Whether nothing will request it any more."""
        return not self.wanted and (self._dropped or (self.outer is not None and self.outer.in_vain))

    def want(self) -> None:
        """Somebody waits for it."""
        self._wanted = True
        listening, self._listening = self._listening, []  # they have heard: a long run does not keep them
        for hear in tuple(listening):  # another thread may forget one of them meanwhile
            hear()

    def ask(self) -> None:
        """The work in this context waits for it: it is wanted as soon as that work is."""
        asker = _guess.get()
        if asker is None:
            self.want()
        else:
            asker.when_wanted(self.want)

    def when_wanted(self, hear: Callable[[], None]) -> None:
        """Call `hear` when somebody waits for it, now if somebody does. It may be called twice."""
        if not self.wanted:
            self._listening.append(hear)
        if self.wanted:
            hear()

    def forget(self, hear: Callable[[], None]) -> None:
        """Do not call it any more, unless it is being called."""
        with suppress(ValueError):  # it was called, or nothing will
            self._listening.remove(hear)

    def drop(self) -> None:
        """Nothing will request it. Its running work ends at its next request, and improvers in it end now."""
        self._dropped = True
        self._listening, ending = [], self._ending
        for end in list(ending):
            end()

    @contextmanager
    def ended_by(self, end: Callable[[], None]) -> Iterator[None]:
        """Within the block, `end` is called when nothing will request it any more; now if that is so."""
        whole = self.whole

        def end_in_vain() -> None:
            if self.in_vain:
                end()

        whole._ending.append(end_in_vain)
        end_in_vain()
        try:
            yield
        finally:
            whole._ending.remove(end_in_vain)


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


def guessing(guess: Guess | None) -> Within[Guess | None]:
    """Within the block, work belongs to this guess; None: no change."""
    return Within(_guess, guess or _guess.get())


_hear: ContextVar[Callable[[str], None] | None] = ContextVar("selftaught_hear", default=None)


def hearing(hear: Callable[[str], None] | None) -> Within[Callable[[str], None] | None]:
    """Within the block, `hear` gets each response as it comes, before those that were asked for with it."""
    return Within(_hear, hear)


def response_came(text: str) -> None:
    """Pass a response to the listener of this context."""
    hear = _hear.get()
    if hear is not None:
        hear(text)


@runtime_checkable
class ScoresAhead(Protocol):
    """A utility that scores programs before they are requested, when cores are idle."""

    def ahead(self, read: Callable[[], Program | None]) -> None:
        """Score what `read` returns, at some time or never; reports nothing. Returns at once."""
        ...
