"""Make a short job-shop schedule.

algorithm(machines, durations) gets two numpy arrays of whole numbers of shape (jobs, operations), at most {jobs} jobs
of {operations} operations. A job's operations are done in the order of its row, operation k of job j on machine
machines[j, k] for durations[j, k]; each job needs each machine once. A machine does one operation at a time and is
never interrupted. It returns a list in which each job's number stands as often as it has operations: the k-th time that
j stands there means operation k of job j. Read from the left, each operation is started as early as its job and its
machine allow behind all that stood before it. The makespan is when all is done. The gap is how far it is above a lower
bound (the longest job, or the most work of a machine), as a share of that. The grade is {half:g} / ({half:g} + gap).
"""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from selftaught.tasks.grading import closeness, whole_numbers
from selftaught.tasks.levels import described
from selftaught.tasks.spec import Instance

SIZES, EACH, HALF = ((15, 15), (20, 15), (20, 20), (30, 15), (30, 20)), 2, 0.1
LEVELS = {"hard": {"jobs": 30, "operations": 20, "half": HALF}}
LEVEL = globals().get("LEVEL", "hard")
__doc__ = described(__doc__, LEVELS[LEVEL])

NAME = "job-shop"
SHOW = True
CPU_SECONDS = 0.2
BOUND = 0.4  # a tabu search of sixty times the limit, on one seed's instances: the best is higher

SEED = '''\
def algorithm(machines, durations):
    """One operation of each job, then the next of each."""
    jobs, operations = machines.shape
    return [job for _ in range(operations) for job in range(jobs)]
'''

Whole = npt.NDArray[np.int64]


def instances(rng: Random, split: str) -> Iterator[tuple[tuple[Whole, Whole], None]]:
    """As Taillard (1993) draws them: durations uniform in 1 to 99, machines in random order."""
    for jobs, operations in SIZES * EACH:
        chance = np.random.default_rng(rng.getrandbits(128))
        durations = chance.integers(1, 100, (jobs, operations))
        machines = np.array([chance.permutation(operations) for _ in range(jobs)])
        yield (machines, durations), None


def grade(instance: Instance, answer: Any) -> float:
    """Of an order, which is decoded here: no schedule that cannot be can be said."""
    machines, durations = instance.args
    check(instance, answer)
    return closeness(makespan(machines, durations, answer) / at_least(machines, durations) - 1, HALF)


def check(instance: Instance, answer: Any) -> None:
    """Whether it is an answer at all: each job as often as it has operations. Raises ValueError."""
    machines, _ = instance.args
    jobs, operations = machines.shape
    if sorted(whole_numbers(answer)) != [job for job in range(jobs) for _ in range(operations)]:
        raise ValueError(f"wanted each of 0 to {jobs - 1} {operations} times")


def at_least(machines: Whole, durations: Whole) -> int:
    """No schedule is shorter than a job, or than the work of a machine."""
    work = np.bincount(machines.ravel(), weights=durations.ravel())
    return int(max(work.max(), durations.sum(axis=1).max()))


def makespan(machines: Whole, durations: Whole, order: Sequence[int]) -> int:
    """When all is done."""
    jobs, operations = machines.shape
    done, job_free, machine_free = [0] * jobs, [0] * jobs, [0] * operations
    wanted, takes = machines.tolist(), durations.tolist()
    for job in order:
        machine = wanted[job][done[job]]
        end = max(job_free[job], machine_free[machine]) + takes[job][done[job]]
        job_free[job] = machine_free[machine] = end
        done[job] += 1
    return max(job_free)
