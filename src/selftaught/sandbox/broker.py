"""Answers one improver's requests, several at once, each in a thread of its own, until the improver returns.

What a service raises for the guest (BudgetExceeded, BadRequest) is passed in. Anything else is ours: the guest is
ended at once, never shown it, and it is raised here when every request under way has come to its end.
"""

import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from inspect import signature

from selftaught.core.ahead import Guess, guess_here
from selftaught.core.contracts import Verdict
from selftaught.core.errors import BadRequest, BudgetExceeded
from selftaught.core.line import IMPROVER, SCORE, Line, Waiter
from selftaught.guest import wire
from selftaught.sandbox import serving
from selftaught.sandbox.contract import Improving, Value
from selftaught.sandbox.conversation import Answer, Ended, Guest, Question
from selftaught.sandbox.crew import Crew

MOST_REQUESTS_UNDER_WAY = 256
MOST_BYTES_UNDER_WAY = 32 << 20
"""Of one guest's requests together, as they came: they are held here until they are answered."""
DELAY_SECONDS = 1e-5
"""How much longer each request is delayed than the one before: five thousand of them take two minutes."""
_SHOWN = (BudgetExceeded, BadRequest)


class Turns:
    """Lets as many guests compute at once as there are cores; the most urgent first, of equals the one that came first.

    A guest holds a turn only while it asks for nothing: then it waits for nobody but itself, and nested improvers
    cannot lock each other out. A guess (core/ahead.py) gets a core that nobody wants, and keeps nobody waiting: while
    it computes its core counts as free.
    """

    def __init__(self, cores: int) -> None:
        self._cores = cores
        self._lock = threading.Lock()
        self._held = 0
        self._guesses: Counter[Guess] = Counter()
        """The turns that they hold."""
        self._line = Line(self._wanted)
        self._granted: dict[Waiter, threading.Event] = {}

    @property
    def held(self) -> int:
        """How many guests compute."""
        return self._held

    def take(self, urgency: int = SCORE) -> None:
        """Wait for a turn. Who works at a guess is less urgent than `urgency`, until it is wanted."""
        guess = guess_here()
        with self._lock:
            if self._line.first() is None and self._has_room(in_vain=guess is not None and not guess.wanted):
                self._hold(guess)
                return
        waiter, granted = self._line.waiter(urgency), threading.Event()
        with self._lock:
            self._granted[waiter] = granted
            self._line.push(waiter)
            self._grant()
        over = self._line.follow(waiter)
        granted.wait()
        over()

    def give(self) -> None:
        """Let another compute."""
        guess = guess_here()
        with self._lock:
            self._held -= 1
            if guess is not None:
                self._guesses[guess] -= 1
                if self._guesses[guess] <= 0:
                    del self._guesses[guess]
            self._grant()

    def _wanted(self, waiter: Waiter) -> None:
        with self._lock:
            if not waiter.gone:
                self._line.push(waiter)  # once more, further in front
                self._grant()

    def _grant(self) -> None:
        while (waiter := self._line.first()) and self._has_room(in_vain=waiter.in_vain):
            self._hold(waiter.guess)
            self._line.leave(waiter)
            self._granted.pop(waiter).set()

    def _has_room(self, *, in_vain: bool) -> bool:
        """For one more, of those that are in vain or of the others."""
        if self._held < self._cores:
            return True
        guessed = sum(turns for guess, turns in self._guesses.items() if not guess.wanted)
        return not in_vain and self._held - guessed < self._cores

    def _hold(self, guess: Guess | None) -> None:
        self._held += 1
        if guess is not None:
            self._guesses[guess] += 1


