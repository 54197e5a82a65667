"""Simulated annealing over solutions (paper, §6.1 and App. B): a worse one is accepted with probability exp(Δ/T)."""

import math
import random

from helpers import extract_code

START = 0.1  # T at first; scores are mostly from 0 to 1. It falls to 0 in equal steps, one for each call.


def improve_algorithm(initial_solution, utility, language_model):
    """In each call go to the best of the current solution's neighbours, or stay; return the best solution ever seen."""
    expertise = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."
    best, best_score = initial_solution, utility(initial_solution)
    current, current_score = best, best_score
    for calls_left in range(language_model.budget, 0, -1):
        share = -(-(utility.budget - utility.uses) // calls_left)  # of the scores left, rounded up: for this call
        n_responses = min(language_model.max_responses_per_call, share)
        if n_responses < 1:
            break
        message = f"""Here is a solution:
```python
{current}
```

It is scored by this utility:
```python
{utility.str}
```

Make one well-considered change to it that should raise its score, and keep the rest. Say what you change and why, then
write the whole changed program in one block of code."""
        responses = language_model.prompt(expertise, message, n_responses=n_responses, temperature=0.7)
        neighbours = [solution for solution in extract_code(responses, like=current) if solution]
        if not neighbours:
            continue
        scores = utility.batch(neighbours)
        score = max(scores)
        neighbour = neighbours[scores.index(score)]
        if score > best_score:
            best, best_score = neighbour, score
        heat = START * calls_left / language_model.budget
        if score >= current_score or random.random() < math.exp((score - current_score) / heat):
            current, current_score = neighbour, score
    return best
