import math
import random

from helpers import extract_code


def metropolis(delta, temperature):
    return delta >= 0 or random.random() < math.exp(delta / max(temperature, 1e-9))


def improve_algorithm(initial_solution, utility, language_model):
    """Five neighbours are asked for, one of them is drawn, and only this one is scored."""
    x, fx = initial_solution, utility(initial_solution)
    best, fbest = x, fx
    t = 0.15
    for k in range(language_model.budget):
        prompt = f"""<program>
```python
{x}
```
</program>
<utility>
{utility.str}
</utility>
Produce a neighbour of the program."""
        neighbours = [c for c in extract_code(language_model.prompt("Local search expert", prompt, 5, 0.9)) if c]
        if not neighbours:
            continue
        y = random.choice(neighbours)
        fy = utility(y)
        if metropolis(fy - fx, t):
            x, fx = y, fy
        if fx > fbest:
            best, fbest = x, fx
        t = 0.15 / (1 + k)
    return best
