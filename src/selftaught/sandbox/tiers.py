"""The ways to start a zygote. A tier is a command line and the layers that the zygote then adds."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from selftaught.core.errors import SandboxError
from selftaught.guest import lock
from selftaught.sandbox import bubblewrap, container
from selftaught.sandbox.interpreter import command, hidden_paths, readable_paths

NOBODY = 65534
LOCK = ("rlimits", "capabilities", "no-new-privileges", "non-dumpable", "landlock", "seccomp")
"""The layers that each guest adds to itself, in this order; guest/lock.py says what each does."""
_WITHOUT_LANDLOCK = ". Without Landlock the container's own /proc, /sys, /dev and /etc can be read, guests' numbers too"


@dataclass(frozen=True)
class Tier:
    """One strength of isolation.

    Attributes:
        name: as in `--sandbox NAME`, on record, and shown.
        isolates: whether it may be taken without being asked for by name.
        layers: what a guest is behind, outermost first.
        command: the zygote's whole command line, given its control descriptor.
        user: whom the zygote becomes, None to stay who it is.
        promise: one sentence for people.
        engine: what starts the zygote by a command line of its own, where that is not we: it inherits nothing of us
            then, and its limits as a whole are the engine's.
    """

    name: str
    isolates: bool
    layers: tuple[str, ...]
    command: Callable[[int], list[str]]
    user: int | None
    promise: str
    engine: container.Engine | None = None


def bubblewrap_tier() -> Tier:
    """Namespaces and an empty root around the lock. Needs bubblewrap and user namespaces, or root."""

    def in_jail(control: int) -> list[str]:
        bwrap = bubblewrap.find() or "bwrap"
        return [*bubblewrap.jail(bwrap, readable_paths(), hidden_paths(), uid=os.geteuid()), *command(control)]

    root = os.geteuid() == 0
    namespaces = (
        ("mount", "pid", "net", "ipc", "uts", "cgroup")
        if root
        else ("user", "mount", "pid", "net", "ipc", "uts", "cgroup")
    )
    layers = (*(f"{name} namespace" for name in namespaces), *LOCK)
    return Tier(
        "bubblewrap",
        True,
        layers,
        in_jail,
        NOBODY if root else None,
        "no network, no files but the interpreter's, no other process; bounded CPU time, memory and output",
    )


def landlock_tier() -> Tier:
    """The lock alone. Needs nothing installed and no privilege: works inside most containers."""
    return Tier(
        "landlock",
        True,
        LOCK,
        command,
        _lesser_user(),
        "no network, no files but the interpreter's, no other process; bounded CPU time, memory and output. "
        "Whether a path exists can be seen",
    )


def container_tier(path: str | None = None) -> Tier:
    """A container around the lock, made by docker or podman (`path`, else the one found). Needs no Landlock.

    Raises SandboxError if there is no engine, or it does not make its empty image.
    """
    if path is None:
        path, trouble = container.find()
        if path is None:
            raise SandboxError(trouble)
    container.provide_image(path)
    landlock = lock.landlock_abi() > 0
    namespaces = tuple(f"{name} namespace" for name in ("mount", "pid", "net", "ipc", "uts"))
    return Tier(
        "container",
        True,
        (*namespaces, *(layer for layer in LOCK if landlock or layer != "landlock")),
        command,
        None,
        "no network, no files but the interpreter's, no other process; bounded CPU time, memory and output"
        + ("" if landlock else _WITHOUT_LANDLOCK),
        container.Engine(path),
    )


def unsafe_tier() -> Tier:
    """No isolation: a plain process with the limits alone. Only ever by name."""
    return Tier("unsafe", False, ("rlimits",), command, None, "NO isolation: programs can do whatever you can")


def _lesser_user() -> int | None:
    """Root becomes nobody where nobody can still read the interpreter's files, else stays, without capabilities."""
    if os.geteuid() != 0:
        return None
    parents = {parent for path in readable_paths() for parent in _with_parents(path)}
    return NOBODY if all(os.stat(parent).st_mode & 0o001 for parent in parents if os.path.isdir(parent)) else None


def _with_parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[: end + 1]) or "/" for end in range(len(parts))]
