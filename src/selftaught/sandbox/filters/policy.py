"""What a guest may ask of the kernel: the declaration from which the filters are assembled.

A call that stands nowhere here is refused with EPERM. Each list gives its reason; to allow one more call is to add it
below a reason that holds, or to write a new one. Numbers come from Linux's headers, named as there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Profile: TypeAlias = Literal["solution", "improver"]

PROFILES: tuple[Profile, ...] = ("solution", "improver")
"""Who is filtered: a solution computes on its own, an improver may also start threads."""

EPERM, ENOTTY, ENOSYS = 1, 25, 38  # Linux's, on both machines; `errno` would give those of the machine that assembles

_LOW = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Masked:
    """Holds where `argument & mask == value`, over all 64 bits."""

    argument: int
    mask: int
    value: int

    def __str__(self) -> str:
        return f"argument {self.argument} & {self.mask:#x} == {self.value:#x}"


@dataclass(frozen=True, slots=True)
class Among:
    """Holds where the low 32 bits are one of `values`. For what is an `int`, or has its meaning in these bits."""

    argument: int
    values: tuple[int, ...]

    def __str__(self) -> str:
        return f"argument {self.argument} in {', '.join(map(str, self.values))}"


@dataclass(frozen=True, slots=True)
class AtMost:
    """Holds where the low 32 bits, unsigned, are at most `most`. For an `int`: no negative one passes."""

    argument: int
    most: int

    def __str__(self) -> str:
        return f"argument {self.argument} in 0 to {self.most}"


Test: TypeAlias = Masked | Among | AtMost
Rules: TypeAlias = Mapping[str, tuple[Test, ...]]


def only_bits(argument: int, bits: int) -> Masked:
    """No bit but these is set in an `int`. Its high half is not looked at, as the kernel does not either."""
    return Masked(argument, _LOW ^ bits, 0)


def zero(argument: int) -> Masked:
    """An `int` is 0."""
    return Masked(argument, _LOW, 0)


def null(argument: int) -> Masked:
    """A pointer is NULL: both halves are 0."""
    return Masked(argument, 0xFFFFFFFF_FFFFFFFF, 0)


# ---------------------------------------------------------------------------------------------------------- allowed

_ALLOWED = {
    # Needed by every allocation, with `mmap` and `mprotect` below.
    "memory of its own": "brk mremap munmap",
    # Its socket and /dev/null are all that it holds open; whatever it opens is read-only (`openat` below).
    "what is open": "close fstat lseek pread64 read write",
    # Modules are found and read when they are imported. What can be seen is for the mount view and Landlock to say.
    "looking for modules": "getcwd getdents64 lstat newfstatat readlink readlinkat stat",
    # Waiting, asleep or for its socket. (Thread locks wait in `futex`, below.)
    "waiting": "nanosleep poll ppoll pselect6 restart_syscall sched_yield select",
    # Where the kernel offers a clock without a call, these are not even reached.
    "clocks": "gettimeofday time times",
    # Handlers, and a deadline that a program sets itself. Sending a signal is not here, not even to oneself: a
    # process number cannot be told from another's.
    "its own signals": "alarm rt_sigaction rt_sigprocmask rt_sigreturn setitimer sigaltstack",
    "who and where it is": "getegid geteuid getgid getpid getppid getrusage gettid getuid uname",
    "randomness": "getrandom",
    "its own end": "exit exit_group",
}
_ALLOWED_IMPROVER = {"bookkeeping of a new thread": "rseq set_robust_list"}


def allowed(profile: Profile) -> Mapping[str, tuple[str, ...]]:
    """Calls that pass whatever their arguments are: reason → names. Some exist on one machine only."""
    lists = _ALLOWED | _ALLOWED_IMPROVER if profile == "improver" else _ALLOWED
    return {reason: tuple(names.split()) for reason, names in lists.items()}


# ------------------------------------------------------------------------------------------------ allowed by argument

# Read-only opens pass, with these flags; no O_CREAT, O_TRUNC, O_TMPFILE, O_PATH (which Landlock does not judge),
# nor any flag that is yet to be invented. The numbers differ by machine.
_OPEN_FLAGS = {  # in this order: O_NOCTTY, O_NONBLOCK, O_CLOEXEC, O_LARGEFILE, O_DIRECTORY, O_NOFOLLOW
    "x86_64": 0o400 | 0o4000 | 0o2000000 | 0o100000 | 0o200000 | 0o400000,
    "aarch64": 0o400 | 0o4000 | 0o2000000 | 0o400000 | 0o40000 | 0o100000,
}

# No machine code but that of files, which no guest can write: a page is never both writable and executable, nor made
# executable after it was mapped. Shared libraries, which are mapped executable when a module is first imported, need
# no more. What does need it is a callback of ctypes (MemoryError), and a JIT.
_PROT_NONE, _PROT_READ, _PROT_WRITE, _PROT_EXEC = 0, 1, 2, 4
_PROT_BTI = 0x10  # aarch64: guarded branches, which the loader asks for where library and processor have them
_PROT_DATA = (_PROT_NONE, _PROT_READ, _PROT_WRITE, _PROT_READ | _PROT_WRITE)
_PROT_CODE = {
    "x86_64": (_PROT_READ | _PROT_EXEC,),
    "aarch64": (_PROT_READ | _PROT_EXEC, _PROT_READ | _PROT_EXEC | _PROT_BTI),
}

# No F_SETFL: /dev/null is one open file for all guests, its flags would be a channel between them. No record locks,
# leases, notifications or owners: so would they, through files that all may read.
_F_DUPFD, _F_GETFD, _F_SETFD, _F_GETFL, _F_DUPFD_CLOEXEC = 0, 1, 2, 3, 1030

# Only what frees memory or asks for large pages. The others tell of, or change, pages shared with other processes.
_MADV_DONTNEED, _MADV_FREE, _MADV_HUGEPAGE, _MADV_NOHUGEPAGE = 4, 8, 14, 15
_MADV_GUARD_INSTALL, _MADV_GUARD_REMOVE = 102, 103
_ADVICE = (
    _MADV_DONTNEED,
    _MADV_FREE,
    _MADV_HUGEPAGE,
    _MADV_NOHUGEPAGE,
    _MADV_GUARD_INSTALL,
    _MADV_GUARD_REMOVE,
)

# Waking is private: a futex in a library that two guests map would let one wake the other, a channel. Waiting need
# not be, because who joins a thread waits for the kernel's own wake-up at its end. (One such wake-up per thread can be
# turned towards a shared page: all that is left of that channel, and to improvers only.) No priority inheritance:
# nothing of Python's uses it, and its bugs were holes (CVE-2014-3153).
_FUTEX_WAIT, _FUTEX_WAIT_BITSET, _FUTEX_PRIVATE, _FUTEX_CLOCK_REALTIME = 0, 9, 128, 256
_FUTEX_WAKE, _FUTEX_REQUEUE, _FUTEX_CMP_REQUEUE, _FUTEX_WAKE_OP, _FUTEX_WAKE_BITSET = 1, 3, 4, 5, 10
_FUTEX_OPERATIONS = (
    _FUTEX_WAIT | _FUTEX_PRIVATE,
    _FUTEX_WAKE | _FUTEX_PRIVATE,
    _FUTEX_WAIT_BITSET | _FUTEX_PRIVATE,
    _FUTEX_WAIT_BITSET | _FUTEX_PRIVATE | _FUTEX_CLOCK_REALTIME,
    _FUTEX_WAKE_BITSET | _FUTEX_PRIVATE,
    _FUTEX_REQUEUE | _FUTEX_PRIVATE,
    _FUTEX_CMP_REQUEUE | _FUTEX_PRIVATE,
    _FUTEX_WAKE_OP | _FUTEX_PRIVATE,
    _FUTEX_WAIT,
    _FUTEX_WAIT_BITSET,
    _FUTEX_WAIT_BITSET | _FUTEX_CLOCK_REALTIME,
)

# No MSG_OOB, which was a way out of a browser's sandbox (CVE-2025-38236), and no address. Messages that carry
# descriptors need sendmsg and recvmsg, which are refused.
_MSG_DONTWAIT, _MSG_WAITALL, _MSG_NOSIGNAL = 0x40, 0x100, 0x4000

# The clocks of the machine and of the caller. Negative ones are the CPU time of any process, by number.
_CLOCK_TAI = 11

# A thread: all of these shared (what glibc and musl ask for), no others but the optional ones. So no new namespace,
# no second process, no thread with descriptors of its own that would be counted apart.
_CLONE_VM, _CLONE_FS, _CLONE_FILES, _CLONE_SIGHAND = 0x100, 0x200, 0x400, 0x800
_CLONE_THREAD, _CLONE_SYSVSEM, _CLONE_SETTLS = 0x10000, 0x40000, 0x80000
_CLONE_PARENT_SETTID, _CLONE_CHILD_CLEARTID, _CLONE_DETACHED = 0x100000, 0x200000, 0x400000
_CLONE_REQUIRED = _CLONE_VM | _CLONE_FS | _CLONE_FILES | _CLONE_SIGHAND | _CLONE_THREAD | _CLONE_SYSVSEM
_CLONE_OPTIONAL = _CLONE_SETTLS | _CLONE_PARENT_SETTID | _CLONE_CHILD_CLEARTID | _CLONE_DETACHED
_A_THREAD = Masked(0, 0xFFFFFFFF_FFFFFFFF ^ _CLONE_OPTIONAL, _CLONE_REQUIRED)


def conditional(profile: Profile, machine: str) -> Rules:
    """Calls that pass where all their tests hold, and else are refused with EPERM."""
    clocks = (AtMost(0, _CLOCK_TAI),)
    rules: dict[str, tuple[Test, ...]] = {
        "futex": (Among(1, _FUTEX_OPERATIONS),),
        "clock_gettime": clocks,
        "clock_nanosleep": clocks,
        "clock_getres": clocks,
        "mmap": (Among(2, _PROT_DATA + _PROT_CODE[machine]),),
        "mprotect": (Among(2, _PROT_DATA),),
        "madvise": (Among(2, _ADVICE),),
        "openat": (only_bits(2, _OPEN_FLAGS[machine]),),
        "open": (only_bits(1, _OPEN_FLAGS[machine]),),
        "fcntl": (Among(1, (_F_DUPFD, _F_GETFD, _F_SETFD, _F_GETFL, _F_DUPFD_CLOEXEC)),),
        "recvfrom": (only_bits(3, _MSG_DONTWAIT | _MSG_WAITALL), null(4)),
        "sendto": (only_bits(3, _MSG_DONTWAIT | _MSG_NOSIGNAL), null(4)),
        # One's own, by 0: with a number they would tell which processes exist. Limits can be read, not set.
        "prlimit64": (zero(0), null(2)),
        "sched_getaffinity": (zero(0),),
    }
    if profile == "improver":
        rules["clone"] = (_A_THREAD,)
    return rules


# ----------------------------------------------------------------------------------------------------------- answered

ANSWERED: Mapping[str, int] = {
    # Its flags lie in memory, where a filter cannot look. The C library falls back to `clone` on this answer alone.
    "clone3": ENOSYS,
    # Nothing here is a terminal or a device: what isatty() expects to hear, and os.set_inheritable() to fall back.
    "ioctl": ENOTTY,
}

# ------------------------------------------------------------------------------------------------------------- killed

_KILLED = {
    "reaching into other processes": "kcmp pidfd_getfd pidfd_send_signal process_vm_readv process_vm_writev ptrace",
    "becoming another program": "execve execveat",
    "another view of the machine": """chroot fsconfig fsmount fsopen fspick mount mount_setattr move_mount open_tree
        open_tree_attr pivot_root setns umount2 unshare""",
    "files past their names": "fanotify_init lookup_dcookie name_to_handle_at open_by_handle_at",
    "the kernel's keys": "add_key keyctl request_key",
    "more of the kernel than a filter sees": """bpf io_uring_enter io_uring_register io_uring_setup perf_event_open
        seccomp userfaultfd""",
    "code in the kernel": """create_module delete_module finit_module get_kernel_syms init_module kexec_file_load
        kexec_load query_module""",
    "the machine itself": """acct ioperm iopl modify_ldt nfsservctl personality quotactl quotactl_fd reboot swapoff
        swapon""",
}


def killed() -> Mapping[str, tuple[str, ...]]:
    """Calls that end the guest with SIGSYS, which is on record: reason → names.

    No honest program makes them: even `subprocess` has failed before it comes to `execve`. What honest libraries try
    for and can do without (`fork`, `socket`, `pidfd_open`, `landlock_create_ruleset`, …) is refused, not killed.
    """
    return {reason: tuple(names.split()) for reason, names in _KILLED.items()}


def names(lists: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """All names below all reasons."""
    return tuple(name for below in lists.values() for name in below)


# ---------------------------------------------------------------------------------------------------------- workshop

_CLONE_NEW = 0x80 | 0x20000 | 0x2000000 | 0x4000000 | 0x8000000 | 0x10000000 | 0x20000000 | 0x40000000
"""Flags of `clone` that make a new namespace: of time, files, control groups, names, messages, users, pids, network."""
_DOMAINS = (1, 2, 10)
"""Sockets: of this machine, and of a network that is not there."""


def workshop() -> Mapping[str, int | tuple[Test, ...]]:
    """What a workshop is refused, with which error, or unless its tests hold; the rest passes.

    Programs, threads and pipes are what it is for. So it is held by its namespaces, its mount view and its user; this
    takes away what only tools of escape need.
    """
    refused = dict.fromkeys(set(names(killed())) - {"execve", "execveat"}, EPERM)
    return {**refused, "clone3": ENOSYS, "clone": (Masked(0, _CLONE_NEW, 0),), "socket": (Among(0, _DOMAINS),)}
