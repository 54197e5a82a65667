"""cgroup v2 limits around a whole worker, where this process may set any: a bound under the guests' own limits.

Each guest is limited by itself, closely and with a verdict. These limits are wide, one set for a zygote with all its
guests, and hold what single limits cannot: many guests at once, and the kernel's own memory that they cause.

Where a group can be made: below our own group, if it hands the controllers on or can be told to, which the kernel
allows only where no process lives in it (the root of the tree, in practice); else beside our own group, if the parent
hands them on already and is writable, as under systemd for root and for services of a user's own. No group that we did
not make is ever changed, but to hand a controller on.
"""

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
GUEST_BYTES = 2 << 30
"""For each core's worth of guests: an improver with its solutions needs less. Generous: a guest that comes near it has
met its own limit before."""
MOST_PROCESSES = 1024
"""Threads count. An improver's own filter and memory stop it far below."""
LAYER = "cgroup limits"
_CONTROLLERS = ("memory", "pids")


@dataclass(frozen=True, slots=True)
class Cgroup:
    """A group of our own, with its limits in force."""

    folder: Path

    def remove(self) -> None:
        """Take it away once its processes are gone; waits a moment for the kernel to notice that they are."""
        for pause in (0, 0.01, 0.05, 0.2):
            time.sleep(pause)
            with contextlib.suppress(OSError):
                self.folder.rmdir()
            if not self.folder.exists():
                return


def most_bytes() -> int:
    """Of one worker: as many guests as cores compute at once, but never all that the machine has."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min((os.cpu_count() or 1) * GUEST_BYTES, machine * 7 // 8) >> 20 << 20


def join(
    pid: int, memory_bytes: int, processes: int, *, root: Path = ROOT, membership: Path = MEMBERSHIP
) -> Cgroup | None:
    """A new group with these limits, and process `pid` in it with all that it will fork. None where there is no way."""
    parent, _ = _place(root, membership)
    if parent is None:
        return None
    group = Cgroup(parent / f"selftaught-{os.getpid()}-{pid}")
    _sweep(parent)
    try:
        group.folder.mkdir()
        (group.folder / "memory.max").write_text(str(memory_bytes))
        (group.folder / "pids.max").write_text(str(processes))
        with contextlib.suppress(OSError):  # there is no such file where the kernel does not count swap
            (group.folder / "memory.swap.max").write_text("0")
        (group.folder / "cgroup.procs").write_text(str(pid))
    except OSError:
        group.remove()
        return None
    return group


def trouble(*, root: Path = ROOT, membership: Path = MEMBERSHIP) -> str | None:
    """Why no limits can be set here, in one line with what to do; None if they can."""
    return _place(root, membership)[1]


def in_force(pid: int, *, root: Path = ROOT, membership: Path | None = None) -> bool:
    """Whether process `pid` really lives in a group, made by anybody, that bounds its memory and its processes."""
    try:
        group = _group(membership or Path(f"/proc/{pid}/cgroup"))
        if group is None:
            return False
        limits = [(root / group / name).read_text().strip() for name in ("memory.max", "pids.max")]
    except OSError:
        return False
    return "max" not in limits


def _sweep(parent: Path) -> None:
    """Groups that remain from killed hosts of ours. The kernel keeps those that contain a process."""
    with contextlib.suppress(OSError):
        for left in parent.glob("selftaught-*-*"):
            if not Path("/proc", left.name.split("-")[1]).exists():
                with contextlib.suppress(OSError):
                    left.rmdir()


def _place(root: Path, membership: Path) -> tuple[Path | None, str | None]:
    """The group to make ours in; or None and why."""
    if not (root / "cgroup.controllers").exists():
        return None, f"cgroup v2 is not mounted at {root}: boot with systemd.unified_cgroup_hierarchy=1"
    try:
        group = _group(membership)
    except OSError as error:
        return None, f"this process's group is not known: {error}"
    if group is None or not (root / group).is_dir():
        return None, f"this process's own group is not to be seen below {root}"
    own = root / group
    if _hands_on(own) or _told_to_hand_on(own):
        return own, None
    if own != root and _hands_on(own.parent):
        return own.parent, None
    return None, (
        "this process may set no cgroup limits: its group hands on no memory and pids controllers, or is not writable "
        "(as an ordinary user: systemd-run --user --scope selftaught …)"
    )


def _group(membership: Path) -> str | None:
    """The group's path below the root, from the one line that v2 has there."""
    lines = membership.read_text().splitlines()
    return next((line[len("0::/") :] for line in lines if line.startswith("0::/")), None)


def _hands_on(group: Path) -> bool:
    with contextlib.suppress(OSError):
        handed = (group / "cgroup.subtree_control").read_text().split()
        return all(name in handed for name in _CONTROLLERS) and os.access(group, os.W_OK)
    return False


def _told_to_hand_on(group: Path) -> bool:
    with contextlib.suppress(OSError):
        if all(name in (group / "cgroup.controllers").read_text().split() for name in _CONTROLLERS):
            (group / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in _CONTROLLERS))
            return _hands_on(group)
    return False
