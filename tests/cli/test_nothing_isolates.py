"""A machine on which nothing isolates: nothing runs, the exit code is 4, and the line says what to enable.

Such a machine is made with a filter of this test's own, inherited by the command: the kernel's Landlock calls answer
"not implemented", and so does the one that installs filters, as on a kernel without them. No tier can do without both.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.support import QUICK

LAUNCHER = """
import os, struct, sys
from selftaught.guest import lock

def step(code, jt, jf, k): return struct.pack("HBBI", code, jt, jf, k)
landlock, seccomp = 444, lock._SECCOMP[os.uname().machine]
enosys, allow = 0x00050000 | 38, 0x7FFF0000
lock.no_new_privileges()
lock.seccomp(
    step(0x20, 0, 0, 0)
    + step(0x15, 1, 0, landlock)
    + step(0x15, 0, 1, seccomp)
    + step(0x06, 0, 0, enosys)
    + step(0x06, 0, 0, allow)
)
os.execv(sys.executable, [sys.executable, "-m", "selftaught", *sys.argv[1:]])
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "three-sat", "--model", "mutate"],
        ["improve", "three-sat", "--model", "mutate"],
        ["score", "three-sat", "p.py"],
        ["run", "three-sat", "--model", "mutate", "--sandbox", "bubblewrap"],
        ["demo"],
        ["doctor"],
        ["experiment", "suite", "--models", "mutate"],
    ],
)
def test_nothing_runs_where_nothing_isolates(tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "p.py").write_text("def algorithm(formula): return []\n")
    done = without_landlock(arguments, tmp_path)
    assert done.returncode == 4, done.stderr
    said = done.stderr + done.stdout
    assert "the kernel lacks Landlock (Linux 5.13 or newer, with lsm=landlock enabled at boot)" in said
    assert "--sandbox unsafe" in said and "Traceback" not in said
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "arguments", [["run", "three-sat", "--model", "mutate"], ["score", "maxcut", "p.py"], ["demo"]]
)
def test_a_numpy_that_does_not_import_is_named_with_what_to_do(tmp_path: Path, arguments: list[str]) -> None:
    broken = tmp_path / "broken" / "numpy"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text('raise ImportError("libblas.so: cannot open shared object file")\n')
    env = {**os.environ, "PYTHONPATH": str(broken.parent)}
    command = [sys.executable, "-m", "selftaught", *arguments]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 4
    assert done.stderr.splitlines() == [
        "selftaught: numpy does not import (libblas.so: cannot open shared object file): "
        "reinstall it (pip install --force-reinstall numpy)"
    ]


def test_unsafe_still_runs_there_if_asked_for(tmp_path: Path) -> None:
    (tmp_path / "p.py").write_text("def algorithm(formula): return []\n")
    done = without_landlock(["score", "three-sat", "p.py", "--sandbox", "unsafe"], tmp_path)
    assert done.returncode == 0 and "WARNING" in done.stderr


def without_landlock(arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LAUNCHER, *arguments]
    env = {**os.environ, "OLLAMA_HOST": "127.0.0.1:9"}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_an_address_space_that_is_too_small_for_an_improver_is_told_at_once(tmp_path: Path) -> None:
    """As batch systems limit it (ulimit -v)."""
    launcher = (
        "import os, resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1_900 << 20,) * 2);"
        "os.execv(sys.executable, [sys.executable, '-m', 'selftaught', *sys.argv[1:]])"
    )
    arguments = ["improve", "string-grid-distance", *QUICK[:2], *QUICK[4:], "--no-probes", "--out", "r"]
    command = [sys.executable, "-c", launcher, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 4, done.stderr
    assert "needs 2048 MiB of address space" in done.stderr and "ulimit -v" in done.stderr
    smaller = [sys.executable, "-c", launcher, *arguments[:-1], "s", "--improver-memory-mib", "512"]
    done = subprocess.run(smaller, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
