"""The host's conversation with one guest: one state machine, and every departure from it is a verdict.

Clocks: the CPU time of the guest's whole process, read through its pid's clock, which nothing inside can fake or hide
from; the wall clock only as a backstop for a guest that neither computes nor answers, and never while it waits for us.
"""

import contextlib
import os
import re
import secrets
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from selftaught.core.contracts import Verdict
from selftaught.core.errors import SandboxError
from selftaught.core.text import printable
from selftaught.guest import wire
from selftaught.guest.interface import TOO_MANY_PROCESSES
from selftaught.sandbox import messages
from selftaught.sandbox.contract import Limits, Outcome
from selftaught.sandbox.worker import Exit, Handle, Worker, WorkerEnded

_CHUNK_BYTES, _LARGE_CHUNK_BYTES = 1 << 14, 1 << 18
"""Read at once, and where more than that lies there."""
_NUMBER = struct.Struct(">BQ")
_LONG = 0xCF
"""How msgpack begins a whole number of eight bytes: what a nonce is written as, and so what an answer ends with."""
_SHORTEST_WAIT_SECONDS = 0.001
_GLANCE_SECONDS, _IMPROVER_GLANCE_SECONDS, _IDLE_GLANCE_SECONDS = 0.05, 0.01, 0.1
"""How often a guest's memory and threads are looked at: while a solution computes, an improver does, or it waits."""
_GLANCE = struct.pack("ll", 0, int(_GLANCE_SECONDS * 1e6))
"""As the system has it (timeval)."""
MOST_THREADS = 256
_FIGURE = re.compile(rb"^(RssAnon|RssShmem|Threads):\s+(\d+)", re.MULTILINE)
"""In a process's status: kilobytes that it holds alone, and that are no file's but can be shared; its threads."""
_MOST_NOTE = 500

Answer = wire.Loaded | wire.Returned | wire.Raised


@dataclass(frozen=True, slots=True)
class Question:
    """A `Load` or a `Call` as a frame, and the nonce that its answer must name: drawn, so that none can guess it.

    `ending`: the last bytes of every answer that names it, as a guest of ours writes them.
    """

    frame: bytes
    nonce: int
    ending: bytes = b""

    @classmethod
    def of(cls, message: wire.Load | wire.Call) -> "Question":
        """With a nonce of its own. Raises WireError."""
        return cls.written(wire.encode(message))

    @classmethod
    def written(cls, body: bytes) -> "Question":
        """Of a message that is encoded already, with the nonce 0, which is its last byte. Raises WireError."""
        nonce = secrets.randbits(63)
        ending = _NUMBER.pack(_LONG, nonce)
        return cls(wire.framed(memoryview(body)[:-1], ending), nonce, ending)


class Ended(Exception):  # noqa: N818 - not an error: how a conversation ends early
    """The guest is over, with this verdict. Internal to the sandbox."""

    def __init__(self, verdict: Verdict, note: str) -> None:
        super().__init__(note)
        self.verdict, self.note = verdict, note


