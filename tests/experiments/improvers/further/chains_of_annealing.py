import math
import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Three short annealings one after the other, each from the initial program, the model cooler as well."""
    start = utility(initial_solution)
    best = (start, initial_solution)
    for restart in range(3):
        code, value = initial_solution, start
        for step in range(language_model.budget // 3):
            heat = 0.08 * 0.75**step
            prompt = f"Vary this program:\n```python\n{code}\n```\nIts worth:\n```python\n{utility.str}\n```"
            for new in extract_code(language_model.prompt("You vary programs.", prompt, 1, 1.0 - 0.1 * step)):
                if not new:
                    continue
                worth = utility(new)
                if worth > value or random.random() < math.exp((worth - value) / heat):
                    code, value = new, worth
                best = max(best, (worth, new))
    return best[1]
