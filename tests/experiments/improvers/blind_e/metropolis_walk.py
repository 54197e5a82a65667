import math
import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    rng = random.Random(1)
    current = best = initial_solution
    e_current = e_best = utility(initial_solution)
    n = language_model.budget
    T0, T1 = 0.2, 0.01

    for step in range(n):
        frac = step / max(1, n - 1)
        T = T0 * (T1 / T0) ** frac
        # sample more boldly while the walk is hot
        replies = language_model.prompt(
            "You are a physicist who writes code.",
            f"Make one change to this program which may raise its score:\n```python\n{current}\n```\n"
            f"Score function:\n{utility.str}\nReturn the whole program.",
            n_responses=min(2, language_model.max_responses_per_call), temperature=0.3 + 0.8 * (1 - frac))
        for reply in replies:
            code = extract_code(reply)
            if not code or utility.uses >= utility.budget:
                continue
            e = utility(code)
            if e >= e_current or rng.random() < math.exp((e - e_current) / T):
                current, e_current = code, e
            if e > e_best:
                best, e_best = code, e
    return best
