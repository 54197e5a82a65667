"""Every number, architecture and edge of an argument, fed to the filters and compared with the declared policy."""

import hashlib
import os
import platform
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.filters import bpf
from selftaught.core.errors import NoSandbox, SandboxError
from selftaught.sandbox.filters import __main__ as command
from selftaught.sandbox.filters import assemble, filter_program, pins, policy
from selftaught.sandbox.filters.assemble import ALLOW, ARCHITECTURES, KILL, REFUSE, X32_BIT
from selftaught.sandbox.filters.numbers import MACHINES, numbers

EPERM, ENOTTY, ENOSYS = (REFUSE | error for error in (1, 25, 38))
BOTH = [(profile, machine) for machine in MACHINES for profile in policy.PROFILES]
CODE = {both: bpf.decoded(filter_program(*both)) for both in BOTH}
NOTHING = (0,) * 6
EVERYTHING = ((1 << 64) - 1,) * 6
HIGH = 1 << 32
WRITING = os.O_WRONLY, os.O_RDWR, 3, os.O_CREAT, os.O_TRUNC, os.O_APPEND, os.O_EXCL  # equal on both machines

each_filter = pytest.mark.parametrize(("profile", "machine"), BOTH)


def answer(profile: policy.Profile, machine: str, name: str, *arguments: int) -> int:
    padded = (*arguments, *NOTHING)[:6]
    return bpf.run(CODE[profile, machine], numbers(machine)[name], ARCHITECTURES[machine], padded)


def holds(test: policy.Test, arguments: Sequence[int]) -> bool:
    given_ = arguments[test.argument]
    match test:
        case policy.Masked(mask=mask, value=value):
            return given_ & mask == value
        case policy.Among(values=values):
            return given_ % HIGH in values
        case policy.AtMost(most=most):
            return given_ % HIGH <= most


def declared(profile: policy.Profile, machine: str, number: int, arguments: Sequence[int]) -> int:
    """The policy's answer for a call of this machine's own kind, worked out in the plainest way."""
    name = {n: name for name, n in numbers(machine).items()}.get(number, "")
    rules = policy.conditional(profile, machine)
    if name in policy.names(policy.allowed(profile)):
        return ALLOW
    if name in rules:
        return ALLOW if all(holds(test, arguments) for test in rules[name]) else EPERM
    if name in policy.ANSWERED:
        return REFUSE | policy.ANSWERED[name]
    return KILL if name in policy.names(policy.killed()) else EPERM


# -------------------------------------------------------------------------------------------------- every number


@each_filter
@pytest.mark.parametrize("arguments", [NOTHING, EVERYTHING, tuple(range(1, 7))], ids=["zeros", "ones", "small"])
def test_every_number_is_answered_as_declared(
    profile: policy.Profile, machine: str, arguments: tuple[int, ...]
) -> None:
    code, architecture = CODE[profile, machine], ARCHITECTURES[machine]
    every = [*range(1024), 0x3FFFFFFF, 0x80000000, 0xBFFFFFFF]
    found = {number: bpf.run(code, number, architecture, arguments) for number in every}
    assert found == {number: declared(profile, machine, number, arguments) for number in every}


@pytest.mark.parametrize("profile", policy.PROFILES)
def test_every_x32_number_is_killed(profile: policy.Profile) -> None:
    every = [*(X32_BIT | number for number in range(1024)), 0x7FFFFFFF, 0xC0000000, 0xFFFFFFFF]
    found = {bpf.run(CODE[profile, "x86_64"], number, ARCHITECTURES["x86_64"]) for number in every}
    assert found == {KILL}


@each_filter
def test_every_number_of_another_architecture_is_killed(profile: policy.Profile, machine: str) -> None:
    i386, arm, x86_64, aarch64, big_endian = 0x40000003, 0x40000028, 0xC000003E, 0xC00000B7, 0x800000B7
    others = {0, i386, arm, x86_64, aarch64, big_endian, 0xFFFFFFFF} - {ARCHITECTURES[machine]}
    found = {bpf.run(CODE[profile, machine], number, other) for other in others for number in range(1024)}
    assert found == {KILL}


# ----------------------------------------------------------------------------------- what must hold, in plain figures


