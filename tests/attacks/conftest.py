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

from attacks.arena import QUICK, solve
from attacks.listener import Listener
from attacks.prey import Prey, Sibling, Victim
from selftaught.core.contracts import Verdict
from selftaught.sandbox.choice import survey
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
            tier = re.search(r"\[(bubblewrap|landlock|container|unsafe)\b", report.nodeid)
            if tier and "attack" in report.keywords and report.when == "call":
                made[tier.group(1)] += 1
                bad[tier.group(1)] += outcome != "passed"
    for absent in survey():
        if made and not absent.works:
            terminalreporter.write_line(f"attacks, {absent.name}: none made, {absent.trouble}")
    for name in sorted(made):
        if name == "unsafe":
            told = f"attacks, control without isolation: {made[name] - bad[name]} of {made[name]} as expected"
        else:
            told = f"attacks, {name}: {made[name]} made, {bad[name]} succeed"
        terminalreporter.write_line(told)
