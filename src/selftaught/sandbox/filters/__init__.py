"""The system call filters: what a locked-in guest may still ask of the kernel.

THEORY OF OPERATION

A guest is a forked child of the warm interpreter. The last thing it does before it reads untrusted source is to install
one of these filters, which it can never take off again. From then on the kernel runs the filter before every system
call of every thread of it. The filter sees the number, the architecture and the six arguments, never the memory that
they point to; so it judges numbers, flags and null pointers, and what has its flags in memory is not allowed at all.

The rule is: refused unless listed. There are four answers.

    allowed     what Python, numpy and the C library below them need in order to compute, wait, talk on a socket that
                is already open, and import modules. That is memory, read and write on what is open, read-only opens,
                clocks, sleeping, randomness. Some of these pass with certain arguments only. Code can be mapped from
                files, as an import of a shared library does, but not made: no page is ever written and then executed.
    refused     EPERM, which Python raises as PermissionError. An honest program that tries and can do without goes on:
                no new socket, process, thread, pipe, file to write; no signal, not even to itself; no limit raised.
    answered    `clone3` with ENOSYS and `ioctl` with ENOTTY, because the C library and Python go on from these.
    killed      SIGSYS for the whole process: tools of escape that no honest program tries (ptrace, mount, bpf,
                io_uring, execve, …). The host sees the signal and puts it on record.

Two profiles: "solution" has no threads at all, "improver" may `clone` with exactly the flags of a thread.

What follows for a guest's side: after the lock there is no `socket()`, `dup2()`, `prctl()` or `fork()`, no
`settimeout()` on a socket (it needs ioctl), no second filter (`seccomp` kills). Descriptors come neither in nor out,
since sendmsg and recvmsg are refused. Whatever needs one of these is done before. A guest's asyncio has a loop of its
own, without the usual pair of sockets (`guest/event_loop.py`). A program must do without callbacks from C through
ctypes (they are made code), and without writing even to /dev/null, which a filter cannot tell from another file.

Guests are kept from telling each other anything through the kernel: no record locks, leases, shared futex wake-ups,
changeable flags of open files that they share, pages' state in the cache, load figures, or other processes' numbers
and CPU clocks. What remains is time itself (how busy the processor and its caches are), and which files exist, where
the mount view shows them.

What a filter does not do: it does not know one file from another, nor how much memory or time is taken. Mount view and
Landlock, rlimits and the host's clocks do. And what is allowed still reaches the kernel, with whatever bugs that has.
Since Linux 6.14 `uretprobe` and `uprobe` of x86_64 pass by every filter; called by a program, they end it (SIGILL).

Verified with glibc. musl wakes threads by shared futexes in places, so its improvers are not promised anything.

policy.py    what is allowed, refused, answered, killed, each with its reason: the only file to edit
numbers.py   the number of every system call
assemble.py  policy + numbers → the filter's bytes; `filter_program`
pins.py      the hash of each filter, so that none changes unnoticed; written by `--pin`
__main__.py  `python -m selftaught.sandbox.filters`: the policy as a table, for people; `--pin`
"""

from selftaught.sandbox.filters.assemble import filter_program
from selftaught.sandbox.filters.policy import PROFILES, Profile

__all__ = ["PROFILES", "Profile", "filter_program"]
