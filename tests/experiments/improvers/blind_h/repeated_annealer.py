"""Several annealing walks, one after another, each from the original program."""
import math
import random
from dataclasses import dataclass

from helpers import extract_code


@dataclass
class CoolingLaw:
    start: float = 0.15
    factor: float = 0.6

    def acceptance_temperature(self, step):
        return self.start * self.factor ** step

    def sampling_temperature(self, step, steps):
        return 1.0 - 0.7 * step / max(1, steps - 1)


@dataclass
class WalkState:
    program: str
    energy: float


class MetropolisWalker:
    def __init__(self, utility, language_model, law, rng):
        self.utility = utility
        self.language_model = language_model
        self.law = law
        self.rng = rng

    def exhausted(self):
        return (
            self.language_model.times_used >= self.language_model.budget
            or self.utility.uses >= self.utility.budget
        )

    def neighbours(self, state, step, steps):
        amount = min(self.language_model.max_responses_per_call, self.utility.budget - self.utility.uses)
        message = (
            f"Modify this program so that the utility increases.\n\n```python\n{state.program}\n```\n\n"
            f"Utility:\n\n```python\n{self.utility.str}\n```\n\n"
            "Small changes are welcome. Return the complete program."
        )
        replies = self.language_model.prompt(
            "You are an optimisation expert.", message, amount,
            temperature=self.law.sampling_temperature(step, steps),
        )
        result = []
        for code in extract_code(replies):
            if code and self.utility.uses < self.utility.budget:
                result.append(WalkState(code, -self.utility(code)))
        return result

    def accepts(self, old, new, step):
        delta = new.energy - old.energy
        if delta <= 0:
            return True
        return self.rng.random() < math.exp(-delta / max(1e-9, self.law.acceptance_temperature(step)))

    def walk(self, start, steps):
        state = best = start
        for step in range(steps):
            if self.exhausted():
                break
            options = self.neighbours(state, step, steps)
            if not options:
                continue
            candidate = min(options, key=lambda s: s.energy)
            if candidate.energy < best.energy:
                best = candidate
            if self.accepts(state, candidate, step):
                state = candidate
        return best


def improve_algorithm(initial_solution, utility, language_model):
    walker = MetropolisWalker(utility, language_model, CoolingLaw(), random.Random(99))
    origin = WalkState(initial_solution, -utility(initial_solution))
    overall = origin
    steps = max(2, math.ceil(language_model.budget / 3))
    while not walker.exhausted():
        found = walker.walk(origin, steps)
        if found.energy < overall.energy:
            overall = found
    return overall.program
