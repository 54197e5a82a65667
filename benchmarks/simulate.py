"""How long a run takes on n nodes, by a discrete-event simulation (SimPy): what limits it, and from where on.

    python benchmarks/simulate.py                          the table of docs/cluster.md
    python benchmarks/simulate.py --latency 8 --cost 2 --requests-per-minute 500 --nodes 1,4,16,64
    python benchmarks/simulate.py --check                  constants measured here, and held against real runs

A run is `--applications` improvers at once, each of so many rounds: a question for so many responses, then the scores
of the programs in them. A response takes `--latency` seconds, and waits for a connection and for the rate limit. A
score takes `--cost` seconds of one CPU of a node and what the sandbox adds there; and before and after it the driver's
time, of which there is one: Python runs one thread at a time. What is put on record before a question waits for the
disk, one commit at a time. Those three are the constants below; `--check` measures them on this machine and then runs
and simulates the same small runs, with one and with two nodes.
"""

import argparse
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import simpy
from cluster import nodes, stay_alone

import selftaught
from selftaught.core.contracts import Prompt

Events = Generator[simpy.Event, Any, None]


@dataclass(frozen=True)
class Constants:
    """Seconds: of the driver for one candidate (its response, its record, its score), of a node beside the program's
    own time, and of one commit to disk. `--check` prints those of a machine.
    """

    driver: float = 0.004
    node: float = 0.004
    commit: float = 0.004


@dataclass(frozen=True)
class Plan:
    """What a run is to do, and with what. Times in seconds. `spread`: of the logarithm of the latency."""

    nodes: int = 1
    cpus: int = 1
    applications: int = 1
    rounds: int = 4
    responses: int = 8
    latency: float = 5.0
    spread: float = 0.2
    cost: float = 1.0
    connections: int = 16
    requests_per_minute: float = 0.0
    constants: Constants = Constants()


@dataclass(frozen=True)
class Outcome:
    """Wall-clock seconds, and the share of it in which each was busy."""

    seconds: float
    busy: dict[str, float]

    @property
    def limit(self) -> str:
        """What is busy most of the time, or else the path of one question after the other."""
        name, share = max(self.busy.items(), key=lambda one: one[1])
        return name if share > 0.8 else "the critical path"


class _Counted:
    """A resource that knows how long it was in use."""

    def __init__(self, world: simpy.Environment, capacity: int) -> None:
        self.world, self.capacity, self.used = world, capacity, 0.0
        self._resource = simpy.Resource(world, capacity)

    def take(self, seconds: float) -> Events:
        with self._resource.request() as turn:
            yield turn
            yield self.world.timeout(seconds)
            self.used += seconds


def simulate(plan: Plan) -> Outcome:
    """One run. Equal plans, equal outcomes."""
    world, rng, const = simpy.Environment(), random.Random(7), plan.constants
    parts = {
        "the model's connections": _Counted(world, plan.connections),
        "the rate limit": _Counted(world, 1),
        "the nodes": _Counted(world, plan.nodes * plan.cpus),
        "the driver": _Counted(world, 1),
        "the record": _Counted(world, 1),
    }
    model, rate, cores, driver, record = parts.values()
    spacing = 60 / plan.requests_per_minute if plan.requests_per_minute else 0.0

    def response() -> Events:
        yield from rate.take(spacing)
        yield from model.take(plan.latency * rng.lognormvariate(0, plan.spread) if plan.latency else 0.0)

    def score() -> Events:
        yield from driver.take(const.driver)
        yield from cores.take(plan.cost + const.node)

    def application() -> Events:
        for _ in range(plan.rounds):
            yield from record.take(const.commit)
            yield world.all_of([world.process(response()) for _ in range(plan.responses)])
            yield world.all_of([world.process(score()) for _ in range(plan.responses)])

    world.run(world.all_of([world.process(application()) for _ in range(plan.applications)]))
    busy = {name: part.used / part.capacity / world.now for name, part in parts.items()}
    return Outcome(world.now, busy)


IMPROVER = """from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    best = initial_solution
    for _ in range(%d):
        found = language_model.prompt("You are an expert.", "Improve this program:\\n" + best, %d, 0.7)
        programs = [extract_code(one) for one in found]
        scores = utility.batch(programs)
        best = programs[scores.index(max(scores))]
    return best
"""
TASK = '''"""Write algorithm(x), which returns a number."""
SEED = "def algorithm(x):\\n    return 0.25\\n"


def instances(rng, split):
    yield (rng.random(),), None


def grade(instance, answer):
    return float(answer)
'''
PROGRAM = """import time


def algorithm(x):
    time.sleep(%r)
    return 0.3 + %d / 1e6  # candidate %d
"""
"""It holds its place on a node as one that computes would, and no core of this machine, which has all the nodes."""


