"""Greedy iterative improvement (a baseline of the paper, §5.1): every call asks to improve the best solution so far.

It spends the whole budget of the model, with as many responses in each call as are allowed.
"""

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Replace the best solution whenever a response scores higher, until the model's budget is spent."""
    expertise = "You are a computer science researcher and an expert programmer who excels at optimizing algorithms."
    best, best_score = initial_solution, utility(initial_solution)
    for calls_left in range(language_model.budget, 0, -1):
        message = f"""Improve this solution:
```python
{best}
```

It is scored by this utility:
```python
{utility.str}
```

You must return a better solution. Be as creative as you can under the constraints. What makes it better must be new
and not trivial. First put forward an idea, then implement it: the whole program, in one block of code."""
        n_responses = language_model.max_responses_per_call
        responses = language_model.prompt(expertise, message, n_responses=n_responses, temperature=0.7)
        share = -(-(utility.budget - utility.uses) // calls_left)  # of the scores left, rounded up: for this call
        solutions = [solution for solution in extract_code(responses, like=best) if solution][:share]
        for solution, score in zip(solutions, utility.batch(solutions)):
            if score > best_score:
                best, best_score = solution, score
    return best
