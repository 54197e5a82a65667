import random
from collections import defaultdict

from helpers import extract_code


class Sampler:
    def __init__(self, arms):
        self.arms, self.wins, self.losses = arms, defaultdict(int), defaultdict(int)

    def choose(self):
        return max(self.arms, key=lambda arm: random.betavariate(1 + self.wins[arm], 1 + self.losses[arm]))

    def learn(self, arm, wins, losses):
        self.wins[arm] += wins
        self.losses[arm] += losses


def improve_algorithm(initial_solution, utility, language_model):
    sampler = Sampler(["Make it simpler.", "Make it more thorough.", "Make it adaptive.", "Make it random."])
    best, score = initial_solution, utility(initial_solution)
    for _ in range(language_model.budget):
        hint = sampler.choose()
        prompt = f"{hint}\n```python\n{best}\n```\nMeasure:\n```python\n{utility.str}\n```"
        codes = [c for c in extract_code(language_model.prompt("You are an engineer.", prompt, 4, 0.7)) if c]
        scores = [utility(c) for c in codes]
        wins = sum(s > score for s in scores)
        sampler.learn(hint, wins, len(scores) - wins)
        if scores and max(scores) > score:
            score = max(scores)
            best = codes[scores.index(score)]
    return best
