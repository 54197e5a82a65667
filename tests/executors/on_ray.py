"""What a cluster does when its nodes come and go. Run by test_on_ray.py."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import selftaught
from conftest import TIERS
from executors.one_machine import NODE, two_nodes
from selftaught.core.contracts import Program, Verdict
from selftaught.core.errors import SandboxError
from selftaught.core.run_seed import RunSeed
from selftaught.sandbox.contract import Limits, OpenSandbox
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers import bubblewrap
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.wiring.executors.choice import open_executor
from selftaught.wiring.executors.cluster import Cluster

COUNTS = Program("import time\nseen = []\ndef f(x):\n    time.sleep(0.02)\n    seen.append(x)\n    return len(seen)")
"""It remembers: a program that began anew in mid-run would count from one again."""
LIMITS = Limits(cpu_seconds=1.0, wall_seconds=30.0)


@pytest.fixture(scope="class")
def cluster() -> Iterator[Cluster]:
    with open_executor(f"ray:{two_nodes().address}", "auto") as opened:
        assert isinstance(opened, Cluster)
        yield opened


def at_work(cluster: Cluster, threads: int, calls: int) -> tuple[list[threading.Thread], list[list[object]]]:
    """Programs that run meanwhile, half of them asked call by call."""
    found: list[list[object]] = []

    def score(number: int) -> None:
        asked = [[number]] * calls
        with suppress(SandboxError):  # where it is closed meanwhile: then there is no outcome, which is looked at
            outcomes = cluster.run(COUNTS, "f", asked if number % 2 else iter(asked), LIMITS, seed=number)
            found.append([outcome.value for outcome in outcomes])

    started = [threading.Thread(target=score, args=(number,)) for number in range(threads)]
    for thread in started:
        thread.start()
    return started, found


class TestOneCluster:
    """Whose nodes come and go."""

    def test_a_node_that_is_lost_costs_no_outcome_and_doubles_none(self, cluster: Cluster) -> None:
        extra = two_nodes().add_node(**NODE)
        wait_for(lambda: len(cluster.nodes) == 3)  # it came late, and is used
        threads, found = at_work(cluster, 12, 20)
        wait_for(lambda: len(found) >= 2)
        two_nodes().remove_node(extra, allow_graceful=False)
        for thread in threads:
            thread.join(100)
        assert found == [list(range(1, 21))] * 12
        assert len(cluster.nodes) == 2

    def test_our_process_on_a_node_that_is_killed_is_started_anew(self, cluster: Cluster) -> None:
        threads, found = at_work(cluster, 8, 20)
        wait_for(lambda: len(found) >= 1)
        before = cluster.pids()
        id, pid = next(iter(before.items()))
        os.kill(pid, signal.SIGKILL)
        for thread in threads:
            thread.join(100)
        assert found == [list(range(1, 21))] * 8
        wait_for(lambda: cluster.pids().get(id) not in (None, pid))

    def test_a_node_with_other_code_is_named_and_not_used(
        self, cluster: Cluster, caplog: pytest.LogCaptureFixture, tmp_path: Path
    ) -> None:
        shutil.copytree(Path(selftaught.__file__).parent, tmp_path / "selftaught")
        (tmp_path / "selftaught" / "core" / "budget.py").open("a").write("# of another version\n")
        node = two_nodes().add_node(**NODE, env_vars={"PYTHONPATH": str(tmp_path)})
        wait_for(lambda: f"({node.node_id[:8]}) is not used: its code of selftaught is" in caplog.text)
        two_nodes().remove_node(node, allow_graceful=False)
        assert len(cluster.nodes) == 2

    def test_a_node_on_which_the_sandbox_does_not_work_is_named_and_not_used(
        self, cluster: Cluster, caplog: pytest.LogCaptureFixture
    ) -> None:
        if cluster.tier != "bubblewrap":
            pytest.skip("a node without bubblewrap is like this machine")
        hidden = f"mount --bind /dev/null {bubblewrap.find()} && exec"
        start = f"ray start --block --address {two_nodes().address} --num-cpus 1 --object-store-memory {80 << 20}"
        words = ["unshare", "--mount", "sh", "-c", f"{hidden} {Path(sys.executable).parent}/{start}"]
        node = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(
                lambda: "the sandbox bubblewrap does not work there: bubblewrap: bubblewrap is not i" in caplog.text
            )
            assert len(cluster.nodes) == 2
        finally:
            node.terminate()
            node.wait()

    def test_whoever_wants_no_more_frees_the_node(self, cluster: Cluster) -> None:
        endless = Program("import time\ndef f(x):\n    if x: time.sleep(1000)\n    return x")
        for _ in range(3):  # more often than there are places
            outcomes = cluster.run(endless, "f", [[0], [1]], Limits(wall_seconds=1000.0), seed=1)
            talk = cluster.run(endless, "f", iter([[0], [0]]), LIMITS, seed=1)
            assert next(talk).value == 0
            talk.close()  # type: ignore[attr-defined]
            outcomes.close()  # type: ignore[attr-defined]
        (outcome,) = cluster.run(endless, "f", [[0]], LIMITS, seed=1)
        assert outcome.value == 0

    def test_a_task_that_calls_the_program_itself_is_played_beside_it(
        self, cluster: Cluster, sandbox: Jail, tmp_path: Path
    ) -> None:
        (tmp_path / "adding.py").write_text(TASK)
        spec = load_task(str(tmp_path / "adding.py"))
        judges = [Judge(spec, box, "val", RunSeed(7, "salt")) for box in (cluster, sandbox)]
        far, near = (judge(spec.seed) for judge in judges)
        assert (far, far.grades, far.error) == (near, near.grades, near.error)
        assert cluster.play(judges[0].scene(spec.seed)) == near  # it was not called from here


def test_closing_ends_every_guest_on_every_node() -> None:
    with open_executor(f"ray:{two_nodes().address}", "auto") as opened:
        assert isinstance(opened, Cluster)
        at_work(opened, 4, 1)
        pids = list(opened.pids().values())
        below = [child for pid in pids for child in children_of(pid)]
        assert below
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in (*pids, *below)))


def test_a_program_reaches_neither_the_engines_ports_nor_its_sockets(every_executor: Cluster) -> None:
    found = sorted(listening())
    assert found, "the engine listens nowhere: the attack attacks nothing"
    sockets = [str(path) for path in Path("/tmp/ray").glob("session_*/sockets/*")]
    assert sockets
    (outcome,) = every_executor.run(Program(REACHES), "f", [[found, sockets]], LIMITS, seed=1)
    if every_executor.tier == "unsafe":
        assert outcome.value and len(outcome.value) >= len(found)  # the attack works where nothing isolates
    else:
        assert outcome.verdict is not Verdict.OK or outcome.value == []


REACHES = """
import os, socket
def f(ports, sockets):
    reached = []
    for port in ports:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            reached.append(port)
        except Exception: pass
    for path in sockets:
        mouth = socket.socket(socket.AF_UNIX)
        try:
            mouth.connect(path)
            reached.append(path)
        except Exception: pass
    for name in ("/tmp/ray", os.path.expanduser("~/.ray")):
        try: reached += os.listdir(name)[:1]
        except OSError: pass
    return reached
