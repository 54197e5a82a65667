"""All that a guest does: load one program, answer calls, pass its requests on. Runs after the lock is shut."""

import errno
import itertools
import linecache
import os
import random
import socket
import sys
import threading
import types
from collections.abc import Callable
from typing import Any

from selftaught.guest import helpers, wire
from selftaught.guest.interface import ERRORS, TOO_MANY_PROCESSES, LanguageModel, Utility

CHANNEL = 3
"""The guest's one descriptor: a stream socket to the host."""
_MODULE = "program"
_FILE = "<program>"
_THREAD_STACK_BYTES = 512 << 10  # an improver's threads must fit its address space
_MOST_TEXT = 500
_seed = 0
_CHUNK_BYTES, _MOST_BYTES = 1 << 15, 1 << 20  # of one read


class Channel:
    """Frames over the guest's one descriptor. Requests may come from several threads at once."""

    def __init__(self, descriptor: int = CHANNEL) -> None:
        self._descriptor = descriptor
        self._sending = threading.Lock()
        self._turn = threading.Condition()
        self._reading = False
        self._replies: dict[int, wire.Reply] = {}
        self._numbers = itertools.count()
        self._received = bytearray()

    def send(self, message: wire.Message) -> None:
        left = memoryview(wire.frame(message))
        with self._sending:
            while left:
                left = left[os.write(self._descriptor, left) :]

    def receive(self) -> wire.ToGuest:
        if not self._received:
            part = self._read(_CHUNK_BYTES)
            start = wire.HEADER.size
            if len(part) >= start and wire.HEADER.unpack_from(part)[0] == len(part) - start:  # as nearly always
                return wire.to_guest.decode(memoryview(part)[start:])
            self._received += part
        (size,) = wire.HEADER.unpack(self._exactly(wire.HEADER.size))
        return wire.to_guest.decode(self._exactly(size))

    def ask(self, service: str, *arguments: Any) -> Any:
        """Send a request, wait for its reply; one thread reads for all that wait."""
        number = next(self._numbers)
        self.send(wire.Ask(number, service, list(arguments)))
        with self._turn:
            while number not in self._replies:
                if self._reading:
                    self._turn.wait()
                    continue
                self._reading = True
                self._turn.release()
                try:
                    reply = self.receive()
                finally:
                    self._turn.acquire()
                    self._reading = False
                    self._turn.notify_all()
                if isinstance(reply, wire.Reply):
                    self._replies[reply.id] = reply
            answer = self._replies.pop(number)
        if answer.error_kind:
            raise ERRORS[answer.error_kind](answer.error_text)
        return answer.value

    def _read(self, most: int) -> bytes:
        part = os.read(self._descriptor, most)
        if not part:
            os._exit(0)  # the host is gone, or done with us
        return part

    def _exactly(self, size: int) -> bytes:
        while (lacking := size - len(self._received)) > 0:
            self._received += self._read(min(max(lacking, _CHUNK_BYTES), _MOST_BYTES))
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken


def _no_processes(*arguments: Any, **keywords: Any) -> int:
    """In place of os.fork and its like: the filter refuses them in any case, this only says so more clearly."""
    raise BlockingIOError(errno.EAGAIN, TOO_MANY_PROCESSES)


def refuse_processes() -> None:
    """From here on the functions that start processes say that there are none."""
    for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp", "system"):
        setattr(os, name, _no_processes)


