"""The seed improver, with its candidates scored one by one in a sandbox (paper, §6.2 and App. I)."""

from helpers import extract_code


def improve_algorithm(initial_solution, utility, language_model):
    """Ask for improvements of a solution, all at once; return the best of them, or the initial one if there is none."""
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
    n_messages = min(language_model.max_responses_per_call, utility.budget)
    responses = language_model.batch_prompt(expertise, [message] * n_messages, temperature=0.7)
    best, best_score = initial_solution, None
    for solution in map(extract_code, responses):
        if not solution:
            continue
        score = utility(solution, use_sandbox=True)
        if best_score is None or score > best_score:
            best, best_score = solution, score
    return best