"""


@pytest.fixture(params=[*TIERS, "unsafe"])
def every_executor(request: pytest.FixtureRequest) -> Iterator[OpenSandbox]:
    with open_executor(f"ray:{two_nodes().address}", request.param) as opened:
        yield opened


def listening() -> set[int]:
    """The TCP ports of this namespace on which somebody listens."""
    lines = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
    return {int(line[1].rpartition(":")[2], 16) for line in lines if line[3] == "0A"}


def children_of(pid: int) -> list[int]:
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


PLAYED = """Sum what you are asked. Write add(x)."""
TASK = f'''"""{PLAYED}"""
ENTRY = "add"
SEED = "total = 0\\ndef add(x):\\n    global total\\n    total += x\\n    return total\\n"


def instances(rng, split):
    for _ in range(3):
        yield ([rng.randint(1, 9) for _ in range(50)],), rng.random()


def play(instance, call):
    (numbers,), hidden = instance
    return [call(number) for number in numbers][-1] / sum(numbers) * hidden
'''


def wait_for(happens: object, seconds: float = 60.0) -> None:
    """Raises AssertionError if it does not."""
    assert callable(happens)
    event = threading.Event()
    for _ in range(int(seconds / 0.1)):
        if happens():
            return
        event.wait(0.1)
    raise AssertionError("it did not happen")
