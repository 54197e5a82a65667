import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """A climber that asks for another number of changes, and for another focus, each time."""
    focus = ["data structures", "numerical constants", "the order of the steps", "early termination", "randomness"]
    rng = random.Random(0)
    best, score = initial_solution, utility(initial_solution)
    for _ in range(min(language_model.budget, 15)):
        message = f"""Improve the solution by changing {rng.choice(focus)}.

```python
{best}
```

```python
{utility.str}
```"""
        candidates = extract_code(language_model.prompt("Expert in algorithms", message, 3, temperature=0.7))
        for candidate in filter(None, candidates):
            new = utility(candidate)
            if new > score:
                best, score = candidate, new
    return best