@dataclass
class Guest:
    """A guest and its limits. One thread owns it; others may `reply` (one at a time), `charge` and `kill`."""

    worker: Worker
    handle: Handle
    limits: Limits

    def __post_init__(self) -> None:
        self._open = True
        self._closing = threading.Lock()
        self._buffer = bytearray()
        self._cpu_clock = (~self.handle.pid << 3) | 2  # another process's CPU time
        self.seen_cpu_seconds = self.began_cpu_seconds = 0.0
        """CPU time of the process when it was last looked at, and when the latest exchange began."""
        self._charged_seconds = 0.0
        self._charging = threading.Lock()
        self._ahead: tuple[memoryview, float] | None = None
        self._poll = select.poll()
        self._poll.register(self.handle.channel, select.POLLIN)
        # One call to the system waits for an answer and reads it. What is sent does not block: `_send` says so.
        self.handle.channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _GLANCE)
        self.handle.channel.setblocking(True)

    def reply(self, reply: wire.Reply) -> None:
        """Answer a request of the guest's; from any thread, one at a time. One that is gone is left to its owner."""
        with contextlib.suppress(OSError):
            self._send(memoryview(wire.frame(reply)), lambda: None)

    def exchange(
        self,
        question: Question,
        cpu_seconds: float,
        *,
        following: Question | None = None,
        ask: Callable[[wire.Ask, int], None] | None = None,
        waiting: Callable[[], bool] = lambda: False,
    ) -> tuple[Answer, float]:
        """Send the question, wait for its answer; give it and the CPU time that it took. Raises Ended.

        `following`: is sent as soon as the answer is there, before that is decoded; for the next `exchange`.
        `ask` takes the guest's requests, and the bytes that each was; `waiting` tells whether it is we who keep it
        waiting. What its requests cost this thread counts as the guest's CPU time, so that they cost no more than that.
        An answer that does not name the question's nonce was written before the question was read: it is not taken
        for its answer.
        """
        glance = _GLANCE_SECONDS if ask is None else _IMPROVER_GLANCE_SECONDS
        ahead, self._ahead = self._ahead, None
        self.began_cpu_seconds = self.cpu() if ahead is None else self.seen_cpu_seconds
        left, looked = ahead or (memoryview(question.frame), time.monotonic())
        clock = _Clock(self, cpu_seconds, self.limits.wall_seconds)
        if left:
            try:
                self._send(left, clock.check)
            except OSError:
                raise self._ending() from None
        while True:
            ours = waiting()
            clock.start(counts=not ours)
            patience = clock.patience(_IDLE_GLANCE_SECONDS if ours else glance)
            began = 0.0 if ask is None else time.thread_time()
            body = self._receive(patience)
            clock.stop(patience)
            if body is None or time.monotonic() - looked > glance:  # to ask all the time hides nothing
                clock.look()
                self._check_size()
                looked = time.monotonic()
            if body is None:
                clock.check()
                continue
            answered = body.endswith(question.ending)  # else it is no answer, or the guest writes in a way of its own
            if answered:
                clock.check_cpu()
                if following is not None:
                    self.begin(following)
            message = self._decoded(body)
            if isinstance(message, wire.Ask):
                if ask is None:
                    raise Ended(Verdict.PROTOCOL_ERROR, "asked for a service; solutions have none")
                clock.check()
                ask(message, len(body))
                self.charge(time.thread_time() - began)
            elif message.nonce != question.nonce:
                raise Ended(Verdict.PROTOCOL_ERROR, "answered what it was not asked")
            else:
                if not answered:
                    clock.check_cpu()
                return message, clock.seen()
            clock.check()

    def begin(self, question: Question) -> None:
        """Send the next question, for the next `exchange` to take up: the guest computes while its last answer is
        decoded and graded. Its CPU time counts from that answer on.
        """
        left = memoryview(question.frame)
        with contextlib.suppress(OSError):  # `exchange` handles the rest, and whether the guest is gone
            left = left[self.handle.channel.send(left, socket.MSG_DONTWAIT) :]
        self._ahead = left, time.monotonic()

    def charge(self, seconds: float) -> None:
        """Count CPU time of ours that the guest caused as its own."""
        with self._charging:
            self._charged_seconds += seconds

    @property
    def charged_seconds(self) -> float:
        """So far."""
        return self._charged_seconds

    def _send(self, left: memoryview, check: Callable[[], None]) -> None:
        """Raises Ended if `check` does, or the guest does not read in time; OSError if it is gone."""
        channel, patience_seconds = self.handle.channel, self.limits.wall_seconds
        while left:
            try:
                left = left[channel.send(left, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                began = time.monotonic()
                select.select([], [channel], [], _GLANCE_SECONDS)
                patience_seconds -= min(time.monotonic() - began, _GLANCE_SECONDS)  # a stall of ours is not its doing
                check()
                if patience_seconds <= 0:
                    raise Ended(Verdict.TIMED_OUT, "did not read what it was sent") from None

    @property
    def alive(self) -> bool:
        """Whether it can still be talked to."""
        return self._open

    def kill(self) -> None:
        """End the guest's process in any case. Its owner notices by the socket."""
        with self._closing:
            if self._open:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self.handle.pidfd, signal.SIGKILL)

    def end(self) -> None:
        """Kill and release it. Nothing of it remains when the zygote has reaped it. May be called twice."""
        self.kill()
        if self._close():
            self.worker.forget(self.handle)

    def _close(self) -> bool:
        with self._closing:
            was_open, self._open = self._open, False
            if was_open:
                self.handle.channel.close()
                os.close(self.handle.pidfd)
            return was_open

    def cpu(self) -> float:
        """CPU seconds of the whole process so far; what was last seen once it is gone."""
        try:
            self.seen_cpu_seconds = time.clock_gettime(self._cpu_clock)
        except OSError:  # it is gone
            return self.seen_cpu_seconds
        return self.seen_cpu_seconds

    def last_cpu(self) -> float:
        """The same of one that may be gone: what was last seen of it, since the number may be another process's."""
        return self.cpu() if self._open and not self.gone() else self.seen_cpu_seconds

    def _check_size(self) -> None:
        """Raises Ended if it really holds more than it may. Its address space is bounded too, more widely."""
        with contextlib.suppress(OSError, KeyError):  # it is gone: the socket tells how
            status = dict(_FIGURE.findall(Path(f"/proc/{self.handle.pid}/status").read_bytes()))
            held = (int(status[b"RssAnon"]) + int(status[b"RssShmem"]) << 10) - self.worker.interpreter_bytes
            threads = int(status[b"Threads"])
            if held > self.limits.memory_bytes and not self.gone():
                most = self.limits.memory_bytes >> 20
                raise Ended(Verdict.OUT_OF_MEMORY, f"held {held >> 20} MiB of memory; the most is {most} MiB")
            if threads > MOST_THREADS and not self.gone():
                raise Ended(Verdict.TOO_MANY, f"had {threads} threads; the most is {MOST_THREADS}")

    def gone(self) -> bool:
        """Whether its process has ended."""
        return bool(select.select([self.handle.pidfd], [], [], 0)[0])

    def _receive(self, patience_seconds: float) -> bytes | None:
        """The next message as it came, or None if none came in time. Raises Ended.

        However late it has become here, the socket is looked at once more: what lies in it came in time.
        """
        body = self._next_frame()
        if body is not None:
            return body
        deadline, late = time.monotonic() + patience_seconds, False
        if patience_seconds >= _GLANCE_SECONDS:
            data = self._read(0)
            if self._is_frame(data):
                return data[wire.HEADER.size :]
            self._buffer += data
        while True:
            body = self._next_frame()
            if body is not None or late:
                return body
            left_seconds = deadline - time.monotonic()
            late = left_seconds <= 0
            if self._poll.poll(max(0.0, left_seconds) * 1000):
                self._buffer += self._read(socket.MSG_DONTWAIT)

    def _read(self, flags: int) -> bytes:
        """What lies in the socket. Raises Ended if it was closed."""
        try:
            data = self.handle.channel.recv(_LARGE_CHUNK_BYTES if self._buffer else _CHUNK_BYTES, flags)
        except BlockingIOError:
            return b""
        except OSError:
            data = b""
        if not data:
            raise self._ending()
        return data

    def _is_frame(self, data: bytes) -> bool:
        """Whether it is one frame, as most answers are: it needs no buffer."""
        size = len(data) - wire.HEADER.size
        whole = 0 <= size <= self.limits.answer_bytes and wire.HEADER.unpack_from(data)[0] == size
        return whole and not self._buffer

    def _next_frame(self) -> bytes | None:
        if len(self._buffer) < wire.HEADER.size:
            return None
        (size,) = wire.HEADER.unpack_from(self._buffer)
        if size > self.limits.answer_bytes:
            raise Ended(Verdict.TOO_LARGE, f"sent {size} bytes at once; the most is {self.limits.answer_bytes}")
        end = wire.HEADER.size + size
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[wire.HEADER.size : end])
        del self._buffer[:end]
        return body

    def _decoded(self, body: bytes) -> wire.FromGuest:
        try:
            return messages.decoded(body)
        except messages.TooMuch as error:
            raise Ended(Verdict.TOO_LARGE, f"sent {error}") from None
        except messages.OddKeys as error:
            raise Ended(Verdict.BAD_ANSWER, f"sent {error}") from None
        except Exception as error:  # hostile bytes raise more kinds than any list of ours would name
            raise Ended(Verdict.PROTOCOL_ERROR, f"sent what is no message: {type(error).__name__}") from None

    def _ending(self) -> Ended | SandboxError:
        """The guest hung up: how did it die?"""
        self.kill()  # it may have closed its socket and live on
        exit = self.worker.exit_of(self.handle)
        self._close()
        if exit is None:
            kind = SandboxError if self.worker.alive else WorkerEnded
            return kind("the sandbox ended while a program ran in it")
        return _verdict_of_death(exit, self.handle)


