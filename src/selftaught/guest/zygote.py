"""The warm interpreter: our own code, freshly exec'd, with all imported that guests need, and no secret in it.

It forks one child for each guest. The child locks itself in, and only then reads what it is to run. The zygote itself
never executes a guest's code and never reads what a guest writes. It talks to the host over one socket that keeps
message bounds, and ends when the host hangs up.
"""

import _socket
import array
import functools
import os
import posix
import resource
import select
import signal
import socket
import sys
import types
from collections.abc import Callable, Collection, Mapping, Sequence

from selftaught.guest import helpers, interface, lock, memory, program, warm, wire

_NULL, _RULESET, _CONTROL = 60, 61, 62  # high descriptors, out of the way of those of a guest
_GUEST_DESCRIPTORS = 32
_fork = os.fork
Steps = Sequence[Callable[[], object]]


def main(control: str) -> None:
    """Serve forks until the host hangs up. `control`: its socket's inherited descriptor, or path to connect to."""
    talk = program.Channel()
    fork = _set_up(control)
    memory.settle()
    channel, steps = fork()  # comes back in a guest only
    try:
        os.dup2(channel, program.CHANNEL)
        for step in steps:
            step()
        program.serve(talk)
    finally:
        os._exit(97)  # the lock did not shut: nothing untrusted was read


def _set_up(control: str) -> Callable[[], tuple[int, Steps]]:
    """Hear from the host what guests find, and how they are to be locked in. What comes back is `_serve`, with all that
    it needs. Nothing of it is let go in a guest: that would cost each of them time.
    """
    host = _reach(control)
    setup = wire.to_zygote.decode(host.recv(1 << 20))
    assert isinstance(setup, wire.Setup)  # our own host sent it
    for name in warm.PLAIN:
        __import__(name)
    if setup.plain:
        sys.meta_path.insert(
            0, warm.Late({"numpy.random": program.seed_numpy, "asyncio": lambda _: _install_event_loop()})
        )
    else:
        _warm_numpy()
        _install_event_loop()  # and `concurrent.futures` with it
    _warm_up()
    sys.modules["helpers"] = _helpers()
    program.refuse_processes()
    os.register_at_fork = posix.register_at_fork  # both as set by `interpreter._BOOT`
    sys.modules.pop("ssl", None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    lock_in = _prepare(setup)
    if control.isdecimal():  # who starts a container's process may end before it
        lock.die_with_parent()  # even one that is stopped, and so would not see its host hang up
    ready = wire.Ready(setup.layers, os.getuid(), lock.address_space_limit())
    return functools.partial(_serve, host, ready, lock_in)


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


def _warm_numpy() -> None:
    import numpy
    import numpy.fft  # numpy 2 imports its own lazily
    import numpy.linalg
    import numpy.random

    square = numpy.zeros((4, 4))
    square @ square
    numpy.linalg.inv(numpy.eye(3))
    numpy.random.default_rng(0).random(2)


def _install_event_loop() -> None:
    from selftaught.guest import event_loop

    event_loop.install()


def _warm_up() -> None:
    program.rehearse()
    interface.ERRORS.copy()
    helpers.extract_code("<think>?</think>\n```python\ndef f(): ...\n```")


def _prepare(setup: wire.Setup) -> Callable[[str, int, int], Steps]:
    """Apply to the zygote what guests inherit. What remains for each to do is what comes back makes of a request."""
    for name in setup.imports:
        __import__(name)
    os.chdir(setup.folder)
    _move(os.open("/dev/null", os.O_RDWR), _NULL)
    for standard in (0, 1):  # 2 is left for last words, until there is a guest
        os.dup2(_NULL, standard)
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
    for name in lock.ONE_THREAD if setup.imports or setup.plain else ():
        os.putenv(name, "1")  # constants for C libraries that a package loads later: a guest has no threads
    sys.argv = [""]
    filters = {name: lock.Filter(text) for name, text in setup.filters.items()}
    return functools.cache(functools.partial(_lock_in, frozenset(setup.layers), filters))


def _lock_in(
    layers: Collection[str], filters: Mapping[str, lock.Filter], filter: str, memory_bytes: int, cpu_seconds: int
) -> Steps:
    """What a guest does to be locked in; the rest it has inherited: capabilities, privileges, whether it is dumpable.

    Calls alone, of functions that are found already: whatever else a guest does costs it pages to be copied.
    """
    steps: list[Callable[[], object]] = [functools.partial(os.dup2, _NULL, 2), lock.die_with_parent]
    if "landlock" in layers:
        steps.append(functools.partial(lock.landlock_restrict, _RULESET))
    steps.append(functools.partial(os.closerange, program.CHANNEL + 1, 1 << 16))
    if "rlimits" in layers:
        limits = lock.limits(memory_bytes, cpu_seconds, _GUEST_DESCRIPTORS)
        steps += [functools.partial(resource.setrlimit, what, (most, most)) for what, most in limits]
    if "seccomp" in layers:
        steps.append(filters[filter].install)
    return steps


def _send(host: socket.socket, message: wire.Message, *descriptors: int) -> None:
    ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
    host.sendmsg([wire.encode(message)], ancillary)


def _serve(host: socket.socket, ready: wire.Ready, lock_in: Callable[[str, int, int], Steps]) -> tuple[int, Steps]:
    """Fork and reap until the host hangs up. In a guest: its channel's descriptor and how it is locked in."""
    _send(host, ready, os.pidfd_open(os.getpid()))
    guests: dict[int, tuple[int, int]] = {}  # pidfd → pid, number
    poll = select.poll()
    poll.register(host, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor != _CONTROL:
                poll.unregister(descriptor)
                _reap(host, descriptor, *guests.pop(descriptor))
                continue
            body = host.recv(1 << 16)
            if not body:
                os._exit(0)  # the host hung up, or died: guests die with us
            request = wire.to_zygote.decode(body)
            assert isinstance(request, wire.Fork)
            steps = lock_in(request.filter, request.memory_bytes, request.cpu_seconds)
            ours, theirs = (end.detach() for end in _socket.socketpair())  # without what `socket` puts around it
            pid = _fork()
            if pid == 0:
                return theirs, steps
            os.close(theirs)
            pidfd = os.pidfd_open(pid)
            _send(host, wire.Forked(request.number), ours, pidfd)
            os.close(ours)
            guests[pidfd] = pid, request.number
            poll.register(pidfd, select.POLLIN)


def _reap(host: socket.socket, pidfd: int, pid: int, number: int) -> None:
    _, status, usage = os.wait4(pid, 0)
    os.close(pidfd)
    cpu_seconds = usage.ru_utime + usage.ru_stime
    _send(host, wire.Exited(number, os.waitstatus_to_exitcode(status), cpu_seconds, usage.ru_maxrss * 1024))
