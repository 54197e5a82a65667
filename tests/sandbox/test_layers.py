"""Each layer, alone, stops something; without it the same attack succeeds. So none can rot unnoticed behind another.

A jail here has one layer, or the layer and what the kernel wants for it (an ordinary user may neither filter calls nor
restrict itself without giving up new privileges first), and its control has all but that layer.
"""

import dataclasses
import grp
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from selftaught.core.contracts import Program, Verdict
from selftaught.sandbox.contract import Limits, Outcome, Value
from selftaught.sandbox.interpreter import command, hidden_paths, readable_paths
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.provided import View
from selftaught.sandbox.tiers import bubblewrap
from selftaught.sandbox.tiers.bubblewrap import bubblewrap_tier
from selftaught.sandbox.tiers.tier import LOCK, Tier
from selftaught.sandbox.tiers.unsafe import unsafe_tier

LIMITS = Limits(cpu_seconds=2.0, wall_seconds=5.0, memory_bytes=128 << 20)
ROOT = os.geteuid() == 0


@contextmanager
def jail(*layers: str, start: Callable[[int, View], list[str]] = command) -> Iterator[Jail]:
    """A jail with these layers of the lock only, its zygote started by `start`."""
    with Jail(dataclasses.replace(unsafe_tier(), layers=layers, command=start), 1) as opened:
        yield opened


def run(opened: Jail, source: str, *arguments: Value) -> Outcome:
    (outcome,) = opened.run(Program(textwrap.dedent(source)), "f", [arguments], LIMITS, seed=1)
    return outcome


def in_bubblewrap(*words: str) -> Callable[[int, View], list[str]]:
    """Start the zygote in a jail that shows the whole machine, but for what `words` say."""
    bwrap = bubblewrap.find()
    assert bwrap, "these tests need bubblewrap"
    return lambda control, view: [bwrap, "--dev-bind", "/", "/", *words, *command(control)]


# the lock


def test_limits_alone_stop_a_memory_bomb() -> None:
    """Memory that is asked for and not touched: what is really held is looked at from outside, in every tier."""
    source = "import numpy\ndef f(): return numpy.empty(600 << 20, dtype='u1').nbytes"
    with jail() as control, jail("rlimits") as limited:
        assert run(control, source).value == 600 << 20
        assert run(limited, source).verdict is Verdict.OUT_OF_MEMORY


def test_limits_alone_stop_writing_to_files(tmp_path: Path) -> None:
    source = "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\ndef f(path): open(path, 'w').write('loot')"
    with jail() as control, jail("rlimits") as limited:
        for opened in (control, limited):
            run(opened, source, str(tmp_path / str(opened is limited)))
    assert [(tmp_path / name).read_text() for name in ("False", "True")] == ["loot", ""]


def test_dropped_capabilities_alone_stop_a_change_of_the_machines_name() -> None:
    """In a name space of its own, as root or as the root of a user namespace, so that nothing real is renamed."""
    words = ["--unshare-uts", "--cap-add", "ALL", *([] if ROOT else ["--unshare-user", "--uid", "0"])]
    source = "import os, socket\ndef f():\n    socket.sethostname('stolen')\n    return os.uname().nodename"
    start = in_bubblewrap(*words)
    with jail(start=start) as control, jail("capabilities", start=start) as dropped:
        assert run(control, source).value == "stolen"
        assert run(dropped, source).note.startswith("PermissionError")


def test_no_new_privileges_alone_stops_a_set_user_program() -> None:
    with set_user_program() as (words, signs):
        source = "import subprocess\ndef f(words): return subprocess.run(words, capture_output=True, text=True).stdout"
        with jail() as control, jail("no-new-privileges") as locked:
            assert signs(run(control, source, words).value)
            assert not signs(run(locked, source, words).value)


@contextmanager
def set_user_program() -> Iterator[tuple[list[str], Callable[[str], bool]]]:
    """A command that tells whether it got privileges, and what tells it.

    Root makes a copy of `id` that runs as nobody; an ordinary user asks `chage`, which reads /etc/shadow by its group.
    """
    if not ROOT:
        me = pwd.getpwuid(os.geteuid()).pw_name
        assert grp.getgrgid(os.stat("/usr/bin/chage").st_gid).gr_name == "shadow"
        yield ["/usr/bin/chage", "-l", me], lambda said: "Last password change" in said
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        program = shutil.copy(shutil.which("id") or "/usr/bin/id", folder)
        os.chown(program, 65534, 65534)
        os.chmod(program, 0o4755)
        yield [program, "-u"], lambda said: said.strip() == "65534"


