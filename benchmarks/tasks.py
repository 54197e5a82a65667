"""What the built-in tasks are like: the table of docs/tasks.md and of `selftaught tasks`.

    python benchmarks/tasks.py [TASK...] [--seeds 11,12,13] [--split val]
    python benchmarks/tasks.py --speeds

For each task and level: the seed's score and a good program's, as means over the seeds with their standard errors over
all instances; the CPU time of one scoring of the good program, and the time of making the instances. The good programs
are tests/tasks/references/, and at the paper's level the reference bounds, which solve it. A last column says where the
package's own table (`tasks/measured.py`) is more than three standard errors off; scores of programs that stop by their
own clock depend on the machine.

`--speeds`: calls a second of `play(instance, call)` on one worker, by the wall clock, and the CPU time of a call in the
host and in the program; the time of one scoring, and of the start of a sandbox's worker, with and without scipy. On a
busy machine only CPU times say something.
"""

import argparse
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from statistics import fmean, stdev

from selftaught.core.contracts import Program
from selftaught.core.errors import UsageError
from selftaught.sandbox.choice import open_sandbox
from selftaught.sandbox.contract import Limits, Provided
from selftaught.sandbox.jail import Jail
from selftaught.tasks.bounds.loading import load_bound
from selftaught.tasks.judge import Judge
from selftaught.tasks.loading import load_task
from selftaught.tasks.measured import MEASURED
from selftaught.tasks.playing import Call

REFERENCES = Path(__file__).parent.parent / "tests" / "tasks" / "references"
FEW = 10
"""Instances of each seed that a reference bound is found for: some search long."""
CALLS = 10_000
"""Of `play`, in each of three rounds."""
ROW = "{:<26} {:>6} {:>6}  {:>15} {:>15}  {:>5}  {}"


@dataclass(frozen=True)
class Sample:
    """Grades of one program over all seeds, and the CPU time of one scoring."""

    grades: list[float]
    cpu_seconds: float

    @property
    def mean(self) -> float:
        return fmean(self.grades)

    @property
    def error(self) -> float:
        return stdev(self.grades) / sqrt(len(self.grades))

    def __str__(self) -> str:
        return f"{self.mean:.3f} ± {self.error:.3f}"


def sampled(judges: list[Judge], program: Program) -> Sample:
    scores = [judge(program) for judge in judges]
    return Sample(
        [grade for score in scores for grade in score.raw_grades or score.grades],
        fmean(score.cpu_seconds for score in scores),
    )


def good(name: str, judges: list[Judge]) -> Sample:
    """The reference program's, or the reference bound's."""
    file = REFERENCES / f"{name.removesuffix('@hard').replace('-', '_')}.py"
    if MEASURED[name].solved:
        bound = load_bound(load_task(name))
        return Sample([bound.best(instance) for judge in judges for instance in judge.instances()[:FEW]], 0.0)
    return sampled(judges, Program(file.read_text()))


def timed(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def row(name: str, seeds: list[int], split: str, jail: Jail) -> str:
    task, told = load_task(name), MEASURED[name]
    judges = [Judge(task, jail, split, seed) for seed in seeds]
    making = fmean(timed(judge.instances) for judge in judges)
    seed, best = sampled(judges, task.seed), good(name, judges)
    off = [
        f"{what}: {value} in the table"
        for what, value, sample in (("seed", told.seed, seed), ("good", told.good, best))
        if abs(value - sample.mean) > 3 * sample.error + 0.02
    ]
    return ROW.format(
        name, f"{making:.2f}", f"{best.cpu_seconds:.2f}", str(seed), str(best), f"{told.best:g}", "; ".join(off)
    )


def speed_of_play(jail: Jail) -> str:
    """Of a program that gives back what it gets."""
    with closing(Call(jail, Program("def f(x): return x"), "f", Limits(), 1)) as call:
        call(0)
        wall, cpu, guest = time.monotonic(), time.process_time(), call.total_cpu_seconds
        for number in range(CALLS):
            call(number)
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        inside = (call.total_cpu_seconds - guest) / CALLS
    return f"{CALLS / wall:,.0f} calls/s; {1e6 * cpu / CALLS:.0f} us in the host, {1e6 * inside:.0f} us inside"


def start_of_a_worker(packages: tuple[str, ...]) -> float:
    """Seconds until a program's first answer, in a sandbox that is new."""
    with open_sandbox("auto", 1) as jail:
        began = time.monotonic()
        list(jail.run(Program("def f(): ..."), "f", [[]], Limits(provided=Provided(packages=packages)), seed=0))
        return time.monotonic() - began


def speeds() -> None:
    with open_sandbox("auto") as jail:
        for _ in range(3):
            print(f"play: {speed_of_play(jail)}")
        for name in ("online-bin-packing", "tsp", "three-sat@hard"):
            judge = Judge(load_task(name), jail, "val", 11)
            judge.instances()
            began = time.monotonic()
            score = judge(load_task(name).seed)
            print(f"scoring the seed of {name}: {time.monotonic() - began:.2f} s, {score.cpu_seconds:.2f} s of CPU")
    for packages in ((), ("scipy",), ("scipy.optimize",), ("scipy.optimize", "pandas")):
        try:
            told = f"{start_of_a_worker(packages):.2f} s"
        except UsageError as error:  # not installed
            told = str(error)
        print(f"start of a worker with {', '.join(packages) or 'numpy alone'}: {told}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=list(MEASURED))
    parser.add_argument("--seeds", default="11,12,13")
    parser.add_argument("--split", default="val")
    parser.add_argument("--speeds", action="store_true")
    given = parser.parse_args()
    if given.speeds:
        speeds()
        return
    print(ROW.format("task", "making", "CPU s", "seed", "good", "best", "").rstrip())
    with open_sandbox("auto") as jail:
        for name in given.tasks:
            print(row(name, [int(seed) for seed in given.seeds.split(",")], given.split, jail).rstrip(), flush=True)


if __name__ == "__main__":
    main()