@each_filter
def test_tools_of_escape_are_killed(profile: policy.Profile, machine: str) -> None:
    tools = """ptrace process_vm_readv process_vm_writev pidfd_getfd pidfd_send_signal execve execveat mount umount2
        open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr pivot_root chroot setns unshare bpf
        io_uring_setup io_uring_enter io_uring_register userfaultfd perf_event_open keyctl add_key request_key
        open_by_handle_at name_to_handle_at kexec_load kexec_file_load init_module finit_module delete_module
        swapon swapoff reboot seccomp personality acct quotactl fanotify_init""".split()
    assert {name: answer(profile, machine, name) for name in tools} == dict.fromkeys(tools, KILL)


@each_filter
def test_what_reaches_others_is_refused(profile: policy.Profile, machine: str) -> None:
    calls = """socket socketpair connect bind listen accept accept4 sendmsg recvmsg sendmmsg recvmmsg setsockopt
        kill tkill tgkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open memfd_create memfd_secret shmget shmat semget
        msgget mq_open flock inotify_init1 eventfd2 epoll_create1 pipe2 dup3 splice mincore process_madvise sysinfo
        prctl setuid capset setrlimit openat2 unlinkat mkdirat renameat2 linkat symlinkat mknodat fchmodat fchownat
        utimensat truncate ftruncate fallocate pwrite64 writev landlock_restrict_self set_tid_address wait4
        pkey_mprotect remap_file_pages mlock chdir close_range statx preadv2 futex_waitv futex_wake""".split()
    assert {name: answer(profile, machine, name) for name in calls} == dict.fromkeys(calls, EPERM)


@pytest.mark.parametrize("profile", policy.PROFILES)
def test_legacy_calls_of_x86_64_are_no_way_around(profile: policy.Profile) -> None:
    calls = "fork vfork creat pipe dup2 getdents epoll_create eventfd inotify_init unlink rename arch_prctl".split()
    assert {name: answer(profile, "x86_64", name) for name in calls} == dict.fromkeys(calls, EPERM)


@each_filter
def test_the_c_library_is_told_to_fall_back(profile: policy.Profile, machine: str) -> None:
    assert [answer(profile, machine, "clone3"), answer(profile, machine, "ioctl", 0, 0x5401)] == [ENOSYS, ENOTTY]


@each_filter
@pytest.mark.parametrize("flag", WRITING)
def test_a_writing_open_is_refused(profile: policy.Profile, machine: str, flag: int) -> None:
    assert answer(profile, machine, "openat", 0, 0, flag | 0o2000000) == EPERM


@pytest.mark.parametrize("profile", policy.PROFILES)
def test_the_old_open_is_judged_by_its_own_argument(profile: policy.Profile) -> None:
    assert answer(profile, "x86_64", "open", 0, 0o2000000, 0o777) == ALLOW
    assert {answer(profile, "x86_64", "open", 0, flag, 0) for flag in WRITING} == {EPERM}


@pytest.mark.skipif(platform.machine() not in MACHINES, reason="flags are compared with those of this machine")
@pytest.mark.parametrize("profile", policy.PROFILES)
def test_the_flags_of_an_open_are_those_that_python_has_here(profile: policy.Profile) -> None:
    machine = platform.machine()
    reading = [os.O_RDONLY, os.O_CLOEXEC, os.O_DIRECTORY | os.O_NONBLOCK | os.O_CLOEXEC, os.O_NOFOLLOW, os.O_NOCTTY]
    other = [os.O_PATH, os.O_TMPFILE, os.O_DIRECT, os.O_NOATIME, os.O_ASYNC, os.O_SYNC, os.O_DSYNC, os.O_APPEND]
    assert {answer(profile, machine, "openat", 0, 0, flags) for flags in reading} == {ALLOW}
    assert {answer(profile, machine, "openat", 0, 0, flags) for flags in other} == {EPERM}


@each_filter
def test_the_flags_of_an_open_are_those_of_each_machine(profile: policy.Profile, machine: str) -> None:
    direct, directory, nofollow, largefile, path, tmpfile = {
        "x86_64": (0o40000, 0o200000, 0o400000, 0o100000, 0o10000000, 0o20200000),
        "aarch64": (0o200000, 0o40000, 0o100000, 0o400000, 0o10000000, 0o20040000),
    }[machine]
    reading, other = {0, directory, nofollow, largefile}, {direct, path, tmpfile}
    assert {answer(profile, machine, "openat", 0, 0, flags) for flags in reading} == {ALLOW}
    assert {answer(profile, machine, "openat", 0, 0, flags) for flags in other} == {EPERM}


