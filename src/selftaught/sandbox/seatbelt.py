"""macOS: the profile and the command line of `sandbox-exec`, its kernel's own sandbox. Written, NOT a tier yet.

WRITTEN WITHOUT A MAC AND NEVER RUN ON ONE. The tests check the text only. It is never offered, by name or by `auto`.

For it to become a tier, a Mac is needed for a start, and then what there is on Linux alone must get a second form:

- pidfds. A guest is known and killed by one; on macOS there are only numbers, which are used again. kqueue with
  EVFILT_PROC says when a process ends, and the zygote, being the parent, would have to do the killing.
- The CPU clock of another process, by which every time limit is measured. proc_pid_rusage() gives the figures;
  the host would have to poll it.
- What it really holds, read from /proc/PID/statm: the same call gives it (ri_phys_footprint). RLIMIT_AS is not enforced
  there, so that nothing but that look would bound a guest's memory.
- Landlock and seccomp, the guest's own lock. There are none: this profile alone must do both, and so cannot be as
  narrow. A guest can be given a narrower profile than its zygote's by sandbox_init() before it reads its program; it
  is that call, undocumented since 10.8, that must take "no fork" from the zygote's profile to the guests'.
- PR_SET_PDEATHSIG, by which guests die with their zygote, and PR_SET_DUMPABLE. The nearest are kqueue's NOTE_EXIT on
  the parent, and ptrace(PT_DENY_ATTACH).
- SOCK_SEQPACKET, which macOS does not have for Unix sockets: the control channel would need frames of its own.
- sandbox-exec itself is called deprecated by its manual, though the system's own programs depend on it.
"""

import os
import sys
from collections.abc import Sequence

SANDBOX_EXEC = "/usr/bin/sandbox-exec"
_SYSTEM_LIBRARIES = ("/usr/lib", "/System/Library", "/System/Volumes/Preboot/Cryptexes/OS")
"""Where dyld finds the system's own libraries and their shared cache."""
_DEVICES = ("/dev/null", "/dev/random", "/dev/urandom")


def trouble() -> str:
    """Why this tier cannot be taken, in one line with what to do. There always is a reason, so far."""
    if sys.platform != "darwin":
        return "needs macOS"
    return "written, not tested on a Mac; not offered. Use a Linux virtual machine or container"


def profile(readable: Sequence[str], executable: str, *, may_fork: bool) -> str:
    """The profile, in Apple's SBPL. `readable`: real paths. `may_fork`: the zygote's, which forks; not a guest's."""
    files = "\n".join(f"  (subpath {quoted(path)})" for path in (*_SYSTEM_LIBRARIES, *readable))
    devices = "\n".join(f"  (literal {quoted(path)})" for path in _DEVICES)
    rules = [
        "(version 1)",
        "; the last rule that matches counts: nothing is allowed but what follows",
        "(deny default)",
        f"(allow file-read*\n{files})",
        f"(allow file-read-data\n{devices})",
        f"(allow file-write-data\n  (literal {quoted('/dev/null')}))",
        "; names on the way to what may be read: that they exist, not what is in them",
        f"(allow file-read-metadata\n{_literals(_parents((*_SYSTEM_LIBRARIES, *readable)))})",
        "(allow sysctl-read)",
        "(allow signal (target self))",
        f"(allow process-exec (literal {quoted(executable)}))",
    ]
    if may_fork:
        rules.append("(allow process-fork)")
    return "\n".join(rules) + "\n"


def command(readable: Sequence[str], inner: Sequence[str]) -> list[str]:
    """The whole command line: `inner` behind the zygote's profile."""
    return [SANDBOX_EXEC, "-p", profile(readable, inner[0], may_fork=True), *inner]


def quoted(path: str) -> str:
    """A path as an SBPL string. Raises ValueError for one with control characters, which no rule of ours needs."""
    if not path.isprintable():
        raise ValueError(f"a path with control characters cannot be put into a sandbox profile: {path!r}")
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _parents(paths: Sequence[str]) -> list[str]:
    found: dict[str, None] = {"/": None}
    for path in paths:
        parent = os.path.dirname(path)
        while parent not in ("/", ""):
            found[parent] = None
            parent = os.path.dirname(parent)
    return sorted(found)


def _literals(paths: Sequence[str]) -> str:
    return "\n".join(f"  (literal {quoted(path)})" for path in paths)
