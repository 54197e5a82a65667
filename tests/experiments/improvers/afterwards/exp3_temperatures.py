import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Temperatures are drawn in proportion to weights that grow with what they gain."""
    heats = [0.3, 0.6, 0.9]
    weights = [1.0, 1.0, 1.0]
    best, score = initial_solution, utility(initial_solution)
    for _ in range(language_model.budget):
        arm = random.choices(range(3), weights=weights)[0]
        message = f"Improve this code:\n```python\n{best}\n```\nScore:\n```python\n{utility.str}\n```"
        found = [p for p in extract_code(language_model.prompt("Expert.", message, 3, heats[arm])) if p]
        values = [utility(p) for p in found]
        gain = max(values, default=0.0)
        weights[arm] *= 3.0 if gain > score else 0.4
        weights = [max(0.05, w / max(weights)) for w in weights]
        if gain > score:
            best, score = found[values.index(gain)], gain
    return best
