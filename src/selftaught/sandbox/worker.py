"""One zygote: starting it, getting guests from it, learning how they ended.

Each worker has one thread of its own. It starts the zygote (whose death signal is bound to the thread that started it,
so that thread must live as long) and reads the control socket.
"""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import traceback
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from selftaught.core.errors import NoSandbox, SandboxError
from selftaught.guest import wire
from selftaught.sandbox import cgroups
from selftaught.sandbox.filters import filter_program
from selftaught.sandbox.interpreter import ENVIRONMENT, readable_and_listed
from selftaught.sandbox.provided import NOTHING, View
from selftaught.sandbox.tiers.container import Meeting
from selftaught.sandbox.tiers.tier import Tier

_START_SECONDS = 60.0
_FORK_SECONDS = 60.0
_EXIT_SECONDS = 10.0
INTERPRETER_BYTES = 64 << 20
"""What the interpreter with numpy holds by itself, rounded up: not counted against a program."""
_MOST_PROFILES = 4
"""Of which a guest is kept waiting: a run has a few kinds of programs."""
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


class WorkerEnded(SandboxError):
    """The zygote is gone, and so are its guests: by no fault of theirs, and another worker may do."""


class Worker:
    """A running zygote. Raises SandboxError if it does not start. All methods may be called from any thread.

    `plain`: its guests find no numpy imported (`guest/warm.py`).
    """

    def __init__(self, tier: Tier, view: View = NOTHING, *, plain: bool = False) -> None:
        self._tier, self._view, self._plain = tier, view, plain
        self._change = threading.Condition()
        self._ready: wire.Ready | None = None
        self._ended: str | None = None
        self._numbers = 0
        self._expected: dict[int, Profile] = {}
        self._spare: dict[Profile, deque[Handle]] = defaultdict(deque)
        self._wanted: Counter[Profile] = Counter()
        self._gave_way: dict[int, Profile] = {}
        self._exits: dict[int, Exit] = {}
        self._forgotten: set[int] = set()
        self._base_bytes = 0
        self.interpreter_bytes = INTERPRETER_BYTES
        self._cgroup: cgroups.Cgroup | None = None
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
        """Whether it can still fork guests."""
        return self._ended is None

    def take(self, profile: Profile, *, gives_way: bool = False) -> Handle:
        """A locked guest, forked before if possible; another one is forked for the next caller meanwhile.

        `gives_way`: others compute meanwhile that are waited for, and so it is forked once this one has ended.

        Raises NoSandbox where the limit under which it all was started leaves no room for such a guest.
        """
        self._check_room(profile)
        with self._change:
            self._wanted[profile] += 1
            try:
                self._fork_enough(profile, spare=0)
                if not self._change.wait_for(lambda: self._spare[profile] or self._ended, _FORK_SECONDS):
                    raise SandboxError(f"the {self._tier.name} sandbox forked no guest in {_FORK_SECONDS:.0f} s")
                if self._ended:
                    raise WorkerEnded(f"the {self._tier.name} sandbox ended: {self._ended}")
                taken = self._spare[profile].popleft()
                if gives_way:
                    self._gave_way[taken.number] = profile
                return taken
            finally:
                self._wanted[profile] -= 1
                self._fork_enough(profile, spare=0 if gives_way else 1)
                self._keep_few(profile)

    def _check_room(self, profile: Profile) -> None:
        most = self._ready.address_space if self._ready else None
        if most is not None and profile.memory_bytes > most:
            raise NoSandbox(
                f"a guest needs {profile.memory_bytes >> 20} MiB of address space, and this process was started under "
                f"a limit of {most >> 20} MiB (ulimit -v); raise that limit, or set a smaller improver_memory_mib"
            )

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

    def _fork_enough(self, profile: Profile, spare: int) -> None:
        """One guest for each caller that waits, and so many to spare; those that are on their way count."""
        coming = sum(expected == profile for expected in self._expected.values())
        for _ in range(spare + self._wanted[profile] - len(self._spare[profile]) - coming):
            self._fork(profile)

    def _fork_the_next(self, number: int) -> None:
        """In the place of this one, which has ended, if it gave way; unless its profile is asked for no more."""
        profile = self._gave_way.pop(number, None)
        if profile is not None and profile in self._spare:
            self._fork_enough(profile, spare=1)

    def _keep_few(self, used: Profile) -> None:
        """Of profiles that are asked for no more, no guest is kept waiting."""
        self._spare[used] = self._spare.pop(used, deque())  # the last used stands last
        for profile in list(self._spare)[:-_MOST_PROFILES]:
            if not self._wanted[profile] and profile not in self._expected.values():
                for handle in self._spare.pop(profile):
                    self._forgotten.add(handle.number)
                    _let_go(handle)

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
            # Kept in memory: a full or read-only temporary folder is no reason not to start.
            with open(os.memfd_create("complaints"), "w+b") as complaints:
                process = self._start(complaints.fileno())
                with self._control:
                    try:
                        self._set_up()
                        self._pump()
                    finally:
                        self._end(process)
                complaints.seek(0)
                said = complaints.read(10_000).decode("utf-8", "replace").strip().splitlines()
                ended = _in_one_line(said) if said else f"exit code {process.returncode}"
        except Exception as error:  # any error must reach the waiting thread
            ended = str(error) if isinstance(error, SandboxError) else _with_place(error)
        finally:
            with self._change:
                self._ended = self._ended or ended
                for handle in [handle for spare in self._spare.values() for handle in spare]:
                    _let_go(handle)
                self._spare.clear()
                self._change.notify_all()

    def _start(self, complaints: int) -> subprocess.Popen[bytes]:
        """Start the zygote, and make the control socket."""
        if self._tier.engine is None:
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                control = theirs.fileno()
                return _launch(self._tier.command(control, self._view), complaints, ENVIRONMENT, [control])
        with Meeting() as meeting:
            self._folder = meeting.folder
            words = self._tier.engine.command(meeting.folder, self._view)
            process = _launch(words, complaints, self._tier.engine.environment)
            self._control = meeting.wait_for(process)
            return process

    def _set_up(self) -> None:
        layers = [layer for layer in self._tier.layers if not layer.endswith("namespace")]
        filters = {name: filter_program(name) for name in ("solution", "improver")} if "seccomp" in layers else {}
        readable, listed = readable_and_listed(self._view)
        folder = self._view.folder or "/"
        imports = list(self._view.imports)
        seen = [*readable, "/dev/null"], listed
        setup = wire.Setup(layers, filters, *seen, self._tier.user, imports, folder, self._plain)
        with contextlib.suppress(BrokenPipeError):  # it is gone already: _pump sees that, its last words say why
            self._control.send(wire.encode(setup))

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            if self._tier.engine is not None:
                self._tier.engine.remove(self._folder)
            process.wait()
        if self._cgroup is not None:
            self._cgroup.remove()

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
                try:
                    self.pid = _in_reach(descriptors[0])
                finally:
                    os.close(descriptors[0])
                self._base_bytes = _address_space_bytes(self.pid)
                if self._view.imports:  # packages hold memory, too, and by no doing of a program
                    self.interpreter_bytes += _resident_bytes(self.pid)
                if self._tier.engine is None:  # an engine has limits of its own
                    self._cgroup = cgroups.join(self.pid, cgroups.most_bytes(), cgroups.MOST_PROCESSES)
                self._ready = message
            case wire.Forked(number):
                channel = socket.socket(fileno=descriptors[0])
                channel.setblocking(False)
                profile = self._expected.pop(number)
                pid = _pid_of(descriptors[1])
                self._spare[profile].append(Handle(number, channel, descriptors[1], pid, profile.cpu_seconds))
            case wire.Exited(number, status, cpu_seconds, peak_bytes):
                self._fork_the_next(number)
                if number in self._forgotten:
                    self._forgotten.remove(number)
                else:
                    self._exits[number] = Exit(status, cpu_seconds, peak_bytes)


