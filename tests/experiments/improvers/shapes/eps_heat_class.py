import random

from helpers import extract_code


class Bandit:
    def __init__(self, arms, epsilon):
        self.value = dict.fromkeys(arms, 0.0)
        self.count = dict.fromkeys(arms, 0)
        self.epsilon = epsilon

    def choose(self):
        untried = [arm for arm, count in self.count.items() if not count]
        if untried:
            return untried[0]
        if random.random() < self.epsilon:
            return random.choice(list(self.value))
        return max(self.value, key=self.value.get)

    def update(self, arm, reward):
        self.count[arm] += 1
        self.value[arm] += (reward - self.value[arm]) / self.count[arm]


def improve_algorithm(initial_solution, utility, language_model):
    bandit = Bandit((0.3, 0.6, 0.9, 1.2), epsilon=0.15)
    best, best_score = initial_solution, utility(initial_solution)
    for _ in range(language_model.budget):
        heat = bandit.choose()
        prompt = f"Improve:\n```python\n{best}\n```\nMeasured by\n```python\n{utility.str}\n```"
        codes = [c for c in extract_code(language_model.prompt("Expert coder", prompt, 3, heat)) if c]
        scores = utility.batch(codes)
        bandit.update(heat, sum(score > best_score for score in scores) / max(1, len(codes)))
        for code, score in zip(codes, scores):
            if score > best_score:
                best, best_score = code, score
    return best
