"""Scores a second through `--executor ray`, beside those of this machine alone: all in one run, medians of rounds.

    python benchmarks/cluster.py [--rounds 5] [--scores 300] [--json FILE]

A cluster of two nodes with one CPU each is started on this machine (`ray.cluster_utils`), in a network namespace with
its loopback alone where `unshare` may make one. Two programs are scored: one that does nothing (null), and a seed of
parity-with-noise, as the paper's task is (LPN). One by one tells the latency, several at once the throughput; the
efficiency is the throughput through n nodes over that of n local workers. The figures are for docs/cluster.md.

Two nodes of one CPU share the cores of this machine with the driver, with Ray's own processes and with each other: on a
machine of two cores, two nodes are slower here than on two machines.
"""

import argparse
import json
import os
import platform
import secrets
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from selftaught.core.contracts import Program
from selftaught.core.run_seed import RunSeed
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import Limits, OpenSandbox
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.wiring.executors.choice import open_executor
from selftaught.wiring.executors.cluster import Cluster

NULL = Program("def f(): return 1.0")
THREADS = 6
"""That wait for scores at once, where the throughput is measured."""
_UP = "import fcntl, socket, struct; s = socket.socket(); fcntl.ioctl(s, 0x8914, struct.pack('16sH14x', b'lo', 0x41))"
Score = Callable[[], object]


def stay_alone() -> None:
    """Start this very command anew where there is no network but the loopback; once, and where that is allowed."""
    alone = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--net"]
    if "RAY_AUTH_TOKEN" not in os.environ:
        quiet = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "RAY_USAGE_STATS_ENABLED": "0"}
        os.environ |= quiet
        if not subprocess.run([*alone, "true"], capture_output=True).returncode:
            script = f"{_UP}\nimport os, sys\nos.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
            os.execvp("unshare", [*alone, sys.executable, "-c", script, *sys.argv])


@contextmanager
def nodes(count: int) -> Iterator[str]:
    """The address of a cluster of so many nodes of one CPU."""
    from ray.cluster_utils import Cluster

    each: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 << 20}
    cluster = Cluster(initialize_head=True, connect=False, head_node_args={**each, "include_dashboard": False})
    for _ in range(count - 1):
        cluster.add_node(**each)
    try:
        yield cluster.address
    finally:
        cluster.shutdown()


def null(sandbox: OpenSandbox) -> Score:
    return lambda: list(sandbox.run(NULL, "f", [[]], Limits(), seed=1))


def lpn(sandbox: OpenSandbox) -> Score:
    spec = load_task("parity-with-noise")
    judge = Judge(spec, sandbox, "val", RunSeed(7, "benchmark"))
    return lambda: judge(spec.seed)


def one_by_one(score: Score, scores: int) -> float:
    """Milliseconds of one."""
    began = time.monotonic()
    for _ in range(scores):
        score()
    return (time.monotonic() - began) / scores * 1000


def at_once(score: Score, scores: int) -> float:
    """Scores a second, several waited for at once."""

    def some() -> None:
        for _ in range(scores // THREADS):
            score()

    threads = [threading.Thread(target=some) for _ in range(THREADS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return scores // THREADS * THREADS / (time.monotonic() - began)


def spent(sandbox: OpenSandbox) -> tuple[float, float, float]:
    """CPU seconds so far: of this process, of Ray's own ones, of ours on the nodes with all below them."""
    ours = {*sandbox.pids().values()} if isinstance(sandbox, Cluster) else set()
    parents, used = dict[int, int](), dict[int, float]()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            rest = (folder / "stat").read_text().rpartition(")")[2]
        except OSError:  # it has ended
            continue
        fields = rest.split()
        parents[int(folder.name)] = int(fields[1])
        used[int(folder.name)] = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # those that it reaped too
    found = {"ray": 0.0, "node": 0.0}
    for pid in used:
        above = [pid]
        while above[-1] in parents:
            above.append(parents[above[-1]])
        if os.getpid() in above[1:]:
            found["node" if ours & {*above} or not ours else "ray"] += used[pid]
    return time.process_time(), found["ray"], found["node"]


def measured(places: dict[str, OpenSandbox], scores: int, rounds: int) -> dict[str, dict[str, float]]:
    """By place: medians over the rounds, in each of which every place has its turn."""
    found: dict[str, dict[str, list[float]]] = {name: {} for name in places}
    for _ in range(rounds):
        for name, sandbox in places.items():
            for what, score in (("null", null(sandbox)), ("lpn", lpn(sandbox))):
                score()
                before = spent(sandbox)
                found[name].setdefault(f"{what} ms", []).append(one_by_one(score, scores // 3))
                after = spent(sandbox)
                found[name].setdefault(f"{what}/s", []).append(at_once(score, scores))
                for who, one, other in zip(("driver", "ray", "node"), before, after, strict=True):
                    cpu = (other - one) / (scores // 3) * 1000
                    found[name].setdefault(f"{what} CPU ms, {who}", []).append(cpu)
    return {name: {what: statistics.median(each) for what, each in figures.items()} for name, figures in found.items()}


def table(found: dict[str, dict[str, float]]) -> Iterator[str]:
    yield (
        f"{'':<22}{'null ms':>9}{'null/s':>9}{'LPN ms':>9}{'LPN/s':>9}  efficiency (null, LPN)  "
        "CPU ms of LPN: driver, Ray, node"
    )
    for name, figures in found.items():
        own = ""
        if name.startswith("ray"):
            alike = found[name.replace("ray", "local").replace("node", "worker")]
            own = f"{figures['null/s'] / alike['null/s']:.2f}, {figures['lpn/s'] / alike['lpn/s']:.2f}"
        cpu = ", ".join(f"{figures[f'lpn CPU ms, {who}']:.1f}" for who in ("driver", "ray", "node"))
        yield (
            f"{name:<22}{figures['null ms']:>9.2f}{figures['null/s']:>9.0f}{figures['lpn ms']:>9.2f}"
            f"{figures['lpn/s']:>9.0f}  {own:<24}{cpu}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="Scores a second through a cluster, and without one.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scores", type=int, default=300)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    stay_alone()
    print(
        f"{time.strftime('%d %b %Y')}, {os.cpu_count()} cores, Python {platform.python_version()}, ray {version('ray')}"
    )
    found: dict[str, dict[str, float]] = {}
    for count in (1, 2):
        of = f"{count} worker" + "s" * (count > 1)
        with open_sandbox("auto", count) as local, nodes(count) as address:
            with open_executor(f"ray:{address}", "auto") as cluster:
                places = {f"local, {of}": local, f"ray, {of.replace('worker', 'node')}": cluster}
                found |= measured(places, asked.scores, asked.rounds)
    print("\n".join(table(found)))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
