import math
import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """The annealing temperature is the sampling temperature, too."""
    T, T_min, alpha = 1.0, 0.1, 0.75
    current, current_u = initial_solution, utility(initial_solution)
    best, best_u = current, current_u
    while T > T_min:
        msg = f"Modify the code to raise the score.\n```python\n{current}\n```\nScore:\n```python\n{utility.str}\n```"
        for neighbour in extract_code(language_model.prompt("You are a researcher.", msg, n_responses=3, temperature=T)):
            if neighbour is None:
                continue
            u = utility(neighbour)
            if u > current_u or random.random() < math.exp(10 * (u - current_u) / T):
                current, current_u = neighbour, u
            if u > best_u:
                best, best_u = neighbour, u
        T *= alpha
    return best
