import math
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """UCB1 over sampling temperatures; the reward is the best score of the batch."""
    temps = [0.1, 0.4, 0.7, 1.0]
    pulls = {t: 0 for t in temps}
    reward = {t: 0.0 for t in temps}
    best, best_value = initial_solution, utility(initial_solution)
    total = 0
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        untried = [t for t in temps if pulls[t] == 0]
        if untried:
            t = untried[0]
        else:
            t = max(temps, key=lambda x: reward[x] / pulls[x] + 0.1 * math.sqrt(2 * math.log(total) / pulls[x]))
        codes = [c for c in extract_code(language_model.prompt(
            "You are an expert programmer.",
            f"Improve:\n```python\n{best}\n```\n\nUtility:\n```python\n{utility.str}\n```", 2, t)) if c]
        values = [utility(c) for c in codes]
        total += 1
        pulls[t] += 1
        reward[t] += max(values, default=0.0)
        for c, v in zip(codes, values):
            if v > best_value:
                best, best_value = c, v
    return best