def _launch(
    words: list[str], complaints: int, environment: Mapping[str, str], inherited: Sequence[int] = ()
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        words,
        pass_fds=inherited,
        env=environment,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=complaints,
        start_new_session=True,  # a Ctrl-C at the terminal is the host's business
    )


def _let_go(handle: Handle) -> None:
    """Of a guest that nobody took: it ends where its channel does."""
    handle.channel.close()
    os.close(handle.pidfd)


def _pid_of(pidfd: int) -> int:
    """The process's number as seen from this pid namespace; 0 or less if it is gone."""
    info = os.open(f"/proc/self/fdinfo/{pidfd}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        text = os.read(info, 4096)
    finally:
        os.close(info)
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith(b"Pid:"))


def _in_reach(pidfd: int) -> int:
    """The zygote's number, if we can see and signal it: clocks and verdicts hang on that. Raises SandboxError."""
    pid = _pid_of(pidfd)
    try:
        signal.pidfd_send_signal(pidfd, 0)
    except PermissionError:
        pid = 0
    if pid <= 0:
        raise SandboxError(
            "its processes cannot be seen and signalled from here: use an engine that runs on this machine, "
            "outside of any container, and not in another user's namespace"
        )
    return pid


def _with_place(error: Exception) -> str:
    """Our own error, and its place: a report has nothing else."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(place.filename).name}, line {place.lineno}, in {place.name})"


def _in_one_line(said: Sequence[str]) -> str:
    """What a zygote's last words come to, with what to do where that is known."""
    broken = next((line for line in said if line.startswith(("ImportError", "ModuleNotFoundError"))), None)
    if broken is not None and any("import numpy" in line for line in said):
        return f"numpy does not import ({broken[:200]}): reinstall it (pip install --force-reinstall numpy)"
    return said[-1]


def _address_space_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as statm:
        return int(statm.read().split()[0]) * _PAGE_BYTES


def _resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm") as statm:
        resident, shared = map(int, statm.read().split()[1:3])
    return (resident - shared) * _PAGE_BYTES