def test_hidden_memory_alone_stops_reading_another_process() -> None:
    """The zygote of the same user. Root is made to give up its capabilities first: with them nothing is hidden."""
    source = "import os\ndef f(): return open(f'/proc/{os.getppid()}/maps').read(20)"
    basis = ("capabilities",) if ROOT else ()
    with jail(*basis) as control, jail(*basis, "non-dumpable") as hidden:
        assert "-" in run(control, source).value
        assert run(hidden, source).note.startswith("PermissionError")


def test_landlock_alone_stops_reading_and_writing(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(secrets.token_hex())
    read, write = "def f(path): return open(path).read()", "def f(path): open(path, 'w')"
    basis = ("no-new-privileges",)
    with jail(*basis) as control, jail(*basis, "landlock") as locked:
        assert run(control, read, str(secret)).value == secret.read_text()
        assert run(locked, read, str(secret)).note.startswith("PermissionError")
        run(locked, write, str(tmp_path / "locked"))
        run(control, write, str(tmp_path / "control"))
    assert [(tmp_path / name).exists() for name in ("control", "locked")] == [True, False]


def test_landlock_alone_stops_signals_and_connections() -> None:
    call = "import socket\ndef f(port): return socket.create_connection(('127.0.0.1', port)).fileno()"
    kill = "import os\ndef f(pid): os.kill(pid, 9)"
    basis = ("no-new-privileges",)
    with jail(*basis) as control, jail(*basis, "landlock") as locked, socket.create_server(("127.0.0.1", 0)) as ears:
        assert run(control, call, ears.getsockname()[1]).verdict is Verdict.OK
        assert run(locked, call, ears.getsockname()[1]).note.startswith("PermissionError")
        assert (_survives(locked, kill), _survives(control, kill)) == (True, False)


def _survives(opened: Jail, kill: str) -> bool:
    """Whether a process that waits is still alive after the attack."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as waiting:
        run(opened, kill, waiting.pid)
        try:
            waiting.wait(0.5)
        except subprocess.TimeoutExpired:
            waiting.kill()
            return True
        return False


def test_the_filter_alone_stops_sockets_processes_and_tools_of_escape() -> None:
    pair = "import socket\ndef f(): return len(socket.socketpair())"
    fork = "import os, posix\ndef f():\n    pid = posix.fork() or os._exit(7)\n    return os.waitpid(pid, 0)[1]"
    keys = "import ctypes\ndef f(): return ctypes.CDLL(None).syscall({}, 0, -3, 1)".format(
        {"x86_64": 250, "aarch64": 219}[os.uname().machine]  # keyctl
    )
    basis = ("no-new-privileges",)
    with jail(*basis) as control, jail(*basis, "seccomp") as filtered:
        assert [run(control, source).verdict for source in (pair, fork, keys)] == [Verdict.OK] * 3
        verdicts = [run(filtered, source).verdict for source in (pair, fork, keys)]
        assert verdicts == [Verdict.CRASHED, Verdict.CRASHED, Verdict.FORBIDDEN]


# the namespaces


def test_the_view_of_files_alone_hides_what_is_outside() -> None:
    def start(control: int, view: View) -> list[str]:
        words = bubblewrap.jail(bubblewrap.find() or "", readable_paths(), hidden_paths(), uid=os.geteuid())
        others = ("--unshare", "--disable", "--hostname", "jail")
        return [*(word for word in words if not word.startswith(others)), *command(control)]

    source = "def f(path): return open(path).read()"
    with tempfile.NamedTemporaryFile() as secret, jail(start=in_bubblewrap()) as control, jail(start=start) as hidden:
        secret.write(b"token")
        secret.flush()
        assert run(control, source, secret.name).value == "token"
        assert run(hidden, source, secret.name).note.startswith("FileNotFoundError")


def test_processes_of_its_own_alone_hide_the_others() -> None:
    source = "import os\ndef f(pid): os.kill(pid, 9)"
    with jail(start=in_bubblewrap()) as control, jail(start=in_bubblewrap("--unshare-pid")) as alone:
        assert (_survives(alone, source), _survives(control, source)) == (True, False)


def test_a_network_of_its_own_alone_reaches_nobody() -> None:
    source = "import socket\ndef f(port): return socket.create_connection(('127.0.0.1', port)).fileno()"
    with jail(start=in_bubblewrap()) as control, jail(start=in_bubblewrap("--unshare-net")) as alone:
        with socket.create_server(("127.0.0.1", 0)) as ears:
            port = ears.getsockname()[1]
            assert run(control, source, port).verdict is Verdict.OK
            assert run(alone, source, port).note.startswith(("OSError", "ConnectionRefusedError"))


def test_messages_of_its_own_alone_reach_nobody() -> None:
    """Shared memory of System V: what one jail leaves, another finds, unless each has its own."""
    key = 1 + secrets.randbelow(1 << 30)
    make = "import ctypes\ndef f(key): return ctypes.CDLL(None).shmget(key, 4096, 0o1600)"
    find = "import ctypes\ndef f(key): return ctypes.CDLL(None).shmget(key, 0, 0)"
    forget = "import ctypes\ndef f(number): return ctypes.CDLL(None).shmctl(number, 0, None)"
    own = in_bubblewrap("--unshare-ipc")
    with jail(start=in_bubblewrap()) as control, jail(start=own) as alone, jail(start=own) as other:
        run(alone, make, key)
        assert [run(opened, find, key).value for opened in (other, control)] == [-1, -1]
        made = run(control, make, key).value
        assert made >= 0
        assert run(control, find, key).value == made
        run(control, forget, made)


def test_a_name_of_its_own_alone_hides_the_machines() -> None:
    source = "import os\ndef f(): return os.uname().nodename"
    own = in_bubblewrap("--unshare-uts", "--hostname", "jail")
    with jail(start=in_bubblewrap()) as control, jail(start=own) as alone:
        assert run(control, source).value == os.uname().nodename
        assert run(alone, source).value == "jail"


def test_control_groups_of_its_own_alone_hide_the_machines() -> None:
    """Its own groups are the root of all that it sees."""
    source = "def f(): return open('/proc/self/cgroup').read()"
    with jail(start=in_bubblewrap()) as control, jail(start=in_bubblewrap("--unshare-cgroup")) as alone:
        seen, own = run(control, source).value, run(alone, source).value
        assert {line.rpartition(":")[2] for line in own.split()} == {"/"}
        assert seen == Path("/proc/self/cgroup").read_text()


def test_users_of_its_own_alone_leave_no_way_to_more_of_them() -> None:
    """Where bubblewrap makes a user namespace (not for root), no other can be made in it."""
    source = """
        import ctypes
        def f(): return ctypes.CDLL(None).unshare(0x10000000)
    """
    own = ["--unshare-user"] if ROOT else []
    with (
        jail(start=in_bubblewrap(*own)) as control,
        jail(start=in_bubblewrap("--unshare-user", "--disable-userns")) as alone,
    ):
        assert run(control, source).value == 0
        assert run(alone, source).value == -1


TESTED: dict[str, Callable[..., None]] = {
    "rlimits": test_limits_alone_stop_a_memory_bomb,
    "capabilities": test_dropped_capabilities_alone_stop_a_change_of_the_machines_name,
    "no-new-privileges": test_no_new_privileges_alone_stops_a_set_user_program,
    "non-dumpable": test_hidden_memory_alone_stops_reading_another_process,
    "landlock": test_landlock_alone_stops_reading_and_writing,
    "seccomp": test_the_filter_alone_stops_sockets_processes_and_tools_of_escape,
    "mount namespace": test_the_view_of_files_alone_hides_what_is_outside,
    "pid namespace": test_processes_of_its_own_alone_hide_the_others,
    "net namespace": test_a_network_of_its_own_alone_reaches_nobody,
    "ipc namespace": test_messages_of_its_own_alone_reach_nobody,
    "uts namespace": test_a_name_of_its_own_alone_hides_the_machines,
    "cgroup namespace": test_control_groups_of_its_own_alone_hide_the_machines,
    "user namespace": test_users_of_its_own_alone_leave_no_way_to_more_of_them,
}


@pytest.mark.parametrize("layer", sorted({*LOCK, *bubblewrap_tier().layers}))
def test_every_layer_is_tested_alone(layer: str) -> None:
    assert layer in TESTED


def test_a_tier_is_what_these_tests_take_it_for() -> None:
    assert isinstance(unsafe_tier(), Tier)
    assert unsafe_tier().layers == ("rlimits",)
