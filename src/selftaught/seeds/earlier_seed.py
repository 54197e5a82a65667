"""The earlier seed improver (paper, App. D): samples of one prompt, scored one after another.

The model is handed to it; in the paper it makes its own. The initial solution is not scored, but counts as 0.
"""

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Ask for five improvements of a solution; return the best of them, or the initial one if none scores above 0."""
    expertise = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."
    message = f"""Improve this solution:
```python
{initial_solution}
```

It is scored by this utility:
```python
{utility.str}
```

You must return a better solution. Be as creative as you can under the constraints. What makes it better must be new
and not trivial. First put forward an idea, then implement it."""
    n_responses = min(5, language_model.max_responses_per_call, utility.budget)
    responses = language_model.prompt(expertise, message, n_responses=n_responses, temperature=0.7)
    best, best_score = initial_solution, 0.0
    for solution in map(extract_code, responses):
        if not solution:
            continue
        score = utility(solution)
        if score > best_score:
            best, best_score = solution, score
    return best
