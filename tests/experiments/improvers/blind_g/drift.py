"""Annealed random walk over programs (infinite temperature limit)."""
import random
from helpers import extract_code


class Annealer:
    def __init__(self, u, lm, seed=5):
        self.u, self.lm, self.rng = u, lm, random.Random(seed)
        self.log = []

    def measure(self, p):
        s = self.u(p)
        self.log.append((s, p))
        return s

    def neighbours(self, p, n):
        m = f"Here is a program:\n```python\n{p}\n```\nHere is how it is scored:\n```python\n{self.u.str}\n```\nGive a better one."
        return [c for c in extract_code(self.lm.prompt("You are a programmer.", m, n, temperature=0.9)) if c]

    def accept(self, new):
        return new  # T = infinity

    def run(self, x):
        self.measure(x)
        while self.lm.times_used < self.lm.budget and self.u.uses < self.u.budget:
            ns = self.neighbours(x, min(self.lm.max_responses_per_call, self.u.budget - self.u.uses))
            for c in ns:
                self.measure(c)
            if ns:
                x = self.accept(self.rng.choice(ns))
        return max(self.log)[1]


def improve_algorithm(initial_solution, utility, language_model):
    return Annealer(utility, language_model).run(initial_solution)
