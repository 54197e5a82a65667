"""The container tier: docker or podman makes the empty root and the namespaces, where we may make none ourselves.

    host ── `docker run …` ──► engine ──► container: zygote ── forks ──► guest, guest, …
      └──────── a socket in a private folder, mounted into the container ────────┘

The zygote is no child of ours here and inherits nothing from us, so it connects to a socket instead. Only the way in
differs: descriptors pass over it as over any other, for all of this happens on one kernel. An engine on another
machine, or beside the container that we ourselves run in, cannot be used, and is told apart by that: its processes have
no number here (see worker.py).

What the engine adds to the guests' own lock: an empty image, the interpreter's files mounted read-only over it, nothing
else writable, no network, every namespace but the user's, no capability, and limits on memory and processes as a whole.
What it leaves, and only the lock takes away: /proc and /sys of the container, and the files that the engine itself puts
into /etc and /dev.

Where an engine works, the tests hold this tier to the contract and try every attack in it, as for the others; where
none does, they check the command line word for word and run the whole tier through a stand-in that understands these
commands. A start costs a second or more for each worker; the canaries, run at every start, refuse an engine that does
not hold what is said here. docs/security.md says which engines it was seen with.
"""

import contextlib
import os
import resource
import select
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType

from selftaught.core.errors import SandboxError
from selftaught.guest import lock
from selftaught.sandbox import cgroups, interpreter
from selftaught.sandbox.interpreter import ENVIRONMENT
from selftaught.sandbox.provided import View
from selftaught.sandbox.tiers.tier import LOCK, Tier

_KNOWN_PLACES = ("/usr/bin/docker", "/usr/local/bin/docker", "/usr/bin/podman", "/usr/local/bin/podman")
_ANSWER_SECONDS = 10
_IMPORT_SECONDS = 60
_CONNECT_SECONDS = 45.0

IMAGE = "selftaught-empty:1"
"""An image without a single file, made here when it is first needed: nothing is ever fetched."""
_EMPTY_TAR = bytes(10240)
_DOOR = "/run/selftaught"
_SOCKET = "control"
INSIDE = f"{_DOOR}/{_SOCKET}"
"""Where the zygote finds its host's socket."""

_USER = "65534:65534"
_A_USERS_OWN = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")


def find(places: Sequence[str] = _KNOWN_PLACES) -> tuple[str | None, str]:
    """The engine to use, or None and one line with the reason and what to do.

    Looked for in fixed places, never in the current folder or on a caller's PATH.
    """
    troubles = []
    for engine in places:
        if os.access(engine, os.X_OK):
            said = trouble(engine)
            if said is None:
                return engine, ""
            troubles.append(said)
    nothing = "no container engine is installed (apt install podman, or docker; looked for in /usr/bin, /usr/local/bin)"
    return None, "; ".join(troubles) or nothing


def trouble(engine: str) -> str | None:
    """Why this engine cannot be used, in one line with what to do; None if it answers."""
    asked = [engine, "version", "--format", "{{.Server.Version}}"]
    try:
        done = subprocess.run(
            asked, capture_output=True, timeout=_ANSWER_SECONDS, env=environment(engine), cwd="/", check=False
        )
    except subprocess.TimeoutExpired:
        return f"{engine} gave no answer in {_ANSWER_SECONDS} s: is its daemon well? (systemctl status docker)"
    except OSError as error:
        return f"{engine} does not start: {error}"
    if done.returncode == 0 and done.stdout.strip():
        return None
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    return (
        f"{engine} is installed, but does not work here ({said[0][:200]}): "
        "start its daemon (systemctl start docker) and let this user use it, or install podman"
    )


def environment(engine: str) -> dict[str, str]:
    """What an engine's command gets: enough to find its own daemon or storage, none of our keys.

    docker's configuration is left out on purpose: it may name an engine on another machine, and proxies, with their
    passwords, that docker would hand to every container. podman hands on only what stands in its own environment, and
    fails where that configuration is named and missing.
    """
    given = {name: os.environ[name] for name in _A_USERS_OWN if name in os.environ}
    host = os.environ.get("DOCKER_HOST", "")
    if host.startswith("unix://"):  # a rootless daemon, of this machine
        given["DOCKER_HOST"] = host
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",  # podman's own tools
        "HOME": os.path.expanduser("~"),
        "LANG": "C.UTF-8",
        **({} if _is_podman(engine) else {"DOCKER_CONFIG": "/nonexistent"}),
        **given,
    }


def provide_image(engine: str) -> None:
    """Make the empty image, once for each engine. Raises SandboxError."""
    try:
        known = _run([engine, "image", "inspect", "--format", "{{.Id}}", IMAGE])
        if known.returncode != 0:
            made = _run([engine, "import", "-", IMAGE], _EMPTY_TAR)
            if made.returncode != 0:
                raise SandboxError(f"{engine} did not make its empty image: {_last_line(made.stderr)}")
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SandboxError(f"{engine} did not make its empty image: {error}") from error


