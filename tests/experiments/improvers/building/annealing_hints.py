import math
import random
from functools import lru_cache
from helpers import extract_code

HINTS = ["Use fewer loops.", "Choose better constants.", "Try another data structure.", "Use recursion less."]


def improve_algorithm(initial_solution, utility, language_model):
    """Annealing with a random hint in each step; a program is scored once."""

    @lru_cache(maxsize=None)
    def score(program):
        return utility(program)

    state = initial_solution
    best = state
    steps = language_model.budget
    for step in range(steps):
        temperature = 0.3 * (1 - step / steps) + 1e-3
        hint = random.choice(HINTS)
        message = (
            f"{hint}\n\nImprove this code:\n```python\n{state}\n```\nIt is scored by\n```python\n{utility.str}\n```"
        )
        for answer in language_model.prompt("You optimise code.", message, n_responses=2, temperature=0.7):
            neighbour = extract_code(answer)
            if neighbour is None:
                continue
            change = score(neighbour) - score(state)
            if change >= 0 or math.exp(change / temperature) > random.random():
                state = neighbour
            if score(state) > score(best):
                best = state
    return best
