import math
import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    archive = [(utility(initial_solution), initial_solution)]
    while language_model.times_used < language_model.budget:
        top = max(value for value, _ in archive)
        weights = [math.exp(30 * (value - top)) for value, _ in archive]
        _, base = random.choices(archive, weights=weights)[0]
        text = f"Improve:\n```python\n{base}\n```\n```python\n{utility.str}\n```"
        archive += [(utility(c), c) for c in extract_code(language_model.prompt("Coder", text, 2, 0.8)) if c]
    return max(archive)[1]
