import math, random
from helpers import extract_code

INITIAL_T = 0.3
FINAL_T = 0.01

def accept(old, new, t):
    if new >= old:
        return True
    return random.random() < math.exp((new - old) / t)

def improve_algorithm(initial_solution, utility, language_model):
    n = min(5, language_model.max_responses_per_call)
    total = language_model.budget
    left = utility.budget

    state, energy = initial_solution, utility(initial_solution)
    left -= 1
    champion = (energy, state)
    for i in range(total):
        frac = i / max(1, total - 1)
        t = INITIAL_T * (FINAL_T / INITIAL_T) ** frac
        sampling = round(1.0 - 0.8 * frac, 2)   # the model cools down with the search
        prompt = f'''The program

```python
{state}
```

currently has a score of {energy:.4f} (higher is better, maximum 1). The score is defined by

{utility.str}

Write a variation of the program which might score higher.'''
        replies = language_model.prompt("You are a world-class programmer.", prompt, n_responses=n, temperature=sampling)
        for candidate in extract_code(replies):
            if candidate is None:
                continue
            if left <= 0:
                return champion[1]
            e = utility(candidate)
            left -= 1
            if e > champion[0]:
                champion = (e, candidate)
            if accept(energy, e, t):
                state, energy = candidate, e
    return champion[1]
