"""What a cluster does when its nodes, its driver and its processes come and go. Run by test_on_ray.py."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

import selftaught
from conftest import TIERS
from durability import world
from durability.test_kill_after_every_record import answered, asked, history
from executors.one_machine import NODE, two_nodes
from selftaught.core.ahead import Guess, guessing
from selftaught.core.contracts import Completion, Program, Prompt, Verdict
from selftaught.core.errors import SandboxError
from selftaught.core.run_seed import RunSeed
from selftaught.runs.folder import RunFolder
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import Limits, OpenSandbox
from selftaught.sandbox.jail import Jail
from selftaught.sandbox.tiers import bubblewrap
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.wiring.executors import cluster as executor
from selftaught.wiring.executors.choice import open_executor
from selftaught.wiring.executors.cluster import Cluster
from selftaught.wiring.executors.ray import Remote
from selftaught.wiring.models import Models
from selftaught.wiring.run import Run

COUNTS = Program("import time\nseen = []\ndef f(x):\n    time.sleep(0.02)\n    seen.append(x)\n    return len(seen)")
"""It remembers: a program that began anew in mid-run would count from one again."""
LIMITS = Limits(cpu_seconds=1.0, wall_seconds=30.0)


LOOPS = 1_000_000
"""Of the programs of a whole run: each is at work for a moment, in which its node can be lost."""
THIRD: dict[str, object] = {**NODE, "node_name": "third"}
"""A node that comes late, is lost, and comes back under its name."""


class Patient(world.Witness):
    """The last question of the run is answered when all that was to be lost is lost."""

    def __init__(self, log: Path, last: int, lost: threading.Event) -> None:
        super().__init__(log, LOOPS)
        self._left, self._lost, self._lock = last, lost, threading.Lock()

    def __call__(self, prompts: Sequence[Prompt]) -> list[Completion]:
        with self._lock:
            self._left -= len(prompts)
            is_last = self._left <= 0
        if is_last:
            self._lost.wait(200)
        return super().__call__(prompts)


@pytest.fixture
def cluster(every_sandbox: OpenSandbox) -> Cluster:
    """The one that the contract is tried on, with both nodes: one that an earlier test lost may be on its way back."""
    assert isinstance(every_sandbox, Cluster)
    wait_for(lambda: every_sandbox.pids().keys() == {node.node_id for node in two_nodes().list_all_nodes()})
    return every_sandbox


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run on this machine alone; `fresh` beside it is the same run, not begun."""
    folder = tmp_path_factory.mktemp("run") / "whole"
    world.prepare(folder, "threads")
    shutil.copytree(folder, folder.parent / "fresh")
    world.go(folder, loops=LOOPS)
    return folder


def test_a_run_whose_driver_is_killed_goes_on_on_the_cluster_and_without_it(undisturbed: Path) -> None:
    """First of all: who begins while others have the CPUs waits."""
    folder = undisturbed.parent / "killed"
    shutil.copytree(undisturbed.parent / "fresh", folder)
    for last in (12, 6):
        before, asked_before = answered(folder), asked(folder)
        words = ["--kill-after", str(last), "--executor", f"ray:{two_nodes().address}", "--loops", str(LOOPS)]
        ended = subprocess.run(
            [sys.executable, world.__file__, str(folder), *words],
            env={**os.environ, "PYTHONPATH": "tests"},
            capture_output=True,
            text=True,
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert not before & set(asked(folder) - asked_before), "a recorded response was bought again"
    before, asked_before = answered(folder), asked(folder)
    world.go(folder, loops=LOOPS)
    assert not before & set(asked(folder) - asked_before)
    assert history(folder) == history(undisturbed)


def test_a_guest_of_a_node_reaches_neither_the_engines_ports_nor_its_sockets_and_ends_with_it() -> None:
    """In the second tier; in the first one below."""
    with open_executor(f"ray:{two_nodes().address}", TIERS[-1]) as opened:
        assert isinstance(opened, Cluster)
        assert not reached_from(opened)
        at_work(opened, 4, 1)
        pids = list(opened.pids().values())
        below = [child for pid in pids for child in children_of(pid)]
        assert below
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in (*pids, *below)))
    with open_sandbox("unsafe", 1) as unsafe:
        assert reached_from(unsafe), "the attack attacks nothing"


