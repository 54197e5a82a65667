import math
import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Three annealings, each from the given program."""
    start = utility(initial_solution)
    best, best_value = initial_solution, start
    for chain in range(3):
        current, value, T = initial_solution, start, 0.4
        for _ in range(5):
            message = f"Alter this program for the better:\n```python\n{current}\n```\nIt is scored by\n```python\n{utility.str}\n```"
            new = extract_code(language_model.prompt("Expert.", message, 1, 0.7)[0])
            if not new:
                continue
            new_value = utility(new)
            if new_value > best_value:
                best, best_value = new, new_value
            if new_value >= value or random.random() < math.exp((new_value - value) / T):
                current, value = new, new_value
            T *= 0.7
    return best
