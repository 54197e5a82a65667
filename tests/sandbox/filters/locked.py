"""Runs small programs behind a filter, one forked child for each, and prints as JSON what became of them.

    python locked.py solution|improver

A child's outcome is what its function returned, the name of the exception that it raised, or the signal that ended it.
"""

import concurrent.futures
import ctypes
import fcntl
import functools
import json
import mmap
import os
import platform
import queue
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy

from selftaught.sandbox.filters import filter_program, policy
from selftaught.sandbox.filters.numbers import numbers

MACHINE = platform.machine()
X32_BIT = 0x40000000
OURS, THEIRS = socket.socketpair()
WRITABLE = tempfile.NamedTemporaryFile()  # noqa: SIM115 - lives as long as the script
LIBRARY = os.open(numpy.__file__, os.O_RDONLY)
GATE = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)  # made before the lock
GATE.write(bytes.fromhex("b814000000cd80c3"))  # mov eax, 20 (getpid of i386); int 0x80; ret
BEYOND_EVERY_FILTER = {"uretprobe", "uprobe"}  # since Linux 6.14 and 6.18; SIGILL outside of the kernel's own use
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def call(name: str | int, *arguments: Any) -> int:
    """The system call itself. Raises OSError."""
    number = numbers(MACHINE)[name] if isinstance(name, str) else name
    wide = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    result = int(_libc.syscall(ctypes.c_long(number), *wide))
    if result < 0:
        raise OSError(ctypes.get_errno(), name)
    return result


# ------------------------------------------------------------------------------------------- what honest programs do


def numpy_computes() -> object:
    square = numpy.arange(90_000.0).reshape(300, 300) % 7 + numpy.eye(300)
    product = square @ square
    numpy.linalg.svd(numpy.linalg.inv(square) @ product)
    return bool(numpy.isfinite(numpy.fft.fft(product).real).all())


def numpy_draws_from_the_systems_randomness() -> object:
    return 0 <= numpy.random.default_rng().random() < 1 and len(os.urandom(8)) == 8


def much_is_allocated_and_freed() -> object:
    for exponent in (10, 16, 20, 26):
        block = bytearray(1 << exponent)
        block.extend(bytes(1 << exponent))
        big = numpy.ones(1 << (exponent - 3))
        big.resize(1 << (exponent - 2), refcheck=False)
    return sorted(range(300_000, 0, -1))[:2]


def freed_pages_are_given_back() -> object:
    pages = mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    pages.write(b"x" * (1 << 20))
    pages.madvise(mmap.MADV_DONTNEED)
    return pages[0]


def it_sleeps_and_reads_clocks() -> object:
    began = time.monotonic()
    time.sleep(0.01)
    select.select([], [], [], 0.01)
    time.clock_getres(time.CLOCK_MONOTONIC)
    used = time.process_time() + time.thread_time() + time.perf_counter() + time.time() + sum(os.times()[:2])
    return time.monotonic() - began > 0.019 and used > 0


def it_asks_who_it_is() -> object:
    return [os.getpid() > 0, os.getppid() > 0, os.getuid() == os.geteuid(), os.uname().sysname]


def it_counts_processors_and_reads_its_limits() -> object:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return len(os.sched_getaffinity(0)) > 0 and (os.cpu_count() or 1) > 0 and soft > 0


def a_module_of_the_standard_library_is_imported() -> object:
    assert "decimal" not in sys.modules and "sqlite3" not in sys.modules
    import decimal
    import sqlite3  # a shared library of its own, mapped now

    return [str(decimal.Decimal("0.1") * 3), sqlite3.connect(":memory:").execute("select 7").fetchone()[0]]


def a_part_of_numpy_is_imported() -> object:
    assert "numpy.polynomial" not in sys.modules and "numpy.testing" not in sys.modules
    import numpy.polynomial
    import numpy.testing

    numpy.testing.assert_allclose(numpy.polynomial.Polynomial([1, 2])(2), 5)
    return "numpy.random" in sys.modules or numpy.random.PCG64(1) is not None


def it_talks_on_its_socket() -> object:
    OURS.sendall(b"ping")
    waiting = select.poll()
    waiting.register(THEIRS, select.POLLIN)
    waiting.poll(1000)
    heard = THEIRS.recv(4, socket.MSG_WAITALL)
    return [os.write(THEIRS.fileno(), heard), os.read(OURS.fileno(), 4).decode()]


def it_reads_files() -> object:
    with open(__file__) as lines:
        first = lines.readline()
    return [first[:4], os.path.basename(os.path.realpath(__file__)) in os.listdir(os.path.dirname(__file__))]


def nothing_is_a_terminal() -> object:
    duplicate = os.dup(2)
    os.set_inheritable(duplicate, True)
    return [sys.stdout.isatty(), os.isatty(0), os.get_inheritable(duplicate)]


