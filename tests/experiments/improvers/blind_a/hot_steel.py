import math
import random
from concurrent.futures import ThreadPoolExecutor
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Annealing: the same falling heat governs acceptance and the sampling of the model."""
    steps = language_model.budget
    left = utility.budget
    state, energy = initial_solution, utility(initial_solution)
    left -= 1
    best, best_energy = state, energy

    for step in range(steps):
        n = min(language_model.max_responses_per_call, 4, left)
        if n < 1:
            break
        progress = step / max(1, steps - 1)
        heat = 0.3 * (0.1 ** progress)
        sampling = round(0.3 + 0.8 * (1 - progress), 2)
        prompt = f"""Change this program so that it may score better:

```python
{state}
```

```python
{utility.str}
```
Reply with one complete program."""
        texts = language_model.batch_prompt("You are an inventive programmer.", [prompt] * n, temperature=sampling)
        neighbours = [c for c in extract_code(texts) if c]
        if not neighbours:
            continue
        with ThreadPoolExecutor(max_workers=len(neighbours)) as pool:
            values = list(pool.map(utility, neighbours))
        left -= len(neighbours)
        value, neighbour = max(zip(values, neighbours))
        if value > best_energy:
            best, best_energy = neighbour, value
        delta = value - energy
        if delta >= 0 or random.random() < math.exp(delta / heat):
            state, energy = neighbour, value
    return best
