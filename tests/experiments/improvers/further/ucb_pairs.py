import math
from itertools import product

from helpers import extract_code

HINTS = ("Think about the loop.", "Think about the data.")
HEATS = (0.3, 1.0)


def improve_algorithm(initial_solution, utility, language_model):
    """The arms are pairs of a hint and a temperature; each is tried once, and then the one with the highest bound."""
    arms = list(product(HINTS, HEATS))
    pulls = dict.fromkeys(arms, 0)
    gains = dict.fromkeys(arms, 0.0)
    best, best_score = initial_solution, utility(initial_solution)
    for t in range(1, language_model.budget + 1):
        arm = max(
            arms,
            key=lambda a: float("inf") if not pulls[a] else gains[a] / pulls[a] + 0.6 * math.sqrt(math.log(t) / pulls[a]),
        )
        hint, heat = arm
        prompt = f"{hint} Improve this:\n```python\n{best}\n```\nObjective:\n```python\n{utility.str}\n```"
        codes = [c for c in extract_code(language_model.prompt("Expert", prompt, 3, heat)) if c]
        scores = [utility(c) for c in codes]
        pulls[arm] += 1
        gains[arm] += sum(s > best_score for s in scores) / max(1, len(scores))
        for code, score in zip(codes, scores):
            if score > best_score:
                best, best_score = code, score
    return best
