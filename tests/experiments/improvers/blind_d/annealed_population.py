import math
import random
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """
    A small population in which every slot is an annealed walk: the child of two
    members replaces its first parent by the Metropolis rule.
    """
    expertise = "You are an expert in memetic algorithms and in writing Python code."
    slots = 3
    T0 = 0.1
    cache = {}

    def score_of(program):
        """Cached utility; None when the budget is gone."""
        if program in cache:
            return cache[program]
        if utility.uses >= utility.budget:
            return None
        cache[program] = utility(program)
        return cache[program]

    calls = language_model.budget
    population = [initial_solution]
    score_of(initial_solution)

    # Step 1: a few variations of the initial solution
    if calls > 0:
        seed_message = f"""Write a different and better program for the task that this program solves:
```python
{initial_solution}
```
The objective:
```python
{utility.str}
```"""
        first = language_model.prompt(expertise, seed_message,
                                      n_responses=min(slots, language_model.max_responses_per_call), temperature=0.8)
        variations = [p for p in extract_code(first) if p and score_of(p) is not None]
        population = (variations + [initial_solution] * slots)[:slots]

    # Step 2: mate and anneal
    for t in range(calls - 1):
        if utility.uses >= utility.budget:
            break
        i = t % slots
        j = random.choice([k for k in range(slots) if k != i])
        a, b = population[i], population[j]
        message = f"""Here are two programs for the same task.

# Program A
```python
{a}
```

# Program B
```python
{b}
```

The objective:
```python
{utility.str}
```

Combine A and B into a new program that is better than either."""
        children = extract_code(language_model.prompt(
            expertise, message, n_responses=min(2, language_model.max_responses_per_call), temperature=0.8))
        T = T0 * (1 - t / max(1, calls))
        for child in children:
            if not child:
                continue
            s = score_of(child)
            if s is None:
                break
            delta = s - cache[population[i]]
            if delta >= 0 or random.random() < math.exp(delta / T):
                population[i] = child

    return max(cache, key=cache.get)
