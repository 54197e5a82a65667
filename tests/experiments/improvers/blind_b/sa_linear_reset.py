"""Simulated annealing with linear cooling. The model samples as hot as the search is.

After four steps without a new record the walk begins again at the given program."""
import math
import random
from dataclasses import dataclass, field

from helpers import extract_code

T_START = 0.10
PATIENCE = 4


@dataclass
class Walk:
    start: str
    start_score: float
    here: str = ""
    here_score: float = 0.0
    record: str = ""
    record_score: float = 0.0
    stale: int = 0
    rng: random.Random = field(default_factory=lambda: random.Random(42))

    def __post_init__(self):
        self.record, self.record_score = self.start, self.start_score
        self.reset()

    def reset(self):
        self.here, self.here_score, self.stale = self.start, self.start_score, 0

    def offer(self, code, score, heat):
        delta = score - self.here_score
        if delta >= 0 or (heat > 0 and self.rng.random() < math.exp(delta / heat)):
            self.here, self.here_score = code, score
        if score > self.record_score:
            self.record, self.record_score, self.stale = code, score, 0
        else:
            self.stale += 1


def improve_algorithm(initial_solution, utility, language_model):
    walk = Walk(initial_solution, utility(initial_solution))
    steps = min(language_model.budget, utility.budget - 1)
    for step in range(steps):
        fraction = 1 - step / steps
        message = (
            "Modify the program below. Aim for a higher utility.\n"
            f"```python\n{walk.here}\n```\n"
            f"Utility:\n```python\n{utility.str}\n```\n"
            "Print the modified program completely."
        )
        reply = language_model.prompt("You are an optimisation expert.", message, temperature=round(0.3 + 0.7 * fraction, 2))[0]
        code = extract_code(reply)
        if not code:
            walk.stale += 1
        else:
            walk.offer(code, utility(code), T_START * fraction)
        if walk.stale >= PATIENCE:
            walk.reset()
    return walk.record