class Broker:
    """One improver's requests. It is made holding a turn, and has given it away when `converse` is left."""

    def __init__(self, guest: Guest, improving: Improving, turns: Turns) -> None:
        self._guest, self._improving, self._turns = guest, improving, turns
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._crew = Crew()
        self._under_way: set[int] = set()
        self._fitting: set[tuple[str, int]] = set()
        """Services, and how many arguments they are known to take."""
        self._bytes: dict[int, int] = {}
        self._holds_turn = True
        self._over = False
        self._asked = 0
        self._delayed = 0
        self._slowing, self._ended = threading.Lock(), threading.Event()
        self._failure: BaseException | None = None

    def converse(self, call: Question, cpu_seconds: float) -> tuple[Answer, float]:
        """Send the call, serve until the guest answers it. Raises Ended, or what a service raised."""
        try:
            return self._guest.exchange(call, cpu_seconds, ask=self._accept, waiting=self._keeps_guest_waiting)
        finally:
            self._over = True
            self._ended.set()
            self._guest.kill()
            with self._lock:
                self._give_turn()
            self._crew.end()  # what is being recorded and paid for is not abandoned
            self._guest.end()
            if self._failure is not None:
                raise self._failure

    def _keeps_guest_waiting(self) -> bool:
        """Not where all that it waits for is delayed by its own asking."""
        return len(self._under_way) > self._delayed

    def _accept(self, request: wire.Ask, size: int) -> None:
        service = self._improving.services.get(request.service)
        if service is None:
            raise Ended(Verdict.PROTOCOL_ERROR, "asked for a service that there is not")
        self._asked += 1
        delay = max(0, self._asked - self._improving.swift_requests) * DELAY_SECONDS
        with self._lock:
            if request.id in self._under_way or len(self._under_way) >= MOST_REQUESTS_UNDER_WAY:
                raise Ended(Verdict.PROTOCOL_ERROR, "asked for too much at once, or twice under one number")
            if sum(self._bytes.values()) + size > MOST_BYTES_UNDER_WAY:
                most = MOST_BYTES_UNDER_WAY >> 20
                raise Ended(Verdict.TOO_LARGE, f"had more than {most} MiB of requests under way at once")
            self._under_way.add(request.id)
            self._bytes[request.id] = size
            self._delayed += delay > 0
            self._give_turn()
        self._crew.do(partial(copy_context().run, self._serve, service, request, delay))

    def _wait(self, delay: float) -> None:
        """One after the other, so that to ask from many threads is no quicker. Ends when the conversation does."""
        with self._slowing:
            self._ended.wait(delay)
        with self._lock:
            self._delayed -= 1

    def _serve(self, service: Callable[..., Value], request: wire.Ask, delay: float) -> None:
        serving.begin(lambda: self._over)
        if delay:
            self._wait(delay)
        try:
            serving.check()
            reply = self._answer(service, request)
            wire.encode(reply)
        except wire.WireError as error:  # half a character, say: the guest hears that, not nothing
            reply = wire.Reply(request.id, None, BadRequest.__name__, f"the answer cannot be sent: {error}")
        except serving.Abandoned:
            self._settle(request)
            return
        except BaseException as error:
            self._failure = self._failure or error
            self._guest.kill()
            return
        self._guest.charge(serving.cost_seconds())
        self._settle(request)
        with self._sending, suppress(Ended):  # it does not read: `converse` finds out in its own time
            if not self._over:
                self._guest.reply(reply)

    def _answer(self, service: Callable[..., Value], request: wire.Ask) -> wire.Reply:
        try:
            self._check_arguments(service, request)
            return wire.Reply(request.id, service(*request.arguments))
        except _SHOWN as error:
            return wire.Reply(request.id, None, type(error).__name__, str(error))

    def _check_arguments(self, service: Callable[..., Value], request: wire.Ask) -> None:
        """Their number is the guest's doing: a TypeError from within the service would be ours."""
        asked = request.service, len(request.arguments)
        if asked in self._fitting:
            return
        try:
            signature(service).bind(*request.arguments)
        except TypeError as error:
            raise BadRequest(f"{request.service}: {error}") from None
        self._fitting.add(asked)

    def _settle(self, request: wire.Ask) -> None:
        """The request is done. If it was the last, the guest will compute again: it needs a turn for that."""
        with self._lock:
            needs_turn = len(self._under_way) == 1 and not self._over
        if needs_turn:
            self._turns.take(IMPROVER)
        with self._lock:
            self._under_way.remove(request.id)
            del self._bytes[request.id]
            if needs_turn and not self._under_way and not self._over:
                self._holds_turn = True
            elif needs_turn:
                self._turns.give()

    def _give_turn(self) -> None:
        if self._holds_turn:
            self._holds_turn = False
            self._turns.give()