@each_filter
def test_no_page_is_both_written_and_executed(profile: policy.Profile, machine: str) -> None:
    mapped = {prot for prot in range(1 << 12) if answer(profile, machine, "mmap", 0, 0, prot) == ALLOW}
    changed = {prot for prot in range(1 << 12) if answer(profile, machine, "mprotect", 0, 0, prot) == ALLOW}
    guarded = {0x15} if machine == "aarch64" else set()
    assert (mapped, changed) == ({0, 1, 2, 3, 5} | guarded, {0, 1, 2, 3})


GLIBC_THREAD = 0x3D0F00  # what pthread_create passes to clone
THREAD_FLAGS = [1 << bit for bit in range(64) if GLIBC_THREAD >> bit & 1]
NEEDED = [flag for flag in THREAD_FLAGS if flag not in (0x80000, 0x100000, 0x200000)]


@pytest.mark.parametrize("machine", MACHINES)
def test_an_improver_may_start_a_thread_and_nothing_else(machine: str) -> None:
    def clone(flags: int) -> int:
        return answer("improver", machine, "clone", flags)

    fork, vfork, musl_thread = 0x1200011, 0x4111, 0x7D0F00
    added = [GLIBC_THREAD | 1 << bit for bit in range(64) if not (musl_thread >> bit & 1)]
    assert [clone(GLIBC_THREAD), clone(musl_thread)] == [ALLOW, ALLOW]
    assert {clone(flags) for flags in (0, fork, vfork, *added)} == {EPERM}
    assert {clone(GLIBC_THREAD & ~flag) for flag in NEEDED} == {EPERM}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_solution_may_not_even_start_a_thread(machine: str) -> None:
    assert answer("solution", machine, "clone", GLIBC_THREAD) == EPERM


@each_filter
def test_what_is_asked_of_a_process_is_asked_of_oneself(profile: policy.Profile, machine: str) -> None:
    of_process_1 = (~1 << 3 | 2) & 0xFFFFFFFF
    assert [
        answer(profile, machine, "prlimit64", 0, 9, 0, 1),
        answer(profile, machine, "prlimit64", 1, 9, 0, 1),
        answer(profile, machine, "prlimit64", 0, 9, 1, 0),
        answer(profile, machine, "prlimit64", 0, 9, HIGH, 0),
        answer(profile, machine, "sched_getaffinity", 0),
        answer(profile, machine, "sched_getaffinity", 1),
        answer(profile, machine, "clock_gettime", 3),
        answer(profile, machine, "clock_gettime", of_process_1),
    ] == [ALLOW, EPERM, EPERM, EPERM, ALLOW, EPERM, ALLOW, EPERM]


@each_filter
def test_record_locks_and_shared_wake_ups_are_refused(profile: policy.Profile, machine: str) -> None:
    allowed = [command for command in range(2048) if answer(profile, machine, "fcntl", 3, command) == ALLOW]
    waits, private = {0, 9, 265}, {128, 129, 131, 132, 133, 137, 138, 393}
    operations = {op for op in range(512) if answer(profile, machine, "futex", 0, op) == ALLOW}
    assert (allowed, operations) == ([0, 1, 2, 3, 1030], waits | private)


@each_filter
def test_a_socket_passes_bytes_and_no_address(profile: policy.Profile, machine: str) -> None:
    oob, peek, nosignal, waitall = 1, 2, 0x4000, 0x100
    assert [
        answer(profile, machine, "sendto", 3, 1, 1, nosignal, 0),
        answer(profile, machine, "sendto", 3, 1, 1, oob, 0),
        answer(profile, machine, "sendto", 3, 1, 1, 0, HIGH),
        answer(profile, machine, "recvfrom", 3, 1, 1, waitall, 0),
        answer(profile, machine, "recvfrom", 3, 1, 1, peek, 0),
        answer(profile, machine, "recvfrom", 3, 1, 1, 0, 1),
    ] == [ALLOW, EPERM, EPERM, ALLOW, EPERM, EPERM]


# ------------------------------------------------------------------------------------------------ edges of arguments

JUDGED = sorted({(p, m, name) for p, m in BOTH for name in policy.conditional(p, m) if name in numbers(m)})


