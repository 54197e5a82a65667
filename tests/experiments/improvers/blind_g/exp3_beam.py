"""Beam over programs, Exp3 over instructions, sampling temperature falling with depth."""
import math, random
from helpers import extract_code

WIDTH, GAMMA = 4, 0.2
HOW = [
    "Write an improved version.",
    "First explain in a comment what limits the score, then write an improved version.",
    "Combine several known methods in an improved version and choose among their outputs.",
]


class Exp3:
    def __init__(self, k, rng):
        self.w, self.k, self.rng = [1.0] * k, k, rng

    def probs(self):
        z = sum(self.w)
        return [(1 - GAMMA) * w / z + GAMMA / self.k for w in self.w]

    def pull(self):
        return self.rng.choices(range(self.k), self.probs())[0]

    def reward(self, a, r):
        self.w[a] *= math.exp(GAMMA * r / self.probs()[a])


class Evaluator:
    def __init__(self, utility):
        self.u, self.table = utility, {}

    def room(self):
        return self.u.budget - self.u.uses

    def __call__(self, p):
        k = "\n".join(l.rstrip() for l in p.strip().splitlines())
        if k not in self.table:
            self.table[k] = self.u(p)
        return self.table[k]


def improve_algorithm(initial_solution, utility, language_model):
    ev, exp3 = Evaluator(utility), Exp3(len(HOW), random.Random(43))
    beam = {initial_solution: ev(initial_solution)}
    depth = 0
    while language_model.times_used < language_model.budget and ev.room() > 0:
        temp = max(0.3, 1.1 - 0.1 * depth)
        n = min(language_model.max_responses_per_call, ev.room())
        parents = sorted(beam, key=beam.get, reverse=True)
        plan = [(parents[i % len(parents)], exp3.pull()) for i in range(n)]
        msgs = [f"```python\n{p}\n```\n{HOW[a]}\nThe utility function is:\n```python\n{utility.str}\n```" for p, a in plan]
        replies = language_model.batch_prompt("You are an expert in algorithms.", msgs, temperature=temp)
        kids = {}
        for (p, a), r in zip(plan, replies):
            c = extract_code(r)
            s = ev(c) if c else 0.0
            exp3.reward(a, 1.0 if s > beam[p] else 0.0)
            if c:
                kids[c] = s
        pool = {**beam, **kids}
        beam = {p: pool[p] for p in sorted(pool, key=pool.get, reverse=True)[:WIDTH]}
        depth += 1
    return max(beam, key=beam.get)
