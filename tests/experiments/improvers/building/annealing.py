import math
import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Accepts what is worse with probability exp(change / T)."""
    current, value = initial_solution, utility(initial_solution)
    best, best_value = current, value
    T = 0.5
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        message = f"Change this program a little, to its advantage:\n```python\n{current}\n```\n{utility.str}"
        new = extract_code(language_model.prompt("An expert programmer.", message, 1, 0.7)[0])
        if not new:
            continue
        new_value = utility(new)
        if new_value > value or random.random() < math.exp((new_value - value) / T):
            current, value = new, new_value
        if value > best_value:
            best, best_value = current, value
        T *= 0.8
    return best
