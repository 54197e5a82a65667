import math
from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code

HINTS = [
    "Try to make the parameters better.",
    "Try a completely different algorithm.",
    "Look for bugs and corner cases, and fix them.",
    "Use local search with restarts.",
    "Make the code faster, so that more work fits into the time limit.",
]


class UCB1:
    def __init__(self, arms, c=0.5):
        self.arms, self.c = arms, c
        self.counts = [0] * len(arms)
        self.values = [0.0] * len(arms)

    def select(self):
        for i, count in enumerate(self.counts):
            if count == 0:
                return i
        total = sum(self.counts)
        ucb = [v + self.c * math.sqrt(math.log(total) / n) for v, n in zip(self.values, self.counts)]
        return ucb.index(max(ucb))

    def update(self, i, reward):
        self.counts[i] += 1
        self.values[i] += (reward - self.values[i]) / self.counts[i]


def improve_algorithm(initial_solution, utility, language_model):
    bandit = UCB1(HINTS)
    best, best_score = initial_solution, utility(initial_solution)
    remaining = utility.budget - 1
    for _ in range(language_model.budget):
        n = min(language_model.max_responses_per_call, remaining)
        if n < 1:
            break
        arm = bandit.select()
        message = f"{HINTS[arm]}\n\nProgram:\n```python\n{best}\n```\n\nUtility:\n{utility.str}\n\nReturn the improved program."
        codes = [c for c in extract_code(language_model.prompt("You are a senior engineer.", message, n_responses=n, temperature=0.7)) if c]
        with ThreadPoolExecutor() as executor:
            values = list(executor.map(utility, codes))
        remaining -= len(codes)
        # reward: share of the answers which improve on the parent
        reward = sum(v > best_score for v in values) / max(1, len(values))
        bandit.update(arm, reward)
        for v, c in zip(values, codes):
            if v > best_score:
                best, best_score = c, v
    return best
