"""What attacks aim at, the check after each of them, and the figures at the end."""

import os
import re
import secrets
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

from attacks.arena import QUICK, SuppliedJail, all_started, solve
from attacks.listener import Listener
from attacks.prey import Prey, Sibling, Victim
from conftest import TIERS
from selftaught.core.contracts import Verdict
from selftaught.sandbox.choice import open_sandbox, prove, survey
from selftaught.sandbox.jail import Jail

HONEST = """
import numpy
def f(n):
    return [int(numpy.arange(n).sum()), float(numpy.linalg.det(numpy.eye(3)))]
"""
CHILD = """
import os, sys
held = bytearray(os.environ["HONEY"].encode() * 64)
print(os.getpid(), flush=True)
sys.stdin.read()
"""

SUPPLIED = ("scipy",)
"""What guests have in the attacks that are always made with packages, too: those marked `with_packages`."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each attack in each tier, without packages or with them; with `--packages`, all with these."""
    named = tuple(filter(None, metafunc.config.getoption("packages").split(",")))
    for fixture, tiers in (("isolating_sandbox", TIERS), ("every_sandbox", [*TIERS, "unsafe"])):
        if fixture in metafunc.fixturenames:
            wanted = [(tier, named) for tier in tiers]
            if not named and metafunc.definition.get_closest_marker("with_packages"):
                wanted += [(tier, SUPPLIED) for tier in TIERS]
            ids = ["+".join([tier, *packages]) for tier, packages in wanted]
            metafunc.parametrize(fixture, wanted, indirect=True, ids=ids, scope="session")


@pytest.fixture(scope="session")
def isolating_sandbox(request: pytest.FixtureRequest) -> Iterator[Jail]:
    """Each isolating tier in turn, without packages and with them."""
    yield from _opened(*request.param)


@pytest.fixture(scope="session")
def every_sandbox(request: pytest.FixtureRequest) -> Iterator[Jail]:
    """The same, and without isolation."""
    yield from _opened(*request.param)


def _opened(tier: str, packages: tuple[str, ...]) -> Iterator[Jail]:
    with open_sandbox(tier) as plain:
        if not packages:
            yield all_started(plain)
            return
        made = plain.tier_in_force
    jail = SuppliedJail(made, packages)
    with prove(jail) if made.isolates else jail:
        yield jail


@pytest.fixture(autouse=True)
def the_next_program_scores_as_ever(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every attack, an honest program from each worker gives its answer, in its time."""
    names = [name for name in ("isolating_sandbox", "every_sandbox") if name in request.fixturenames]
    jails: list[Jail] = [request.getfixturevalue(name) for name in names]
    yield
    for jail in jails:
        for _ in jail.worker_pids():
            outcomes = solve(jail, HONEST, [10], [100], limits=QUICK)
            assert [(o.verdict, o.value) for o in outcomes] == [(Verdict.OK, [45, 1.0]), (Verdict.OK, [4950, 1.0])]
            assert max(o.cpu_seconds for o in outcomes) < 0.2


@pytest.fixture
def prey() -> Iterator[Prey]:
    """Files outside that anybody may read and change: nothing but the sandbox keeps a guest from them."""
    with tempfile.TemporaryDirectory(prefix="prey-") as folder:
        yield Prey.in_folder(Path(folder))


@pytest.fixture
def victim() -> Iterator[Victim]:
    """A process of the host's own user, with a key in its environment and in its memory."""
    token = secrets.token_hex(16)
    with subprocess.Popen(
        [sys.executable, "-S", "-E", "-c", CHILD],
        env={"HONEY": token},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout
        assert int(child.stdout.readline()) == child.pid
        yield Victim(child, token)
        child.kill()


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Ears on every kind of socket of the host."""
    with tempfile.TemporaryDirectory(prefix="ears-") as folder:
        os.chmod(folder, 0o755)
        with Listener(Path(folder)) as ears:
            yield ears


@pytest.fixture
def siblings(request: pytest.FixtureRequest) -> Iterator[list[Sibling]]:
    """Honest guests in the middle of a call, one from each worker, each with a secret in its memory."""
    name = next(name for name in ("isolating_sandbox", "every_sandbox") if name in request.fixturenames)
    jail: Jail = request.getfixturevalue(name)
    started = [Sibling(jail) for _ in jail.worker_pids()]
    yield started
    ended = [sibling.finish() for sibling in started]
    assert ended == [sibling.secret for sibling in started], "a guest harmed another"


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """The figures: attempts and escapes in each tier, and how often the control shows an attack's teeth."""
    made: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    for outcome in ("passed", "failed", "xfailed"):
        for report in terminalreporter.getreports(outcome):
            tier = re.search(r"\[((?:bubblewrap|landlock|container|unsafe)(?:\+[\w.+]+)?)\b", report.nodeid)
            if tier and "attack" in report.keywords and report.when == "call":
                made[tier.group(1)] += 1
                bad[tier.group(1)] += outcome != "passed"
    for absent in survey():
        if made and not absent.works:
            terminalreporter.write_line(f"attacks, {absent.name}: none made, {absent.trouble}")
    for name in sorted(made):
        if name.startswith("unsafe"):
            told = f"attacks, control without isolation: {made[name] - bad[name]} of {made[name]} as expected"
        else:
            told = f"attacks, {name}: {made[name]} made, {bad[name]} succeed"
        terminalreporter.write_line(told)
