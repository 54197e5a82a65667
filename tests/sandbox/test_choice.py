"""Which tier is taken, and what is said where something is missing: one line, with what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from selftaught.core.contracts import Program, Verdict
from selftaught.core.errors import UsageError
from selftaught.sandbox.choice import TIERS, open_sandbox, survey
from selftaught.sandbox.contract import Limits
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers import bubblewrap
from selftaught.wiring.run import STRENGTH

OPEN = """
import sys, tempfile
from selftaught.core.contracts import Program
from selftaught.core.errors import SelfTaughtError
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import Limits

try:
    with open_sandbox(sys.argv[1], 1) as jail:
        print(jail.tier, jail.call(Program("def f(): return 42"), "f", [], Limits()).value)
except SelfTaughtError as error:
    print(type(error).__name__, error)
"""
FILTERED = """
import struct
from selftaught.guest import lock

def step(code, jt, jf, k): return struct.pack("HBBI", code, jt, jf, k)
lock.no_new_privileges()
lock.seccomp(step(0x20, 0, 0, 0) + step(0x15, 0, 1, {call}) + step(0x06, 0, 0, 0x00050000 | 38)
             + step(0x06, 0, 0, 0x7FFF0000))
"""


def opened(tier: str, script: str = OPEN, *, around: tuple[str, ...] = (), **environment: str) -> str:
    """What a fresh interpreter says that opens a sandbox: one line."""
    done = subprocess.run(
        [*around, sys.executable, "-c", script, tier],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0 and done.stdout.count("\n") == 1, done.stderr
    return done.stdout


def test_every_tier_is_looked_at_in_the_order_of_auto_and_says_why_not() -> None:
    found = survey()
    assert tuple(tier.name for tier in found) == TIERS == ("bubblewrap", "landlock", "container")
    assert all(tier.works == (tier.trouble == "") and "\n" not in tier.trouble for tier in found)


def test_every_tier_that_can_be_taken_has_its_strength() -> None:
    assert set(STRENGTH) == {*TIERS, "unsafe"}
    assert STRENGTH == ("unsafe", "landlock", "container", "bubblewrap")


def test_a_name_that_is_nearly_right_is_guessed() -> None:
    with pytest.raises(
        UsageError, match=r"no sandbox is called 'contaner'; did you mean 'container'\?; there are auto, b"
    ):
        open_sandbox("contaner")


@pytest.mark.parametrize("memory_bytes", [1, 1 << 12, 1 << 20])
def test_a_memory_limit_too_small_for_anything_is_a_verdict_and_no_hang(every_sandbox: Jail, memory_bytes: int) -> None:
    limits = Limits(memory_bytes=memory_bytes, wall_seconds=10.0)
    source = Program("def f(n):\n    return len(bytearray(n)) if n else 7")
    outcomes = list(every_sandbox.run(source, "f", [[0], [64 << 20], [0]], limits, seed=1))
    assert [outcome.verdict for outcome in outcomes] == [Verdict.OK, Verdict.OUT_OF_MEMORY, Verdict.OK]


@pytest.mark.parametrize("tier", [tier.name for tier in survey() if tier.works and tier.name != "container"])
def test_no_temporary_file_is_needed_so_a_full_disk_does_no_harm(tier: str) -> None:
    none = "import tempfile\ntempfile.tempdir = '/proc/nowhere'\n"
    assert opened(tier, none + OPEN) == f"{tier} 42\n"


def test_a_numpy_that_does_not_import_is_named(tmp_path: Path) -> None:
    (tmp_path / "numpy").mkdir()
    (tmp_path / "numpy/__init__.py").write_text("raise ImportError('libblas.so.3: no such file')\n")
    before = os.environ.get("PYTHONPATH")
    said = opened("landlock", PYTHONPATH=os.pathsep.join(filter(None, [str(tmp_path), before])))
    assert "numpy does not import (ImportError: libblas.so.3: no such file): reinstall it (pip install" in said
    assert said.startswith("NoSandbox")


def test_a_kernel_without_landlock_is_named() -> None:
    said = opened("landlock", FILTERED.format(call=444) + OPEN)
    assert "landlock: the kernel lacks Landlock (Linux 5.13 or newer, with lsm=landlock enabled at boot)" in said


@pytest.mark.skipif(bubblewrap.trouble() is not None, reason="bubblewrap is hidden by bubblewrap, which does not work")
def test_a_missing_bubblewrap_is_named_and_the_next_tier_taken() -> None:
    hidden = [word for path in ("/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap") if os.path.exists(path)
              for word in ("--ro-bind", "/dev/null", os.path.realpath(path))]  # fmt: skip
    around = (bubblewrap.find() or "", "--dev-bind", "/", "/", *hidden)
    assert "bubblewrap is not installed (apt install bubblewrap, dnf" in opened("bubblewrap", around=around)
    assert opened("auto", around=around) == "landlock 42\n"
