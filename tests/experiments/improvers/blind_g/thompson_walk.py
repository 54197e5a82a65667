"""Metropolis chain whose proposal distribution is an arm (wording, sampling temperature) drawn by Thompson sampling."""
import itertools
import math
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from helpers import extract_code


@dataclass
class Arm:
    text: str
    temp: float
    a: float = 1.0
    b: float = 1.0

    def draw(self, rng):
        return rng.betavariate(self.a, self.b)

    def learn(self, reward):
        self.a += reward
        self.b += 1 - reward


TEXTS = (
    "Make one small, careful change to this code so that it scores higher.",
    "Rewrite this code boldly. Think about which statistical or algorithmic idea is missing.",
)
TEMPS = (0.4, 1.0)


def improve_algorithm(initial_solution, utility, language_model):
    rng = random.Random(11)
    arms = [Arm(w, t) for w, t in itertools.product(TEXTS, TEMPS)]
    cur = best = (utility(initial_solution), initial_solution)
    steps = language_model.budget
    for i in range(steps):
        n = min(language_model.max_responses_per_call, utility.budget - utility.uses)
        if n <= 0:
            break
        T = 0.12 * (1 - i / steps) + 1e-9
        arm = max(arms, key=lambda z: z.draw(rng))
        q = f"{arm.text}\n\n```python\n{cur[1]}\n```\n\nThe objective is\n\n```python\n{utility.str}\n```"
        out = [c for c in extract_code(language_model.prompt("You improve code.", q, n, temperature=arm.temp)) if c]
        if not out:
            arm.learn(0)
            continue
        with ThreadPoolExecutor(len(out)) as ex:
            scored = list(zip(ex.map(utility, out), out))
        top, cand = max(scored), rng.choice(scored)
        arm.learn(int(top[0] > cur[0]))
        best = max(best, top)
        d = cand[0] - cur[0]
        if d >= 0 or rng.random() < math.exp(d / T):
            cur = cand
    return best[1]
