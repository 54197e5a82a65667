"""The command line of bubblewrap: an empty root, the interpreter's files read-only, every namespace new.

bubblewrap is a toolkit, not a policy: these arguments are the policy. Nothing outside is visible, there is no /proc,
no network but a loopback that is down, no process but the zygote and its guests.
"""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from selftaught.sandbox.interpreter import ENVIRONMENT, command, hidden_paths, readable_paths
from selftaught.sandbox.provided import View
from selftaught.sandbox.tiers.tier import LOCK, NOBODY, Tier

_KNOWN_PLACES = ("/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap")
_TRIAL_SECONDS = 10


def find() -> str | None:
    """The bubblewrap to use. Looked for in fixed places, never in the current folder or on a caller's PATH."""
    return next((place for place in _KNOWN_PLACES if os.access(place, os.X_OK)), None)


def trouble() -> str | None:
    """Why bubblewrap cannot be used here, in one line with what to do; None if it works."""
    bwrap = find()
    if bwrap is None:
        return "bubblewrap is not installed (apt install bubblewrap, dnf install bubblewrap)"
    trial = [*jail(bwrap, ["/bin", "/lib", "/lib64", "/usr"], uid=os.geteuid()), "/bin/true"]
    try:
        done = subprocess.run(trial, capture_output=True, timeout=_TRIAL_SECONDS, env={}, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{bwrap} does not start: {error}"
    if done.returncode == 0:
        return None
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
    return f"bubblewrap does not work here ({said[0][:200]}): user namespaces must be allowed"


def jail(bwrap: str, readable: Sequence[str], hidden: Sequence[str] = (), *, uid: int) -> list[str]:
    """Arguments up to the command to run inside.

    `readable`: real paths, outer ones first; `hidden`: folders in them that are shown empty, but for what is readable.
    """
    return [
        bwrap,
        *namespaces(uid),
        *["--die-with-parent", "--new-session", "--hostname", "jail", "--clearenv"],
        *[word for name, value in ENVIRONMENT.items() for word in ("--setenv", name, value)],
        *_view(readable, hidden),
        *["--perms", "0755", "--dir", "/dev", "--dev-bind", "/dev/null", "/dev/null"],
        *["--remount-ro", "/", "--chdir", "/"],
    ]


def namespaces(uid: int) -> list[str]:
    """Arguments that make every namespace new, and drop what privileges can be dropped."""
    if uid == 0:
        # As root a user namespace would leave host-uid 0 inside. Without one the zygote can become nobody instead:
        # for that alone it starts with two capabilities, and gives them up before it forks.
        new = ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
        return [*new, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return ["--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"]


def _view(readable: Sequence[str], hidden: Sequence[str]) -> list[str]:
    """Read-only binds. Missing parents are made by hand: bubblewrap would make them 0700, closed to nobody."""
    folders: dict[str, None] = {}
    for path in readable:
        for parent in reversed(Path(path).parents):
            inside = any(str(parent) == other or str(parent).startswith(other + "/") for other in readable)
            if str(parent) != "/" and not inside:
                folders[str(parent)] = None
    words = [word for folder in folders for word in ("--perms", "0755", "--dir", folder)]
    shown = [path for path in readable if any(path.startswith(folder + "/") for folder in hidden)]
    for path in readable:
        if path not in shown:
            words += ["--ro-bind", path, path]
    for folder in hidden:
        words += ["--perms", "0755", "--tmpfs", folder]
    for path in shown:
        words += ["--ro-bind", path, path]
    for folder in hidden:
        words += ["--remount-ro", folder]
    for link in ("/lib", "/lib32", "/lib64", "/bin"):
        if os.path.islink(link) and link not in readable:
            words += ["--symlink", os.readlink(link), link]
    return words


def bubblewrap_tier() -> Tier:
    """Namespaces and an empty root around the lock. Needs bubblewrap and user namespaces, or root."""

    def in_jail(control: int, view: View) -> list[str]:
        bwrap = find() or "bwrap"
        return [*jail(bwrap, readable_paths(view), hidden_paths(), uid=os.geteuid()), *command(control, view)]

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
    )
