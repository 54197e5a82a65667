"""Files: nothing outside is read, and nothing is written, changed or removed."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from attacks.arena import QUICK, held, improve, raid, refused, solve, told
from attacks.prey import Prey
from selftaught.core.contracts import Verdict
from selftaught.sandbox.interpreter import readable_paths
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers import tier as tiers

pytestmark = [pytest.mark.attack, pytest.mark.with_packages]


# reading


def test_reading_a_file_gets_nothing(every_sandbox: Jail, prey: Prey) -> None:
    outcome = raid(every_sandbox, "def f(path): return open(path).read()", str(prey.secret))
    held(every_sandbox, prey.token in told(outcome))


def test_reading_a_file_as_an_improver_gets_nothing(every_sandbox: Jail, prey: Prey) -> None:
    outcome = improve(every_sandbox, "def f(path, u, l): return open(path).read()", solution=str(prey.secret))
    held(every_sandbox, prey.token in told(outcome))


def test_reading_with_the_c_library_gets_nothing(every_sandbox: Jail, prey: Prey) -> None:
    source = """
        import ctypes
        def f(path):
            libc, buffer = ctypes.CDLL(None), ctypes.create_string_buffer(100)
            libc.read(libc.open(path.encode(), 0), buffer, 100)
            return buffer.value
    """
    held(every_sandbox, prey.token in told(raid(every_sandbox, source, str(prey.secret))))


def test_reading_through_the_import_machinery_gets_nothing(every_sandbox: Jail, prey: Prey) -> None:
    source = """
        import importlib.machinery
        def f(path): return importlib.machinery.SourceFileLoader('x', path).get_data(path)
    """
    held(every_sandbox, prey.token in told(raid(every_sandbox, source, str(prey.secret))))


def test_reading_through_a_symbolic_link_gets_nothing(every_sandbox: Jail, prey: Prey) -> None:
    outcome = raid(every_sandbox, "def f(path): return open(path).read()", str(prey.link))
    held(every_sandbox, prey.token in told(outcome))


def test_reading_through_dots_from_an_allowed_folder_gets_nothing(every_sandbox: Jail, prey: Prey) -> None:
    source = "import os\ndef f(path): return open(os.path.dirname(os.__file__) + '/../' * 20 + path).read()"
    held(every_sandbox, prey.token in told(raid(every_sandbox, source, str(prey.secret))))


def test_reading_through_the_root_of_a_process_gets_nothing(every_sandbox: Jail, prey: Prey) -> None:
    source = """
        def f(path):
            found = []
            for root in ('self', 'thread-self', '1', '2'):
                try: found.append(open(f'/proc/{root}/root{path}').read())
                except OSError: pass
            return found
    """
    held(every_sandbox, prey.token in told(raid(every_sandbox, source, str(prey.secret))))


def test_opening_a_mere_path_and_reading_through_it_gets_nothing(every_sandbox: Jail, prey: Prey) -> None:
    source = """
        import os
        def f(path):
            folder = os.open(os.path.dirname(path), os.O_PATH)
            return os.read(os.open(os.path.basename(path), os.O_RDONLY, dir_fd=folder), 100)
    """
    held(every_sandbox, prey.token in told(raid(every_sandbox, source, str(prey.secret))))


def test_going_to_a_folder_and_reading_there_gets_nothing(every_sandbox: Jail, prey: Prey) -> None:
    source = "import os\ndef f(path):\n    os.chdir(os.path.dirname(path))\n    return open('secret').read()"
    held(every_sandbox, prey.token in told(raid(every_sandbox, source, str(prey.secret))))


def test_reading_etc_shadow_gets_nothing(isolating_sandbox: Jail) -> None:
    outcome = raid(isolating_sandbox, "def f(): return open('/etc/shadow').read()")
    assert (refused(outcome), "root:" in told(outcome)) == (True, False)


def test_reading_etc_passwd_gets_nothing(every_sandbox: Jail) -> None:
    held(every_sandbox, "root:" in told(raid(every_sandbox, "def f(): return open('/etc/passwd').read()")))


def test_reading_the_code_that_makes_and_grades_instances_gets_nothing(every_sandbox: Jail) -> None:
    judge = Path(tiers.__file__).parents[2] / "tasks" / "judge.py"
    outcome = raid(every_sandbox, "def f(path): return open(path).read()", str(judge))
    held(every_sandbox, "class Judge" in told(outcome))


def test_importing_the_code_that_makes_instances_gets_nothing(every_sandbox: Jail) -> None:
    source = "def f():\n    from selftaught.tasks import parity_with_noise\n    return parity_with_noise.NAME"
    held(every_sandbox, raid(every_sandbox, source).value == "parity-with-noise")


def test_reading_what_else_is_installed_gets_nothing(isolating_sandbox: Jail) -> None:
    """Where this package is installed beside the others, that is its tasks too, and the user's own."""
    outcome = raid(isolating_sandbox, "def f(path): return open(path).read()", pytest.__file__)
    assert "pytest" not in str(outcome.value)


