import math
import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    aspects = ["the data structures", "the loops", "the early exits", "the use of randomness"]
    known = {}

    def u(program):
        if program not in known:
            known[program] = utility(program)
        return known[program]

    now = best = initial_solution
    temperature = 0.4
    for i in range(10):
        aspect = random.choice(aspects)
        message = f"Work on {aspect} of this program:\n```python\n{now}\n```\nIt is scored by {utility.str}"
        for candidate in extract_code(language_model.prompt("Programmer", message, 2, 0.7)):
            if candidate is None:
                continue
            if u(candidate) >= u(now) or random.random() < math.exp((u(candidate) - u(now)) / temperature):
                now = candidate
            if u(candidate) > u(best):
                best = candidate
        temperature *= 0.7
    return best
