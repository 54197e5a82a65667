import random
from collections import deque
from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Improves a solution with an evolving population. The oldest solution dies, so that the population stays fresh."""
    expertise = "You are an expert in evolutionary computation."
    population = deque(maxlen=4)
    hall_of_fame = [(utility(initial_solution), initial_solution)]

    def offspring(parent):
        message = f"""Below is a program of our population. Write a mutated version of it that may be fitter.
```python
{parent}
```
The fitness is measured by
```python
{utility.str}
```
Return only the code."""
        n = min(2, language_model.max_responses_per_call, max(1, utility.budget - utility.uses))
        return [c for c in extract_code(language_model.prompt(expertise, message, n, temperature=0.9)) if c]

    while language_model.times_used < language_model.budget and utility.uses < utility.budget:
        parent = random.choice(list(population)) if population else initial_solution
        for child in offspring(parent):
            hall_of_fame.append((utility(child), child))
            population.append(child)
    hall_of_fame.sort(key=lambda entry: entry[0])
    return hall_of_fame[-1][1]
