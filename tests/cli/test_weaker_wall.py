"""A run does not go on behind a weaker wall than it began behind, unless it is told to.

The machine loses its stronger tier by a filter of this test's own: `mount` answers EPERM, so that bubblewrap cannot
make its view, as where namespaces are not allowed. Landlock still works.
"""

import json
import platform
import subprocess
import sys
from pathlib import Path

from cli.support import selftaught
from selftaught.sandbox.filters.numbers import numbers

LAUNCHER = f"""
import os, struct, sys
from selftaught.guest import lock

def step(code, jt, jf, k): return struct.pack("HBBI", code, jt, jf, k)
mount, eperm, allow = {numbers(platform.machine())["mount"]}, 0x00050000 | 1, 0x7FFF0000
lock.no_new_privileges()
lock.seccomp(step(0x20, 0, 0, 0) + step(0x15, 0, 1, mount) + step(0x06, 0, 0, eperm) + step(0x06, 0, 0, allow))
os.execv(sys.executable, [sys.executable, "-m", "selftaught", *sys.argv[1:]])
"""


def without_bubblewrap(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LAUNCHER, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def test_a_run_stays_behind_the_wall_it_began_behind(tmp_path: Path) -> None:
    begun = selftaught("improve", "parity", "--model", "mutate", "--out", "run", "--max-time", "0.01", cwd=tmp_path)
    assert begun.returncode == 3, begun.stderr
    doctor = json.loads(without_bubblewrap("doctor", "--json", cwd=tmp_path).stdout)
    assert doctor["sandbox"] == "landlock"  # the machine has lost its stronger tier
    refused = without_bubblewrap("resume", "run", cwd=tmp_path)
    assert refused.returncode == 4 and "bubblewrap" in refused.stderr and "Traceback" not in refused.stderr
    told = without_bubblewrap("resume", "run", "--sandbox", "landlock", cwd=tmp_path)
    assert told.returncode == 0, told.stderr
    shown = json.loads(selftaught("show", "run", "--json", cwd=tmp_path).stdout)
    assert [session["tier"] for session in shown["sessions"]] == ["bubblewrap", "landlock"]