def _verdict_of_death(exit: Exit, handle: Handle) -> Ended:
    if exit.status >= 0:
        return Ended(Verdict.CRASHED, f"ended its process with exit code {exit.status}")
    number = -exit.status
    if number == signal.SIGSYS:
        return Ended(Verdict.FORBIDDEN, "made a system call that no honest program makes")
    if number == signal.SIGXCPU or (number == signal.SIGKILL and exit.cpu_seconds >= handle.cpu_seconds):
        return Ended(Verdict.TIMED_OUT, "used all the CPU time that its process may have")
    if number == signal.SIGKILL:
        return Ended(Verdict.CRASHED, "hung up, or was killed by the system")
    name = signal.Signals(number).name if number in signal.valid_signals() else f"signal {number}"
    return Ended(Verdict.CRASHED, f"died of {name}")


class _Clock:
    """The remaining time of one exchange: the guest's CPU time; and the wall time in which it is idle.

    A guest is idle if it does not compute and waits neither for a core or for us. So a busy machine changes no verdict.
    """

    def __init__(self, guest: Guest, cpu_seconds: float, wall_seconds: float) -> None:
        self._guest, self._cpu_seconds, self._wall_seconds = guest, cpu_seconds, wall_seconds
        self._started, self._wall_left = guest.began_cpu_seconds, wall_seconds
        self._began, self._counts = 0.0, True
        self._delayed_before: float | None = None
        self._credited = 0.0
        self._charged_before = guest.charged_seconds

    def look(self) -> None:
        """From now on the time counts in which the guest waits for a core: it is looked at only if it takes long."""
        if self._delayed_before is None:
            self._delayed_before = _delayed_seconds(self._guest.handle.pid)

    def start(self, *, counts: bool) -> None:
        self._began, self._counts = time.monotonic(), counts

    def stop(self, patience: float) -> None:
        """Book the wait, and no more of it than was meant: the rest is a stall of this process, not of the guest."""
        if self._counts:
            self._wall_left -= min(time.monotonic() - self._began, patience)

    def used(self) -> float:
        self._guest.cpu()
        return self.seen()

    def seen(self) -> float:
        """What had been used when it was last looked at."""
        return max(0.0, self._guest.seen_cpu_seconds - self._started)

    def _charged(self) -> float:
        return self._guest.charged_seconds - self._charged_before

    def _left(self, used: float) -> float:
        return self._cpu_seconds - self._charged() - used

    def patience(self, most: float) -> float:
        """How long to wait at most; by what `check` last saw, which is but a moment old."""
        left = self._left(self.seen())
        return max(_SHORTEST_WAIT_SECONDS, min(left, self._wall_left, most))

    def check_cpu(self) -> None:
        """Raises Ended if no CPU time remains."""
        if self._left(self.used()) <= 0 and not self._guest.gone():  # gone: the number may be another process's
            why = ", most of it to serve its requests" if self._charged() > self._cpu_seconds / 2 else ""
            raise Ended(Verdict.TIMED_OUT, f"used its {self._cpu_seconds:g} s of CPU time{why}")

    def check(self) -> None:
        """Raises Ended if no time remains."""
        self.check_cpu()
        if self._wall_left <= 0:
            self._credit()
        if self._wall_left <= 0:
            raise Ended(Verdict.TIMED_OUT, f"gave no answer in {self._wall_seconds:g} idle s")

    def _credit(self) -> None:
        """Give back the time in which it was not idle."""
        delayed = 0.0
        if self._delayed_before is not None:
            delayed = max(0.0, _delayed_seconds(self._guest.handle.pid) - self._delayed_before)
        busy = self.used() + delayed
        self._wall_left += busy - self._credited
        self._credited = busy


