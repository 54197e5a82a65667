import math
import random
from dataclasses import dataclass
from helpers import extract_code


@dataclass
class State:
    program: str
    energy: float


def improve_algorithm(initial_solution, utility, language_model):
    """Simulated annealing: one neighbour a step, geometric cooling."""
    here = State(initial_solution, utility(initial_solution))
    record = here
    heat = 0.5
    steps = min(language_model.budget, utility.budget) - 1
    for step in range(steps):
        message = f"Make a small change to:\n```python\n{here.program}\n```\nEvaluated by:\n{utility.str}"
        found = extract_code(language_model.prompt("Optimiser", message, 1, 0.7))
        if not found or not found[0]:
            continue
        there = State(found[0], utility(found[0]))
        delta = there.energy - here.energy
        if delta >= 0 or random.random() < math.exp(delta / heat):
            here = there
        if there.energy > record.energy:
            record = there
        heat *= 0.8
    return record.program
