"""The kernel: tools of escape end a guest, and no part of the kernel carries messages between guests."""

import contextlib
import ctypes
import fcntl
import os
import platform
import secrets
import struct
from pathlib import Path

import pytest

from attacks.arena import CALLS, held, improve, raid, refused, solve
from attacks.prey import Prey
from selftaught.core.contracts import Verdict
from selftaught.guest import wire
from selftaught.sandbox.filters.numbers import numbers
from selftaught.sandbox.jail import Jail

pytestmark = pytest.mark.attack

MACHINE = platform.machine()
FATAL = {
    "a-user-namespace": "'unshare', 0x10000000",
    "a-mount-namespace": "'unshare', 0x20000",
    "a-process-namespace": "'unshare', 0x20000000",
    "a-network-namespace": "'unshare', 0x40000000",
    "the-namespace-of-another": "'setns', 3, 0",
    "a-mount": "'mount', b'none', b'/tmp', b'tmpfs', 0, 0",
    "an-unmount": "'umount2', b'/usr', 2",
    "a-mount-of-the-new-kind": "'fsopen', b'tmpfs', 0",
    "a-tree-to-mount": "'open_tree', -100 & 0xffffffff, b'/', 1",
    "a-moved-mount": "'move_mount', 3, b'', 3, b'/', 4",
    "mount-attributes": "'mount_setattr', -100 & 0xffffffff, b'/', 0, bytes(32), 32",
    "a-root-of-its-own": "'chroot', b'/usr'",
    "a-turned-root": "'pivot_root', b'/usr', b'/usr'",
    "a-ring-of-calls": "'io_uring_setup', 8, bytes(120)",
    "a-program-in-the-kernel": "'bpf', 0, bytes(64), 64",
    "a-key": "'add_key', b'user', b'name', b'data', 4, 0xfffffffd",
    "a-keyring": "'keyctl', 0, 0xfffffffd, 1",
    "a-requested-key": "'request_key', b'user', b'name', 0, 0xfffffffd",
    "its-own-page-faults": "'userfaultfd', 0",
    "performance-events": "'perf_event_open', bytes(112), 0, -1 & 0xffffffff, -1 & 0xffffffff, 0",
    "a-handle-of-a-file": "'name_to_handle_at', -100 & 0xffffffff, b'/usr', bytes(128), bytes(4), 0",
    "a-file-by-handle": "'open_by_handle_at', -100 & 0xffffffff, bytes(128), 0",
    "another-personality": "'personality', 0x0400000",
    "a-second-filter": "'seccomp', 1, 0, 0",
    "a-module": "'finit_module', 3, b'', 0",
    "another-kernel": "'kexec_load', 0, 0, 0, 0",
    "swapping-off": "'swapoff', b'/nowhere'",
    "accounting": "'acct', b'/nowhere'",
    "quotas": "'quotactl', 0, b'/', 0, 0",
    "watching-all-files": "'fanotify_init', 0, 0",
    "comparing-processes": "'kcmp', 1, 1, 0, 0, 0",
    "memory-of-another": "'process_vm_readv', 1, 0, 0, 0, 0, 0",
    "writing-memory-of-another": "'process_vm_writev', 1, 0, 0, 0, 0, 0",
    "being-traced": "'ptrace', 0, 0, 0, 0",
    "another-program": "'execve', b'/bin/sh', 0, 0",
    "another-program-by-descriptor": "'execveat', 3, b'', 0, 0, 0x1000",
}
FATAL_ON_X86 = {
    "segments-of-its-own": "'modify_ldt', 1, bytes(16), 16",
    "input-and-output-ports": "'iopl', 3",
    "a-number-of-the-x32-kind": "0x40000000 | 39",
    "a-file-by-a-number-of-the-x32-kind": "0x40000002, b'/etc/passwd', 0",
}
EVERY_FATAL = FATAL | (FATAL_ON_X86 if MACHINE == "x86_64" else {})


@pytest.mark.parametrize("what", EVERY_FATAL)
def test_a_tool_of_escape_is_fatal(isolating_sandbox: Jail, what: str) -> None:
    outcome = raid(isolating_sandbox, CALLS + f"def f(): return call({EVERY_FATAL[what]})")
    assert outcome.verdict is Verdict.FORBIDDEN


@pytest.mark.parametrize("what", ["a-user-namespace", "a-ring-of-calls", "another-program"])
def test_a_tool_of_escape_is_fatal_to_an_improver(isolating_sandbox: Jail, what: str) -> None:
    outcome = improve(isolating_sandbox, CALLS + f"def f(s, u, l): return call({FATAL[what]})")
    assert outcome.verdict is Verdict.FORBIDDEN


