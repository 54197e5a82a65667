"""What the built-in tasks are like: figures that `benchmarks/tasks.py` printed, to choose a task by.

Scores on val, the mean of seeds 11, 12 and 13, on one machine (AMD EPYC): another one shifts every score that a clock
influences. docs/tasks.md describes each.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measured:
    """One task at one level.

    Attributes:
        cpu_seconds: what scoring the good program takes of the guest; twice as much for val and test.
        seed: the score of the task's seed.
        good: that of a good program, by hand; at the paper's level one that solves the task.
        best: the best known, as in the task's `BOUND`.
        source: its source, in a word or two.
        solved: whether one answer of a modern model reaches the best: then it cannot compare improvers.
    """

    cpu_seconds: float
    seed: float
    good: float
    best: float
    source: str
    solved: bool = False


MEASURED = {
    "autoconvolution": Measured(1.4, 0.029, 0.448, 1.0, "a record"),
    "bin-packing": Measured(1.7, 0.189, 0.461, 1.0, "unreachable"),
    "circle-packing": Measured(1.4, 0.038, 0.315, 1.0, "records"),
    "formulas": Measured(0.1, 0.033, 0.491, 1.0, "exact"),
    "job-shop": Measured(1.7, 0.144, 0.273, 0.4, "long search"),
    "maxcut": Measured(2.0, 0.528, 1.0, 1.0, "long search", solved=True),
    "maxcut@hard": Measured(1.6, 0.251, 0.774, 1.0, "planted"),
    "modified-qap": Measured(0.3, 0.201, 0.273, 0.273, "long search", solved=True),
    "modified-qap@hard": Measured(1.2, 0.059, 0.391, 0.616, "long search"),
    "online-bin-packing": Measured(0.5, 0.275, 0.335, 1.0, "unreachable"),
    "parity": Measured(0.1, 0.495, 1.0, 1.0, "exact", solved=True),
    "parity@hard": Measured(1.6, 0.514, 0.741, 1.0, "planted"),
    "parity-with-noise": Measured(0.1, 0.5, 1.0, 1.0, "exact", solved=True),
    "parity-with-noise@hard": Measured(0.9, 0.495, 0.736, 1.0, "planted"),
    "string-grid-distance": Measured(0.1, 0.454, 1.0, 1.0, "exact", solved=True),
    "string-grid-distance@hard": Measured(1.0, 0.418, 0.652, 1.0, "planted"),
    "three-sat": Measured(0.1, 0.856, 1.0, 1.0, "planted", solved=True),
    "three-sat@hard": Measured(1.0, 0.020, 0.614, 1.0, "planted"),
    "tsp": Measured(1.2, 0.099, 0.532, 0.687, "LKH"),
}