LOOK = """
import os
def f(folders):
    found = []
    for folder in folders:
        for path, below, names in os.walk(folder):
            del below[5:]
            for name in names[:5]:
                try: open(os.path.join(path, name), 'rb').read(1)
                except OSError: continue
                found.append(os.path.join(path, name))
    return found
"""
TOLD = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib")


def test_only_the_folders_that_are_named_can_be_read(every_sandbox: Jail) -> None:
    """By the paths of the machine, as an ordinary program would look for files."""
    samples = [str(path) for top in ("/etc", "/var", "/usr", "/home", "/root", "/opt") for path in Path(top).glob("*")]
    limits = replace(QUICK, cpu_seconds=10.0, wall_seconds=30.0)
    found = raid(every_sandbox, LOOK, samples, limits=limits).value or []
    interpreter = (*readable_paths(), *(os.path.realpath(path) for path in TOLD))
    held(every_sandbox, any(not path.startswith((*TOLD, *interpreter)) for path in found))


def test_listing_the_home_folder_gets_nothing(every_sandbox: Jail) -> None:
    home = os.path.expanduser("~")
    outcome = raid(every_sandbox, "import os\ndef f(path): return sorted(os.listdir(path))", home)
    held(every_sandbox, outcome.value == sorted(os.listdir(home)))


def test_listing_the_root_folder_gets_nothing(every_sandbox: Jail) -> None:
    outcome = raid(every_sandbox, "import os\ndef f(): return sorted(os.listdir('/'))")
    held(every_sandbox, outcome.value == sorted(os.listdir("/")))


def test_reading_what_the_kernel_tells_in_proc_and_sys_gets_nothing(every_sandbox: Jail) -> None:
    source = """
        def f():
            found = []
            for path in ('/proc/version', '/proc/meminfo', '/proc/self/maps', '/proc/net/tcp', '/sys/kernel/notes'):
                try: found.append(open(path, 'rb').read(10))
                except OSError: pass
            return found
    """
    held(every_sandbox, len(raid(every_sandbox, source).value) > 0)


def test_opening_devices_gets_the_null_device_only(every_sandbox: Jail) -> None:
    source = """
        import os
        def f(names):
            opened = []
            for name in names:
                for flags in (os.O_RDONLY, os.O_RDWR):
                    try: os.close(os.open('/dev/' + name, flags | os.O_NONBLOCK | os.O_NOCTTY))
                    except OSError: continue
                    opened.append(name)
            return opened
    """
    names = ["mem", "kmsg", "vda", "sda", "tty", "ptmx", "fuse", "kvm", "net/tun", "urandom", "zero", "full", "shm"]
    held(every_sandbox, raid(every_sandbox, source, names).value != [])


def test_descriptors_beyond_the_channel_are_closed(isolating_sandbox: Jail) -> None:
    source = """
        import os
        def f():
            found = []
            for number in range(2048):
                try: os.fstat(number)
                except OSError: continue
                found.append(number)
            return found
    """
    assert raid(isolating_sandbox, source).value == [0, 1, 2, 3]


SEES = """
import os
def f(path, link):
    try: size = os.stat(path).st_size
    except OSError: size = None
    try: target = os.readlink(link)
    except OSError: target = None
    return [size, target]
"""


def test_looking_at_a_file_without_opening_it_tells_what_each_tier_admits(every_sandbox: Jail, prey: Prey) -> None:
    """The known leak of the tiers without a view of their own: attributes and link targets, never contents."""
    outcome = raid(every_sandbox, SEES, str(prey.secret), str(prey.link))
    seen, nothing = [len(prey.token), str(prey.secret)], [None, None]
    assert (
        outcome.value
        == {"bubblewrap": nothing, "container": nothing, "landlock": seen, "unsafe": seen}[every_sandbox.tier]
    )