def it_sets_itself_a_deadline() -> object:
    def late(number: int, frame: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    try:
        while True:
            time.sleep(1)
    except TimeoutError:
        return signal.alarm(0)


def locks_work_within_one_thread() -> object:
    box: queue.Queue[int] = queue.Queue()
    box.put(1)
    event = threading.Event()
    return [box.get(), event.wait(0.01), threading.Lock().acquire(timeout=0.01)]


def an_honest_text_is_printed() -> object:
    print("hello", flush=True)
    return sys.stdout.write("") == 0


# ---------------------------------------------------------------------------------------------------------- threads


def a_thread_starts() -> object:
    found: list[int] = []
    thread = threading.Thread(target=found.append, args=(threading.get_ident(),))
    thread.start()
    thread.join()
    return len(found)


def a_pool_of_threads_works() -> object:
    box: queue.Queue[int] = queue.Queue()
    done = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(box.put, number) for number in range(100)]
        concurrent.futures.wait(futures)
        waiting = pool.submit(done.wait, 10)
        slept = list(pool.map(time.sleep, [0.001] * 50))
        done.set()
        total = sum(box.get(timeout=1) for _ in range(100))
    for _ in range(50):
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
    return [waiting.result(), len(slept), total]


# ---------------------------------------------------------------------------------------------------------- refused


def fork() -> object:
    return os.fork()


def posix_spawn() -> object:
    return os.posix_spawn("/bin/true", ["true"], {})


def run_a_command() -> object:
    return subprocess.run(["/bin/true"])


def run_a_shell() -> object:
    return os.system("true")


def vfork_by_clone() -> object:
    return call("clone", 0x4111, 0, 0, 0, 0)


def a_thread_in_a_new_user_namespace() -> object:
    return call("clone", 0x10000000 | 0x50F00, 0, 0, 0, 0)


def open_a_socket() -> object:
    return socket.socket()


def open_a_pair_of_sockets() -> object:
    return socket.socketpair()


def open_for_writing() -> object:
    return open(WRITABLE.name, "w")


def open_for_appending() -> object:
    return open(WRITABLE.name, "a")


def open_the_null_device_for_writing() -> object:
    return open(os.devnull, "w")


def open_a_file_without_a_name() -> object:
    return os.open("/tmp", os.O_RDONLY | os.O_TMPFILE)


def open_a_mere_path() -> object:
    return os.open("/", os.O_PATH)


def make_a_file_by_reading_it() -> object:
    return os.open(WRITABLE.name + "-new", os.O_RDONLY | os.O_CREAT)


def empty_a_file_by_reading_it() -> object:
    return os.open(WRITABLE.name, os.O_RDONLY | os.O_TRUNC)


def open_by_the_newest_call() -> object:
    how = struct.pack("QQQ", os.O_RDWR, 0, 0)
    return call("openat2", -100 & 0xFFFFFFFFFFFFFFFF, WRITABLE.name.encode(), how, 24)


def signal_the_parent() -> None:
    os.kill(os.getppid(), 0)


def signal_oneself() -> None:
    os.kill(os.getpid(), 0)


def open_a_pipe() -> object:
    return os.pipe()


def make_a_file_in_memory() -> object:
    return os.memfd_create("x")


def lock_a_file() -> None:
    fcntl.flock(LIBRARY, fcntl.LOCK_SH)


def lock_a_record() -> object:
    return fcntl.lockf(LIBRARY, fcntl.LOCK_SH)


def change_the_flags_of_a_shared_file() -> object:
    return fcntl.fcntl(0, fcntl.F_SETFL, os.O_NONBLOCK)


def ask_who_locks_a_record() -> object:
    return fcntl.fcntl(LIBRARY, fcntl.F_GETLK, bytes(32))


def be_told_of_changes_to_a_folder() -> object:
    return fcntl.fcntl(LIBRARY, fcntl.F_NOTIFY, 1)


def wake_who_waits_on_a_shared_page() -> object:
    page = mmap.mmap(LIBRARY, 0, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
    address = numpy.frombuffer(page, numpy.uint8).ctypes.data
    return call("futex", address, 1, 1, 0, 0, 0)


def raise_a_limit() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))


def ask_for_another_process_by_its_limits() -> object:
    return resource.prlimit(os.getppid(), resource.RLIMIT_AS)


def ask_for_another_process_by_its_processors() -> object:
    return os.sched_getaffinity(os.getppid())


def read_the_cpu_clock_of_another_process() -> object:
    return time.clock_gettime((~os.getppid() << 3) | 2)


def read_the_load() -> object:
    return call("sysinfo", bytes(128))


def ask_which_pages_are_cached() -> object:
    page = mmap.mmap(LIBRARY, 0, flags=mmap.MAP_SHARED, prot=mmap.PROT_READ)
    address = numpy.frombuffer(page, numpy.uint8).ctypes.data
    return call("mincore", address, 4096, bytes(1))


