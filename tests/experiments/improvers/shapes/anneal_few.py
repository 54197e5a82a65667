import math
import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    current = best = initial_solution
    e = e_best = -utility(initial_solution)
    T = 0.02
    for _ in range(8):
        reply = language_model.prompt(
            "You are an optimisation expert.",
            f"Make a small change to this program that may reduce its loss:\n```python\n{current}\n```\n{utility.str}",
            n_responses=1,
            temperature=1.0,
        )
        new = extract_code(reply)[0]
        if not new:
            continue
        e_new = -utility(new)
        if e_new <= e or random.random() < math.exp(-(e_new - e) / T):
            current, e = new, e_new
        if e < e_best:
            best, e_best = current, e
        T *= 0.8
    return best
