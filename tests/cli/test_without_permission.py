"""A run in a folder that may not be written to: it is looked at, and not gone on with."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import pytest

from cli.support import QUICK, in_process

NOBODY = 65534


@pytest.fixture
def runs() -> Iterator[Path]:
    """A folder of runs that anybody may read, with one that has begun."""
    with tempfile.TemporaryDirectory(prefix="selftaught-") as folder:
        os.chmod(folder, 0o755)
        done = in_process(
            "run", "string-grid-distance", *QUICK, "--depth", "1", "--max-time", "0.05", "--out", "it",
            cwd=Path(folder),
        )  # fmt: skip
        assert done.returncode == 3, done.stderr
        yield Path(folder)


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """Nobody may write there; the superuser may, and so is somebody else for a while."""
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_it_is_shown_and_a_resume_is_refused_in_one_line_and_works_in_a_copy(runs: Path) -> None:
    shutil.copytree(runs / "it", runs / "copy")
    for command in ("show", "resume"):  # what they import is loaded: this user's Python may lie where nobody else reads
        assert in_process(command, "copy", cwd=runs).returncode == 0
    before = {path.name: path.read_bytes() for path in (runs / "it").iterdir() if path.is_file()}
    with chdir(runs), without_rights(runs / "it"):  # this user's own folder may be one that nobody else gets back to
        shown = in_process("show", "it", cwd=runs)
        resumed = in_process("resume", "it", cwd=runs)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert resumed.returncode == 1
    assert (
        resumed.stderr.startswith("selftaught: cannot write to it: this user may not")
        and "damaged" not in resumed.stderr
    )
    assert resumed.stderr.count("\n") == 1
    assert {path.name: path.read_bytes() for path in (runs / "it").iterdir() if path.is_file()} == before
