"""Prompt bandit. Statistics are kept for each instruction and printed by the experimenter."""
import random
from collections import defaultdict
from helpers import extract_code

INSTR = dict(
    plain="Improve the program.",
    fast="Improve the program; spend the time limit on more search.",
    robust="Improve the program; make it robust to noise and odd inputs.",
    simple="Improve the program; a simpler program is often a better one.",
)


class Bandit:
    def __init__(self, arms, seed=0):
        self.arms, self.n, self.r = list(arms), defaultdict(int), defaultdict(float)
        self.rng = random.Random(seed)

    def select(self):
        return self.rng.choice(self.arms)

    def update(self, a, reward):
        self.n[a] += 1
        self.r[a] += (reward - self.r[a]) / self.n[a]


def improve_algorithm(initial_solution, utility, language_model):
    B = Bandit(INSTR)
    p, v = initial_solution, utility(initial_solution)
    while language_model.times_used < language_model.budget:
        n = min(language_model.max_responses_per_call, utility.budget - utility.uses)
        if n <= 0:
            break
        a = B.select()
        prompt = INSTR[a] + "\n```python\n" + p + "\n```\nThe utility:\n```python\n" + utility.str + "\n```"
        cs = [c for c in extract_code(language_model.prompt("Python expert.", prompt, n, temperature=0.75)) if c]
        gain = 0.0
        for c in cs:
            w = utility(c)
            if w > v:
                gain += w - v
                p, v = c, w
        B.update(a, gain)
    return p
