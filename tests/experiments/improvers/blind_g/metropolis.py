from math import exp
from random import Random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    R, T = Random(0), 0.2
    s = best = initial_solution
    E = Emax = utility(s)
    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        k = min(language_model.max_responses_per_call, utility.budget - utility.uses)
        r = language_model.prompt("You are a programmer.", f"Propose a variation of this program that could score higher under the utility.\n\n{utility.str}\n\n```python\n{s}\n```", k, temperature=0.9)
        for c in extract_code(r):
            if not c:
                continue
            e = utility(c)
            if e > Emax:
                best, Emax = c, e
            if e >= E or R.random() < exp((e - E) / T):
                s, E = c, e
            T *= 0.96
    return best
