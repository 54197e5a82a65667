"""One zygote: starting it, getting guests from it, learning how they ended.

Each worker has one thread of its own. It starts the zygote (whose death signal is bound to the thread that started it,
so that thread must live as long) and reads the control socket.
"""

import contextlib
import os
import socket
import subprocess
import tempfile
import threading
from collections import defaultdict, deque
from dataclasses import dataclass

import msgspec

from selftaught.core.errors import SandboxError
from selftaught.guest import wire
from selftaught.sandbox.filters import filter_program
from selftaught.sandbox.interpreter import ENVIRONMENT, readable_paths
from selftaught.sandbox.tiers import Tier

_START_SECONDS = 60.0
_FORK_SECONDS = 60.0
_EXIT_SECONDS = 10.0
_MOST_CONTROL_BYTES = 1 << 16
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Profile:
    """What guests are forked for. Guests of one profile are alike, so that one can be forked before it is asked for."""

    filter: str
    memory_bytes: int
    cpu_seconds: int


@dataclass(slots=True)
class Handle:
    """A forked and locked guest that waits for its program: its socket, pidfd, pid as seen from here, and limit."""

    number: int
    channel: socket.socket
    pidfd: int
    pid: int
    cpu_seconds: int


@dataclass(frozen=True, slots=True)
class Exit:
    """How a guest ended. `status`: exit code, or minus the signal that killed it."""

    status: int
    cpu_seconds: float
    peak_bytes: int


class Worker:
    """A running zygote. Raises SandboxError if it does not start. All methods may be called from any thread."""

    def __init__(self, tier: Tier) -> None:
        self._tier = tier
        self._change = threading.Condition()
        self._ready: wire.Ready | None = None
        self._ended: str | None = None
        self._numbers = 0
        self._expected: dict[int, Profile] = {}
        self._spare: dict[Profile, deque[Handle]] = defaultdict(deque)
        self._exits: dict[int, Exit] = {}
        self._forgotten: set[int] = set()
        self._base_bytes = 0
        self.pid = 0
        self._control: socket.socket
        self._thread = threading.Thread(target=self._live, name=f"sandbox-{tier.name}", daemon=True)
        self._thread.start()
        with self._change:
            if not self._change.wait_for(lambda: self._ready or self._ended, _START_SECONDS):
                self._ended = f"no sign of life in {_START_SECONDS:.0f} s"
        if self._ready is None:
            raise SandboxError(f"the {tier.name} sandbox did not start: {self._ended}")

    @property
    def alive(self) -> bool:
        """Whether guests can still be had from it."""
        return self._ended is None

    def take(self, profile: Profile) -> Handle:
        """A locked guest, forked before if possible; another one is forked for the next caller meanwhile."""
        with self._change:
            if not self._spare[profile]:
                self._fork(profile)
            if not self._change.wait_for(lambda: self._spare[profile] or self._ended, _FORK_SECONDS):
                raise SandboxError(f"the {self._tier.name} sandbox forked no guest in {_FORK_SECONDS:.0f} s")
            if self._ended:
                raise SandboxError(f"the {self._tier.name} sandbox ended: {self._ended}")
            handle = self._spare[profile].popleft()
            self._fork(profile)
            return handle

    def exit_of(self, handle: Handle) -> Exit | None:
        """How a guest that has ended did so; None if that is not known in time."""
        with self._change:
            self._change.wait_for(lambda: handle.number in self._exits or self._ended, _EXIT_SECONDS)
            return self._exits.pop(handle.number, None)

    def forget(self, handle: Handle) -> None:
        """Nobody will ask how this guest ended."""
        with self._change:
            if self._exits.pop(handle.number, None) is None:
                self._forgotten.add(handle.number)

    def close(self) -> None:
        """End the zygote and every guest of it. May be called twice."""
        with self._change:
            self._ended = self._ended or "closed"
            self._change.notify_all()
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._thread.join(_START_SECONDS)

    def _fork(self, profile: Profile) -> None:
        self._numbers += 1
        self._expected[self._numbers] = profile
        memory = self._base_bytes + profile.memory_bytes
        request = wire.Fork(self._numbers, profile.filter, memory, profile.cpu_seconds)
        with contextlib.suppress(OSError):  # a dead zygote is noticed where its socket ends
            self._control.send(wire.encode(request))

    def _live(self) -> None:
        ended = "it ended"
        try:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with self._control, tempfile.TemporaryFile() as complaints:
                with theirs:
                    process = self._start(theirs, complaints.fileno())
                try:
                    self._pump()
                finally:
                    self._end(process)
                complaints.seek(0)
                said = complaints.read(10_000).decode("utf-8", "replace").strip().splitlines()
                ended = said[-1] if said else f"exit code {process.returncode}"
        except Exception as error:  # whatever it was, whoever waits must hear of it
            ended = f"{type(error).__name__}: {error}"
        finally:
            with self._change:
                self._ended = self._ended or ended
                for handle in [handle for spare in self._spare.values() for handle in spare]:
                    handle.channel.close()
                    os.close(handle.pidfd)
                self._spare.clear()
                self._change.notify_all()

    def _start(self, theirs: socket.socket, complaints: int) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            self._tier.command(theirs.fileno()),
            pass_fds=[theirs.fileno()],
            env=ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,  # a Ctrl-C at the terminal is the host's business
        )
        layers = [layer for layer in self._tier.layers if not layer.endswith("namespace")]
        filters = {name: filter_program(name) for name in ("solution", "improver")} if "seccomp" in layers else {}
        readable = [*readable_paths(), "/dev/null"]
        with contextlib.suppress(BrokenPipeError):  # it is gone already: _pump sees that, its last words say why
            self._control.send(wire.encode(wire.Setup(layers, filters, readable, self._tier.user)))
        return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _pump(self) -> None:
        while True:
            try:
                body, descriptors, _, _ = socket.recv_fds(self._control, _MOST_CONTROL_BYTES, 2)
            except ConnectionResetError:
                return
            if not body:
                return
            try:
                message = wire.from_zygote.decode(body)
            except msgspec.MsgspecError as error:
                raise SandboxError(f"the zygote sent nonsense: {error}") from error
            with self._change:
                self._note(message, descriptors)
                self._change.notify_all()

    def _note(self, message: wire.FromZygote, descriptors: list[int]) -> None:
        match message:
            case wire.Ready():
                self.pid = _pid_of(descriptors[0])
                self._base_bytes = _address_space_bytes(self.pid)
                os.close(descriptors[0])
                self._ready = message
            case wire.Forked(number):
                channel = socket.socket(fileno=descriptors[0])
                channel.setblocking(False)
                profile = self._expected.pop(number)
                pid = _pid_of(descriptors[1])
                self._spare[profile].append(Handle(number, channel, descriptors[1], pid, profile.cpu_seconds))
            case wire.Exited(number, status, cpu_seconds, peak_bytes):
                if number in self._forgotten:
                    self._forgotten.remove(number)
                else:
                    self._exits[number] = Exit(status, cpu_seconds, peak_bytes)


def _pid_of(pidfd: int) -> int:
    """The process's number as seen from this pid namespace; 0 or less if it is gone."""
    with open(f"/proc/self/fdinfo/{pidfd}") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("Pid:"))


def _address_space_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[0]) * _PAGE_BYTES