def command(
    engine: str, readable: Sequence[str], folder: str, inner: Sequence[str], hidden: Sequence[str] = ()
) -> list[str]:
    """The whole command line: `inner` in a container that sees `readable`, and `folder` as the way to its host.

    `hidden`: folders in `readable` that are shown empty, but for what is readable itself. Engines mount outer first.
    """
    return [
        *[engine, "run", "--rm", "--name", container_name(folder), "--pull", "never"],
        *["--network", "none", "--ipc", "none", "--hostname", "jail", "--log-driver", "none"],
        *["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
        # The engine's SELinux label may not read the interpreter's files, and to relabel /usr would be worse.
        *["--security-opt", "label=disable"],
        *["--memory", str(cgroups.most_bytes()), "--memory-swap", str(cgroups.most_bytes())],
        *["--pids-limit", str(cgroups.MOST_PROCESSES)],
        *[word for limit in _ulimits() for word in ("--ulimit", limit)],
        *["--user", _user(engine), "--workdir", "/"],
        *[word for name, value in ENVIRONMENT.items() for word in ("--env", f"{name}={value}")],
        # --mount, not --volume: a path that is missing is an error, never a new folder of root's
        *[word for path, seen in _view(readable) for word in ("--mount", _mount(path, seen))],
        *[word for path in hidden for word in ("--mount", f"type=tmpfs,{_quoted(f'target={path}')},tmpfs-mode=0755")],
        *["--mount", _mount(_door(folder), _DOOR)],
        IMAGE,
        *inner,
    ]


def removal(engine: str, folder: str) -> list[str]:
    """Ends the container of `folder` by force: killing the engine's command alone would leave it running."""
    return [engine, "rm", "--force", container_name(folder)]


def container_name(folder: str) -> str:
    """As unique as the folder; by it the container is found again."""
    return os.path.basename(folder)


@dataclass
class Meeting:
    """A private folder with a socket in it, to which one zygote connects. A context manager: leaving it ends both.

    The outer folder is 0700: nobody on this machine comes near the socket. The inner one and the socket are open to
    all, since the zygote is another user, and comes in by a mount of the inner folder that the outer does not guard.
    """

    folder: str = field(default_factory=lambda: tempfile.mkdtemp(prefix="selftaught-"))
    patience_seconds: float = _CONNECT_SECONDS

    def __enter__(self) -> "Meeting":
        door = _door(self.folder)
        os.mkdir(door)
        os.chmod(door, 0o711)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._listener.bind(os.path.join(door, _SOCKET))
        os.chmod(os.path.join(door, _SOCKET), 0o666)
        self._listener.listen(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def wait_for(self, process: "subprocess.Popen[bytes]") -> socket.socket:
        """The zygote's socket; one already at its end if `process`, which was to start it, ends or dawdles instead."""
        pidfd = os.pidfd_open(process.pid)
        try:
            door = self._listener.fileno()
            if door in select.select([door, pidfd], [], [], self.patience_seconds)[0]:
                return self._listener.accept()[0]
        finally:
            os.close(pidfd)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        theirs.close()
        return ours


@dataclass(frozen=True)
class Engine:
    """A container engine that starts zygotes for us: the file of its command, and what that command's process gets."""

    path: str

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.path)

    def command(self, folder: str, view: View) -> list[str]:
        """Starts a zygote whose host waits in `folder`."""
        inner = interpreter.command(INSIDE, view)
        return command(self.path, interpreter.readable_paths(view), folder, inner, interpreter.hidden_paths())

    def remove(self, folder: str) -> None:
        """End the container of `folder` in any case."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            _run(removal(self.path, folder))


def _door(folder: str) -> str:
    return os.path.join(folder, "door")


def _ulimits() -> list[str]:
    """An engine's own defaults may be more than we may have, and then nothing starts. Processes count by user."""
    most = {"nofile": (resource.RLIMIT_NOFILE, 1024), "nproc": (resource.RLIMIT_NPROC, 4096)}
    limits = []
    for name, (limit, wanted) in most.items():
        _, hard = resource.getrlimit(limit)
        given = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        limits.append(f"{name}={given}:{given}")
    return limits


def _user(engine: str) -> str:
    """Nobody, wherever we may still signal it: as root, or where the engine is our own and its users are ours.

    An ordinary user's docker is root's: to kill its guests they must be of our user, as bubblewrap's are.
    """
    if os.geteuid() == 0 or _is_podman(engine):
        return _USER
    return f"{os.geteuid()}:{os.getegid()}"


def _is_podman(engine: str) -> bool:
    return os.path.basename(engine) == "podman"


def _view(readable: Sequence[str]) -> list[tuple[str, str]]:
    """What is mounted, and where: `readable`, and again under the links by which programs name their libraries."""
    links = [
        (os.path.realpath(link), link)
        for link in ("/lib", "/lib32", "/lib64")
        if os.path.islink(link) and link not in readable and os.path.realpath(link) in readable
    ]
    return [*((path, path) for path in readable), *links]


def _mount(source: str, target: str) -> str:
    return ",".join(_quoted(field) for field in ("type=bind", f"source={source}", f"target={target}", "readonly"))


def _quoted(field: str) -> str:
    """As in a CSV file: a path may hold a comma or a quote."""
    return '"' + field.replace('"', '""') + '"' if set(field) & set(',"\n') else field


def _run(words: Sequence[str], stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    given = environment(words[0])
    return subprocess.run(
        words, input=stdin, capture_output=True, timeout=_IMPORT_SECONDS, env=given, cwd="/", check=False
    )


def _last_line(said: bytes) -> str:
    return (said.decode("utf-8", "replace").strip().splitlines() or ["it did not say why"])[-1][:200]


def container_tier(path: str | None = None) -> Tier:
    """A container around the lock, made by docker or podman (`path`, else the one found). Needs no Landlock.

    Raises SandboxError if there is no engine, or it does not make its empty image.
    """
    if path is None:
        path, trouble = find()
        if path is None:
            raise SandboxError(trouble)
    provide_image(path)
    landlock = lock.landlock_abi() > 0
    namespaces = tuple(f"{name} namespace" for name in ("mount", "pid", "net", "ipc", "uts"))
    return Tier(
        "container",
        True,
        (*namespaces, *(layer for layer in LOCK if landlock or layer != "landlock")),
        interpreter.command,
        None,
        Engine(path),
    )
