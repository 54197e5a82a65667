"""The system calls by which a guest is locked in, through ctypes: nothing needs to be installed.

Each function does one thing and raises OSError where the kernel refuses. Linux on x86_64 and aarch64.
The workshop reads this file with the Python of a repository, which may be an older one.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import stat
import struct
from collections.abc import Iterable, Sequence

_libc = ctypes.CDLL(None, use_errno=True)
_syscall, _prctl_of_libc = _libc.syscall, _libc.prctl
_syscall.restype = ctypes.c_long
_prctl_of_libc.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
_MACHINE = platform.machine()

_SECCOMP = {"x86_64": 317, "aarch64": 277}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446  # the same on every architecture

ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables by which the C libraries of packages start no threads of their own, at 1."""
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_PR_CAPBSET_DROP, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
_SIGKILL = 9

_FS_READ_FILE, _FS_READ_DIR = 4, 8
# Every right that each ABI knows (linux/landlock.h): what is handled and not granted is denied.
_FS_HANDLED = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
_NET_BIND_AND_CONNECT = 3
_SCOPE_ABSTRACT_UNIX_AND_SIGNAL = 3


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _prctl(option: int, argument: int) -> None:
    _check(_prctl_of_libc(option, argument, 0, 0, 0), "prctl")


def die_with_parent() -> None:
    """SIGKILL to this process when its parent ends. Does not outlive an exec of a setuid program."""
    _prctl(_PR_SET_PDEATHSIG, _SIGKILL)


def hide_memory() -> None:
    """Non-dumpable: no other process of the same user may trace this one or read its memory."""
    _prctl(_PR_SET_DUMPABLE, 0)


def no_new_privileges() -> None:
    """No exec can gain privileges from here on; needed before Landlock and seccomp without root."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def drop_capabilities() -> None:
    """Give up every capability, now and for any program to come."""
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = struct.pack("Ii", 0x20080522, 0)
    _check(_syscall(_CAPSET[_MACHINE], header, bytes(24)), "capset")


def drop_user(user: int) -> None:
    """Become `user` for good, in no groups. Needs CAP_SETUID and CAP_SETGID."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def limits(memory_bytes: int, cpu_seconds: int, descriptors: int) -> Sequence[tuple[int, int]]:
    """Which resource, and its limit: address space, CPU time, descriptors; no files written, no core dumps."""
    return (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_NOFILE, descriptors),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    )


def address_space_limit() -> int | None:
    """The hard limit on this process's address space, in bytes; None where there is none."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    return None if hard == resource.RLIM_INFINITY else hard


def landlock_abi() -> int:
    """The kernel's Landlock version; 0 where there is none."""
    return max(0, int(_syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)))


def landlock_ruleset(readable: Iterable[str], listed: Iterable[str]) -> int:
    """A descriptor of the rule "read below these paths, list names below those, and nothing else".

    That is: no writing, no TCP, no signals to others.
    """
    abi = landlock_abi()
    if abi < 1:
        raise OSError("Landlock is not available")
    handled = _FS_HANDLED[min(abi, 5)]
    attributes = struct.pack(
        "QQQ",
        handled,
        _NET_BIND_AND_CONNECT if abi >= 4 else 0,
        _SCOPE_ABSTRACT_UNIX_AND_SIGNAL if abi >= 6 else 0,
    )
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = _check(_syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), 0), "landlock_create_ruleset")
    granted = [*((path, _FS_READ_FILE | _FS_READ_DIR) for path in readable), *((path, _FS_READ_DIR) for path in listed)]
    for path, rights in granted:
        below = os.open(path, os.O_PATH | os.O_CLOEXEC)
        is_folder = stat.S_ISDIR(os.fstat(below).st_mode)
        rule = struct.pack("=Qi", rights if is_folder else _FS_READ_FILE, below)
        _check(_syscall(_LANDLOCK_ADD, ruleset, 1, rule, 0), f"landlock_add_rule({path})")
        os.close(below)
    return ruleset


def landlock_restrict(ruleset: int) -> None:
    """From here on only what `ruleset` grants."""
    _check(_syscall(_LANDLOCK_RESTRICT, ruleset, 0), "landlock_restrict_self")


class Filter:
    """A system call filter, from a BPF program (struct sock_filter[]). Cheap to install, once it is made."""

    def __init__(self, program: bytes) -> None:
        self._buffer = ctypes.create_string_buffer(program, len(program))
        self._fprog = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(self._buffer))

    def install(self) -> None:
        """For this process, for good."""
        _check(_syscall(_SECCOMP[_MACHINE], 1, 0, self._fprog), "seccomp")


def seccomp(program: bytes) -> None:
    """Make such a filter and install it."""
    Filter(program).install()


def seccomp_available() -> bool:
    """Whether the kernel has seccomp filters: it refuses a null filter with EFAULT, not EINVAL."""
    return int(_syscall(_SECCOMP.get(_MACHINE, -1), 1, 0, None)) < 0 and ctypes.get_errno() == 14