def make_code() -> object:
    return mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def turn_data_into_code() -> object:
    page = mmap.mmap(-1, 4096)
    return call("mprotect", numpy.frombuffer(page, numpy.uint8).ctypes.data, 4096, mmap.PROT_READ | mmap.PROT_EXEC)


def be_called_back_through_ctypes() -> object:
    return ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 7)()


def share_equal_pages() -> None:
    mmap.mmap(-1, 4096).madvise(12)  # MADV_MERGEABLE


def send_to_an_address() -> object:
    return THEIRS.sendto(b"x", b"\0somebody")


def send_out_of_band() -> object:
    return THEIRS.send(b"x", socket.MSG_OOB)


def send_a_descriptor() -> object:
    return socket.send_fds(THEIRS, [b"x"], [0])


def receive_a_descriptor() -> object:
    return socket.recv_fds(THEIRS, 1, 1)


def set_a_socket_timeout() -> None:
    THEIRS.settimeout(1)


def make_a_folder() -> None:
    os.mkdir(WRITABLE.name + "-folder")


def delete_a_file() -> None:
    os.unlink(WRITABLE.name)


def change_a_file() -> None:
    os.chmod(WRITABLE.name, 0o777)


def touch_a_file() -> None:
    os.utime(WRITABLE.name)


def go_elsewhere() -> None:
    os.chdir("/")


def become_root() -> None:
    os.setuid(0)


def change_its_own_process() -> object:
    return call("prctl", 4, 1, 0, 0, 0)  # PR_SET_DUMPABLE


def open_a_pidfd() -> object:
    return os.pidfd_open(os.getppid())


# ----------------------------------------------------------------------------------------------------------- killed


def run_another_program() -> object:
    return os.execv("/bin/true", ["true"])


def call_by_an_x32_number() -> object:
    return call(X32_BIT | 39)


def call_by_the_32_bit_gate() -> object:
    return ctypes.CFUNCTYPE(ctypes.c_long)(numpy.frombuffer(GATE, numpy.uint8).ctypes.data)()


# ------------------------------------------------------------------------------------------------- the whole table


def refuse_every_other_number(profile: policy.Profile) -> object:
    """Every number that is not allowed, judged or killed: which are not refused with EPERM."""
    listed = {*policy.names(policy.allowed(profile)), *policy.names(policy.killed()), *policy.ANSWERED}
    listed |= {*policy.conditional(profile, MACHINE), *BEYOND_EVERY_FILTER}
    known = {number: name for name, number in numbers(MACHINE).items()}
    wrong: dict[int, str] = {}
    for number in range(1024):
        if known.get(number) in listed:
            continue
        try:
            wrong[number] = f"returned {call(number, 0, 0, 0, 0, 0, 0)}"
        except PermissionError:
            continue
        except OSError as error:
            wrong[number] = str(error)
    return wrong


def answered_with(name: str) -> object:
    try:
        return call(name, 0, 0, 0, 0, 0, 0)
    except OSError as error:
        return error.errno


def cases(profile: policy.Profile) -> dict[str, Callable[[], object]]:
    own = {
        name: value
        for name, value in globals().items()
        if getattr(value, "__module__", None) == __name__ and value not in (call, cases, main, lock, outcome)
    }
    own.pop("answered_with")
    every: dict[str, Callable[[], object]] = {
        **own,
        "refuse_every_other_number": functools.partial(refuse_every_other_number, profile),
        **{f"answer {name}": functools.partial(answered_with, name) for name in policy.ANSWERED},
        **{
            f"kill {name}": functools.partial(call, name, 0, 0, 0, 0, 0, 0)
            for name in policy.names(policy.killed())
            if name in numbers(MACHINE)
        },
    }
    if MACHINE != "x86_64":
        del every["call_by_an_x32_number"], every["call_by_the_32_bit_gate"]
    return every


def lock(program: bytes) -> None:
    buffer = ctypes.create_string_buffer(program, len(program))
    filled = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(buffer))
    if _libc.prctl(38, *(ctypes.c_ulong(a) for a in (1, 0, 0, 0))) != 0:  # PR_SET_NO_NEW_PRIVS
        raise OSError(ctypes.get_errno(), "prctl")
    call("seccomp", 1, 0, filled)


def outcome(program: bytes, case: Callable[[], object]) -> object:
    """What became of a locked child that runs `case`."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)
        os.dup2(0, 1)
        lock(program)
        try:
            said: object = case()
        except BaseException as error:
            said = type(error).__name__ + (f" {error}" if isinstance(error, RuntimeError) else "")
        os.write(writer, json.dumps(said, default=repr).encode())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return json.loads(text) if code == 0 else signal.Signals(-code).name if code < 0 else f"exit {code}"


def main() -> None:
    profile = policy.PROFILES[policy.PROFILES.index(sys.argv[1])]
    program = filter_program(profile)
    json.dump({name: outcome(program, case) for name, case in cases(profile).items()}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
