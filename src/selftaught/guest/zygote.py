"""The warm interpreter: our own code, freshly exec'd, with numpy loaded and no secret in it.

It forks one child for each guest. The child locks itself in, and only then reads what it is to run. The zygote itself
never executes a guest's code and never reads what a guest writes. It talks to the host over one socket that keeps
message bounds, and ends when the host hangs up.
"""

import array
import contextlib
import ctypes
import gc
import os
import posix
import select
import signal
import socket
import sys
import types
from collections.abc import Mapping

import numpy
import numpy.fft
import numpy.linalg
import numpy.random

from selftaught.guest import event_loop, helpers, interface, lock, program, wire

# What programs often import: imported once here, instead of in every guest. numpy 2 imports its own lazily.
_WARM = """
bisect collections collections.abc concurrent.futures copy dataclasses difflib enum fractions functools heapq inspect
itertools json math operator queue random re statistics string textwrap threading time traceback typing ast
""".split()
_NULL, _RULESET, _CONTROL = 60, 61, 62  # high descriptors, out of the way of those of a guest
_GUEST_DESCRIPTORS = 32
_fork = os.fork


def main(control: str) -> None:
    """Serve forks until the host hangs up. `control`: its socket's inherited descriptor, or path to connect to."""
    for name in _WARM:
        __import__(name)
    _warm_up()
    sys.modules["helpers"] = _helpers()
    event_loop.install()
    program.refuse_processes()
    os.register_at_fork = posix.register_at_fork  # both as set by `interpreter._BOOT`
    sys.modules.pop("ssl", None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    host = _reach(control)
    setup = wire.to_zygote.decode(host.recv(1 << 20))
    assert isinstance(setup, wire.Setup)  # our own host sent it
    filters = {name: lock.Filter(text) for name, text in setup.filters.items()}
    talk = program.Channel()
    _prepare(setup)
    if control.isdecimal():  # who starts a container's process may end before it
        lock.die_with_parent()  # even one that is stopped, and so would not see its host hang up
    _send(host, wire.Ready(setup.layers, os.getuid(), lock.address_space_limit()), os.pidfd_open(os.getpid()))
    gc.collect()
    with contextlib.suppress(AttributeError):  # not every C library has it
        ctypes.CDLL(None).malloc_trim(0)  # each page that is held costs every guest time, at its start and its end
    gc.freeze()  # guests never touch, and so never copy, what was there before them
    channel, request = _serve(host, setup)  # comes back in a guest only
    try:
        _become_guest(channel, setup, request, filters)
        del host, setup, channel, request, filters  # this frame stays below the guest's: no word of other guests
        sys.argv = [""]
        program.serve(talk)
    finally:
        os._exit(97)  # the lock did not shut: nothing untrusted was read


def _reach(control: str) -> socket.socket:
    if control.isdecimal():
        descriptor = int(control)
    else:
        caller = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        caller.connect(control)
        descriptor = caller.detach()
    _move(descriptor, _CONTROL)
    return socket.socket(fileno=_CONTROL)


def _move(descriptor: int, place: int) -> None:
    """To a number of ours. It may be there already: it is inherited, and the host may have many open."""
    if descriptor == place:
        os.set_inheritable(place, False)
        return
    os.dup2(descriptor, place, inheritable=False)
    os.close(descriptor)


def _helpers() -> types.ModuleType:
    """What published improvers import. It has no file: nothing that Python says of it names a path of the host."""
    module = types.ModuleType("helpers", helpers.__doc__)
    vars(module).update({name: getattr(helpers, name) for name in helpers.__all__})
    return module


def _warm_up() -> None:
    square = numpy.zeros((4, 4))
    square @ square
    numpy.linalg.inv(numpy.eye(3))
    numpy.random.default_rng(0).random(2)
    wire.to_guest.decode(wire.encode(wire.Call([numpy.zeros(3)])))
    wire.encode(wire.Returned([1, 2.0]))
    exec(compile("x = 1", "<warm>", "exec"), {})
    interface.ERRORS.copy()
    helpers.extract_code("<think>?</think>\n```python\ndef f(): ...\n```")


def _prepare(setup: wire.Setup) -> None:
    for name in setup.imports:
        __import__(name)
    os.chdir(setup.folder)
    _move(os.open("/dev/null", os.O_RDWR), _NULL)
    if "landlock" in setup.layers:
        ruleset = lock.landlock_ruleset(*(filter(os.path.exists, paths) for paths in (setup.readable, setup.listed)))
        _move(ruleset, _RULESET)
    if setup.user is not None:
        lock.drop_user(setup.user)
    if "capabilities" in setup.layers:
        lock.drop_capabilities()
    if "no-new-privileges" in setup.layers:
        lock.no_new_privileges()
    if "non-dumpable" in setup.layers:
        lock.hide_memory()
    os.environ.clear()
    for name in lock.ONE_THREAD if setup.imports else ():
        os.putenv(name, "1")  # constants for C libraries that a package loads later: a guest has no threads


def _send(host: socket.socket, message: wire.Message, *descriptors: int) -> None:
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    host.sendmsg([wire.encode(message)], ancillary)


def _serve(host: socket.socket, setup: wire.Setup) -> tuple[int, wire.Fork]:
    """Fork and reap until the host hangs up. In a guest: its channel's descriptor and what it was forked for."""
    guests: dict[int, tuple[int, int]] = {}  # pidfd → pid, number
    poll = select.poll()
    poll.register(host, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor != host.fileno():
                poll.unregister(descriptor)
                _reap(host, descriptor, *guests.pop(descriptor))
                continue
            body = host.recv(1 << 16)
            if not body:
                os._exit(0)  # the host hung up, or died: guests die with us
            request = wire.to_zygote.decode(body)
            assert isinstance(request, wire.Fork)
            ours, theirs = socket.socketpair()
            pid = _fork()
            if pid == 0:
                return theirs.detach(), request
            theirs.close()
            pidfd = os.pidfd_open(pid)
            _send(host, wire.Forked(request.number), ours.fileno(), pidfd)
            ours.close()
            guests[pidfd] = pid, request.number
            poll.register(pidfd, select.POLLIN)


def _become_guest(channel: int, setup: wire.Setup, request: wire.Fork, filters: Mapping[str, lock.Filter]) -> None:
    os.dup2(channel, program.CHANNEL)
    for standard in (0, 1, 2):
        os.dup2(_NULL, standard)
    os.closerange(program.CHANNEL + 1, _RULESET)
    os.closerange(_RULESET + 1, 1 << 16)
    lock.die_with_parent()
    if "rlimits" in setup.layers:
        lock.limit_resources(request.memory_bytes, request.cpu_seconds, _GUEST_DESCRIPTORS)
    if "capabilities" in setup.layers:
        lock.drop_capabilities()
    if "non-dumpable" in setup.layers:
        lock.hide_memory()
    if "landlock" in setup.layers:
        lock.landlock_restrict(_RULESET)
        os.close(_RULESET)
    if "seccomp" in setup.layers:
        filters[request.filter].install()


def _reap(host: socket.socket, pidfd: int, pid: int, number: int) -> None:
    _, status, usage = os.wait4(pid, 0)
    os.close(pidfd)
    cpu_seconds = usage.ru_utime + usage.ru_stime
    _send(host, wire.Exited(number, os.waitstatus_to_exitcode(status), cpu_seconds, usage.ru_maxrss * 1024))
