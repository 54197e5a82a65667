"""A genetic algorithm (paper, §6.1 and App. B): the model crosses and mutates, the utility is the fitness."""

import random

from helpers import extract_code

POPULATION = 6


def improve_algorithm(initial_solution, utility, language_model):
    """Breed children of the fittest in each call; return the fittest of all generations."""
    expertise = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."
    scores = {initial_solution: utility(initial_solution)}
    for calls_left in range(language_model.budget, 0, -1):
        share = -(-(utility.budget - utility.uses) // calls_left)  # of the scores left, rounded up: for this call
        n_messages = min(language_model.max_responses_per_call, share)
        if n_messages < 1:
            break
        population = sorted(scores, key=scores.get, reverse=True)[:POPULATION]
        messages = [mating(parents(population), scores, utility) for _ in range(n_messages)]
        responses = language_model.batch_prompt(expertise, messages, temperature=0.8)
        found = dict.fromkeys(extract_code(responses, like=initial_solution))  # without repeats, in order
        children = [child for child in found if child and child not in scores]
        scores.update(zip(children, utility.batch(children)))
    return max(scores, key=scores.get)


def parents(population):
    """Two different ones, the first by its rank, the second by chance; one, where there is only one."""
    first = random.choices(population, weights=range(len(population), 0, -1))[0]
    others = [solution for solution in population if solution != first]
    return [first] + random.sample(others, min(1, len(others)))


def mating(chosen, scores, utility):
    """The message that asks for a child."""
    shown = "\n\n".join(f"A solution that scores {scores[parent]:g}:\n```python\n{parent}\n```" for parent in chosen)
    cross = "Join the strong points of both into one. " if len(chosen) > 1 else ""
    return f"""{shown}

The score comes from this utility:
```python
{utility.str}
```

Write a new solution that descends from what is shown and scores higher. {cross}Then change one thing in a way of your
own. Explain in a sentence what you took and what you changed, then write the whole new program in one block of
code."""
