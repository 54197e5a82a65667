import math
import random
from dataclasses import dataclass

from helpers import extract_code

INSTRUCTIONS = [
    "Change one thing in this program that could raise its objective.",
    "A profiler was run on this program. Guess what it found, and fix that.",
    "Rewrite this program the way a mathematician would have written it.",
    "Simplify this program, but do not lose quality.",
]


@dataclass
class Walker:
    heat: float
    code: str
    score: float

    def consider(self, code, score, rng):
        """Metropolis rule."""
        delta = score - self.score
        if delta >= 0 or rng.random() < math.exp(delta / self.heat):
            self.code, self.score = code, score


def improve_algorithm(initial_solution, utility, language_model):
    rng = random.Random()
    start = utility(initial_solution)
    count = max(1, min(3, language_model.max_responses_per_call))
    walkers = [Walker(heat, initial_solution, start) for heat in (0.01, 0.04, 0.12)[:count]]
    best = (start, initial_solution)

    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        active = walkers[:utility.budget - utility.uses]
        messages = [
            f"{rng.choice(INSTRUCTIONS)}\n```python\n{w.code}\n```\nObjective:\n```python\n{utility.str}\n```" for w in active
        ]
        replies = language_model.batch_prompt("You are an optimization specialist.", messages, temperature=0.8)
        moves = [(w, code) for w, code in zip(active, extract_code(replies)) if code]
        scores = utility.batch([code for _, code in moves]) if moves else []
        for (walker, code), score in zip(moves, scores):
            walker.consider(code, score, rng)
            best = max(best, (score, code), key=lambda pair: pair[0])
        for walker in walkers:  # all cool down together
            walker.heat *= 0.93
    return best[1]