def real(plan: Plan, executor: str) -> tuple[float, float]:
    """Seconds by the wall clock from the first response to the last candidate's score, and CPU seconds of this process.

    The seed is scored before, and the best program tested after that.
    """
    count = 0

    def model(prompt: Prompt) -> str:
        nonlocal count
        count += 1
        time.sleep(plan.latency)
        return f"```python\n{PROGRAM % (plan.cost, count, count)}```"

    with tempfile.TemporaryDirectory() as folder:
        task, improver = Path(folder, "quick.py"), Path(folder, "rounds.py")
        task.write_text(TASK)
        improver.write_text(IMPROVER % (plan.rounds, plan.responses))
        marks: list[tuple[float, float]] = []
        left = plan.rounds * plan.responses

        def mark(record: object) -> None:
            nonlocal left
            kind = type(record).__name__
            if kind == "Answered" and not marks:
                marks.append((time.monotonic(), _cpu_seconds()))
            elif kind == "Scored" and marks and left:
                left -= 1
                marks[1:] = [(time.monotonic(), _cpu_seconds())]

        selftaught.improve(
            str(task),
            model=model,
            improver=str(improver),
            executor=executor,
            model_calls=plan.rounds,
            responses=plan.responses,
            utility_calls=plan.rounds * plan.responses + 1,
            max_connections=plan.connections,
            probes=False,
            out=str(Path(folder, "run")),
            progress=mark,
        )
    first, last = marks[0], marks[-1]
    return last[0] - first[0], last[1] - first[1]


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def calibrated(executor: str, rounds: int, repeats: int) -> Constants:
    """Of this machine, in a run whose programs and model cost nothing."""
    one = Plan(rounds=rounds, responses=1, latency=0.0, cost=0.0)
    wall, cpu = zip(*(real(one, executor) for _ in range(repeats)), strict=True)
    driver = statistics.median(cpu) / rounds
    rest = max(0.0, statistics.median(wall) / rounds - driver)
    return Constants(driver, rest / 2, rest / 2)


def check(repeats: int) -> None:
    """Real runs beside simulated ones, with the constants of this machine."""
    stay_alone()
    print(f"{'nodes':>5}{'latency s':>11}{'cost s':>8}{'real s':>9}{'simulated s':>13}{'ratio':>7}")
    for count in (1, 2):
        with nodes(count) as address:
            executor = f"ray:{address}"
            const = calibrated(executor, 20, repeats)
            told = ", ".join(f"{name} {1000 * value:.1f} ms" for name, value in vars(const).items())
            print(f"      constants: {told}")
            for latency, cost in ((0.0, 0.1), (0.3, 0.1), (1.0, 0.02)):
                plan = Plan(nodes=count, rounds=3, responses=8, latency=latency, cost=cost, constants=const)
                took = statistics.median(real(plan, executor)[0] for _ in range(repeats))
                # The real model takes the same time for each answer. The clock of the real run starts with the first
                # response, one wait later.
                simulated = simulate(replace(plan, spread=0.0)).seconds - latency
                print(f"{count:>5}{latency:>11g}{cost:>8g}{took:>9.2f}{simulated:>13.2f}{simulated / took:>7.2f}")


def table(plan: Plan, counts: list[int]) -> Iterator[str]:
    alone = simulate(replace(plan, nodes=1)).seconds
    yield f"{'nodes':>6}{'seconds':>10}{'speed-up':>10}  limited by"
    for count in counts:
        outcome = simulate(replace(plan, nodes=count))
        shares = ", ".join(f"{name} {share:.0%}" for name, share in outcome.busy.items() if share > 0.005)
        yield f"{count:>6}{outcome.seconds:>10.1f}{alone / outcome.seconds:>10.1f}  {outcome.limit} ({shares})"


def main() -> None:
    parser = argparse.ArgumentParser(description="How long a run takes on n nodes.")
    for name in ("cpus", "applications", "rounds", "responses", "connections"):
        parser.add_argument(f"--{name}", type=int)
    for name in ("latency", "cost", "requests-per-minute"):
        parser.add_argument(f"--{name}", type=float)
    parser.add_argument("--nodes", default="1,2,4,8,16,32,64,128,256")
    parser.add_argument("--check", action="store_true", help="against real runs, with constants of this machine")
    parser.add_argument("--repeats", type=int, default=3, help="of each real run, of which the median counts")
    asked = vars(parser.parse_args())
    checks, repeats = asked.pop("check"), asked.pop("repeats")
    if checks:
        check(repeats)
        return
    counts = [int(count) for count in asked.pop("nodes").split(",")]
    given = {name: value for name, value in asked.items() if value is not None}
    if given:
        print("\n".join(table(Plan(**given), counts)))
        return
    for title, plan in PLANS.items():
        print(f"{title}\n" + "\n".join(table(plan, counts)) + "\n")


PLANS = {
    "one improver, 5 s a response, 1 s a score": Plan(),
    "a meta-step: 40 improvers at once, 64 connections": Plan(applications=40, connections=64),
    "the same, 500 requests a minute": Plan(applications=40, connections=64, requests_per_minute=500),
    "the same without a limit, scores of 30 s": Plan(applications=40, connections=512, cost=30.0),
    "400 improvers, 10,000 connections, scores of 0.1 s": Plan(applications=400, connections=10_000, cost=0.1),
}


if __name__ == "__main__":
    main()
