import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    R = min(4, language_model.max_responses_per_call)
    role = "You are a geneticist of algorithms."
    start = f"Write a different and better program than this one:\n```python\n{initial_solution}\n```"
    codes = [c for c in extract_code(language_model.prompt(role, start, n_responses=R, temperature=1.0)) if c]
    population = [(utility(c), c) for c in [initial_solution] + codes]

    while language_model.times_used < language_model.budget and len(population) > 1:
        mother, father = random.sample(population, 2)
        cross = f"""Two parents:
```python
{mother[1]}
```
and
```python
{father[1]}
```
Give birth to a child program which inherits the best parts of both. Full code in a python block."""
        for reply in language_model.prompt(role, cross, n_responses=R, temperature=1.0):
            child = extract_code(reply)
            if child:
                population.append((utility(child), child))
        population = sorted(population, reverse=True)[:6]   # survival of the fittest
    return max(population)[1]
