"""Best of N: the whole budget of the model goes into independent samples of one prompt.

What any search has to beat at equal cost; the paper's seed is the same with a single call.
"""

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Return the best of all samples, the initial solution included."""
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
and not trivial. First put forward an idea, then implement it: the whole program, in one block of code."""
    n_responses = language_model.max_responses_per_call
    responses = []
    for _ in range(language_model.budget):
        responses += language_model.prompt(expertise, message, n_responses=n_responses, temperature=0.7)
    solutions = [solution for solution in extract_code(responses, like=initial_solution) if solution]
    candidates = ([initial_solution] + solutions)[: utility.budget]
    scores = utility.batch(candidates)
    return candidates[scores.index(max(scores))]  # the first of the best: a new one has to score higher
