import math
import random
from dataclasses import dataclass, field

from helpers import extract_code


@dataclass
class Schedule:
    start: float = 0.3
    end: float = 0.01
    steps: int = 20

    def at(self, step):
        return self.start * (self.end / self.start) ** (step / max(1, self.steps - 1))


@dataclass
class State:
    code: str
    value: float


@dataclass
class Annealer:
    utility: object
    model: object
    schedule: Schedule
    rng: random.Random = field(default_factory=lambda: random.Random(11))

    def propose(self, state, heat):
        style = "Make a bold change." if heat > 0.1 else "Make a careful change."
        message = (
            f"{style}\n\n```python\n{state.code}\n```\n\nThe value of the code is calculated like this:\n\n"
            f"```python\n{self.utility.str}\n```"
        )
        heat_of_model = min(1.0, 0.4 + 2 * heat)
        codes = extract_code(self.model.prompt("You are a careful scientist.", message, 1, heat_of_model))
        return codes[0] if codes else None

    def accepts(self, old, new, heat):
        return new > old or self.rng.random() < math.exp((new - old) / heat)

    def run(self, code):
        state = best = State(code, self.utility(code))
        for step in range(self.schedule.steps):
            heat = self.schedule.at(step)
            new = self.propose(state, heat)
            if new:
                candidate = State(new, self.utility(new))
                if self.accepts(state.value, candidate.value, heat):
                    state = candidate
                if state.value > best.value:
                    best = state
        return best.code


def improve_algorithm(initial_solution, utility, language_model):
    return Annealer(utility, language_model, Schedule(steps=language_model.budget)).run(initial_solution)