def _delayed_seconds(pid: int) -> float:
    """How long its threads have waited for a core, runnable. 0.0 where the kernel does not tell, or it is gone."""
    nanoseconds = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            nanoseconds += int(Path(f"/proc/{pid}/task/{thread}/schedstat").read_text().split()[1])
    return nanoseconds / 1e9


def outcome_of(message: Answer, cpu_seconds: float) -> Outcome:
    """What a call came to, from the guest's own last word."""
    if isinstance(message, wire.Returned):
        return Outcome(Verdict.OK, message.value, "", cpu_seconds)
    if isinstance(message, wire.Raised):
        note = one_line(f"{message.kind}: {message.text}" if message.text else message.kind)
        verdict = {"MemoryError": Verdict.OUT_OF_MEMORY, "WireError": Verdict.BAD_ANSWER}.get(message.kind)
        if any(sign in message.text for sign in _MANY_SIGNS):
            verdict = Verdict.TOO_MANY
        return Outcome(verdict or Verdict.CRASHED, None, note, cpu_seconds)
    return Outcome(Verdict.PROTOCOL_ERROR, None, "spoke out of turn", cpu_seconds)


_MANY_SIGNS = ("can't start new thread", TOO_MANY_PROCESSES)


def one_line(text: str) -> str:
    """Untrusted text as at most one line: no control characters, no more than 500 characters."""
    return printable(text[: 2 * _MOST_NOTE])[:_MOST_NOTE].strip()