def reached_from(sandbox: OpenSandbox) -> list[object]:
    """What a guest reaches of the engine."""
    ports, sockets = sorted(listening()), [str(path) for path in Path("/tmp/ray").glob("session_*/sockets/*")]
    assert ports and sockets
    (outcome,) = sandbox.run(Program(REACHES), "f", [[ports, sockets]], LIMITS, seed=1)
    if outcome.verdict is not Verdict.OK:
        return []
    assert isinstance(outcome.value, list)
    return outcome.value


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
        extra = two_nodes().add_node(**THIRD)
        wait_for(lambda: len(cluster.nodes) == 3)  # it came late, and is used
        threads, found = at_work(cluster, 12, 20)
        wait_for(lambda: len(found) >= 2)
        two_nodes().remove_node(extra, allow_graceful=False)
        for thread in threads:
            thread.join(100)
        assert found == [list(range(1, 21))] * 12
        wait_for(lambda: len(cluster.nodes) == 2)

    def test_a_whole_run_that_loses_a_worker_a_process_and_a_node_has_the_record_of_one_that_lost_nothing(
        self, cluster: Cluster, undisturbed: Path
    ) -> None:
        folder = undisturbed.parent / "disturbed"
        shutil.copytree(undisturbed.parent / "fresh", folder)
        third = two_nodes().add_node(**THIRD)
        wait_for(lambda: len(cluster.nodes) == 3)  # with the name and the address of the one that was lost
        (first, pid), *_ = cluster.pids().items()
        losses, over, found = list[str](), threading.Event(), list[list[object]]()

        def busy(node: str) -> None:
            wait_for(lambda: cluster.under_way().get(node, 0), pause=0.01)

        def work_too() -> None:
            """However quick the run is: each node is at work when it is lost."""
            while not over.is_set():
                outcomes = cluster.run(COUNTS, "f", [[number] for number in range(20)], LIMITS, seed=1)
                found.append([outcome.value for outcome in outcomes])

        def disturb() -> None:
            try:
                disturb_each()
            finally:
                over.set()

        def disturb_each() -> None:
            busy(first)
            for worker in children_of(pid):
                os.kill(worker, signal.SIGKILL)
            losses.append("workers")
            busy(third.node_id)
            two_nodes().remove_node(third, allow_graceful=False)
            losses.append("node")
            busy(first)
            os.kill(pid, signal.SIGKILL)
            losses.append("process")

        last = asked(undisturbed).total()
        model = Models.only(Patient(folder / "asked.txt", last, over), "witness")
        threads = [threading.Thread(target=work) for work in (disturb, *[work_too] * len(cluster.nodes))]
        with Run.resume(RunFolder(folder), lambda inputs, gate: model, cluster) as run:
            for thread in threads:
                thread.start()
            run.work()
        for thread in threads:
            thread.join(60)
        assert losses == ["workers", "node", "process"]
        assert found == [list(range(1, 21))] * len(found)
        assert history(folder) == history(undisturbed)
        assert asked(folder) == asked(undisturbed)

    def test_a_guess_waits_for_what_was_asked_for_until_it_is_wanted_itself(self, cluster: Cluster) -> None:
        full, order, ends = Limits(cpu_seconds=30.0, wall_seconds=30.0), list[str](), list[threading.Thread]()

        def start(name: str, guess: Guess | None) -> None:
            def score() -> None:
                with guessing(guess):
                    for _ in cluster.run(COUNTS, "f", [[1]], full, seed=1):
                        order.append(name)

            ends.append(threading.Thread(target=score))
            ends[-1].start()

        taken = [cluster._take() for _ in range(2 * len(cluster.nodes))]  # no clock decides who ends first
        wanted = Guess()
        for name, guess in (("guess", Guess()), ("wanted", wanted), ("asked for", None)):
            start(name, guess)
            wait_for(lambda: cluster.waiting() == len(ends), pause=0.01)
        wanted.want()
        cluster._release(taken.pop())  # all three go through this one place, one after another
        for end in ends:
            end.join(60)
        for member in taken:
            cluster._release(member)
        assert order == ["wanted", "asked for", "guess"]

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

    def test_a_node_that_is_stopped_and_goes_on_when_it_was_given_up_delivers_nothing_twice(
        self, cluster: Cluster
    ) -> None:
        third = two_nodes().add_node(**THIRD)
        wait_for(lambda: len(cluster.nodes) == 3)
        pid = cluster.pids()[third.node_id]
        threads, found = at_work(cluster, 12, 20)
        wait_for(lambda: cluster.under_way().get(third.node_id, 0), pause=0.01)
        raylets = [info.process.pid for info in third.all_processes["raylet"]]
        stopped = [*raylets, pid, *children_of(pid)]
        for one in stopped:
            os.kill(one, signal.SIGSTOP)
        for thread in threads:
            thread.join(100)
        assert found == [list(range(1, 21))] * 12
        assert len(cluster.nodes) == 2
        for one in stopped:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)
        wait_for(lambda: not any(map(runs, stopped)))
        assert found == [list(range(1, 21))] * 12
        assert len(cluster.nodes) == 2
        with suppress(Exception):  # it ended by itself when it heard that it was given up
            two_nodes().remove_node(third, allow_graceful=False)

    def test_our_process_on_a_healthy_node_that_answers_nothing_is_given_up(
        self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setattr(executor, "_SILENT_SECONDS", 3.0)
        before = cluster.pids()
        id, pid = next(iter(before.items()))
        threads, found = at_work(cluster, 8, 20)
        wait_for(lambda: cluster.under_way().get(id, 0), pause=0.01)
        os.kill(pid, signal.SIGSTOP)
        for thread in threads:
            thread.join(100)
        assert found == [list(range(1, 21))] * 8
        wait_for(lambda: cluster.pids().get(id) not in (None, pid))
        assert not runs(pid) and "our process there has answered nothing for 3 s" in caplog.text

    def test_a_client_of_another_version_of_ray_is_refused_and_both_are_named(self, cluster: Cluster) -> None:
        script = (
            "import ray, sys\n"
            "own = ray.__version__\n"
            "ray.__version__ = '2.53.0'\n"  # what is compared: the client's own word against the cluster's
            "from selftaught.core.errors import UsageError\n"
            "from selftaught.wiring.executors.choice import open_executor\n"
            "try: open_executor('ray:' + sys.argv[1], 'auto')\n"
            "except UsageError as error: print(error, own)\n"
        )
        words = [sys.executable, "-c", script, two_nodes().address]
        ended = subprocess.run(words, capture_output=True, text=True, timeout=120)
        assert f"the Ray cluster {two_nodes().address} cannot be used" in ended.stdout, ended.stderr
        own = ended.stdout.split()[-1]
        assert "2.53.0" in ended.stdout and ended.stdout.count(own) >= 2

    def test_another_port_of_the_engine_than_the_heads_is_told_as_that(self, cluster: Cluster) -> None:
        """Ray itself waits for half a minute or longer. In processes of their own: this one has its cluster."""
        script = (
            "import sys\n"
            "from selftaught.core.errors import UsageError\n"
            "from selftaught.wiring.executors.choice import open_executor\n"
            "for address in sys.argv[1:]:\n"
            "    try: open_executor('ray:' + address, 'auto')\n"
            "    except UsageError as error: print(error)\n"
        )
        head = int(two_nodes().address.rpartition(":")[2])
        others = [f"127.0.0.1:{port}" for port in sorted(listening() - {head})]
        words = [sys.executable, "-c", script, *others]
        told = subprocess.run(words, capture_output=True, text=True, timeout=120).stdout.splitlines()
        assert len(told) == len(others) > 2
        assert all("no Ray cluster answers at" in line for line in told), told
        assert any(", but something else does" in line for line in told), told

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

    def test_a_guest_of_a_node_reaches_nothing_of_the_engine(self, cluster: Cluster) -> None:
        assert not reached_from(cluster)

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

    def test_what_a_node_was_sent_is_not_sent_again_unless_it_has_forgotten_it(
        self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent: list[int] = []
        ask = Remote.ask

        def counted(remote: Remote, what: str, body: bytes, seconds: float | None = None) -> bytes:
            if what == "begin":  # how often it is asked for more is a matter of time
                sent.append(len(body))
            return ask(remote, what, body, seconds)

        def score(calls: list[list[object]]) -> list[object]:
            sent.clear()
            return [outcome.value for outcome in cluster.run(program, "f", calls, LIMITS, seed=1)]

        monkeypatch.setattr(Remote, "ask", counted)
        program = Program("def f(x): return [len(x), x[-1]]")
        calls: list[list[object]] = [[bytes([number]) * 10_000] for number in range(20)]
        right = [[10_000, number] for number in range(20)]
        for _ in range(6):  # each node has had them by then
            assert score(calls) == right
        assert len(sent) == 1 and sent[0] < 1000
        assert score([*calls[1:], calls[0]]) == [*right[1:], right[0]]  # other calls, under another name
        for number in range(24):
            assert score([[bytes([number]) * (8 << 20)]]) == [[8 << 20, number]]
        found = []
        for _ in range(6):
            assert score(calls) == right
            found.append(tuple(size > 200_000 for size in sent))
        assert (False, True) in found  # asked by name, told that it is forgotten, and sent
        assert found[-1] == (False,)

    def test_a_task_that_calls_the_program_itself_is_played_beside_it(
        self, cluster: Cluster, sandbox: Jail, tmp_path: Path
    ) -> None:
        (tmp_path / "adding.py").write_text(TASK)
        spec = load_task(str(tmp_path / "adding.py"))
        judges = [Judge(spec, box, "val", RunSeed(7, "salt")) for box in (cluster, sandbox)]
        far, near = (judge(spec.seed) for judge in judges)
        assert (far, far.grades, far.error) == (near, near.grades, near.error)
        assert cluster.play(judges[0].scene(spec.seed)) == near  # it was not called from here


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


def listening() -> set[int]:
    """The TCP ports of this namespace on which somebody listens."""
    lines = [line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()]
    return {int(line[1].rpartition(":")[2], 16) for line in lines if line[3] == "0A"}


def children_of(pid: int) -> list[int]:
    return [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]


def runs(pid: int) -> bool:
    """Whether the process is there, and not merely unread by its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


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


def wait_for(happens: object, seconds: float = 60.0, pause: float = 0.1) -> None:
    """Raises AssertionError if it does not."""
    assert callable(happens)
    event = threading.Event()
    for _ in range(int(seconds / pause)):
        if happens():
            return
        event.wait(pause)
    raise AssertionError("it did not happen")