def edges(tests: Sequence[policy.Test]) -> set[int]:
    """The values on which these tests turn."""
    found = {0, 1, HIGH - 1, HIGH, (1 << 64) - 1}
    for test in tests:
        match test:
            case policy.Masked(mask=mask, value=value):
                found |= {value, mask, value | mask ^ (HIGH - 1), *(value ^ 1 << bit for bit in range(64))}
            case policy.Among(values=values):
                found |= {v + by for v in values for by in (-1, 0, 1)} | {
                    v | 1 << bit for v in values for bit in range(64)
                }
            case policy.AtMost(most=most):
                found |= {most, most + 1, 1 << 31}
    return {value % (1 << 64) for value in found}


@pytest.mark.parametrize(("profile", "machine", "name"), JUDGED)
def test_every_edge_of_a_judged_argument_is_answered_as_declared(
    profile: policy.Profile, machine: str, name: str
) -> None:
    tests = policy.conditional(profile, machine)[name]
    passing = [0] * 6  # a call that passes, changed in one argument at a time
    for test in tests:
        passing[test.argument] = test.values[0] if isinstance(test, policy.Among) else getattr(test, "value", 0)
    assert answer(profile, machine, name, *passing) == ALLOW
    for position in range(6):
        for value in sorted(edges(tests)):
            arguments = [*passing[:position], value, *passing[position + 1 :]]
            expected = declared(profile, machine, numbers(machine)[name], arguments)
            assert answer(profile, machine, name, *arguments) == expected, (name, arguments)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_arguments_of_a_judged_call_are_answered_as_declared(data: st.DataObject) -> None:
    profile, machine, name = data.draw(st.sampled_from(JUDGED))
    values = st.sampled_from(sorted(edges(policy.conditional(profile, machine)[name])))
    halves = st.builds(lambda low, high: low % HIGH | high << 32, values, st.sampled_from([0, 1, 0x80000000, HIGH - 1]))
    arguments = data.draw(st.lists(values | halves | st.integers(0, (1 << 64) - 1), min_size=6, max_size=6))
    expected = declared(profile, machine, numbers(machine)[name], arguments)
    assert answer(profile, machine, name, *arguments) == expected


# ---------------------------------------------------------------------------------------------------- what is shipped


def test_the_pins_are_those_of_todays_policy() -> None:
    with open(pins.__file__) as text:
        assert text.read() == command.pins()
    hashes = {both: hashlib.sha256(filter_program(*both)).hexdigest() for both in BOTH}
    assert hashes == pins.PINS


def test_a_filter_that_is_not_the_pinned_one_is_not_given_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(pins.PINS, ("solution", "x86_64"), "0" * 64)
    filter_program.cache_clear()
    with pytest.raises(SandboxError, match="pinned is 0000"):
        filter_program("solution", "x86_64")
    monkeypatch.delitem(pins.PINS, ("solution", "x86_64"))
    with pytest.raises(SandboxError, match="pinned is nothing"):
        filter_program("solution", "x86_64")


def test_a_machine_without_a_filter_is_named() -> None:
    with pytest.raises(NoSandbox, match="riscv64 machine: there are those of x86_64, aarch64"):
        filter_program("solution", "riscv64")


def test_an_unknown_profile_is_no_filter_at_all() -> None:
    with pytest.raises(ValueError, match="no profile ''"):
        filter_program("", "x86_64")


def test_the_searched_number_is_found_in_few_steps() -> None:
    depths = [_longest_way(assemble.assemble(*both)) for both in BOTH]
    assert max(depths) < 40


def _longest_way(code: Sequence[assemble.Instruction]) -> int:
    longest: dict[int, int] = {}
    for position in reversed(range(len(code))):
        step = code[position]
        jumps = {0x06: [], 0x05: [step.value]}.get(step.code, [step.then, step.otherwise])
        longest[position] = 1 + max((longest[position + 1 + jump] for jump in jumps), default=0)
    return longest[0]


def test_the_table_for_people_names_every_call_of_the_policy() -> None:
    text = "\n".join(command.listing("improver", "x86_64"))
    listed = {
        *policy.names(policy.allowed("improver")),
        *policy.conditional("improver", "x86_64"),
        *policy.ANSWERED,
        *policy.names(policy.killed()),
    }
    assert listed <= set(text.split())
    assert hashlib.sha256(filter_program("improver", "x86_64")).hexdigest() in text
