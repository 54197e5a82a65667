import random

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """After differential evolution: what makes one program better than another is carried over to a third."""
    pool = [(utility(initial_solution), initial_solution)]
    first = extract_code(
        language_model.prompt("You write variants.", f"Vary:\n```python\n{initial_solution}\n```", n_responses=5, temperature=1.0)
    )
    pool += [(utility(code), code) for code in first if code]
    while language_model.times_used < language_model.budget and len(pool) > 2:
        base, one, two = random.sample(pool, 3)
        better, worse = max(one, two), min(one, two)
        message = f"""Base:
```python
{base[1]}
```
A better and a worse program:
```python
{better[1]}
```
```python
{worse[1]}
```
Apply to the base what distinguishes the better from the worse, and merge it with the base's own ideas.
{utility.str}"""
        for code in extract_code(language_model.prompt("You transfer ideas.", message, n_responses=2, temperature=0.8)):
            if code:
                pool.append((utility(code), code))
        pool = sorted(pool, reverse=True)[:6]
    return max(pool)[1]
