import random
import statistics

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Thompson sampling with normal posteriors over four temperatures; the reward is the mean score of the answers."""
    temperatures = [0.2, 0.5, 0.8, 1.1]
    rewards = {t: [] for t in temperatures}
    best, best_score = initial_solution, utility(initial_solution)

    def draw(t):
        got = rewards[t]
        if not got:
            return float("inf")
        return random.gauss(statistics.mean(got), 0.1 / len(got) ** 0.5)

    for _ in range(language_model.budget):
        t = max(temperatures, key=draw)
        prompt = f"Make this better:\n```python\n{initial_solution}\n```\n```python\n{utility.str}\n```"
        codes = [c for c in extract_code(language_model.prompt("Expert", prompt, 3, t)) if c]
        scores = [utility(c) for c in codes]
        rewards[t].append(statistics.mean(scores) if scores else 0.0)
        for code, score in zip(codes, scores):
            if score > best_score:
                best, best_score = code, score
    return best
