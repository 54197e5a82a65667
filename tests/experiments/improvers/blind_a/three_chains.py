import math
import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Three annealing chains, one after the other, all from the initial solution; one answer a step."""
    memo, limit = {}, utility.budget

    def value_of(code):
        if code not in memo:
            memo[code] = utility(code)
        return memo[code]

    def neighbour(code):
        message = f"""Modify the program slightly, in a way that could pay off.
```python
{code}
```
The payoff:
```python
{utility.str}
```
Return the modified program as a whole."""
        return extract_code(language_model.batch_prompt("You are a careful tinkerer.", [message], temperature=0.9)[0])

    def chain(length):
        state = initial_solution
        heat = 0.25
        for _ in range(length):
            if len(memo) >= limit:
                return
            candidate = neighbour(state)
            if candidate:
                change = value_of(candidate) - value_of(state)
                if change > 0 or random.random() < math.exp(change / heat):
                    state = candidate
            heat *= 0.7

    value_of(initial_solution)
    calls = language_model.budget
    chains = 3 if calls >= 6 else 1
    for _ in range(chains):
        chain(calls // chains)
    return max(memo, key=memo.get)