@pytest.mark.parametrize("what", ["a-user-namespace", "a-ring-of-calls", "another-program"])
def test_a_tool_of_escape_is_fatal_to_a_thread(isolating_sandbox: Jail, what: str) -> None:
    source = f"""{CALLS}
import threading
def f(s, u, l):
    thread = threading.Thread(target=lambda: call({FATAL[what]}))
    thread.start()
    thread.join()
"""
    assert improve(isolating_sandbox, source).verdict is Verdict.FORBIDDEN


REFUSED = {
    "being-dumpable": "'prctl', 4, 1, 0, 0, 0",
    "outliving-its-parent": "'prctl', 1, 0, 0, 0, 0",
    "another-name": "'prctl', 15, b'innocent', 0, 0, 0",
    "reaping-for-others": "'prctl', 36, 1, 0, 0, 0",
    "becoming-root": "'setuid', 0",
    "becoming-another": "'setresuid', 1, 1, 1",
    "another-group": "'setgid', 0",
    "more-groups": "'setgroups', 1, bytes(4)",
    "capabilities": "'capset', struct.pack('Ii', 0x20080522, 0), b'\\xff' * 24",
    "a-pipe": "'pipe2', bytearray(8) and ctypes.create_string_buffer(8), 0",
    "a-counter-for-events": "'eventfd2', 0, 0",
    "a-timer-by-descriptor": "'timerfd_create', 0, 0",
    "signals-by-descriptor": "'signalfd4', -1 & 0xffffffff, bytes(8), 8, 0",
    "waiting-by-descriptor": "'epoll_create1', 0",
    "watching-a-folder": "'inotify_init1', 0",
    "a-ruleset-of-its-own": "'landlock_create_ruleset', 0, 0, 1",
    "a-message-queue": "'mq_open', b'mine', 0o102, 0o600, 0",
    "a-secret-memory": "'memfd_secret', 0",
    "locked-memory": "'mlockall', 3",
    "moved-pages": "'move_pages', 0, 0, 0, 0, 0, 0",
    "what-is-cached": "'mincore', 0, 4096, bytes(1)",
    "the-load": "'sysinfo', ctypes.create_string_buffer(128)",
    "the-log-of-the-kernel": "'syslog', 3, ctypes.create_string_buffer(128), 128",
    "the-clock-of-the-machine": "'clock_settime', 0, bytes(16)",
    "the-name-of-the-machine": "'sethostname', b'mine', 4",
    "a-record-of-waiting": "'get_robust_list', 1, ctypes.create_string_buffer(8), ctypes.create_string_buffer(8)",
    "memory-given-up-by-another": "'process_madvise', 3, 0, 0, 0, 0",
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_thing_that_honest_programs_do_without_is_refused(isolating_sandbox: Jail, what: str) -> None:
    source = CALLS + f"import struct\ndef f(): return call({REFUSED[what]})"
    outcome = raid(isolating_sandbox, source)
    assert (outcome.verdict, outcome.value) == (Verdict.OK, -1)  # EPERM


def test_typing_into_the_terminal_of_the_user_does_nothing(isolating_sandbox: Jail) -> None:
    """TIOCSTI, with the high bits of CVE-2019-10063, on every descriptor."""
    requests = [0x5412, 0x5412 | 1 << 32, 0x541C]
    source = CALLS + "def f(requests): return [call('ioctl', fd, r, b'x') for fd in range(4) for r in requests]"
    assert raid(isolating_sandbox, source, requests).value == [-25] * 12  # ENOTTY


# machine code

CODE = {"x86_64": "b839050000c3", "aarch64": "20a78052c0035fd6"}[MACHINE]  # return 1337
BY_PAGE = """
import ctypes, mmap
def f(code):
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(bytes.fromhex(code))
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""
BY_CHANGE = """
import ctypes
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
def f(code):
    place = libc.mmap(None, 4096, 3, 0x22, -1, 0)
    ctypes.memmove(place, bytes.fromhex(code), len(code) // 2)
    libc.mprotect(ctypes.c_void_p(place), 4096, 5)
    return ctypes.CFUNCTYPE(ctypes.c_int)(place)()
"""


@pytest.mark.parametrize("source", [BY_PAGE, BY_CHANGE], ids=["a-page-to-write-and-run", "data-turned-into-code"])
def test_machine_code_of_its_own_does_not_run(every_sandbox: Jail, source: str) -> None:
    held(every_sandbox, raid(every_sandbox, source, CODE).value == 1337)


@pytest.mark.skipif(MACHINE != "x86_64", reason="calls of the 32-bit kind are x86's")
def test_calls_of_the_32_bit_kind_do_not_pass_by_the_filter(every_sandbox: Jail) -> None:
    outcome = raid(every_sandbox, BY_PAGE, "b814000000cd80c3")  # getpid of i386, by int 0x80
    held(every_sandbox, outcome.verdict is Verdict.OK, toothed=False)  # the kernel may be built without


@pytest.mark.skipif(MACHINE != "x86_64", reason="uretprobe is x86's")
def test_a_call_that_passes_by_every_filter_ends_the_guest(isolating_sandbox: Jail) -> None:
    outcome = raid(isolating_sandbox, CALLS + "def f(): return call(335)")
    assert outcome.verdict is Verdict.CRASHED or outcome.value in (-1, -38)


# messages between guests

LIBRARY = wire.__file__
LOCK = """
import fcntl
def f(path, utility, language_model):
    global held
    held = open(path)
    try: {way}
    except OSError: pass
    utility('')
"""


def locks(jail: Jail, way: str) -> bool:
    """Whether a guest that holds a lock on a file that all guests can read is noticed by another process."""
    noticed: list[bool] = []

    def look(program: str) -> float:
        with open(LIBRARY, "rb") as ours:
            answer = fcntl.fcntl(ours, fcntl.F_GETLK, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))
            try:
                fcntl.flock(ours, fcntl.LOCK_EX | fcntl.LOCK_NB)
                free = True
            except BlockingIOError:
                free = False
        noticed.append(struct.unpack("hhqqi", answer)[0] != fcntl.F_UNLCK or not free)
        return 1.0

    improve(jail, LOCK.format(way=way), {"utility": look}, solution=LIBRARY)
    return noticed == [True]


@pytest.mark.parametrize("way", ["fcntl.lockf(held, fcntl.LOCK_SH)", "fcntl.flock(held, fcntl.LOCK_SH)"])
def test_a_lock_on_a_shared_file_tells_nobody(every_sandbox: Jail, way: str) -> None:
    held(every_sandbox, locks(every_sandbox, way))


@pytest.mark.parametrize(("table", "name"), [("shm", "shmget"), ("msg", "msgget"), ("sem", "semget")])
def test_what_system_v_keeps_is_not_left_behind(every_sandbox: Jail, table: str, name: str) -> None:
    key = 1 + secrets.randbelow(1 << 30)
    size = {"shmget": "4096, ", "msgget": "", "semget": "1, "}[name]
    outcome = raid(every_sandbox, CALLS + f"def f(key): return call('{name}', key, {size}0o1600)", key)
    lines = Path(f"/proc/sysvipc/{table}").read_text().splitlines()[1:]
    left = any(line.split()[0] == str(key) for line in lines)
    if left:
        with contextlib.suppress(OSError):
            forget(table, int(outcome.value))
    held(every_sandbox, left)


def forget(table: str, number: int) -> None:
    """Remove what the control has left."""
    control = {"shm": "shmctl", "msg": "msgctl", "sem": "semctl"}[table]
    arguments = (number, 0, 0) if table != "sem" else (number, 0, 0, 0)  # IPC_RMID
    ctypes.CDLL(None).syscall(numbers(MACHINE)[control], *arguments)


def test_the_shared_null_device_keeps_no_state(isolating_sandbox: Jail) -> None:
    leave = "import os, fcntl\ndef f():\n    os.lseek(0, 77, 0)\n    return fcntl.fcntl(0, fcntl.F_SETFL, os.O_APPEND)"
    find = (
        "import os, fcntl\ndef f(): return [os.lseek(0, 0, os.SEEK_CUR), fcntl.fcntl(0, fcntl.F_GETFL) & os.O_APPEND]"
    )
    assert refused(raid(isolating_sandbox, leave))
    for _ in isolating_sandbox.worker_pids():
        assert raid(isolating_sandbox, find).value == [0, 0]


def test_no_memory_is_shared_with_other_guests_for_writing(isolating_sandbox: Jail) -> None:
    """What a zygote maps, its guests do. An ordinary user may look only into a user namespace of its own."""
    for pid in isolating_sandbox.worker_pids():
        try:
            lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
        except PermissionError:
            assert os.geteuid() != 0 and "user namespace" not in isolating_sandbox.layers
            continue
        rights = [line.split()[1] for line in lines]
        assert [right for right in rights if "w" in right and "s" in right] == []


def test_a_file_is_not_left_in_a_later_call_either(isolating_sandbox: Jail, prey: Prey) -> None:
    source = "def f(path): open(path, 'w')"
    solve(isolating_sandbox, source, *[[str(prey.folder / str(i))] for i in range(3)])
    assert prey.is_as_it_was()
