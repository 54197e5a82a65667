"""Fixtures that several rooms share: the real sandbox, in every isolating tier that this machine has."""

import compileall
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import selftaught
from selftaught.runs.salt import data_folder, keep
from selftaught.sandbox.choice import open_sandbox, survey
from selftaught.sandbox.jail import Jail
from selftaught.wiring.executors.choice import open_executor

os.environ["XDG_DATA_HOME"] = tempfile.mkdtemp(prefix="selftaught-tests-")
"""What the tests keep for the user does not lie among what the user has."""
keep(data_folder(os.environ) / ".salt", ".+", lambda: "000000000000000a")
"""A test that gives a seed has the same instances each time: no outcome depends on a salt that was drawn."""
keep(data_folder(os.environ) / "machine-speed", ".+", lambda: "80")
"""Prompts contain it, and draws depend on the prompt: what `mutate` answers would depend on the clock."""
os.environ.setdefault("PYTHONPYCACHEPREFIX", tempfile.mkdtemp(prefix="selftaught-bytecode-"))
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""The many processes that tests start compile what they import once, together, whatever the shell says."""
os.environ.pop("COLUMNS", None)
"""readline sets it in the process of the tests, and what is printed would be folded."""


def _compile_what_guests_run() -> None:
    """Guests have no environment and write no bytecode: each of the many zygotes would compile its own code anew."""
    prefix, sys.pycache_prefix = sys.pycache_prefix, None
    compileall.compile_dir(Path(selftaught.__file__).parent, quiet=2)
    sys.pycache_prefix = prefix


if "PYTEST_XDIST_WORKER" not in os.environ:
    _compile_what_guests_run()

FULL = os.environ.get("SELFTAUGHT_TEST_SIZE") == "full"


def times(usually: int, full: int) -> int:
    """How often a rare fault is looked for; `SELFTAUGHT_TEST_SIZE=full` takes the second."""
    return full if FULL else usually


EXECUTOR = os.environ.get("SELFTAUGHT_TEST_EXECUTOR", "local")
"""`ray`: what a sandbox must do is tried on a cluster of two nodes (tests/executors/)."""


def pytest_addoption(parser: pytest.Parser) -> None:
    told = "make every attack of tests/attacks in sandboxes whose guests have these, as scipy,pandas"
    parser.addoption("--packages", default="", help=told)


TIERS = [found.name for found in survey() if found.works]


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Jail]:
    """The strongest sandbox of this machine. Fails, never skips, where nothing isolates."""
    with open_sandbox("auto") as jail:
        yield jail


@pytest.fixture(scope="session", params=[*TIERS, "unsafe"] if EXECUTOR == "local" else TIERS[:1])
def every_sandbox(request: pytest.FixtureRequest) -> Iterator[Jail]:
    """Each tier in turn, `unsafe` too: for what all of them must do."""
    if EXECUTOR == "ray":
        from executors.one_machine import two_nodes

        with open_executor(f"ray:{two_nodes().address}", request.param) as cluster:
            yield cluster  # type: ignore[misc]  # it keeps the same contract
        return
    with open_sandbox(request.param) as jail:
        yield jail


@pytest.fixture(scope="session", params=TIERS)
def isolating_sandbox(request: pytest.FixtureRequest) -> Iterator[Jail]:
    """Each isolating tier in turn."""
    with open_sandbox(request.param) as jail:
        yield jail


def pytest_xdist_auto_num_workers() -> int:
    """Of `-n auto`: one more than there are cores, since many tests wait for a disk, a child or a clock."""
    return len(os.sched_getaffinity(0)) + 1