# writing


def write(jail: Jail, prey: Prey, statement: str) -> None:
    """Run one statement that knows `secret`, `open_`, `folder`; it is held if nothing has changed outside."""
    source = f"import os\ndef f(secret, open_, folder):\n    {statement}"
    raid(jail, source, str(prey.secret), str(prey.open), str(prey.folder))
    held(jail, not prey.is_as_it_was())


def test_writing_a_new_file_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "open(folder + '/new', 'w')")


def test_overwriting_a_file_changes_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "open(open_, 'w')")


def test_emptying_a_file_by_reading_it_changes_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "os.open(open_, os.O_RDONLY | os.O_TRUNC)")


def test_truncating_a_file_changes_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "os.truncate(open_, 0)")


def test_removing_a_file_changes_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "os.unlink(open_)")


def test_renaming_a_file_changes_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "os.rename(open_, folder + '/moved')")


def test_changing_permissions_changes_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "os.chmod(open_, 0o600)")


def test_making_a_folder_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "os.mkdir(folder + '/new')")


def test_removing_a_folder_changes_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "os.rmdir(folder)")


def test_making_a_symbolic_link_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "os.symlink(secret, folder + '/new')")


def test_making_a_hard_link_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "os.link(open_, folder + '/new')")


def test_making_a_pipe_with_a_name_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "os.mkfifo(folder + '/new')")


def test_making_a_socket_with_a_name_leaves_nothing(every_sandbox: Jail, prey: Prey) -> None:
    write(every_sandbox, prey, "import socket; socket.socket(socket.AF_UNIX).bind(folder + '/new')")


def test_touching_a_file_changes_nothing(every_sandbox: Jail, prey: Prey) -> None:
    raid(every_sandbox, "import os\ndef f(path): os.utime(path, (1, 1))", str(prey.open))
    held(every_sandbox, prey.open.stat().st_mtime == 1)


def test_setting_an_extended_attribute_changes_nothing(isolating_sandbox: Jail, prey: Prey) -> None:
    raid(isolating_sandbox, "import os\ndef f(path): os.setxattr(path, 'user.mark', b'x')", str(prey.open))
    assert os.listxattr(prey.open) == []


def test_giving_a_file_away_changes_nothing(isolating_sandbox: Jail, prey: Prey) -> None:
    owner = prey.open.stat().st_uid
    raid(isolating_sandbox, "import os\ndef f(path): os.chown(path, 65534, -1)", str(prey.open))
    assert prey.open.stat().st_uid == owner


def test_a_file_without_a_name_cannot_be_had(every_sandbox: Jail, prey: Prey) -> None:
    source = "import os\ndef f(path): return os.open(path, os.O_TMPFILE | os.O_RDWR)"
    held(every_sandbox, raid(every_sandbox, source, str(prey.folder)).verdict is Verdict.OK)


def test_a_file_in_memory_cannot_be_had(every_sandbox: Jail) -> None:
    outcome = raid(every_sandbox, "import os\ndef f(): return os.memfd_create('mine')")
    held(every_sandbox, outcome.verdict is Verdict.OK)


def test_writing_into_every_folder_of_the_jail_leaves_nothing(isolating_sandbox: Jail) -> None:
    source = """
        import os, sys
        def f(name):
            made = []
            for folder in ['/', '/tmp', '/var/tmp', '/dev', '/dev/shm', '/run', '/home', '/usr/lib', '/etc', *sys.path]:
                try: os.close(os.open(f'{folder}/{name}', os.O_CREAT | os.O_WRONLY))
                except OSError: continue
                made.append(folder)
            return made
    """
    assert raid(isolating_sandbox, source, f"mark-{os.getpid()}").value == []


def test_changing_a_module_that_later_guests_import_changes_nothing(isolating_sandbox: Jail) -> None:
    source = """
        import colorsys
        def f(first):
            if first: open(colorsys.__file__, 'a').write('evil = 1')
            return hasattr(colorsys, 'evil')
    """
    outcomes = solve(isolating_sandbox, source, [True], [False])
    assert [(o.verdict, o.value) for o in outcomes] == [(Verdict.CRASHED, None), (Verdict.OK, False)]