def serve(channel: Channel, messages: int | None = None) -> None:
    """Answer the host until it hangs up, and end this process then; or answer so many messages of it."""
    entry: Callable[..., Any] | None = None
    extra: tuple[Any, ...] = ()
    facts: dict[str, Any] | None = None
    for _ in itertools.count() if messages is None else range(messages):
        message = channel.receive()
        nonce = 0 if isinstance(message, wire.Reply) else message.nonce
        try:
            if isinstance(message, wire.Load):
                entry = _load(message)
                facts = message.facts
                extra = _improving(channel, facts)
                answer: wire.Message = wire.Loaded(nonce) if entry else wire.Raised("", "", nonce)
            elif isinstance(message, wire.Call) and entry is not None:
                if facts is not None and not facts.get("solution"):
                    helpers.begin_improving(message.arguments[0], released=facts.get("released_reader", False))
                answer = wire.Returned(entry(*message.arguments, *extra), nonce)
            else:
                continue  # a reply that nobody waits for any more
        except BaseException as error:  # the program's own: SystemExit and KeyboardInterrupt too
            answer = _raised(error, nonce)
        try:
            channel.send(answer)
        except wire.WireError as error:
            channel.send(wire.Raised("WireError", str(error)[:_MOST_TEXT], nonce))


_USUAL = """
import math
class A:
    def __init__(self, x=1.0):
        self.x = [x * 0.5, "a", {"b": (1, 2)}]
def f(x):
    try:
        a = sorted([i * x for i in range(9) if i % 2], key=lambda i: -i)
        for i, b in enumerate(a):
            while b > 3 and not i:
                b -= 1
        return f"{A().x} {math.sqrt(2)}" and x * 0.5
    except (ValueError, TypeError) as error:
        raise RuntimeError(str(error)) from error
"""
_ROUNDS = 20
"""After so many calls Python has done what it does once or seldom."""


def rehearse() -> None:
    """Do what every guest does. What Python keeps of it (attributes looked up, code made quicker) is there for each of
    them then: a fresh process copies each page that it writes to.
    """
    host, guest = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # each message is read by itself, as usual
    channel = Channel(guest.fileno())
    messages = [wire.Load(_USUAL, "f", 0, None), wire.Call([1.0])]
    if numpy := sys.modules.get("numpy"):
        messages.append(wire.Call([numpy.zeros(20)]))
    frames = [wire.frame(message) for message in messages]
    for _ in range(_ROUNDS):
        for frame in frames:
            host.send(frame)
        serve(channel, len(frames))
    host.close()
    guest.close()
    del sys.modules[_MODULE], linecache.cache[_FILE]


def _load(message: wire.Load) -> Callable[..., Any] | None:
    global _seed
    _seed = message.seed
    random.seed(_seed)
    if there := sys.modules.get("numpy.random"):
        seed_numpy(there)
    module = types.ModuleType(_MODULE)
    sys.modules[_MODULE] = module  # dataclasses, typing and inspect look a class's module up by name
    linecache.cache[_FILE] = (len(message.source), None, message.source.splitlines(keepends=True), _FILE)
    exec(compile(message.source, _FILE, "exec"), module.__dict__)
    entry = getattr(module, message.entry, None)
    return entry if callable(entry) else None


def seed_numpy(there: types.ModuleType) -> None:
    """Its random numbers, as those of Python are seeded."""
    there.seed(_seed & 0xFFFFFFFF)


def _improving(channel: Channel, facts: dict[str, Any] | None) -> tuple[Any, ...]:
    if facts is None:
        return ()
    threading.stack_size(_THREAD_STACK_BYTES)
    if facts.get("solution"):  # one that may ask the model, and scores nothing
        return (LanguageModel(channel.ask, facts),)
    return Utility(channel.ask, facts), LanguageModel(channel.ask, facts)


def _raised(error: BaseException, nonce: int) -> wire.Raised:
    try:
        text = str(error)[:_MOST_TEXT]
    except BaseException:  # a program's exception may raise from its own __str__
        text = ""
    try:
        line = _line_of(error)
    except BaseException:
        line = None
    where = f" (line {line})" if line else ""
    return wire.Raised(type(error).__name__[:100], text.encode("utf-8", "replace").decode() + where, nonce)


def _line_of(error: BaseException) -> int | None:
    if isinstance(error, SyntaxError):
        return error.lineno
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _FILE:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
